"""What lies between a race's read and its write, and what the finding makes of it."""

from __future__ import annotations

from pathlib import Path

import pytest
from programs import reported

APP = """\
from flask import Flask, current_app, request

app = Flask(__name__)
total = 0
names = {{}}


class Meter:
    def __init__(self):
        self.plain = 0
        self._shown = 0

    @property
    def shown(self):
        return self._shown

    @shown.setter
    def shown(self, value):
        self._shown = value


meter = Meter()


@app.route("/<name>")
def home(name):
    global total
    {body}
    return "ok"
"""

NOTHING = {
    "a counter": "total += 1",
    "two statements": "seen = total; total = seen + 1",
    "a call before the read": "weight = int(name); total += weight",
    "an attribute": "meter.plain += 1",
}
SOMETHING = {
    "a call": "total += int(name)",
    "the proxy of the request": "total += request.content_length",
    "the proxy of the app": "current_app.config['N'] += 1",
    "a property": "meter.shown += 1",
    "a loop": "seen = total\n    for _ in name:\n        pass\n    total = seen + 1",
    "a comprehension": "seen = total; listed = [letter for letter in name]; total = seen + 1",
    "a method of a dict": "names['n'] = names.get('n', 0) + 1",
}


def _race(body: str, folder: Path, code: str) -> tuple[str, str | None, bool]:
    (finding,) = (f for f in reported({"app.py": APP.format(body=body)}, folder) if f.code == code)
    return finding.severity, finding.window, "without a GIL" in finding.message


@pytest.mark.parametrize("body", NOTHING.values(), ids=NOTHING)
def test_nothing_in_between_is_a_warning_that_names_the_interpreters(body: str, tmp_path: Path) -> None:
    assert _race(body, tmp_path, "FGL101") == ("warning", "none", True)


@pytest.mark.parametrize("body", SOMETHING.values(), ids=SOMETHING)
def test_python_code_in_between_is_an_error(body: str, tmp_path: Path) -> None:
    assert _race(body, tmp_path, "FGL101") == ("error", "call", False)


@pytest.mark.parametrize(
    ("work", "told"), [("pass", ("warning", "none", True)), ("len(name.split())", ("error", "call", False))]
)
def test_a_check(work: str, told: tuple[str, str, bool], tmp_path: Path) -> None:
    body = f"if names['left'] > 0:\n        {work}\n        names['left'] -= 1"
    assert _race(body, tmp_path, "FGL102") == told
