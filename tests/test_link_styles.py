"""State that is shared in roundabout ways of writing, and harmless twins of them."""

from __future__ import annotations

from pathlib import Path

import pytest
from test_link_cases import case, differences

CHECKS = [
    case(
        "a state that one request enters",
        """
state = "idle"

@app.post("/")
def start():
    global state
    if state != "running":
        state = "running"  # want: FGL102
        time.sleep(1)
        state = "idle"
    return ""
""",
    ),
    case(
        "a state that is only set, and a level that each request sets",
        """
state, level = "idle", 0

@app.post("/<int:wanted>")
def start(wanted):
    global state, level
    if state != "running":
        state = "running"
    if level != wanted:
        level = wanted
        time.sleep(level)
    return state
""",
    ),
    case(
        "or as a check",
        """
class Machine:
    handle = None

    @classmethod
    def open(cls):
        return object()

@app.get("/")
def home():
    Machine.handle = Machine.handle or Machine.open()  # want: FGL102
    return str(Machine.handle)
""",
    ),
    case(
        "a conditional value as a check",
        """
kept = {"model": None}

@app.get("/")
def home():
    kept["model"] = object() if kept["model"] is None else kept["model"]  # want: FGL102
    return str(kept)
""",
    ),
    case(
        "or as a check under a lock",
        """
model = None
lock = threading.Lock()

@app.get("/")
def home():
    global model
    with lock:
        model = model or object()
    return str(model)
""",
    ),
    case(
        "the greater of two",
        """
class Board:
    best = 0

board = Board()

@app.post("/<int:score>")
def play(score):
    board.best = board.best if board.best > score else score  # want: FGL101
    return str(board.best)
""",
    ),
    case(
        "globals asked for a name",
        """
def model():
    if "loaded" not in globals():
        globals()["loaded"] = object()  # want: FGL102
    return globals()["loaded"]

@app.get("/")
def home():
    return str(model())

@app.post("/")
def count():
    globals()["served"] = globals().get("served", 0) + 1  # want: FGL101
    return str(served)
""",
    ),
    case(
        "a new object stored where one may be by now",
        """
carts = {}

class Cart:
    def __init__(self):
        self.note = ""

@app.post("/<user>")
def add(user):
    cart = carts.get(user)
    if cart is None:
        cart = Cart()
    carts[user] = cart  # want: FGL101
    return "ok"

@app.delete("/<user>")
def leave(user):
    carts.pop(user, None)
    return "ok"
""",
    ),
    case(
        "a new list stored where one may be by now",
        """
logs = {}

@app.post("/<user>")
def note(user):
    lines = logs.get(user, [])
    lines.append(len(user))
    logs[user] = lines  # want: FGL101
    return "ok"

@app.delete("/<user>")
def leave(user):
    logs.pop(user, None)
    return "ok"
""",
    ),
    case(
        "an object stored back where it was found",
        """
class Orders:
    def __init__(self):
        self.kept = {"1": {"note": ""}}

    def get(self, name):
        return self.kept.get(name)

    def put(self, name, order):
        self.kept[name] = order

orders = Orders()

@app.post("/<name>")
def note(name):
    order = orders.get(name)
    if order is None:
        abort(404)
    order["note"] = "seen"
    orders.put(name, order)
    return "ok"
""",
    ),
    case(
        "a key taken and given back",
        """
class Keys:
    def __init__(self):
        self.free = ["a", "b"]

    def take(self):
        if not self.free:
            raise LookupError("none is free")
        time.sleep(0)
        return self.free.pop()  # want: FGL102

    def give(self, key):
        self.free.append(key)

keys = Keys()

@app.get("/")
def home():
    key = keys.take()
    time.sleep(0)
    keys.give(key)
    return key
""",
    ),
    case(
        "one of two answers decides what is stored",
        """
levels = {"fuse": 0}

def next_level():
    if levels["fuse"] > 8:
        return 0
    return 9

@app.post("/")
def turn():
    level = next_level()
    time.sleep(0)
    levels["fuse"] = level  # want: FGL101
    return "ok"
""",
    ),
]

HANDED_OVER = [
    case(
        "a partial of what is no function of the program",
        """
import json
from functools import partial

@app.post("/")
def start():
    threading.Thread(target=partial(json.loads(request.data), 1)).start()
    threading.Thread(target=partial(json.dumps, 1)).start()
    return ""
""",
    ),
    case(
        "a thread is given a dict",
        """
state = {"turns": 0}

def work(kept):
    while True:
        kept["turns"] = kept["turns"] + int("1")  # want: FGL101

threading.Thread(target=work, args=(state,), daemon=True).start()

@app.post("/")
def reset():
    state["turns"] = 0
    return "ok"
""",
    ),
    case(
        "a timer is given a list of arguments by position",
        """
state = {"turns": 0}

def work(kept):
    kept["turns"] = kept["turns"] + int("1")  # want: FGL101

threading.Timer(5, work, [state]).start()

@app.post("/")
def reset():
    state["turns"] = 0
    return "ok"
""",
    ),
    case(
        "a thread is given a dict of its own",
        """
def work(kept):
    while True:
        kept["turns"] = kept["turns"] + int("1")

threading.Thread(target=work, args=({"turns": 0},), daemon=True).start()
""",
    ),
    case(
        "each request gives its thread a dict of its own",
        """
def work(kept):
    kept["turns"] = kept["turns"] + int("1")

@app.post("/")
def start():
    state = {"turns": 0}
    thread = threading.Thread(target=work, args=(state,))
    thread.start()
    thread.join()
    return state
""",
    ),
    case(
        "a partial holds a dict",
        """
from functools import partial

sizes = {"sum": 0}

def account(kept, response):
    kept["sum"] = kept["sum"] + (response.content_length or int("0"))  # want: FGL101
    return response

app.after_request(partial(account, sizes))
""",
    ),
    case(
        "a partial names the parameter",
        """
from functools import partial

sizes = {"sum": 0}

def account(response, kept=None):
    kept["sum"] = kept["sum"] + (response.content_length or int("0"))  # want: FGL101
    return response

app.after_request(partial(account, kept=sizes))
""",
    ),
    case(
        "a partial holds a constant, and the hook keeps nothing of the request",
        """
from functools import partial

class Label:
    text = ""

def account(text, response):
    Label.text = text
    response.headers["X-Label"] = Label.text
    return response

app.after_request(partial(account, "today"))
""",
    ),
]

KEPT = [
    case(
        "the element that a request asks for",
        """
devices = []
chosen = None

@app.post("/connect")
def connect():
    global chosen
    wanted = request.json["uuid"]
    for device in devices:
        if str(device.uuid) == wanted:
            chosen = device  # want: FGL301
            return device.name
    return "none"

@app.post("/play")
def play():
    return chosen.play(request.json["url"])
""",
    ),
    case(
        "rows that are chosen by what the client sends",
        """
import pandas

table = pandas.read_csv("cities.csv")
rows = table
large = table

@app.post("/choose/<city>")
def choose(city):
    global rows, large
    rows = table[table["city"] == city]  # want: FGL301
    large = table[table["people"] > 1000]
    return "ok"

@app.get("/total")
def total():
    return str(rows["people"].sum() + large["people"].sum())
""",
    ),
    case(
        "the first element that a request asks for",
        """
devices = []
chosen = None

@app.post("/connect")
def connect():
    global chosen
    chosen = next((one for one in devices if one.get("id") == request.json["uuid"]), None)  # want: FGL301
    return ""

@app.post("/play")
def play():
    return chosen.play(request.json["url"])
""",
    ),
    case(
        "an element that is the same for all",
        """
devices = []
chosen = None

@app.post("/connect")
def connect():
    global chosen
    for device in devices:
        if device.state == "idle":
            chosen = device
            return device.name
    return "none"

@app.post("/play")
def play():
    return chosen.play(request.json["url"])
""",
    ),
    case(
        "a method as a function of its type",
        """
rooms = {}

class Room:
    def __init__(self):
        self.turn = 0

def find(name):
    for room in dict.values(rooms):  # want: FGL103
        if room.turn < 9:
            return room

@app.post("/<name>")
def create(name):
    rooms[name] = Room()
    return ""

@app.put("/<name>")
def move(name):
    find(name).turn += len(name)  # want: FGL101
    return ""

@app.delete("/<name>")
def close(name):
    dict.pop(rooms, name, None)
    return ""
""",
    ),
    case(
        "taken out of each table of a tuple",
        """
one, two = {}, {}

@app.post("/<key>/<word>")
def put(key, word):
    one[key] = word
    two[key] = word
    return ""

@app.delete("/<key>")
def drop(key):
    for table in (one, two):
        table.pop(key, None)
    return ""

@app.get("/<key>")
def get(key):
    return [one.get(key), two.get(key)]
""",
    ),
    case(
        "taken out of each table of a list",
        """
one, two = {}, {}

@app.post("/<key>/<word>")
def put(key, word):
    one[key] = word
    two[key] = word
    return ""

@app.delete("/<key>")
def drop(key):
    for table in [one, two]:
        table.pop(key, None)
    return ""

@app.get("/<key>")
def get(key):
    return [one.get(key), two.get(key)]
""",
    ),
    case(
        "taken out of one table of two",
        """
one, two = {}, {}

@app.post("/<key>/<word>")
def put(key, word):
    one[key] = word
    two[key] = word  # want: FGL302
    return ""

@app.delete("/<key>")
def drop(key):
    for table in (one,):
        table.pop(key, None)
    return ""

@app.get("/<key>")
def get(key):
    return [one.get(key), two.get(key)]
""",
    ),
    case(
        "names that are only printed",
        """
import logging
log = logging.getLogger(__name__)
names = []

@app.post("/")
def come():
    names.append(request.form["name"])  # want: FGL302
    print("here", names)
    log.info("%s", names)
    return ""
""",
    ),
    case(
        "names that are sent to whoever comes last",
        """
from pages import page

names = []

@app.post("/")
def come():
    names.append(request.form["name"])  # want: FGL301, FGL302
    return page("names.html", names)
""",
    ),
    case(
        "a memo without a limit",
        """
from functools import lru_cache

@lru_cache(maxsize=None)  # want: FGL302
def words(text):
    return text.upper().split(",")

@app.post("/")
def home():
    return words(request.get_data(as_text=True))
""",
    ),
    case(
        "memos with a limit and of what exists",
        """
import functools

@functools.lru_cache
def words(text):
    return text.upper().split(",")

@functools.cache
def price(name):
    return {"tea": 1}[name]

@functools.cache
def names():
    return ["tea"]

@app.post("/<name>")
def home(name):
    return [*words(request.get_data(as_text=True)), price(name), *names()]
""",
    ),
    case(
        "a thread-local value that is only set where it is missing",
        """
local = threading.local()

def language():
    if not hasattr(local, "language"):
        local.language = request.args.get("language", "en")  # want: FGL601
    return local.language

@app.get("/")
def home():
    return language()
""",
    ),
    case(
        "a thread-local value that does not come from the request",
        """
local = threading.local()

def buffer():
    if not hasattr(local, "buffer"):
        local.buffer = bytearray(100)
    return local.buffer

@app.get("/")
def home():
    return str(len(buffer()))
""",
    ),
    case(
        "a list of all that is emptied when it is long",
        """
scores = []

@app.post("/<int:score>")
def play(score):
    if len(scores) > 500:
        scores.clear()
    scores.append(score)
    return "ok"

@app.get("/")
def best():
    return {"best": max(scores)}
""",
    ),
]

KEYS = [
    case(
        "keys that are there already",
        """
stock = {"tea": 1}
seats = {"a": ""}

@app.put("/stock/<name>")
def stocked(name):
    if name not in stock:
        abort(404)
    stock[name] = request.get_json()
    return "ok"

@app.put("/seat/<seat>")
def seated(seat):
    found = seats.get(seat)
    if found is None:
        return "no", 404
    time.sleep(0)
    seats[seat] = request.get_json()  # want: FGL102
    return "ok"
""",
    ),
    case(
        "a key that is there as long as nobody takes it away",
        """
stock = {"tea": 1}

@app.put("/stock/<name>")
def stocked(name):
    if name not in stock:
        abort(404)
    time.sleep(0)
    stock[name] = request.get_json()  # want: FGL102
    return "ok"

@app.delete("/stock/<name>")
def sold_out(name):
    stock.pop(name, None)
    return "ok"
""",
    ),
    case(
        "a count of a key that is there",
        """
stock = {"tea": 1}

@app.put("/stock/<name>")
def stocked(name):
    if name not in stock:
        abort(404)
    stock[name] = stock[name] + request.get_json()  # want: FGL101
    return "ok"
""",
    ),
    case(
        "keys among literals, asked in the caller",
        """
class Levels:
    def __init__(self):
        self.kept = {}

    def put(self, color, level):
        self.kept[color] = level

levels = Levels()

@app.put("/level/<color>")
def level(color):
    if color in ("red", "green"):
        levels.put(color, request.get_json())
    return "ok"

@app.put("/other/<any(red, green):color>")
def other(color):
    levels.put(color, request.get_json())
    return "ok"
""",
    ),
    case(
        "keys that are new, and keys that are only not empty",
        """
users = {}
notes = {}

@app.post("/user/<name>")
def join(name):
    if name in users:
        abort(409)
    users[name] = request.get_json()  # want: FGL102, FGL302
    return "ok"

@app.post("/note/<name>")
def note(name):
    if not name:
        abort(400)
    notes[name] = request.get_json()  # want: FGL302
    return "ok"
""",
    ),
    case(
        "a row read and written by a repository",
        """
class Rows:
    def __init__(self):
        self.kept = {"tea": 10}

    def quantity(self, name):
        return self.kept[name]

    def update(self, name, quantity):
        self.kept[name] = quantity

rows = Rows()

@app.post("/reserve/<name>/<int:wanted>")
def reserve(name, wanted):
    left = rows.quantity(name)
    rows.update(name, left - wanted)  # want: FGL101
    return "ok"
""",
    ),
]

MEMBERS = [
    case(
        "a dict walked beside another row",
        """
names = {}

def shown(name, number):
    return f"{name} {number}"

@app.post("/<name>")
def add(name):
    names[name] = len(name)
    return "ok"

@app.delete("/<name>")
def drop(name):
    names.pop(name, None)
    return "ok"

@app.get("/")
def home():
    lines = []
    for name, number in zip(names, range(9)):  # want: FGL103
        lines.append(shown(name, number))
    return lines
""",
    ),
    case(
        "an item decides an update of the whole dict",
        """
slowest = {"name": "", "seconds": 0}

@app.get("/<name>")
def visit(name):
    took = len(name)
    if took > slowest["seconds"]:
        slowest.update(name="visit", seconds=time.time())  # want: FGL102
    return "ok"
""",
    ),
    case(
        "a module's name for a method of its object",
        """
from engine import advance

@app.post("/<by>")
def home(by):
    return str(advance(by))
# file: engine.py
class Engine:
    def __init__(self):
        self.turn = 0

    def advance(self, by):
        self.turn = self.turn + int(by)  # want: FGL101
        return self.turn

engine = Engine()
advance = engine.advance
""",
    ),
    case(
        "a local name for a method of an object of this request",
        """
class Engine:
    def __init__(self):
        self.turn = 0

    def advance(self, by):
        self.turn = self.turn + int(by)
        return self.turn

@app.post("/<by>")
def home(by):
    advance = Engine().advance
    return str(advance(by))
""",
    ),
    case(
        "an enumeration's member is set after work that an earlier test let through",
        """
import enum
import subprocess

class Phase(enum.Enum):
    IDLE = 1
    BUSY = 2

class Builder:
    phase = Phase.IDLE

builder = Builder()

@app.post("/")
def build():
    if builder.phase is not Phase.IDLE:
        abort(409)
    subprocess.run(["git", "fetch"], check=True)
    builder.phase = Phase.BUSY  # want: FGL102
    try:
        subprocess.run(["make"], check=True)
    finally:
        builder.phase = Phase.IDLE
    return "ok"
""",
    ),
    case(
        "answers that start anew at the first question",
        """
answers = []

@app.post("/quiz/<int:number>")
def quiz(number):
    if number == 0:
        answers.clear()
    answers.append(request.form["answer"])  # want: FGL301
    return {"answers": answers}
""",
    ),
    case(
        "a cache behind a method that holds its lock",
        """
from cachetools import TTLCache

class Visit:
    page = ""

class Visits:
    def __init__(self):
        self.open = TTLCache(maxsize=100, ttl=60)
        self.lock = threading.Lock()

    def begin(self, name):
        with self.lock:
            self.open[name] = Visit()

    def get(self, name):
        with self.lock:
            return self.open[name]

visits = Visits()

@app.post("/<name>")
def begin(name):
    visits.begin(name)
    return "ok"

@app.get("/<name>")
def show(name):
    return visits.get(name).page
""",
    ),
    case(
        "a pool made of a list",
        """
import sqlite3

class Pool:
    def __init__(self):
        self.idle = [sqlite3.connect("a.db", check_same_thread=False) for _ in range(4)]

    def take(self):
        found = self.idle[-1]
        self.idle.remove(found)  # want: FGL101
        return found

    def give(self, one):
        self.idle.append(one)

pool = Pool()

@app.get("/")
def home():
    one = pool.take()
    row = one.execute("SELECT 1").fetchone()
    pool.give(one)
    return str(row)
""",
    ),
]


@pytest.mark.parametrize("files", KEYS)
def test_which_keys_make_a_container_grow(files: dict[str, str], tmp_path: Path) -> None:
    assert differences(files, tmp_path) == []


@pytest.mark.parametrize("files", MEMBERS)
def test_states_and_members(files: dict[str, str], tmp_path: Path) -> None:
    assert differences(files, tmp_path) == []


@pytest.mark.parametrize("files", CHECKS)
def test_checks_and_what_they_decide(files: dict[str, str], tmp_path: Path) -> None:
    assert differences(files, tmp_path) == []


@pytest.mark.parametrize("files", HANDED_OVER)
def test_what_threads_and_hooks_are_given(files: dict[str, str], tmp_path: Path) -> None:
    assert differences(files, tmp_path) == []


@pytest.mark.parametrize("files", KEPT)
def test_what_stays_after_a_request(files: dict[str, str], tmp_path: Path) -> None:
    assert differences(files, tmp_path) == []
