"""The plugin in the real Flake8: the command's findings, judged with the project around them."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from collections.abc import Callable
from importlib.metadata import entry_points
from pathlib import Path

import pytest

from flaskglobals_lint import cli
from flaskglobals_lint.flake8_plugin import Plugin

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


Run = Callable[..., list[str]]
"""Words of the command line to the lines that are printed."""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "setup.cfg").write_text(SETTINGS, encoding="utf-8")
    (tmp_path / "state.py").write_text(STATE, encoding="utf-8")
    (tmp_path / "views.py").write_text(VIEWS, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def flake8(project: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Run:
    """Flake8 in this process; whatever it says on standard error fails the test."""
    from flake8.main.cli import main

    monkeypatch.setattr(Plugin, "paths", ())
    monkeypatch.setattr(Plugin, "ignore_noqa", False)

    def run(*words: str) -> list[str]:
        main([*words, "-j", "1"])
        out, err = capfd.readouterr()
        assert err == ""
        return out.splitlines()

    return run


@pytest.fixture
def command(project: Path, capfd: pytest.CaptureFixture[str]) -> Run:
    """This tool's own command."""

    def run(*words: str) -> list[str]:
        cli.main(words)
        return capfd.readouterr().out.splitlines()

    return run


def test_flake8_finds_the_plugin_by_itself() -> None:
    text = (Path(__file__).parent.parent / "pyproject.toml").read_text(encoding="utf-8")
    assert tomllib.loads(text)["project"]["entry-points"] == {"flake8.extension": {"FGL": PLUGIN}}


def in_a_process(project: Path, *words: str, text: str | None = None) -> list[str]:
    """The lines that Flake8 prints in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "flake8", *words],
        cwd=project,
        input=text,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert done.stderr == ""
    return done.stdout.splitlines()


def codes(lines: list[str]) -> list[list[str]]:
    """Place and code of each line."""
    return [line.split(" ")[:2] for line in lines]


def test_flake8_with_workers_prints_what_the_command_prints(project: Path, flake8: Run, command: Run) -> None:
    printed = in_a_process(project, "-j", "2", ".")
    assert [line.removeprefix("./") for line in printed] == command()
    assert codes(printed) == [["./state.py:5:5:", "FGL101"]]
    assert flake8(".") == printed


def test_standard_input_stands_for_its_file(project: Path) -> None:
    moved = f"import os\n\n{STATE}"
    (project / "state.py").write_text("", encoding="utf-8")
    words = ("--select", "FGL", "--stdin-display-name", "state.py", "-")
    assert codes(in_a_process(project, *words, text=moved)) == [["state.py:7:5:", "FGL101"]]


def test_a_file_alone_is_judged_with_its_project(flake8: Run, command: Run) -> None:
    assert flake8("state.py") == command("state.py")
    assert len(flake8("state.py")) == 1
    assert flake8("views.py") == []


def test_flake8_selects(flake8: Run) -> None:
    assert flake8("--extend-ignore", "FGL101") == []
    assert flake8("--select", "E,W") == []
    assert len(flake8("--select", "FGL1")) == 1
    assert flake8("--per-file-ignores", "state.py:FGL1") == []


def test_flake8_has_the_last_word_on_noqa(project: Path, flake8: Run, command: Run) -> None:
    (project / "state.py").write_text(STATE.replace("+ 1", "+ 1  # noqa: FGL101"), encoding="utf-8")
    assert (flake8(), command()) == ([], [])
    assert codes(flake8("--disable-noqa")) == [["./state.py:5:5:", "FGL101"]]
    assert codes(command("--ignore-noqa")) == [["state.py:5:5:", "FGL101"]]
    assert flake8() == []
    (project / "state.py").write_text(STATE.replace("+ 1", "+ 1  # noqa: E501"), encoding="utf-8")
    assert len(flake8()) == len(command()) == 1
    (project / "state.py").write_text("# flaskglobals: ignore-file\n" + STATE, encoding="utf-8")
    assert flake8("--disable-noqa") == []


def test_a_process_may_run_flake8_again(project: Path, flake8: Run) -> None:
    assert len(flake8()) == 1
    (project / "state.py").write_text(STATE.replace("hits.get(page, 0) + 1", "1"), encoding="utf-8")
    assert flake8("--select", "FGL1") == []


def test_the_files_of_a_run_are_judged_once(flake8: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """So a second file costs no second analysis."""
    lint_module = sys.modules["flaskglobals_lint.lint"]
    lint = lint_module.lint
    runs = []

    def count(*words: object, **keywords: object) -> object:
        runs.append(words[0])
        return lint(*words, **keywords)

    monkeypatch.setattr(lint_module, "lint", count)
    assert len(flake8("state.py", "views.py")) == 1
    assert runs == [("state.py", "views.py")]


def test_the_configuration_is_the_commands(project: Path, flake8: Run, capfd: pytest.CaptureFixture[str]) -> None:
    (project / "pyproject.toml").write_text("[tool.flaskglobals-lint]\nignore = ['FGL101']\n", encoding="utf-8")
    assert flake8() == []
    (project / "pyproject.toml").write_text("[tool.flaskglobals-lint]\nignroe = []\n", encoding="utf-8")
    from flake8.main.cli import main

    assert main([]) == 1
    out, err = capfd.readouterr()
    assert "flaskglobals-lint: pyproject.toml:2: unknown key `ignroe`" in out + err
    assert "Traceback" not in out + err


def test_a_file_that_cannot_be_parsed_is_told_once(project: Path, flake8: Run) -> None:
    (project / "broken.py").write_text("def f(:\n", encoding="utf-8")
    assert [code for _, code in codes(flake8("--select", "E9,FGL"))] == ["E999", "FGL101"]
    assert [code for _, code in codes(flake8("--select", "E902", "missing.py"))] == ["E902"]
