"""Which lock is held from where to where, in all the ways in which Python code takes one."""

from __future__ import annotations

from pathlib import Path

import pytest
from test_link_cases import case, differences

HELD = [
    case(
        "with",
        """
n = 0
lock = threading.Lock()

@app.post("/")
def home():
    global n
    with lock:
        n += 1
    return "ok"
""",
    ),
    case(
        "several locks in one with",
        """
a = {"n": 0}
b = {"n": 0}
a_lock, b_lock = threading.Lock(), threading.Lock()

@app.post("/")
def home():
    with a_lock, b_lock:
        a["n"] = a["n"] + 1
        b["n"] = b["n"] + 1
    return "ok"

@app.post("/a")
def only_a():
    with a_lock:
        a["n"] = a["n"] + 1
    return "ok"

@app.post("/b")
def only_b():
    with b_lock:
        b["n"] = b["n"] + 1
    return "ok"
""",
    ),
    case(
        "acquire, try, finally release",
        """
n = 0
lock = threading.Lock()

@app.post("/")
def home():
    global n
    lock.acquire()
    try:
        n += 1
    finally:
        lock.release()
    return "ok"
""",
    ),
    case(
        "acquire inside try",
        """
n = 0
lock = threading.Lock()

@app.post("/")
def home():
    global n
    try:
        lock.acquire()
        n += 1
    finally:
        lock.release()
    return "ok"
""",
    ),
    case(
        "acquire that may fail and leaves then",
        """
n = 0
lock = threading.Lock()

@app.post("/")
def home():
    global n
    if not lock.acquire(timeout=1):
        abort(503)
    try:
        n += 1
    finally:
        lock.release()
    return "ok"
""",
    ),
    case(
        "the walrus keeps the answer",
        """
n = 0
lock = threading.Lock()

@app.post("/")
def home():
    global n
    if not (held := lock.acquire(timeout=1)):
        abort(503)
    try:
        n += 1
    finally:
        lock.release()
    return str(held)
""",
    ),
    case(
        "acquire that may fail, and the update only where it did not",
        """
n = 0
lock = threading.Lock()

@app.post("/")
def home():
    global n
    if lock.acquire(blocking=False):
        try:
            n += 1
        finally:
            lock.release()
    return "ok"
""",
    ),
    case(
        "an exit stack",
        """
import contextlib

n = 0
lock = threading.Lock()

@app.post("/")
def home():
    global n
    with contextlib.ExitStack() as stack:
        stack.enter_context(lock)
        n += 1
    return "ok"
""",
    ),
    case(
        "a decorator",
        """
import functools

n = 0
lock = threading.Lock()

def synchronized(function):
    @functools.wraps(function)
    def wrapper(*args, **kwargs):
        with lock:
            return function(*args, **kwargs)

    return wrapper

@synchronized
def bump():
    global n
    n += 1

@app.post("/")
def home():
    bump()
    return "ok"

@app.post("/view")
@synchronized
def view():
    global n
    n += 1
    return "ok"
""",
    ),
    case(
        "a decorator that is given the lock",
        """
import functools

n = 0
n_lock = threading.Lock()

def holding(lock):
    def decorate(function):
        @functools.wraps(function)
        def wrapper(*args, **kwargs):
            with lock:
                return function(*args, **kwargs)

        return wrapper

    return decorate

@holding(n_lock)
def bump():
    global n
    n += 1

@app.post("/")
def home():
    bump()
    return "ok"
""",
    ),
    case(
        "a decorator of methods takes the object's lock",
        """
import functools

def locked(method):
    @functools.wraps(method)
    def wrapper(self, *args, **kwargs):
        with self._lock:
            return method(self, *args, **kwargs)

    return wrapper

class Counter:
    def __init__(self):
        self._lock = threading.Lock()
        self.n = 0

    @locked
    def bump(self):
        self.n += 1

counter = Counter()

@app.post("/")
def home():
    counter.bump()
    return "ok"
""",
    ),
    case(
        "a context manager function",
        """
import contextlib

n = 0
lock = threading.Lock()

@contextlib.contextmanager
def locked():
    with lock:
        yield

@app.post("/")
def home():
    global n
    with locked():
        n += 1
    return "ok"
""",
    ),
    case(
        "a context manager function that is given the lock",
        """
import contextlib

n = 0
lock = threading.Lock()

@contextlib.contextmanager
def within(one):
    if not one.acquire(timeout=5):
        raise TimeoutError
    try:
        yield
    finally:
        one.release()

@app.post("/")
def home():
    global n
    with within(lock):
        n += 1
    return "ok"
""",
    ),
    case(
        "a class with enter and exit",
        """
n = 0

class Guard:
    def __init__(self):
        self._lock = threading.Lock()

    def __enter__(self):
        self._lock.acquire()
        return self

    def __exit__(self, *error):
        self._lock.release()

guard = Guard()

@app.post("/")
def home():
    global n
    with guard:
        n += 1
    return "ok"
""",
    ),
    case(
        "an object that is its own lock",
        """
class Store:
    def __init__(self):
        self._lock = threading.RLock()
        self.n = 0

    def __enter__(self):
        self._lock.acquire()
        return self

    def __exit__(self, *error):
        self._lock.release()

store = Store()

@app.post("/")
def home():
    with store as mine:
        mine.n += 1
    return "ok"
""",
    ),
    case(
        "the caller's lock",
        """
n = 0
lock = threading.Lock()

def bump():
    global n
    n += 1

def outer():
    bump()

@app.post("/a")
def a():
    with lock:
        outer()
    return "ok"

@app.post("/b")
def b():
    with lock:
        bump()
    return "ok"
""",
    ),
    case(
        "a lock in another module",
        """
from state import bump

@app.post("/")
def home():
    bump()
    return "ok"
# file: locks.py
import threading

lock = threading.Lock()
# file: state.py
import locks

n = 0

def bump():
    global n
    with locks.lock:
        n += 1
""",
    ),
    case(
        "a lock under two names",
        """
from locks import lock as mine
import locks

n = 0

@app.post("/a")
def a():
    global n
    with mine:
        n += 1
    return "ok"

@app.post("/b")
def b():
    global n
    other = locks.lock
    with other:
        n += 1
    return "ok"
# file: locks.py
import threading

lock = threading.Lock()
""",
    ),
    case(
        "the lock of the instance",
        """
class Counter:
    def __init__(self):
        self.lock = threading.Lock()
        self.n = 0

    def bump(self):
        with self.lock:
            self.n += 1

counter = Counter()

@app.post("/")
def home():
    counter.bump()
    with counter.lock:
        counter.n = counter.n + 1
    return "ok"
""",
    ),
    case(
        "the lock of the class",
        """
class Counter:
    n = 0
    lock = threading.Lock()

    def bump(self):
        with self.lock:
            Counter.n += 1

@app.post("/")
def home():
    Counter().bump()
    with Counter.lock:
        Counter.n = Counter.n + 1
    return "ok"
""",
    ),
    case(
        "a lock that a base class makes",
        """
class Locked:
    def __init__(self):
        self._lock = threading.Lock()

class Counter(Locked):
    def __init__(self):
        super().__init__()
        self.n = 0

    def bump(self):
        with self._lock:
            self.n += 1

counter = Counter()

@app.post("/")
def home():
    counter.bump()
    return "ok"
""",
    ),
    case(
        "the lock of an app factory",
        """
def create_app():
    made = Flask(__name__)
    lock = threading.Lock()
    n = 0

    @made.post("/")
    def home():
        nonlocal n
        with lock:
            n += 1
        return "ok"

    return made
""",
    ),
    *[
        case(
            f"a {kind}",
            f"""
n = 0
lock = threading.{kind}

@app.post("/")
def home():
    global n
    with lock:
        n += 1
    return "ok"
""",
        )
        for kind in ("RLock()", "Condition()", "Semaphore()", "Semaphore(1)", "BoundedSemaphore(value=1)")
    ],
    case(
        "two items of one dict have a lock each",
        """
seats = {"front": 5, "back": 5}
front_lock, back_lock = threading.Lock(), threading.Lock()

@app.post("/front")
def front():
    with front_lock:
        seats["front"] = seats["front"] - 1
    return "ok"

@app.post("/more")
def more():
    with front_lock:
        seats["front"] = seats["front"] + 1
    return "ok"

@app.post("/back")
def back():
    with back_lock:
        seats["back"] = seats["back"] - 1
    return "ok"
""",
    ),
    case(
        "a condition made of a lock is that lock",
        """
n = 0
lock = threading.Lock()
ready = threading.Condition(lock)

@app.post("/a")
def a():
    global n
    with lock:
        n += 1
    return "ok"

@app.post("/b")
def b():
    global n
    with ready:
        n += 1
        ready.notify()
    return "ok"
""",
    ),
    case(
        "double-checked locking with both checks",
        """
made = None
lock = threading.Lock()

def get():
    global made
    if made is None:
        with lock:
            if made is None:
                made = object()
    return made

@app.get("/")
def home():
    return str(get())
""",
    ),
    case(
        "double-checked locking of an item, with an early return",
        """
made = {}
lock = threading.Lock()

def get(name):
    if name in made:
        return made[name]
    with lock:
        if name not in made:
            made[name] = object()
        return made[name]

@app.get("/<name>")
def home(name):
    return str(get(name))

@app.delete("/<name>")
def drop(name):
    with lock:
        made.pop(name, None)
    return "", 204
""",
    ),
    case(
        "a lock for each key from a table that a lock guards",
        """
locks = {}
locks_lock = threading.Lock()
values = {"a": 0}

def lock_of(name):
    with locks_lock:
        if name not in locks:
            locks[name] = threading.Lock()
        return locks[name]

@app.post("/<name>")
def add(name):
    with lock_of(name):
        values[name] = values[name] + 1
    return "ok"

@app.delete("/<name>")
def drop(name):
    with locks_lock:
        locks.pop(name, None)
    return "", 204
""",
    ),
    case(
        "a loop under the lock that the writers hold",
        """
names = {}
lock = threading.Lock()

@app.post("/<name>")
def add(name):
    with lock:
        names[name] = 1
    return "ok"

@app.delete("/<name>")
def drop(name):
    with lock:
        names.pop(name, None)
    return "", 204

@app.get("/")
def show():
    with lock:
        return {name: 1 for name in names}
""",
    ),
    case(
        "siblings of one base",
        """
class Base:
    def __init__(self):
        self.n = 0
        self.lock = threading.Lock()

class Guarded(Base):
    def bump(self):
        with self.lock:
            self.n = self.n + 1

class Reset(Base):
    def reset(self):
        self.n = 0

guarded = Guarded()
resetting = Reset()

@app.post("/a")
def a():
    guarded.bump()
    return "ok"

@app.post("/b")
def b():
    resetting.reset()
    return "ok"
""",
    ),
    case(
        "wait then read is fine",
        """
n = {"a": 0}
ready = threading.Condition()

@app.post("/")
def home():
    with ready:
        while n["a"] < 1:
            ready.wait()
        n["a"] = n["a"] - 1
        ready.notify()
    return "ok"

@app.post("/put")
def put():
    with ready:
        n["a"] = n["a"] + 1
        ready.notify()
    return "ok"
""",
    ),
    case(
        "wrapt synchronized",
        """
import wrapt

n = {"a": 0}
lock = threading.Lock()

@wrapt.synchronized(lock)
def bump():
    n["a"] = n["a"] + 1

@app.post("/")
def home():
    bump()
    return "ok"
""",
    ),
    case(
        "wrapt synchronized own",
        """
from wrapt import synchronized

n = {"a": 0}

@synchronized
def bump():
    n["a"] = n["a"] + 1

@app.post("/")
def home():
    bump()
    return "ok"
""",
    ),
    case(
        "wrapt with synchronized object",
        """
from wrapt import synchronized

class Store:
    def __init__(self):
        self.n = 0

    @synchronized
    def bump(self):
        self.n = self.n + 1

    def reset(self):
        with synchronized(self):
            if self.n > 5:
                self.n = 0

store = Store()

@app.post("/")
def home():
    store.bump()
    store.reset()
    return "ok"
""",
    ),
    case(
        "rw lock",
        """
from readerwriterlock import rwlock

n = {"a": 0}
rw = rwlock.RWLockFair()

@app.post("/")
def home():
    with rw.gen_wlock():
        n["a"] = n["a"] + 1
    return "ok"

@app.get("/")
def show():
    with rw.gen_rlock():
        return str(n["a"])
""",
    ),
    case(
        "file lock module",
        """
from filelock import FileLock

n = {"a": 0}
lock = FileLock("state.lock")

@app.post("/")
def home():
    with lock.acquire(timeout=10):
        n["a"] = n["a"] + 1
    return "ok"
""",
    ),
    case(
        "fcntl",
        """
import fcntl

n = {"a": 0}

@app.post("/")
def home():
    with open("state.lock", "w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        n["a"] = n["a"] + 1
        fcntl.flock(file, fcntl.LOCK_UN)
    return "ok"
""",
    ),
]

LOST = "  # want: FGL101"
OWN_LOCK = """
n = {"a": 0}
lock = threading.Lock()

class Guard:
    def __init__(self):
        self.lock = %s

    def bump(self):
        self.add()

    def add(self):
        with self.lock:
            n["a"] = n["a"] + 1  # want: FGL101

guard = Guard()

@app.post("/")
def home():
    %s.bump()
    return "ok"
"""

NOT_HELD = [
    case(
        "another lock for the write",
        """
n = {"a": 0}
a, b = threading.Lock(), threading.Lock()

@app.post("/")
def home():
    with a:
        old = n["a"]
    with b:
        n["a"] = old + 1  # want: FGL101
    return "ok"
""",
    ),
    case(
        "another lock in another function",
        """
n = {"a": 0}
one, two = threading.Lock(), threading.Lock()

@app.post("/a")
def a():
    with one:
        n["a"] = n["a"] + 1
    return "ok"

@app.post("/b")
def b():
    with one:
        n["a"] = n["a"] + 2
    return "ok"

@app.post("/c")
def c():
    with two:
        n["a"] = n["a"] + 3  # want: FGL402
    return "ok"
""",
    ),
    case(
        "the instances have a lock each, and what they count is the class's",
        """
class Counter:
    n = 0

    def __init__(self):
        self.lock = threading.Lock()  # want: FGL401

    def bump(self):
        with self.lock:
            Counter.n = Counter.n + 1  # want: FGL101

@app.post("/")
def home():
    Counter().bump()
    return "ok"
""",
    ),
    case(
        "a lock in a default argument is one for all",
        """
n = {"a": 0}

def bump(lock=threading.Lock()):
    with lock:
        n["a"] = n["a"] + 1

@app.post("/")
def home():
    bump()
    return "ok"
""",
    ),
    case(
        "a lock for each call",
        """
n = {"a": 0}

@app.post("/")
def home():
    lock = threading.Lock()  # want: FGL401
    with lock:
        n["a"] = n["a"] + 1  # want: FGL101
    return "ok"
""",
    ),
    case(
        "a lock for each call, made by a helper",
        """
n = {"a": 0}

def make_lock():
    return threading.Lock()  # want: FGL401

@app.post("/")
def home():
    with make_lock():
        n["a"] = n["a"] + 1  # want: FGL101
    return "ok"
""",
    ),
    case(
        "a lock of the request",
        """
n = {"a": 0}

@app.before_request
def before():
    g.lock = threading.Lock()  # want: FGL401

@app.post("/")
def home():
    with g.lock:
        n["a"] = n["a"] + 1  # want: FGL101
    return "ok"
""",
    ),
    case("a lock for each object that a request makes", OWN_LOCK % ("threading.Lock()  # want: FGL401", "Guard()")),
    case("a lock of an object made at import", (OWN_LOCK % ("threading.Lock()", "guard")).replace(LOST, "")),
    case("one lock for all objects", (OWN_LOCK % ("lock", "Guard()")).replace(LOST, "")),
    case(
        "a section that ends too early",
        """
n = {"a": 0}
lock = threading.Lock()

@app.post("/")
def home():
    with lock:
        old = n["a"]
    time.sleep(1)
    with lock:
        n["a"] = old + 1  # want: FGL101
    return "ok"
""",
    ),
    case(
        "a getter and a setter that lock each for itself",
        """
class Box:
    def __init__(self):
        self._lock = threading.Lock()
        self._n = 0

    def get(self):
        with self._lock:
            return self._n

    def set(self, n):
        with self._lock:
            self._n = n

box = Box()

@app.post("/")
def home():
    box.set(box.get() + 1)  # want: FGL101
    return "ok"
""",
    ),
    case(
        "released in between by hand",
        """
n = {"a": 0}
lock = threading.Lock()

@app.post("/")
def home():
    with lock:
        old = n["a"]
        lock.release()
        time.sleep(1)
        lock.acquire()
        n["a"] = old + 1  # want: FGL101
    return "ok"
""",
    ),
    case(
        "a condition's wait lets go",
        """
n = {"a": 0}
ready = threading.Condition()

@app.post("/")
def home():
    with ready:
        old = n["a"]
        ready.wait()
        n["a"] = old + 1  # want: FGL101
    return "ok"

@app.post("/go")
def go():
    with ready:
        ready.notify_all()
    return "ok"
""",
    ),
    case(
        "an acquire whose answer nobody looks at",
        """
n = {"a": 0}
lock = threading.Lock()

@app.post("/")
def home():
    lock.acquire(timeout=1)
    n["a"] = n["a"] + 1  # want: FGL101
    return "ok"
""",
    ),
    case(
        "an acquire that is only looked at to release",
        """
n = {"a": 0}
lock = threading.Lock()

@app.post("/")
def home():
    held = lock.acquire(timeout=1)
    try:
        n["a"] = n["a"] + 1  # want: FGL101
    finally:
        if held:
            lock.release()
    return "ok"
""",
    ),
    case(
        "a test whether the lock is free takes nothing",
        """
n = {"a": 0}
lock = threading.Lock()

@app.post("/")
def home():
    while lock.locked():
        time.sleep(0.1)
    n["a"] = n["a"] + 1  # want: FGL101
    return "ok"
""",
    ),
    case(
        "a semaphore for two",
        """
n = {"a": 0}
slots = threading.BoundedSemaphore(2)

@app.post("/")
def home():
    with slots:
        n["a"] = n["a"] + 1  # want: FGL101
    return "ok"
""",
    ),
    case(
        "an event is no lock",
        """
n = {"a": 0}
free = threading.Event()

@app.post("/")
def home():
    free.wait()
    free.clear()
    n["a"] = n["a"] + 1  # want: FGL101
    free.set()
    return "ok"
""",
    ),
    case(
        "a context manager function that yields outside",
        """
import contextlib

n = {"a": 0}
lock = threading.Lock()

@contextlib.contextmanager
def locked():
    with lock:
        pass
    yield

@app.post("/")
def home():
    with locked():
        n["a"] = n["a"] + 1  # want: FGL101
    return "ok"
""",
    ),
    case(
        "a decorator that lets go before the call",
        """
import functools

n = {"a": 0}
lock = threading.Lock()

def synchronized(function):
    @functools.wraps(function)
    def wrapper(*args, **kwargs):
        with lock:
            pass
        return function(*args, **kwargs)

    return wrapper

@synchronized
def bump():
    n["a"] = n["a"] + 1  # want: FGL101

@app.post("/")
def home():
    bump()
    return "ok"
""",
    ),
    case(
        "one of two callers without the lock",
        """
n = {"a": 0}
lock = threading.Lock()

def bump():
    n["a"] = n["a"] + 1  # want: FGL101

@app.post("/a")
def a():
    with lock:
        bump()
    return "ok"

@app.post("/b")
def b():
    bump()
    return "ok"
""",
    ),
    case(
        "a thread does not inherit the lock of its starter",
        """
n = {"a": 0}
lock = threading.Lock()

def work():
    n["a"] = n["a"] + 1  # want: FGL101

@app.post("/")
def home():
    with lock:
        threading.Thread(target=work).start()
    return "ok"
""",
    ),
    case(
        "the check outside the lock",
        """
stock = {"chairs": 3}
lock = threading.Lock()

@app.post("/")
def buy():
    if stock["chairs"] > 0:
        with lock:
            stock["chairs"] -= 1  # want: FGL102
    return "ok"
""",
    ),
    case(
        "the lock around the assignment alone",
        """
made = None
lock = threading.Lock()

def get():
    global made
    if made is None:
        with lock:
            made = object()  # want: FGL102
    return made

@app.get("/")
def home():
    return str(get())
""",
    ),
    case(
        "two keys have two locks",
        """
from collections import defaultdict

locks = defaultdict(threading.Lock)
total = {"n": 0}

@app.post("/<name>")
def add(name):
    with locks[name]:
        total["n"] = total["n"] + 1  # want: FGL101
    return "ok"

@app.delete("/<name>")
def drop(name):
    locks.pop(name, None)
    return "", 204
""",
    ),
    case(
        "a reset without the lock",
        """
class Counter:
    def __init__(self):
        self._lock = threading.Lock()
        self.n = 0

    def bump(self):
        with self._lock:
            self.n += 1

    def reset(self):
        self.n = 0  # want: FGL402

counter = Counter()

@app.post("/")
def bump():
    counter.bump()
    return "ok"

@app.post("/reset")
def reset():
    counter.reset()
    return "ok"
""",
    ),
    case(
        "a loop without the lock of the writers",
        """
names = {}
lock = threading.Lock()

@app.post("/<name>")
def add(name):
    with lock:
        names[name] = 1
    return "ok"

@app.delete("/<name>")
def drop(name):
    with lock:
        names.pop(name, None)
    return "", 204

@app.get("/")
def show():
    return {name: 1 for name in names}  # want: FGL103
""",
    ),
    case(
        "a generator that goes on when the view's lock is gone",
        """
from flask import Response

names = {}
lock = threading.Lock()

@app.post("/<name>")
def add(name):
    with lock:
        names[name] = 1
    return "ok"

@app.delete("/<name>")
def drop(name):
    with lock:
        names.pop(name, None)
    return "", 204

@app.get("/")
def show():
    def lines():
        for name in names:  # want: FGL103
            yield name

    with lock:
        return Response(lines())
""",
    ),
    case(
        "the lock of another object of the class",
        """
class Counter:
    def __init__(self):
        self.lock = threading.Lock()
        self.n = 0

one, two = Counter(), Counter()

@app.post("/")
def home():
    with one.lock:
        two.n = two.n + 1  # want: FGL402
    return "ok"

@app.post("/two")
def other():
    with two.lock:
        two.n = two.n + 1
    with two.lock:
        two.n = two.n + 2
    return "ok"
""",
    ),
    case(
        "not released on an error",
        """
n = {"a": 0}
lock = threading.Lock()

@app.post("/")
def home():
    lock.acquire()  # want: FGL403
    n["a"] = n["a"] + int(request.form["n"])
    lock.release()
    return "ok"
""",
    ),
    case(
        "left with the lock",
        """
n = {"a": 0}
lock = threading.Lock()

@app.post("/")
def home():
    lock.acquire()  # want: FGL403
    if n["a"] > 5:
        return "full"
    n["a"] = n["a"] + 1
    lock.release()
    return "ok"
""",
    ),
    case(
        "exit stack with a condition",
        """
import contextlib

n = {"a": 0}
lock = threading.Lock()

@app.post("/a")
def a():
    stack = contextlib.ExitStack()
    with stack:
        if request.args:
            n["a"] = n["a"] + 1  # want: FGL101
        stack.enter_context(lock)
        n["a"] = n["a"] + 1
    n["a"] = n["a"] + 1  # want: FGL101
    return "ok"
""",
    ),
    case(
        "wait for",
        """
n = {"a": 0}
ready = threading.Condition()

@app.post("/")
def home():
    with ready:
        old = n["a"]
        ready.wait_for(lambda: n["a"] > 0)
        n["a"] = old + 1  # want: FGL101
    return "ok"
""",
    ),
    case(
        "per key lock of another key",
        """
from collections import defaultdict

locks = defaultdict(threading.Lock)
values = {}

@app.post("/<name>/<other>")
def add(name, other):
    with locks[other]:
        values[name] = values.get(name, 0) + 1  # want: FGL101
    return "ok"
""",
    ),
    case(
        "rw lock read side is not exclusive",
        """
from readerwriterlock import rwlock

n = {"a": 0}
rw = rwlock.RWLockFair()

@app.post("/")
def home():
    with rw.gen_rlock():
        n["a"] = n["a"] + 1  # want: FGL101
    return "ok"
""",
    ),
    case(
        "fasteners read side",
        """
import fasteners

n = {"a": 0}
rw = fasteners.ReaderWriterLock()

@app.post("/")
def home():
    with rw.read_lock():
        n["a"] = n["a"] + 1  # want: FGL101
    return "ok"
""",
    ),
    case(
        "fcntl shared",
        """
import fcntl

n = {"a": 0}

@app.post("/")
def home():
    with open("state.lock", "w") as file:
        fcntl.flock(file, fcntl.LOCK_SH)
        n["a"] = n["a"] + 1  # want: FGL101
    return "ok"
""",
    ),
]


@pytest.mark.parametrize("files", HELD)
def test_a_lock_that_holds(files: dict[str, str], tmp_path: Path) -> None:
    assert differences(files, tmp_path) == []


@pytest.mark.parametrize("files", NOT_HELD)
def test_a_lock_that_does_not_hold(files: dict[str, str], tmp_path: Path) -> None:
    assert differences(files, tmp_path) == []
