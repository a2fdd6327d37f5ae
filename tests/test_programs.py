"""Programs of a project that serve no requests: what their threads do is a note, unless the application loads them."""

from __future__ import annotations

from pathlib import Path

import pytest
from programs import is_loud, reported
from test_link_cases import program

APP = """
%s

@app.route("/")
def home():
    return "home"
# file: train.py
import threading
import time

from tools.count import Counter

counter = Counter()

def work():
    counter.add()

for _ in range(4):
    threading.Thread(target=work).start()
%s
# file: tools/__init__.py
# file: tools/count.py
import time

class Counter:
    def __init__(self):
        self.total = 0

    def add(self):
        before = self.total
        time.sleep(1)
        self.total = before + 1
"""
SCRIPT = 'if __name__ == "__main__":\n    print("done")'


@pytest.mark.parametrize(
    ("imports", "end", "loud"),
    [
        ("import logging", "", False),
        ("import train", "", True),
        ("class Training:\n    import train", "", True),
        ("def later():\n    import train", "", True),
        ("from tools.count import Counter", "", True),
        ("import importlib\nimportlib.import_module(app.name)", "", True),
        ("import importlib\nimportlib.import_module(app.name)", SCRIPT, False),
    ],
    ids=[
        "beside",
        "loaded",
        "loaded in a class",
        "loaded in a function",
        "its code loaded",
        "maybe loaded",
        "a script",
    ],
)
def test_what_a_program_beside_the_application_does(imports: str, end: str, loud: bool, tmp_path: Path) -> None:
    found = [finding for finding in reported(program(APP % (imports, end)), tmp_path) if finding.code == "FGL101"]
    assert [(finding.symbol, is_loud(finding)) for finding in found] == [("tools.count.Counter.total", loud)]


def test_a_project_without_requests_is_judged_as_it_is(tmp_path: Path) -> None:
    files = program(APP % ("", ""))
    del files["app.py"]
    found = [finding for finding in reported(files, tmp_path) if finding.code == "FGL101"]
    assert [is_loud(finding) for finding in found] == [True]
