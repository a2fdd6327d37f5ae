"""State that is shared in roundabout ways of writing, and harmless twins of them."""

from __future__ import annotations

from pathlib import Path

import pytest
from test_link_cases import case, differences

CHECKS = [
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


@pytest.mark.parametrize("files", CHECKS)
def test_checks_and_what_they_decide(files: dict[str, str], tmp_path: Path) -> None:
    assert differences(files, tmp_path) == []


@pytest.mark.parametrize("files", HANDED_OVER)
def test_what_threads_and_hooks_are_given(files: dict[str, str], tmp_path: Path) -> None:
    assert differences(files, tmp_path) == []


@pytest.mark.parametrize("files", KEPT)
def test_what_stays_after_a_request(files: dict[str, str], tmp_path: Path) -> None:
    assert differences(files, tmp_path) == []
