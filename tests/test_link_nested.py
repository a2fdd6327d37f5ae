"""Functions in functions: what their free variables refer to; what is a copy; what only tests run."""

from __future__ import annotations

from pathlib import Path

import pytest
from programs import reported
from test_link_cases import case, differences, program

BOOK = """
class Book:
    def __init__(self):
        self.pages = {}
        self.total = 0

    def write(self, name):
        self.pages[name] = name

    def read(self):
        def pages():
            found = []
            for name in self.pages:%s
                found.append(name)
            return found

        return ",".join(pages())

    def count(self):
        book = %s

        def add():
            before = book.total
            time.sleep(1)
            book.total = before + 1%s

        add()
        return "counted"

book = Book()

@app.post("/<name>")
def write(name):
    book.write(name)
    return book.count()

@app.delete("/<name>")
def drop(name):
    book.pages.pop(name, None)
    return "ok"

@app.route("/")
def read():
    return book.read()
"""

BESIDE = """
jobs = {}

class Job:
    def __init__(self, name):
        self.name = name
        self.log = []

@app.post("/<name>")
def start(name):
    job = %s

    def work():
        for line in job.log:%s
            time.sleep(1)

    threading.Thread(target=work).start()
    return "ok"

@app.put("/<name>")
def make(name):
    jobs[name] = Job(name)
    return "ok"

@app.delete("/<name>")
def clear(name):
    del jobs[name].log[:]
    jobs.pop(name, None)
    return "ok"
"""

FREE = [
    case("self and a local name of it", BOOK % ("  # want: FGL103", "self", "  # want: FGL101")),
    case("an object of its own", BOOK % ("  # want: FGL103", "Book()", "")),
    case("a job that a thread works at", BESIDE % ("jobs.get(name) or Job(name)", "  # want: FGL103")),
    case("a job of its own that a thread works at", BESIDE % ("Job(name)", "")),
]


@pytest.mark.parametrize("files", FREE)
def test_what_a_nested_function_finds_in_the_variables_around_it(files: dict[str, str], tmp_path: Path) -> None:
    assert differences(files, tmp_path) == []


SETTINGS = """
import copy

defaults = {"rows": {"a": "1"}}

def fill(values, name):
    values["rows"][name] = "2"%s
    for key in values["rows"]:%s
        values["last"] = key

class Settings:
    def __init__(self, name):
        self.values = %s
        fill(self.values, name)

@app.route("/<name>")
def home(name):
    return Settings(name).values["last"]
"""


@pytest.mark.parametrize(
    "files",
    [
        case("a deep copy", SETTINGS % ("", "", "copy.deepcopy(defaults)")),
        case("another name", SETTINGS % ("  # want: FGL302", "  # want: FGL103", "defaults")),
    ],
)
def test_an_attribute_is_no_other_name_of_what_was_copied(files: dict[str, str], tmp_path: Path) -> None:
    assert differences(files, tmp_path) == []


TESTED = """
class Store:
    def __init__(self):
        self.total = 0

    def add(self, count):
        self.keep(count)

    def keep(self, count):
        pass

store = Store()

def use(other):
    global store
    store = other

@app.post("/<int:count>")
def add(count):
    store.add(count)
    return "ok"
# file: %s
from app import Store, app, use

class Recorder(Store):
    def keep(self, count):
        self.total += int(count)

def fixture():
    use(Recorder())
    app.app_context().push()
    return app
"""


@pytest.mark.parametrize(
    ("path", "codes"), [("tests/fixtures.py", []), ("recorder.py", ["FGL101", "FGL303"])], ids=["tests", "beside"]
)
def test_what_only_tests_do_is_not_told(path: str, codes: list[str], tmp_path: Path) -> None:
    found = reported(program(TESTED % path), tmp_path)
    assert sorted({finding.code for finding in found} & {"FGL101", "FGL303"}) == codes


GROWS = """
class Room:
    def __init__(self):
        self.messages = []

rooms = {}

@app.put("/<name>")
def make(name):
    rooms[name] = Room()
    return "ok"

@app.post("/<name>")
def say(name):
    rooms[name].messages.append(request.form["text"])
    return "ok"
"""
ENDS = """
@app.delete("/<name>")
def end(name):
    rooms.pop(name, None)
    return "ok"
"""


@pytest.mark.parametrize(("text", "severity"), [(GROWS + ENDS, "info"), (GROWS, "warning")], ids=["ends", "stays"])
def test_what_an_object_holds_goes_with_it(text: str, severity: str, tmp_path: Path) -> None:
    found = {f.symbol: f.severity for f in reported(program(text), tmp_path) if f.code == "FGL302"}
    assert found["app.Room.messages"] == severity


WAITING = """
busy = False

def work():
    return sum(range(1000))

@app.post("/")
def start():
    global busy
    while busy:
        print("busy")
        %s
    busy = True%s
    work()
    busy = False
    return "ok"
"""


@pytest.mark.parametrize(
    "files",
    [
        case("waiting for a flag", WAITING % ("time.sleep(0.1)", "  # want: FGL102")),
        case("working while a flag is set", WAITING % ("work()", "")),
    ],
)
def test_a_loop_that_only_waits_is_a_check(files: dict[str, str], tmp_path: Path) -> None:
    assert differences(files, tmp_path) == []
