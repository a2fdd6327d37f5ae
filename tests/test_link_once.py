"""Threads that are started only while none runs, each way in a small program; a marked line has one of the codes."""

from __future__ import annotations

from pathlib import Path

import pytest
from test_link_cases import case, differences

HEAD = """
import threading
from flask_socketio import SocketIO

socketio = SocketIO(app)
lock = threading.Lock()
thread = None
threads = {}
ticks = {}

def work():
    while True:
        ticks["n"] = round(ticks.get("n", 0) + 1)%s
        socketio.sleep(5)

"""
ALONE, MANY = HEAD % "", HEAD % "  # want: FGL101"

ON = """
@socketio.on("connect")
def connect():
    global thread
"""

CASES = [
    case("none runs", ALONE + ON + """
    with lock:
        if thread is None:
            thread = socketio.start_background_task(work)
"""),
    case("one runs", ALONE + ON + """
    with lock:
        if thread is not None:
            return
        thread = socketio.start_background_task(work)
"""),
    case("one runs, else", ALONE + ON + """
    with lock:
        if thread:
            print("runs")
        else:
            thread = socketio.start_background_task(work)
"""),
    case("dead or alive", ALONE + ON + """
    with lock:
        if not (thread and thread.is_alive()):
            thread = threading.Thread(target=work)
            thread.start()
"""),
    case("none or dead", ALONE + ON + """
    with lock:
        if thread is None or not thread.is_alive():
            thread = threading.Thread(target=work)
            thread.start()
"""),
    case("wanted and none runs", ALONE + ON + """
    with lock:
        if ticks is not None and thread == None:
            thread = threading.Thread(target=work)
            thread.start()
"""),
    case("a flag", ALONE + "started = False\n" + ON + """
    global started
    with lock:
        if not started:
            started = True
            socketio.start_background_task(work)
"""),
    case("a state", ALONE + 'state = "idle"\n' + ON + """
    global state
    with lock:
        if state != "running":
            state = "running"
            socketio.start_background_task(work)
"""),
    case("another state", MANY + 'state = "idle"\n' + ON + """
    global state
    with lock:
        if state != "running":
            state = "starting"
            socketio.start_background_task(work)
"""),
    case("in a helper", ALONE + ON + """
    with lock:
        if thread is None:
            start()

def start():
    global thread
    thread = socketio.start_background_task(work)
"""),
    case("from two events", ALONE + ON + """
    with lock:
        if thread is None:
            thread = socketio.start_background_task(work)

@socketio.on("join")
def join():
    global thread
    with lock:
        if thread is None:
            thread = socketio.start_background_task(work)
"""),
    case("the check is the race", ALONE + ON + """
    if thread is None:
        thread = socketio.start_background_task(work)  # want: FGL102
"""),
    case("one object", ALONE + """
class Ticker:
    def __init__(self):
        self.thread = None

    def start(self):
        with lock:
            if self.thread is None:
                self.thread = threading.Thread(target=work)
                self.thread.start()

ticker = Ticker()

@app.post("/start")
def start():
    ticker.start()
    return ""
"""),
    case("each time", MANY + ON + """
    with lock:
        thread = socketio.start_background_task(work)
"""),
    case("while one runs", MANY + ON + """
    with lock:
        if thread is not None:
            thread = socketio.start_background_task(work)
"""),
    case("none runs, else", MANY + ON + """
    with lock:
        if thread is None:
            print("first")
        else:
            thread = socketio.start_background_task(work)
"""),
    case("whenever there is enough", MANY + "hits = 0\n" + ON + """
    global hits
    with lock:
        hits += 1
        if hits > 10:
            hits = 0
            socketio.start_background_task(work)
"""),
    case("what is missing is not provided", MANY + ON + """
    with lock:
        if thread is None:
            socketio.start_background_task(work)
"""),
    case("another is missing", MANY + "first = None\n" + ON + """
    global first
    with lock:
        if first is None:
            first = 1
        socketio.start_background_task(work)
"""),
    case("none runs or another is wanted", MANY + ON + """
    with lock:
        if thread is None or request.args.get("again"):
            thread = threading.Thread(target=work)
            thread.start()
"""),
    case("a flag that is compared", ALONE + "started = False\n" + ON + """
    global started
    with lock:
        if started is False:
            started = True
            socketio.start_background_task(work)
"""),
    case("one for each key", MANY + """
@socketio.on("watch")
def watch(room):
    with lock:
        if threads.get(room) is None:
            threads[room] = socketio.start_background_task(work)
"""),
    case("an object for each call", MANY + """
class Ticker:
    def __init__(self):
        self.thread = None

    def start(self):
        if self.thread is None:
            self.thread = threading.Thread(target=work)
            self.thread.start()

@app.post("/start")
def start():
    Ticker().start()
    return ""
"""),
]  # fmt: skip


@pytest.mark.parametrize("files", CASES)
def test_threads_that_are_started_once_race_with_requests_alone(files: dict[str, str], tmp_path: Path) -> None:
    assert differences(files, tmp_path) == []
