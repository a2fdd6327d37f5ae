"""Ways of writing that are common in real applications, each beside the defect that looks like it."""

from __future__ import annotations

from pathlib import Path

import pytest
from programs import reported
from test_link_cases import case, differences, program

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
        "an attribute made by way of the object's dict is the object's own",
        """
class Query:
    _clean = None
    _seen = {}

    def remember(self, name):
        self.__dict__["_clean"] = {}
        self._clean[name] = self._clean.get(name, 0) + 1
        self._seen[name] = self._seen.get(name, 0) + 1  # want: FGL101

@app.post("/<name>")
def home(name):
    query = Query()
    query.remember(name)
    return "ok"
""",
    ),
    case(
        "an object that the function has just made and stored",
        """
from signals import Connection

class Hub:
    def __init__(self):
        self.connection = None

    def handler(self, error):
        print(error)

    def configure(self):
        self.connection = Connection("here")
        self.connection.failed += self.handler

    def extend(self):
        self.connection.failed += self.handler  # want: FGL101

    def renew(self, again):
        if again:
            self.connection = Connection("there")
        self.connection.failed += self.handler  # want: FGL101

hub = Hub()

@app.post("/")
def home():
    hub.configure()
    return "ok"

@app.post("/more")
def more():
    hub.extend()
    hub.renew(request.args.get("again"))
    return "ok"
""",
    ),
    case(
        "a socket that one thread sets up and another one reads",
        """
import zmq

def open_both():
    global alone, shared
    alone = zmq.Context().socket(zmq.SUB)
    alone.bind("tcp://*:5555")
    shared = zmq.Context().socket(zmq.SUB)
    shared.bind("tcp://*:5556")  # want: FGL201

def read():
    while True:
        print(alone.recv_string())
        print(shared.recv_string())  # want: FGL201

@app.get("/")
def home():
    return shared.recv_string()  # want: FGL201

threading.Thread(target=open_both).start()
threading.Thread(target=read).start()
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
        "what a device is set to, and what belongs to somebody",
        """
speed = user_id = result = last = 0
heading = ""

@app.post("/<n>")
def drive(n):
    global speed, user_id, result, last, heading
    speed = float(request.json["speed"])
    heading = str(request.json["heading"])  # want: FGL301
    user_id = int(n)  # want: FGL301
    last = int(request.json["last"])  # want: FGL301
    time.sleep(1)
    return str(last)

@app.get("/")
def home():
    return f"{speed} {user_id} {last} {heading}"
""",
    ),
    case(
        "one place that a function writes several times",
        """
import os

@app.post("/<proxy>")
def proxies(proxy):
    os.environ["HTTP_PROXY"] = proxy  # want: FGL301
    os.environ["HTTPS_PROXY"] = proxy
    return "ok"
""",
    ),
    case(
        "a flag that others set, too",
        """
class State:
    pass

state = State()

@app.before_request
def begin():
    state.abort = False
    if state.allowed and request.headers.get("X-Proxy"):
        state.abort = True
        state.prefix = request.headers["X-Proxy"]  # want: FGL301

@app.post("/abort")
def abort_all():
    state.abort = True
    return "ok"

@app.get("/")
def home():
    return f"{state.prefix} {state.abort}"
""",
    ),
    case(
        "a context for a migration alone",
        """
app.app_context().push()  # want: FGL303

@app.get("/")
def home():
    return g.get("user", "nobody")
# file: migrations/env.py
from alembic import context
from app import app

app.app_context().push()
context.run_migrations()
""",
    ),
    case(
        "a thread or process that a request has started",
        """
import subprocess

class Job(threading.Thread):
    def __init__(self, name):
        super().__init__()
        self.label = name

job = thread = process = name = None

@app.post("/")
def start():
    global job, thread, process, name
    name = request.args["name"]  # want: FGL301
    job = Job(request.args["name"])
    thread = threading.Thread(target=print, args=(request.args["name"],))
    process = subprocess.Popen([request.args["name"]])
    return "ok"

@app.get("/")
def home():
    return f"{name} {job} {thread} {process}"
""",
    ),
    case(
        "a name read from a file when it is first asked for",
        """
import json

_name = _number = _settings = None

def name():
    global _name
    if _name is None:
        with open("/etc/hostname") as file:
            _name = str(file.read())
    return _name

def settings():
    global _settings
    if _settings is None:
        with open("settings.json") as file:
            _settings = json.load(file)
    return _settings

def number():
    global _number
    if _number is None:
        _number = object()  # want: FGL102
    return _number

@app.get("/")
def home():
    return f"{name()} {settings()} {number()}"
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


TAKEN_ALONG = """
local = threading.local()

def fetch():
    local.rows = [1]

def rows():
    return local.rows%s

def wanted(done, verbose):
    return rows() if verbose and not done else None

def told(first, second, verbose):
    return wanted(first and second, True) if verbose else None

def work():
    %s
    return told(1, 2, True)

@app.get("/")
def home():
    fetch()
    threading.Thread(target=work).start()
    return str(rows())
"""

TAKEN = [
    case("a thread-local value that a thread does not take along", TAKEN_ALONG % ("  # want: FGL601", "pass")),
    case("a thread-local value that a thread has of its own", TAKEN_ALONG % ("", "fetch()")),
    case(
        "a thread-local value that a thread may not have",
        TAKEN_ALONG.replace("return local.rows%s", 'return getattr(local, "rows", [])') % "pass",
    ),
]


@pytest.mark.parametrize("files", [*LEAKS, *TAKEN])
def test_what_stays_behind(files: dict[str, str], tmp_path: Path) -> None:
    assert differences(files, tmp_path) == []


ACTORS = """
rounds = passes = 0

def clean():
    global rounds, passes
    rounds += 1
    passes += 1

def count():
    global passes
    passes += 1

@app.post("/rounds")
def start():
    global rounds
    rounds += 1
    return "ok"

threading.Thread(target=clean).start()
threading.Thread(target=count).start()
"""


def test_a_message_names_those_who_come_between(tmp_path: Path) -> None:
    told = {f"{found.symbol} {found.function}": found.message for found in reported(program(ACTORS), tmp_path)}
    assert "; two requests can lose" in told["app.rounds app.start"]
    assert "; this thread and a request can lose" in told["app.rounds app.clean"]
    assert "; this thread and another one can lose" in told["app.passes app.clean"]


PER_PROCESS = """
keys = {}

def fetch(url):
    keys[url] = [url.upper()]
    return keys[url]

@app.get("/<url>")
def key(url):
    if url in keys:
        return keys[url]
    else:
        return fetch(url)
# file: gunicorn.conf.py
workers = 4
"""


def test_a_cache_that_each_worker_fills_for_itself(tmp_path: Path) -> None:
    assert "FGL501" not in {found.code for found in reported(program(PER_PROCESS), tmp_path)}
    (tmp_path / "each").mkdir()
    each = program(PER_PROCESS.replace("if url in keys:", "if url == 'none':"))
    assert "FGL501" in {found.code for found in reported(each, tmp_path / "each")}


CHECKS = [
    case(
        "what runs in any case is decided by nothing that may have left before",
        """
busy = running = device = None

def ask():
    if busy:
        raise ValueError
    return 1

@app.post("/move")
def move():
    global busy
    try:
        ask()
        time.sleep(1)
    finally:
        busy = False
    return "ok"

@app.post("/send")
def send():
    global device
    if not device:
        return "no device"
    try:
        time.sleep(1)
    except OSError:
        device = None
    return "ok"

@app.post("/run")
def run():
    global running
    if running:
        return "no"
    try:
        running = True  # want: FGL102
        time.sleep(1)
    finally:
        running = False
    return "ok"
""",
    ),
    case(
        "a number that nobody else draws",
        """
import itertools

numbers = itertools.count()
waiting = {}
named = {}

def ask(text):
    key = str(next(numbers))
    waiting[key] = None
    time.sleep(1)
    return waiting.pop(key)

def tell(text):
    key = str(text)
    named[key] = named.get(key, 0) + 1  # want: FGL101
    return named[key]

@app.post("/<text>")
def home(text):
    if ask(text) or tell(text):
        ask("again")
    return "ok"
""",
    ),
    case(
        "a look at what the function has just stored itself",
        """
profiles = {}
current = level = count = None

@app.post("/<name>")
def select(name):
    global current, level, count
    current = profiles.get(name)  # want: FGL301
    if current is None:
        current = profiles.get("default")
    level = time.time()
    level = level * 2  # want: FGL101
    count = count + 1  # want: FGL101
    if count > 9:
        count = 0
    return str(current)

@app.post("/other/<name>")
def other(name):
    global current
    if name in profiles:
        current = profiles[name]  # want: FGL301
    if current is None:
        current = profiles.get("default")  # want: FGL102
    return f"{current} {level}"
""",
    ),
    case(
        "an object handed back to where it came from",
        """
_server = _limit = None

def start(server, limit):
    global _server, _limit
    _server = server
    _limit = limit  # want: FGL102

@app.post("/")
def restart():
    if _server is not None and _limit is not None:
        start(_server, object())
    return "ok"
""",
    ),
    case(
        "a lock that is there from the start",
        """
import shared

@app.post("/")
def home():
    lock = getattr(shared, "lock", None)
    if lock is None:
        shared.lock = threading.Lock()
        lock = shared.lock
    with lock:
        return "ok"

@app.post("/late")
def late():
    if shared.late is None:
        shared.late = threading.Lock()  # want: FGL102
    with shared.late:
        return "ok"

@app.post("/off")
def off():
    if shared.taken is None:
        shared.taken = threading.Lock()  # want: FGL102
    shared.taken = None
    return "ok"
# file: shared.py
import threading

lock = threading.Lock()
late = None
taken = threading.Lock()
""",
    ),
]


@pytest.mark.parametrize("files", CHECKS)
def test_what_a_check_decides(files: dict[str, str], tmp_path: Path) -> None:
    assert differences(files, tmp_path) == []


EARLY = """
pages = {}

@app.get("/<name>")
def page(name):
    found = pages.get(name)
    if found:
        return ANSWER
    pages[name] = time.ctime()
    return pages[name]
"""


def test_a_cache_that_answers_early_is_no_refusal(tmp_path: Path) -> None:
    for answer, severity in (("found[0]", "warning"), ("abort(409)", "error")):
        (tmp_path / severity).mkdir()
        findings = reported(program(EARLY.replace("ANSWER", answer)), tmp_path / severity)
        assert [found.severity for found in findings if found.code == "FGL102"] == [severity]
