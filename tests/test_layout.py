"""Where only lines have moved since the last run, its answer still holds unless it tells of one of them."""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from flaskglobals_lint import analysis
from flaskglobals_lint.cache import FOLDER
from flaskglobals_lint.config import Config
from flaskglobals_lint.extract import extract
from flaskglobals_lint.layout import only_moved
from flaskglobals_lint.lint import lint

HERE = Path(__file__).parent
BEFORE = '''import threading

lock = threading.Lock()
items = []


def add(item):
    """Keep it."""
    with lock:
        items.append(item)  # noqa: FGL101
    return {"n": 1}
'''
SAME: dict[str, Callable[[str], str]] = {
    "nothing": lambda text: text,
    "a line at the top": lambda text: "# licence\n" + text,
    "a line in a function": lambda text: text.replace("    with", "    # one at a time\n    with"),
    "fewer lines": lambda text: text.replace("\n\n\n", "\n"),
    "a longer docstring": lambda text: text.replace("Keep it.", "Keep it.\n\n    And tell."),
    "no docstring": lambda text: text.replace('    """Keep it."""\n', ""),
    "a docstring of the module": lambda text: '"""Items."""\n' + text,
}
OTHER: dict[str, Callable[[str], str]] = {
    "a name": lambda text: text.replace("item)", "thing)"),
    "a constant": lambda text: text.replace('"n"', '"m"'),
    "a statement more": lambda text: text + "items.clear()\n",
    "a statement less": lambda text: text.replace('    return {"n": 1}\n', ""),
    "another indentation": lambda text: text.replace("        items", "       items"),
    "two lines for one": lambda text: text.replace('{"n": 1}', '{"n":\n1}'),
    "one line for two": lambda text: text.replace("Lock()\nitems", "Lock();items"),
    "another order": lambda text: text.replace(
        "lock = threading.Lock()\nitems = []", "items = []\nlock = threading.Lock()"
    ),
    "the comment on another line": lambda text: text.replace("  # noqa: FGL101", "").replace(
        "with lock:", "with lock:  # noqa: FGL101"
    ),
    "another comment": lambda text: text.replace("FGL101", "FGL102"),
    "no code at all": lambda text: text + ")\n",
}


@pytest.mark.parametrize("change", SAME.values(), ids=SAME)
def test_only_lines_have_moved(change: Callable[[str], str]) -> None:
    assert only_moved(extract(BEFORE.encode()), extract(change(BEFORE).encode()))


@pytest.mark.parametrize("change", OTHER.values(), ids=OTHER)
def test_more_than_lines_has_changed(change: Callable[[str], str]) -> None:
    assert change(BEFORE) != BEFORE
    assert not only_moved(extract(BEFORE.encode()), extract(change(BEFORE).encode()))


@pytest.mark.parametrize(("one", "other"), [("a = b\nb = a\n", "b = a\na = b\n"), ("a;b\nc\n", "a;b\n\nc\n")])
def test_lines_follow_each_other_as_before(one: str, other: str) -> None:
    assert only_moved(extract(one.encode()), extract(other.encode())) is (one[0] == other[0])


APP = """
from flask import Flask

import outside
import store

app = Flask(__name__)

@app.get("/")
def home():
    store.add()
    return outside.shown()
"""
STORE = """
hits = 0

def add():
    global hits
    hits += int(1)
"""
OUTSIDE = """
def shown():
    return "shown"
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    for name, text in {"app.py": APP, "store.py": STORE, "outside.py": OUTSIDE, "setup.cfg": ""}.items():
        (tmp_path / name).write_text(text)
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


def told(project: Path, **options: object) -> list[object]:
    """What is found, with all that is said of it."""
    config = Config(min_severity="info", **options)  # type: ignore[arg-type]
    return list(lint([project], config, cwd=project).findings)


def insert(file: Path, text: str = "# moved\n") -> None:
    file.write_text(text + file.read_text())


@pytest.mark.parametrize(
    ("name", "text", "number"),
    [("outside.py", "\n", 1), ("store.py", "# moved\n", 2), ("app.py", "# moved\n", 2), ("outside.py", "x = 1\n", 2)],
    ids=["a file without findings", "one with a finding", "one on the way to it", "more than lines"],
)
def test_a_program_is_analysed_again_where_that_matters(
    project: Path, name: str, text: str, number: int, analyses: list[int]
) -> None:
    before = told(project)
    assert before
    insert(project / name, text)
    after = told(project)
    assert len(analyses) == number
    assert after == told(project, cache=False)
    assert (after == before) is (name == "outside.py")


def test_one_step_after_the_other(project: Path, analyses: list[int]) -> None:
    before = told(project)
    for _ in range(3):
        insert(project / "outside.py")
        assert told(project) == before
        assert told(project) == before
    assert len(analyses) == 1


def test_the_last_run_is_the_one_that_counts(project: Path, analyses: list[int]) -> None:
    for number in range(1, 9):
        (project / "outside.py").write_text(OUTSIDE.replace("shown", f"shown{number}"))
        (project / "app.py").write_text(APP.replace("shown", f"shown{number}"))
        told(project)
        insert(project / "outside.py")
        told(project)
        assert len(analyses) == number


def test_a_change_that_was_taken_back_is_no_change(project: Path, analyses: list[int]) -> None:
    told(project)
    (project / "outside.py").write_text(OUTSIDE.replace("shown", "hidden"))
    (project / "app.py").write_text(APP.replace("shown", "hidden"))
    told(project)
    (project / "outside.py").write_text(OUTSIDE)
    (project / "app.py").write_text(APP)
    told(project)
    insert(project / "outside.py")
    assert told(project) == told(project, cache=False)
    assert len(analyses) == 3  # the last of them without a cache


def test_a_file_that_no_longer_parses_is_told(project: Path) -> None:
    told(project)
    insert(project / "outside.py", "= # moved\n")
    assert "FGL900" in [finding.code for finding in told(project)]  # type: ignore[attr-defined]


def test_what_the_deployment_files_say_still_counts(project: Path, analyses: list[int]) -> None:
    before = told(project)
    insert(project / "outside.py")
    (project / "Procfile").write_text("web: gunicorn --threads 1 --worker-class sync app:app\n")
    after = told(project)
    assert after != before
    assert after == told(project, cache=False)


def test_many_changed_files_are_another_program(project: Path, analyses: list[int]) -> None:
    for at in range(9):
        (project / f"part{at}.py").write_text("x = 1\n")
    told(project)
    for at in range(8):
        insert(project / f"part{at}.py")
    told(project)
    assert len(analyses) == 1
    for at in range(9):
        insert(project / f"part{at}.py")
    told(project)
    assert len(analyses) == 2


@pytest.mark.parametrize("app", sorted(path.name for path in (HERE / "fixtures").iterdir() if path.is_dir()))
def test_moved_lines_give_the_answer_of_a_run_without_cache(app: str, tmp_path: Path) -> None:
    project = tmp_path / app
    shutil.copytree(HERE / "fixtures" / app, project, ignore=shutil.ignore_patterns(FOLDER))
    chance = random.Random(app)
    told(project)
    for file in sorted(project.rglob("*.py")):
        lines = file.read_text(encoding="utf-8").splitlines(keepends=True)
        starts = [at for at, line in enumerate(lines) if line.startswith(("def ", "class ", "import ", "from "))]
        if not starts:
            continue
        for at in sorted(chance.sample(starts, min(3, len(starts))), reverse=True):
            if at == 0 or not lines[at - 1].startswith("@"):
                lines.insert(at, chance.choice(["\n", "# moved\n"]))
        file.write_text("".join(lines), encoding="utf-8")
        assert told(project) == told(project, cache=False)
