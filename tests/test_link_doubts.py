"""What looks like a race and is none: values of their own, items of other keys, methods that do not run; and their twins."""

from __future__ import annotations

from pathlib import Path

import pytest
from programs import is_loud, reported
from test_link_cases import case, differences, program

STORE = """
class Store:
    def __init__(self):
        self.rows = {}

    def get(self, key):
        row = self.rows.get(key, {"value": "", "until": None})
        if row["until"] is None:
            return row["value"]
        return "old"

    def put(self, key, value):
        self.rows[key] = {"value": value, "until": None}

store = Store()
"""

ITEMS = [
    case(
        "an item made of another item",
        STORE
        + """
@app.post("/")
def rotate():
    before = store.get("new")
    store.put("old", before)
    return "ok"
""",
    ),
    case(
        "an item made of itself",
        STORE
        + """
@app.post("/")
def rotate():
    before = store.get("new")
    store.put("new", before + "!")  # want: FGL101
    return "ok"
""",
    ),
]

TOKENS = """
import base64
import os
import random
import secrets
import uuid

tokens = {}

@app.post("/")
def login():
    while True:
        token = %s
        if token not in tokens:
            break
    tokens[token] = "user"%s
    return token

@app.post("/<token>")
def logout(token):
    tokens.pop(token, None)
    return "ok"
"""

KEYS = [
    case("a key that nobody else can make", TOKENS % ("uuid.uuid4()", "")),
    case("such a key in hexadecimal", TOKENS % ("os.urandom(16).hex()", "")),
    case("such a key in base64", TOKENS % ("base64.b64encode(os.urandom(16)).decode()", "")),
    case("such a key as a part of a text", TOKENS % ('"user-{}".format(secrets.token_hex(16))', "")),
    case("such a key among others", TOKENS % ('"-".join(["user", uuid.uuid4().hex])', "")),
    case("a number that others may draw", TOKENS % ("random.randint(1000, 9999)", "  # want: FGL102")),
    case("a text that others may draw", TOKENS % ('"".join(random.choices("AB", k=4)).lower()', "  # want: FGL102")),
]

TUPLES = """
class Cache:
    def __init__(self):
        self.rows = {}
        self.total = 0

    def look(self, text):
        key = "k" + text
        return key, self.rows.get(key)

    def fill(self, key, value):
        self.rows[key] = value

    def known(self):
        return self.total > 0

    def state(self):
        return self.rows, self.total

cache = Cache()

@app.post("/forget")
def forget():
    cache.rows.clear()
    return "ok"
"""

MEMBERS = [
    case(
        "a key beside what the key leads to",
        TUPLES
        + """
@app.post("/<text>")
def home(text):
    key, found = cache.look(text)
    if found is not None:
        return found
    cache.fill(key, text.upper())
    return key
""",
    ),
    case(
        "what the key leads to",
        TUPLES
        + """
@app.post("/<text>")
def home(text):
    key, found = cache.look(text)
    cache.fill(key, found + text)  # want: FGL101
    return key
""",
    ),
    case(
        "a shared object out of a tuple",
        TUPLES
        + """
@app.post("/<text>")
def home(text):
    rows, total = cache.state()
    if text in rows:
        del rows[text]  # want: FGL102
    return str(total)
""",
    ),
    case(
        "a list built after a check that leaves early",
        TUPLES
        + """
@app.post("/<text>")
def home(text):
    if cache.known():
        return "known"
    words = []
    for number in range(3):
        words.append(f"word {number}")
    cache.total = words
    return text
""",
    ),
    case(
        "a list built of what others have left out",
        TUPLES
        + """
@app.post("/")
def home():
    left = []
    for word in request.json:
        if word in cache.rows["seen"]:
            continue
        left.append(word)
    cache.rows["seen"] = left  # want: FGL101
    return "ok"
""",
    ),
]

SHAPES = """
class Shape:
    def __init__(self):
        self.notes = {}

    def save(self):
        return [self.text(note) for note in self.data()]

    def text(self, note):
        time.sleep(1)
        return note

    def data(self):
        return [self.text(note) for note in self.notes]%s

class Round(Shape):
    def data(self):%s

shape = Round()

@app.post("/save")
def save():
    return shape.save()

@app.post("/<name>")
def add(name):
    shape.notes[name] = 1
    if len(shape.notes) > 9:
        shape.notes.clear()
    return "ok"
"""

METHODS = [
    case("a method that the object's class overrides", SHAPES % ("", "\n        return list(self.notes)")),
    case(
        "a method that the object's class overrides and calls",
        SHAPES % ("  # want: FGL103", "\n        return super().data()"),
    ),
]

VIEWS = """
rooms = {}

@app.post("/<name>")
def add(name):
    rooms[name] = 1
    if len(rooms) > 9:
        rooms.clear()
    return "ok"

@app.route("/")
def home():
    names = %s

    def walk():
        for name in names:%s
            time.sleep(len(name))

    threading.Thread(target=walk).start()
    return "ok"
"""

CAPTURED = [
    case("a shared dictionary under another name", VIEWS % ("rooms", "  # want: FGL103")),
    case("a live view of a shared dictionary", VIEWS % ("rooms.keys()", "  # want: FGL103")),
    case("a copy of a shared dictionary", VIEWS % ("list(rooms)", "")),
]

DEFAULTS = [
    case(
        "an argument in place of a mutable default",
        """
def enqueue(job, data={}):
    data["n"] = data.get("n", 0) + 1
    return job

@app.post("/")
def home():
    return enqueue("a", {"n": 1})
""",
    ),
    case(
        "a mutable default",
        """
def enqueue(job, data={}):
    data["n"] = data.get("n", 0) + 1  # want: FGL101
    return job

@app.post("/")
def home():
    return enqueue("a")
""",
    ),
]

SETTINGS = """
class Settings:
    def __init__(self):
        self.rows = None

    def load(self):
        if self.rows is None:
            time.sleep(1)
            self.rows = Rows()%s
        return self.rows

class Rows:
    name = "rows"

settings = Settings()

def create_app():
    made = Flask("made")
    %s
    return made

@app.route("/")
def home():
    return settings.load().name
"""

WARM = [
    case("a lazy object that the factory asks for", SETTINGS % ("", "made.config['rows'] = settings.load()")),
    case("a lazy object that the factory does not ask for", SETTINGS % ("  # want: FGL102", "made.config['rows'] = 1")),
    case(
        "a lazy object that the factory asks for and requests drop",
        SETTINGS % ("  # want: FGL102", "made.config['rows'] = settings.load()")
        + """
@app.post("/")
def drop():
    settings.rows = None
    return "ok"
""",
    ),
]

WATCH = """
class Watch:
    def __init__(self):
        self.edited = False
        self.log = []

    def mark(self, key):
        if self.edited:
            return
        %s
        if key not in fixed():
            self.edited = True%s

watch = Watch()

def fixed():
    time.sleep(1)
    return ("seen",)

def start(key):
    time.sleep(1)
    return key

@app.post("/<key>")
def edit(key):
    watch.mark(key)
    return str(watch.edited)
"""

MARKS = [
    case("a flag that is set once or twice", WATCH % ("key = key", "")),
    case("a flag that says what was done", WATCH % ("start(key)", "  # want: FGL102")),
]


@pytest.mark.parametrize("files", [*ITEMS, *MEMBERS])
def test_values_that_are_made_of_others(files: dict[str, str], tmp_path: Path) -> None:
    assert differences(files, tmp_path) == []


@pytest.mark.parametrize("files", [*METHODS, *CAPTURED, *DEFAULTS])
def test_calls_that_reach_shared_objects_or_not(files: dict[str, str], tmp_path: Path) -> None:
    assert differences(files, tmp_path) == []


@pytest.mark.parametrize("files", [*WARM, *MARKS, *KEYS])
def test_checks_that_decide_nothing(files: dict[str, str], tmp_path: Path) -> None:
    assert differences(files, tmp_path) == []


FIELDS = """
%s

class Basket(%s):
    items: set[str] = set()

    def drop(self, name):
        if name in self.items:
            self.items.remove(name)%s

@app.post("/<name>")
def drop(name):
    Basket().drop(name)
    return "ok"
"""

OWN = [
    case("a field of a msgspec struct", FIELDS % ("import msgspec", "msgspec.Struct", "")),
    case("a field of a pydantic model", FIELDS % ("from pydantic import BaseModel", "BaseModel", "")),
    case("a class attribute", FIELDS % ("", "object", "  # want: FGL102")),
]

NAMES = """
name = None

@app.route("/")
def home():
    global name
    if name is None:
        time.sleep(1)
        name = %s
    return name
"""

MADE_AGAIN = [
    case("a text out of a file", NAMES % 'open("/etc/hostname").read().strip()'),
    case("a text about the machine", "import platform\n" + NAMES % "platform.node()"),
    case("a text that somebody sent", NAMES % 'request.json["name"]  # want: FGL102'),
]

MEANT_ONCE = """
text = None
lock = threading.Lock()

def load():
    with open("/etc/hostname") as file:
        return file.read()

@app.route("/")
def home():
    global text
    if text is None:
        %s
    return text
"""

LOCKED_LATE = [
    case("made without a lock", MEANT_ONCE % "text = load()"),
    case("made before the lock is taken", MEANT_ONCE % "made = load()\n        with lock:\n            text = made"),
    case("made under the lock", MEANT_ONCE % "with lock:\n            text = load()  # want: FGL102"),
    case(
        "made under the lock and asked for again there",
        MEANT_ONCE % "with lock:\n            if text is None:\n                text = load()",
    ),
]

RECORD = """
best = {"name": None, "score": 0}
other = {"name": None}

@app.post("/<name>/<int:score>")
def play(name, score):
    if score > best["score"]:
        best["score"] = score  # want: FGL102
        %s
    return "ok"

@app.route("/best")
def show():
    return f"{best['name']} {other['name']}"
"""

RECORDS = [
    case("an item beside the one that was looked at", RECORD % 'best["name"] = name'),
    case("an item of another record", RECORD % 'other["name"] = name  # want: FGL301'),
]

TEXTS = """
class Settings:
    url = "/"

    def __init__(self, url):
        self.url = url

settings = Settings("a")

@app.post("/url")
def change():
    settings.url = settings.url + "b"  # want: FGL101
    return "ok"

@app.route("/")
def home():
    if %s:
        %s
    return settings.url
"""

FORMS = [
    case("a conversion", TEXTS % ("not isinstance(settings.url, str)", "settings.url = str(settings.url)")),
    case("a trim", TEXTS % ('settings.url.endswith(" ")', "settings.url = settings.url.strip()")),
    case("a cut", TEXTS % ('settings.url.endswith("/")', "settings.url = settings.url[:-1]  # want: FGL102")),
]

ONCE = """
import logging

log = logging.getLogger(__name__)
told = []

@app.post("/<text>")
def tell(text):
    if "text" not in told:
        %s
        told.append("text")%s
    return "ok"
"""

LOGGED = [
    case("a line logged once", ONCE % ('log.error("text")', "")),
    case("a message sent once", ONCE % ('__import__("mail").send("text")', "  # want: FGL102")),
    case(
        "a line logged once of a list that is shown",
        ONCE % ('log.error("text")', "  # want: FGL102")
        + '\n@app.route("/")\ndef show():\n    return ",".join(told)\n',
    ),
]


COPIES = """
import copy

base = {"a": {}}

def clone(found):
    try:
        return copy.deepcopy(found)
    except ValueError:
        return %s

@app.post("/<name>")
def home(name):
    own = clone(base)
    if name in own:
        del own[name]%s
    return "ok"

@app.post("/")
def add():
    base["x"] = 1
    return "ok"
"""

CLONES = [
    case("a helper that copies its argument", (COPIES % ("{}", "")).replace("deepcopy", "copy")),
    case(
        "a helper that may give its argument back", (COPIES % ("found", "  # want: FGL102")).replace("deepcopy", "copy")
    ),
]


@pytest.mark.parametrize("files", [*CLONES, *OWN, *MADE_AGAIN, *LOCKED_LATE, *RECORDS, *FORMS, *LOGGED])
def test_writes_that_do_no_harm_twice(files: dict[str, str], tmp_path: Path) -> None:
    assert differences(files, tmp_path) == []


CACHE = """
from os import urandom

def keys():
    cache = keys.cache
    found = cache.get("a")
    if found:
        %s
    keys.cache = {"a": urandom(8)}
    return "fresh"

keys.cache = {}

@app.route("/")
def home():
    return keys()
# file: Procfile
web: gunicorn --workers 4 app:app
"""


@pytest.mark.parametrize(("answer", "silent"), [("return found", True), ('return "known"', False)])
def test_what_each_worker_may_cache_for_itself(answer: str, silent: bool, tmp_path: Path) -> None:
    found = reported(program(CACHE % answer), tmp_path)
    assert [finding.code for finding in found if finding.code == "FGL501"] == ([] if silent else ["FGL501"])


@pytest.mark.parametrize(("attributes", "loud"), [(9, True), (10, False)])
def test_the_state_of_a_tool_for_one_user_is_a_note(attributes: int, loud: bool, tmp_path: Path) -> None:
    names = [f"field{number}" for number in range(attributes)]
    stores = "".join(f'    state.{name} = request.json["{name}"]\n' for name in names)
    shown = " + ".join(f"state.{name}" for name in names)
    text = f"class State:\n    pass\n\nstate = State()\n\n@app.post('/')\ndef put():\n{stores}    return 'ok'\n"
    text += f"\n@app.route('/')\ndef show():\n    return {shown}\n"
    found = [finding for finding in reported(program(text), tmp_path) if finding.code == "FGL301"]
    assert [is_loud(finding) for finding in found] == [loud] * attributes
