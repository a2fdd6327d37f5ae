"""What an earlier run found is used again, unless anything has changed that the answer depends on."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest

import flaskglobals_lint
from flaskglobals_lint import analysis, cache, cli, models, results, rule
from flaskglobals_lint.checks import RULES
from flaskglobals_lint.config import Config
from flaskglobals_lint.discover import Stdin
from flaskglobals_lint.finding import Chain, EntryPoint, Finding, Report, Span
from flaskglobals_lint.lint import lint
from flaskglobals_lint.models import tables
from flaskglobals_lint.remedy import HoldLock, Home, OneStep, Site, WalkCopy

APP = """
from flask import Flask
import store
app = Flask(__name__)
views = hits = 0

@app.route("/")
def home():
    global views, hits
    views += int('1')
    hits += 1  # noqa
    store.add()
    return str(views)
"""
STORE = """
import outside
items = {}
line = outside.connect()
runs = 0

@outside.run
def work():
    global runs
    line.send()
    runs += 1

def add():
    if "n" not in items:
        items["n"] = 0
    items["n"] += 1
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "pyproject.toml").write_text("")
    (tmp_path / "app.py").write_text(APP)
    (tmp_path / "store.py").write_text(STORE)
    (tmp_path / "alone.py").write_text("x = 1\n")
    return tmp_path


@pytest.fixture
def analyses(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The number of files of each program that was analysed, and not known from an earlier run."""
    seen: list[int] = []
    real = analysis.analyse

    def watch(sources: list[object], *rest: object) -> object:
        seen.append(len(sources))
        return real(sources, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(analysis, "analyse", watch)
    return seen


def run(project: Path, *paths: str, **options: object) -> Report:
    return lint(paths or (".",), Config(min_severity="info", **options), cwd=project)  # type: ignore[arg-type]


def told(report: Report) -> list[tuple[str, str, int, str]]:
    return [(item.code, item.span.path, item.span.line, item.severity) for item in report.findings]


def test_the_second_answer_is_the_first(project: Path, analyses: list[int]) -> None:
    (project / "broken.py").write_text("def f(:\n")
    first = run(project)
    assert {"FGL101", "FGL102", "FGL900"} <= {code for code, *_ in told(first)}
    assert first.errors == 1
    assert any(finding.remedies for finding in first.findings)
    second = run(project)
    assert len(analyses) == 1
    assert second == first
    assert second == run(project, cache=False)


# --- whatever is changed, the answer is a new one ---------------------------------------------------------------------


def write(name: str, text: str) -> Callable[[Path], object]:
    return lambda project: (project / name).write_text(text)


def same_size_and_time(project: Path) -> None:
    file = project / "app.py"
    before = file.stat()
    file.write_text(APP.replace("views += int('1')", "views  = int('1')"))
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert file.stat().st_size == before.st_size


CHANGES: dict[str, Callable[[Path], object]] = {
    "content": write("app.py", APP.replace("    views += int('1')\n", "")),
    "content of the same size and time": same_size_and_time,
    "content of an imported file": write("store.py", "def add(): ...\n"),
    "a line above": write("app.py", f"\n{APP}"),
    "a comment": write("app.py", APP.replace("int('1')", "int('1')  # noqa")),
    "a file is gone": lambda project: (project / "store.py").unlink(),
    "a file comes": write("more.py", APP),
    "a file has another name": lambda project: (project / "app.py").rename(project / "web.py"),
    "a file is ignored by git": write(".gitignore", "app.py\n"),
    "a file cannot be parsed": write("alone.py", "def f(:\n"),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_files_decide(project: Path, change: Callable[[Path], object]) -> None:
    first = run(project)
    change(project)
    second = run(project)
    assert told(second) != told(first)
    assert second == run(project, cache=False)
    assert second == run(project)


@pytest.mark.parametrize(
    "options",
    [
        {"select": ("FGL101",)},
        {"ignore": ("FGL101",)},
        {"extend_ignore": ("FGL1",)},
        {"select": ("FGL5",), "extend_select": ("FGL102",)},
        {"server": "single"},
        {"ignore_noqa": True},
        {"per_file_ignores": {"app.py": ("FGL101",)}},
        {"entry_points": {"decorators": ["outside.run"]}},
        {"entry_points": {"decorators": ["outside.run"]}, "connections": {"outside.connect": "no"}},
        {"exclude": ("app.py",)},
    ],
    ids=str,
)
def test_options_decide(project: Path, options: dict[str, object], analyses: list[int]) -> None:
    before = [run(project, **dict(list(options.items())[:number])) for number in range(len(options))]
    second = run(project, **options)
    assert len(analyses) == len(before) + 1
    assert all(told(second) != told(first) for first in before)
    assert second == run(project, cache=False, **options)


def test_what_is_only_shown_otherwise_is_known(project: Path, analyses: list[int]) -> None:
    everything = run(project)
    for options in ({"jobs": 1}, {"output_format": "json"}, {"exit_zero": True}):
        assert run(project, **options) == everything
    errors = lint((".",), Config(min_severity="error"), cwd=project)
    assert 0 < len(errors.findings) < len(everything.findings)
    assert {finding.severity for finding in errors.findings} == {"error"}
    assert len(analyses) == 1


MANIFESTS = {
    "Procfile": "web: gunicorn --workers 1 --threads {} app:app\n",
    "Dockerfile": 'CMD ["gunicorn", "--threads", "{}", "app:app"]\n',
    "deploy/gunicorn.conf.py": "threads = {}\n",
    "run.sh": "gunicorn --threads {} app:app\n",
}


@pytest.mark.parametrize("name", MANIFESTS)
def test_deployment_files_decide(project: Path, name: str) -> None:
    def found() -> list[tuple[str, str]]:
        report = run(project)
        assert report == run(project, cache=False)
        return [(finding.code, finding.severity) for finding in report.findings]

    if name == "run.sh":
        (project / "Procfile").write_text("web: sh run.sh\n")
    nothing = found()
    file = project / name
    file.parent.mkdir(exist_ok=True)
    file.write_text(MANIFESTS[name].format(1))
    one = found()
    assert one != nothing
    file.write_text(MANIFESTS[name].format(8))
    assert found() != one
    file.write_text(MANIFESTS[name].format(1))
    assert found() == one
    file.unlink()
    assert found() == nothing


def test_a_file_that_tells_nothing_about_the_deployment_does_not_matter(project: Path, analyses: list[int]) -> None:
    (project / "Procfile").write_text("web: sh run.sh\n")
    run(project)
    (project / "notes.txt").write_text("gunicorn --threads 8 app:app")
    run(project)
    assert len(analyses) == 1


def test_the_code_of_the_tool_decides(project: Path, analyses: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    run(project)
    monkeypatch.setattr("flaskglobals_lint.lint.code", lambda: b"another version")
    run(project)
    assert len(analyses) == 2


def test_paths_are_told_from_where_the_command_runs(project: Path) -> None:
    (project / "sub").mkdir()
    assert {path for _, path, *_ in told(run(project))} == {"app.py", "store.py"}
    above = lint(("..",), Config(min_severity="info"), cwd=project / "sub")
    assert {path for _, path, *_ in told(above)} == {"../app.py", "../store.py"}


def test_a_project_that_moved_is_known_and_its_cache_comes_along(project: Path, analyses: list[int]) -> None:
    first = run(project)
    moved = project.with_name("moved")
    shutil.copytree(project, moved)
    assert run(moved) == first
    assert len(analyses) == 1


# --- a part of the program --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "change", [lambda text: text + "# the end\n", lambda text: text.replace("global", "global   ")]
)
def test_what_the_facts_leave_out_does_not_matter(
    project: Path, change: Callable[[str], str], analyses: list[int]
) -> None:
    run(project)
    (project / "store.py").write_text(change(STORE))
    second = run(project)
    assert len(analyses) == 1
    assert second == run(project, cache=False)
    assert run(project).sources["store.py"] == change(STORE)


def test_known_fixes_are_those_of_the_text(project: Path) -> None:
    def fixes(**options: object) -> list[object]:
        report = lint((".",), Config(**options), cwd=project, fixes=True)  # type: ignore[arg-type]
        return [finding.fix for finding in report.findings]

    first = fixes()
    assert any(first)
    assert fixes() == first == fixes(cache=False)
    text = STORE.replace("    items[", "    items  [")  # the same facts at other columns
    (project / "store.py").write_text(text.replace("import outside", "import  outside"))
    assert fixes() == fixes(cache=False) != first


def test_a_test_of_the_program_does_not_matter(project: Path, analyses: list[int]) -> None:
    test = project / "tests" / "test_app.py"
    test.parent.mkdir()
    test.write_text("from app import app\n")
    before = told(run(project))
    test.write_text("from app import app\n\ndef test_home():\n    assert app.test_client().get('/')\n")
    assert told(run(project)) == before
    assert len(analyses) == 1


def test_one_file_alone_is_answered_from_the_run_over_its_whole_program(project: Path, analyses: list[int]) -> None:
    (project / "alone.py").unlink()
    everything = told(run(project))
    for name in ("app.py", "store.py"):
        report = run(project, name)
        assert told(report) == [row for row in everything if row[1] == name] != []
        assert report.files == 1
    assert len(analyses) == 1


def test_one_file_of_a_smaller_program_is_another_question(project: Path, analyses: list[int]) -> None:
    run(project)
    report = run(project, "app.py")  # alone.py is not part of its program
    assert analyses == [3, 2]
    assert report == run(project, "app.py", cache=False)


def test_what_an_editor_holds_is_not_kept(project: Path, analyses: list[int]) -> None:
    first = run(project)
    text = Stdin("app.py", APP.replace("    views += int('1')\n", "").encode())
    for _ in range(2):
        changed = lint(("-", "store.py", "alone.py"), Config(min_severity="info"), cwd=project, stdin=text)
        assert told(changed) != told(first)
    assert len(analyses) == 3
    assert run(project) == first


# --- damage -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b"[[], 1]",
        b"[" * 100_000,
        b'[[["Finding"]], []]',
        b'[[["Finding","FGL101","a","fatal","m",["Span","app.py",1,1,1,2,""],"","",[],[],[],"high",null,"",[],null,false,[]]],[]]',
        b'[[["Finding","FGL101","a","error","m",["Span","app.py","1",1,1,2,""],"","",[],[],[],"high",null,"",[],null,false,[]]],[]]',
        b'[[["Finding","FGL101","a","error","m",["Span","app.py",1,1,1,2,""],"","",[],[],[],"high",null,"",[],null,false,[["os",1]]]],[]]',
        "\udcff".encode("utf-8", "surrogatepass"),
    ],
    ids=range(9),
)
def test_a_result_of_the_wrong_shape_is_passed_over(
    project: Path, content: bytes, analyses: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(results, "encode", lambda result: content)
        first = run(project)
    assert run(project) == first
    assert len(analyses) == 2


@pytest.mark.parametrize(
    "question", [b"", b"match:[z-a]*\n", b"text:../../../etc/passwd", b"named:\xff", b"nothing", b"text:\0"]
)
def test_a_question_of_the_wrong_shape_is_passed_over(
    project: Path, question: bytes, analyses: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    real = cache.Cache.put

    def other(store: cache.Cache, name: bytes, content: bytes) -> None:
        real(store, name, question if content.startswith((b"match:", b"text:", b"named:")) else content)

    with monkeypatch.context() as patch:
        patch.setattr(cache.Cache, "put", other)
        first = run(project)
    assert run(project) == first
    assert len(analyses) == 2


FINDING = Finding(
    *("FGL101", "name", "error", "a \udcff message\n"),
    Span("a.py", 1, 2, 3, 4, "here"),
    *("a.x", "a.f"),
    entry_points=(EntryPoint("a.f", "route", "GET /", "a.py", 5),),
    chain=Chain.of(("a.f", "a.g"), (Span("a.py", 6, 5, 6, 9, "calls `g`"),)),
    related=(Span("b.py", 1, 2, 3, 4),),
    confidence="low",
    window="call",
    suggestion="Do.",
    steps=("one", "two"),
    uninterrupted=True,
    remedies=(
        HoldLock(
            "x",
            Home("a.py", "a", "module", "", "x", 1),
            None,
            Site("a.py", "f", ((1, 2, 3, 4),), calls=((5, 6, 7, 8),)),
            (Site("a.py", "g", ()),),
            lazy=True,
        ),
        OneStep(Site("a.py", "f", ()), (1, 1, 1, 1), "dict"),
        WalkCopy("a.py", (1, 2, 3, 4), sure=True),
    ),
)


def test_a_result_is_decoded_as_it_was_encoded() -> None:
    result = results.Result((FINDING, FINDING.at_severity("info")), ("b.py",))
    decoded = results.decode(results.encode(result))
    assert decoded == result
    chain = decoded.findings[0].chain
    assert isinstance(chain, Chain)
    assert chain.calls == (Span("a.py", 6, 5, 6, 9, "calls `g`"),)


def test_old_results_are_dropped(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache, "_MOST_PACKS", 2)
    monkeypatch.setattr(cache, "_SPARE_BYTES", 0)
    for number in range(30):
        (project / "alone.py").write_text(f"x = {number}\n")
        run(project)
    folder = project / cache.FOLDER
    assert len(list(folder.glob("*.pack"))) <= 3
    # As much as a run uses, the models' tables above all, is kept twice.
    assert sum(file.stat().st_size for file in folder.iterdir()) < 120_000


@pytest.fixture
def packed(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[bytes]]:
    """What is kept of the models' tables, each time they are read; a content that is put here is kept instead."""
    seen: list[bytes] = []
    real = tables.packed

    def watch() -> bytes:
        seen.append(real())
        return seen[0]

    monkeypatch.setattr(tables, "packed", watch)
    models.reload()
    yield seen
    models.reload()


def test_the_tables_are_read_once(project: Path, packed: list[bytes]) -> None:
    first = run(project, cache=False)
    assert packed == []
    for number in range(3):
        (project / "alone.py").write_text(f"x = {number}\n")
        models.reload()
        assert run(project).findings == first.findings
    assert len(packed) == 1


_OTHERS = {table: {"row": 1} for table in tables.TABLES}


@pytest.mark.parametrize(
    "content",
    [b"", b"\xff", *(zlib.compress(msgspec.msgpack.encode(other)) for other in (None, {"types": {}}, _OTHERS))],
)
def test_tables_of_the_wrong_shape_are_passed_over(project: Path, packed: list[bytes], content: bytes) -> None:
    packed.append(content)
    first = run(project)
    (project / "alone.py").write_text("x = 2\n")
    models.reload()
    assert run(project).findings == first.findings == run(project, cache=False).findings
    assert first.findings


# --- what is imported -------------------------------------------------------------------------------------------------

HEAVY = ("libcst", "msgspec", "pathspec", "difflib", "subprocess", "tempfile")
OURS = (
    "analysis",
    "extraction",
    "checks",
    "link",
    "models",
    "extract",
    "facts",
    "pool",
    "fixes",
    "repair",
    "catalogue",
    "suppress",
)


def imported(project: Path, *words: str) -> set[str]:
    """The modules that a run of the command imports besides those of click."""
    code = (
        "import sys, json, click; before = set(sys.modules);"
        "from flaskglobals_lint.cli import main; main(sys.argv[1:]);"
        "print(json.dumps(sorted(set(sys.modules) - before)), file=sys.stderr)"
    )
    environment = os.environ | {"PYTHONPATH": str(Path(flaskglobals_lint.__file__).parent.parent)}
    command = [sys.executable, "-c", code, *words]
    done = subprocess.run(command, cwd=project, env=environment, capture_output=True, text=True, check=True)
    return set(json.loads(done.stderr.splitlines()[-1]))


@pytest.mark.parametrize("paths", [["."], ["app.py"]], ids=str)
def test_a_known_answer_needs_no_heavy_module(project: Path, paths: list[str]) -> None:
    (project / ".gitignore").write_text("build/\n*.tmp.py\n")
    (project / "build").mkdir()
    modules = imported(project, *paths)
    assert {"msgspec", "pathspec", "flaskglobals_lint.analysis"} <= modules
    modules = imported(project, *paths)
    assert modules & {*HEAVY, *(f"flaskglobals_lint.{name}" for name in OURS)} == set()


def test_known_fixes_need_no_parser(project: Path) -> None:
    words = [".", "--output-format", "json"]
    assert "libcst" in imported(project, *words)
    assert imported(project, *words) & {"libcst", "flaskglobals_lint.analysis", "flaskglobals_lint.fixes"} == set()


@pytest.mark.parametrize("words", [["--version"], ["--help"], ["--list-rules"]], ids=str)
def test_information_needs_no_heavy_module(project: Path, words: list[str]) -> None:
    unwanted = {*HEAVY, "tomllib", "json", *(f"flaskglobals_lint.{name}" for name in (*OURS, "lint", "discover"))}
    assert imported(project, *words) & unwanted == set()


def test_every_check_has_its_row_in_the_table_of_rules() -> None:
    reported = ("FGL900", "FGL901")
    assert sorted(RULES, key=lambda item: item.code) == [item for item in rule.RULES if item.code not in reported]
    assert [item.code for item in rule.RULES] == sorted({item.code for item in rule.RULES})


def test_the_command_prints_the_same_from_the_cache(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("concise", "full", "json", "sarif", "github", "gitlab", "junit"):
        words = [str(project), "--output-format", name, "--min-severity", "info"]
        outputs = [
            (cli.main([*words, *more]), capsys.readouterr().out) for more in (["--no-cache"], [], [], ["--no-cache"])
        ]
        assert outputs[0][1]
        assert len(set(outputs)) == 1
