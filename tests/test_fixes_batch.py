"""Fixes that are judged together: none makes a second time what another makes."""

from __future__ import annotations

import pytest

from flaskglobals_lint.finding import Edit, Finding, Fix, Span
from flaskglobals_lint.fixes.batch import Batch

TEXT = "import os\nhits = {}\n\ndef one():\n    hits[1] = hits[2]\n\ndef two():\n    hits[2] = hits[1]\n"


def insert(line: int, content: str) -> Edit:
    return Edit(Span("app.py", line, 1, line, 1), content)


def finding(function: str) -> Finding:
    return Finding("FGL101", "name", "error", "message", Span("app.py", 5, 5, 5, 9), "app.hits", function)


ONE = Fix("safe", (insert(3, "hits_lock = Lock()\n"), insert(5, "    with hits_lock:\n")))
USE = insert(8, "    with hits_lock:\n")


@pytest.mark.parametrize(
    ("first", "second", "taken"),
    [
        (ONE, Fix("safe", (insert(3, "hits_lock = Lock()\n"), USE)), True),
        (ONE, Fix("safe", (USE,)), True),
        (ONE, Fix("safe", (insert(7, "hits_lock = Lock()\n"), USE)), False),
        (ONE, Fix("safe", (insert(1, "from other import hits_lock\n"), USE)), False),
        (ONE, Fix("safe", (insert(7, "more_lock = Lock()\n"), insert(8, "    with more_lock:\n"))), True),
    ],
    ids=[
        "the same lock",
        "a use of it",
        "another lock of that name",
        "an imported one of that name",
        "a lock of another name",
    ],
)
def test_a_name_is_made_once(first: Fix, second: Fix, taken: bool) -> None:
    batch = Batch(lambda path: TEXT)
    assert batch.takes(finding("app.one"), first)
    assert batch.takes(finding("app.two"), second) is taken
