"""The experiment that articles about globals in Flask propose, in a real server: one process, four threads, 100 requests.

They start ``gunicorn --workers 1 --threads 4``, send concurrent requests to a counter, and expect to see fewer than 100. Here
overlap is not left to chance: requests pass a barrier in pairs. That decides how much can be lost. Where both of a pair read
before either of them writes, at most one of the two can be among the updates that the final number is made of.
"""

from __future__ import annotations

import http.client
import importlib.util
import json
import socket
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from flaskglobals_lint import catalogue

REQUESTS, CLIENTS = 100, 8
PATIENCE = 60.0
"""Seconds after which a request fails, so that a server that does not start or does not answer fails a test."""

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform == "win32", reason="gunicorn needs fork"),
    pytest.mark.skipif(importlib.util.find_spec("gunicorn") is None, reason="gunicorn is not installed"),
]

MEETING = f"""
import threading

meeting = threading.Barrier(2, timeout={PATIENCE})
"""
MEET_FIRST = f"""{MEETING}

@app.before_request
def meet():
    if request.path != "/state":
        meeting.wait()
"""
PAYMENTS = f"""{MEETING}

def post(url, timeout):
    meeting.wait()
"""
SHOWN_AFTERWARDS = f"""
from flask import Flask
{MEETING}
app = Flask(__name__)
page_views = 0
page_views_lock = threading.Lock()


@app.route("/")
def home():
    global page_views
    with page_views_lock:
        page_views += 1
    meeting.wait()
    return {{"views": page_views}}
"""


def published(title: str, good: bool) -> str:
    """An example of the rule's page, as it stands there."""
    page = catalogue.page("unlocked-read-modify-write")
    (source,) = (
        example.files["app.py"]
        for example in catalogue.examples(page)
        if example.good == good and example.title.startswith(title)
    )
    return catalogue.without_expectations(source)


def has_gil() -> bool:
    return getattr(sys, "_is_gil_enabled", lambda: True)() and sys.implementation.name == "cpython"


def ask(port: int, method: str, path: str) -> Any:
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)) as connection:
        connection.request(method, path)
        response = connection.getresponse()
        body = response.read()
    assert response.status == 200, body
    return json.loads(body)


@contextmanager
def server(folder: Path) -> Iterator[int]:
    """The port of a server of ``served.py``.

    It gets a socket that listens already. Until it is up, connections wait in the backlog; if it dies, they are refused.
    """
    with socket.create_server(("127.0.0.1", 0), backlog=REQUESTS) as listener:
        port: int = listener.getsockname()[1]
        number = listener.fileno()
        bind = ["--bind", f"fd://{number}", "--workers", "1", "--threads", "4", "--log-file", "gunicorn.log"]
        command = [sys.executable, "-m", "gunicorn", *bind, "served:app"]
        process = subprocess.Popen(command, cwd=folder, pass_fds=[number], stdin=subprocess.DEVNULL)
    try:
        ask(port, "GET", "/state")
        yield port
    finally:
        process.terminate()
        try:
            process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def experiment(folder: Path, app: str, extra: str, request: str, look: str) -> tuple[Any, list[Any]]:
    """Serve an app and send it all requests: what became of its state, and the answers."""
    (folder / "app.py").write_text(app, encoding="utf-8")
    state = f'\n\n@app.get("/state")\ndef state():\n    return {{"state": page.{look}}}\n'
    served = f"from flask import request\n\nimport app as page\n\napp = page.app\n{extra}{state}"
    (folder / "served.py").write_text(served, encoding="utf-8")
    method, path = request.split()
    with server(folder) as port:
        with ThreadPoolExecutor(CLIENTS) as clients:
            answers = list(clients.map(lambda _: ask(port, method, path), range(REQUESTS)))
        return ask(port, "GET", "/state")["state"], answers


def test_a_bare_update_loses_nothing_on_a_newer_cpython_with_a_gil(tmp_path: Path) -> None:
    """The counter as it is commonly published: the articles expect about 90."""
    app = published("A counter in a module global", good=False)
    views, answers = experiment(tmp_path, app, MEET_FIRST, "GET /", "page_views")
    assert views <= REQUESTS
    if has_gil():
        assert views == REQUESTS
        assert sorted(answer["views"] for answer in answers) == list(range(1, REQUESTS + 1))


def test_an_update_with_a_wait_in_between_loses_half_or_more(tmp_path: Path) -> None:
    """Two requests read, ask the payment service, write: the service answers when it has been asked by both."""
    (tmp_path / "requests.py").write_text(PAYMENTS, encoding="utf-8")
    app = published("Slow work between read and write", good=False)
    left, answers = experiment(tmp_path, app, "", "POST /charge", "budget['cents']")
    charged = (10_000 - left) // 100
    assert len(answers) == REQUESTS
    assert 1 <= charged <= REQUESTS // 2


def test_with_a_lock_nothing_is_lost_and_each_number_is_shown_once(tmp_path: Path) -> None:
    app = published("One lock is held from the read to the write", good=True)
    views, answers = experiment(tmp_path, app, MEET_FIRST, "GET /", "page_views")
    assert views == REQUESTS
    assert sorted(answer["views"] for answer in answers) == list(range(1, REQUESTS + 1))


def test_a_number_read_after_the_lock_is_shown_twice(tmp_path: Path) -> None:
    """The remedy of the articles: the total is right, but both of a pair have counted before either of them looks."""
    views, answers = experiment(tmp_path, SHOWN_AFTERWARDS, "", "GET /", "page_views")
    shown = {answer["views"] for answer in answers}
    assert views == REQUESTS
    assert 1 not in shown
    assert len(shown) < len(answers)
