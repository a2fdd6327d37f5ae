"""What is free and then taken, values with a date, and data that was read from a file."""

from __future__ import annotations

from pathlib import Path

import pytest
from test_link_cases import case, differences


def claim(name: str, body: str, helper: str = "") -> object:
    """A seat that requests take and give back."""
    return case(
        name,
        f"""
class Seat:
    def __init__(self):
        self.guest = None

class Hall:
    def __init__(self):
        self.seats = [Seat() for _ in range(9)]
{helper}

hall = Hall()
first = Seat()

@app.post("/leave/<int:n>")
def leave(n):
    hall.seats[n].guest = None
    first.guest = None
    return "bye"

def pay():
    time.sleep(0.1)
    return time.time()

@app.post("/take/<int:n>")
def take(n):
{body}
    return "yours"
""",
    )


FREE = """
    def free(self):
        for seat in self.seats:
            if seat.guest is None:
                return seat
        return None
"""
TAKEN = FREE.replace("is None:", "is not None:")

CLAIMS = [
    claim("taken", "    if first.guest is not None:\n        abort(409)\n    first.guest = pay()  # want: FGL102"),
    claim("truth", "    if n < 0 or first.guest:\n        return ''\n    first.guest = pay()  # want: FGL102"),
    claim(
        "a name for it",
        "    guest = first.guest\n    if not guest is None:\n        return ''\n    first.guest = pay()  # want: FGL102",
    ),
    claim(
        "a search",
        "    seat = hall.free()\n    if seat is None:\n        abort(409)\n    seat.guest = pay()  # want: FGL102",
        FREE,
    ),
    claim(
        "a search in one line",
        "    seat = next((s for s in hall.seats if not s.guest), None)\n    if seat is None:\n        abort(409)\n"
        "    seat.guest = pay()  # want: FGL102",
    ),
]
NO_CLAIMS = [
    claim("only where there is one", "    if first.guest is None:\n        abort(404)\n    first.guest = pay()"),
    claim(
        "only where it is another",
        "    new = pay()\n    if first.guest == new:\n        return ''\n    first.guest = new",
    ),
    claim("or under a condition", "    if n and first.guest:\n        abort(409)\n    first.guest = pay()"),
    claim(
        "a search for one that is taken",
        "    seat = hall.free()\n    if seat is None:\n        abort(404)\n    seat.guest = pay()",
        TAKEN,
    ),
]


@pytest.mark.parametrize("files", CLAIMS)
def test_what_was_found_free_is_taken_twice(files: dict[str, str], tmp_path: Path) -> None:
    assert differences(files, tmp_path) == []


@pytest.mark.parametrize("files", NO_CLAIMS)
def test_who_writes_last_wins_where_nothing_is_claimed(files: dict[str, str], tmp_path: Path) -> None:
    assert differences(files, tmp_path) == []


DATED = [
    case(
        "a value with its date is made anew",
        """
kept = {}

@app.get("/")
def page():
    now = time.time()
    if "page" not in kept or kept["page"][1] < now - 60:
        kept["page"] = ("text", now)  # want: FGL102
    return kept["page"][0]

@app.delete("/")
def forget():
    kept.clear()
    return ""
""",
    ),
    case(
        "without one it is the same each time",
        """
kept = {}

@app.get("/")
def page():
    if "page" not in kept:
        kept["page"] = ("page", "text")
    return kept["page"][0]

@app.delete("/")
def forget():
    kept.clear()
    return ""
""",
    ),
]


@pytest.mark.parametrize("files", DATED)
def test_a_value_beside_its_date(files: dict[str, str], tmp_path: Path) -> None:
    assert differences(files, tmp_path) == []


READ = [
    case(
        "an update of what was read",
        """
import json

with open("state.json") as file:
    state = json.load(file)

@app.get("/")
def home():
    state["views"] = state.get("views", 0) + 1  # want: FGL101
    return "home"
""",
    ),
    case(
        "a loop over what was read",
        """
import json

state = json.loads("{}")

@app.delete("/<name>")
def forget(name):
    state.pop(name, None)
    return ""

@app.get("/")
def home():
    return [name for name, value in state.items() if value]  # want: FGL103
""",
    ),
    case(
        "what is only looked at",
        """
import json

with open("state.json") as file:
    state = json.load(file)

@app.get("/")
def home():
    views = state.get("views", 0) + 1
    return [name for name, value in state.items() if value == views]
""",
    ),
    case(
        "a memoized function's result",
        """
import functools
import json

@functools.lru_cache(maxsize=None)
def state():
    with open("state.json") as file:
        return json.load(file)

@app.get("/")
def home():
    known = state()
    known["views"] = known.get("views", 0) + 1  # want: FGL101
    return "home"

@app.get("/copy")
def copy():
    own = dict(state())
    own["views"] = own.get("views", 0) + 1
    return own
""",
    ),
]


@pytest.mark.parametrize("files", READ)
def test_what_was_read_from_a_file_is_a_container(files: dict[str, str], tmp_path: Path) -> None:
    assert differences(files, tmp_path) == []


PICKED = [
    case(
        "the first that a comprehension has chosen",
        """
tasks = [{"id": 1, "title": "first"}]

@app.put("/<int:n>")
def change(n):
    found = [task for task in tasks if task["id"] == n]
    found[0]["title"] = request.json["title"]
    return found[0]

@app.get("/<int:n>")
def show(n):
    return {"title": [task["title"] for task in tasks if task["id"] == n]}
""",
    ),
    case(
        "a listener that leaves",
        """
from collections import defaultdict

listeners = defaultdict(list)

@app.post("/<event>")
def subscribe(event):
    listeners[event].append(request.json["url"])
    return ""

@app.delete("/<event>")
def unsubscribe(event):
    for one in listeners[event]:  # want: FGL103
        if one == request.json["url"]:
            listeners[event].remove(one)  # want: FGL102
            break
    return ""
""",
    ),
    case(
        "what is left of a list is not emptied",
        """
jobs = []

@app.post("/")
def start():
    global jobs
    jobs = [job for job in jobs if job["open"]]  # want: FGL101
    jobs.append({"open": True, "who": request.json["who"]})
    return {"jobs": len(jobs)}

@app.get("/")
def show():
    return {"jobs": jobs}
""",
    ),
]


@pytest.mark.parametrize("files", PICKED)
def test_items_of_lists(files: dict[str, str], tmp_path: Path) -> None:
    assert differences(files, tmp_path) == []


def numbered(name: str, body: str) -> object:
    return case(
        name,
        f"""
jobs = {{}}
last = 0

@app.post("/")
def start():
    global last
{body}
    return {{"jobs": len(jobs)}}
""",
    )


NUMBERED = [
    numbered("counted on", '    last += 1  # want: FGL101\n    jobs[last] = "new"  # want: FGL302'),
    numbered("by a name", '    job = last\n    jobs[job] = "new"  # want: FGL302\n    last += 1  # want: FGL101'),
    numbered("as a text", '    job = str(last)\n    jobs[job] = "new"  # want: FGL302\n    last += 1  # want: FGL101'),
    numbered(
        "round and round",
        '    jobs[last] = "new"\n    last += 1  # want: FGL101\n    if last > 9:\n        last = 0',
    ),
    numbered("one of ten", '    jobs[last % 10] = "new"\n    last += 1  # want: FGL101'),
    numbered("another number", '    job = 1\n    jobs[job] = "new"\n    last += 1  # want: FGL101'),
]


@pytest.mark.parametrize("files", NUMBERED)
def test_entries_under_numbers(files: dict[str, str], tmp_path: Path) -> None:
    assert differences(files, tmp_path) == []
