"""Both readers of a module give the same facts, and which of them reads a module."""

from __future__ import annotations

import ast
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest
from cores import spread

from flaskglobals_lint import facts
from flaskglobals_lint.config import Config
from flaskglobals_lint.extract import extract, module
from flaskglobals_lint.extract.concrete import concrete
from flaskglobals_lint.extract.guard import deep_nesting
from flaskglobals_lint.extract.quick import changes_own_objects, quick, trees
from flaskglobals_lint.extract.source import decode
from flaskglobals_lint.lint import lint

ROOT = Path(__file__).parent.parent
PARTS = 16
"""Of the standard library, so that no process has much more to read than another."""


def differing(paths: list[Path]) -> tuple[int, list[str]]:
    """How many files both readers can read, and those of which they say different things."""
    read, different = 0, []
    for path in paths:
        text = decode(path.read_bytes())
        if not isinstance(text, str) or deep_nesting(text) is not None:
            continue
        quickly = quick(text)
        if quickly is None or (fully := concrete(text)).problem is not None:
            continue
        read += 1
        if quickly != fully:
            different.append(str(path))
    return read, different


def test_both_readers_agree_on_this_project() -> None:
    paths = [
        path for folder in ("flaskglobals_lint", "tests", "examples") for path in sorted((ROOT / folder).rglob("*.py"))
    ]
    read, different = differing(paths)
    assert different == []
    assert read > 100


APPS = [
    *sorted(folder for folder in (ROOT / "tests" / "fixtures").iterdir() if folder.is_dir()),
    *sorted(folder for folder in (ROOT / "examples").iterdir() if folder.is_dir()),
]


@pytest.mark.parametrize("app", APPS, ids=lambda app: app.name)
def test_reading_modules_without_their_concrete_tree_changes_no_finding(
    app: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = Config(cache=False, min_severity="info")
    monkeypatch.setattr(module, "changes_own_objects", lambda source: False)
    quickly = lint([app], config, cwd=app)
    monkeypatch.setattr(module, "quick", lambda source: None)
    fully = lint([app], config, cwd=app)
    assert quickly == fully
    assert quickly.files


@pytest.mark.slow
def test_both_readers_agree_on_the_standard_library() -> None:
    folder = Path(sysconfig.get_paths()["stdlib"])
    paths = [path for path in sorted(folder.rglob("*.py")) if "site-packages" not in path.parts]
    parts = [paths[at::PARTS] for at in range(PARTS)]
    answers = spread(differing, parts)
    assert [path for _, different in answers for path in different] == []
    assert sum(read for read, _ in answers) > 500


@pytest.mark.parametrize(
    "source",
    [
        "n = 0\ndef f():\n    global n\n    n += 1\n",
        "cache = {}\ndef f(k):\n    cache[k] = 1\n",
        "cache: dict[str, int] = {}\ndef f(k):\n    cache[k] += 1\n",
        "seen = set()\ndef f(k):\n    seen.add(k)\n",
        "from collections import deque\nrecent = deque(maxlen=3)\ndef f(k):\n    recent.append(k)\n",
    ],
)
def test_a_module_that_changes_its_own_objects_is_read_from_its_concrete_tree(source: str) -> None:
    assert changes_own_objects(source)


@pytest.mark.parametrize(
    "source",
    [
        "n = 0\ndef f():\n    return n\n",
        "names = ['a']\ndef f(k):\n    return k in names, names[0] == k\n",
        "cache = {}\ndef f(self, k):\n    self.cache[k] = 1\n",
        "cache = {}\ncache['a'] = 1\n",
        "def f():\n    seen = set()\n    seen.add(1)\n",
    ],
)
def test_a_module_that_changes_none_of_its_objects_is_read_quickly(source: str) -> None:
    assert not changes_own_objects(source)


@pytest.mark.parametrize(
    "source",
    [
        "def f(:\n",
        "x = 1 if\n",
        "match a:\n    case {'k': b, **rest}: pass\n",
        "x = " + "-" * 300 + "1\n",
    ],
)
def test_what_only_the_concrete_tree_can_tell(source: str) -> None:
    assert quick(source) is None


def test_characters_beyond_ascii_count_as_one_column() -> None:
    source = "é = 'ü'; x = é.ö(f'ä{é}')\ndef ü(ß='ä'): pass\n"
    module = quick(source)
    assert module == concrete(source)
    assert isinstance(module, facts.Module)
    assert module.functions[0].pos == (2, 1, 2, 6)


def test_plain_modules_are_read_without_libcst() -> None:
    code = (
        "import sys; from flaskglobals_lint.extract import extract; extract(b'def f(x):\\n    return x\\n');"
        "sys.exit('libcst' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0


def test_a_syntax_of_another_python_is_still_read() -> None:
    assert extract(b"type X[T] = list[T]\ndef f[T](x: T) -> T: return x\n").problem is None


# --- a long module is parsed in parts ---------------------------------------------------------------------------------

PARTED = {
    "text that looks like statements": 'x = """\ny = 1\ndef f():\n    pass\n"""\nz = 1\n',
    "brackets": "x = [\n1,\ny,\n]\nz = 1\n",
    "decorators": "@a\n@b\ndef f():\n    pass\n@c\nclass C:\n    pass\n",
    "branches": "if a:\n    b = 1\nelif c:\n    b = 2\nelse:\n    b = 3\ntry:\n    d()\nexcept E:\n    e()\nfinally:\n    g()\n",
    "joined lines": "x = 1 \\\nif a \\\nelse 2\nfrom a \\\nimport b\n",
    "numbered definitions": "def f(): return lambda: 1\ndef f(): return lambda: 2\nx = [y for y in z], [y for y in z]\n",
    "walruses": "def f():\n    (a := 1)\ndef g():\n    (a := 2)\n    return a\n",
    "carriage returns": "x = 1\rdef f():\r\n    y = x\r\nz = 1\r",
    "wide characters": "x = 'äöü'; y = 1\nz = 'ß', y\n",
    "no last line end": "x = 1\ny = f()",
}


@pytest.mark.parametrize("text", PARTED.values(), ids=PARTED)
@pytest.mark.parametrize("size", [1, 20])
def test_parts_are_read_as_the_whole(text: str, size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = quick(text)
    monkeypatch.setattr(trees, "MAX_PART", size)
    assert quick(text) == whole


def test_this_project_is_read_in_parts_as_in_one(monkeypatch: pytest.MonkeyPatch) -> None:
    paths = [*(ROOT / "flaskglobals_lint" / "link").glob("*.py"), *(ROOT / "tests" / "fixtures").rglob("*.py")]
    texts = [path.read_text(encoding="utf-8") for path in paths]
    whole = [quick(text) for text in texts]
    monkeypatch.setattr(trees, "MAX_PART", 1000)
    assert [quick(text) for text in texts] == whole


def test_no_tree_is_much_larger_than_a_part(monkeypatch: pytest.MonkeyPatch) -> None:
    sizes = []
    real = ast.parse

    def watch(source: str) -> ast.Module:
        sizes.append(len(source.lstrip("\n")))
        return real(source)

    monkeypatch.setattr(ast, "parse", watch)
    statement = "TABLE.append({'a': [1, 2, 3], 'b': None})\n"
    module = quick(statement * (8 * trees.MAX_PART // len(statement)))
    assert module is not None
    assert len(module.body) == 8 * trees.MAX_PART // len(statement)
    assert len(sizes) > 6
    assert max(sizes) <= 2 * trees.MAX_PART


def test_a_long_module_with_an_error_is_left_to_the_concrete_tree(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trees, "MAX_PART", 100)
    assert quick("x = 1\n" * 100) is not None
    assert quick("x = 1\n" * 100 + "def f(:\n" + "x = 1\n" * 100) is None
