"""The race rules tell the truth: what they report on the rule pages really happens there, and not beside it.

Bad examples are linted, loaded and served to two threads by Flask's test client. The first thread is held between the read and
the write that the finding points at; meanwhile the second one handles a whole request. Good examples that hold a lock are
linted and held in the same way, once with a semaphore in place of the lock that lets two threads in, once as they stand.
"""

from __future__ import annotations

import builtins
import copy
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from flask import Flask
from interleave import Between, Deadlock, Outcome, Point, Position, Within, interleave, watched_threading
from programs import reported

from flaskglobals_lint import catalogue
from flaskglobals_lint.catalogue import Example
from flaskglobals_lint.finding import Finding

UPDATE, CHECK, LOOP = "unlocked-read-modify-write", "check-then-set", "iterate-while-mutated"
CODES = {UPDATE: "FGL101", CHECK: "FGL102", LOOP: "FGL103"}


@dataclass(frozen=True, slots=True)
class Row:
    """One example of a page, what two requests make of it one after the other, and what they make of it at once.

    ``title`` is how the example's title begins. ``requests`` are what the two threads ask for, the one that is held first.
    ``look`` is evaluated in the program's main module when all is over, with a few more names (see ``Program.look``); ``setup``
    is run there before. ``finding`` counts the findings of the page's rule from the top, ``turn`` the switch points between
    its read and its write. ``walker`` is the file that the loop is in, if that is not in the program.
    """

    page: str
    title: str
    requests: tuple[str, str]
    look: str
    serial: object
    raced: object
    setup: str = ""
    finding: int = 0
    turn: int = 1
    walker: str = ""

    @property
    def id(self) -> str:
        words = re.sub(r"[^\w]+", "-", self.title.lower()).strip("-")
        return f"{CODES[self.page]}-{words}{f'-{self.finding + 1}' if self.finding else ''}"


def twice(request: str) -> tuple[str, str]:
    return request, request


COUNT_MODELS = """
made = []
Model.__init__ = lambda self: made.append(self) or setattr(self, "weights", [0.5])
"""
COUNT_SETTINGS = """
made = set()
Settings.__setattr__ = lambda self, name, value: made.add(self) or object.__setattr__(self, name, value)
"""
ONE_NAP = """
naps = iter([0])
time = type("Clock", (), {"sleep": lambda seconds: next(naps), "time": time.time})
"""
DRAIN = f"{ONE_NAP}pending = 15"

SWITCHES = [
    Row(UPDATE, "An item of a shared dict", twice("GET /"), "hits['home']", 2, 1),
    Row(UPDATE, "Slow work between read and write", twice("POST /charge"), "budget['cents']", 9800, 9900),
    Row(UPDATE, "The read and the write are in two helpers; they", twice("POST /invoice"), "_serial", 2, 1),
    Row(UPDATE, "An attribute of the view function itself", twice("GET /"), "home.calls", 2, 1),
    # `current_app` and `g` are proxies: their attributes are looked up by Python code.
    Row(UPDATE, "An attribute put on the app", twice("GET /none"), "app.served", 2, 1),
    Row(
        UPDATE,
        "A list that is rebuilt from itself",
        twice("GET /ping"),
        "len(recent)",
        3,
        2,
        setup="recent.append(time.time())",
    ),
    Row(UPDATE, "The lock is let go", twice("POST /restock"), "stock", 20, 15),
    Row(UPDATE, "Two different locks", twice("POST /vote"), "votes", 2, 1),
    Row(
        UPDATE,
        "A getter hands out the live settings",
        ("POST /maintenance", "POST /theme"),
        "get_settings()",
        {"theme": "light", "maintenance": True},
        {"theme": "dark", "maintenance": True},
    ),
    Row(
        UPDATE,
        "A getter hands out the live settings",
        ("POST /theme", "POST /maintenance"),
        "get_settings()",
        {"theme": "light", "maintenance": True},
        {"theme": "light", "maintenance": False},
        finding=1,
    ),
    Row(UPDATE, "A background thread and a request", ("call drain", "POST /job"), "pending", 6, 5, setup=DRAIN),
    Row(CHECK, "A cache that is filled on first use", twice("GET /profile/ann"), "len(sent)", 1, 2),
    Row(CHECK, "The same with `get`", twice("GET /rate"), "len(sent)", 1, 2),
    Row(CHECK, "`try` and `except KeyError`", twice("GET /terms"), "len(sent)", 1, 2),
    Row(CHECK, "A lazy singleton", twice("GET /predict"), "len(made)", 1, 2, setup=COUNT_MODELS),
    Row(CHECK, "A singleton by `__new__`", twice("GET /theme"), "len(made)", 1, 2, setup=COUNT_SETTINGS),
    Row(
        CHECK,
        "A seat",
        twice("POST /book/A1"),
        "(answers, len(sent))",
        ([200, 409], 1),
        (["KeyError", 200], 2),
    ),
    Row(
        CHECK,
        "A number in stock",
        twice("POST /buy/chair"),
        "(answers, stock['chair'])",
        ([200, 409], 0),
        ([200, 200], -1),
    ),
    Row(CHECK, "A unique name", twice("POST /join name=ann"), "answers", [200, 409], [200, 200]),
    Row(CHECK, "A value with a time to live", twice("GET /rate/EUR"), "len(sent)", 1, 2),
    Row(
        CHECK,
        "A value with a time to live",
        twice("GET /rate/EUR"),
        "bodies",
        [{"rate": 1}, {"rate": 1}],
        [{"rate": 1}, {"rate": None}],
        finding=1,
        turn=2,
    ),
    Row(
        CHECK,
        "A one-time token",
        twice("POST /redeem/secret"),
        "answers",
        [200, 404],
        ["KeyError", 200],
        setup="tokens['secret'] = True",
    ),
    Row(CHECK, "A busy flag", twice("POST /sync"), "answers", [202, 409], [202, 202]),
    Row(
        CHECK,
        "Double-checked locking without the second check",
        twice("GET /predict"),
        "len(made)",
        1,
        2,
        setup=COUNT_MODELS,
    ),
    Row(CHECK, "The lock is let go", twice("GET /terms"), "len(sent)", 1, 2),
    Row(CHECK, "The check is in one function", twice("POST /claim/ann"), "answers", [200, 409], [200, 200]),
    Row(CHECK, "The method of a singleton", twice("GET /products"), "len(sent)", 1, 2),
    Row(
        CHECK,
        "A table of locks",
        twice("POST /edit/plan"),
        "len(made)",
        1,
        2,
        setup="made = []\nreal = threading.Lock\nthreading.Lock = lambda: made.append(1) or real()",
    ),
    # `len` is such a call until the interpreter has seen the line a few times and specialised it.
    Row(
        CHECK,
        "A rate limiter of one's own",
        twice("GET /search"),
        "answers",
        [200, 429],
        [200, 200],
        setup="recent.extend([time.time()] * 99)",
        finding=1,
    ),
]
"""Bad examples in which CPython 3.11 and newer with a GIL can let another thread run between read and write."""

BYTECODES = [
    Row(UPDATE, "A counter in a module global", twice("GET /"), "page_views", 2, 1),
    Row(UPDATE, "`+=` on an item of a `defaultdict`", twice("GET /about"), "hits['about']", 2, 1),
    Row(UPDATE, "Three statements instead of one", twice("POST /ticket"), "ticket", 2, 1),
    Row(UPDATE, "The whole update is in a helper", twice("GET /"), "audit['events']", 2, 1),
    Row(UPDATE, "A local name for the shared dict", twice("GET /"), "metrics['views']", 2, 1),
    Row(UPDATE, "A method of a singleton", twice("POST /order"), "orders.value", 1002, 1001),
    Row(UPDATE, "An attribute of a class", twice("GET /"), "Stats.served", 2, 1),
    Row(UPDATE, "A variable of the app factory", twice("GET /"), "client.get('/').json", {"visits": 3}, {"visits": 2}),
    Row(UPDATE, "An attribute of another module", twice("GET /none"), "state.requests_served", 2, 1),
    Row(UPDATE, "A class-based view", twice("GET /"), "Home.served", 2, 1),
    Row(UPDATE, "A lock made by the call itself", twice("GET /"), "visits", 2, 1),
    Row(UPDATE, "A semaphore that admits two", twice("POST /export"), "exports", 2, 1),
    Row(UPDATE, "`acquire` with a timeout may fail", twice("POST /deposit"), "balance", 20, 10),
    Row(UPDATE, "The same getter", twice("POST /revise"), "get_settings()", {"revision": 3}, {"revision": 2}),
    Row(UPDATE, "A background thread and a request", ("POST /job", "call drain"), "pending", 6, 16, DRAIN, finding=1),
    Row(UPDATE, "A mutable default argument", twice("POST /number"), "next_number()", 3, 2),
    Row(UPDATE, "A variable captured by a decorator", twice("GET /"), "home.__closure__[0].cell_contents", 2, 1),
    Row(CHECK, "The check is in a helper", twice("POST /rooms name=red"), "answers", [201, 409], [201, 201]),
    Row(
        CHECK,
        "A rate limiter of one's own",
        twice("GET /search"),
        "len(recent)",
        2,
        1,
        setup="recent.append(0.0)",
    ),
]
"""Bad examples with nothing between read and write at which CPython 3.11 and newer with a GIL lets another thread run."""

CHANGED = "dictionary changed size during iteration"

LOOPS = [
    Row(
        LOOP,
        "A loop over the live dict",
        ("GET /online", "POST /leave/ann"),
        "answers, errors",
        ([200, 200], []),
        (["RuntimeError", 200], [CHANGED]),
        setup="online.update(ann=0.0, ben=0.0)",
    ),
    Row(
        LOOP,
        "A comprehension is a loop",
        ("GET /active", "DELETE /device/ann"),
        "answers, errors",
        ([200, 204], []),
        (["RuntimeError", 204], [CHANGED]),
        setup="last_seen.update(ann=0.0, ben=0.0)",
    ),
    Row(
        LOOP,
        "So is a generator expression",
        ("GET /won", "DELETE /score/ann"),
        "answers, errors",
        ([200, 204], []),
        (["RuntimeError", 204], [CHANGED]),
        setup="scores.update(ann=1, ben=2)",
    ),
    Row(
        LOOP,
        "So is a generator expression",
        ("GET /best", "DELETE /score/ann"),
        "answers, errors",
        ([200, 204], []),
        (["RuntimeError", 204], [CHANGED]),
        setup="scores.update(ann=1, ben=2)",
        finding=1,
    ),
    Row(
        LOOP,
        "A background thread clears up",
        ("call expire", "POST /token"),
        "answers, [CHANGED in error for error in errors]",
        (["StopIteration", 200], [False]),
        (["RuntimeError", 200], [True]),
        setup=f"{ONE_NAP}CHANGED = {CHANGED!r}\ntokens.update(a=0.0, b=0.0)",
    ),
    Row(
        LOOP,
        "A list does not raise",
        ("POST /publish", "POST /unsubscribe"),
        "answers, told",
        ([200, 200], ["listener", "second", "third"]),
        ([200, 200], ["listener", "third"]),
        setup="""
told = []
app.logger = type("Logger", (), {"info": lambda text, name: told.append(name)})
listeners.extend(["listener", "second", "third"])
""",
    ),
    Row(
        LOOP,
        "A sort with a key function",
        ("GET /bids", "POST /bid/3"),
        "answers, errors, len(bids)",
        ([200, 200], [], 3),
        (["ValueError", 200], ["list modified during sort"], 2),
        setup="bids.extend([{'cents': 2}, {'cents': 1}])",
    ),
    Row(
        LOOP,
        "The live dict is handed out",
        ("GET /rooms", "DELETE /rooms/red"),
        "answers, errors",
        ([200, 204], []),
        (["RuntimeError", 204], [CHANGED]),
        setup="registry.add('red'), registry.add('blue')",
    ),
    Row(
        LOOP,
        "A deep copy walks the dict",
        ("GET /settings", "DELETE /flag/red"),
        "answers, errors",
        ([200, 204], []),
        (["RuntimeError", 204], [CHANGED]),
        setup="settings['flags'].update(red=True, blue=True)",
        walker=copy.__file__,
    ),
    Row(
        LOOP,
        "Only the writers hold the lock",
        ("GET /online", "POST /leave/ann"),
        "answers, errors",
        ([200, 200], []),
        (["RuntimeError", 200], [CHANGED]),
        setup="online.update(ann=0.0, ben=0.0)",
    ),
    Row(
        LOOP,
        "A streamed response goes on",
        ("GET /events", "DELETE /event/ann"),
        "answers, errors",
        ([200, 204], []),
        (["RuntimeError", 204], [CHANGED]),
        setup="events.update(ann='new', ben='new')",
    ),
]
"""Bad examples of loops."""

COPIES = [
    Row(
        LOOP,
        "`list` copies the items",
        ("GET /online", "POST /leave/ann"),
        "answers",
        [200, 200],
        [200, 200],
        setup="online.update(ann=0.0, ben=0.0)",
    ),
    Row(
        LOOP,
        "So do `copy` and `sorted`",
        ("GET /won", "DELETE /score/ann"),
        "answers",
        [200, 204],
        [200, 204],
        setup="scores.update(ann=1, ben=2)",
    ),
    Row(
        LOOP,
        "The container is replaced as a whole",
        ("GET /rooms", "DELETE /rooms"),
        "bodies[0]",
        {"rooms": ["Lobby"]},
        {"rooms": ["Lobby"]},
    ),
]
"""Good examples of loops over what nobody changes."""

LOCKS = [
    Row(UPDATE, "One lock is held from the read to the write", twice("GET /"), "page_views", 2, 1),
    Row(UPDATE, "`acquire` and, in a `finally`", twice("POST /order"), "orders", 2, 1),
    Row(
        UPDATE,
        "The answer of `acquire` is looked at",
        twice("POST /deposit"),
        "balance == 10 * answers.count(200)",
        True,
        False,
    ),
    Row(UPDATE, "A decorator holds the lock", twice("GET /"), "served", 2, 1),
    Row(UPDATE, "The caller holds the lock", twice("POST /yes"), "tally['yes']", 2, 1),
    Row(UPDATE, "A lock of the instance", twice("POST /order"), "orders.value", 1002, 1001),
    Row(UPDATE, "The lock and the place are imported", twice("POST /order"), "totals['orders']", 2, 1),
    Row(UPDATE, "A condition holds its lock", twice("POST /enqueue"), "waiting", 2, 1),
    Row(UPDATE, "A semaphore that admits one", twice("POST /export"), "exports", 2, 1),
    Row(UPDATE, "A context manager of your own", twice("GET /"), "_state['served']", 2, 1),
    Row(UPDATE, "The read and the write are in two helpers, and", twice("POST /invoice"), "_serial", 2, 1),
    Row(UPDATE, "The place is read again under the lock", twice("POST /restock"), "stock", 20, 15),
    Row(CHECK, "One lock around the check and the write", twice("GET /rate"), "len(sent)", 1, 2),
    Row(CHECK, "Double-checked locking with both", twice("GET /predict"), "len(made)", 1, 2, setup=COUNT_MODELS),
    Row(CHECK, "A singleton by `__new__` with a lock", twice("GET /theme"), "len(made)", 1, 2, setup=COUNT_SETTINGS),
    Row(CHECK, "The stock is checked and sold", twice("POST /buy/chair"), "answers", [200, 409], [200, 200]),
    Row(
        CHECK,
        "The check and the write are in two functions",
        twice("POST /claim/ann"),
        "answers",
        [200, 409],
        [200, 200],
    ),
    Row(
        LOOP,
        "One lock is held around the iteration",
        ("GET /online", "POST /leave/ann"),
        "answers",
        [200, 200],
        ["RuntimeError", 200],
        setup="online.update(ann=0.0, ben=0.0)",
    ),
]
"""Good examples that hold a lock, and what becomes of them if that lets two threads in."""

_LOCK = re.compile(r"\bthreading\.(?:Lock|RLock|Condition|BoundedSemaphore)\(1?\)")


class Program:
    """An example program, loaded afresh from a folder, and what it has asked of other servers."""

    def __init__(self, files: Mapping[str, str], folder: Path, setup: str) -> None:
        self.sent: list[str] = []
        self._files = {Path(path).stem: (folder / path, source) for path, source in files.items()}
        self._modules: dict[str, ModuleType] = {"threading": watched_threading(), "requests": self._requests()}
        vars(self._modules["threading"])["Thread"] = lambda **named: SimpleNamespace(start=lambda: None)
        self._builtins = {**vars(builtins), "__import__": self._import}
        self.main = vars(self._load("app"))
        self.app: Flask = self.main["app"] if "app" in self.main else self.main["create_app"]()
        self.app.testing = True  # what a view raises comes out of the client
        exec(setup, self.main)

    def act(self, request: str) -> object:
        """Send a request, or call a function that runs in the background: a response, or what was raised."""
        method, target, *form = request.split()
        try:
            if method == "call":
                return self.main[target]()
            data = dict(item.split("=") for item in form)
            return self.app.test_client().open(target, method=method, data=data, buffered=True)
        except (TimeoutError, Deadlock):
            raise
        except Exception as error:
            return error

    def look(self, expression: str, results: list[Any]) -> object:
        """What can be seen when all is over, of the program's names and of the answers to the two requests."""
        errors = [result for result in results if isinstance(result, Exception)]
        names = {
            "answers": [type(result).__name__ if result in errors else result.status_code for result in results],
            "bodies": [None if result in errors else result.json for result in results],
            "errors": [str(error) for error in errors],
            "client": self.app.test_client(),
            "sent": self.sent,
        }
        return eval(expression, self.main, names)

    def _import(self, name: str, *arguments: Any) -> ModuleType:
        return self._load(name) if name in self._files or name in self._modules else __import__(name, *arguments)

    def _load(self, name: str) -> ModuleType:
        if name not in self._modules:
            file, source = self._files[name]
            module = self._modules[name] = ModuleType(name)
            vars(module).update(__file__=str(file), __builtins__=self._builtins)
            exec(compile(source, str(file), "exec"), vars(module))
        return self._modules[name]

    def _requests(self) -> ModuleType:
        """A stand-in for the library: every answer tells how many requests there have been."""
        module = ModuleType("requests")

        def send(url: str, timeout: float) -> object:
            self.sent.append(url)
            count = len(self.sent)
            return SimpleNamespace(json=lambda: {"EUR": count}, text=str(count))

        vars(module).update(get=send, post=send)
        return module


def example(row: Row, good: bool) -> Example:
    """The one example that a row is about."""
    found = [
        example
        for example in catalogue.examples(catalogue.page(row.page))
        if example.good == good and example.title.startswith(row.title)
    ]
    assert len(found) == 1, f"{len(found)} examples of {row.page}.md begin with {row.title!r}"
    return found[0]


def sources(files: Mapping[str, str]) -> dict[str, str]:
    return {path: catalogue.without_expectations(source) for path, source in files.items()}


def reported_for(row: Row, files: Mapping[str, str], folder: Path) -> Finding:
    """The finding that a row is about."""
    findings = [finding for finding in reported(files, folder) if finding.code == CODES[row.page]]
    assert len(findings) > row.finding, "the linter does not report it"
    return findings[row.finding]


def read_and_write(finding: Finding, folder: Path) -> tuple[Position, Position]:
    """Where a finding says that its place is read and written."""
    spans = {span.message: span for span in reversed(finding.related)}
    read = spans.get("the read happens here") or spans.get("read here") or finding.span
    write = spans.get("the write happens here") or finding.span
    return Position.of(read, folder), Position.of(write, folder)


def one_after_the_other(row: Row, files: Mapping[str, str], folder: Path) -> object:
    program = Program(files, folder, row.setup)
    return program.look(row.look, [program.act(request) for request in row.requests])


def at_once(row: Row, files: Mapping[str, str], folder: Path, stop: Between | Within) -> tuple[object, Outcome]:
    program = Program(files, folder, row.setup)
    outcome = interleave([lambda request=request: program.act(request) for request in row.requests], stop)
    return program.look(row.look, outcome.results), outcome


def raced(row: Row, point: Point, folder: Path) -> Between:
    """Run a bad example in both ways; the stop tells what the first thread passed between read and write."""
    files = sources(example(row, good=False).files)
    stop = Between(*read_and_write(reported_for(row, files, folder), folder), point, row.turn)
    assert one_after_the_other(row, files, folder) == row.serial
    seen, outcome = at_once(row, files, folder, stop)
    assert outcome.was_held, "no thread ran from the reported read to the reported write"
    assert seen == row.raced
    return stop


def by_id(row: Row) -> str:
    return row.id


@pytest.mark.parametrize("row", SWITCHES, ids=by_id)
def test_lost_where_a_gil_lets_another_thread_run(row: Row, tmp_path: Path) -> None:
    """The first thread is held where this very interpreter may take its turn away."""
    stop = raced(row, "switch", tmp_path)
    assert len(stop.passed) == row.turn


@pytest.mark.parametrize("row", BYTECODES, ids=by_id)
def test_lost_only_where_threads_switch_after_any_bytecode(row: Row, tmp_path: Path) -> None:
    """What a free-threaded build may do, and CPython 3.9 did: the first thread is held between two bytecodes."""
    stop = raced(row, "write", tmp_path)
    assert not stop.passed, "a newer CPython with a GIL can switch here, too"


@pytest.mark.parametrize("row", BYTECODES, ids=by_id)
def test_not_lost_where_a_gil_lets_no_other_thread_run(row: Row, tmp_path: Path) -> None:
    """The same programs on this interpreter: there is no point between read and write to hold the first thread at."""
    files = sources(example(row, good=False).files)
    stop = Between(*read_and_write(reported_for(row, files, tmp_path), tmp_path), "switch")
    seen, outcome = at_once(row, files, tmp_path, stop)
    assert stop.has_written
    assert not outcome.was_held
    assert seen == row.serial


def test_a_half_made_singleton_is_seen_where_threads_switch_after_any_bytecode(tmp_path: Path) -> None:
    """The second line that the page says makes it worse: the instance is there for all, its values are not."""
    row = next(row for row in SWITCHES if row.title == "A singleton by `__new__`")
    files = sources(example(row, good=False).files)
    instance = Position.of(reported_for(row, files, tmp_path).span, tmp_path)
    below = replace(instance, line=instance.line + 1, end_line=instance.end_line + 1)
    values = replace(below, end_column=below.end_column + len(".values"))
    seen, outcome = at_once(replace(row, look="answers"), files, tmp_path, Between(below, values, "write"))
    assert outcome.was_held
    assert seen == [200, "AttributeError"]


@pytest.mark.parametrize("row", SWITCHES, ids=by_id)
def test_the_reported_window_is_not_empty_where_threads_switch(row: Row, tmp_path: Path) -> None:
    assert reported_for(row, sources(example(row, good=False).files), tmp_path).window != "none"


@pytest.mark.parametrize("row", LOCKS, ids=by_id)
def test_a_lock_prevents_it(row: Row, tmp_path: Path) -> None:
    """A good example is reported, and loses, as soon as its lock lets two threads in; as it stands, neither."""
    files = sources(example(row, good=True).files)
    unlocked = {path: _LOCK.sub("threading.Semaphore(2)", source) for path, source in files.items()}
    finding = reported_for(row, unlocked, tmp_path)

    def stop() -> Between | Within:
        if row.page == LOOP:
            return Within(Position.of(finding.span, tmp_path))
        return Between(*read_and_write(finding, tmp_path), "write")

    seen, outcome = at_once(row, unlocked, tmp_path, stop())
    assert outcome.was_held
    assert not outcome.waited
    assert seen == row.raced

    assert one_after_the_other(row, files, tmp_path) == row.serial
    seen, outcome = at_once(row, files, tmp_path, stop())
    assert outcome.was_held
    assert outcome.waited == {1}, "the second thread never had to wait for the lock"
    assert seen == row.serial


@pytest.mark.parametrize("row", LOOPS, ids=by_id)
def test_a_loop_breaks(row: Row, tmp_path: Path) -> None:
    """The container is changed after the loop has handed out one item."""
    files = sources(example(row, good=False).files)
    finding = reported_for(row, files, tmp_path)
    loop = Position.whole(Path(row.walker)) if row.walker else Position.of(finding.span, tmp_path)
    assert one_after_the_other(row, files, tmp_path) == row.serial
    seen, outcome = at_once(row, files, tmp_path, Within(loop))
    assert outcome.was_held
    assert seen == row.raced


class EntryOfHere:
    """Holds a thread that calls a function of this name."""

    def files(self) -> set[str]:
        return set()

    def before(self, frame: object, instruction: object) -> bool:
        return False

    def after(self, frame: object, instruction: object) -> None:
        pass

    def switch(self, kind: str) -> bool:
        return kind == "entry of here"


def test_the_scheduler_ends_a_deadlock() -> None:
    threading = watched_threading()
    one, two = threading.Lock(), threading.Lock()

    def here() -> None:
        pass

    def first() -> str:
        with one:
            here()
            with two:
                return "both"

    def second() -> str:
        with two, one:
            return "both"

    outcome = interleave([first, second], EntryOfHere())
    assert outcome.was_held
    assert outcome.waited == {0, 1}
    assert isinstance(outcome.results[0], Deadlock)
    assert outcome.results[1] == "both"


@pytest.mark.parametrize("row", COPIES, ids=by_id)
def test_a_loop_over_a_copy_does_not_break(row: Row, tmp_path: Path) -> None:
    files = sources(example(row, good=True).files)
    assert one_after_the_other(row, files, tmp_path) == row.serial
    seen, outcome = at_once(row, files, tmp_path, Within(Position.whole(tmp_path / "app.py")))
    assert outcome.was_held
    assert seen == row.serial
