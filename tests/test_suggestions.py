"""What a finding suggests: where the lock is to be made, which one there is already, and when something less is enough."""

from __future__ import annotations

from pathlib import Path

import pytest
from programs import reported
from test_link_cases import program

HELD = " and hold it from the read to the write"
KEEPS = "if making the value twice does no harm, "

IN_A_FUNCTION = """
def make():
    done = 0

    @app.post("/")
    def home():
        nonlocal done
        before = done
        time.sleep(1)
        done = before + 1
        return "ok"

make()
"""

OF_ANOTHER_FUNCTION = """
class Shop(Flask):
    def sell(self):
        before = self.sold
        time.sleep(1)
        self.sold = before + 1

def make():
    shop = Shop(__name__)
    shop.sold = 0

    @shop.post("/")
    def home():
        shop.sell()
        return "ok"

    return shop

app = make()
"""

OF_AN_OBJECT = """
class Shop:
    def __init__(self):
        self.sold = 0
        self.{lock} = threading.Lock()

    def sell(self):
        before = self.sold
        time.sleep(1)
        self.sold = before + 1

    def reset(self):
        {resets}

{helper}

shop = Shop()

@app.post("/")
def home():
    shop.sell()
    {call}
    return "ok"
"""

STOCK = """
stock = {{}}
lock = threading.Lock()

@app.post("/<name>")
def home(name):
{body}
    return "ok"

@app.get("/<name>")
def show(name):
    return str(stock.get(name))
"""


def stock(*lines: str) -> str:
    return STOCK.format(body="\n".join(f"    {line}" for line in lines))


CASES = {
    "a variable of a module": (
        stock("stock[name] = stock[name] + len(open(name).read())"),
        ("FGL101", "define `stock_lock = threading.Lock()` beside `stock`" + HELD),
    ),
    "a variable of a function": (
        IN_A_FUNCTION,
        ("FGL101", "make `done_lock = threading.Lock()` beside `done` in `make`" + HELD),
    ),
    "a variable that the function cannot see": (
        OF_ANOTHER_FUNCTION,
        ("FGL101", "make `sold_lock = threading.Lock()` in the module of `Shop.sell`" + HELD),
    ),
    "an attribute of an object": (
        OF_AN_OBJECT.format(lock="_unused", resets="pass", helper="", call=""),
        ("FGL101", "make `self._sold_lock = threading.Lock()` in `__init__`" + HELD),
    ),
    "a lock that the object has": (
        OF_AN_OBJECT.format(lock="_guard", resets="with self._guard: self.sold = 0", helper="", call="shop.reset()"),
        ("FGL101", "hold `self._guard`, which guards `Shop.sold` elsewhere, from the read to the write"),
    ),
    "a lock of what a function is given": (
        OF_AN_OBJECT.format(
            lock="guard",
            resets="pass",
            helper="def reset(place):\n    with place.guard:\n        place.sold = 0",
            call="reset(shop)",
        ),
        ("FGL101", "hold `place.guard`, which guards `Shop.sold` elsewhere, from the read to the write"),
    ),
    "a value that is missing": (
        stock("if name not in stock:", "    stock[name] = open(name).read()"),
        ("FGL102", KEEPS + "`stock.setdefault(key, value)` keeps the first"),
    ),
    "a value that is looked for": (
        stock("try:", "    return stock[name]", "except KeyError:", "    stock[name] = open(name).read()"),
        ("FGL102", KEEPS + "`stock.setdefault(key, value)` keeps the first"),
    ),
    "a value that is given back where there is one": (
        stock("if name in stock:", "    return stock[name]", "stock[name] = open(name).read()"),
        ("FGL102", KEEPS + "`stock.setdefault(key, value)` keeps the first"),
    ),
    "an item that is removed": (
        stock("if name in stock:", "    time.sleep(1)", "    del stock[name]"),
        ("FGL102", "use `stock.pop(key, None)` and act on its result, or define `stock_lock"),
    ),
    "a check before the lock": (
        stock("if name not in stock:", "    with lock:", "        stock[name] = open(name).read()"),
        ("FGL102", "check `stock[…]` again after taking the lock, before the write on line "),
    ),
}

NOT_ENOUGH = {
    "a name that is refused": stock("if name in stock:", "    abort(409)", "stock[name] = open(name).read()"),
    "a value that is replaced": stock("if stock[name] < 5:", "    stock[name] = len(open(name).read())"),
}


def suggested(text: str, code: str, folder: Path) -> list[str]:
    return [finding.suggestion for finding in reported(program(text), folder) if finding.code == code]


@pytest.mark.parametrize(("text", "wanted"), CASES.values(), ids=CASES)
def test_a_suggestion(text: str, wanted: tuple[str, str], tmp_path: Path) -> None:
    code, words = wanted
    (suggestion,) = suggested(text, code, tmp_path)
    assert words in suggestion


@pytest.mark.parametrize("text", NOT_ENOUGH.values(), ids=NOT_ENOUGH)
def test_setdefault_replaces_and_refuses_nothing(text: str, tmp_path: Path) -> None:
    (suggestion,) = suggested(text, "FGL102", tmp_path)
    assert "stock_lock" in suggestion
    assert "setdefault" not in suggestion


@pytest.mark.parametrize(
    ("loop", "begins"),
    [
        ("for name in stock: print(open(name).read())", "A for loop walks `stock`"),
        ("return list(map(home, stock))", "map() with a Python function walks `stock`"),
    ],
)
def test_a_message_begins_like_a_sentence_or_with_the_code(loop: str, begins: str, tmp_path: Path) -> None:
    text = stock("del stock[name]") + f"\n@app.get('/')\ndef every():\n    {loop}\n    return 'ok'\n"
    messages = [finding.message for finding in reported(program(text), tmp_path) if finding.code == "FGL103"]
    assert [message.startswith(begins) for message in messages] == [True]
