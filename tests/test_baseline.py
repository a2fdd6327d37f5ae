"""A baseline: known findings stay quiet while the code moves, and the fixed ones are told."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from flaskglobals_lint import cli

CODE = """\
from flask import Flask

app = Flask(__name__)
hits = {}
total = 0


@app.route("/<page>")
def show(page):
    hits[page] = hits.get(page, 0) + 1
    return str(hits[page])


@app.route("/total")
def add():
    global total
    total += 1
    return str(total)
"""
NEW = """

@app.route("/again")
def again():
    global total
    total += 2
    return ""
"""
Run = Callable[..., tuple[int, list[str], str]]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "setup.cfg").touch()
    (tmp_path / "app.py").write_text(CODE, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def run(project: Path, capfd: pytest.CaptureFixture[str]) -> Run:
    def call(*words: str) -> tuple[int, list[str], str]:
        status = cli.main(words)
        out, err = capfd.readouterr()
        return status, out.splitlines(), err

    return call


@pytest.fixture
def known(project: Path, run: Run) -> Path:
    """A baseline with both findings of the project."""
    assert run("--write-baseline", "known.jsonl") == (0, [], "flaskglobals-lint: wrote 2 findings to known.jsonl\n")
    return project / "known.jsonl"


def change(project: Path, old: str, new: str) -> None:
    text = (project / "app.py").read_text(encoding="utf-8")
    assert old in text
    (project / "app.py").write_text(text.replace(old, new), encoding="utf-8")


def test_known_findings_are_not_printed(known: Path, run: Run) -> None:
    assert run("--baseline", "known.jsonl") == (0, [], "")
    assert len(run()[1]) == 2


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("app = ", "import os\n\n\napp = "),  # moved lines
        ("    global total\n", "    global total\n    print(page)\n"),  # code around it
        ("hits.get(page, 0) + 1", "1 + hits.get(page, 0)"),  # the line itself
        ("def show(page)", "def display(page)"),  # a function of another name
    ],
)
def test_known_findings_stay_quiet(known: Path, run: Run, project: Path, old: str, new: str) -> None:
    change(project, old, new)
    assert run("--baseline", "known.jsonl") == (0, [], "")


def test_a_renamed_file_stays_quiet(known: Path, run: Run, project: Path) -> None:
    (project / "web").mkdir()
    (project / "app.py").rename(project / "web" / "pages.py")
    assert run("--baseline", "known.jsonl") == (0, [], "")


def test_the_working_directory_does_not_matter(
    known: Path, run: Run, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (project / "sub").mkdir()
    monkeypatch.chdir(project / "sub")
    assert run("--baseline", "../known.jsonl", "..") == (0, [], "")


def test_new_findings_are_printed(known: Path, run: Run, project: Path) -> None:
    (project / "app.py").write_text(CODE + NEW, encoding="utf-8")
    status, out, _ = run("--baseline", "known.jsonl")
    assert (status, [line.split()[0] for line in out]) == (1, ["app.py:24:5:"])


def test_as_many_as_are_known_and_no_more(known: Path, run: Run, project: Path) -> None:
    change(project, "    total += 1\n", "    total += 1\n    total += 1\n")
    status, out, _ = run("--baseline", "known.jsonl")
    assert (status, len(out)) == (1, 1)


def test_fixed_findings_are_told(known: Path, run: Run, project: Path) -> None:
    change(project, "    total += 1\n", "    total = 1\n")
    status, out, err = run("--baseline", "known.jsonl")
    assert (status, out) == (0, [])
    assert err == (
        "flaskglobals-lint: fixed: FGL101 `total += 1` in app.add (app.py)\n"
        "flaskglobals-lint: 1 finding of known.jsonl is fixed; --write-baseline known.jsonl drops it\n"
    )
    assert run("--baseline", "known.jsonl", "--quiet") == (0, [], "")
    run("--write-baseline", "known.jsonl")
    assert len(known.read_text(encoding="utf-8").splitlines()) == 2
    assert run("--baseline", "known.jsonl") == (0, [], "")


def test_what_was_not_looked_at_stays_in_the_file(known: Path, run: Run, project: Path) -> None:
    before = known.read_text(encoding="utf-8")
    (project / "other.py").touch()
    run("--write-baseline", "known.jsonl", "other.py")
    run("--write-baseline", "known.jsonl", "--select", "FGL2")
    assert known.read_text(encoding="utf-8") == before
    (project / "app.py").unlink()
    run("--write-baseline", "known.jsonl", "other.py")
    assert len(known.read_text(encoding="utf-8").splitlines()) == 1


def test_a_broken_baseline_can_be_written_anew(known: Path, run: Run) -> None:
    before = known.read_text(encoding="utf-8")
    known.write_text(f"<<<<<<< HEAD\n{before}", encoding="utf-8")
    assert run("--write-baseline", "known.jsonl")[0] == 0
    assert known.read_text(encoding="utf-8") == before


def test_findings_that_look_the_same_are_counted(run: Run, project: Path) -> None:
    twice = "    total += 1\n    total += 1\n"
    change(project, "    total += 1\n", twice)
    run("--write-baseline", "known.jsonl")
    lines = (project / "known.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line).get("count") for line in lines] == [None, None, 2]
    assert run("--baseline", "known.jsonl") == (0, [], "")
    change(project, twice, "    total += 1\n" * 3)
    assert len(run("--baseline", "known.jsonl")[1]) == 1
    change(project, "    total += 1\n" * 3, "    total += 1\n")
    assert "fixed: FGL101 `total += 1`" in run("--baseline", "known.jsonl")[2]


def test_a_line_that_a_merge_brings_twice_counts_once(known: Path, run: Run, project: Path) -> None:
    text = known.read_text(encoding="utf-8")
    header, *lines = text.splitlines(keepends=True)
    known.write_text("".join([header, *reversed(lines), *lines]), encoding="utf-8")
    assert run("--baseline", "known.jsonl") == (0, [], "")
    change(project, "    total += 1\n", "    total += 1\n    total += 1\n")
    assert len(run("--baseline", "known.jsonl")[1]) == 1
    change(project, "    total += 1\n    total += 1\n", "    total += 1\n")
    run("--write-baseline", "known.jsonl")
    assert known.read_text(encoding="utf-8") == text


def test_what_was_not_looked_at_is_not_fixed(known: Path, run: Run, project: Path) -> None:
    (project / "other.py").touch()
    assert run("--baseline", "known.jsonl", "other.py") == (0, [], "")
    assert run("--baseline", "known.jsonl", "--select", "FGL2") == (0, [], "")
    assert run("--baseline", "known.jsonl", "--server", "single", "--min-severity", "error")[2] == ""


def test_a_file_that_cannot_be_parsed_is_never_known(run: Run, project: Path) -> None:
    (project / "broken.py").write_text("def f(:\n", encoding="utf-8")
    run("--write-baseline", "known.jsonl")
    status, out, _ = run("--baseline", "known.jsonl")
    assert (status, [line.split()[1] for line in out]) == (1, ["FGL900"])


def test_the_file_is_sorted_and_has_a_line_a_finding_and_no_line_numbers(known: Path) -> None:
    header, *lines = known.read_text(encoding="utf-8").splitlines()
    assert json.loads(header) == {"flaskglobals-lint baseline": 1}
    entries = [json.loads(line) for line in lines]
    assert [tuple(entry.values()) for entry in entries] == sorted(tuple(entry.values()) for entry in entries)
    assert [list(entry) for entry in entries] == [["path", "code", "symbol", "function", "text"]] * 2
    assert [entry["text"] for entry in entries] == ["hits[page] = hits.get(page, 0) + 1", "total += 1"]


@pytest.mark.parametrize(
    ("content", "place"),
    [
        (b"", "known.jsonl:1: is no baseline"),
        (b"[]\n", "known.jsonl:1: is no baseline"),
        (b'{"flaskglobals-lint baseline": 2}\n', "known.jsonl:1: is no baseline"),
        (b'{"flaskglobals-lint baseline": 1}\n\n<<<<<<< HEAD\n', "known.jsonl:3: is no finding"),
        (b'{"flaskglobals-lint baseline": 1}\n{"path": "app.py"}\n', "known.jsonl:2: is no finding"),
        (b'{"flaskglobals-lint baseline": 1}\n' + b"[" * 100_000, "known.jsonl:2: is no finding"),
        (b'{"flaskglobals-lint baseline": 1}\n{"count": 0}\n', "known.jsonl:2: is no finding"),
        (b"\xff", "the baseline `known.jsonl` is not UTF-8"),
    ],
)
def test_a_broken_baseline_is_one_line_and_status_2(run: Run, project: Path, content: bytes, place: str) -> None:
    (project / "known.jsonl").write_bytes(content)
    status, out, err = run("--baseline", "known.jsonl")
    assert (status, out) == (2, [])
    assert err.startswith(f"flaskglobals-lint: {place}")
    assert err.count("\n") == 1


def test_no_baseline_is_one_line_and_status_2(run: Run, project: Path) -> None:
    status, _, err = run("--baseline", "missing.jsonl")
    assert (status, err) == (
        2,
        "flaskglobals-lint: the baseline `missing.jsonl` does not exist; --write-baseline writes it\n",
    )
    assert run("--baseline", ".")[0] == 2


def test_the_baseline_can_be_configured(known: Path, run: Run, project: Path) -> None:
    (project / "pyproject.toml").write_text("[tool.flaskglobals-lint]\nbaseline = 'known.jsonl'\n", encoding="utf-8")
    assert run() == (0, [], "")
    assert len(run("--isolated")[1]) == 2
    known.unlink()
    assert run("--write-baseline", "known.jsonl")[0] == 0


# --- git --------------------------------------------------------------------------------------------------------------


@pytest.fixture
def git(project: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    if not shutil.which("git"):
        pytest.skip("git is not installed")
    for key in [key for key in os.environ if key.startswith("GIT_")]:
        monkeypatch.delenv(key)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.setenv("GIT_CONFIG_SYSTEM", os.devnull)

    def call(*words: str) -> None:
        identity = ("-c", "user.name=test", "-c", "user.email=test@example.org", "-c", "init.defaultBranch=main")
        subprocess.run(["git", *identity, *words], cwd=project, check=True, capture_output=True)

    return call


def test_two_branches_merge_in_git(git: Callable[..., None], run: Run, project: Path) -> None:
    """Each branch adds and mends findings next to those of the other; their baselines merge without a conflict."""
    (project / "app.py").unlink()
    (project / ".gitattributes").write_text("known.jsonl merge=union\n", encoding="utf-8")
    (project / ".gitignore").write_text(".flaskglobals_cache/\n", encoding="utf-8")

    def commit(racy: str, safe: str = "") -> None:
        for letter in racy:
            (project / f"{letter}.py").write_text(CODE.replace('"/total"', f'"/{letter}"'), encoding="utf-8")
        for letter in safe:
            (project / f"{letter}.py").write_text("", encoding="utf-8")
        assert run("--write-baseline", "known.jsonl")[0] == 0
        git("add", "--all")
        git("commit", "-qm", "state")

    git("init", "-q")
    commit("acdg")
    git("checkout", "-qb", "other")
    commit("bf", safe="d")
    git("checkout", "-q", "main")
    commit("e", safe="c")
    git("merge", "-q", "--no-edit", "other")
    assert run("--baseline", "known.jsonl")[:2] == (0, [])
    assert {line[0] for line in run()[1]} == set("abefg")
    merged = (project / "known.jsonl").read_text(encoding="utf-8").splitlines()
    run("--write-baseline", "known.jsonl")
    shrunk = (project / "known.jsonl").read_text(encoding="utf-8").splitlines()
    assert len(shrunk) == 1 + 2 * 5
    assert set(shrunk) <= set(merged)
    assert run("--baseline", "known.jsonl") == (0, [], "")
