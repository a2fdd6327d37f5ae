"""Lazy values that code which runs before the first request has made, and those that only seem so."""

from __future__ import annotations

from pathlib import Path

import pytest

from flaskglobals_lint.config import Config
from flaskglobals_lint.lint import lint

STORE = """
import urllib.request

rows = None

def load():
    global rows
    if rows is None:
        rows = urllib.request.urlopen("http://host/rows").read()
    return rows
"""

APP = """
from flask import Flask
import store

app = Flask(__name__)

@app.route("/")
def home():
    return store.load()
"""

FACTORY = """
from flask import Flask
import store

def prepare():
    store.load()

def create_app():
    app = Flask(__name__)
    prepare()

    @app.route("/")
    def home():
        return store.load()

    return app
"""

PROGRAMS = {
    "nothing asks for it": ({"app.py": APP}, True),
    "a module asks": ({"app.py": APP + "\nstore.load()\n"}, False),
    "another module asks": ({"app.py": APP, "start.py": "import store\n\nstore.load()\n"}, False),
    "the factory asks": ({"app.py": FACTORY}, False),
    "an annotated factory asks": ({"app.py": FACTORY.replace("create_app()", "create_app() -> Flask")}, False),
    "what makes no application asks": (
        {"app.py": APP, "tool.py": "import store\n\ndef main():\n    store.load()\n"},
        True,
    ),
    "a test asks": ({"app.py": APP, "tests/test_store.py": "import store\n\nstore.load()\n"}, True),
    "a test's factory asks": ({"app.py": APP, "tests/conftest.py": FACTORY}, True),
}


@pytest.mark.parametrize(("files", "found"), PROGRAMS.values(), ids=PROGRAMS)
def test_a_lazy_value_is_there_before_the_first_request(files: dict[str, str], found: bool, tmp_path: Path) -> None:
    for name, text in {"store.py": STORE, **files}.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    report = lint([tmp_path], Config(cache=False), cwd=tmp_path)
    races = [finding for finding in report.findings if finding.code == "FGL102"]
    assert bool(races) == found
