"""What becomes of objects that are given to what runs beside requests: threads of the project's own classes, arguments of
what is started, methods that a table keeps, and methods that a base class leaves to others."""

from __future__ import annotations

from pathlib import Path

import pytest
from test_link_cases import case, differences

THREADS = [
    case(
        "a thread class that hands its target on",
        """
class Job(threading.Thread):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.made = time.time()

    def run(self):
        with app.app_context():
            super().run()

seen = {}

def watch(name):
    for one in seen:  # want: FGL103
        print(one, open(one).read())

@app.post("/<name>")
def start(name):
    Job(target=watch, args=(name,)).start()
    seen.pop(name, None)
    return "ok"
""",
    ),
    case(
        "a thread class that runs something else than its target",
        """
class Job(threading.Thread):
    def run(self):
        print("nothing")

seen = {}

def watch(name):
    for one in seen:
        print(one, open(one).read())

@app.post("/<name>")
def start(name):
    Job(target=watch, args=(name,)).start()
    seen.pop(name, None)
    return "ok"
""",
    ),
    case(
        "a thread class that gives its base a method of its own",
        """
seen = {}

class Watch(threading.Thread):
    def __init__(self):
        super().__init__(target=self.work, daemon=True)

    def work(self):
        for one in seen:  # want: FGL103
            print(one, open(one).read())

class Sweep(threading.Thread):
    def __init__(self):
        threading.Thread.__init__(self, None, self.work)

    def work(self):
        for one in seen:  # want: FGL103
            print(one, open(one).read())

@app.post("/<name>")
def start(name):
    seen.pop(name, None)
    return "ok"

Watch().start()
Sweep().start()
""",
    ),
    case(
        "what such a thread counts for itself",
        """
class Job(threading.Thread):
    def __init__(self, path):
        super().__init__(target=self.work)
        self.path = path
        self.total = 0
        self.steps = {}

    def work(self):
        for line in open(self.path):
            self.total = self.total + int(line)
            if line not in self.steps:
                self.steps[line] = open(line)

@app.post("/<name>")
def start(name):
    Job(name).start()
    return "ok"
""",
    ),
]

STORE = """
class Store:
    def __init__(self):
        self.queues = []

    def publish(self, item):
        for queue in self.queues:  # want: FGL103
            queue.put(item)

    def listen(self, queue):
        self.queues.append(queue)
        self.queues.remove(queue)

store = Store()

@app.post("/<name>")
def listen(name):
    store.listen(make(name))
    return "ok"
"""

ARGUMENTS = [
    case(
        "an object that a thread's function is given",
        STORE
        + """
def update(where):
    while True:
        where.publish(1)

threading.Thread(target=update, args=(store,)).start()
""",
    ),
    case(
        "an object that a thread's function is given by name",
        STORE
        + """
def update(seconds, where=None):
    while True:
        where.publish(1)

threading.Thread(target=update, args=(5,), kwargs={"where": store}).start()
""",
    ),
    case(
        "an object that an executor's task is given",
        STORE
        + """
import concurrent.futures

def update(seconds, where):
    while True:
        where.publish(seconds)

pool = concurrent.futures.ThreadPoolExecutor()
pool.submit(update, 5, where=store)
""",
    ),
    case(
        "an object that a partial of a thread's function has",
        STORE
        + """
from functools import partial

def update(where, seconds):
    while True:
        where.publish(seconds)

threading.Thread(target=partial(update, store, seconds=5)).start()
""",
    ),
    case(
        "an object that a constructor hands on to its base's",
        """
class Names:
    def __init__(self):
        self.files = {}

    def add(self, name):
        if name not in self.files:
            self.files[name] = open(name)  # want: FGL102

class Feed:
    def __init__(self, seconds, where, more=None):
        self.where = where
        self.more = more

    def tell(self):
        self.where.add(request.args["name"])

class News(Feed):
    def __init__(self, title, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.title = title

news = News("a", 5, Names())

@app.get("/")
def tell():
    news.tell()
    return "ok"
""",
    ),
    case(
        "a keyword that a constructor hands on to its base's",
        STORE.replace("  # want: FGL103", "")
        + """
class Counts:
    def __init__(self):
        self.named = {}

    def add(self, name):
        self.named[name] = self.named.get(name, 0) + len(open(name).read())  # want: FGL101

class Feed:
    def __init__(self, seconds, more=None, where=None):
        self.where = where
        self.more = more

    def tell(self, name):
        self.more.add(name)

class News(Feed):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)

class Late(News):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)

news = Late(5, where=store, more=Counts())

@app.get("/<name>")
def tell(name):
    news.tell(name)
    return "ok"
""",
    ),
    case(
        "an object of its own that a thread's function is given",
        STORE.replace("  # want: FGL103", "")
        + """
def update(where):
    while True:
        where.publish(1)

@app.get("/")
def start():
    threading.Thread(target=update, args=(Store(),)).start()
    return "ok"
""",
    ),
]

EVENTS = """
class Events:
    def __init__(self):
        self.named = dict()

    def trigger(self, name):
        self.named.setdefault(name, []).append(1)  # {trigger}

    def collect(self):
        for name in self.named:  # {collect}
            print(name, open(name).read())

class Clock:
    def __init__(self):
        self.listeners = []

    def listen(self, callback, every):
        self.listeners.append((every, callback))  # {listen}

    def tick(self):
        {tick}

clock = Clock()

def main():
    while True:
        clock.tick()

threading.Thread(target=main).start()
"""
KEPT = """
events = Events()
clock.listen(events.collect, 5)

@app.post("/<name>")
def trigger(name):
    events.trigger(name)
    return "ok"
"""
OWN = """
@app.post("/<name>")
def trigger(name):
    events = Events()
    clock.listen(events.collect, 5)
    events.trigger(name)
    return "ok"
"""
ROWS = "for row in self.listeners: row[1]()"
UNPACKED = "for every, callback in self.listeners: callback()"
SHARED = {"trigger": "want: FGL302", "collect": "want: FGL103", "listen": ""}

TABLES = [
    case("a method that a row of a table keeps", EVENTS.format(tick=ROWS, **SHARED) + KEPT),
    case("a method that an unpacked row of a table keeps", EVENTS.format(tick=UNPACKED, **SHARED) + KEPT),
    case(
        "a method of an object that one request has",
        EVENTS.format(tick=ROWS, trigger="", collect="", listen="want: FGL302") + OWN,
    ),
]

NODES = """
class Node:
    def __init__(self):
        self._service = make_nothing()

    def create(self):
        {left}

    def service(self):
        return self._service

    def renew(self):
        self._service = self.create()

class Local(Node):
    def create(self):
        return Service()

class Service:
    def __init__(self):
        self.logs = set()

    def texts(self):
        return [open(log).read() for log in self.logs]{want}

    def drop(self, name):
        self.logs.discard(name)

node = Local()

@app.get("/")
def logs():
    return node.service().texts()

@app.post("/<name>")
def drop(name):
    node.service().drop(name)
    return "ok"
"""

NOT_MADE = "raise NotImplementedError"
TOLD = f'"""Make it."""\n        {NOT_MADE}("by the others")'

LEFT_OPEN = [
    case("a method that only raises", NODES.format(left=NOT_MADE, want="  # want: FGL103")),
    case("a method that also says why", NODES.format(left=TOLD, want="  # want: FGL103")),
    case("a method that gives something itself", NODES.format(left="return open_service()", want="")),
]


GETTERS = """
class Config:
    def __init__(self):
        self.allowed = "a,b"
        self.denied = "x"

    def list_allowed(self):
        return self.allowed.split(",")

    def list_denied(self):
        return self.denied.split(",")

config = Config()

def added(element, listed):
    if element:
        elements = listed()
    return ",".join([*elements, element])

@app.post("/")
def add():
    config.allowed = added(request.form["x"], config.{getter})  # {want}
    return "ok"
"""

ASKED = [
    case(
        "a method that a helper calls to learn what to change",
        GETTERS.format(getter="list_allowed", want="want: FGL101"),
    ),
    case("a method that tells something else", GETTERS.format(getter="list_denied", want="")),
]


@pytest.mark.parametrize("program", ASKED)
def test_what_a_handed_method_reads(program: dict[str, str], tmp_path: Path) -> None:
    assert not differences(program, tmp_path)


WORK = """
import subprocess

class Worker:
    def __init__(self):
        self.running = False

    def available(self):
        return not self.running

    def work(self, link):
        self.running = {mark}  # {want}
        {does}

    def reset(self):
        self.running = {rest}

worker = Worker()

@app.post("/")
def convert():
    if worker.available():
        worker.work(request.form["url"])
        worker.reset()
    return "ok"
"""
FETCHES = 'subprocess.call(["fetch", link])'

MARKS = [
    case(
        "work that is marked as begun where it is done",
        WORK.format(mark="True", rest="False", does=FETCHES, want="want: FGL102"),
    ),
    case("a mark of what is ready for good", WORK.format(mark="True", rest="True", does=FETCHES, want="")),
    case("a mark where nothing else is done", WORK.format(mark="True", rest="False", does="return link", want="")),
    case("what the holder of the mark takes back", WORK.format(mark="False", rest="True", does=FETCHES, want="")),
]

TAKEN = """
jobs = []

def worker():
    while True:
        if jobs:
            time.sleep(1)
            {take}

threading.Thread(target=worker).start()

@app.post("/<name>")
def add(name):
    jobs.{add}
    return "ok"
"""
COUNTED = """
jobs = []

def worker():
    while True:
        for job in list(jobs):
            job["left"] = job["left"] - len(open(job["path"]).read())

threading.Thread(target=worker).start()

@app.post("/<name>")
def add(name):
    {add}
    return "ok"
"""

ONE_OF_TWO = """
import asyncio

done = 0

async def slow():
    await asyncio.sleep(1)

def quick():
    global done
    before = done
    time.sleep(1)
    done = before + 1  # want: FGL101

for _ in range(3):
    threading.Thread(target={first} if app.debug else {second}).start()
"""

CHOSEN = [
    case("a coroutine or else a function", ONE_OF_TWO.format(first="slow", second="quick")),
    case("a function or else a coroutine", ONE_OF_TWO.format(first="quick", second="slow")),
]

LISTS = [
    case("a list that one thread takes items from", TAKEN.format(take="print(jobs.pop(0))", add="append(name)")),
    case(
        "a list that two take items from", TAKEN.format(take="print(jobs.pop(0))  # want: FGL102", add="remove(name)")
    ),
    case("the last of a list that grows", TAKEN.format(take="jobs.pop()", add="append(name)")),
    case("items of a list that grows", COUNTED.format(add='jobs.append({"path": name, "left": 5})  # want: FGL302')),
    case(
        "items of a list that others change",
        COUNTED.format(add="for job in list(jobs): job['left'] = 5").replace(".read())", ".read())  # want: FGL101"),
    ),
    case(
        "a number added to an item beside a list",
        """
players = {}

@app.post("/<name>")
def join(name):
    players[name] = {"x": int(request.form["x"]), "color": [1, 2, 3], "y": abs(2)}  # want: FGL302
    return "ok"

@app.put("/<name>")
def move(name):
    players[name]["x"] += int(request.form["x"])  # want: FGL101
    return "ok"
""",
    ),
]


@pytest.mark.parametrize("program", [*MARKS, *LISTS])
def test_what_others_may_do_meanwhile(program: dict[str, str], tmp_path: Path) -> None:
    assert not differences(program, tmp_path)


@pytest.mark.parametrize("program", [*THREADS, *CHOSEN, *ARGUMENTS, *TABLES, *LEFT_OPEN])
def test_what_is_started(program: dict[str, str], tmp_path: Path) -> None:
    assert not differences(program, tmp_path)
