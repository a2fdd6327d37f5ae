"""Ways of writing that are common in real applications, each beside the defect that looks like it."""

from __future__ import annotations

from pathlib import Path

import pytest
from test_link_cases import case, differences

OBJECTS = [
    case(
        "a row that a model's query finds is the request's own",
        """
from flask_sqlalchemy import SQLAlchemy

db = SQLAlchemy(app)
stock = {}

class Device(db.Model):
    id = db.Column(db.Integer, primary_key=True)
    connected = db.Column(db.Boolean)

@app.post("/<int:key>")
def connect(key):
    device = Device.query.get(key)
    if device.connected:
        abort(409)
    device.connected = True
    device.starts = device.starts + 1
    one = stock.get(key)
    one.starts = one.starts + 1  # want: FGL101
    return "ok"
""",
    ),
    case(
        "an attribute of a class with bases of the project alone is a container by its methods",
        """
class Base:
    pass

class Device(Base):
    pass

@app.post("/<int:key>")
def connect(key):
    device = Device.registry.get(key)
    device.starts = device.starts + 1  # want: FGL101
    return "ok"
""",
    ),
    case(
        "g under another name, one for type checkers and one for the program",
        """
from state import ctx, shared

class Clock:
    def __init__(self):
        self.timers = {}

    def start(self, name):
        if name not in self.timers:
            self.timers[name] = time.time()

class Office:
    def __init__(self):
        self.timers = {}

    def start(self, name):
        if name not in self.timers:
            self.timers[name] = object()  # want: FGL102

office = Office()
TOTAL = "total"

@app.before_request
def begin():
    clock = ctx.clock = Clock()
    clock.start(TOTAL)
    ctx.user = request.args["user"]
    shared.user = request.args["user"]  # want: FGL301

@app.get("/")
def home():
    ctx.clock.start(TOTAL)
    office.start(TOTAL)
    return ctx.user + shared.user
# file: state.py
import flask
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    class Context:
        pass

    g = cast(Context, flask.g)
else:
    g = flask.g

class Shared:
    pass

ctx = g
shared = Shared()
""",
    ),
    case(
        "a property by the function of that name",
        """
class Page:
    def __init__(self, name):
        self.name = name

    def _load(self):
        return open(self.name)

    data = property(fget=_load)
    log = open("pages.log")  # want: FGL201

@app.get("/<name>")
def page(name):
    one = Page(name)
    one.log.seek(0)  # want: FGL201
    return one.data.read()
""",
    ),
]


@pytest.mark.parametrize("files", OBJECTS)
def test_whose_object_it_is(files: dict[str, str], tmp_path: Path) -> None:
    assert differences(files, tmp_path) == []


LEAKS = [
    case(
        "only a default is made once",
        """
class Results:
    pass

def register(results):
    @app.post("/<date>")
    def save(date):
        results.date = date  # want: FGL301
        return "ok"

    @app.get("/date")
    def shown():
        return results.date

register(Results())

@app.post("/tag/<name>")
def tag(name, tags={}):  # want: FGL301
    tags["last"] = name  # want: FGL301
    return tags
""",
    ),
    case(
        "a thread-local attribute that may be missing",
        """
local = threading.local()
local.started = time.time()

def timeout():
    return getattr(local, "started", 0)

def late():
    if hasattr(local, "started"):
        return local.started
    return 0

def caught():
    try:
        return local.started
    except AttributeError:
        return 0

def missing():
    return local.other  # want: FGL601

local.other = 1  # want: FGL601

@app.get("/")
def home():
    return str(timeout() + late() + caught() + missing())
""",
    ),
]


@pytest.mark.parametrize("files", LEAKS)
def test_what_stays_behind(files: dict[str, str], tmp_path: Path) -> None:
    assert differences(files, tmp_path) == []
