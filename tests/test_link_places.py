"""What all requests share, and what each has of its own: attributes, items, objects in containers, closures."""

from __future__ import annotations

from pathlib import Path

import pytest
from test_link_cases import case, differences

BOX = """
class Box:
    def __init__(self):
        self.n = 0
        self.items = {}

    def bump(self):
        self.n = self.n + 1{mark}
"""
MARKED = BOX.format(mark="  # want: FGL101")
PLAIN = BOX.format(mark="")


def bumped(name: str, code: str, *, open_because: str = "") -> object:
    """A shared box's ``bump`` runs in a request."""
    return case(name, MARKED + code, open_because=open_because)


def own(name: str, code: str, *, open_because: str = "") -> object:
    """Every request has a box of its own."""
    return case(name, PLAIN + code, open_because=open_because)


SHARED_OBJECTS = [
    bumped("a module's object", 'box = Box()\n\n@app.post("/")\ndef home():\n    box.bump()\n    return "ok"'),
    bumped(
        "an object in a dict",
        'boxes = {"a": Box()}\n\n@app.post("/<name>")\ndef home(name):\n    boxes[name].bump()\n    return "ok"',
    ),
    bumped(
        "an object got from a dict",
        'boxes = {"a": Box()}\n\n@app.post("/<name>")\ndef home(name):\n    box = boxes.get(name)\n'
        '    if box is None:\n        abort(404)\n    box.bump()\n    return "ok"',
    ),
    bumped(
        "objects in a list, in a loop",
        'boxes = [Box(), Box()]\n\n@app.post("/")\ndef home():\n    for box in boxes:\n        box.bump()\n    return "ok"',
    ),
    bumped(
        "objects in a dict, in a loop over its values",
        'boxes = {"a": Box()}\n\n@app.post("/")\ndef home():\n    for box in list(boxes.values()):\n        box.bump()\n'
        '    return "ok"',
    ),
    bumped(
        "objects in a dict, in a loop over its items",
        'boxes = {"a": Box()}\n\n@app.post("/")\ndef home():\n    for name, box in boxes.items():\n        box.bump()\n'
        '    return "ok"',
    ),
    bumped(
        "the first that a generator finds",
        'boxes = [Box(), Box()]\n\n@app.post("/")\ndef home():\n    box = next(one for one in boxes if one.items)\n'
        '    box.bump()\n    return "ok"',
    ),
    bumped(
        "the best by a key",
        'boxes = [Box(), Box()]\n\n@app.post("/")\ndef home():\n    box = min(boxes, key=id)\n    box.bump()\n    return "ok"',
    ),
    bumped(
        "one of those that a comprehension chose",
        'boxes = [Box(), Box()]\n\n@app.post("/")\ndef home():\n    chosen = [box for box in boxes if box.items]\n'
        '    chosen[0].bump()\n    return "ok"',
    ),
    bumped(
        "an item of a copy is the same object",
        'boxes = {"a": Box()}\n\n@app.post("/")\ndef home():\n    copy = dict(boxes)\n    copy["a"].bump()\n    return "ok"',
    ),
    bumped(
        "what a getter of another module returns",
        'import store\n\nstore.boxes["a"] = Box()\n\n@app.post("/")\ndef home():\n    store.get("a").bump()\n    return "ok"\n'
        "# file: store.py\nboxes = {}\n\ndef get(name):\n    return boxes[name]",
    ),
    bumped(
        "what setdefault leaves there",
        'boxes = {}\n\n@app.post("/<name>")\ndef home(name):\n    boxes.setdefault(name, Box()).bump()\n    return "ok"\n\n'
        '@app.delete("/<name>")\ndef drop(name):\n    boxes.pop(name, None)\n    return "", 204',
    ),
    bumped(
        "an object that was kept and is used on",
        'boxes = {}\n\n@app.post("/<name>")\ndef home(name):\n    box = Box()\n    boxes[name] = box\n    time.sleep(1)\n'
        '    return "ok"\n\n@app.put("/<name>")\ndef again(name):\n    boxes[name].bump()\n    return "ok"\n\n'
        '@app.delete("/<name>")\ndef drop(name):\n    boxes.pop(name, None)\n    return "", 204',
    ),
    bumped(
        "an attribute of the app",
        'app.box = Box()\n\n@app.post("/")\ndef home():\n    current_app.box.bump()\n    return "ok"',
    ),
    bumped(
        "an item of the app's configuration",
        'app.config["BOX"] = Box()\n\n@app.post("/")\ndef home():\n    current_app.config["BOX"].bump()\n    return "ok"',
    ),
    bumped(
        "an extension",
        'app.extensions["box"] = Box()\n\n@app.post("/")\ndef home():\n    current_app.extensions["box"].bump()\n    return "ok"',
    ),
    bumped(
        "a variable of the app factory",
        'def create_app():\n    made = Flask(__name__)\n    box = Box()\n\n    @made.post("/")\n    def home():\n'
        '        box.bump()\n        return "ok"\n\n    return made',
    ),
    bumped(
        "a parameter of a function that registers",
        'def register(made, box):\n    @made.post("/")\n    def home():\n        box.bump()\n        return "ok"\n\n'
        "register(app, Box())",
    ),
    bumped(
        "a closure three functions deep",
        'def outer(box):\n    def middle():\n        def inner():\n            box.bump()\n            return "ok"\n\n'
        '        return inner\n\n    return middle()\n\napp.add_url_rule("/", "home", outer(Box()))',
    ),
    bumped(
        "an attribute of a shared object, three deep",
        "class Shelf:\n    def __init__(self):\n        self.box = Box()\n\nclass Room:\n    def __init__(self):\n"
        '        self.shelf = Shelf()\n\nroom = Room()\n\n@app.post("/")\ndef home():\n    room.shelf.box.bump()\n    return "ok"',
    ),
    bumped(
        "an object of the request that refers to a shared one",
        "class Shelf:\n    def __init__(self, box):\n        self.box = box\n\n"
        'box = Box()\n\n@app.post("/")\ndef home():\n    Shelf(box).box.bump()\n    return "ok"',
    ),
    bumped(
        "an object of the request whose method uses a shared one",
        "class Shelf:\n    def __init__(self, box):\n        self.box = box\n\n    def fill(self):\n        self.box.bump()\n\n"
        'box = Box()\n\n@app.post("/")\ndef home():\n    Shelf(box).fill()\n    return "ok"',
    ),
    bumped(
        "flask.g refers to a shared object",
        'box = Box()\n\n@app.before_request\ndef before():\n    g.box = box\n\n@app.post("/")\ndef home():\n    g.box.bump()\n'
        '    return "ok"',
    ),
    bumped(
        "a getter under lru_cache makes one object for all",
        'import functools\n\n@functools.lru_cache\ndef get():\n    return Box()\n\n@app.post("/")\ndef home():\n'
        '    get().bump()\n    return "ok"',
    ),
    bumped(
        "a cached property of a shared object",
        "import functools\n\nclass Shelf:\n    @functools.cached_property\n    def box(self):\n        return Box()\n\n"
        'shelf = Shelf()\n\n@app.post("/")\ndef home():\n    shelf.box.bump()\n    return "ok"',
    ),
    bumped(
        "a LocalProxy to a shared object",
        'from werkzeug.local import LocalProxy\n\n_box = Box()\nbox = LocalProxy(lambda: _box)\n\n@app.post("/")\ndef home():\n'
        '    box.bump()\n    return "ok"',
    ),
    bumped(
        "unpacking",
        'box, other = Box(), {}\n\n@app.post("/")\ndef home():\n    (one, _), two = (box, other), 5\n    one.bump()\n'
        '    return str(two)',
    ),
    bumped(
        "a conditional and an or",
        'box = Box()\n\n@app.post("/")\ndef home():\n    one = box if request.args else Box()\n    one.bump()\n    return "ok"',
    ),
    bumped(
        "a fluent method",
        "class Shelf(Box):\n    def me(self):\n        return self\n\nshelf = Shelf()\n\n"
        '@app.post("/")\ndef home():\n    shelf.me().me().bump()\n    return "ok"',
    ),
    bumped(
        "a mutable default",
        'def get(box=Box()):\n    return box\n\n@app.post("/")\ndef home():\n    get().bump()\n    return "ok"',
    ),
    bumped(
        "an object that a with statement gives",
        "import contextlib\n\nbox = Box()\n\n@contextlib.contextmanager\ndef opened():\n    yield box\n\n"
        '@app.post("/")\ndef home():\n    with opened() as one:\n        one.bump()\n    return "ok"',
    ),
    bumped(
        "a member of an enumeration",
        "import enum\n\nclass Kind(enum.Enum):\n    A = Box()\n\n"
        '@app.post("/")\ndef home():\n    Kind.A.value.bump()\n    return "ok"',
    ),
]

OWN_OBJECTS = [
    own("an object of the call", '@app.post("/")\ndef home():\n    box = Box()\n    box.bump()\n    return "ok"'),
    own(
        "what a factory makes for each call",
        'def make():\n    return Box()\n\n@app.post("/")\ndef home():\n    make().bump()\n    return "ok"',
    ),
    own(
        "an object of flask.g",
        '@app.before_request\ndef before():\n    g.box = Box()\n\n@app.post("/")\ndef home():\n    g.box.bump()\n    return "ok"',
    ),
    own(
        "an object of flask.g on demand",
        'def get():\n    if "box" not in g:\n        g.box = Box()\n    return g.box\n\n'
        '@app.post("/")\ndef home():\n    get().bump()\n    return "ok"',
    ),
    own(
        "an attribute of threading.local",
        'local = threading.local()\n\n@app.post("/")\ndef home():\n    if not hasattr(local, "box"):\n        local.box = Box()\n'
        '    local.box.bump()\n    return "ok"',
    ),
    own(
        "a subclass of threading.local",
        "class Mine(threading.local):\n    def __init__(self):\n        self.box = Box()\n\nmine = Mine()\n\n"
        '@app.post("/")\ndef home():\n    mine.box.bump()\n    return "ok"',
    ),
    own(
        "a context variable",
        'from contextvars import ContextVar\n\ncurrent = ContextVar("current")\n\n@app.post("/")\ndef home():\n'
        '    current.set(Box())\n    current.get().bump()\n    return "ok"',
    ),
    own(
        "a deep copy of a shared object",
        'import copy\n\nbox = Box()\n\n@app.post("/")\ndef home():\n    mine = copy.deepcopy(box)\n    mine.bump()\n    return "ok"',
    ),
    own(
        "a copy of a shared object",
        'import copy\n\nbox = Box()\n\n@app.post("/")\ndef home():\n    mine = copy.copy(box)\n    mine.bump()\n    return "ok"',
    ),
    own(
        "objects in a list of the call",
        '@app.post("/")\ndef home():\n    boxes = [Box() for _ in range(3)]\n    for box in boxes:\n        box.bump()\n    return "ok"',
    ),
    own(
        "objects in a dict of the call",
        '@app.post("/")\ndef home():\n    boxes = {}\n    boxes["a"] = Box()\n    boxes["a"].bump()\n    return "ok"',
    ),
    own(
        "an object before it is shared",
        'boxes = {}\n\n@app.post("/<name>")\ndef home(name):\n    box = Box()\n    box.bump()\n    boxes[name] = box\n    return "ok"\n\n'
        '@app.delete("/<name>")\ndef drop(name):\n    boxes.pop(name, None)\n    return "", 204',
    ),
    own(
        "an object that a shared object's method makes",
        'class Maker:\n    def make(self):\n        return Box()\n\nmaker = Maker()\n\n@app.post("/")\ndef home():\n'
        '    maker.make().bump()\n    return "ok"',
    ),
    own(
        "an object taken out of the shared dict",
        'boxes = {"a": Box()}\n\n@app.post("/<name>")\ndef home(name):\n    box = boxes.pop(name, None)\n    if box is None:\n'
        '        abort(404)\n    box.bump()\n    return "ok"',
    ),
    own(
        "an object of the request in an attribute of another",
        "class Shelf:\n    def __init__(self):\n        self.box = Box()\n\n    def fill(self):\n        self.box.bump()\n\n"
        '@app.post("/")\ndef home():\n    Shelf().fill()\n    return "ok"',
    ),
    own(
        "a shared class whose objects are the requests'",
        'KINDS = {"box": Box}\n\n@app.post("/<kind>")\ndef home(kind):\n    KINDS[kind]().bump()\n    return "ok"',
    ),
    own(
        "an object in the session's copy",
        'from flask import session\n\n@app.post("/")\ndef home():\n    data = session.get("data", {})\n'
        '    data["n"] = data.get("n", 0) + 1\n    return data',
    ),
    own(
        "a parameter that is only given objects of the call",
        'def fill(box):\n    box.bump()\n    return box\n\n@app.post("/")\ndef home():\n    fill(Box())\n    return "ok"',
    ),
    own(
        "an object of a program without requests",
        "box = Box()\n\ndef main():\n    box.bump()\n\nif __name__ == '__main__':\n    main()",
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
        open_because="an item of `__dict__` is not the attribute of that name",
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
