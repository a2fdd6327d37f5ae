"""Records: dicts with a constant key for each field, made in one place and looked up in another."""

from __future__ import annotations

from pathlib import Path

import pytest
from test_link_cases import case, differences

MADE = """
rooms = {}

@app.post("/new/<code>")
def new(code):
    rooms[code] = MAKE
    return "ok"

@app.post("/join/<code>")
def join(code):
    rooms[code]["players"][request.form["name"]] = {"score": 0}
    rooms[code]["started"] = True
    rooms[code]["log"].append("joined")
    return "ok"

@app.get("/scores/<code>")
def scores(code):
    room = rooms[code]
    for name, player in room["players"].items():  # want: FGL103
        time.sleep(len(name))
    return "ok"

@app.get("/ready/<code>")
def ready(code):
    return str(all(player["score"] for player in rooms[code]["players"].values()))  # want: FGL103

@app.post("/reset")
def reset():
    rooms.clear()
    return "ok"

@app.get("/log/<code>")
def log(code):
    for line in rooms[code]["log"]:
        time.sleep(len(line))
    return "ok"
"""
FIELDS = '{"players": {}, "log": [], "started": False}'

FIELD_TYPES = [
    case("a record that is written where it is stored", MADE.replace("MAKE", FIELDS)),
    case("a record that a function returns", f"def room():\n    return {FIELDS}\n{MADE.replace('MAKE', 'room()')}"),
    case(
        "a record that a function fills first",
        f"def room():\n    made = {FIELDS}\n    made['code'] = 1\n    return made\n{MADE.replace('MAKE', 'room()')}",
    ),
    case("a record made of another", f"base = {FIELDS}\n{MADE.replace('MAKE', '{**base, 1: 2}')}"),
]

DEEP_COPIES = [
    case(
        "a deep copy while a dict in it changes",
        """
import copy
rooms = {"a": {"players": {}}}

@app.post("/<code>/<name>")
def join(code, name):
    rooms[code]["players"][name] = 1
    return "ok"

@app.delete("/<code>/<name>")
def leave(code, name):
    rooms[code]["players"].pop(name, None)
    return "", 204

@app.get("/<code>")
def show(code):
    return copy.deepcopy(rooms[code])  # want: FGL103
""",
    ),
    case(
        "a deep copy while a list in it changes",
        """
import copy
rooms = {"a": {"names": ["x"]}}

@app.delete("/<code>/<name>")
def leave(code, name):
    rooms[code]["names"].remove(name)
    return "", 204

@app.get("/<code>")
def show(code):
    return copy.deepcopy(rooms[code])
""",
    ),
]

GAMES = """
games = {"a": {}}

@app.post("/<code>")
def change(code):
    game = games.get(code)
CHECK
    return "ok"
"""


def checked(name: str, check: str) -> object:
    return case(name, GAMES.replace("CHECK", "\n".join(f"    {line}" for line in check.splitlines())))


FOUND = [
    checked("nothing there ends it", "if not game:\n    abort(404)\ngame.update(request.json)"),
    checked("done if it is there", "if game:\n    game.update(request.json)"),
    checked("done if it is there, and more", "if game and request.json:\n    game.update(request.json)"),
    checked("filled if it is empty", "if not game:\n    game.update(request.json)  # want: FGL102"),
    checked("what is full ends it", "if game:\n    abort(409)\ngame.update(request.json)  # want: FGL102"),
    checked("a look at its length", "if len(game) > 4:\n    abort(409)\ngame.update(request.json)  # want: FGL102"),
]


@pytest.mark.parametrize("files", FIELD_TYPES)
def test_fields_of_one_record_hold_different_things(files: dict[str, str], tmp_path: Path) -> None:
    assert differences(files, tmp_path) == []


@pytest.mark.parametrize("files", DEEP_COPIES)
def test_a_deep_copy_fails_only_where_a_dict_or_set_changes(files: dict[str, str], tmp_path: Path) -> None:
    assert differences(files, tmp_path) == []


@pytest.mark.parametrize("files", FOUND)
def test_whether_an_object_is_there_is_no_check_of_what_it_holds(files: dict[str, str], tmp_path: Path) -> None:
    assert differences(files, tmp_path) == []


@pytest.mark.parametrize(
    ("key", "grows"),
    [("str(random.randint(0, 10**9))", True), ("'-'.join(['a', 'b'])", False)],
    ids=["random", "constant"],
)
def test_entries_under_random_keys_pile_up(key: str, grows: bool, tmp_path: Path) -> None:
    source = f"""
import random
rooms = {{}}

@app.post("/new")
def new():
    rooms[{key}] = request.json{"  # want: FGL302" if grows else ""}
    return "ok"
"""
    (files,) = case("", source).values
    assert differences(files, tmp_path) == []
