"""FGL201 for caches whose reads change them: with and without the lock that they need."""

from __future__ import annotations

from pathlib import Path

import pytest
from test_link_cases import case, differences

HEAD = """
from cachetools import LRUCache, TTLCache, cached

lock = threading.Lock()
"""

CASES = [
    case(
        "read without a lock",
        HEAD
        + """
cache = TTLCache(10, 60)  # want: FGL201

@app.route("/<name>")
def home(name):
    return cache.get(name, "none")
""",
    ),
    case(
        "read and written under one lock",
        HEAD
        + """
cache = TTLCache(10, 60)

@app.route("/<name>")
def home(name):
    with lock:
        return cache.get(name, "none")

@app.post("/<name>")
def put(name):
    with lock:
        cache[name] = 1
    return name
""",
    ),
    case(
        "read without the lock that writes hold",
        HEAD
        + """
cache = LRUCache(10)  # want: FGL201

@app.route("/<name>")
def home(name):
    return cache.get(name, "none")

@app.post("/<name>")
def put(name):
    with lock:
        cache[name] = 1
    return name
""",
    ),
    case(
        "a comment names the guard",
        HEAD
        + """
cache = TTLCache(10, 60)  # guarded-by: lock

@app.route("/<name>")
def home(name):
    return cache.get(name, "none")
""",
    ),
    case(
        "a decorator without a lock",
        HEAD
        + """
@cached(cache=TTLCache(10, 60))  # want: FGL201
def slow(name):
    return name * 2

@app.route("/<name>")
def home(name):
    return slow(name)
""",
    ),
    case(
        "a decorator with a lock",
        HEAD
        + """
@cached(TTLCache(10, 60), lock=threading.Lock())
def slow(name):
    return name * 2

@app.route("/<name>")
def home(name):
    return slow(name)
""",
    ),
    case(
        "a decorator that is given a dict",
        HEAD
        + """
@cached(cache={})
def slow(name):
    return name * 2

@app.route("/<name>")
def home(name):
    return slow(name)
""",
    ),
    case(
        "a cache of one thread",
        HEAD
        + """
cache = TTLCache(10, 60)

def work():
    while True:
        cache["n"] = time.time()

threading.Thread(target=work).start()
""",
    ),
]


@pytest.mark.parametrize("files", CASES)
def test_caches(files: dict[str, str], tmp_path: Path) -> None:
    assert differences(files, tmp_path) == []
