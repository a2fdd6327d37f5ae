"""Code beside requests: threads, executors, other processes, queues, what runs at the end, each in a small program."""

from __future__ import annotations

from pathlib import Path

import pytest

from flaskglobals_lint.config import Config
from flaskglobals_lint.lint import lint

HEAD = """\
import threading
from threading import Event, Lock

from flask import Flask

app = Flask(__name__)
lock = Lock()

"""

CONFIG = Config(min_severity="warning", cache=False, jobs=1, select=("FGL1", "FGL4"))

CASES = {
    "drain swap": (
        "",
        """
queue = []
def worker():
    global queue
    while True:
        items = queue
        queue = []
        for x in items:
            print(x)
threading.Thread(target=worker).start()
@app.route("/")
def home():
    queue.append(1)
    return ""
""",
    ),
    "drain swap locked": (
        "",
        """
queue = []
def worker():
    global queue
    while True:
        with lock:
            items, queue = queue, []
        for x in items:
            print(x)
threading.Thread(target=worker).start()
@app.route("/")
def home():
    with lock:
        queue.append(1)
    return ""
""",
    ),
    "queue handoff": (
        "",
        """
import queue
q = queue.Queue()
results = {}
def worker():
    while True:
        item = q.get()
        results[item] = 1
threading.Thread(target=worker).start()
@app.route("/<x>")
def home(x):
    q.put(x)
    return ""
""",
    ),
    "event": (
        "",
        """
ev = Event()
@app.route("/")
def home():
    if not ev.is_set():
        ev.set()
    return ""
""",
    ),
    "event start thread": (
        "102",
        """
started = False
@app.route("/")
def home():
    global started
    if not started:
        started = True
        threading.Thread(target=work).start()
    return ""
""",
    ),
    "cli writes": (
        "",
        """
import click
total = 0
@app.cli.command("x")
def x():
    global total
    total = total + compute()
@app.route("/")
def home():
    return str(total)
""",
    ),
    "celery writes": (
        "",
        """
from celery import Celery
c = Celery()
seen = {}
@c.task
def f(k):
    seen[k] = seen.get(k, 0) + 1
@app.route("/")
def home():
    f.delay("a")
    return str(seen.get("a"))
""",
    ),
    "celery called direct": (
        "101",
        """
from celery import Celery
c = Celery()
seen = {}
@c.task
def f(k):
    seen[k] = seen.get(k, 0) + 1
@app.route("/")
def home():
    f("a")
    return ""
""",
    ),
    "atexit loop": (
        "",
        """
import atexit
clients = {}
def bye():
    for k, c in clients.items():
        c.close()
atexit.register(bye)
@app.route("/<x>")
def home(x):
    clients[x] = connect(x)
    return ""
""",
    ),
    "signal loop": (
        "",
        """
import signal
clients = {}
def bye(s, f):
    for k, c in clients.items():
        c.close()
signal.signal(signal.SIGTERM, bye)
@app.route("/<x>")
def home(x):
    clients[x] = connect(x)
    return ""
""",
    ),
    "thread loop": (
        "103",
        """
clients = {}
def bye():
    while True:
        for k, c in clients.items():
            c.ping()
threading.Thread(target=bye).start()
@app.route("/<x>")
def home(x):
    clients[x] = connect(x)
    return ""
""",
    ),
    "process pool": (
        "",
        """
from multiprocessing import Process
state = {}
def work(k):
    state[k] = state.get(k, 0) + 1
@app.route("/<x>")
def home(x):
    Process(target=work, args=(x,)).start()
    return ""
""",
    ),
    "one thread alone": (
        "",
        """
n = 0
def loop():
    global n
    while True:
        n = n + compute()
threading.Thread(target=loop).start()
""",
    ),
    "thread and reader": (
        "",
        """
n = 0
def loop():
    global n
    while True:
        n = n + compute()
threading.Thread(target=loop).start()
@app.route("/")
def home():
    return str(n)
""",
    ),
    "timer rearmed": (
        "",
        """
n = 0
def tick():
    global n
    n = n + compute()
    threading.Timer(3, tick).start()
tick()
@app.route("/")
def home():
    return str(n)
""",
    ),
    "thread per request": (
        "101",
        """
n = {}
def work():
    n["a"] = n.get("a", 0) + 1
@app.route("/")
def home():
    threading.Thread(target=work).start()
    return ""
""",
    ),
    "single worker executor": (
        "",
        """
from concurrent.futures import ThreadPoolExecutor
ex = ThreadPoolExecutor(max_workers=1)
n = {}
def work():
    n["a"] = n.get("a", 0) + 1
@app.route("/")
def home():
    ex.submit(work)
    return ""
""",
    ),
    "executor": (
        "101",
        """
from concurrent.futures import ThreadPoolExecutor
ex = ThreadPoolExecutor(max_workers=4)
n = {}
def work():
    n["a"] = n.get("a", 0) + 1
@app.route("/")
def home():
    ex.submit(work)
    return ""
""",
    ),
    "threads in loop": (
        "101",
        """
n = {}
def work():
    while True:
        n["a"] = n.get("a", 0) + 1
for i in range(4):
    threading.Thread(target=work).start()
""",
    ),
    "two jobs": (
        "101",
        """
from apscheduler.schedulers.background import BackgroundScheduler
s = BackgroundScheduler()
n = {}
def a():
    n["a"] = n.get("a", 0) + 1
def b():
    n["a"] = n.get("a", 0) + 2
s.add_job(a, "interval", seconds=1)
s.add_job(b, "interval", seconds=1)
""",
    ),
    "one job": (
        "",
        """
from apscheduler.schedulers.background import BackgroundScheduler
s = BackgroundScheduler()
n = {}
def a():
    n["a"] = n.get("a", 0) + 1
s.add_job(a, "interval", seconds=1)
@app.route("/")
def home():
    return str(n)
""",
    ),
    "manager dict": (
        "101",
        """
from multiprocessing import Manager
m = Manager()
d = m.dict()
@app.route("/")
def home():
    d["a"] = d.get("a", 0) + 1
    return ""
""",
    ),
    "join before read": (
        "",
        """
@app.route("/")
def home():
    out = {}
    def work(k):
        out[k] = 1
    ts = [threading.Thread(target=work, args=(i,)) for i in range(3)]
    for t in ts: t.start()
    for t in ts: t.join()
    return str(len(out))
""",
    ),
    "threads in loop of targets": (
        "",
        """
n = {}
m = {}
def a():
    while True:
        n["a"] = n.get("a", 0) + 1
def b():
    while True:
        m["a"] = m.get("a", 0) + 1
for target in (a, b):
    threading.Thread(target=target).start()
""",
    ),
    "threads in loop joined": (
        "",
        """
n = {}
def work():
    n["a"] = n.get("a", 0) + 1
def supervise():
    while True:
        t = threading.Thread(target=work)
        t.start()
        t.join()
threading.Thread(target=supervise).start()
""",
    ),
    "thread restarted": (
        "",
        """
n = {}
def work():
    n["a"] = n.get("a", 0) + 1
def supervise():
    t = None
    while True:
        if t is None or not t.is_alive():
            t = threading.Thread(target=work)
            t.start()
threading.Thread(target=supervise).start()
""",
    ),
    "thread of a try that ends the loop": (
        "",
        """
n = {}
def work():
    n["a"] = n.get("a", 0) + 1
def connect(sock):
    while True:
        try:
            sock.accept()
            threading.Thread(target=work).start()
            break
        except OSError:
            pass
threading.Thread(target=connect, args=(None,)).start()
""",
    ),
    "accept loop": (
        "101",
        """
n = {}
def handle(conn):
    n["a"] = n.get("a", 0) + 1
def serve(sock):
    while True:
        conn, _ = sock.accept()
        threading.Thread(target=handle, args=(conn,)).start()
threading.Thread(target=serve, args=(None,)).start()
""",
    ),
    "pool of one": (
        "",
        """
from multiprocessing.pool import ThreadPool
ex = ThreadPool(1)
n = {}
def work(x):
    n["a"] = n.get("a", 0) + 1
@app.route("/")
def home():
    ex.apply_async(work, (1,))
    return ""
""",
    ),
    "single worker attribute": (
        "",
        """
from concurrent.futures import ThreadPoolExecutor
class Jobs:
    def __init__(self):
        self.pool = ThreadPoolExecutor(max_workers=1)
        self.n = {}
    def work(self):
        self.n["a"] = self.n.get("a", 0) + 1
    def start(self):
        self.pool.submit(self.work)
jobs = Jobs()
@app.route("/")
def home():
    jobs.start()
    return ""
""",
    ),
    "a task that a constructor hands over": (
        "",
        """
from concurrent.futures import ThreadPoolExecutor
class Jobs:
    def __init__(self):
        self.pool = ThreadPoolExecutor()
        self.n = {}
        self.pool.submit(self.work)
    def work(self):
        self.n["a"] = self.n.get("a", 0) + 1
jobs = Jobs()
@app.route("/")
def home():
    return ""
""",
    ),
    "tasks that a constructor's loop hands over": (
        "101",
        """
from concurrent.futures import ThreadPoolExecutor
class Jobs:
    def __init__(self):
        self.pool = ThreadPoolExecutor()
        self.n = {}
        for _ in range(3):
            self.pool.submit(self.work)
    def work(self):
        self.n["a"] = self.n.get("a", 0) + 1
jobs = Jobs()
@app.route("/")
def home():
    return ""
""",
    ),
    "a task that a coroutine waits for": (
        "",
        """
import asyncio
n = {}
def work():
    n["a"] = n.get("a", 0) + 1
async def serve():
    loop = asyncio.get_running_loop()
    while True:
        await loop.run_in_executor(None, work)
threading.Thread(target=lambda: asyncio.run(serve())).start()
@app.route("/")
def home():
    return ""
""",
    ),
    "tasks that a coroutine starts": (
        "101",
        """
import asyncio
n = {}
def work():
    n["a"] = n.get("a", 0) + 1
async def serve():
    loop = asyncio.get_running_loop()
    await asyncio.gather(*(loop.run_in_executor(None, work) for _ in range(3)))
threading.Thread(target=lambda: asyncio.run(serve())).start()
@app.route("/")
def home():
    return ""
""",
    ),
    "tasks that requests wait for": (
        "101",
        """
import asyncio
n = {}
def work():
    n["a"] = n.get("a", 0) + 1
@app.route("/")
async def home():
    loop = asyncio.get_running_loop()
    await loop.run_in_executor(None, work)
    return ""
""",
    ),
    "single worker and request": (
        "101",
        """
from concurrent.futures import ThreadPoolExecutor
ex = ThreadPoolExecutor(max_workers=1)
n = {}
def work():
    n["a"] = n.get("a", 0) + 1
@app.route("/")
def home():
    ex.submit(work)
    n["a"] = 0
    return ""
""",
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_code_beside_requests(tmp_path: Path, name: str) -> None:
    codes, code = CASES[name]
    (tmp_path / "app.py").write_text(HEAD + code, encoding="utf-8")
    found = lint([tmp_path], CONFIG, cwd=tmp_path).findings
    assert sorted({finding.code[3:] for finding in found}) == codes.split()
