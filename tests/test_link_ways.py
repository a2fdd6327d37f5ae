"""Less common ways to change shared state, and their harmless twins."""

from __future__ import annotations

from pathlib import Path

import pytest
from test_link_cases import case, differences

FUNCTIONS = [
    case(
        "a list that is emptied once and filled in two branches",
        """
listeners = []

@app.post("/")
def restart():
    global listeners
    listeners = []
    if request.json["kind"] == "udp":
        listeners.append(abs(1))  # want: FGL101
    else:
        listeners.append(abs(2))
    return "ok"
""",
    ),
    case(
        "a task whose number is told, not the list of all",
        """
tasks = []

class Task:
    def __init__(self, url):
        self.url = url

def enqueue(url):
    task = Task(url)
    tasks.append(task)  # want: FGL302
    return task

@app.post("/")
def download():
    task = enqueue(request.form["url"])
    return {"id": id(task)}

@app.get("/")
def everything():
    return [task.url for task in tasks]
""",
    ),
    case(
        "items removed that a copy of the keys tells",
        """
kept = {}

@app.post("/")
def clean():
    wanted = set(request.json["names"])
    for name in list(kept):
        if name not in wanted:
            del kept[name]
    kept[request.json["key"]] = 1
    return "ok"
""",
    ),
    case(
        "the least key removed",
        """
kept = {1: "a", 2: "b"}

@app.post("/")
def drop():
    del kept[min(kept)]  # want: FGL101
    return "ok"
""",
    ),
    case(
        "a check in one branch, a store in the other",
        """
games = {}

def known(name):
    if name not in games:
        raise KeyError(name)
    return games[name]

@app.post("/")
def play():
    if "name" in request.form:
        game = known(request.form["name"])
    else:
        game = games[request.form["key"]] = ["new"]  # want: FGL302
    return str(game)
""",
    ),
    case(
        "a check in one branch, a store after both",
        """
games = {}

def missing(name):
    if name in games:
        raise KeyError(name)

@app.post("/")
def play():
    if "checked" in request.form:
        missing(request.form["key"])
    games[request.form["key"]] = ["new"]  # want: FGL102, FGL302
    return "ok"
""",
    ),
    case(
        "an item that is set to what it was compared with",
        """
settings = {"mail": {"tls": False}}

@app.post("/")
def save():
    wanted = request.form["tls"]
    if wanted != settings["mail"]["tls"]:
        print("changed")
        settings["mail"]["tls"] = wanted  # want: FGL301
    return "ok"
""",
    ),
    case(
        "an item that is set to something else than it was compared with",
        """
settings = {"mail": {"size": 1}}

@app.post("/")
def save():
    if settings["mail"]["size"] != 5:
        print("changed")
        settings["mail"]["size"] = abs(settings["mail"]["size"]) + 1  # want: FGL102
    return "ok"
""",
    ),
    case(
        "a loop that returns what it finds",
        """
names = []

@app.post("/")
def add():
    for entry in names:
        if entry["name"] == request.json["name"]:
            return "taken"
    names.append({"name": request.json["name"]})  # want: FGL102
    return "added"
""",
    ),
    case(
        "a loop whose else adds what it did not find",
        """
names = []

@app.post("/")
def add():
    for entry in names:
        if entry["name"] == request.json["name"]:
            break
    else:
        names.append({"name": request.json["name"]})  # want: FGL102
    return "ok"
""",
    ),
    case(
        "a loop that passes over some",
        """
names = []

@app.post("/")
def add():
    for entry in names:
        if entry == "old":
            continue
        print(entry)
    names.append("fresh")  # want: FGL302
    return "ok"
""",
    ),
    case(
        "a break that decides nothing after the loop",
        """
names = []

@app.post("/")
def add():
    for entry in names:
        if entry == "old":
            break
    names.append("fresh")  # want: FGL302
    return "ok"
""",
    ),
    case(
        "the next number as a key",
        """
users = {}

@app.post("/")
def add():
    number = max(users, default=0) + 1
    users[number] = request.json["name"]  # want: FGL101, FGL302
    return str(number)
""",
    ),
    case(
        "the next number by a getter, in a text",
        """
users = {}

def number():
    return int(max(users.keys()).lstrip("user")) + 1

@app.post("/")
def add():
    key = "user%i" % number()
    users[key] = {"name": "new"}  # want: FGL101, FGL302
    return key
""",
    ),
    case(
        "the size of another container as a key",
        """
names = ("a", "b")
users = {"a": 0}

@app.post("/")
def add():
    users[len(names)] = 1
    return "ok"
""",
    ),
    case(
        "a heap",
        """
import heapq

jobs = [3, 2]

@app.post("/")
def take():
    if jobs:
        return str(heapq.heappop(jobs))  # want: FGL102
    heapq.heappush(jobs, 1)
    return "none"
""",
    ),
    case(
        "a heap under a lock",
        """
import heapq

jobs = [3, 2]
lock = threading.Lock()

@app.post("/")
def take():
    with lock:
        if jobs:
            return str(heapq.heappop(jobs))
        heapq.heappush(jobs, 1)
    return "none"
""",
    ),
    case(
        "operator.setitem",
        """
import operator

totals = {"n": 0}

@app.post("/")
def add():
    operator.setitem(totals, "n", totals["n"] + len(request.data))  # want: FGL101
    return "ok"
""",
    ),
    case(
        "vars of an object",
        """
class Stats:
    pass

stats = Stats()
stats.total = 0

@app.post("/")
def add():
    data = vars(stats)
    data["total"] = data["total"] + len(request.data)  # want: FGL101
    return "ok"
""",
    ),
    case(
        "a match statement decides",
        """
mode = "idle"

@app.post("/")
def start():
    global mode
    match mode:
        case "idle":
            time.sleep(1)
            mode = "running"  # want: FGL102
            return "started"
    return "busy"

@app.post("/stop")
def stop():
    global mode
    mode = "idle"
    return "ok"
""",
    ),
    case(
        "rows and columns of a data frame",
        """
import pandas as pd

df = pd.DataFrame(columns=["a"])

@app.post("/row")
def row():
    df.loc[len(df)] = [request.data]  # want: FGL101
    return "ok"

@app.post("/add")
def add():
    df.at[3, "a"] = df.at[3, "a"] + len(request.data)  # want: FGL101
    return "ok"

@app.post("/column/<name>")
def column(name):
    if name in df.columns:
        return "taken"
    df[name] = time.time()  # want: FGL102
    return "ok"
""",
    ),
    case(
        "a data frame made for the request",
        """
import pandas as pd

@app.post("/row")
def row():
    df = pd.DataFrame(columns=["a"])
    df.loc[len(df)] = [request.data]
    if "b" not in df.columns:
        df["b"] = 1
    return "ok"
""",
    ),
    case(
        "two updates after one check",
        """
a, b = {"n": 5}, {"n": 5}

@app.post("/")
def move():
    if a["n"] < 1:
        abort(409)
    a["n"] -= 1  # want: FGL102
    b["n"] += len(request.data)  # want: FGL101
    return "ok"
""",
    ),
    case(
        "settings that a getter copies and a setter takes back",
        """
data = {"tags": []}

def get():
    return dict(data)

def put(new):
    global data
    data = new

@app.post("/")
def tag():
    settings = get()
    settings["tags"] = settings["tags"] + [request.form["tag"]]
    put(settings)  # want: FGL101
    return "ok"
""",
    ),
]

SHARED = [
    case(
        "queues that one thread empties and others fill",
        """
import queue

class Uploader:
    def __init__(self):
        self.seen = {}
        threading.Thread(target=self.upload).start()

    def upload(self):
        while True:
            for name in list(self.seen):
                while not self.seen[name]["data"].empty():
                    print(self.seen[name]["data"].get())
            time.sleep(1)

uploader = Uploader()

@app.post("/")
def add():
    uploader.seen["default"] = {"count": 1, "data": queue.Queue()}
    return "ok"
""",
    ),
    case(
        "a set of the project's own, with a lock in its methods",
        """
class Names(set):
    def __init__(self):
        super().__init__()
        self.lock = threading.Lock()

    def add(self, name):
        with self.lock:
            super().add(name)

    def discard(self, name):
        with self.lock:
            super().discard(name)

names = Names()

@app.post("/<name>")
def enter(name):
    names.add(name)
    return "ok"

@app.post("/<name>/leave")
def leave(name):
    names.discard(name)
    return "ok"

@app.get("/")
def everybody():
    found = []
    for name in names:  # want: FGL103
        found.append(str(name))
    return str(found)
""",
    ),
    case(
        "a set of the project's own that is walked over by a copy",
        """
class Names(set):
    def __init__(self):
        super().__init__()
        self.lock = threading.Lock()

    def add(self, name):
        with self.lock:
            super().add(name)

    def discard(self, name):
        with self.lock:
            super().discard(name)

    def __iter__(self):
        with self.lock:
            return iter(list(super().__iter__()))

names = Names()

@app.post("/<name>")
def enter(name):
    names.add(name)
    return "ok"

@app.post("/<name>/leave")
def leave(name):
    names.discard(name)
    return "ok"

@app.get("/")
def everybody():
    found = []
    for name in names:
        found.append(str(name))
    return str(found)
""",
    ),
    case(
        "functions that a manager's server runs for its clients",
        """
from multiprocessing.managers import BaseManager

total = 0
missed = 0

def add():
    global total
    total = abs(total) + 1  # want: FGL101

def drop():
    global missed
    missed = abs(missed) + 1

manager = BaseManager(("", 5602), b"key")
manager.register("add", add)
manager.get_server().serve_forever()
""",
    ),
    case(
        "a thread's class that each request starts",
        """
total = 0
running = {}

class Download(threading.Thread):
    def __init__(self, url):
        super().__init__()
        self.url = url
        self.parts = 0

    def run(self):
        global total
        self.parts = abs(self.parts) + 1
        total = abs(total) + 1  # want: FGL101

@app.post("/")
def start():
    thread = Download(request.form["url"])
    thread.start()
    return "ok"

@app.post("/kept")
def keep():
    running["last"] = Download("default")
    running["last"].start()
    return "ok"
""",
    ),
    case(
        "a thread's class of which a loop makes several",
        """
import queue

total = 0
jobs = queue.Queue()

class Worker(threading.Thread):
    def __init__(self, jobs):
        super().__init__(daemon=True)
        self.jobs = jobs
        self.seen = 0

    def run(self):
        global total
        while True:
            self.jobs.get()
            self.seen = abs(self.seen) + 1
            total = abs(total) + 1  # want: FGL101

for _ in range(3):
    Worker(jobs).start()

@app.get("/")
def home():
    return str(total)
""",
    ),
    case(
        "a thread's class that is started once",
        """
total = 0

class Worker(threading.Thread):
    def run(self):
        global total
        while True:
            total = abs(total) + 1

def begin():
    worker = Worker()
    worker.start()

begin()

@app.get("/")
def home():
    return str(total)
""",
    ),
    case(
        "a thread that another thread starts once",
        """
class Stats:
    def __init__(self):
        self.values = []

    def update(self, value):
        self.values = self.values + [value]

class Decoder:
    def __init__(self):
        self.stats = Stats()
        threading.Thread(target=self.decode).start()

    def decode(self):
        threading.Thread(target=self.follow).start()

    def follow(self):
        while True:
            self.stats.update(1)
            time.sleep(1)

decoder = Decoder()

@app.get("/")
def home():
    return str(decoder.stats.values)
""",
    ),
    case(
        "an index that is made anew when the version has changed",
        """
class Songs:
    def __init__(self):
        self.version = 1
        self.names = ["a", "b"]
        self.index = []
        self.index_version = 0

    def find(self):
        version = self.version
        if self.index_version != version:
            self.index = [name.lower() for name in list(self.names)]
            self.index_version = version
        return self.index

songs = Songs()

@app.get("/")
def home():
    return str(songs.find())
""",
    ),
    case(
        "what belongs to one connection, made and dropped when it comes and goes",
        """
from flask_socketio import SocketIO

socketio = SocketIO(app)
players = {}

@socketio.on("connect")
def enter():
    if request.sid not in players:
        players[request.sid] = {"score": 0}

@socketio.on("disconnect")
def leave():
    player = request.sid
    if player in players:
        print(player)
        del players[player]
""",
    ),
    case(
        "what belongs to a room that many connections enter",
        """
from flask_socketio import SocketIO

socketio = SocketIO(app)
rooms = {}

@socketio.on("connect")
def enter():
    room = request.args["room"]
    if room not in rooms:
        rooms[room] = []  # want: FGL102
    rooms[room].append(request.sid)

@socketio.on("disconnect")
def leave():
    room = request.args["room"]
    if room in rooms:
        print(room)
        del rooms[room]  # want: FGL102
""",
    ),
    case(
        "a helper that starts what it is given in a thread",
        """
counts = {"watch": 0, "job": 0}

def spawn(target):
    threading.Thread(target=target, daemon=True).start()

def watch():
    while True:
        counts["watch"] = abs(counts["watch"]) + 1
        time.sleep(1)

def job():
    counts["job"] = abs(counts["job"]) + 1  # want: FGL101

@app.post("/")
def start():
    spawn(job)
    return "ok"

spawn(watch)
""",
    ),
    case(
        "what a hook keeps in g by a getter",
        """
class Store:
    def __init__(self):
        self.hits = 0

class State:
    def __init__(self, store):
        self.store = store

    def get_store(self):
        return self.store

app.config["STATE"] = State(Store())

@app.before_request
def bring():
    g.state = app.config["STATE"]
    g.store = g.state.get_store()

@app.get("/")
def home():
    g.store.hits = abs(g.store.hits) + 1  # want: FGL101
    return "ok"

@app.get("/other")
def other():
    store = g.get("store")
    store.hits = abs(store.hits) + 1  # want: FGL101
    return "ok"
""",
    ),
    case(
        "what a hook makes for each request and keeps in g",
        """
class Store:
    def __init__(self):
        self.hits = 0

@app.before_request
def bring():
    g.own = Store()

@app.get("/")
def home():
    g.own.hits = abs(g.own.hits) + 1
    return "ok"

@app.get("/other")
def other():
    own = g.get("own")
    own.hits = abs(own.hits) + 1
    return "ok"
""",
    ),
    case(
        "a value's own lock",
        """
from multiprocessing import Value

n = Value("i", 0)

@app.post("/")
def add():
    with n.get_lock():
        n.value += 1
    return "ok"
""",
    ),
    case(
        "the lock of another value",
        """
from multiprocessing import Value

n, other = Value("i", 0), Value("i", 0)

@app.post("/")
def add():
    with other.get_lock():
        n.value += 1  # want: FGL402
    return "ok"

@app.post("/sub")
def sub():
    with n.get_lock():
        n.value -= 1
    return "ok"
""",
    ),
    case(
        "a function decorated by a class",
        """
class Counted:
    def __init__(self, function):
        self.function = function
        self.calls = 0

    def __call__(self, key):
        self.calls = self.calls + len(key)  # want: FGL101
        return self.function(key)

@Counted
def load(key):
    return key

@app.get("/<key>")
def home(key):
    return load(key)
""",
    ),
    case(
        "results of lru_cache for each argument, and a result that is only read",
        """
import functools

class Box:
    def __init__(self):
        self.n = 0

@functools.lru_cache
def box(name):
    return Box()

@functools.lru_cache
def first():
    return Box()

@app.get("/<name>")
def home(name):
    box(name).n = box(name).n + 1  # want: FGL101
    return str(first().n)
""",
    ),
    case(
        "a function without a memoizer makes a new object each time",
        """
import functools

class Box:
    def __init__(self):
        self.n = 0

def traced(function):
    @functools.wraps(function)
    def call():
        return function()
    return call

@traced
def box():
    return Box()

@app.get("/")
def home():
    box().n = box().n + 1
    return "ok"
""",
    ),
    case(
        "a class decorator that keeps nothing",
        """
def registered(cls):
    names.append(cls.__name__)

    def make(*args):
        return cls(*args)

    return make

names = []

@registered
class Box:
    def __init__(self):
        self.n = 0

@app.get("/")
def home():
    box = Box()
    box.n = box.n + 1
    return str(box.n)
""",
    ),
    case(
        "a class decorator that is a class",
        """
class Once:
    def __init__(self, cls):
        self.cls = cls
        self.made = None

    def __call__(self):
        if self.made is None:
            self.made = self.cls()  # want: FGL102
        return self.made

@Once
class Box:
    def __init__(self):
        self.n = 0

    def bump(self):
        self.n = self.n + 1  # want: FGL101

@app.get("/")
def home():
    Box().bump()
    return "ok"
""",
    ),
    case(
        "objects with a dict of their own",
        """
class Box:
    def __init__(self, values):
        self.__dict__ = values

    def bump(self):
        self.n = self.n + 1

@app.get("/")
def home():
    Box({"n": 0}).bump()
    return "ok"
""",
    ),
    case(
        "a thread for each request has its object for itself",
        """
class Job(threading.Thread):
    def __init__(self):
        super().__init__()
        self.left = 3

    def run(self):
        while self.left:
            self.left = self.left - 1

@app.get("/")
def home():
    job = Job()
    job.left = job.left + 1
    job.start()
    return "ok"
""",
    ),
    case(
        "the user among the templates' names",
        """
@app.before_request
def before():
    app.jinja_env.globals["user"] = request.headers["X-User"]  # want: FGL301
""",
    ),
    case(
        "what Flask reads, and what only the project would",
        """
app.config["SCANNER"] = {"options": None}

@app.post("/")
def scan():
    app.config["PREFERRED_URL_SCHEME"] = request.form["scheme"]  # want: FGL301
    app.config["SCANNER"]["options"] = request.form["options"]
    app.config["SCANNER"]["owner"] = request.form["owner"]  # want: FGL301
    return "scanning"

@app.get("/owner")
def owner():
    return app.config["SCANNER"]["owner"]
""",
    ),
    case(
        "a proxy to what each request has for itself",
        """
from werkzeug.local import LocalProxy

class Box:
    def __init__(self):
        self.n = 0

def current():
    if "box" not in g:
        g.box = Box()
    return g.box

box = LocalProxy(current)

@app.post("/")
def home():
    box.n = box.n + 1
    return "ok"
""",
    ),
    case(
        "an object behind an abstract class",
        """
from abc import ABC, abstractmethod

class Store(ABC):
    @abstractmethod
    def get(self, key): ...

    @abstractmethod
    def put(self, key, value): ...

class Memory(Store):
    def __init__(self):
        self.data = {"a": 0}

    def get(self, key):
        return self.data["a"]

    def put(self, key, value):
        self.data["a"] = value

class Votes:
    def __init__(self, store: Store):
        self.store = store

    def vote(self, key):
        self.store.put(key, self.store.get(key) + 1)  # want: FGL101

votes = Votes(Memory())

@app.post("/<key>")
def home(key):
    votes.vote(key)
    return "ok"
""",
    ),
]


@pytest.mark.parametrize("files", FUNCTIONS)
def test_functions_and_statements_that_change_state(files: dict[str, str], tmp_path: Path) -> None:
    assert differences(files, tmp_path) == []


@pytest.mark.parametrize("files", SHARED)
def test_objects_that_are_shared_or_not(files: dict[str, str], tmp_path: Path) -> None:
    assert differences(files, tmp_path) == []
