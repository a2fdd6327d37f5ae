"""Both readers of a module give the same facts, and which of them reads a module."""

from __future__ import annotations

import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from flaskglobals_lint import facts
from flaskglobals_lint.config import Config
from flaskglobals_lint.extract import extract, module
from flaskglobals_lint.extract.concrete import concrete
from flaskglobals_lint.extract.guard import deep_nesting
from flaskglobals_lint.extract.quick import changes_own_objects, quick
from flaskglobals_lint.extract.source import decode
from flaskglobals_lint.lint import lint

ROOT = Path(__file__).parent.parent


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
    read, different = differing([path for path in sorted(folder.rglob("*.py")) if "site-packages" not in path.parts])
    assert different == []
    assert read > 500


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
