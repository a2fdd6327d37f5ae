"""Whatever the names in a project are, what is printed is text on lines of ours: no escape, no command, no markup."""

from __future__ import annotations

import io
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

from flaskglobals_lint import cli
from flaskglobals_lint.report import FORMATS
from flaskglobals_lint.report.text import characters, escaped

ESCAPES = "\x1b[31m\x07\x9b2J\r\n::error file=x::y\u202e\u2028]0;title\x07"
COMMANDS = "##vso[task.setvariable variable=a]b ##[error]c ##teamcity[d]"
MARKUP = "<b>&\"'](http:x) ```|*_ ]]> %0A"

NAMES = [
    b"::error file=x,line=1::y.py",
    b" ::warning::y.py",
    b"new\nline.py",
    b"\x1b[31mred.py",
    b"##vso[task.complete].py",
    b"##[group]a.py",
    b"bytes\xff\xfe.py",
    "bidi\u202e\u200b.py".encode(),
    b"<a href='x'>&\".py",
    b"](x)`|.py",
    b"a:1:2: E999 b.py",
    b"--output-file=x.py",
]

KEY = json.dumps(ESCAPES + COMMANDS + MARKUP)
SOURCE = f"""\
from flask import Flask

app = Flask(__name__)
hits = {{}}
lock_\u00e9 = {{}}


@app.route("/" {KEY})
def show(page):
    hits[{KEY}] = hits.get({KEY}, 0) + 1  # {COMMANDS}
    lock_\u00e9[{KEY}] = lock_\u00e9[{KEY}] + 1
    return str(hits)
"""

_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u2028\u202e\ud800-\udfff]")
_COMMAND = re.compile(r"^\s*::|##\w*\[", re.MULTILINE)


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with hostile names only."""
    (tmp_path / "pyproject.toml").touch()
    for name in NAMES:
        try:
            (Path(os.fsdecode(os.fsencode(tmp_path) + b"/" + name))).write_text(SOURCE, encoding="utf-8")
        except (OSError, ValueError):  # a file system that allows fewer names
            continue
    (tmp_path / "\u00e9.py").write_text(SOURCE, encoding="utf-8")
    (tmp_path / "broken\x1b[2J.py").write_text(f"x = {KEY}\nprint {KEY}\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def is_harmless(text: str) -> None:
    """No line of ``text`` does anything to a terminal or a CI service."""
    assert not _CONTROL.search(text)
    assert not _COMMAND.search(text)


@pytest.mark.parametrize("name", FORMATS)
def test_every_format(project: Path, name: str, capfd: pytest.CaptureFixture[str]) -> None:
    words = ["--output-format", name, "--min-severity", "info", "--no-cache"]
    assert cli.main(words) == 1
    out, err = capfd.readouterr()
    names = [file.name for file in project.glob("*.py")]
    assert cli.main([*words, "--", *names]) == 1
    assert capfd.readouterr() == (out, err)
    files = len(names)
    assert out.count("FGL101") >= 2 * files - 2
    assert out.count("FGL900") >= 1
    assert err == ""
    if name == "github":
        heads = [re.fullmatch(r"::(?:error|warning|notice) [^:\n]*::(.*)", line) for line in out.splitlines()]
        assert None not in heads
        out = "".join(f"- {head[1]}\n" for head in heads if head)
    is_harmless(out)
    if name in ("json", "sarif", "gitlab"):
        json.loads(out)
        assert out.isascii()
    if name == "junit":
        root = ElementTree.fromstring(out)
        assert out.isascii()
        assert len({case.get("file") for case in root.iter("testcase")}) == files
        assert all(len(failure) == 0 for failure in root.iter("failure"))


def test_xml_is_well_formed_in_any_encoding_of_standard_output(project: Path) -> None:
    command = [sys.executable, "-m", "flaskglobals_lint", "--output-format", "junit", "--no-cache", "\u00e9.py"]
    environment = {**os.environ, "PYTHONIOENCODING": "latin-1", "PYTHONPATH": str(Path(cli.__file__).parent.parent)}
    done = subprocess.run(command, env=environment, capture_output=True, check=False)
    names = {case.get("file") for case in ElementTree.fromstring(done.stdout).iter("testcase")}
    assert names == {"\u00e9.py"}


@pytest.mark.parametrize(
    "words",
    [
        ("--show-files",),
        ("--show-settings", "--exclude", ESCAPES + COMMANDS),
        ("--statistics", "--no-cache"),
        ("-v", "--cache-dir", "a\x1b[2Jb"),
        ("--fix", "--no-cache"),
        ("--unsafe-fixes", "--no-cache"),
        ("--write-baseline", "x\x1b[2J.json", "--no-cache"),
        ("--no-cache", "no" + ESCAPES),
        ("--select", COMMANDS + ESCAPES),
        ("--server", ESCAPES),
        ("--config", "none\x1b[2J.toml"),
        ("--baseline", "none\x1b[2J.json"),
        ("--explain", ESCAPES),
        (f"--{ESCAPES}",),
        ("--output-file", "no\x1b[2J/such/folder", "--no-cache"),
    ],
    ids=lambda words: words[0].strip("-:")[:12].strip("\x1b["),
)
def test_everything_else_that_is_printed(
    project: Path, words: tuple[str, ...], capfd: pytest.CaptureFixture[str]
) -> None:
    cli.main(words)
    out, err = capfd.readouterr()
    assert out + err
    is_harmless(out)
    is_harmless(err)


@pytest.mark.parametrize(
    "text",
    [
        '[tool.flaskglobals-lint]\n"sel\\u001b[2J##[error]" = 1\n',
        '[tool.flaskglobals-lint]\nselect = ["FGL\\u001b[2J\\n::error::x"]\n',
        '[tool.flaskglobals-lint]\nserver = "\\u001b[2J\\n::error::x##vso[a]"\n',
        '[tool.flaskglobals-lint.locks]\n"\\u001b[2J\\n::error::x" = 1\n',
        '[tool.flaskglobals-lint]\n"\\u001b" = "\\u001b"\n\x1b[2J',
    ],
)
def test_errors_about_a_configuration(project: Path, text: str, capfd: pytest.CaptureFixture[str]) -> None:
    (project / "pyproject.toml").write_text(text, encoding="utf-8")
    assert cli.main([]) == 2
    out, err = capfd.readouterr()
    assert out == ""
    assert re.fullmatch(r"flaskglobals-lint: pyproject.toml:\d: [^\n]+\n", err)
    is_harmless(err)


def test_known_and_fixed_findings(project: Path, capfd: pytest.CaptureFixture[str]) -> None:
    cli.main(["--write-baseline", "b.json", "-q", "--no-cache"])
    for file in project.glob("*.py"):
        file.write_text("x = 1\n", encoding="utf-8")
    assert cli.main(["--baseline", "b.json", "--no-cache"]) == 0
    out, err = capfd.readouterr()
    assert err.count("\n") > 10
    is_harmless(out + err)


def test_a_diff_is_exact_for_programs_and_harmless_on_a_terminal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    source = SOURCE.replace("hits[", "# \u00e9\x0c\u2028\x1b[2J\n    hits[").replace("\u2028", "").encode("latin-1")
    source = b"# coding: latin-1\n" + source.replace(b"\n", b"\r\n") + b"# no end"
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "a b\n.py"
    file.write_bytes(source)
    assert cli.main(["--diff", "--unsafe-fixes", "-q", "--no-cache"]) == 1
    diff = capfdbinary.readouterr().out
    subprocess.run(["git", "apply", "-p0", "-"], input=diff, check=True)
    patched = file.read_bytes()
    file.write_bytes(source)
    cli.main(["--fix", "--unsafe-fixes", "-q", "--no-cache"])
    assert patched == file.read_bytes() != source
    capfdbinary.readouterr()

    file.write_bytes(source)
    terminal = io.StringIO()
    terminal.isatty = lambda: True  # type: ignore[method-assign]
    monkeypatch.setattr(sys, "stdout", terminal)
    assert cli.main(["--diff", "--unsafe-fixes", "-q", "--no-cache"]) == 1
    assert "+" in terminal.getvalue()
    is_harmless(terminal.getvalue())


def test_what_commands_a_ci_service() -> None:
    assert escaped("::error::x ::y") == r"\x3a:error::x ::y"
    assert escaped("\u3000 ::set-env") == "\u3000 \\x3a:set-env"
    assert escaped("a ##[error]") == r"a #\x23[error]"
    assert escaped("## [heading] #[x]") == "## [heading] #[x]"
    assert "".join(characters("a ##vso[x]")) == r"a #\x23vso[x]"
    assert escaped("\U000e0041") == r"\U000e0041"
