"""Threads that run a method of an object made for them share nothing of it; marked lines are told."""

from __future__ import annotations

from pathlib import Path

import pytest
from test_link_cases import case, differences

WORKER = """
from concurrent.futures import ThreadPoolExecutor

class Worker:
    def __init__(self, name):
        self.name = name
        self.done = 0

    def work(self):
        for part in open(self.name):
            self.done += len(part)%s

pool = ThreadPoolExecutor(4)
running = {}

@app.delete("/<name>")
def stop(name):
    running.pop(name, None)
    return "ok"
"""
WANTED = "  # want: FGL101"

OWN = [
    case(
        "made where it is started",
        WORKER % ""
        + """
@app.post("/<name>")
def start(name):
    worker = Worker(name)
    running[name] = worker
    pool.submit(worker.work)
    return "ok"
""",
    ),
    case(
        "made in the call",
        WORKER % ""
        + """
@app.post("/<name>")
def start(name):
    threading.Thread(target=Worker(name).work).start()
    return "ok"
""",
    ),
    case(
        "made by a helper after another use of the name",
        WORKER % ""
        + """
def made(name):
    if not name:
        return None
    found = Worker(name)
    return found

@app.post("/<name>")
def start(name):
    for other in list(running):
        worker = running.pop(other)
        print(worker.done)
    if name:
        worker = made(name)
        if worker:
            running[name] = worker
            pool.submit(worker.work)
    return "ok"
""",
    ),
]

SHARED = [
    case(
        "kept from another request",
        WORKER % WANTED
        + """
def made(name):
    running.setdefault(name, Worker(name))
    return running[name]

@app.post("/<name>")
def start(name):
    worker = made(name)
    pool.submit(worker.work)
    return "ok"
""",
    ),
    case(
        "made only if there is none",
        WORKER % WANTED
        + """
@app.post("/<name>")
def start(name):
    worker = running.get(name)
    if worker is None:
        worker = Worker(name)
        running[name] = worker  # want: FGL102
    pool.submit(worker.work)
    return "ok"
""",
    ),
    case(
        "one for all",
        WORKER % WANTED
        + """
everything = Worker("all")

@app.post("/<name>")
def start(name):
    worker = everything
    pool.submit(worker.work)
    return "ok"
""",
    ),
    case(
        "a request changes it, too",
        WORKER % WANTED
        + """
@app.post("/<name>")
def start(name):
    worker = Worker(name)
    running[name] = worker
    pool.submit(worker.work)
    return "ok"

@app.post("/<name>/skip")
def skip(name):
    worker = running[name]
    worker.done += 1  # want: FGL101
    return "ok"
""",
    ),
]


@pytest.mark.parametrize("files", [*OWN, *SHARED])
def test_own_objects(files: dict[str, str], tmp_path: Path) -> None:
    assert differences(files, tmp_path) == []
