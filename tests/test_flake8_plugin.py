"""The plugin in the real Flake8: the command's findings, judged with the project around them."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from importlib.metadata import entry_points
from pathlib import Path

import pytest

pytest.importorskip("flake8")

PLUGIN = "flaskglobals_lint.flake8_plugin:Plugin"
# An environment that was installed before the plugin was there does not know it; then Flake8 is told where it is.
IS_INSTALLED = any(entry.value == PLUGIN for entry in entry_points(group="flake8.extension"))
SETTINGS = "" if IS_INSTALLED else f"[flake8:local-plugins]\nextension =\n    FGL = {PLUGIN}\n"

STATE = "hits = {}\n\n\ndef count(page):\n    hits[page] = hits.get(page, 0) + 1\n"
VIEWS = """\
from flask import Flask

from state import count

app = Flask(__name__)


@app.route("/<page>")
def show(page):
    count(page)
    return page
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "setup.cfg").write_text(SETTINGS, encoding="utf-8")
    (tmp_path / "state.py").write_text(STATE, encoding="utf-8")
    (tmp_path / "views.py").write_text(VIEWS, encoding="utf-8")
    return tmp_path


def test_flake8_finds_the_plugin_by_itself() -> None:
    text = (Path(__file__).parent.parent / "pyproject.toml").read_text(encoding="utf-8")
    assert tomllib.loads(text)["project"]["entry-points"] == {"flake8.extension": {"FGL": PLUGIN}}


def flake8(project: Path, *words: str, text: str | None = None) -> list[str]:
    """The lines that Flake8 prints; whatever it says on standard error fails the test."""
    command = [sys.executable, "-m", "flake8", *words]
    done = subprocess.run(command, cwd=project, input=text, capture_output=True, encoding="utf-8", check=False)
    assert done.stderr == ""
    return done.stdout.splitlines()


def command(project: Path, *words: str) -> list[str]:
    done = subprocess.run(
        [sys.executable, "-m", "flaskglobals_lint", *words],
        cwd=project,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    return done.stdout.splitlines()


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_flake8_prints_what_the_command_prints(project: Path, jobs: str) -> None:
    printed = flake8(project, "-j", jobs, ".")
    assert [line.removeprefix("./") for line in printed] == command(project)
    assert [line.split(" ")[:2] for line in printed] == [["./state.py:5:5:", "FGL101"]]


def test_a_file_alone_is_judged_with_its_project(project: Path) -> None:
    assert flake8(project, "state.py") == command(project, "state.py")
    assert len(flake8(project, "state.py")) == 1
    assert flake8(project, "views.py") == []


def test_standard_input_stands_for_its_file(project: Path) -> None:
    moved = f"import os\n\n{STATE}"
    (project / "state.py").write_text("", encoding="utf-8")
    words = ("--select", "FGL", "--stdin-display-name", "state.py", "-")
    assert [line.split(" ")[:2] for line in flake8(project, *words, text=moved)] == [["state.py:7:5:", "FGL101"]]


def test_flake8_decides_what_is_told(project: Path) -> None:
    assert flake8(project, "--extend-ignore", "FGL101") == []
    assert flake8(project, "--select", "E,W") == []
    assert len(flake8(project, "--select", "FGL1")) == 1
    (project / "state.py").write_text(STATE.replace("+ 1", "+ 1  # noqa: FGL101"), encoding="utf-8")
    assert flake8(project) == []


def test_the_configuration_is_the_commands(project: Path) -> None:
    (project / "pyproject.toml").write_text("[tool.flaskglobals-lint]\nignore = ['FGL101']\n", encoding="utf-8")
    assert flake8(project) == []
    (project / "pyproject.toml").write_text("[tool.flaskglobals-lint]\nignroe = []\n", encoding="utf-8")
    words = [sys.executable, "-m", "flake8"]
    done = subprocess.run(words, cwd=project, capture_output=True, encoding="utf-8", check=False)
    assert done.returncode == 1
    assert "flaskglobals-lint: pyproject.toml:2: unknown key `ignroe`" in done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr


def test_a_file_that_cannot_be_parsed_is_told_once(project: Path) -> None:
    (project / "broken.py").write_text("def f(:\n", encoding="utf-8")
    assert [line.split(" ")[1] for line in flake8(project, "--select", "E9,FGL")] == ["E999", "FGL101"]
    assert [line.split(" ")[1] for line in flake8(project, "--select", "E902", "missing.py")] == ["E902"]
