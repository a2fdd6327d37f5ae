"""Tests beside an application are no part of its program."""

from __future__ import annotations

from pathlib import Path

import pytest

from flaskglobals_lint.config import Config
from flaskglobals_lint.finding import Report
from flaskglobals_lint.lint import lint
from flaskglobals_lint.testcode import is_test, only_tests

APP = "import flask\n"
TESTS = ("tests/test_app.py", "tests/conftest.py")


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("tests/helpers.py", True),
        ("pkg/test/helpers.py", True),
        ("test_app.py", True),
        ("pkg/app_test.py", True),
        ("pkg/conftest.py", True),
        ("contest.py", False),
        ("latest/app.py", False),
        ("attest_app.py", False),
        ("testing/app.py", False),
    ],
)
def test_names(path: str, expected: bool) -> None:
    assert is_test(path) is expected


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"app.py": APP}, TESTS),
        ({}, ()),
        ({"app.py": APP + "from tests import conftest\n"}, TESTS[:1]),
        ({"app.py": APP + "import tests.test_app\n", TESTS[0]: "from tests.conftest import client\n"}, ()),
        ({"app.py": APP, TESTS[0]: "from tests.conftest import client\n"}, TESTS),
        ({"app.py": APP + "tests = 'tests.conftest'\n"}, TESTS),
        ({"app.py": APP + "from werkzeug.utils import import_string\nimport_string('tests.conftest')\n"}, TESTS[:1]),
        ({"setup.py": "setup()\n", TESTS[0]: APP}, ()),
        ({"setup.py": "setup()\n", TESTS[0]: "from quart import Quart\n"}, ()),
        ({"setup.py": "setup()\n"}, TESTS),
    ],
    ids=[
        *("beside an application", "nothing else", "one is imported", "one is imported by one that is"),
        *("they import each other", "no import", "imported by its name", "they alone know Flask", "or Quart"),
        "nobody knows either",
    ],
)
def test_tests_that_nothing_else_needs(files: dict[str, str], expected: tuple[str, ...]) -> None:
    program = dict.fromkeys(TESTS, "client = None\n") | files
    assert only_tests({path: text.encode() for path, text in program.items()}) == frozenset(expected)


STORE = """
import flask

app = flask.Flask(__name__)

class Store:
    def add(self, item):
        raise NotImplementedError

@app.get("/")
def home():
    return STORE.add(flask.request.args)

STORE = Store()
"""
STAND_IN = """
from app import Store

class Fake(Store):
    items = []

    def add(self, item):
        self.items.append(len(self.items))
        return self.items
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "setup.cfg").touch()
    (tmp_path / "tests").mkdir()
    (tmp_path / "app.py").write_text(STORE)
    return tmp_path


def run(project: Path, **options: bool) -> Report:
    return lint([project], Config(min_severity="info", **options), cwd=project)  # type: ignore[arg-type]


@pytest.mark.parametrize(("name", "found"), [("tests/fakes.py", False), ("fakes.py", True)])
def test_a_stand_in_takes_no_calls(project: Path, name: str, found: bool) -> None:
    (project / name).write_text(STAND_IN)
    assert bool(run(project).findings) is found


def test_a_test_of_the_applications_own_is_part_of_it(project: Path) -> None:
    (project / "tests" / "views.py").write_text(
        STORE.replace("raise NotImplementedError", "SEEN.append(len(SEEN))") + "SEEN = []\n"
    )
    assert not run(project).findings
    (project / "app.py").write_text("import flask\nfrom tests.views import app\n")
    assert run(project).findings


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_test_is_still_parsed_and_its_comments_read(project: Path, jobs: int) -> None:
    (project / "tests" / "test_broken.py").write_text("x = = 1\n")
    (project / "tests" / "test_quiet.py").write_text("x = 1  # noqa: FGL101\n")
    report = lint([project], Config(min_severity="info", jobs=jobs), cwd=project)
    assert [(finding.code, finding.span.path) for finding in report.findings] == [
        ("FGL900", "tests/test_broken.py"),
        ("FGL901", "tests/test_quiet.py"),
    ]
    assert (report.files, report.errors) == (3, 1)
