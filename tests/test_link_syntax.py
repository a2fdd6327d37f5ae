"""Shared state that Python's own syntax changes: operators, attributes, loops and branches of the project's classes."""

from __future__ import annotations

from pathlib import Path

import pytest
from test_link_cases import case, differences

SPECIAL_METHODS = [
    case(
        "operators of a class",
        """
class Hits:
    def __init__(self):
        self.n = 0

    def __iadd__(self, step):
        self.n += step  # want: FGL101
        return self

    def __add__(self, step):
        self.n = self.n + step  # want: FGL101
        return self.n

    def __iter__(self):
        self.n *= 2  # want: FGL101
        return iter(())

    def __delitem__(self, key):
        self.n -= key  # want: FGL101

    def __len__(self):
        self.n -= 1  # want: FGL101
        return self.n

class Page:
    def __init__(self):
        self.hits = Hits()

page = Page()

@app.post("/")
def home():
    page.hits += 1
    page.hits + 1
    del page.hits[3]
    return [*(x for x in page.hits), len(page.hits)]
""",
    ),
    case(
        "operators of a class with a lock",
        """
class Hits:
    def __init__(self):
        self.n = 0
        self.lock = threading.Lock()

    def __iadd__(self, step):
        with self.lock:
            self.n += step
        return self

class Page:
    def __init__(self):
        self.hits = Hits()

page = Page()

@app.post("/")
def home():
    page.hits += 1
    return ""
""",
    ),
    case(
        "an iterator of a class",
        """
class Ids:
    def __init__(self):
        self.at = 0

    def __next__(self):
        self.at += 1  # want: FGL101
        return self.at

ids = Ids()

@app.post("/")
def home():
    return str(next(ids))
""",
    ),
    case(
        "a descriptor keeps one value for all",
        """
class Lazy:
    def __init__(self, make):
        self.make = make
        self.value = None

    def __get__(self, obj, owner=None):
        if self.value is None:
            self.value = self.make()  # want: FGL102
        return self.value

    def __set__(self, obj, value):
        self.sets += 1  # want: FGL101

class Services:
    engine = Lazy(lambda: open("engine"))

services = Services()

@app.get("/")
def home():
    services.engine = None
    return str(services.engine)
""",
    ),
    case(
        "a descriptor keeps its value in the object of the request",
        """
class Lazy:
    def __set_name__(self, owner, name):
        self.name = name

    def __get__(self, obj, owner=None):
        if self.name not in obj.__dict__:
            obj.__dict__[self.name] = open(self.name)
        return obj.__dict__[self.name]

class Services:
    engine = Lazy()

@app.get("/")
def home():
    return str(Services().engine)
""",
    ),
    case(
        "an attribute that a module makes when it is asked for",
        """
import lazy

@app.get("/")
def home():
    return str(lazy.engine)

# file: lazy.py
_engine = None

def __getattr__(name):
    global _engine
    if name == "other":
        _engine = 1
    if name == "engine":
        if _engine is None:
            _engine = open("engine")  # want: FGL102
        return _engine
    raise AttributeError(name)
""",
    ),
    case(
        "one generator for all",
        """
def serials():
    n = 0
    while True:
        n += 1
        yield n

numbers = serials()
squares = (n * n for n in range(10**6))
letters = iter("abc")
numbers_lock = threading.Lock()
guarded = serials()

@app.post("/")
def home():
    with numbers_lock:
        one = next(guarded)
    own = serials()
    return [
        one,
        next(own),
        next(letters),
        next(numbers),  # want: FGL101
        next(squares),  # want: FGL101
    ]
""",
    ),
]

CHECKS = [
    case(
        "a check outside and one under the lock, and a file between",
        """
import pickle

class Model:
    _model = None
    _lock = threading.Lock()

    @classmethod
    def load(cls):
        if cls._model is None:
            with cls._lock:
                if cls._model is None:
                    with open("model") as file:
                        cls._model = pickle.load(file)
        return cls._model

@app.post("/")
def home():
    return str(Model.load())
""",
    ),
    case(
        "a stale value under the lock",
        """
stock = {"a": 1}
lock = threading.Lock()

@app.post("/")
def home():
    left = stock["a"]
    if left > 0:
        with lock:
            if stock["a"] > 0:
                stock["a"] = left - 1  # want: FGL101
    return ""
""",
    ),
    case(
        "what a check found decides a value used after it",
        """
level = 0

@app.post("/")
def home():
    global level
    if level > 3:
        step = 1
    else:
        step = 2
    time.sleep(0)
    level = step  # want: FGL101
    return ""
""",
    ),
    case(
        "a cache whose look-up leaves early",
        """
class Tokens:
    def __init__(self):
        self.token = None
        self.until = 0

    def get(self):
        if (token := self.token) and self.until > time.time():
            return token
        self.token = fetch()  # want: FGL102
        self.until = time.time() + 60  # want: FGL102
        return self.token

    def refuse(self):
        if self.token:
            return "no"
        self.token = fetch()  # want: FGL102
        return "yes"

def fetch():
    return object()

tokens = Tokens()

@app.get("/")
def home():
    tokens.refuse()
    return str(tokens.get())
""",
    ),
    case(
        "a state machine",
        """
from enum import Enum

class State(Enum):
    IDLE = 1
    ARMED = 2
    FIRED = 3

class Alarm:
    def __init__(self):
        self.state = State.IDLE
        self.lamp = False
        self.level = 0

    def advance(self):
        match self.state:
            case State.IDLE:
                self.state = State.ARMED  # want: FGL102
            case State.ARMED:
                self.state = State.FIRED

    def toggle(self):
        if self.lamp:
            self.lamp = False  # want: FGL102
        else:
            self.lamp = True

    def clamp(self):
        if self.level > 10:
            self.level = 10
        elif self.level < 0:
            self.level = 0

    def light(self):
        if not self.lamp:
            self.lamp = True

alarm = Alarm()

@app.post("/")
def home():
    alarm.advance()
    alarm.toggle()
    alarm.clamp()
    alarm.light()
    return ""
""",
    ),
    case(
        "a timer that is replaced while it runs",
        """
class Saver:
    def __init__(self):
        self.timer = None
        self.lock = threading.Lock()
        self.other = None

    def poke(self):
        if self.timer is not None:
            self.timer.cancel()
        self.timer = threading.Timer(2, print)  # want: FGL102
        self.timer.start()

    def poke_alone(self):
        with self.lock:
            if self.other is not None:
                self.other.cancel()
            self.other = threading.Timer(2, print)
            self.other.start()

    def stop(self):
        self.timer.cancel()
        self.timer = None

saver = Saver()

@app.post("/")
def home():
    saver.poke()
    saver.poke_alone()
    saver.stop()
    own = threading.Timer(2, print)
    own.cancel()
    own = threading.Timer(2, print)
    return ""
""",
    ),
    case(
        "one worker at a time",
        """
import subprocess

class Exporter:
    worker = None
    level = None
    process = None
    lock = threading.Lock()

    def start(self):
        if Exporter.worker and Exporter.worker.is_alive():
            return False
        Exporter.worker = threading.Thread(target=print)  # want: FGL102
        Exporter.worker.start()
        return True

    def start_process(self):
        with self.lock:
            if Exporter.process:
                return False
            Exporter.process = subprocess.Popen(["true"])
            return True

    def set(self, level):
        if Exporter.level == level:
            return False
        Exporter.level = level.strip()
        return True

@app.post("/")
def home():
    Exporter().start_process()
    Exporter().set("high")
    return str(Exporter().start())
""",
    ),
    case(
        "removed by its number",
        """
import queue

class Announcer:
    def __init__(self):
        self.listeners = []
        self.named = {}

    def listen(self):
        self.listeners.append(queue.Queue(maxsize=5))
        self.named["a"] = 1

    def announce(self, message):
        for at in reversed(range(len(self.listeners))):
            try:
                self.listeners[at].put_nowait(message)
            except queue.Full:
                del self.listeners[at]  # want: FGL102
        for name in list(self.named):
            del self.named[name]

announcer = Announcer()

@app.post("/")
def ping():
    announcer.announce("pong")
    announcer.listen()
    return ""
""",
    ),
    case(
        "a list that each request empties before",
        """
errors = []
notes = []

@app.post("/")
def signup():
    global errors
    errors = []
    errors.append(request.form["email"])  # want: FGL101, FGL301
    notes.append(request.form["email"])
    return ""

@app.get("/")
def form():
    return {"errors": errors, "notes": notes}

@app.delete("/")
def clear():
    notes.clear()
    return ""
""",
    ),
    case(
        "a queue that was asked before",
        """
import queue

jobs = queue.Queue(maxsize=10)
lock = threading.Lock()
events = queue.Queue()

@app.post("/take")
def take():
    if not jobs.empty():
        return jobs.get()  # want: FGL102
    return ""

@app.post("/put")
def put():
    if jobs.full():
        abort(503)
    jobs.put_nowait("a")  # want: FGL102
    return ""

@app.post("/wait")
def wait():
    if jobs.full():
        abort(503)
    jobs.put("a")
    return ""

@app.post("/drain")
def drain():
    while not jobs.empty():
        try:
            jobs.get_nowait()
        except queue.Empty:
            break
    with lock:
        if not events.empty():
            return events.get()
    events.put("a")
    return ""
""",
    ),
    case(
        "only one thread takes from the queue",
        """
import queue

jobs = queue.Queue()

def work():
    while True:
        if not jobs.empty():
            jobs.get()

threading.Thread(target=work).start()

@app.post("/")
def home():
    jobs.put("a")
    return ""
""",
    ),
]

LOCKS = [
    case(
        "a cache under its lock, what it gave outside",
        """
from cachetools import TTLCache

sessions = TTLCache(maxsize=100, ttl=60)
open_sessions = TTLCache(maxsize=100, ttl=60)  # want: FGL201
lock = threading.Lock()

@app.get("/<key>")
def get(key):
    with lock:
        entry = sessions.get(key)
    if entry is None:
        abort(401)
    return entry["user"]

@app.post("/<key>")
def put(key):
    with lock:
        sessions[key] = {"user": "me"}
        open_sessions[key] = {"user": "me"}
    if key in open_sessions:
        return "ok"
    return ""
""",
    ),
    case(
        "a class that holds its lock from enter to exit",
        """
class Gate:
    def __init__(self):
        self.lock = threading.Lock()
        self.passed = 0
        self.left = 0

    def __enter__(self):
        self.lock.acquire()
        self.passed += 1
        return self

    def __exit__(self, *error):
        self.left += 1
        self.lock.release()

gate = Gate()
n = 0

@app.get("/")
def home():
    global n
    with gate:
        n += 1
    with gate:
        pass
    gate.n = n
    return ""
""",
    ),
    case(
        "a lock for each decorated function",
        """
import functools

balance = {"a": 100, "b": 0}
calls = 0

def synchronized(function):
    lock = threading.Lock()

    @functools.wraps(function)
    def wrapper(*args, **kwargs):
        with lock:
            return function(*args, **kwargs)

    return wrapper

@app.post("/spend")
@synchronized
def spend():
    balance["a"] = balance["a"] - 1  # want: FGL402
    return ""

@app.post("/earn")
@synchronized
def earn():
    balance["a"] = balance["a"] + 1  # want: FGL402
    return ""

@app.post("/count")
@synchronized
def count():
    global calls
    calls = calls + 1
    return ""
""",
    ),
    case(
        "two locks, neither more right than the other",
        """
depth = 0
one = threading.Lock()
other = threading.Lock()

@app.post("/in")
def enqueue():
    global depth
    with one:
        depth += 1  # want: FGL402
    return ""

@app.post("/out")
def dequeue():
    global depth
    with other:
        depth -= 1  # want: FGL402
    return ""
""",
    ),
    case(
        "all items are reset without the lock",
        """
votes = {"yes": 0, "no": 0}
lock = threading.Lock()

@app.post("/vote/<choice>")
def vote(choice):
    with lock:
        votes[choice] += 1
    return ""

@app.post("/reset")
def reset():
    for choice in list(votes):
        votes[choice] = 0  # want: FGL402
    return ""
""",
    ),
    case(
        "a listener takes its own messages out",
        """
import weakref
from flask import Response

class Listener:
    def __init__(self):
        self.inbox = []

    def push(self, text):
        self.inbox.append(text)

listeners = weakref.WeakSet()

@app.get("/listen")
def listen():
    me = Listener()
    listeners.add(me)

    def body():
        while True:
            if me.inbox:
                yield me.inbox.pop(0)

    return Response(body())

@app.post("/say")
def say():
    for listener in list(listeners):
        listener.push(request.json["text"])
    return ""
""",
    ),
]


@pytest.mark.parametrize("files", SPECIAL_METHODS)
def test_what_syntax_runs(files: dict[str, str], tmp_path: Path) -> None:
    assert differences(files, tmp_path) == []


@pytest.mark.parametrize("files", CHECKS)
def test_checks_and_what_they_decide(files: dict[str, str], tmp_path: Path) -> None:
    assert differences(files, tmp_path) == []


@pytest.mark.parametrize("files", LOCKS)
def test_locks_and_removals(files: dict[str, str], tmp_path: Path) -> None:
    assert differences(files, tmp_path) == []


ITEMS = [
    case(
        "a number beside a list in one dict",
        """
progress = {"done": 0, "errors": [], "flags": set(), "bits": 0}

@app.post("/")
def home():
    progress["done"] += len(request.data)  # want: FGL101
    progress["done"] += 1  # want: FGL101
    progress["bits"] |= 4  # want: FGL101
    progress["errors"] += ["a"]
    progress["flags"] |= {"a"}
    return ""
""",
    ),
    case(
        "two variables change places",
        """
front, back, other = "blue", "green", "red"

@app.post("/")
def swap():
    global front, back, other
    front, back = back, front  # want: FGL101
    other, mine = "a", other
    return mine
""",
    ),
    case(
        "a deque that others append to",
        """
from collections import deque

events = deque(maxlen=5)
lines = []

@app.post("/")
def add():
    events.append("a")
    lines[0] = "b"
    return ""

@app.get("/")
def show():
    found = [event for event in events if event]  # want: FGL103
    return found + [line for line in lines if line] + [event for event in list(events) if event]
""",
    ),
    case(
        "a shelf without a method call",
        """
import shelve

db = shelve.open("counts")  # want: FGL201
lock = threading.Lock()
own = shelve.open("own")

@app.post("/<name>")
def vote(name):
    with lock:
        own.update(name="a")
    return str(db.get(name, 0))  # want: FGL201
""",
    ),
    case(
        "an event as a flag",
        """
ready = threading.Event()
stopped = threading.Event()
plugins = []
times = []

def load():
    plugins.append("a")

def note():
    times.append(time.time())  # want: FGL302

@app.before_request
def setup():
    note()
    if not ready.is_set():
        load()
        ready.set()  # want: FGL102

@app.post("/stop")
def stop():
    if not stopped.is_set():
        stopped.set()
    return ""
""",
    ),
    case(
        "keys that a fixed table has",
        """
import re

PATTERNS = {"zip": "5"}
compiled = {}
names = {}

@app.get("/<name>/<text>")
def check(name, text):
    compiled.setdefault(name, re.compile(PATTERNS[name]))
    names.setdefault(name, re.compile(text))  # want: FGL302
    return ""
""",
    ),
    case(
        "standard output is everybody's",
        """
import contextlib
import io

@app.post("/")
def run():
    out = io.StringIO()
    with contextlib.redirect_stdout(out):  # want: FGL301
        print("a")
    with contextlib.suppress(OSError):
        print("b", file=out)
    return out.getvalue()
""",
    ),
    case(
        "an object that a view configures and then asks",
        """
class Builder:
    def __init__(self):
        self.filters = {}

    def configure(self, args):
        self.filters = args.to_dict()  # want: FGL301

builder = Builder()

@app.get("/report")
def report():
    builder.configure(request.args)
    return str(builder.filters)
""",
    ),
    case(
        "a list that is kept short",
        """
lines = []

@app.post("/")
def add():
    lines.append(request.form["line"])
    if len(lines) > 100:
        del lines[0]
    return ""

@app.get("/")
def show():
    return list(lines)
""",
    ),
    case(
        "an LRU cache",
        """
from collections import OrderedDict

class LRU:
    def __init__(self, size):
        self.size = size
        self.data = OrderedDict()

    def get(self, key, load):
        if key in self.data:
            self.data.move_to_end(key)  # want: FGL102
            return self.data[key]
        self.data[key] = load(key)  # want: FGL102
        if len(self.data) > self.size:
            self.data.popitem(last=False)  # want: FGL102
        return self.data[key]

pages = LRU(3)

@app.get("/<slug>")
def page(slug):
    return str(pages.get(slug, open))
""",
    ),
]


@pytest.mark.parametrize("files", ITEMS)
def test_items_and_flags(files: dict[str, str], tmp_path: Path) -> None:
    assert differences(files, tmp_path) == []
