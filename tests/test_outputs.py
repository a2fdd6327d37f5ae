"""What the command writes in which format and where, and its help."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from flaskglobals_lint import cli

UNSAFE = """\
from flask import Flask

app = Flask(__name__)
hits = {}


@app.route("/<page>")
def show(page):
    hits[page] = hits.get(page, 0) + 1
    return page
"""
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Run:
    """The command in a project with a race; its exit status and what it prints."""
    (tmp_path / "setup.cfg").touch()
    (tmp_path / "app.py").write_text(UNSAFE, encoding="utf-8")
    monkeypatch.chdir(tmp_path)

    def call(*words: str) -> tuple[int, str, str]:
        return cli.main(words), *capfd.readouterr()

    return call


# --- help -------------------------------------------------------------------------------------------------------------


def test_the_help_lists_every_option_by_topic_within_80_columns(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    status, out, _ = run("--help")
    assert status == 0
    assert max(map(len, out.splitlines())) <= 80
    topics = re.findall(r"^(\w[\w ]+):$", out, re.MULTILINE)
    assert topics == ["Rules", "Files", "Output", "Fixes", "Known findings", "Configuration", "Information"]
    told = re.findall(r"^  (?:-\w, )?(--[\w-]+)", out, re.MULTILINE)
    assert len(set(told)) == len(told)
    declared = {name for option in cli.command.params for name in option.opts if name.startswith("--")}
    assert declared | {"--help"} == set(told)


# --- several formats in one run ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "words",
    [
        ("--output-format", "concise,json:out.json,sarif:out.sarif"),
        ("--output-format", "json:out.json", "--output-format", "concise", "--output-format", "sarif:out.sarif"),
    ],
)
def test_several_formats_in_one_run(run: Run, words: tuple[str, ...]) -> None:
    plain = run()
    assert plain[0] == 1
    assert run(*words) == plain
    folder = Path.cwd()
    assert len(json.loads((folder / "out.json").read_text(encoding="utf-8"))["findings"]) == len(plain[1].splitlines())
    assert json.loads((folder / "out.sarif").read_text(encoding="utf-8"))["version"] == "2.1.0"


def test_a_format_with_a_file_alone_prints_nothing(run: Run) -> None:
    assert run("--output-format", "github:out.txt")[:2] == (1, "")
    assert Path("out.txt").read_text(encoding="utf-8").startswith("::error")
    assert run("--output-format", "github:out.txt", "--output-file", "plain.txt")[:2] == (1, "")
    assert " FGL" in Path("plain.txt").read_text(encoding="utf-8").splitlines()[0]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("sarf:out", "--output-format must be one of concise, full, json, sarif, github, gitlab, junit, not `sarf`"),
        ("sarif:", "--output-format sarif: needs a file of its own"),
        ("json:out,sarif:out", "--output-format sarif:out needs a file of its own"),
        ("sarif,sarf", "--output-format must be one of"),
    ],
)
def test_a_wrong_output_is_one_line(run: Run, words: str, message: str) -> None:
    status, out, err = run("--output-format", words)
    assert (status, out, err.count("\n")) == (2, "", 1)
    assert message in err
    assert not Path("out").exists()


def test_statistics_in_a_format_that_has_none(run: Run) -> None:
    assert run("--statistics", "--output-format", "concise,sarif:out")[0] == 2
    assert run("--statistics", "--output-format", "concise,json:out")[0] == 1
