"""Objects and values that only look alike: those of other keys, of defaults, of new dictionaries; and their twins."""

from __future__ import annotations

from pathlib import Path

import pytest
from test_link_cases import case, differences

SHEETS = """
class Sheet:
    def __init__(self):
        self.total = 0

class Sheets:
    def __init__(self):
        self.rows = {"a": Sheet(), "b": Sheet()}

    def sheet(self, name):
        return self.rows[str(name)]

    def total(self, name):
        return self.sheet(name).total

    def set_total(self, name, total):
        self.sheet(name).total = total

sheets = Sheets()

def both(names):
    time.sleep(1)
    return sheets.total(names["one"]) + sheets.total(names["two"])

def keep(total, name=None):
    if name is None:
        name = str(len(request.path))
    sheets.set_total(name, total)

@app.post("/<name>")
def home(name):
    %s
    return "ok"
"""

KEYS = [
    case("two objects make a third one", SHEETS % "keep(both(request.json))"),
    case("an object is changed by what it held", SHEETS % "keep(sheets.total(name) + 1, name)  # want: FGL101"),
    case("an object may be one of those it is made of", SHEETS % "keep(both(request.json), name)  # want: FGL101"),
]

BOXES = """
boxes = {"a": {"items": []}}

@app.post("/<name>")
def add(name):
    box = boxes[name]
    told = %s
    if not told["items"]:
        time.sleep(1)
        told["items"] += [name]%s
    return str(told)
"""

DICTS = [
    case("a dictionary that holds another one", BOXES % ("dict(box=box, items=[])", "")),
    case("a copy with the same items", BOXES % ("dict(box)", "  # want: FGL102")),
    case("a copy with one item more", BOXES % ("dict(box, name=name)", "  # want: FGL102")),
]

TRIMMED = """
rows = ["x"]

def trimmed(data, size=1, inplace=False):
    if not inplace:
        data = list(data)
    if "x" in data:
        time.sleep(size)
        data.remove("x")%s
    return data

class Options:
    def __init__(self):
        self.given = %s

@app.post("/")
def home():
    options = %s
    return str(trimmed(rows, **options))
"""
FOUND = "  # want: FGL102"

KEYWORDS = [
    case("keywords that leave a default alone", TRIMMED % ("", "None", "dict(size=2)")),
    case("keywords out of an attribute", TRIMMED % ("", "{'size': 2}", "Options().given")),
    case("keywords in place of the default", TRIMMED % (FOUND, "None", "dict(inplace=True)")),
    case("keywords that nobody knows", TRIMMED % (FOUND, "None", "request.json")),
    case("keywords with more to come", TRIMMED % (FOUND, "None", "dict(size=2); options[request.path] = True")),
    case("keywords that are updated", TRIMMED % (FOUND, "None", "dict(size=2); options.update(request.json)")),
]

READY = """
class Settings:
    def __init__(self):
        self.ready = False

    def save(self):
        time.sleep(1)
        self.ready = bool(request.path)%s

settings = Settings()

@app.post("/")
def home():
    if not settings.ready or request.args:
        settings.save()
    %s
    return "ok"
"""

EITHER = [
    case("a check after which all is written in any case", READY % ("", "settings.save()")),
    case("a check that decides whether it is written", READY % (FOUND, "pass")),
]


@pytest.mark.parametrize("files", [*KEYS, *DICTS, *KEYWORDS, *EITHER])
def test_what_is_not_the_same(files: dict[str, str], tmp_path: Path) -> None:
    assert differences(files, tmp_path) == []


PANEL = """
class Panel:
    def __init__(self):
        self.flags = 0

panel = Panel()

@app.post("/")
def home():
    panel.flags = sum(len(name) for name in ("a", "b"))
    %s
    return "ok"
"""

FRAMES = """
import pandas

class Tables:
    def __init__(self):
        self.first = None

    def load(self, path):
        self.first = pandas.read_csv(path)

    def table(self):
        return self.first

tables = Tables()

def assign(table, name, column):
    table[name] = column

@app.post("/<name>")
def home(name):
    table = tables.table()
    %s
    return "ok"
"""

OWN = [
    case("what was just stored is completed", PANEL % "panel.flags |= 4"),
    case("what was just stored is counted up", PANEL % "panel.flags += 4  # want: FGL101"),
    case("what was stored a while ago is added to", PANEL % "time.sleep(1); panel.flags |= 4  # want: FGL101"),
    case("a column made of others", FRAMES % "table.loc[:, 'both'] = table[app.name] + table['two']"),
    case("a column made of itself", FRAMES % "table.loc[:, 'two'] = table['two'] * 2  # want: FGL101"),
    case("a copy of a column", FRAMES % "table.loc[:, name] = table['two']"),
]

SEARCHED = [
    case(
        "a free name that is searched for",
        FRAMES
        % """copy = name
    while copy in table.columns:
        copy += "2"
    time.sleep(1)
    table.loc[:, copy] = table[name]  # want: FGL102""",
    ),
    case(
        "a name that is searched for somewhere else",
        FRAMES
        % """copy = name
    while copy in request.args:
        copy += "2"
    table.loc[:, copy] = table[name]""",
    ),
    case(
        "the call of what changes its argument",
        FRAMES
        % """if name in table.columns:
        abort(409)
    time.sleep(1)
    assign(table, name, request.data)  # want: FGL102""",
    ),
    case(
        "a function that is defined there",
        FRAMES
        % """if name in table.columns:
        abort(409)

    def make():
        time.sleep(1)
        assign(table, name, request.data)  # want: FGL102

    make()""",
    ),
]

TOGGLED = """
columns = [{"name": "a", "visible": True}]

def merged(one, other):
    if not one:
        return other or {}
    if not other:
        return one or {}
    return dict(list(one.items()) + list(other.items()))

@app.post("/<int:at>")
def home(at):
    column = columns[at]
    columns[at] = %s
    return "ok"
"""

REPLACED = [
    case("the object that is there, perhaps", TOGGLED % "column"),
    case("a copy with one change", TOGGLED % "merged(column, {'visible': not column['visible']})  # want: FGL101"),
]


FORMS = """
from wtforms import Form, SelectField, StringField

class SiteForm(Form):
    title = StringField()
    proxy = SelectField(choices=[])

site = {"title": "", "proxies": ["a"]}

@app.post("/")
def save():
    form = SiteForm(request.form, data=%s)
    for proxy in list(site["proxies"]):
        form.proxy.choices.append(proxy)
    time.sleep(1)
    site["title"] = form.title.data%s
    return "ok"
"""

FILLED = [
    case("a form that shows what is there", FORMS % ("site", "")),
    case("what a form holds beside what was there", FORMS % ("None", " + site['title']  # want: FGL101")),
]


@pytest.mark.parametrize("files", [*OWN, *SEARCHED, *REPLACED, *FILLED])
def test_what_a_write_depends_on(files: dict[str, str], tmp_path: Path) -> None:
    assert differences(files, tmp_path) == []


TIMER = """
class Clock:
    def __init__(self):
        self.timer = None

    def clear(self):
        if self.timer:
            %s

    def restart(self):
        self.clear()
        self.timer = threading.Timer(60, print)%s
        self.timer.start()

clock = Clock()

@app.before_request
def touch():
    clock.restart()
"""

ENDS = [
    case("a helper that ends what is replaced then", TIMER % ("self.timer.cancel()", "  # want: FGL102")),
    case("a helper that asks what is replaced then", TIMER % ("self.timer.is_alive()", "")),
]

URLS = """
import os

state = {"urls": [], "names": {}}

def configure(name, value):
    state[name] = value

@app.post("/")
def add():
    configure("urls", open("urls").read())
    urls = state.get("urls", [])
    if request.path in urls:
        time.sleep(1)
        urls.remove(request.path)  # want: FGL102
    return "ok"

@app.get("/")
def show():
    for url in state["urls"]:%s
        %s
    return "ok"
"""

LISTS = [
    case("a list that may be something else", URLS % ("  # want: FGL103", "time.sleep(len(url))")),
    case("a search in a list", URLS % ("", "if url.endswith('x'): return url")),
    case(
        "a search that does something",
        URLS % ("  # want: FGL103", "app.logger.info(url)\n        if url.endswith('x'):\n            break"),
    ),
    case("a loop that collects", URLS % ("", "found = []\n        found.append(os.path.basename(url))")),
    case("a loop that calls its items", URLS % ("  # want: FGL103", "one = url\n        one.check()")),
    case("a loop that sends", URLS % ("  # want: FGL103", "out = os.open(url)\n        out.write(url)")),
    case(
        "a loop that collects for all",
        URLS % ("  # want: FGL103", "names = state['names']\n        names.setdefault(url, 1)"),
    ),
]


SAVED = """
class Store:
    def __init__(self):
        self._settings = {"locked": []}

    def settings(self):
        return self._settings

    def save(self, settings):
        self._settings = settings

store = Store()

@app.post("/<name>")
def lock(name):
    settings = store.settings()
    time.sleep(1)
    %s
    return "ok"
"""

CLOSED = """
import asyncio

class Page:
    def __init__(self):
        self.page = object()
        self.closed = False

    async def close(self):
        if self.closed:
            return
        if self.page is not None:
            await asyncio.sleep(1)
            self.page = None  # want: FGL104
        self.closed = True

page = Page()

@app.delete("/")
async def close():
    await page.close()
    return "ok"
"""

LOGGED = """
import os

class Log:
    def __init__(self):
        self.path = "log"

log = Log()

@app.post("/<path>")
def move(path):
    if path != os.path.abspath(log.path):
        time.sleep(1)
        log.path = %s
    return "ok"
"""

ONCE = [
    case(
        "an object that is changed and set again",
        SAVED
        % """settings["locked"] = settings["locked"] + [name]  # want: FGL101
    store.save(settings)""",
    ),
    case("an object in place of another", SAVED % "store.save({**settings, 'locked': [name]})  # want: FGL101"),
    case("an object that is taken down step by step", CLOSED),
    case("what is stored is what was compared", LOGGED % "path"),
    case("what is stored is something else", LOGGED % "path + 'x'  # want: FGL102"),
]


@pytest.mark.parametrize("files", [*ENDS, *LISTS, *ONCE])
def test_what_helpers_and_lists_do(files: dict[str, str], tmp_path: Path) -> None:
    assert differences(files, tmp_path) == []
