"""What all requests share, and what each has of its own: attributes, items, objects in containers, closures."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from programs import reported
from test_link_cases import case, differences, program

BOX = """
class Box:
    def __init__(self):
        self.n = 0
        self.items = {}

    def bump(self):
        self.n = self.n + 1
"""


def bumped(name: str, code: str, *, open_because: str = "") -> Any:
    """A shared box's ``bump`` runs in a request."""
    return case(name, f"{BOX.rstrip()}  # want: FGL101\n{code}", open_because=open_because)


def own(name: str, code: str, *, open_because: str = "") -> Any:
    """Every request has a box of its own."""
    return case(name, BOX + code, open_because=open_because)


SHARED_OBJECTS = [
    bumped(
        "a module's object",
        """
box = Box()

@app.post("/")
def home():
    box.bump()
    return "ok"
""",
    ),
    bumped(
        "an object in a dict",
        """
boxes = {"a": Box()}

@app.post("/<name>")
def home(name):
    boxes[name].bump()
    return "ok"
""",
    ),
    bumped(
        "an object got from a dict",
        """
boxes = {"a": Box()}

@app.post("/<name>")
def home(name):
    box = boxes.get(name)
    if box is None:
        abort(404)
    box.bump()
    return "ok"
""",
    ),
    bumped(
        "objects in a list, in a loop",
        """
boxes = [Box(), Box()]

@app.post("/")
def home():
    for box in boxes:
        box.bump()
    return "ok"
""",
    ),
    bumped(
        "objects in a dict, in a loop over its values",
        """
boxes = {"a": Box()}

@app.post("/")
def home():
    for box in list(boxes.values()):
        box.bump()
    return "ok"
""",
    ),
    bumped(
        "objects in a dict, in a loop over its items",
        """
boxes = {"a": Box()}

@app.post("/")
def home():
    for name, box in boxes.items():
        box.bump()
    return "ok"
""",
    ),
    bumped(
        "the first that a generator finds",
        """
boxes = [Box(), Box()]

@app.post("/")
def home():
    box = next(one for one in boxes if one.items)
    box.bump()
    return "ok"
""",
    ),
    bumped(
        "the best by a key",
        """
boxes = [Box(), Box()]

@app.post("/")
def home():
    box = min(boxes, key=id)
    box.bump()
    return "ok"
""",
    ),
    bumped(
        "one of those that a comprehension chose",
        """
boxes = [Box(), Box()]

@app.post("/")
def home():
    chosen = [box for box in boxes if box.items]
    chosen[0].bump()
    return "ok"
""",
    ),
    bumped(
        "an item of a copy is the same object",
        """
boxes = {"a": Box()}

@app.post("/")
def home():
    copy = dict(boxes)
    copy["a"].bump()
    return "ok"
""",
    ),
    bumped(
        "what a getter of another module returns",
        """
import store

store.boxes["a"] = Box()

@app.post("/")
def home():
    store.get("a").bump()
    return "ok"
# file: store.py
boxes = {}

def get(name):
    return boxes[name]
""",
    ),
    bumped(
        "what setdefault leaves there",
        """
boxes = {}

@app.post("/<name>")
def home(name):
    boxes.setdefault(name, Box()).bump()
    return "ok"

@app.delete("/<name>")
def drop(name):
    boxes.pop(name, None)
    return "", 204
""",
    ),
    bumped(
        "an object that was kept and is used on",
        """
boxes = {}

@app.post("/<name>")
def home(name):
    box = Box()
    boxes[name] = box
    time.sleep(1)
    return "ok"

@app.put("/<name>")
def again(name):
    boxes[name].bump()
    return "ok"

@app.delete("/<name>")
def drop(name):
    boxes.pop(name, None)
    return "", 204
""",
    ),
    bumped(
        "an attribute of the app",
        """
app.box = Box()

@app.post("/")
def home():
    current_app.box.bump()
    return "ok"
""",
    ),
    bumped(
        "an item of the app's configuration",
        """
app.config["BOX"] = Box()

@app.post("/")
def home():
    current_app.config["BOX"].bump()
    return "ok"
""",
    ),
    bumped(
        "an extension",
        """
app.extensions["box"] = Box()

@app.post("/")
def home():
    current_app.extensions["box"].bump()
    return "ok"
""",
    ),
    bumped(
        "a variable of the app factory",
        """
def create_app():
    made = Flask(__name__)
    box = Box()

    @made.post("/")
    def home():
        box.bump()
        return "ok"

    return made
""",
    ),
    bumped(
        "a parameter of a function that registers",
        """
def register(made, box):
    @made.post("/")
    def home():
        box.bump()
        return "ok"

register(app, Box())
""",
    ),
    bumped(
        "a closure three functions deep",
        """
def outer(box):
    def middle():
        def inner():
            box.bump()
            return "ok"

        return inner

    return middle()

app.add_url_rule("/", "home", outer(Box()))
""",
    ),
    bumped(
        "an attribute of a shared object, three deep",
        """
class Shelf:
    def __init__(self):
        self.box = Box()

class Room:
    def __init__(self):
        self.shelf = Shelf()

room = Room()

@app.post("/")
def home():
    room.shelf.box.bump()
    return "ok"
""",
    ),
    bumped(
        "an object of the request that refers to a shared one",
        """
class Shelf:
    def __init__(self, box):
        self.box = box

box = Box()

@app.post("/")
def home():
    Shelf(box).box.bump()
    return "ok"
""",
    ),
    bumped(
        "an object of the request whose method uses a shared one",
        """
class Shelf:
    def __init__(self, box):
        self.box = box

    def fill(self):
        self.box.bump()

box = Box()

@app.post("/")
def home():
    Shelf(box).fill()
    return "ok"
""",
    ),
    bumped(
        "flask.g refers to a shared object",
        """
box = Box()

@app.before_request
def before():
    g.box = box

@app.post("/")
def home():
    g.box.bump()
    return "ok"
""",
    ),
    bumped(
        "a getter under lru_cache makes one object for all",
        """
import functools

@functools.lru_cache
def get():
    return Box()

@app.post("/")
def home():
    get().bump()
    return "ok"
""",
    ),
    bumped(
        "a cached property of a shared object",
        """
import functools

class Shelf:
    @functools.cached_property
    def box(self):
        return Box()

shelf = Shelf()

@app.post("/")
def home():
    shelf.box.bump()
    return "ok"
""",
    ),
    bumped(
        "a LocalProxy to a shared object",
        """
from werkzeug.local import LocalProxy

_box = Box()
box = LocalProxy(lambda: _box)

@app.post("/")
def home():
    box.bump()
    return "ok"
""",
    ),
    bumped(
        "unpacking",
        """
box, other = Box(), {}

@app.post("/")
def home():
    one, two = box, other
    one.bump()
    return str(two)
""",
    ),
    bumped(
        "a conditional and an or",
        """
box = Box()

@app.post("/")
def home():
    one = box if request.args else Box()
    one.bump()
    return "ok"
""",
    ),
    bumped(
        "a fluent method",
        """
class Shelf(Box):
    def me(self):
        return self

shelf = Shelf()

@app.post("/")
def home():
    shelf.me().me().bump()
    return "ok"
""",
    ),
    bumped(
        "a mutable default",
        """
def get(box=Box()):
    return box

@app.post("/")
def home():
    get().bump()
    return "ok"
""",
        open_because="a default that is an object of the project is not shared by all calls",
    ),
    bumped(
        "an object that a with statement gives",
        """
import contextlib

box = Box()

@contextlib.contextmanager
def opened():
    yield box

@app.post("/")
def home():
    with opened() as one:
        one.bump()
    return "ok"
""",
    ),
    bumped(
        "a member of an enumeration",
        """
import enum

class Kind(enum.Enum):
    A = Box()

@app.post("/")
def home():
    Kind.A.value.bump()
    return "ok"
""",
        open_because="the value of an enumeration's member has no place",
    ),
]

OWN_OBJECTS = [
    own(
        "the first that a comprehension makes",
        """
names = ["a", "b"]

@app.post("/")
def home():
    box = next(iter([Box() for name in names]))
    next(Box() for name in names).bump()
    box.bump()
    return "ok"
""",
    ),
    own(
        "the best of a request's own list",
        """
@app.post("/")
def home():
    made = [Box(), Box()]
    min(made, key=id).bump()
    chosen = [box for box in made if box.items]
    chosen[0].bump()
    return "ok"
""",
    ),
    own(
        "an object of the call",
        """
@app.post("/")
def home():
    box = Box()
    box.bump()
    return "ok"
""",
    ),
    own(
        "what a factory makes for each call",
        """
def make():
    return Box()

@app.post("/")
def home():
    make().bump()
    return "ok"
""",
    ),
    own(
        "an object of flask.g",
        """
@app.before_request
def before():
    g.box = Box()

@app.post("/")
def home():
    g.box.bump()
    return "ok"
""",
    ),
    own(
        "an object of flask.g on demand",
        """
def get():
    if "box" not in g:
        g.box = Box()
    return g.box

@app.post("/")
def home():
    get().bump()
    return "ok"
""",
    ),
    own(
        "an attribute of threading.local",
        """
local = threading.local()

@app.post("/")
def home():
    if not hasattr(local, "box"):
        local.box = Box()
    local.box.bump()
    return "ok"
""",
    ),
    own(
        "a subclass of threading.local",
        """
class Mine(threading.local):
    def __init__(self):
        self.box = Box()

mine = Mine()

@app.post("/")
def home():
    mine.box.bump()
    return "ok"
""",
    ),
    own(
        "a context variable",
        """
from contextvars import ContextVar

current = ContextVar("current")

@app.post("/")
def home():
    current.set(Box())
    current.get().bump()
    return "ok"
""",
    ),
    own(
        "a deep copy of a shared object",
        """
import copy

box = Box()

@app.post("/")
def home():
    mine = copy.deepcopy(box)
    mine.bump()
    return "ok"
""",
    ),
    own(
        "a copy of a shared object",
        """
import copy

box = Box()

@app.post("/")
def home():
    mine = copy.copy(box)
    mine.bump()
    return "ok"
""",
    ),
    own(
        "objects in a list of the call",
        """
@app.post("/")
def home():
    boxes = [Box() for _ in range(3)]
    for box in boxes:
        box.bump()
    return "ok"
""",
    ),
    own(
        "objects in a dict of the call",
        """
@app.post("/")
def home():
    boxes = {}
    boxes["a"] = Box()
    boxes["a"].bump()
    return "ok"
""",
    ),
    own(
        "an object before it is shared",
        """
boxes = {}

@app.post("/<name>")
def home(name):
    box = Box()
    box.bump()
    boxes[name] = box
    return "ok"

@app.delete("/<name>")
def drop(name):
    boxes.pop(name, None)
    return "", 204
""",
    ),
    own(
        "an object that a shared object's method makes",
        """
class Maker:
    def make(self):
        return Box()

maker = Maker()

@app.post("/")
def home():
    maker.make().bump()
    return "ok"
""",
    ),
    own(
        "an object taken out of the shared dict",
        """
boxes = {"a": Box()}

@app.post("/<name>")
def home(name):
    box = boxes.pop(name, None)
    if box is None:
        abort(404)
    box.bump()
    return "ok"
""",
    ),
    own(
        "an object of the request in an attribute of another",
        """
class Shelf:
    def __init__(self):
        self.box = Box()

    def fill(self):
        self.box.bump()

@app.post("/")
def home():
    Shelf().fill()
    return "ok"
""",
    ),
    own(
        "a shared class whose objects are the requests'",
        """
KINDS = {"box": Box}

@app.post("/<kind>")
def home(kind):
    KINDS[kind]().bump()
    return "ok"
""",
    ),
    own(
        "an object in the session's copy",
        """
from flask import session

@app.post("/")
def home():
    data = session.get("data", {})
    data["n"] = data.get("n", 0) + 1
    return data
""",
    ),
    own(
        "a parameter that is only given objects of the call",
        """
def fill(box):
    box.bump()
    return box

@app.post("/")
def home():
    fill(Box())
    return "ok"
""",
    ),
    own(
        "an object of a program without requests",
        """
box = Box()

def main():
    box.bump()

if __name__ == '__main__':
    main()
""",
    ),
]

SINGLETONS = [
    case(
        "by new",
        """
class One:
    _it = None

    def __new__(cls):
        if cls._it is None:
            cls._it = super().__new__(cls)  # want: FGL102
            cls._it.n = 0
        return cls._it

@app.post("/")
def home():
    One().n += 1  # want: FGL101
    return "ok"
""",
    ),
    case(
        "by new, made at import",
        """
class One:
    def __new__(cls):
        return _it

    def bump(self):
        self.n = self.n + 1  # want: FGL101

_it = object.__new__(One)
_it.n = 0

@app.post("/")
def home():
    One().bump()
    return "ok"
""",
    ),
    case(
        "by metaclass",
        """
class Meta(type):
    _made = {}
    _lock = threading.Lock()

    def __call__(cls, *args, **kwargs):
        with cls._lock:
            if cls not in cls._made:
                cls._made[cls] = super().__call__(*args, **kwargs)
        return cls._made[cls]

class One(metaclass=Meta):
    def __init__(self):
        self.n = 0

    def bump(self):
        self.n += 1  # want: FGL101

@app.post("/")
def home():
    One().bump()
    return "ok"
""",
    ),
    case(
        "by a class decorator",
        """
def only_one(cls):
    made = {}
    lock = threading.Lock()

    def get(*args):
        with lock:
            if cls not in made:
                made[cls] = cls(*args)
        return made[cls]

    return get

@only_one
class One:
    def __init__(self):
        self.n = 0

    def bump(self):
        self.n += 1  # want: FGL101

@app.post("/")
def home():
    One().bump()
    return "ok"
""",
    ),
    case(
        "by a classmethod",
        """
class One:
    _it = None
    _lock = threading.Lock()

    def __init__(self):
        self.n = 0

    @classmethod
    def get(cls):
        with cls._lock:
            if cls._it is None:
                cls._it = cls()
            return cls._it

    def bump(self):
        self.n += 1  # want: FGL101

@app.post("/")
def home():
    One.get().bump()
    return "ok"
""",
    ),
    case(
        "by one dict for all objects",
        """
class One:
    _state = {"n": 0}

    def __init__(self):
        self.__dict__ = self._state

    def bump(self):
        self.n = self.n + 1  # want: FGL101

@app.post("/")
def home():
    One().bump()
    return "ok"
""",
    ),
    case(
        "by a module that is given another name",
        """
import settings as one

@app.post("/")
def home():
    one.bump()
    return "ok"
# file: settings.py
n = 0

def bump():
    global n
    n += 1  # want: FGL101
""",
    ),
    case(
        "the class is no singleton",
        """
class Many:
    count = 0

    def __new__(cls, *args):
        made = super().__new__(cls)
        made.n = 0
        return made

    def bump(self):
        self.n += 1

@app.post("/")
def home():
    Many().bump()
    return "ok"
""",
    ),
]

ITEMS = [
    case(
        "different constant keys are different places",
        """
d = {"a": 0, "b": 0}

@app.post("/")
def home():
    d["b"] = d["a"] + 1
    return "ok"
""",
    ),
    case(
        "a key in a constant",
        """
KEY = "a"
d = {"a": 0}

@app.post("/")
def home():
    d[KEY] = d.get(KEY, 0) + 1  # want: FGL101
    return "ok"
""",
    ),
    case(
        "the same key of the request",
        """
d = {"a": 0}

@app.post("/<key>")
def home(key):
    d[key] = d.get(key, 0) + 1  # want: FGL101
    return "ok"

@app.delete("/<key>")
def drop(key):
    d.pop(key, None)
    return "", 204
""",
    ),
    case(
        "an item of an item",
        """
d = {"a": {"n": 0}}

@app.post("/<key>")
def home(key):
    d[key]["n"] = d[key]["n"] + 1  # want: FGL101
    return "ok"
""",
    ),
    case(
        "a defaultdict and a Counter",
        """
from collections import Counter, defaultdict

d = defaultdict(lambda: {"n": 0})
c = Counter()

@app.post("/")
def home():
    d["a"]["n"] += 1  # want: FGL101
    c["a"] += 1  # want: FGL101
    c.update(["a"])
    return "ok"

@app.delete("/")
def drop():
    d.clear()
    c.clear()
    return "", 204
""",
    ),
    case(
        "a list by index",
        """
cells = [0, 0, 0]

@app.post("/<int:at>")
def home(at):
    cells[at] = cells[at] + 1  # want: FGL101
    return "ok"
""",
    ),
    case(
        "merged by update",
        """
d = {"n": 0}

@app.post("/")
def home():
    d.update(n=d["n"] + 1)  # want: FGL101
    return "ok"
""",
    ),
    case(
        "the object's dict",
        """
class Box:
    n = 0

box = Box()

@app.post("/")
def home():
    box.__dict__["n"] = box.n + 1  # want: FGL101
    return "ok"
""",
    ),
    case(
        "setattr with a name that is not known",
        """
class Box:
    n = 0

box = Box()

@app.post("/<name>")
def home(name):
    setattr(box, name, getattr(box, name) + 1)  # want: FGL101
    return "ok"
""",
        open_because="setattr and getattr under the same unknown name are not one place",
    ),
    case(
        "one atomic step",
        """
import itertools
import queue
from collections import deque

numbers = itertools.count()
jobs = queue.Queue(maxsize=10)
recent = deque(maxlen=10)
names = set()

@app.post("/")
def home():
    jobs.put(next(numbers))
    recent.append(1)
    names.add("a")
    names.discard("b")
    return "ok"
""",
    ),
    case(
        "written and not read",
        """
d = {"last": 0}

@app.post("/")
def home():
    d["last"] = time.time()
    return "ok"

@app.get("/")
def show():
    return {"last": d["last"]}
""",
    ),
    case(
        "a copy is changed, and given back",
        """
d = {"n": 0}

def get():
    return d

def put(values):
    global d
    d = values

@app.post("/")
def home():
    values = get().copy()
    values["n"] = values["n"] + 1
    put(values)  # want: FGL101
    return "ok"

@app.get("/")
def show():
    values = {**get()}
    values["n"] = values["n"] + 1
    return values
""",
    ),
    case(
        "an alias two calls away",
        """
d = {"n": 0}

def one():
    return d

def two():
    return one()

def change(target):
    target["n"] = target["n"] + 1  # want: FGL101

@app.post("/")
def home():
    change(two())
    return "ok"
""",
    ),
    case(
        "a helper that is given a shared dict here and one of its own there",
        """
d = {"n": 0}

def change(target):
    target["n"] = target["n"] + 1  # want: FGL101

@app.post("/")
def shared():
    change(d)
    return "ok"

@app.post("/own")
def mine():
    change({"n": 0})
    return "ok"
""",
    ),
    case(
        "a helper that is only given a dict of its own",
        """
d = {"n": 0}

def change(target):
    target["n"] = target["n"] + 1
    return target

change(d)

@app.post("/own")
def mine():
    return change({"n": 0})
""",
    ),
    case(
        "a key that names the thread",
        """
d = {}

@app.post("/")
def home():
    me = threading.get_ident()
    d[me] = d.get(me, 0) + 1
    return "ok"
""",
    ),
    case(
        "the attribute of a function",
        """
def bump():
    bump.n += 1  # want: FGL101
    return bump.n

bump.n = 0

@app.post("/")
def home():
    return str(bump())
""",
    ),
    case(
        "an attribute that several objects of a class have",
        """
class Box:
    def __init__(self):
        self.n = 0

one, two = Box(), Box()

@app.post("/")
def home():
    one.n = two.n + 1
    return "ok"
""",
    ),
    case(
        "a container of one object, while that of another changes",
        """
class Registry:
    def __init__(self):
        self.items = {}

users, plugins = Registry(), Registry()
plugins.items["a"] = 1

@app.post("/<name>")
def add(name):
    users.items[name] = 1
    return "ok"

@app.delete("/<name>")
def drop(name):
    users.items.pop(name, None)
    return "", 204

@app.get("/")
def show():
    return [name for name in plugins.items if name]
""",
    ),
    case(
        "a container of one object, while methods change that of another",
        """
from registry import plugins, users

@app.post("/<name>")
def add(name):
    users.add(name)
    return "ok"

@app.delete("/<name>")
def drop(name):
    users.drop(name)
    return "", 204

@app.get("/")
def show():
    return plugins.names()
# file: registry.py
class Registry:
    def __init__(self):
        self.items = {}

    def add(self, name):
        self.items[name] = 1

    def drop(self, name):
        self.items.pop(name, None)

    def names(self):
        return [name for name in self.items if name]

users = Registry()
plugins = Registry()
plugins.add("a")
""",
    ),
    case(
        "a container of one object that changes",
        """
class Registry:
    def __init__(self):
        self.items = {}

users = Registry()

@app.post("/<name>")
def add(name):
    users.items[name] = 1
    return "ok"

@app.delete("/<name>")
def drop(name):
    users.items.pop(name, None)
    return "", 204

@app.get("/")
def show():
    return [name for name in users.items if name]  # want: FGL103
""",
    ),
    case(
        "a connection that a getter under lru_cache makes once",
        """
import functools
import sqlite3

@functools.lru_cache
def connection():
    return sqlite3.connect("app.db", check_same_thread=False)

@app.get("/")
def home():
    return str(connection().execute("SELECT 1").fetchall())  # want: FGL201
""",
    ),
    case(
        "loops over what somebody else changes",
        """
names = {"a": 1}

@app.post("/<name>")
def add(name):
    names[name] = 1
    return "ok"

@app.delete("/<name>")
def drop(name):
    names.pop(name, None)
    return "", 204

@app.get("/loop")
def loop():
    for name in names:  # want: FGL103
        time.sleep(len(name))
    return "ok"

@app.get("/values")
def values():
    total = 0
    for value in names.values():  # want: FGL103
        total += value
    return str(total)

@app.get("/sorted")
def in_order():
    return {"names": [name for name in sorted(names)]}

@app.get("/copy")
def copied():
    return {name: value for name, value in list(names.items())}

@app.get("/own")
def mine():
    found = names.copy()
    return {name: found[name] for name in found}
""",
    ),
    case(
        "a check and an act on the same item",
        """
tokens = {"a": 1}

@app.post("/<token>")
def use(token):
    if token not in tokens:
        abort(404)
    time.sleep(1)
    del tokens[token]  # want: FGL102
    return "ok"

@app.post("/other/<token>")
def other(token):
    if token not in tokens:
        abort(404)
    tokens.pop(token, None)
    return "ok"
""",
    ),
]


@pytest.mark.parametrize("files", SHARED_OBJECTS)
def test_objects_that_requests_share(files: dict[str, str], tmp_path: Path) -> None:
    assert differences(files, tmp_path) == []


@pytest.mark.parametrize("files", OWN_OBJECTS)
def test_objects_that_a_request_has_for_itself(files: dict[str, str], tmp_path: Path) -> None:
    assert differences(files, tmp_path) == []


@pytest.mark.parametrize("files", SINGLETONS)
def test_singletons(files: dict[str, str], tmp_path: Path) -> None:
    assert differences(files, tmp_path) == []


@pytest.mark.parametrize("files", ITEMS)
def test_attributes_and_items(files: dict[str, str], tmp_path: Path) -> None:
    assert differences(files, tmp_path) == []


STOCK = """
stock = {"chairs": 3}

@app.post("/")
def buy():
    if stock["chairs"] > 0:
        UPDATE
    return "ok"
"""


@pytest.mark.xfail(
    strict=True, reason="FGL102 is an error for `x -= 1` and a warning for `x = x - 1`, which is the same"
)
def test_the_spelling_of_an_update_does_not_matter(tmp_path: Path) -> None:
    for name, update in (("short", 'stock["chairs"] -= 1'), ("long", 'stock["chairs"] = stock["chairs"] - 1')):
        (tmp_path / name).mkdir()
        findings = reported(program(STOCK.replace("UPDATE", update)), tmp_path / name)
        assert [finding.severity for finding in findings] == ["error"], update
