"""Classes that are found while the program runs: among a module's members, among a class's subclasses."""

from __future__ import annotations

from pathlib import Path

import pytest
from test_link_cases import case, differences

PLUGINS = """
import importlib
import inspect

from plugin import Plugin

def members():
    module = importlib.import_module("plugins.words")
    return [value for _, value in inspect.getmembers(module)]

%s

@app.post("/")
def home():
    for plugin in plugins:
        plugin.run()
    return "ok"
# file: plugin.py
class Plugin:
    name = "none"

    def run(self):
        raise NotImplementedError
# file: plugins/__init__.py
# file: plugins/words.py
import time

from plugin import Plugin

class Base(Plugin):
    def __init__(self):
        self.runs = 0

class Words(Base):
    name = "words"

    def run(self):
        before = self.runs
        time.sleep(1)
        self.runs = before + 1%s

class Other:
    def __init__(self):
        self.runs = 0

    def run(self):
        before = self.runs
        time.sleep(1)
        self.runs = before + 1
"""
FOUND = "  # want: FGL101"

ASKED = """
plugins = []
for value in members():
    if inspect.isclass(value) and issubclass(value, %s):
        plugins.append(value())
"""
IN_A_FUNCTION = """
def load():
    return [value() for value in members() if issubclass(value, (Plugin, Exception))]

plugins = load()
"""
LISTED = """
plugins = [value() for value in Plugin.__subclasses__()]
"""
BY_NAME = """
by_name = {value.name: value() for value in Plugin.__subclasses__()}
plugins = by_name.values()
"""

CASES = [
    case("members that are asked", PLUGINS % (ASKED % "Plugin", FOUND)),
    case("members that are asked for something else", PLUGINS % (ASKED % "Exception", "")),
    case("members that a function asks", PLUGINS % (IN_A_FUNCTION, FOUND)),
    case("subclasses in a list", PLUGINS % (LISTED, FOUND)),
    case("subclasses in a dictionary", PLUGINS % (BY_NAME, FOUND)),
    case("another variable is asked", PLUGINS % ((ASKED % "Plugin").replace("value()", "members()[0]()"), "")),
]


@pytest.mark.parametrize("files", CASES)
def test_classes_that_are_found_at_run_time(files: dict[str, str], tmp_path: Path) -> None:
    assert differences(files, tmp_path) == []
