"""How the small programs of the link tests are written down and judged, and tests of just that."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from programs import expected, is_loud, mark, reported

HEAD = """\
import threading
import time

from flask import Flask, abort, current_app, g, request

app = Flask(__name__)
"""
"""What every app.py of these programs starts with."""

_FILE = re.compile(r"^# file: (.+)\n", re.MULTILINE)


def program(text: str) -> dict[str, str]:
    """The files of a program: app.py comes first, ``# file: <path>`` starts another one."""
    app, *rest = _FILE.split(text.lstrip("\n"))
    return {"app.py": HEAD + app, **dict(zip(rest[::2], rest[1::2], strict=True))}


def case(name: str, text: str, *, open_because: str = "") -> Any:
    """A program for ``parametrize``; ``open_because`` says which defect of the analysis makes it fail."""
    marks = [pytest.mark.xfail(strict=True, reason=open_because)] if open_because else []
    return pytest.param(program(text), id=name.replace(" ", "-"), marks=marks)


def differences(files: dict[str, str], folder: Path) -> list[str]:
    """What is missing and what is surplus among the warnings and errors, if anything."""
    wanted = expected(files)
    loud = {mark(finding) for finding in reported(files, folder) if is_loud(finding)}
    return [f"missing: {one}" for one in sorted(wanted - loud)] + [f"surplus: {one}" for one in sorted(loud - wanted)]


COUNTER = """
n = 0

@app.route("/")
def home():
    global n
    n += 1
    return "home"
"""


def test_a_program_has_its_files() -> None:
    files = program("x = 1\n# file: a/b.py\ny = 2\n# file: c.py\n")
    assert files == {"app.py": HEAD + "x = 1\n", "a/b.py": "y = 2\n", "c.py": ""}


def test_a_finding_without_a_mark_is_surplus(tmp_path: Path) -> None:
    assert differences(program(COUNTER), tmp_path) == [f"surplus: app.py:{HEAD.count(chr(10)) + 6} FGL101"]


def test_a_mark_without_a_finding_is_missing(tmp_path: Path) -> None:
    assert differences(program("x = 1  # want: FGL101\n"), tmp_path) == ["missing: app.py:7 FGL101"]


def test_a_marked_finding_is_neither(tmp_path: Path) -> None:
    assert differences(program(COUNTER.replace("+= 1", "+= 1  # want: FGL101")), tmp_path) == []
