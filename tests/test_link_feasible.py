"""Paths that a call cannot take, copies it is given, and checks after which a second write does no harm."""

from __future__ import annotations

from pathlib import Path

import pytest
from test_link_cases import case, differences

FLAGS = [
    case(
        "a branch that a literal argument switches off",
        """
registry = {}

def lookup(name, init):
    if init:
        if name not in registry:
            registry[name] = []
    return registry.get(name)

@app.route("/<name>")
def home(name):
    return str(lookup(name, False))
""",
    ),
    case(
        "a branch that a literal argument switches on",
        """
registry = {}

def lookup(name, init):
    if init:
        if name not in registry:
            registry[name] = []  # want: FGL102
    return registry.get(name)

@app.route("/<name>")
def home(name):
    return str(lookup(name, True))
""",
    ),
    case(
        "a branch that the default switches off",
        """
registry = {}

def lookup(name, make=None):
    if make is not None and name not in registry:
        registry[name] = make()
    return registry.get(name)

@app.route("/<name>")
def home(name):
    return str(lookup(name))
""",
    ),
    case(
        "a flag handed on through a helper",
        """
registry = {}

def inner(name, init=False):
    if not init:
        return registry.get(name)
    if name not in registry:
        registry[name] = []
    return registry[name]

def lookup(name, init=False):
    return inner(name, init=init)

@app.route("/<name>")
def home(name):
    return str(lookup(name))
""",
    ),
    case(
        "a default that a call with stars may replace",
        """
registry = {}

def lookup(name, init=False):
    if init:
        if name not in registry:
            registry[name] = []  # want: FGL102
    return registry.get(name)

@app.route("/<name>")
def home(name):
    return str(lookup(name, **request.args))
""",
    ),
    case(
        "a parameter that is given a new value first",
        """
registry = {}

def lookup(name, init=False):
    if name.isdigit():
        init = True
    if init:
        if name not in registry:
            registry[name] = []  # want: FGL102
    return registry.get(name)

@app.route("/<name>")
def home(name):
    return str(lookup(name))
""",
    ),
]

COPIES = [
    case(
        "a helper that changes a copy unless told otherwise",
        """
import copy

settings = {"n": 0}

def merge(a, b, in_place=False):
    if in_place:
        result = a
    else:
        result = copy.deepcopy(a)
    result["n"] = result["n"] + b["n"]
    return result

@app.route("/")
def home():
    return merge(settings, {"n": 1})
""",
    ),
    case(
        "a helper told to change its argument",
        """
import copy

settings = {"n": 0}

def merge(a, b, in_place=False):
    if in_place:
        result = a
    else:
        result = copy.deepcopy(a)
    result["n"] = result["n"] + b["n"]  # want: FGL101
    return result

@app.route("/")
def home():
    return merge(settings, {"n": 1}, in_place=True)
""",
    ),
]

VARIABLES = [
    case(
        "a variable of a thread's function that its helpers use",
        """
def work():
    state = {"n": 0}
    def step():
        state["n"] = state["n"] + len(str(state))
    pool = threading.Thread(target=step)
    pool.start()
    pool.join()

@app.route("/")
def home():
    threading.Thread(target=work).start()
    return "started"
""",
    ),
]

LAZIES = [
    case(
        "plain data made twice",
        """
names = None

def read_names():
    return [line.strip() for line in open("names")]

@app.route("/")
def home():
    global names
    if names is None:
        names = read_names()
    return str(names)
""",
    ),
    case(
        "plain data that others change",
        """
names = None

def read_names():
    return [line.strip() for line in open("names")]

@app.route("/")
def home():
    global names
    if names is None:
        names = read_names()  # want: FGL102
    return str(names)

@app.route("/add")
def add():
    names.append("one")
    return "added"
""",
    ),
    case(
        "emptied over a copy of its keys",
        """
jobs = {}

@app.route("/clear")
def clear():
    for key in list(jobs):
        del jobs[key]
    return "cleared"
""",
    ),
    case(
        "some of its keys removed",
        """
jobs = {}

@app.route("/clear/<which>")
def clear(which):
    for key in list(jobs):
        if jobs[key] == which:
            del jobs[key]  # want: FGL102
    return "cleared"
""",
    ),
    case(
        "set to what it was compared with",
        """
class Config:
    level = ""

config = Config()

@app.route("/<level>")
def home(level):
    wanted = level.upper()
    if config.level != wanted:
        config.level = wanted
        print("changed")
    return "set"
""",
    ),
]


@pytest.mark.parametrize("files", [*FLAGS, *COPIES, *VARIABLES, *LAZIES])
def test_only_what_a_call_can_do(files: dict[str, str], tmp_path: Path) -> None:
    assert differences(files, tmp_path) == []
