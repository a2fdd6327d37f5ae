"""What an ``except`` tells of the block before it, each way in a small program; a marked line has one of the codes."""

from __future__ import annotations

from pathlib import Path

import pytest
from test_link_cases import case, differences

HEAD = """
rooms = {}

def opened(name):
    time.sleep(1)
    return [name]

@app.post("/<room>/<name>")
def join(room, name):
    try:
"""

CASES = [
    case("a missing key", HEAD + """
        return rooms[room]
    except KeyError:
        rooms[room] = opened(name)  # want: FGL102
    return "new"
"""),
    case("any error of a look-up", HEAD + """
        return rooms[room]
    except:
        rooms[room] = opened(name)  # want: FGL102
    return "new"
"""),
    case("any error of a look-up and an addition", HEAD + """
        rooms[room].append(name)
    except Exception:
        rooms[room] = [name]  # want: FGL102
    return ""

@app.delete("/<room>")
def close(room):
    rooms.pop(room, None)
    return ""
"""),
    case("any error of what is done with it", HEAD + """
        rooms[room].send(name)
    except Exception:
        rooms[room] = opened(name)
    return ""

@app.delete("/<room>")
def close(room):
    rooms.pop(room, None)
    return ""
"""),
    case("any error of more than a look-up", HEAD + """
        found = rooms[room]
        print(found.decode())
    except Exception:
        rooms[room] = opened(name)
    return ""

@app.delete("/<room>")
def close(room):
    rooms.pop(room, None)
    return ""
"""),
    case("another error", HEAD + """
        return rooms[room]
    except TypeError:
        rooms[room] = opened(name)
    return ""

@app.delete("/<room>")
def close(room):
    rooms.pop(room, None)
    return ""
"""),
]  # fmt: skip


@pytest.mark.parametrize("files", CASES)
def test_an_error_of_a_look_up_is_a_check(files: dict[str, str], tmp_path: Path) -> None:
    assert differences(files, tmp_path) == []
