"""Options: where they come from, which wins, and what is said of a wrong one."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from flaskglobals_lint import analysis
from flaskglobals_lint.config import SERVERS, Config, UsageError
from flaskglobals_lint.models import Models
from flaskglobals_lint.models.extra import parse
from flaskglobals_lint.settings import Vocabulary, load, where

WORDS = Vocabulary(
    rules={
        "FGL101": "unlocked-read-modify-write",
        "FGL102": "check-then-set",
        "FGL201": "shared-connection",
        "FGL900": "syntax-error",
    },
    formats=("concise", "full", "json"),
)


def read(root: Path, text: str | None = None, **options: object) -> Config:
    """The configuration of a project whose ``pyproject.toml`` has ``text``, under command-line options."""
    if text is not None:
        (root / "pyproject.toml").write_text(text, encoding="utf-8")
    return load(WORDS, root, root, {name.replace("_", "-"): value for name, value in options.items()})


def table(text: str) -> str:
    return f"[project]\nname = 'x'\n\n[tool.flaskglobals-lint]\n{text}\n"


# --- which codes are on -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "on", "off"),
    [
        ({}, "FGL101 FGL201 FGL900 FGL901", ""),
        ({"select": ("FGL1",)}, "FGL101 FGL102", "FGL201"),
        ({"select": ("FGL1",), "ignore": ("FGL101",)}, "FGL102", "FGL101"),
        ({"select": ("FGL101",), "ignore": ("FGL1",)}, "FGL101", "FGL102"),
        ({"ignore": ("FGL1",), "extend_select": ("FGL102",)}, "FGL102 FGL201", "FGL101"),
        ({"select": ("FGL101",), "extend_select": ("FGL2",)}, "FGL101 FGL201", "FGL102"),
        ({"select": ("FGL101",), "ignore": ("FGL101",)}, "", "FGL101"),
        ({"select": ("ALL",), "extend_ignore": ("FGL2",)}, "FGL101", "FGL201"),
        ({"select": ("FGL1", "ALL"), "ignore": ("ALL",)}, "FGL101", "FGL201"),
        ({"select": ()}, "", "FGL101 FGL201"),
    ],
)
def test_the_longer_prefix_wins_and_ignore_between_equals(
    options: dict[str, tuple[str, ...]], on: str, off: str
) -> None:
    config = Config(**options)  # type: ignore[arg-type]
    assert [code for code in on.split() if not config.selects(code)] == []
    assert [code for code in off.split() if config.selects(code)] == []


def test_a_file_that_was_not_judged_is_told_unless_that_is_ignored() -> None:
    assert Config(select=("FGL101",)).selects("FGL900")
    assert not Config(ignore=("FGL9",)).selects("FGL900")
    assert not Config(select=("FGL101",), ignore=("FGL900",)).selects("FGL900")


def test_min_severity() -> None:
    assert [severity for severity in ("error", "warning", "info") if Config().shows(severity)] == ["error", "warning"]
    assert Config(min_severity="info").shows("info")
    assert not Config(min_severity="error").shows("warning")


# --- reading ----------------------------------------------------------------------------------------------------------


def test_every_key_of_the_file(tmp_path: Path) -> None:
    config = read(
        tmp_path,
        table(
            """
            select = ["FGL1", "shared-connection"]
            ignore = ["fgl102"]
            extend-select = ["FGL9"]
            extend-ignore = []
            min-severity = "info"
            server = "threads"
            exclude = ["gen"]
            extend-exclude = ["vendor/**"]
            force-exclude = true
            respect-gitignore = false
            output-format = "json"
            exit-zero = true
            jobs = 3
            cache = false
            cache-dir = ".cache"
            locks = ["shop.Lock"]
            thread-safe = { "shop.Registry" = "has a lock" }
            [tool.flaskglobals-lint.per-file-ignores]
            "tests/*" = ["ALL"]
            [tool.flaskglobals-lint.entry-points]
            decorators = ["shop.page"]
            [tool.flaskglobals-lint.connections]
            "shop.connect" = "no"
            """
        ),
    )
    assert config == Config(
        select=("FGL1", "FGL201"),
        ignore=("FGL102",),
        extend_select=("FGL9",),
        min_severity="info",
        server="threads",
        exclude=("gen",),
        extend_exclude=(f"{tmp_path.as_posix()}/vendor/**",),
        force_exclude=True,
        respect_gitignore=False,
        output_format="json",
        exit_zero=True,
        jobs=3,
        cache=False,
        cache_dir=tmp_path / ".cache",
        per_file_ignores={f"{tmp_path.as_posix()}/tests/*": ("ALL",)},
        entry_points={"decorators": ["shop.page"]},
        locks=("shop.Lock",),
        connections={"shop.connect": "no"},
        thread_safe={"shop.Registry": "has a lock"},
        file=tmp_path / "pyproject.toml",
    )
    assert set(config.model_tables()) == {"entry-points", "locks", "connections", "thread-safe"}


def test_every_field_can_be_written_in_the_file(tmp_path: Path) -> None:
    plain = {key: value for key, value in Config().settings().items() if isinstance(value, (str, bool))}
    for key, value in plain.items():
        read(tmp_path, table(f"{key} = {str(value).lower() if isinstance(value, bool) else repr(value)}"))
    with pytest.raises(UsageError, match="unknown key"):
        read(tmp_path, table("file = 'x'"))  # the one exception: where the file was found


def test_options_of_the_command_line_replace_keys_and_extend_adds(tmp_path: Path) -> None:
    text = table(
        'select = ["FGL1"]\nignore = ["FGL102"]\nextend-ignore = ["FGL9"]\nextend-exclude = ["a"]\nserver = "threads"'
    )
    config = read(tmp_path, text, select=["FGL2"], extend_ignore=["FGL101"], extend_exclude=["b"], server="single")
    assert (config.select, config.ignore, config.extend_ignore) == (("FGL2",), ("FGL102",), ("FGL9", "FGL101"))
    assert (config.extend_exclude, config.server) == (("a", "b"), "single")


def test_a_code_selected_by_name_beats_the_files_ignore(tmp_path: Path) -> None:
    config = read(tmp_path, table('ignore = ["FGL101", "FGL201"]'), select=["FGL101"])
    assert config.selects("FGL101")
    assert not config.selects("FGL201")


def test_the_nearest_file_with_our_table_is_read(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(table("server = 'single'"), encoding="utf-8")
    inner = tmp_path / "services" / "a"
    inner.mkdir(parents=True)
    (inner / "pyproject.toml").write_text("[project]\nname = 'a'\n", encoding="utf-8")
    assert load(WORDS, inner, tmp_path).server == "single"
    assert load(WORDS, inner, tmp_path, isolated=True) == Config()


def test_a_named_file_replaces_the_projects_own(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(table("server = 'single'"), encoding="utf-8")
    other = tmp_path / "ci" / "lint.toml"
    other.parent.mkdir()
    other.write_text(table("exclude = ['gen/*']"), encoding="utf-8")
    config = load(WORDS, tmp_path, tmp_path, file=other)
    assert (config.server, config.exclude) == ("auto", (f"{tmp_path.as_posix()}/gen/*",))
    with pytest.raises(UsageError, match="exclude each other"):
        load(WORDS, tmp_path, tmp_path, file=other, isolated=True)


def test_per_file_ignores(tmp_path: Path) -> None:
    text = table('per-file-ignores = { "tests" = ["FGL1"], "pkg/*_gen.py" = ["ALL"], "!app.py" = ["FGL9"] }')
    config, top = read(tmp_path, text), tmp_path.as_posix()
    assert config.ignored_in(f"{top}/tests/deep/a.py", top) == ("FGL1", "FGL9")
    assert config.ignored_in(f"{top}/pkg/x_gen.py", top) == ("ALL", "FGL9")
    assert config.ignored_in(f"{top}/app.py", top) == ()


# --- what is said of a wrong one --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('selct = ["FGL1"]', "5: unknown key `selct` in [tool.flaskglobals-lint]; did you mean `select`?"),
        ("zzz = 1", "5: unknown key `zzz` in [tool.flaskglobals-lint]"),
        ('select = [\n  "FGL1",\n  "FGL111",\n]', "7: unknown rule `FGL111` in `select`; did you mean `FGL101`?"),
        ('ignore = ["check-then-sit"]', "5: unknown rule `check-then-sit` in `ignore`; did you mean `check-then-set`?"),
        ("select = 'FGL1'", "5: `select` must be a list of strings"),
        ("exclude = [1]", "5: `exclude` must be a list of strings"),
        ("exit-zero = 1", "5: `exit-zero` must be true or false"),
        ("jobs = -1", "5: `jobs` must be a number, 0 for all cores"),
        ("jobs = true", "5: `jobs` must be a number, 0 for all cores"),
        ("cache-dir = 1", "5: `cache-dir` must be a path"),
        ("locks = 1", "5: `locks` must be a list of strings"),
        ("entry-points = []", "5: `entry-points` must be a table"),
        ("per-file-ignores = []", "5: `per-file-ignores` must be a table"),
        (
            '[tool.flaskglobals-lint.per-file-ignores]\n"a" = []\n"b" = ["FGL7"]',
            "7: unknown rule `FGL7` in `per-file-ignores`; did you mean `FGL101`?",
        ),
        (
            "min-severity = 'eror'",
            "5: `min-severity` must be one of error, warning, info, not `eror`; did you mean `error`?",
        ),
        (
            "server = 'thread'",
            f"5: `server` must be one of {', '.join(SERVERS)}, not `thread`; did you mean `threads`?",
        ),
        (
            "output-format = 'jason'",
            "5: `output-format` must be one of concise, full, json, not `jason`; did you mean `json`?",
        ),
        ("select = [", "6: Invalid value"),
    ],
)
def test_a_wrong_file_is_told_with_its_line(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(UsageError) as error:
        read(tmp_path, table(text))
    file = (tmp_path / "pyproject.toml").as_posix()
    assert str(error.value) == f"{file}:{message}" or message == "6: Invalid value"
    assert str(error.value).startswith(f"{file}:")
    assert "\n" not in str(error.value)


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"none\.toml: cannot be read: No such file"):
        load(WORDS, tmp_path, tmp_path, file=tmp_path / "none.toml")
    (tmp_path / "latin.toml").write_bytes(b"a = '\xe9'")
    with pytest.raises(UsageError, match=r"latin\.toml:1: is not UTF-8"):
        load(WORDS, tmp_path, tmp_path, file=tmp_path / "latin.toml")
    with pytest.raises(UsageError, match="must be a table"):
        read(tmp_path, "[tool]\nflaskglobals-lint = 1")


def test_a_wrong_option_is_told_by_its_name(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as error:
        read(tmp_path, None, select=["FGL10l"])
    assert str(error.value) == "unknown rule `FGL10l` in --select; did you mean `FGL101`?"


def test_the_place_of_a_key_that_proves_wrong_later(tmp_path: Path) -> None:
    config = read(tmp_path, table("[tool.flaskglobals-lint.locks]\n'a.B' = 1"))
    assert where(config, "locks") == f"{(tmp_path / 'pyproject.toml').as_posix()}:5: "
    assert where(Config(), "locks") == ""


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"# a\n# \xe9\n", "pyproject.toml:2: is not UTF-8"),
        (b"x = " + b"[" * 20_000, "pyproject.toml: is too deeply nested, or holds a number that is too long"),
        (b"x = " + b"9" * 5000, "pyproject.toml: is too deeply nested, or holds a number that is too long"),
        (b'[tool.flaskglobals-lint]\ncache-dir = "a\\u0000"\n', "pyproject.toml:2: `cache-dir` must be a path"),
    ],
)
def test_a_hostile_file_is_one_message(tmp_path: Path, content: bytes, message: str) -> None:
    (tmp_path / "pyproject.toml").write_bytes(content)
    with pytest.raises(UsageError) as caught:
        load(WORDS, tmp_path, tmp_path)
    assert str(caught.value).endswith(message)


KEYS = [*(name.replace("_", "-") for name in Config.__dataclass_fields__ if name != "file"), "unknown"]
TABLES = ("entry-points", "locks", "connections", "thread-safe", "per-file-ignores")
VALUES = [
    *(
        "1",
        "-1",
        "1.5",
        "nan",
        "true",
        '""',
        '"x"',
        '"a\\tb"',
        '"\\u0000"',
        "1979-05-27",
        "07:32:00",
        "9223372036854775808",
    ),
    *("[]", "[1]", '[""]', '["x"]', '["[!"]', '["***"]', '["\\u0000"]', '[["x"]]', "[{}]"),
    *("{}", "{x=1}", '{x="y"}', "{x=[]}", '{x=["ALL"]}', "{x=[1]}", "{x={}}", "{x={y=1}}", '{""=""}', '{"a.b"="no"}'),
]
WRITTEN = [
    *(f"{key} = {value}" for key in KEYS for value in VALUES),
    *(f"{name}.{key} = {value}" for name in TABLES for key in ("decorators", "calls", '"a.b"') for value in VALUES),
]


def test_any_value_of_any_key_is_taken_or_told_with_its_line(tmp_path: Path) -> None:
    told = []
    entries = Models()._library_entries.entries
    for text in WRITTEN:
        try:
            config = read(tmp_path, table(text))
            analysis._models(config, lambda tables: parse(tables or {}, entries))  # type: ignore[arg-type, return-value]
            config.ignored_in(f"{tmp_path}/app.py", str(tmp_path))
        except UsageError as error:
            told.append(str(error))
    assert len(WRITTEN) / 2 < len(told) < len(WRITTEN)
    assert [message for message in told if not re.fullmatch(r"\S+/pyproject\.toml:5: [^\n]+", message)] == []
