"""Caches that are filled again when they are too old, as FGL102 tells and FGL101 does not; settings that keep what they have."""

from __future__ import annotations

from pathlib import Path

import pytest
from test_link_cases import case, differences

WORK = """
import time
import urllib.request

def load(name="a"):
    return urllib.request.urlopen("http://host/" + name).read()
"""

ATTRIBUTES = (
    WORK
    + """
class Board:
    def __init__(self):
        self.rows = None
        self.made = 0
        self.asked = 0

    def show(self):
        now = time.monotonic()
        if self.rows is not None and now - self.made < 60:
            return self.rows
        rows = load()
        self.rows = rows  # want: FGL102
        self.made = now  # want: FGL102
        return rows

    def push(self):
        now = time.monotonic()
        if now - self.asked > 60:
            load("push")
            self.asked = now%s
        return "asked"

board = Board()

@app.route("/")
def home():
    return board.show()

@app.post("/")
def push():
    return board.push()
"""
)

ITEMS = (
    WORK
    + """
found = {}

@app.route("/<name>")
def home(name):
    entry = found.get(name)
    if entry and time.time() - entry["at"] < 60:
        return entry["text"]
    text = load(name)
    found[name] = {"text": text, "at": time.time()}  # want: FGL102
    return text

@app.delete("/<name>")
def drop(name):
    found.pop(name, None)
    return "ok"
"""
)

HELPERS = (
    WORK
    + """
import cache

@app.route("/<name>")
def home(name):
    text = cache.get(name)
    if text is None:
        text = load(name)
        cache.put(name, text)
    return text
# file: cache.py
import time

rows = {}

def get(name):
    entry = rows.get(name)
    if not entry:
        return None
    text, until = entry
    if time.time() > until:
        return None
    return text

def put(name, text):
    rows[name] = (text, time.time() + 60)  # want: FGL102

def forget():
    rows.clear()
"""
)

USED = (
    WORK
    + """
seen = {"user": None, "at": 0.0, "rows": None, "rows_at": 0.0}

@app.route("/")
def home():
    now = time.time()
    user = seen["user"]
    if user is None or now - seen["at"] > 10:
        user = load("user")
        seen["user"] = user  # want: FGL102
        seen["at"] = now  # want: FGL102
    if not user:
        return "nobody"
    if seen["rows"] is None or now - seen["rows_at"] > 10:
        seen["rows"] = load("rows")  # want: FGL102
        seen["rows_at"] = now
    return "rows: %d" % len(seen["rows"])
"""
)

BESIDE = (
    WORK
    + """
helper = None
until = {"end": 0.0}

@app.route("/")
def home():
    global helper
    end = float(load("end"))
    if time.time() > end:
        return "too late"
    if helper is None:
        helper = threading.Thread(target=load)  # want: FGL102
        helper.start()
    return str(helper)
"""
)

ONE_CHECK = (
    WORK
    + """
last = {}

@app.post("/<name>")
def vote(name):
    %s
    if name in last%s:
        return "no"
    load(name)
    last[name] = name  # want: FGL102
    return "yes"

@app.delete("/<name>")
def drop(name):
    last.pop(name, None)
    return "ok"
"""
)

SETTINGS = """
import os

class Settings:
    limit = 3
    port = 80
    name = "a"

    @classmethod
    def load(cls):
        cls.limit = int(os.environ.get("LIMIT", cls.limit))
        cls.port = int(os.getenv("PORT", str(cls.port)))
        cls.name = os.environ.get(cls.name, cls.name)  # want: FGL101

@app.post("/")
def reload():
    Settings.load()
    return str(Settings.limit) + Settings.name
"""

CASES = [
    case("attributes", ATTRIBUTES % "  # want: FGL102"),
    case("items", ITEMS),
    case("two in one function, which goes on with them", USED),
    case("helpers in a module of their own", HELPERS),
    case("helpers that ask for no age", HELPERS.replace("    if time.time() > until:\n        return None\n", "")
         .replace("time.time() + 60)", "time.time() + 60)  # want: FGL102")),
    case("a check of another time in the same function", BESIDE),
    case("a check that asks for no age", ONE_CHECK % ("pass", "")),
    case("settings that keep what they have", SETTINGS),
]  # fmt: skip


@pytest.mark.parametrize("files", CASES)
def test_what_is_made_again(files: dict[str, str], tmp_path: Path) -> None:
    assert differences(files, tmp_path) == []


CACHE = (
    WORK
    + """
import secrets
from flask_caching import Cache

cache = Cache(app)

@app.route("/<name>")
def home(name):
    found = cache.get(name)
    if found is None:
        found = %s
        cache.set(%s, found)
    return found
"""
)

TOLD_ONCE = (
    WORK
    + """
from flask_caching import Cache

cache = Cache(app)

@app.post("/<name>")
def remind(name):
    sent = cache.get(name)
    if not sent:
        load("send")
        cache.set(name, time.time())  # want: FGL102
    return "ok"
"""
)


@pytest.mark.parametrize(
    "files",
    [
        case("what is asked for", CACHE % ("load(name)", "name")),
        case("a token", (CACHE % ("secrets.token_hex()", "name")).replace("found)", "found)  # want: FGL102")),
        case("what one request says", (CACHE % ('request.args["a"]', '"all"')).replace("cache.get(name)", 'cache.get("all")')
             .replace("found)", "found)  # want: FGL102")),
        case("a mark that something was done", TOLD_ONCE),
        case("a store that forgets nothing", (CACHE % ("load(name)", "name")).replace("flask_caching", "redis")
             .replace("Cache", "Redis").replace("found)", "found)  # want: FGL102")),
    ],
)  # fmt: skip
def test_a_cache_is_filled_with_what_is_made_again(files: dict[str, str], tmp_path: Path) -> None:
    assert differences(files, tmp_path) == []


CLAIM = """
from redis import Redis

store = Redis()

@app.post("/<name>")
def claim(name):
    if store.get(name):
        return "taken"
    time.sleep(1)
    if store.set(name, "me"%s):
        return "mine"
    return "taken"
"""


@pytest.mark.parametrize(
    "files",
    [
        case("the store looks", CLAIM % ", nx=True"),
        case("nobody looks", (CLAIM % "").replace('"me"):', '"me"):  # want: FGL102')),
        case("the store does not look", (CLAIM % ", nx=False").replace("False):", "False):  # want: FGL102")),
    ],
)
def test_a_store_that_sets_only_what_is_missing(files: dict[str, str], tmp_path: Path) -> None:
    assert differences(files, tmp_path) == []
