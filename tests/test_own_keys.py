"""Items that are set under a key which the container is known to have, and other changes that cannot come in between."""

from __future__ import annotations

from pathlib import Path

import pytest
from programs import is_loud, reported
from test_link_cases import case, differences, program

OPTIONS = """
options = {"a": 1, "b": 2}

@app.get("/options")
def show():
    return "".join([f"{key}{time.time()}" for key in options])WANT

@app.post("/options")
def change():
    data = request.get_json()
BODY
    return "changed"
"""


def change(name: str, body: str, *, walked: bool) -> object:
    """A loop over a dict, and the ``body`` of a view that changes it; ``walked``: so that the loop may fail."""
    lines = "\n".join(f"    {line}" for line in body.strip("\n").split("\n"))
    text = OPTIONS.replace("WANT", "  # want: FGL103" if walked else "").replace("BODY", lines)
    return case(name, text)


@pytest.mark.parametrize(
    "files",
    [
        change("a loop over the keys", "for key in options:\n    options[key] = data.get(key)", walked=False),
        change("a loop over keys()", "for key in options.keys():\n    options[key] = data.get(key)", walked=False),
        change("a loop over a copy", "for key in sorted(options):\n    options[key] = data.get(key)", walked=False),
        change(
            "caught", "for key in options:\n    try:\n        options[key] = data[key]\n    except KeyError:\n        continue",
            walked=False,
        ),
        change("a known key", 'key = data["key"]\nif key in options:\n    options[key] = data["value"]', walked=False),
        change("found", 'key = data["key"]\nif options.get(key):\n    options[key] = 5  # want: FGL102', walked=False),
        change("any key", 'key = data["key"]\noptions[key] = data["value"]  # want: FGL302', walked=True),
        change("a key of another dict", "for key in data:\n    options[key] = data[key]  # want: FGL302", walked=True),
        change("a key that another dict has", 'key = data["key"]\nif key in data:\n    options[key] = 5', walked=True),
        change(
            "an update of each",
            "for key in list(options):\n    options[key] = options[key] + len(data)  # want: FGL101",
            walked=False,
        ),
    ],
)  # fmt: skip
def test_items_under_keys_that_are_there(tmp_path: Path, files: dict[str, str]) -> None:
    assert differences(files, tmp_path) == []


@pytest.mark.parametrize(
    "files",
    [
        case(
            "one thread alone removes",
            """
waiting = []

def work():
    while True:
        for job in list(waiting):
            if job["done"]:
                waiting.remove(job)
        time.sleep(1)

threading.Thread(target=work).start()

@app.post("/")
def add():
    waiting.append(request.get_json())
    return "added"
""",
        ),
        case(
            "a request removes as well",
            """
waiting = []

def work():
    while True:
        if "stop" in waiting:
            waiting.remove("stop")  # want: FGL102
        time.sleep(1)

threading.Thread(target=work).start()

@app.post("/")
def drop():
    waiting.remove(request.get_json())
    return "dropped"
""",
        ),
        case(
            "the callee's own update",
            """
class Albums:
    albums = []

    @classmethod
    def of(cls, artist):
        return [album for album in cls.albums if album.artist == artist]

    @classmethod
    def drop(cls, key):
        cls.albums = [album for album in cls.albums if album.key != key]  # want: FGL101

@app.post("/<artist>")
def tidy(artist):
    for album in Albums.of(artist):
        if album.date == 0:
            Albums.drop(album.key)
    return "tidy"
""",
        ),
        case(
            "a function that an object keeps",
            """
from rq import Queue
counts = {}
queue = Queue()

class Job:
    def __init__(self, work, *args):
        object.__setattr__(self, "work", work)
        object.__setattr__(self, "args", args)

def count(name):
    counts[name] = counts.get(name, 0) + 1

@app.post("/<name>")
def start(name):
    job = Job(count, name)
    queue.enqueue(job.work, *job.args)
    return Queue.prepare_data(job.work, args=job.args)

@app.get("/")
def show():
    return counts
""",
        ),
        case(
            "an attribute set by its name",
            """
class Settings:
    def __init__(self):
        object.__setattr__(self, "hits", {})

    def hit(self, name):
        self.hits[name] = self.hits.get(name, 0) + 1  # want: FGL101

settings = Settings()

@app.post("/<name>")
def hit(name):
    settings.hit(name)
    return "hit"
""",
        ),
        case(
            "a variable of a function that a callback calls for a request",
            """
import wheels

def collect(names):
    found = {}

    def keep(item):
        if item.id not in found:
            found[item.id] = {}
        found[item.id].update(item.data)

    def forget(item):
        if item.id in found:
            del found[item.id]

    wheels.fetch(names, handler=keep, on_error=forget)
    return found

@app.get("/<name>")
def show(name):
    wheels.later(collect)
    return "soon"
""",
        ),
    ],
)  # fmt: skip
def test_others_that_cannot_come_between(tmp_path: Path, files: dict[str, str]) -> None:
    assert differences(files, tmp_path) == []


REDIS = """
import redis
import json
store = redis.Redis()

@app.get("/<name>")
def look_up(name):
    known = store.get(name)
    if known:
        return known
    made = MADE
    store.setex(name, 60, made)
    return made
"""


@pytest.mark.parametrize(("made", "severity"), [("load(name)", "warning"), ("[known, load(name)]", "error")])
def test_a_cache_in_redis_is_filled_twice(tmp_path: Path, made: str, severity: str) -> None:
    found = [f for f in reported(program(REDIS.replace("MADE", made)), tmp_path) if is_loud(f)]
    assert [f.severity for f in found] == [severity]
