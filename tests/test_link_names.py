"""What a name means is found out across files, as Python's import system and scopes have it."""

from __future__ import annotations

from pathlib import Path

import pytest
from test_link_cases import case, differences

IMPORTS = [
    case(
        "import module",
        """
import state

@app.route("/")
def home():
    state.n += 1  # want: FGL101
    return "home"
# file: state.py
n = 0
""",
    ),
    case(
        "import module as another name",
        """
import state as shared

@app.route("/")
def home():
    shared.n += 1  # want: FGL101
    return "home"
# file: state.py
n = 0
""",
    ),
    case(
        "import of a dotted module binds the package",
        """
import shop.state

@app.route("/")
def home():
    shop.state.n += 1  # want: FGL101
    return "home"
# file: shop/__init__.py
# file: shop/state.py
n = 0
""",
    ),
    case(
        "import of a dotted module as a name binds the module",
        """
import shop.deep.state as s

@app.route("/")
def home():
    s.n += 1  # want: FGL101
    return "home"
# file: shop/__init__.py
# file: shop/deep/__init__.py
# file: shop/deep/state.py
n = 0
""",
    ),
    case(
        "from a package import a module",
        """
from shop import state

@app.route("/")
def home():
    state.n += 1  # want: FGL101
    return "home"
# file: shop/__init__.py
# file: shop/state.py
n = 0
""",
    ),
    case(
        "an object imported by name is the same object",
        """
from state import table as mine

@app.route("/")
def home():
    mine["n"] = mine.get("n", 0) + 1  # want: FGL101
    return "home"
# file: state.py
table = {}
""",
    ),
    case(
        "a re-export by the package",
        """
from shop import table

@app.route("/")
def home():
    table["n"] = table.get("n", 0) + 1  # want: FGL101
    return "home"
# file: shop/__init__.py
from .state import values as table
# file: shop/state.py
values = {}
""",
    ),
    case(
        "a re-export of a re-export by star",
        """
from shop import *

@app.route("/")
def home():
    table["n"] = table.get("n", 0) + 1  # want: FGL101
    return "home"
# file: shop/__init__.py
from .inner import *
# file: shop/inner/__init__.py
from .state import *
# file: shop/inner/state.py
table = {}
""",
    ),
    case(
        "relative imports go up",
        """
from shop.views.pages import pages

app.register_blueprint(pages)
# file: shop/__init__.py
# file: shop/state.py
n = 0
# file: shop/views/__init__.py
# file: shop/views/pages.py
from flask import Blueprint

from .. import state
from ..helpers.table import table

pages = Blueprint("pages", __name__)

@pages.route("/")
def home():
    state.n += 1  # want: FGL101
    table["n"] = table["n"] + 1  # want: FGL101
    return "home"
# file: shop/helpers/__init__.py
# file: shop/helpers/table.py
table = {"n": 0}
""",
    ),
    case(
        "an import inside a function",
        """
@app.route("/")
def home():
    from state import table
    table["n"] = table.get("n", 0) + 1  # want: FGL101
    return "home"
# file: state.py
table = {}
""",
    ),
    case(
        "an import that may fail",
        """
try:
    from faster import bump
except ImportError:
    from slower import bump

@app.route("/")
def home():
    bump()
    return "home"
# file: slower.py
n = 0

def bump():
    global n
    n += 1  # want: FGL101
""",
    ),
    case(
        "an import for the type checker alone gives a parameter its type",
        """
from counting import count
from state import Box

box = Box()

@app.route("/")
def home():
    count(box)
    return "home"
# file: state.py
class Box:
    def __init__(self):
        self.n = 0

    def bump(self):
        self.n += 1  # want: FGL101
# file: counting.py
from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from state import Box

def count(box: Box) -> None:
    box.bump()
""",
    ),
    case(
        "importlib with a constant",
        """
import importlib

state = importlib.import_module("state")

@app.route("/")
def home():
    state.n += 1  # want: FGL101
    return "home"
# file: state.py
n = 0
""",
        open_because="`import_module` with a constant does not give the module",
    ),
    case(
        "a namespace package in src",
        """
# file: src/acme/shop/state.py
n = 0
# file: src/acme/shop/views.py
from flask import Blueprint

from acme.shop import state

pages = Blueprint("pages", __name__)

@pages.route("/")
def home():
    state.n += 1  # want: FGL101
    return "home"
""",
    ),
    case(
        "a package wins over a module of its name",
        """
import state

@app.route("/")
def home():
    state.bump()
    return "home"
# file: state/__init__.py
n = 0

def bump():
    global n
    n += 1  # want: FGL101
# file: state.py
n = 0

def bump():
    global n
    n += 1
""",
    ),
    case(
        "two import roots with modules of one name",
        """
# file: web/main.py
from flask import Flask

import state

app = Flask(__name__)

@app.route("/")
def home():
    state.bump()
    return "home"
# file: web/state.py
n = 0

def bump():
    global n
    n += 1  # want: FGL101
# file: agent/main.py
import state

state.bump()
# file: agent/state.py
n = 0

def bump():
    global n
    n += 1
""",
    ),
    case(
        "what another module assigns is the module's variable",
        """
import setup
import state

@app.route("/")
def home():
    state.box.n += 1  # want: FGL101
    return "home"
# file: state.py
box = None
# file: setup.py
import state

class Box:
    def __init__(self):
        self.n = 0

state.box = Box()
""",
    ),
    case(
        "the module's own object",
        """
import sys

n = 0
this = sys.modules[__name__]

@app.route("/")
def home():
    this.n += 1  # want: FGL101
    return "home"
""",
    ),
    case(
        "setattr with a constant",
        """
import state

@app.route("/")
def home():
    setattr(state, "n", getattr(state, "n") + 1)  # want: FGL101
    return "home"
# file: state.py
n = 0
""",
    ),
    case(
        "an item of globals",
        """
n = 0

@app.route("/")
def home():
    globals()["n"] = globals()["n"] + 1  # want: FGL101
    return "home"
""",
    ),
    case(
        "a bound method becomes a name of its module",
        """
import api

@app.route("/")
def home():
    api.add()
    return "home"
# file: api.py
class Board:
    def __init__(self):
        self.n = 0

    def add(self):
        self.n = self.n + 1  # want: FGL101

board = Board()
for name in ("add",):
    globals()[name] = getattr(board, name)
""",
    ),
    case(
        "a bound method that became a name is imported by name",
        """
from api import add

@app.route("/")
def home():
    add()
    return "home"
# file: api.py
class Board:
    def __init__(self):
        self.n = 0

    def add(self):
        self.n = self.n + 1  # want: FGL101

board = Board()
for name in ("add",):
    globals()[name] = getattr(board, name)
""",
    ),
    case(
        "a module getattr",
        """
import lazy

@app.route("/")
def home():
    lazy.engine.n += 1  # want: FGL101
    return "home"
# file: lazy.py
class Engine:
    def __init__(self):
        self.n = 0

_engine = Engine()

def __getattr__(name):
    if name == "engine":
        return _engine
    raise AttributeError(name)
""",
    ),
    case(
        "a module getattr that looks into a dict",
        """
import lazy

@app.route("/")
def home():
    lazy.engine.n += 1  # want: FGL101
    return "home"
# file: lazy.py
class Engine:
    def __init__(self):
        self.n = 0

_parts = {"engine": Engine()}

def __getattr__(name):
    return _parts[name]
""",
    ),
]

OTHER_NAMES = [
    case(
        "a local variable of the same name",
        """
n = 0

@app.route("/")
def home():
    n = 1
    n += 1
    return str(n)
""",
    ),
    case(
        "a parameter of the same name",
        """
n = {"a": 0}

def bump(n):
    n["a"] = n["a"] + 1
    return n

@app.route("/")
def home():
    return bump({"a": 1})
""",
    ),
    case(
        "a loop variable, a with target and an exception of the same name",
        """
n = {"a": 0}

@app.route("/")
def home():
    for n in ({"a": 1}, {"a": 2}):
        n["a"] += 1
    return "home"

@app.route("/file")
def file():
    with open("x") as n:
        n.count = n.count + 1
    return "file"
""",
    ),
    case(
        "a class body's name is not seen by its methods",
        """
class Page:
    n = {"a": 0}

    def show(self):
        n = {"a": 0}
        n["a"] += 1
        return n

@app.route("/")
def home():
    return Page().show()
""",
    ),
    case(
        "a nested function's own variable",
        """
@app.route("/")
def home():
    def bump():
        n = 0
        n += 1
        return n

    return str(bump())
""",
    ),
    case(
        "nonlocal of the request's own call",
        """
@app.route("/")
def home():
    n = 0

    def bump():
        nonlocal n
        n += 1

    bump()
    return str(n)
""",
    ),
    case(
        "a copy of a module's number is another variable",
        """
from state import n

@app.route("/")
def home():
    m = n
    m += 1
    return str(m)
# file: state.py
n = 0
""",
    ),
    case(
        "a module of the project is not the library of its name",
        """
import queue

@app.route("/")
def home():
    queue.depth += 1  # want: FGL101
    return "home"
# file: queue.py
depth = 0
""",
    ),
    case(
        "a star import brings what stands in __all__",
        """
from own import *
from state import *

@app.route("/")
def home():
    table.n = getattr(table, "n", 0) + 1
    return "home"
# file: own.py
import threading

table = threading.local()
# file: state.py
__all__ = ["names"]
names = ("a", "b")

class Table:
    n = 0

table = Table()
""",
    ),
    case(
        "the later of two star imports wins",
        """
from state import *
from own import *

@app.route("/")
def home():
    table.n = getattr(table, "n", 0) + 1
    return "home"
# file: own.py
import threading

table = threading.local()
# file: state.py
class Table:
    n = 0

table = Table()
""",
        open_because="of two star imports that bring one name the first is taken, in Python the last wins",
    ),
]

CLASSES = [
    case(
        "a method of a base class in another module",
        """
from derived import Hits

hits = Hits()

@app.route("/")
def home():
    hits.bump()
    return "home"
# file: derived.py
import base

class Hits(base.Counter):
    pass
# file: base.py
class Counter:
    def __init__(self):
        self.n = 0

    def bump(self):
        self.n += 1  # want: FGL101
""",
    ),
    case(
        "a template method calls the override",
        """
from base import Step

class Add(Step):
    def __init__(self):
        self.n = 0

    def work(self):
        self.n = self.n + 1  # want: FGL101

add = Add()

@app.route("/")
def home():
    add.run()
    return "home"
# file: base.py
class Step:
    def run(self):
        self.work()

    def work(self):
        raise NotImplementedError
""",
    ),
    case(
        "super reaches the base",
        """
class Base:
    def __init__(self):
        self.n = 0

    def bump(self):
        self.n += 1  # want: FGL101

class Child(Base):
    def bump(self):
        super().bump()
        return self.n

child = Child()

@app.route("/")
def home():
    return str(child.bump())
""",
    ),
    case(
        "super of the second base",
        """
class Loud:
    def bump(self):
        return super().bump()

class Counter:
    n = 0

    def bump(self):
        self.n += 1  # want: FGL101
        return self.n

class Both(Loud, Counter):
    pass

both = Both()

@app.route("/")
def home():
    return str(both.bump())
""",
        open_because="super() in a mixin does not reach the class that follows it in a subclass's order of bases",
    ),
    case(
        "the nearest definition counts",
        """
class Base:
    def bump(self):
        self.n = self.n + 1

class Child(Base):
    n = 0

    def bump(self):
        return self.n

child = Child()

@app.route("/")
def home():
    return str(child.bump())
""",
    ),
    case(
        "a class made by a function",
        """
def make():
    class Counter:
        def __init__(self):
            self.n = 0

        def bump(self):
            self.n += 1  # want: FGL101

    return Counter

counter = make()()

@app.route("/")
def home():
    counter.bump()
    return "home"
""",
    ),
    case(
        "a classmethod that makes the object",
        """
class Counter:
    def __init__(self, n):
        self.n = n

    @classmethod
    def fresh(cls):
        return cls(0)

    def bump(self):
        self.n += 1  # want: FGL101

counter = Counter.fresh()

@app.route("/")
def home():
    counter.bump()
    return "home"
""",
    ),
    case(
        "type of self is the class",
        """
class Page:
    n = 0

    def show(self):
        type(self).n += 1  # want: FGL101

@app.route("/")
def home():
    Page().show()
    return "home"
""",
    ),
    case(
        "the class of self is the class",
        """
class Page:
    n = 0

    def show(self):
        self.__class__.n += 1  # want: FGL101

@app.route("/")
def home():
    Page().show()
    return "home"
""",
    ),
    case(
        "an attribute of a class through an object of the request",
        """
class Page:
    seen = {}

    def show(self):
        self.seen["n"] = self.seen.get("n", 0) + 1  # want: FGL101

@app.route("/")
def home():
    Page().show()
    return "home"
""",
    ),
    case(
        "a class attribute that the object hides",
        """
class Page:
    seen = {}

    def __init__(self):
        self.seen = {}

    def show(self):
        self.seen["n"] = self.seen.get("n", 0) + 1

@app.route("/")
def home():
    Page().show()
    return "home"
""",
    ),
    case(
        "a dataclass with a factory makes a container for each object",
        """
from dataclasses import dataclass, field

@dataclass
class Page:
    seen: dict = field(default_factory=dict)

    def show(self):
        self.seen["n"] = self.seen.get("n", 0) + 1

@app.route("/")
def home():
    Page().show()
    return "home"
""",
    ),
    case(
        "a dataclass of the module is shared",
        """
from dataclasses import dataclass, field

@dataclass
class Page:
    n: int = 0
    seen: dict = field(default_factory=dict)

page = Page()

@app.route("/")
def home():
    page.n += 1  # want: FGL101
    page.seen["n"] = page.seen.get("n", 0) + 1  # want: FGL101
    return "home"
""",
    ),
]

CALLS = [
    case(
        "a table of functions",
        """
n = {"a": 0}

def add():
    n["a"] = n["a"] + 1  # want: FGL101

def never():
    n["a"] = n["a"] - 1

ACTIONS = {"add": add}

@app.post("/<action>")
def act(action):
    ACTIONS[action]()
    return "ok"
""",
    ),
    case(
        "a table of bound methods in a module",
        """
class Robot:
    def __init__(self):
        self.n = 0

    def step(self):
        self.n = self.n + 1  # want: FGL101

robot = Robot()
ACTIONS = {"step": robot.step}

@app.post("/<action>")
def act(action):
    ACTIONS[action]()
    return "ok"
""",
    ),
    case(
        "a table of bound methods in an attribute",
        """
class Robot:
    def __init__(self):
        self.n = 0
        self.actions = {"step": self.step, "turn": self.turn}

    def step(self):
        self.n = self.n + 1  # want: FGL101

    def turn(self):
        self.n = self.n - 1  # want: FGL101

    def run(self, action):
        self.actions[action]()

robot = Robot()

@app.post("/<action>")
def act(action):
    robot.run(action)
    return "ok"
""",
    ),
    case(
        "a table of functions in a class body",
        """
class Robot:
    def __init__(self):
        self.n = 0

    def step(self):
        self.n = self.n + 1  # want: FGL101

    ACTIONS = {"step": step}

    def run(self, action):
        self.ACTIONS[action](self)

robot = Robot()

@app.post("/<action>")
def act(action):
    robot.run(action)
    return "ok"
""",
    ),
    case(
        "a method whose name is put together",
        """
class Robot:
    def __init__(self):
        self.n = 0

    def do_step(self):
        self.n = self.n + 1  # want: FGL101

    def undo_step(self):
        self.n = self.n - 1

    def run(self, action):
        getattr(self, "do_" + action)()

robot = Robot()

@app.post("/<action>")
def act(action):
    robot.run(action)
    return "ok"
""",
    ),
    case(
        "a partial",
        """
from functools import partial

n = {"a": 0}

def add(name, amount):
    n[name] = n[name] + amount  # want: FGL101

add_one = partial(add, "a", 1)

@app.post("/")
def act():
    add_one()
    return "ok"
""",
    ),
    case(
        "an object that is called",
        """
class Bump:
    def __init__(self):
        self.n = 0

    def __call__(self):
        self.n += 1  # want: FGL101

bump = Bump()

@app.post("/")
def act():
    bump()
    return "ok"
""",
    ),
    case(
        "a method by getattr with a constant",
        """
class Bump:
    def __init__(self):
        self.n = 0

    def add(self):
        self.n += 1  # want: FGL101

bump = Bump()

@app.post("/")
def act():
    getattr(bump, "add")()
    return "ok"
""",
    ),
    case(
        "a function given to a function",
        """
n = {"a": 0}

def twice(function):
    function()
    function()

def add():
    n["a"] = n["a"] + 1  # want: FGL101

@app.post("/")
def act():
    twice(add)
    return "ok"
""",
    ),
    case(
        "a lambda given to a function",
        """
class Counter:
    def __init__(self):
        self.n = 0

    def add(self):
        self.n += 1  # want: FGL101

counter = Counter()

def run(function):
    return function()

@app.post("/")
def act():
    run(lambda: counter.add())
    return "ok"
""",
    ),
    case(
        "a function that a closure keeps",
        """
n = {"a": 0}

def add():
    n["a"] = n["a"] + 1  # want: FGL101

def wrapped(function):
    def inner():
        return function()

    return inner

run = wrapped(add)

@app.post("/")
def act():
    run()
    return "ok"
""",
    ),
    case(
        "a decorator that replaces the function",
        """
n = {"a": 0}

def disabled(function):
    def inner():
        return "disabled"

    return inner

@disabled
def add():
    n["a"] = n["a"] + 1

@app.post("/")
def act():
    return add()
""",
    ),
    case(
        "an augmented assignment calls a method",
        """
class Tally:
    def __init__(self):
        self.n = 0

    def __iadd__(self, other):
        self.n = self.n + other  # want: FGL101
        return self

tally = Tally()

@app.post("/")
def act():
    mine = tally
    mine += 1
    return "ok"
""",
    ),
    case(
        "a comparison and an arithmetic operator call a method",
        """
class Tally:
    def __init__(self):
        self.n = 0
        self.asked = 0

    def __lt__(self, other):
        self.asked += 1  # want: FGL101
        return self.n < other

    def __add__(self, other):
        self.n = self.n + 1  # want: FGL101, FGL102
        return other

tally = Tally()

@app.post("/")
def act():
    return "ok" if tally < 5 else str(tally + 1)
""",
    ),
    case(
        "a subscript and a membership test call a method",
        """
class Table:
    def __init__(self):
        self.reads = 0

    def __getitem__(self, key):
        self.reads += 1  # want: FGL101
        return key

    def __contains__(self, key):
        self.reads += 1  # want: FGL101
        return True

table = Table()

@app.get("/<key>")
def get(key):
    return table[key] if key in table else "none"
""",
    ),
    case(
        "a with statement and a loop call methods",
        """
class Door:
    def __init__(self):
        self.entered = 0
        self.walked = 0

    def __enter__(self):
        self.entered += 1  # want: FGL101
        return self

    def __exit__(self, *error):
        self.entered -= 1  # want: FGL101

    def __iter__(self):
        self.walked += 1  # want: FGL101
        return iter(())

door = Door()

@app.get("/")
def get():
    with door:
        for step in door:
            time.sleep(step)
    return "ok"
""",
    ),
    case(
        "a property reads and its setter writes",
        """
class Level:
    def __init__(self):
        self._n = 0

    @property
    def n(self):
        return self._n

    @n.setter
    def n(self, value):
        self._n = value

level = Level()

@app.post("/")
def act():
    level.n += 1  # want: FGL101
    return "ok"

@app.post("/set")
def replace():
    level.n = 5
    return "ok"
""",
    ),
    case(
        "a descriptor",
        """
class Counted:
    def __get__(self, obj, owner):
        obj.reads = obj.reads + 1  # want: FGL101
        return obj.reads

class Page:
    views = Counted()

    def __init__(self):
        self.reads = 0

page = Page()

@app.get("/")
def home():
    return str(page.views)
""",
    ),
]


@pytest.mark.parametrize("files", [*IMPORTS, *OTHER_NAMES, *CLASSES, *CALLS])
def test_names(files: dict[str, str], tmp_path: Path) -> None:
    assert differences(files, tmp_path) == []
