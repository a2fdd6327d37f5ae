"""Values that are put right behind a check, and objects that a function has just had made: notes, and their loud twins."""

from __future__ import annotations

from pathlib import Path

import pytest
from programs import reported
from test_link_cases import case, differences, program

TAGS = """
records = {"a": {"tags": []}}

@app.post("/<name>")
def tag(name):
    record = records[name]
    %s
    if %s:
        record["tags"] = %s
    record["tags"].append(request.args["tag"])
    return "ok"

@app.put("/<name>")
def put(name):
    records[name] = request.json
    return "ok"

@app.delete("/<name>")
def drop(name):
    records.pop(name, None)
    return "ok"
"""

WANT = "[]  # want: FGL102"

REPAIRS = [
    case("a value of a wrong type", TAGS % ("pass", 'isinstance(record["tags"], str)', "[]")),
    case("a value of an unknown type", TAGS % ("pass", 'type(record.get("tags")) is not list', "[]")),
    case(
        "one type or another", TAGS % ("pass", 'isinstance(record["tags"], str) or type(record["tags"]) == int', "[]")
    ),
    case("a type and more", TAGS % ("pass", 'isinstance(record["tags"], str) or not record["tags"]', WANT)),
    case("a value that is made", TAGS % ("pass", 'isinstance(record["tags"], str)', "[time.time()]  # want: FGL102")),
    case("a missing value", TAGS % ("pass", 'not record.get("tags")', WANT)),
    case("a record filled before", TAGS % ("record.update(request.form)", 'not record.get("tags")', "[]")),
    case(
        "a record filled before something else",
        TAGS % ("record.update(request.form)\n    time.sleep(1)", 'not record.get("tags")', WANT),
    ),
    case(
        "another record filled before",
        TAGS % ('request.json.update({"a": 1})', 'not record.get("tags")', WANT),
    ),
]


@pytest.mark.parametrize("files", REPAIRS)
def test_values_put_right(files: dict[str, str], tmp_path: Path) -> None:
    assert differences(files, tmp_path) == []


JOBS = """
import itertools

class Job:
    def __init__(self, number):
        self.number = number
        self.options = {}

class Handle:
    def __init__(self, number):
        self.number = number

jobs = {}
numbers = itertools.count()

def options(number):
    return jobs[number].options

def keep(number, found):
    jobs[number].options = found

def start():
    job = Job(next(numbers))
    jobs[job.number] = job
    keep(job.number, {"state": "new"})
    return Handle(job.number)

def latest():
    return Handle(max(jobs))

@app.delete("/")
def drop():
    jobs.clear()
    return "ok"

@app.post("/")
def home():
    job = %s
    before = options(job.number)
    keep(job.number, {**before, "by": request.args["by"]})%s
    return "ok"
"""

MADE = [
    case("an object that was just made", JOBS % ("start()", "")),
    case("an object that was there", JOBS % ("latest()", "  # want: FGL101")),
    case("an object that was there or is made", JOBS % ("start()\n    job = latest()", "  # want: FGL101")),
    case("an object that nobody stored", JOBS % ("Handle(1)", "  # want: FGL101")),
]


@pytest.mark.parametrize("files", MADE)
def test_objects_just_made(files: dict[str, str], tmp_path: Path) -> None:
    assert differences(files, tmp_path) == []


BOUNDED = """
import urllib.request

from %s

found = %s

@app.get("/<key>")
def home(key):
    value = found.get(key)
    if value is None:
        value = urllib.request.urlopen(key).read()
        found[key] = value%s
    return value
"""

CACHES = [
    case(
        "a cache with a lock of its own",
        BOUNDED % ("expiringdict import ExpiringDict", "ExpiringDict(max_len=9, max_age_seconds=9)", ""),
    ),
    case("a dictionary", BOUNDED % ("time import sleep", '{"": b""}', "  # want: FGL102")),
]


@pytest.mark.parametrize("files", CACHES)
def test_fills_of_caches(files: dict[str, str], tmp_path: Path) -> None:
    assert differences(files, tmp_path) == []


def severities(text: str, folder: Path) -> set[tuple[str, str]]:
    """The race findings of a program, with their severities."""
    return {(one.code, one.severity) for one in reported(program(text), folder) if one.code < "FGL2"}


REMOVAL = """
open_files = {}
names = ["a"]

@app.post("/<name>")
def add(name):
    open_files[name] = open(name)
    names.insert(0, name)
    return "ok"

@app.delete("/<name>")
def drop(name):
    %s
    return "ok"
"""


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ("if name in open_files:\n        len(name.split())\n        del open_files[name]", "warning"),
        ("if name in open_files:\n        time.sleep(1)\n        del open_files[name]", "error"),
        ("if name in names:\n        at = names.index(name)\n        del names[at]", "error"),
        ("if name in names:\n        at = names.index(name)\n        names.pop(at)", "error"),
    ],
)
def test_what_both_want_gone_is_a_warning(body: str, told: str, tmp_path: Path) -> None:
    assert severities(REMOVAL % body, tmp_path) == {("FGL102", told)}


ONCE = """
ready = False

def prepare():
    global ready
    if ready:
        return
    len("a b".split())
    ready = True

@app.get("/")
def home():
    prepare()
    return "ok"

@app.delete("/")
def reset():
    global ready
    %s
    return "ok"
"""


@pytest.mark.parametrize(("reset", "told"), [("print(ready)", "warning"), ("ready = False", "error")])
def test_what_is_done_once_and_twice_at_worst_is_a_warning(reset: str, told: str, tmp_path: Path) -> None:
    assert severities(ONCE % reset, tmp_path) == {("FGL102", told)}


WALKED = """
users = {}

@app.post("/<name>")
def add(name):
    users[name] = time.time()
    return "ok"

@app.get("/")
def home():
    lines = []
    try:
        for name in users:
            lines.append(str(name))
    except %s
    return lines
"""


@pytest.mark.parametrize(
    ("handler", "told"),
    [
        ("(KeyError, Exception) as error:\n        print(error)", "warning"),
        ("KeyError:\n        lines = []", "error"),
        ("Exception:\n        raise", "error"),
    ],
)
def test_a_loop_whose_exception_is_caught_is_a_warning(handler: str, told: str, tmp_path: Path) -> None:
    assert severities(WALKED % handler, tmp_path) == {("FGL103", told)}


QUEUED = """
clients = ["a"]

@app.post("/<name>")
def drop(name):
    clients.remove(name)
    return "ok"

@app.get("/")
def home():
    for client in clients:
        open(client).read()
    return "ok"
"""


def test_a_loop_over_a_list_that_acts_on_its_items_is_a_warning(tmp_path: Path) -> None:
    assert ("FGL103", "warning") in severities(QUEUED, tmp_path)
