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
    found = [one for one in reported(program(WALKED % handler), tmp_path) if one.code == "FGL103"]
    assert [(one.severity, "is caught here" in one.message) for one in found] == [(told, told == "warning")]


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


STOCK = """
import redis
import urllib.request

r = redis.Redis()
seats = {"a": 4}
stock = 4

@app.post("/")
def home():
    %s
    return "ok"
"""


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ("global stock\n    if stock > 0:\n        time.sleep(1)\n        stock = stock - 1", "error"),
        ("if seats['a'] > 0:\n        time.sleep(1)\n        seats['a'] = seats['a'] - 1", "error"),
        ("n = int(r.get('n'))\n    if n > 0:\n        r.set('n', n - 1)", "error"),
        ("if r.get('n') is None:\n        r.set('n', urllib.request.urlopen('http://a').read())", "warning"),
        (
            "n = r.get('n')\n    if n:\n        return n\n    r.set('n', urllib.request.urlopen('http://a').read())",
            "warning",
        ),
        (
            "n = r.get('n')\n    if n:\n        abort(409)\n    r.set('n', urllib.request.urlopen('http://a').read())",
            "error",
        ),
    ],
)
def test_what_is_made_of_what_was_there_is_an_error(body: str, told: str, tmp_path: Path) -> None:
    assert severities(STOCK % body, tmp_path) == {("FGL102", told)}


OWN = """
class Watcher(threading.Thread):
    def __init__(self, path):
        super().__init__(daemon=True)
        self.path = path
        self.seen = 0
        self.stopping = False

    def run(self):
        while not self.stopping:
            time.sleep(1)
            self.seen = len(self.path.split()) + self.seen%s

class Deep(Watcher):
    pass

class Board:
    def __init__(self):
        self.watchers = None

    def restart(self, path):
        self.watchers = (Watcher(path), Deep(path))
        self.watchers[0].start()
        self.watchers[1].start()

board = Board()

@app.get("/")
def home():
    return str(max(board.watchers[0].seen, board.watchers[1].seen))

@app.post("/")
def add():
    board.restart("end")
    %s
    return "ok"
"""

THREADS = [
    case("what a thread counts for itself", OWN % ("", "pass")),
    case(
        "what others count for a thread",
        OWN % ("  # want: FGL101", "board.watchers[0].seen = board.watchers[0].seen + 1  # want: FGL101"),
    ),
    case(
        "what a thread counts in an object of others",
        (OWN % ("  # want: FGL101", "pass"))
        .replace("class Watcher(threading.Thread)", "class Watcher")
        .replace("super().__init__(daemon=True)", "pass")
        .replace("self.watchers[0].start()", "threading.Thread(target=self.watchers[0].run).start()"),
    ),
]


@pytest.mark.parametrize("files", THREADS)
def test_a_thread_has_its_object_for_itself(files: dict[str, str], tmp_path: Path) -> None:
    assert differences(files, tmp_path) == []


RIGHTS = """
RIGHTS = ["read"]

class Guard:
    def __init__(self, user):
        self.user = user
        self.rights = RIGHTS

    def may(self, what):
        return what in self.rights

    def allow(self, what):
        %s

@app.get("/<what>")
def home(what):
    guard = Guard("a")
    guard.allow(what)
    return str(guard.may(what) or what in RIGHTS)
"""


@pytest.mark.parametrize(
    ("body", "told"),
    [("self.user = what", set()), ("self.rights = [what]", set()), ('self.rights[0] = "write"', {"FGL501"})],
)
def test_an_attribute_that_is_bound_changes_nothing_that_it_refers_to(body: str, told: str, tmp_path: Path) -> None:
    assert {finding.code for finding in reported(program(RIGHTS % body), tmp_path)} == told


AWAITED = """
import asyncio

counts = {}

def increment(name):
    %s

@app.get("/<name>")
async def home(name):
    if counts.get(name, 0) > 9:
        abort(429)
    await asyncio.sleep(1)
    increment(name)
    return "ok"

@app.delete("/")
async def drop():
    counts.clear()
    return "ok"
"""


@pytest.mark.parametrize(
    ("body", "told"),
    [("counts[name] = counts.get(name, 0) + 1", {"FGL101"}), ("counts[name] = time.time()", {"FGL104"})],
)
def test_an_update_is_told_where_it_is_made(body: str, told: set[str], tmp_path: Path) -> None:
    assert {code for code, severity in severities(AWAITED % body, tmp_path) if severity != "info"} == told


BACKEND = """
import backends

class Manager:
    def __init__(self, backend):
        self.backend = backend

    def open(self, name):
        if name not in self.backend.handles:
            self.backend.open(name)

manager = Manager(backends.load(app.config["BACKEND"]))

@app.post("/<name>")
def home(name):
    manager.open(name)
    return "ok"
# file: %s
import time

from app import Manager

class Fake:
    def __init__(self):
        self.handles = {}

    def open(self, name):
        time.sleep(1)
        self.handles[name] = name

def test():
    Manager(Fake()).open("a")
"""


@pytest.mark.parametrize(("file", "told"), [("fake.py", True), ("tests/test_open.py", False)])
def test_what_tests_put_in_the_place_of_something_is_not_the_applications(
    file: str, told: bool, tmp_path: Path
) -> None:
    assert (
        any(one.code == "FGL102" and one.span.path == file for one in reported(program(BACKEND % file), tmp_path))
        == told
    )


@pytest.mark.parametrize(("folder", "told"), [("{{cookiecutter.name}}", "info"), ("cookies", "error")])
def test_templates_of_files_need_not_be_python(folder: str, told: str, tmp_path: Path) -> None:
    found = reported({f"{folder}/app.py": "from {{cookiecutter.name}} import app\n"}, tmp_path)
    assert [(one.code, one.severity) for one in found] == [("FGL900", told)]


LOOKED_UP = """
import urllib.request

pages = {}

def known(name):
    return pages.get(name)

def keep(name, page):
    pages[name] = page

@app.get("/<name>")
def home(name):
    page = known(name)
    if page is not None:
        %s
    page = urllib.request.urlopen(name).read()
    keep(name, page)
    return page

@app.delete("/<name>")
def drop(name):
    pages.pop(name, None)
    return "ok"
"""


@pytest.mark.parametrize(("answer", "told"), [("return page", "warning"), ("abort(409)", "error")])
def test_a_cache_behind_functions_is_a_cache(answer: str, told: str, tmp_path: Path) -> None:
    assert ("FGL102", told) in severities(LOOKED_UP % answer, tmp_path)


HELPER = """
class Prices%s:
    def __init__(self, factor):
        self.factor = factor
        %s

    def of(self, amount):
        %s
        return amount * self.factor

class Shop:
    def prices(self):
        if not hasattr(self, "helper"):
            self.helper = Prices(3)
        return self.helper

shop = Shop()

@app.get("/<int:amount>")
def home(amount):
    return str(shop.prices().of(amount))
"""


@pytest.mark.parametrize(
    ("base", "made", "used", "told"),
    [
        ("", "self.times = factor", "pass", "info"),
        ("", "self.times = factor", "self.times = amount", "warning"),
        ("", "self.names = [1] * 1000", "pass", "warning"),
        ("", "self.made = time.time()", "pass", "warning"),
        ("(threading.Thread)", "self.times = factor", "pass", "warning"),
    ],
)
def test_a_helper_without_state_may_be_made_twice(base: str, made: str, used: str, told: str, tmp_path: Path) -> None:
    assert severities(HELPER % (base, made, used), tmp_path) == {("FGL102", told)}


def test_what_is_one_for_the_program_is_made_once(tmp_path: Path) -> None:
    text = HELPER % ("", "self.times = factor", "pass")
    text = text.replace("self.helper", "helper").replace('not hasattr(self, "helper")', "helper is None")
    text = text.replace("def prices(self):", "def prices(self):\n        global helper").replace(
        "shop = ", "helper = None\nshop = "
    )
    assert severities(text, tmp_path) == {("FGL102", "warning")}
