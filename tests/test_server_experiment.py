"""The experiment that articles about globals in Flask propose, in a real server: one process, four threads, 100 requests.

They start ``gunicorn --workers 1 --threads 4``, send concurrent requests to a counter, and expect to see fewer than 100. Here
overlap is not left to chance: requests pass a barrier in pairs. That decides how much can be lost. Where both of a pair read
before either of them writes, at most one of the two can be among the updates that the final number is made of.
"""

from __future__ import annotations

import http.client
import importlib.util
import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from flaskglobals_lint import catalogue

PAGE = catalogue.page("unlocked-read-modify-write")
REQUESTS, CLIENTS = 100, 8
PATIENCE = 60.0
"""Seconds after which a request fails, so that a server that does not start or does not answer fails a test."""

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform == "win32", reason="gunicorn needs fork"),
    pytest.mark.skipif(importlib.util.find_spec("gunicorn") is None, reason="gunicorn is not installed"),
]

BARRIER = f"""
import threading

meeting = threading.Barrier(2, timeout={PATIENCE})
"""
MEET_FIRST = f"""
{BARRIER}

@app.before_request
def meet():
    if not app.view_functions["state"] is app.view_functions[__import__("flask").request.endpoint]:
        meeting.wait()
"""


def published(title: str, good: bool) -> str:
    """An example of the rule's page."""
    (found,) = (
        example for example in catalogue.examples(PAGE) if example.good == good and example.title.startswith(title)
    )
    return catalogue.without_expectations(found.files["app.py"])
