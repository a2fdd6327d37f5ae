"""What takes, keeps and lets go of a lock, each in a small program: branches of ``acquire``, decorators, managers, hooks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from flaskglobals_lint.config import Config
from flaskglobals_lint.lint import lint

HEAD = """\
import threading
from collections import defaultdict
from contextlib import ExitStack, contextmanager
from functools import wraps
from threading import BoundedSemaphore, Condition, Lock, RLock, Semaphore

from flask import Flask, g, request

app = Flask(__name__)
lock = Lock()
counts = {}

"""

MANY_FLAGS = "\n".join(f"        if request.args.get('a{at}'):\n            f{at} = True" for at in range(40))
"""Each doubles what can be known of variables."""

FLAGS = """
@app.route("/")
def home():
    got = lock.acquire(timeout=1)
    try:
        f1 = False
{flags}
    finally:
        {lets_go}
    return str(counts)
"""

CONFIG = Config(min_severity="warning", cache=False, jobs=1, select=("FGL1", "FGL4"))


def case(name: str, codes: str, code: str, *, open_because: str = "") -> Any:
    """A program and the codes of its warnings; ``open_because`` says which defect of the analysis makes it fail."""
    marks = [pytest.mark.xfail(strict=True, reason=open_because)] if open_because else []
    return pytest.param(codes, code, id=name, marks=marks)


CASES = [
    case(
        "acquire-timeout-checked",
        "",
        """
@app.route("/")
def home():
    if lock.acquire(timeout=3):
        try:
            counts["a"] = counts.get("a", 0) + 1
        finally:
            lock.release()
    return ""
""",
    ),
    case(
        "acquire-timeout-unchecked",
        "101",
        """
@app.route("/")
def home():
    lock.acquire(timeout=3)
    try:
        counts["a"] = counts.get("a", 0) + 1
    finally:
        lock.release()
    return ""
""",
    ),
    case(
        "acquire-timeout-not",
        "",
        """
@app.route("/")
def home():
    if not lock.acquire(timeout=3):
        return "busy", 503
    try:
        counts["a"] = counts.get("a", 0) + 1
    finally:
        lock.release()
    return ""
""",
    ),
    case(
        "acquire-nonblocking-var",
        "",
        """
@app.route("/")
def home():
    got = lock.acquire(blocking=False)
    if not got:
        return "busy"
    try:
        counts["a"] = counts.get("a", 0) + 1
    finally:
        lock.release()
    return ""
""",
    ),
    case(
        "acquire-nonblocking-false-pos",
        "",
        """
@app.route("/")
def home():
    acquired = lock.acquire(False)
    try:
        if acquired:
            counts["a"] = counts.get("a", 0) + 1
    finally:
        if acquired:
            lock.release()
    return ""
""",
    ),
    case(
        "acquire-nonblocking-wrong-branch",
        "101",
        """
@app.route("/")
def home():
    if lock.acquire(blocking=False):
        lock.release()
    else:
        counts["a"] = counts.get("a", 0) + 1
    return ""
""",
    ),
    case(
        "locked-check",
        "101",
        """
@app.route("/")
def home():
    if not lock.locked():
        counts["a"] = counts.get("a", 0) + 1
    return ""
""",
    ),
    case(
        "rlock",
        "",
        """
rl = RLock()
def inner():
    with rl:
        counts["a"] = counts.get("a", 0) + 1
@app.route("/")
def home():
    with rl:
        inner()
    return ""
""",
    ),
    case(
        "semaphore1",
        "",
        """
s = Semaphore(1)
@app.route("/")
def home():
    with s:
        counts["a"] = counts.get("a", 0) + 1
    return ""
""",
    ),
    case(
        "semaphore3",
        "101",
        """
s = Semaphore(3)
@app.route("/")
def home():
    with s:
        counts["a"] = counts.get("a", 0) + 1
    return ""
""",
    ),
    case(
        "semaphore-const",
        "101",
        """
LIMIT = 4
s = BoundedSemaphore(LIMIT)
@app.route("/")
def home():
    with s:
        counts["a"] = counts.get("a", 0) + 1
    return ""
""",
    ),
    case(
        "per-key",
        "",
        """
locks = defaultdict(Lock)
@app.route("/<k>")
def home(k):
    with locks[k]:
        counts[k] = counts.get(k, 0) + 1
    return ""
""",
    ),
    case(
        "per-key-wrong",
        "101",
        """
locks = defaultdict(Lock)
total = 0
@app.route("/<k>")
def home(k):
    global total
    with locks[k]:
        n = total
        n = compute(n)
        total = n + 1
    return ""
""",
    ),
    case(
        "per-key-function",
        "",
        """
locks = {}
guard = Lock()
def lock_for(k):
    with guard:
        if k not in locks:
            locks[k] = Lock()
        return locks[k]
@app.route("/<k>")
def home(k):
    with lock_for(k):
        counts[k] = counts.get(k, 0) + 1
    return ""
""",
    ),
    case(
        "per-key-setdefault",
        "",
        """
locks = {}
@app.route("/<k>")
def home(k):
    with locks.setdefault(k, Lock()):
        counts[k] = counts.get(k, 0) + 1
    return ""
""",
    ),
    case(
        "two-constant-keys",
        "",
        """
locks = {"a": Lock(), "b": Lock()}
@app.route("/a")
def a():
    with locks["a"]:
        counts["a"] = counts.get("a", 0) + 1
    return ""
@app.route("/b")
def b():
    with locks["b"]:
        counts["b"] = counts.get("b", 0) + 1
    return ""
""",
    ),
    case(
        "redis-lock",
        "",
        """
import redis
r = redis.Redis()
@app.route("/")
def home():
    with r.lock("x"):
        counts["a"] = counts.get("a", 0) + 1
    return ""
""",
    ),
    case(
        "redis-lock-nonblocking",
        "",
        """
import redis
r = redis.Redis()
@app.route("/")
def home():
    l = r.lock("x", timeout=5)
    if l.acquire(blocking=False):
        try:
            counts["a"] = counts.get("a", 0) + 1
        finally:
            l.release()
    return ""
""",
    ),
    case(
        "wrapt",
        "",
        """
import wrapt
@wrapt.synchronized
def bump():
    counts["a"] = counts.get("a", 0) + 1
@app.route("/")
def home():
    bump()
    return ""
""",
    ),
    case(
        "wrapt-lock",
        "",
        """
import wrapt
@wrapt.synchronized(lock)
def bump():
    counts["a"] = counts.get("a", 0) + 1
@app.route("/")
def home():
    bump()
    return ""
""",
    ),
    case(
        "wrapt-with",
        "",
        """
import wrapt
@app.route("/")
def home():
    with wrapt.synchronized(counts):
        counts["a"] = counts.get("a", 0) + 1
    return ""
""",
    ),
    case(
        "cachetools-lock",
        "",
        """
from cachetools import cached, TTLCache
cache = TTLCache(10, 10)
@cached(cache=cache, lock=Lock())
def slow(x):
    return compute(x)
@app.route("/<x>")
def home(x):
    return slow(x)
""",
    ),
    case(
        "rwlock",
        "",
        """
from readerwriterlock import rwlock
rw = rwlock.RWLockFair()
@app.route("/")
def home():
    with rw.gen_wlock():
        counts["a"] = counts.get("a", 0) + 1
    return ""
""",
    ),
    case(
        "rwlock-read",
        "101",
        """
from readerwriterlock import rwlock
rw = rwlock.RWLockFair()
@app.route("/")
def home():
    with rw.gen_rlock():
        counts["a"] = counts.get("a", 0) + 1
    return ""
""",
    ),
    case(
        "decorator-fn",
        "",
        """
def locked(f):
    @wraps(f)
    def inner(*a, **k):
        with lock:
            return f(*a, **k)
    return inner
@app.route("/")
@locked
def home():
    counts["a"] = counts.get("a", 0) + 1
    return ""
""",
    ),
    case(
        "decorator-arg",
        "",
        """
def locked(l):
    def deco(f):
        @wraps(f)
        def inner(*a, **k):
            with l:
                return f(*a, **k)
        return inner
    return deco
@app.route("/")
@locked(lock)
def home():
    counts["a"] = counts.get("a", 0) + 1
    return ""
""",
    ),
    case(
        "decorator-acquire",
        "",
        """
def locked(f):
    @wraps(f)
    def inner(*a, **k):
        lock.acquire()
        try:
            return f(*a, **k)
        finally:
            lock.release()
    return inner
@app.route("/")
@locked
def home():
    counts["a"] = counts.get("a", 0) + 1
    return ""
""",
    ),
    case(
        "decorator-class",
        "",
        """
class Locked:
    def __init__(self, f):
        self.f = f
        self.lock = Lock()
    def __call__(self, *a, **k):
        with self.lock:
            return self.f(*a, **k)
@Locked
def bump():
    counts["a"] = counts.get("a", 0) + 1
@app.route("/")
def home():
    bump()
    return ""
""",
    ),
    case(
        "decorator-class-arg",
        "",
        """
class Locked:
    def __init__(self, l):
        self.lock = l
    def __call__(self, f):
        @wraps(f)
        def inner(*a, **k):
            with self.lock:
                return f(*a, **k)
        return inner
@Locked(lock)
def bump():
    counts["a"] = counts.get("a", 0) + 1
@app.route("/")
def home():
    bump()
    return ""
""",
    ),
    case(
        "decorator-method-self",
        "",
        """
def synchronized(method):
    @wraps(method)
    def inner(self, *a, **k):
        with self._lock:
            return method(self, *a, **k)
    return inner
class Store:
    def __init__(self):
        self._lock = Lock()
        self.n = {}
    @synchronized
    def bump(self):
        self.n["a"] = self.n.get("a", 0) + 1
store = Store()
@app.route("/")
def home():
    store.bump()
    return ""
""",
    ),
    case(
        "decorator-lock-per-function",
        "101",
        """
def locked(f):
    l = Lock()
    @wraps(f)
    def inner(*a, **k):
        with l:
            return f(*a, **k)
    return inner
@locked
def one():
    counts["a"] = counts.get("a", 0) + 1
@locked
def two():
    counts["a"] = counts.get("a", 0) + 1
@app.route("/1")
def r1():
    one()
    return ""
@app.route("/2")
def r2():
    two()
    return ""
""",
        open_because="locks of one variable of a decorator are not told apart by the function",
    ),
    case(
        "exitstack-callback",
        "",
        """
@app.route("/")
def home():
    with ExitStack() as stack:
        lock.acquire()
        stack.callback(lock.release)
        counts["a"] = counts.get("a", 0) + 1
    return ""
""",
    ),
    case(
        "exitstack-enter",
        "",
        """
@app.route("/")
def home():
    with ExitStack() as stack:
        stack.enter_context(lock)
        counts["a"] = counts.get("a", 0) + 1
    return ""
""",
    ),
    case(
        "contextmanager",
        "",
        """
@contextmanager
def held():
    lock.acquire()
    try:
        yield
    finally:
        lock.release()
@app.route("/")
def home():
    with held():
        counts["a"] = counts.get("a", 0) + 1
    return ""
""",
    ),
    case(
        "contextmanager-timeout",
        "",
        """
@contextmanager
def held(t):
    if not lock.acquire(timeout=t):
        raise TimeoutError
    try:
        yield
    finally:
        lock.release()
@app.route("/")
def home():
    with held(3):
        counts["a"] = counts.get("a", 0) + 1
    return ""
""",
    ),
    case(
        "contextmanager-maybe",
        "101",
        """
@contextmanager
def held(t):
    got = lock.acquire(timeout=t)
    try:
        yield got
    finally:
        if got:
            lock.release()
@app.route("/")
def home():
    with held(3):
        counts["a"] = counts.get("a", 0) + 1
    return ""
""",
    ),
    case(
        "contextmanager-maybe-checked",
        "",
        """
@contextmanager
def held(t):
    got = lock.acquire(timeout=t)
    try:
        yield got
    finally:
        if got:
            lock.release()
@app.route("/")
def home():
    with held(3) as got:
        if got:
            counts["a"] = counts.get("a", 0) + 1
    return ""
""",
    ),
    case(
        "before-request",
        "",
        """
@app.before_request
def take():
    lock.acquire()
@app.teardown_request
def give(e):
    lock.release()
@app.route("/")
def home():
    counts["a"] = counts.get("a", 0) + 1
    return ""
""",
    ),
    case(
        "value-get-lock",
        "",
        """
from multiprocessing import Value
n = Value("i", 0)
@app.route("/")
def home():
    with n.get_lock():
        n.value += 1
    return ""
""",
    ),
    case(
        "value-no-lock",
        "101",
        """
from multiprocessing import Value
n = Value("i", 0)
@app.route("/")
def home():
    n.value += 1
    return ""
""",
    ),
    case(
        "cond-wait-join",
        "",
        """
cond = Condition()
@app.route("/")
def home():
    with cond:
        while not counts.get("ready"):
            cond.wait()
        counts["a"] = counts.get("a", 0) + 1
    return ""
""",
    ),
    case(
        "cond-wait-between",
        "101",
        """
cond = Condition()
@app.route("/")
def home():
    with cond:
        n = counts.get("a", 0)
        cond.wait()
        counts["a"] = n + 1
    return ""
""",
    ),
    case(
        "context-intersection",
        "101",
        """
def bump():
    counts["a"] = counts.get("a", 0) + 1
@app.route("/a")
def a():
    with lock:
        bump()
    return ""
@app.route("/b")
def b():
    bump()
    return ""
""",
    ),
    case(
        "context-intersection-ok",
        "",
        """
def bump():
    counts["a"] = counts.get("a", 0) + 1
@app.route("/a")
def a():
    with lock:
        bump()
    return ""
@app.route("/b")
def b():
    with lock:
        bump()
    return ""
""",
    ),
    case(
        "portalocker",
        "",
        """
import portalocker
@app.route("/")
def home():
    with portalocker.Lock("/tmp/x"):
        counts["a"] = counts.get("a", 0) + 1
    return ""
""",
    ),
    case(
        "filelock",
        "",
        """
from filelock import FileLock
@app.route("/")
def home():
    with FileLock("/tmp/x"):
        counts["a"] = counts.get("a", 0) + 1
    return ""
""",
    ),
    case(
        "reacquire-in-with-rlock",
        "",
        """
rl = RLock()
@app.route("/")
def home():
    with rl:
        rl.acquire()
        counts["a"] = counts.get("a", 0) + 1
        rl.release()
    return ""
""",
    ),
    case(
        "release-reacquire-in-with",
        "",
        """
@app.route("/")
def home():
    with lock:
        n = 1
        lock.release()
        try:
            slow()
        finally:
            lock.acquire()
        counts["a"] = counts.get("a", 0) + 1
    return ""
""",
    ),
    case(
        "release-reacquire-split",
        "101",
        """
@app.route("/")
def home():
    with lock:
        n = counts.get("a", 0)
        lock.release()
        slow()
        lock.acquire()
        counts["a"] = n + 1
    return ""
""",
    ),
    case(
        "lock-in-g",
        "101 401",
        """
@app.before_request
def b():
    g.lock = Lock()
@app.route("/")
def home():
    with g.lock:
        counts["a"] = counts.get("a", 0) + 1
    return ""
""",
    ),
    case(
        "lock-in-extensions",
        "",
        """
app.extensions["lock"] = Lock()
@app.route("/")
def home():
    with app.extensions["lock"]:
        counts["a"] = counts.get("a", 0) + 1
    return ""
""",
    ),
    case(
        "lock-class-attr",
        "",
        """
class S:
    _lock = Lock()
    n = {}
    @classmethod
    def bump(cls):
        with cls._lock:
            cls.n["a"] = cls.n.get("a", 0) + 1
@app.route("/")
def home():
    S.bump()
    return ""
""",
    ),
    case(
        "lock-via-getattr-default",
        "",
        """
class S:
    def __init__(self):
        self.lock = Lock()
        self.n = {}
    def bump(self):
        with getattr(self, "lock"):
            self.n["a"] = self.n.get("a", 0) + 1
s = S()
@app.route("/")
def home():
    s.bump()
    return ""
""",
    ),
    case(
        "lock-mixin",
        "",
        """
class Locked:
    def __init__(self):
        self.lock = Lock()
    def __enter__(self):
        self.lock.acquire()
        return self
    def __exit__(self, *a):
        self.lock.release()
class S(Locked):
    def __init__(self):
        super().__init__()
        self.n = {}
s = S()
@app.route("/")
def home():
    with s:
        s.n["a"] = s.n.get("a", 0) + 1
    return ""
""",
    ),
    case(
        "lock-async-in-sync",
        "104 404",
        """
import asyncio
al = asyncio.Lock()
@app.route("/")
async def home():
    async with al:
        n = counts.get("a", 0)
        await x()
        counts["a"] = n + 1
    return ""
""",
    ),
    case(
        "try-acquire-loop",
        "",
        """
import time
@app.route("/")
def home():
    while not lock.acquire(blocking=False):
        time.sleep(0.1)
    try:
        counts["a"] = counts.get("a", 0) + 1
    finally:
        lock.release()
    return ""
""",
    ),
    case(
        "walrus",
        "",
        """
@app.route("/")
def home():
    if (got := lock.acquire(timeout=1)):
        try:
            counts["a"] = counts.get("a", 0) + 1
        finally:
            lock.release()
    return ""
""",
    ),
    case(
        "gevent-sem",
        "",
        """
from gevent.lock import BoundedSemaphore
s = BoundedSemaphore(1)
@app.route("/")
def home():
    with s:
        counts["a"] = counts.get("a", 0) + 1
    return ""
""",
    ),
    case(
        "mp-lock",
        "",
        """
from multiprocessing import Lock as ML
s = ML()
@app.route("/")
def home():
    with s:
        counts["a"] = counts.get("a", 0) + 1
    return ""
""",
    ),
    case(
        "lock-returned-by-property",
        "",
        """
class S:
    def __init__(self):
        self._l = Lock()
        self.n = {}
    @property
    def mutex(self):
        return self._l
s = S()
@app.route("/")
def home():
    with s.mutex:
        s.n["a"] = s.n.get("a", 0) + 1
    return ""
""",
    ),
    case(
        "nullcontext",
        "101",
        """
from contextlib import nullcontext
@app.route("/")
def home():
    with nullcontext():
        counts["a"] = counts.get("a", 0) + 1
    return ""
""",
    ),
    case(
        "blueprint-hook",
        "101",
        """
from flask import Blueprint
bp = Blueprint("b", __name__)
@bp.before_request
def take():
    lock.acquire()
@bp.teardown_request
def give(e):
    lock.release()
@app.route("/")
def home():
    counts["a"] = counts.get("a", 0) + 1
    return ""
""",
    ),
    case(
        "hook-lets-another-lock-go",
        "101",
        """
other = Lock()
@app.before_request
def take():
    with lock:
        pass
@app.teardown_request
def give(e):
    pass
@app.route("/")
def home():
    counts["a"] = counts.get("a", 0) + 1
    return ""
""",
    ),
    case(
        "stack-lets-another-lock-go",
        "403",
        """
other = Lock()
@app.route("/")
def home():
    with ExitStack() as stack:
        lock.acquire()
        stack.callback(other.release)
        counts["a"] = counts.get("a", 0) + 1
    return ""
""",
    ),
    case(
        "wrapt-with-two-objects",
        "402",
        """
import wrapt
others = {}
@app.route("/")
def home():
    with wrapt.synchronized(counts):
        counts["a"] = counts.get("a", 0) + 1
    with wrapt.synchronized(counts):
        counts["b"] = counts.get("b", 0) + 1
    return ""
@app.route("/b")
def b():
    with wrapt.synchronized(others):
        counts["a"] = counts.get("a", 0) + 1
    return ""
""",
    ),
    case(
        "decorator-object-without-lock",
        "101",
        """
class Logged:
    def __init__(self, l):
        self.lock = l
    def __call__(self, f):
        @wraps(f)
        def inner(*a, **k):
            with self.lock:
                log()
            return f(*a, **k)
        return inner
@Logged(lock)
def bump():
    counts["a"] = counts.get("a", 0) + 1
@app.route("/")
def home():
    bump()
    return ""
""",
    ),
    case(
        "contextmanager-maybe-other-variable",
        "101",
        """
@contextmanager
def held(t):
    got = lock.acquire(timeout=t)
    try:
        yield got
    finally:
        if got:
            lock.release()
@app.route("/")
def home():
    with held(3) as got:
        if request.args:
            counts["a"] = counts.get("a", 0) + 1
    return ""
""",
    ),
    case(
        "contextmanager-maybe-after",
        "101",
        """
@contextmanager
def held(t):
    got = lock.acquire(timeout=t)
    try:
        yield got
    finally:
        if got:
            lock.release()
@app.route("/")
def home():
    with held(3) as got:
        if got:
            pass
    counts["a"] = counts.get("a", 0) + 1
    return ""
""",
    ),
    case("flags beside an attempt", "", FLAGS.format(flags=MANY_FLAGS, lets_go="if got: lock.release()")),
    case(
        "flags beside an attempt that nobody ends",
        "403",
        FLAGS.format(flags=MANY_FLAGS, lets_go="if f1: lock.release()"),
    ),
]


@pytest.mark.parametrize(("codes", "code"), CASES)
def test_locks(tmp_path: Path, codes: str, code: str) -> None:
    (tmp_path / "app.py").write_text(HEAD + code, encoding="utf-8")
    found = lint([tmp_path], CONFIG, cwd=tmp_path).findings
    assert sorted({finding.code[3:] for finding in found}) == codes.split()
