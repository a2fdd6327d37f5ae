"""Small applications of several files, each run as one program; ``# want:`` marks say what must be reported, and where."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest
from programs import Mark, expected, is_loud, mark, reported

from flaskglobals_lint import catalogue
from flaskglobals_lint.config import Config
from flaskglobals_lint.finding import Finding, Span
from flaskglobals_lint.lint import lint
from flaskglobals_lint.report import FORMATS, Options

FIXTURES = Path(__file__).resolve().parent / "fixtures"
APPS = sorted(folder.name for folder in FIXTURES.iterdir() if folder.is_dir())


@dataclass(frozen=True, slots=True)
class Open:
    """A mark that the analysis does not come up to yet: where it stands, by the code of the line, and why."""

    app: str
    path: str
    code: str
    reason: str


ABOUT_SET_UP = frozenset({"FGL502"})
"""Rules about the set-up itself: no request has to reach it."""

OPEN: tuple[Open, ...] = ()


@cache
def files(app: str) -> dict[str, str]:
    """The files of a fixture, by their path in it."""
    folder = FIXTURES / app
    return {
        path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8")
        for path in sorted(folder.rglob("*"))
        if path.is_file() and "__pycache__" not in path.parts
    }


def written(app: str, folder: Path) -> Path:
    """The fixture as a project of its own in an empty folder."""
    for path, source in files(app).items():
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(catalogue.without_expectations(source), encoding="utf-8")
    (folder / "setup.cfg").touch()
    return folder


def marks_of(one: Open) -> set[Mark]:
    """The marked lines that read as the open point says, apart from their marks."""
    source = files(one.app)[one.path]
    lines = catalogue.without_expectations(source).splitlines()
    return {
        Mark(one.path, number, code)
        for number, codes in catalogue.wanted(source).items()
        for code in codes
        if lines[number - 1].strip() == one.code
    }


def open_marks(app: str) -> set[Mark]:
    """What is known to be missing in a fixture."""
    return {found for one in OPEN if one.app == app for found in marks_of(one)}


def loud(app: str, folder: Path) -> set[Mark]:
    return {mark(finding) for finding in reported(files(app), folder) if is_loud(finding)}


def run(folder: Path, *names: str) -> tuple[Finding, ...]:
    config = Config(min_severity="info", cache=False, jobs=1)
    return lint([folder / name for name in names], config, cwd=folder).findings


@pytest.mark.parametrize("app", APPS)
def test_what_is_marked_is_reported_and_nothing_else(app: str, tmp_path: Path) -> None:
    wanted = expected(files(app)) - open_marks(app)
    found = loud(app, tmp_path)
    missing = [f"missing: {one}" for one in sorted(wanted - found)]
    surplus = [f"surplus: {one}" for one in sorted(found - wanted - open_marks(app))]
    assert missing + surplus == []


@pytest.mark.parametrize(
    "one",
    [
        pytest.param(one, id=f"{one.app}-{number}", marks=pytest.mark.xfail(strict=True, reason=one.reason))
        for number, one in enumerate(OPEN)
    ],
)
def test_what_is_not_found_yet(one: Open, tmp_path: Path) -> None:
    assert marks_of(one) <= loud(one.app, tmp_path)


@pytest.mark.parametrize("one", OPEN, ids=lambda one: f"{one.app}: {one.code}")
def test_every_open_point_stands_on_one_marked_line(one: Open) -> None:
    assert len(marks_of(one)) == 1


@pytest.mark.parametrize("app", APPS)
def test_every_file_says_what_is_special_about_it(app: str) -> None:
    assert len(files(app)) >= 3
    for path, source in files(app).items():
        assert source.startswith("# ") or path.endswith(".md"), path


@pytest.mark.parametrize("app", APPS)
def test_a_finding_is_complete(app: str, tmp_path: Path) -> None:
    """It tells how a request gets there, what to do, and points into the files."""
    written(app, tmp_path)
    lines = {path: source.splitlines() for path, source in files(app).items()}
    for finding in run(tmp_path, "."):
        where = f"{mark(finding)} {finding.message}"
        assert finding.message, where
        assert finding.suggestion, where
        assert finding.symbol, where
        for span in (finding.span, *finding.related):
            assert inside(span, lines), where
        if finding.code in ABOUT_SET_UP:
            continue
        assert finding.entry_points, where
        assert finding.chain[0] in {entry.function for entry in finding.entry_points}, where
        for entry in finding.entry_points:
            assert entry.kind, where
            assert inside(Span(entry.path, entry.line, 1, entry.line, 1), lines), where


def inside(span: Span, lines: dict[str, list[str]]) -> bool:
    """Whether a span lies in its file and is not turned round."""
    text = lines[span.path]
    start, end = (span.line, span.column), (span.end_line, span.end_column)
    return (
        (1, 1) <= start <= end
        and span.end_line <= len(text)
        and span.column <= len(text[span.line - 1]) + 1
        and span.end_column <= len(text[span.end_line - 1]) + 1
    )


@pytest.mark.parametrize("app", APPS)
def test_the_order_of_the_files_means_nothing(app: str, tmp_path: Path) -> None:
    written(app, tmp_path)
    names = [path for path in files(app) if path.endswith(".py")]
    assert run(tmp_path, *names) == run(tmp_path, *reversed(names)) == run(tmp_path, ".")


@pytest.mark.parametrize("app", APPS)
def test_a_file_alone_has_its_own_findings(app: str, tmp_path: Path) -> None:
    """The rest of the program is read beside it."""
    written(app, tmp_path)
    together = run(tmp_path, ".")
    for name in files(app):
        if name.endswith(".py"):
            own = [finding for finding in together if finding.span.path == name]
            assert list(run(tmp_path, name)) == own, name


@pytest.mark.parametrize("app", APPS)
def test_two_runs_print_the_same_bytes(app: str, tmp_path: Path) -> None:
    written(app, tmp_path)
    config = Config(min_severity="info", cache=False, jobs=1)
    first, second = (lint([tmp_path], config, cwd=tmp_path) for _ in range(2))
    for name in FORMATS:
        assert FORMATS[name](first, Options()) == FORMATS[name](second, Options())


def test_two_processes_print_the_same_bytes(tmp_path: Path) -> None:
    """Python puts the items of its sets in another order in every process."""
    for app in APPS:
        (tmp_path / app).mkdir()
        written(app, tmp_path / app)
    command = [sys.executable, "-m", "flaskglobals_lint", "--output-format=json", "--min-severity=info", "--no-cache"]
    printed = [
        subprocess.run(
            [*command, *APPS],
            cwd=tmp_path,
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": os.pathsep.join(sys.path)},
            capture_output=True,
            check=False,
        )
        for seed in ("1", "2")
    ]
    assert {done.returncode for done in printed} == {1}, printed[0].stderr.decode()
    assert printed[0].stdout == printed[1].stdout
