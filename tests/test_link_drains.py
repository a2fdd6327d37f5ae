"""What is thrown away after a look at it: which looks count, whose additions are lost, which ways lead from one to the other."""

from __future__ import annotations

from pathlib import Path

import pytest
from test_link_cases import case, differences


def drained(name: str, code: str, add: str = "notes.append(request.json)") -> object:
    """A function that looks at ``notes`` and empties it; requests add to it."""
    return case(
        name,
        f"""
notes = []
counts = {{}}
total = 0
mutex = threading.Lock()

def send(what):
    print(len(what))

@app.post("/add")
def add():
    global total
    {add}
    return "added"

@app.post("/drain")
def drain():
    global notes, counts, total
{code}
    return "drained"
""",
    )


LOST = [
    drained("a copy", "    batch = list(notes)\n    notes.clear()  # want: FGL101\n    send(batch)"),
    drained("a copy and a new list", "    batch = list(notes)\n    notes = []  # want: FGL101\n    send(batch)"),
    drained("handed to a function", "    send(notes)\n    notes.clear()  # want: FGL101"),
    drained("handed to a library", "    import json\n    json.dumps(notes)\n    notes.clear()  # want: FGL101"),
    drained(
        "walked over",
        "    for note in notes:  # want: FGL103\n        send(note)\n    notes.clear()  # want: FGL101",
    ),
    drained("only where there is any", "    if notes:\n        send(notes)\n    notes.clear()  # want: FGL101"),
    drained(
        "before a try",
        "    send(notes)\n    try:\n        send([])\n    finally:\n        notes.clear()  # want: FGL101",
    ),
    drained(
        "in a try",
        "    try:\n        send(notes)\n    finally:\n        notes.clear()  # want: FGL101",
    ),
    drained(
        "two sections",
        "    with mutex:\n        batch = list(notes)\n    with mutex:\n        notes.clear()  # want: FGL101\n    send(batch)",
        "with mutex:\n        notes.append(request.json)",
    ),
    drained(
        "a dict of lists",
        "    batch = dict(counts)\n    counts = {}  # want: FGL101\n    send(batch)",
        'counts["all"].append(time.time())',
    ),
    drained("a slice", "    batch = notes[:]\n    send([])\n    notes.clear()  # want: FGL101\n    send(batch)"),
    drained("by del", "    send(notes)\n    del notes[:]  # want: FGL101"),
    drained("by a slice", "    batch = list(notes)\n    notes[:] = []  # want: FGL101\n    send(batch)"),
    drained("a count", "    send([total])\n    total = 0  # want: FGL101", "total += 1  # want: FGL101"),
]

KEPT = [
    drained("nothing was looked at", "    notes.clear()"),
    drained("how many there were", "    count = len(notes)\n    notes.clear()\n    send([count])"),
    drained("exchanged first", "    batch = notes\n    notes = []\n    send(batch)"),
    drained(
        "exchanged and emptied", "    old, notes = notes, []\n    for note in old:\n        send(note)\n    old.clear()"
    ),
    drained(
        "exchanged and deleted",
        "    old = notes\n    notes = []\n    for note in old:\n        send(note)\n    del old[:]",
    ),
    drained("the first ones by del", "    send(notes)\n    del notes[:10]"),
    drained("looked at afterwards", "    notes.clear()\n    send(notes)"),
    drained(
        "one section",
        "    with mutex:\n        batch = list(notes)\n        notes.clear()\n    send(batch)",
        "with mutex:\n        notes.append(request.json)",
    ),
    drained(
        "told and then taken in one section",
        "    send(notes)\n    with mutex:\n        batch = list(notes)\n        notes.clear()\n    send(batch)",
        "with mutex:\n        notes.append(request.json)",
    ),
    drained(
        "the other way ends the function",
        "    if request.args:\n        send(notes)\n        return ''\n    notes.clear()",
    ),
    drained("on another way", "    if request.args:\n        send(notes)\n    else:\n        notes.clear()"),
    drained("only on some ways", "    if request.args:\n        send(notes)\n    notes.clear()"),
    drained("in a match", "    match request.json:\n        case 1:\n            send(notes)\n    notes.clear()"),
    drained("nobody adds", "    send(notes)\n    notes.clear()", "total = request.content_length"),
    drained("a count that nobody counts up", "    send([total])\n    total = 0", "total = 5"),
    drained("a field, not the container", "    send(counts)\n    total = 0", "counts['a'] = 'b'"),
]


@pytest.mark.parametrize("files", LOST)
def test_what_is_added_meanwhile_is_lost(files: dict[str, str], tmp_path: Path) -> None:
    assert differences(files, tmp_path) == []


@pytest.mark.parametrize("files", KEPT)
def test_nothing_is_lost(files: dict[str, str], tmp_path: Path) -> None:
    assert differences(files, tmp_path) == []


def test_one_thread_that_adds_and_empties_loses_nothing(tmp_path: Path) -> None:
    text = """
notes = []

def gather():
    notes.append(time.time())

def work():
    while True:
        gather()
        print(list(notes))
        notes.clear()

threading.Thread(target=work).start()
"""
    (files,) = case("one thread", text).values
    assert differences(files, tmp_path) == []
