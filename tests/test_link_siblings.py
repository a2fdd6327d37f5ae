"""An attribute that a base class declares is, in the methods of two of its subclasses, that of two objects."""

from __future__ import annotations

from pathlib import Path

import pytest
from test_link_cases import case, differences

FEEDS = """
class Feed:
    def __init__(self):
        self.wanted = {}

class Quotes(Feed):
    def __init__(self):
        super().__init__()
        self.lock = threading.Lock()

    def want(self, name):
        with self.lock:
            count = self.wanted.get(name, 0)
            self.wanted[name] = count + 1

    def drop(self, name):
        with self.lock:
            self.wanted.pop(name, None)

    def told(self):
        return ",".join(str(open(name).read()) for name in self.wanted)%s

class News(%s):
    def __init__(self):
        super().__init__()
        self.guard = threading.Lock()

    def want(self, name):
        with self.guard:
            self.wanted[name] = 1%s

    def drop(self, name):
        with self.guard:
            self.wanted.pop(name, None)%s

    def told(self):
        return "news"

def made(kind):
    return Quotes() if kind == "quotes" else News()

feeds = {"quotes": made("quotes"), "news": made("news")}

@app.post("/<kind>/<name>")
def want(kind, name):
    feeds[kind].want(name)
    return "ok"

@app.get("/<kind>")
def told(kind):
    return feeds[kind].told()
"""

DROPS = """
@app.delete("/<kind>/<name>")
def drop(kind, name):
    feeds[kind].drop(name)
    return "ok"
"""

READER = FEEDS.replace("self.wanted[name] = count + 1", "print(count)")
FGL103, FGL302, FGL402 = ("  # want: " + code for code in ("FGL103", "FGL302", "FGL402"))

CASES = [
    case("two locks of two subclasses", (FEEDS % (FGL103, "Feed", "", "")) + DROPS),
    case("a subclass of the other", (FEEDS % (FGL103, "Quotes", FGL402, FGL402)) + DROPS),
    case("only the other one changes", READER % ("", "Feed", FGL302, "")),
    case("a class of both changes", (READER % (FGL103, "Feed", FGL302, ""))
         .replace("def made(", "class Both(News, Quotes):\n    pass\n\ndef made(").replace("else News()", "else Both()")
         .replace('    def told(self):\n        return "news"\n', "")),
]  # fmt: skip


@pytest.mark.parametrize("files", CASES)
def test_siblings(files: dict[str, str], tmp_path: Path) -> None:
    assert differences(files, tmp_path) == []
