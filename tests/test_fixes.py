"""Fixes: what they make of the bad examples of the rule pages, and how the command applies them."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from programs import Case, cases

from flaskglobals_lint import catalogue, cli
from flaskglobals_lint.config import Config
from flaskglobals_lint.finding import Edit, Finding, Fix, Report, Span
from flaskglobals_lint.fixes import Fixer
from flaskglobals_lint.lint import lint
from flaskglobals_lint.repair import apply, repair

RACES = ("FGL101", "FGL102", "FGL103", "FGL401", "FGL402")
COUNTER = """\
from flask import Flask

app = Flask(__name__)
served = 0  # since the start


@app.route("/")
def home():
    global served
    served += 1
    return {"served": served}
"""
FIXED = """\
import threading

from flask import Flask

app = Flask(__name__)
served = 0  # since the start
served_lock = threading.Lock()


@app.route("/")
def home():
    global served
    with served_lock:
        served += 1
        return {"served": served}
"""


def written(case: Case, folder: Path) -> None:
    for path, source in case.example.files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(catalogue.without_expectations(source), encoding="utf-8")


BAD = [case for case in cases() if case.rule.code in RACES and not case.example.good]


@pytest.mark.parametrize("case", BAD, ids=lambda case: case.id)
def test_what_is_fixed_is_no_longer_found_and_nothing_new_is(case: Case, tmp_path: Path) -> None:
    written(case, tmp_path)
    before = lint([tmp_path], Config(min_severity="info", cache=False, jobs=1), cwd=tmp_path)
    outcome = repair([str(tmp_path)], Config(cache=False, jobs=1), tmp_path, unsafe=True)
    for path, content in outcome.changed.items():
        compile(content, path, "exec")
        (tmp_path / path).write_bytes(content)
    after = lint([tmp_path], Config(min_severity="info", cache=False, jobs=1), cwd=tmp_path)
    assert len(before.findings) - len(after.findings) == outcome.fixed
    assert repair([str(tmp_path)], Config(cache=False, jobs=1), tmp_path, unsafe=True).changed == {}


def test_most_examples_can_be_fixed(tmp_path: Path) -> None:
    found = fixed = 0
    for case in BAD:
        folder = tmp_path / case.id
        folder.mkdir()
        written(case, folder)
        before = lint([folder], Config(cache=False, jobs=1), cwd=folder).findings
        after = repair([str(folder)], Config(cache=False, jobs=1), folder, unsafe=True).report.findings
        found += sum(finding.code in RACES for finding in before)
        fixed += sum(finding.code in RACES for finding in before) - sum(finding.code in RACES for finding in after)
    assert fixed / found > 0.6


@pytest.fixture
def app(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "app.py"
    file.write_text(COUNTER, encoding="utf-8")
    return file


def test_fix_writes(app: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["--fix"]) == 0
    assert app.read_text(encoding="utf-8") == FIXED
    assert capfd.readouterr() == ("", "Fixed 1 finding in 1 file.\n")
    assert cli.main(["--fix"]) == 0
    assert app.read_text(encoding="utf-8") == FIXED


def test_diff_writes_nothing(app: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["--diff"]) == 1
    assert app.read_text(encoding="utf-8") == COUNTER
    out, err = capfd.readouterr()
    assert "+    with served_lock:\n+        served += 1\n" in out
    assert err == "Would fix 1 finding in 1 file.\n"


def test_line_ends_encoding_mode_and_links_are_kept(app: Path, tmp_path: Path) -> None:
    source = f"# coding: latin-1\n# \u00e9\n{COUNTER}".replace("\n", "\r\n").encode("latin-1")
    real = tmp_path / "real" / "code.txt"
    real.parent.mkdir()
    real.write_bytes(source)
    real.chmod(0o640)
    app.unlink()
    app.symlink_to(real)
    assert cli.main(["--fix", "-q"]) == 0
    after = real.read_bytes()
    assert app.is_symlink()
    assert real.stat().st_mode & 0o777 == 0o640
    assert after.count(b"\n") == after.count(b"\r\n") == source.count(b"\r\n") + 4
    assert "\u00e9".encode("latin-1") in after


def test_a_call_in_the_section_makes_a_fix_unsafe(app: Path, capfd: pytest.CaptureFixture[str]) -> None:
    app.write_text(COUNTER.replace("served += 1", "served = app.make_response(served)"), encoding="utf-8")
    before = app.read_bytes()
    assert cli.main(["--fix"]) == 1
    assert app.read_bytes() == before
    assert "left alone: the fix may change what the code does" in capfd.readouterr().err
    assert cli.main(["--unsafe-fixes"]) == 0


def test_a_report_proposes_edits(app: Path, tmp_path: Path) -> None:
    (finding,) = lint(["."], Config(cache=False, jobs=1), cwd=tmp_path, fixes=True).findings
    assert finding.fix is not None
    assert finding.fix.applicability == "safe"
    assert apply(COUNTER, "app.py", finding.fix) == FIXED


NESTED = """\
from flask import Flask

app = Flask(__name__)
seen = {}


def forget(name):
    if name in seen:
        del seen[name]


@app.route("/<name>")
def home(name):
    if name not in seen:
        forget(name)
        seen[name] = len(seen)
    return str(len(seen))
"""

HELD = """\
import threading

from flask import Flask

app = Flask(__name__)
seen = {}
seen_lock = threading.Lock()


def note(name):
    seen[name] = seen.get(name, 0) + 1


@app.route("/held/<name>")
def held(name):
    with seen_lock:
        note(name)
    return ""


@app.route("/<name>")
def home(name):
    note(name)
    return ""
"""


HEAD, HOLDS, HOLDS_NOT = (f"@app.route{part}" if at else part for at, part in enumerate(HELD.split("@app.route")))
HELD_LATER = f"{HEAD}{HOLDS_NOT}\n\n{HOLDS}"


@pytest.mark.parametrize("source", [NESTED, HELD, HELD_LATER], ids=["called-inside", "held-by-a-caller", "held-later"])
def test_no_lock_is_taken_twice_by_one_thread(source: str, tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text(source, encoding="utf-8")
    outcome = repair([str(tmp_path)], Config(cache=False, jobs=1), tmp_path, unsafe=True)
    fixed = next(iter(outcome.changed.values()), source.encode()).decode()
    namespace: dict[str, object] = {"__name__": "fixed"}
    exec(compile(fixed, "app.py", "exec"), namespace)
    client = namespace["app"].test_client()  # type: ignore[attr-defined]
    answers: list[int] = []
    routes = ["/a", "/held/a"] if source is not NESTED else ["/a", "/a", "/b"]
    requests = threading.Thread(
        target=lambda: answers.extend(client.get(route).status_code for route in routes), daemon=True
    )
    requests.start()
    requests.join(timeout=20)
    assert answers == [200] * len(routes)


REBUILT = """\
recent = []


@app.route("/ping")
def ping():
    global recent
    recent = [t for t in recent if t > time.time() - 60]
    recent.append(time.time())
    return {"last_minute": len(recent)}
"""
ONE_A_CALL = """\
visits = 0


@app.route("/")
def home():
    global visits
    lock = threading.Lock()
    with lock:
        visits += 1
    return {"visits": visits}
"""
TOGETHER = """\
visits = 0
visits_lock = threading.Lock()


@app.route("/")
def home():
    global visits
    with visits_lock, open("log", "a") as log:
        visits += 1
        log.write("one more")
    return {"visits": visits}
"""


def body_after(source: str, folder: Path) -> str:
    """What all fixes make of the statements of the view."""
    (folder / "app.py").write_text(
        f"import threading\nimport time\n\nfrom flask import Flask\n\napp = Flask(__name__)\n{source}", encoding="utf-8"
    )
    outcome = repair([str(folder)], Config(min_severity="info", cache=False, jobs=1), folder, unsafe=True)
    after = outcome.changed.get("app.py", b"").decode()
    return after.partition('@app.route("/')[2].partition("\n")[2]


def test_a_section_covers_what_else_the_function_does_to_the_place(tmp_path: Path) -> None:
    assert body_after(REBUILT, tmp_path) == (
        "def ping():\n    global recent\n    with recent_lock:\n"
        "        recent = [t for t in recent if t > time.time() - 60]\n"
        '        recent.append(time.time())\n        return {"last_minute": len(recent)}\n'
    )


def test_a_section_of_a_lock_that_keeps_nobody_out_is_replaced(tmp_path: Path) -> None:
    assert body_after(ONE_A_CALL, tmp_path) == (
        "def home():\n    global visits\n    with visits_lock:\n"
        '        visits += 1\n        return {"visits": visits}\n'
    )


def test_a_lock_is_not_taken_again_inside_its_own_section(tmp_path: Path) -> None:
    assert body_after(TOGETHER, tmp_path) == ""


TWO_LOCKS = """\
import threading

from flask import Flask

app = Flask(__name__)
names, counts = {}, {}
names_lock, counts_lock = threading.Lock(), threading.Lock()


def count(name):
    with counts_lock:
        counts[name] = counts.get(name, 0) + 1


def forget(name):
    with names_lock:
        names.pop(name, None)


@app.route("/forget/<name>")
def forgotten(name):
    with counts_lock:
        counts[name] = counts.get(name, 0) + 1
        forget(name)
    return ""


@app.route("/<name>")
def home(name):
    if name not in names:
        count(name)
        names[name] = len(names)
    return ""
"""


def test_no_two_locks_are_taken_in_two_orders(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text(TWO_LOCKS, encoding="utf-8")
    outcome = repair([str(tmp_path)], Config(cache=False, jobs=1), tmp_path, unsafe=True)
    assert outcome.changed == {}
    ((_, reason),) = outcome.left
    assert reason == "code called between read and write may wait for a lock of somebody who waits for this one"
    (tmp_path / "app.py").write_text(
        TWO_LOCKS.replace("        forget(name)\n", "    forget(name)\n"), encoding="utf-8"
    )
    assert repair([str(tmp_path)], Config(cache=False, jobs=1), tmp_path, unsafe=True).fixed == 1


def test_a_value_read_after_the_section_is_taken_inside(tmp_path: Path) -> None:
    source = TOGETHER.replace('visits_lock, open("log", "a") as log', "visits_lock").replace(
        '        log.write("one more")\n', "    app.logger.info(len(request.args))\n"
    )
    assert body_after(source, tmp_path) == (
        "def home():\n    global visits\n    with visits_lock:\n        visits += 1\n"
        '        visits_now = visits\n    app.logger.info(len(request.args))\n    return {"visits": visits_now}\n'
    )


WALKS = """\
players = []


@app.route("/add/<name>")
def add(name):
    players.append(name)
    return ""


@app.route("/")
def home():
    players.sort(key=lambda name: name.lower())
    pairs = []
    for one in players:
        for other in [name for name in players if name != one]:
            pairs.append(one + other)
    return pairs
"""


def test_sections_that_would_stand_in_one_another_are_one(tmp_path: Path) -> None:
    after = body_after(WALKS, tmp_path)
    compile(after, "app.py", "exec")
    assert "with players_lock:\n        players.append(name)" in after


def test_a_section_that_no_reviewer_would_read_is_not_made(tmp_path: Path) -> None:
    filler = "".join(f"    step_{number} = {number}\n" for number in range(50))
    begin = "stock = 1\n\n\n@app.route('/')\ndef home():\n    global stock\n    left = stock\n"
    source = f"{begin}{filler}    stock = left - 1\n    return ''\n"
    assert body_after(source, tmp_path) == ""


def many(broken: int) -> str:
    """An app of forty counters; the fixes of some of them bring a finding, as each is taken by a lock elsewhere."""
    parts = ["from flask import Flask\n\napp = Flask(__name__)\n"]
    for number in range(40):
        parts.append(f"seen_{number} = {{}}\n")
    for number in range(40):
        odd = f"    seen_{number}[name] = [seen_{number}_lock]\n" if number % 8 == 1 and number < broken * 8 else ""
        parts.append(
            f'\n\n@app.route("/{number}/<name>")\ndef view_{number}(name):\n{odd}'
            f"    seen_{number}[name] = seen_{number}.get(name, 0) + 1\n    return name\n"
        )
    return "".join(parts)


@pytest.mark.parametrize("broken", [0, 3])
def test_fixes_are_judged_together(broken: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "app.py").write_text(many(broken), encoding="utf-8")
    judged = []

    def counted(*arguments: object, **keywords: object) -> Report:
        judged.append(keywords)
        return lint(*arguments, **keywords)  # type: ignore[arg-type]

    monkeypatch.setattr("flaskglobals_lint.repair.lint", counted)
    outcome = repair([str(tmp_path)], Config(cache=False, jobs=1), tmp_path, unsafe=False)
    assert outcome.fixed == 40 - broken
    assert len(judged) < 5
    fixed = outcome.changed["app.py"].decode()
    compile(fixed, "app.py", "exec")
    assert fixed.count("import threading\n") == 1
    assert fixed.count("threading.Lock()") == fixed.count("    with seen_") == 40 - broken


def test_one_bad_fix_does_not_stop_the_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A fix that brings a finding is told apart from those made beside it, wherever it stands among them."""
    source = many(0)
    (tmp_path / "app.py").write_text(source, encoding="utf-8")
    make = Fixer.fixes
    line = source[: source.index("def view_21")].count("\n") + 1
    wrong = Fix(
        "safe", (Edit(Span("app.py", line, 1, line + 3, 1), "def view_21(name):\n    return seen_3.popitem()\n"),)
    )

    def fixes(fixer: Fixer, finding: Finding) -> tuple[list[Fix], str]:
        return ([wrong], "") if "seen_21" in finding.symbol else make(fixer, finding)

    monkeypatch.setattr(Fixer, "fixes", fixes)
    outcome = repair([str(tmp_path)], Config(cache=False, jobs=1), tmp_path, unsafe=False)
    assert outcome.fixed == 39
    ((finding, reason),) = outcome.left
    assert "seen_21" in finding.symbol
    assert reason.startswith("the fix would bring ")
    assert "popitem" not in outcome.changed["app.py"].decode()


AWAITS = """\
balance = 100


async def ask(amount=0):
    return 10


@app.route("/")
async def home():
    global balance
{body}
    return ""
"""


@pytest.mark.parametrize(
    ("body", "fixed"),
    [
        ("    balance += await ask()", "    awaited = await ask()\n    with balance_lock:\n        balance += awaited"),
        (
            "    balance += (await ask())",
            "    awaited = await ask()\n    with balance_lock:\n        balance += awaited",
        ),
        (
            "    left = balance\n    cost = await ask()\n    balance = left - cost",
            "    cost = await ask()\n    with balance_lock:\n        left = balance\n        balance = left - cost",
        ),
        ("    left = balance\n    cost = await ask(left)\n    balance = left - cost", ""),
        ("    left = balance\n    if left < 1:\n        return 'none'\n    await ask()\n    balance = left - 1", ""),
        ("    cost = 1\n    left = balance - cost\n    cost = await ask()\n    balance = left", ""),
        ("    balance = balance + float(await ask()) + time.sleep(1)", ""),
    ],
)
def test_what_is_awaited_comes_first_if_it_does_not_depend_on_what_is_read(
    body: str, fixed: str, tmp_path: Path
) -> None:
    after = body_after(AWAITS.format(body=body), tmp_path)
    assert after == (f'async def home():\n    global balance\n{fixed}\n    return ""\n' if fixed else "")
    compile(after, "app.py", "exec")


POOLS = """\
from flask import Flask
from psycopg2 import pool as pools
from sqlalchemy import create_engine
from sqlalchemy.pool import QueuePool, StaticPool

app = Flask(__name__)
{made}


@app.route("/")
def home():
    with db.{method}() as connection:
        return str(connection)
"""


@pytest.mark.parametrize(
    ("made", "method", "fixed"),
    [
        ("db = pools.SimpleConnectionPool(1, 2)", "getconn", "db = pools.ThreadedConnectionPool(1, 2)"),
        ('db = create_engine("sqlite:///a.db", poolclass=StaticPool)', "begin", 'db = create_engine("sqlite:///a.db")'),
        ('db = create_engine("sqlite://", poolclass=StaticPool)', "begin", ""),
        ('db = create_engine("sqlite:///:memory:", poolclass=StaticPool)', "begin", ""),
        ('db = create_engine("sqlite:///a.db", poolclass=StaticPool, echo=True)', "begin", ""),
    ],
)
def test_a_pool_is_made_safe_where_that_keeps_its_data(made: str, method: str, fixed: str, tmp_path: Path) -> None:
    source = POOLS.format(made=made, method=method)
    (tmp_path / "app.py").write_text(source, encoding="utf-8")
    outcome = repair([str(tmp_path)], Config(cache=False, jobs=1), tmp_path, unsafe=True)
    wanted = source.replace(made, fixed)
    if "StaticPool" in made:  # nothing else needs the import
        wanted = wanted.replace("QueuePool, StaticPool", "QueuePool")
    assert outcome.changed.get("app.py", b"").decode() == (wanted if fixed else "")


@pytest.mark.parametrize(
    ("head", "body", "fixed"),
    [
        (
            "word, *, seen=[]",
            "    # why\n    seen.append(word)",
            "    # why\n    if seen is None:\n        seen = []\n    seen.append(word)",
        ),
        (
            "word, seen={'a': 1}",
            '    """Text."""\n    seen["b"] = word',
            '    """Text."""\n    if seen is None:\n        seen = {\'a\': 1}\n    seen["b"] = word',
        ),
        ("word, seen: list = []", "    seen.append(word)", ""),
    ],
)
def test_a_default_is_made_in_each_call(head: str, body: str, fixed: str, tmp_path: Path) -> None:
    source = f"from flask import Flask, request\n\napp = Flask(__name__)\n\n\ndef collect({head}):\n{body}\n    return seen\n"
    source += "\n\n@app.route('/')\ndef home():\n    return str(collect(request.args['word']))\n"
    (tmp_path / "app.py").write_text(source, encoding="utf-8")
    outcome = repair([str(tmp_path)], Config(cache=False, jobs=1, select=("FGL301",)), tmp_path, unsafe=True)
    new = head.replace("[]", "None").replace("{'a': 1}", "None")
    assert outcome.changed.get("app.py", b"").decode() == (
        source.replace(head, new).replace(body, fixed) if fixed else ""
    )


LISTS = """\
names = {}


@app.post("/add/<name>")
def add(name):
    names[name] = 1
    return ""


@app.route("/")
def home():
    found = []
    for name in names:
        found.append(name.lower())
    return found
"""


@pytest.mark.parametrize(
    ("source", "walked"),
    [
        (LISTS, "list(names)"),
        (LISTS.replace("found", "list"), "[*names]"),
        (LISTS.replace("def add", "def list"), "[*names]"),
        (LISTS + "\n\nclass Names:\n    def list(self):\n        return list(names)\n", "list(names)"),
    ],
)
def test_a_copy_is_made_by_what_list_means_here(source: str, walked: str, tmp_path: Path) -> None:
    after = body_after(source, tmp_path)
    assert f"    for name in {walked}:\n" in after


def test_locks_have_readable_names(tmp_path: Path) -> None:
    source = "class Store:\n    def __init__(self):\n        self.__count = 0\n\n    def add(self):\n        self.__count += 1\n"
    source += "\n\nstore = Store()\n\n\n@app.route('/')\ndef home():\n    store.add()\n    return ''\n"
    (tmp_path / "app.py").write_text(
        f"from flask import Flask\n\napp = Flask(__name__)\n\n\n{source}", encoding="utf-8"
    )
    outcome = repair([str(tmp_path)], Config(cache=False, jobs=1), tmp_path, unsafe=True)
    assert "        with self._count_lock:\n            self.__count += 1\n" in outcome.changed["app.py"].decode()


SLOW_STORE = """\
pages = {}


def render(name):
    time.sleep(1)
    return name


@app.route("/drop/<name>")
def drop(name):
    if name in pages:
        pages[name] += "!"
        del pages[name]
    return ""


@app.route("/<name>")
def home(name):
    pages[name] = render(
        name,
    )
    return name
"""


def test_what_a_store_keeps_is_made_before_the_lock_is_taken(tmp_path: Path) -> None:
    after = body_after(SLOW_STORE, tmp_path)
    assert after.endswith(
        "def home(name):\n    value = render(\n        name,\n    )\n"
        "    with pages_lock:\n        pages[name] = value\n    return name\n"
    )


OWN = """\
user = None


def greet():
    return "Hello " + user


@app.route("/a")
def home():
    global user
    user = request.args["user"]
    return greet()
"""
HOOK = """\
user = None


@app.before_request
def load():
    global user
    if request.args:
        user = request.args["user"]


@app.route("/a")
def home():
    return str(user)
"""
REFUSED = {
    "another view reads it": OWN + "\n\n@app.route('/b')\ndef other():\n    return user\n",
    "it is read before it is written": OWN.replace("    user = req", "    print(user)\n    user = req"),
    "a command reads it": OWN + "\n\n@app.cli.command('tell')\ndef tell():\n    print(user)\n",
    "it starts with more than a constant": OWN.replace("user = None", "user = str(1)"),
    "import-time code uses it": OWN.replace("user = None", "user = None\nprint(user)"),
    "the comment would be lost": OWN.replace("user = None", "user = None  # who asks"),
    "it stands in a text": HOOK.replace("str(user)", "f'{user}'"),
}


def in_requests(source: str, folder: Path) -> str:
    source = f"from flask import Flask, request\n\napp = Flask(__name__)\n{source}"
    (folder / "app.py").write_text(source, encoding="utf-8")
    outcome = repair([str(folder)], Config(cache=False, jobs=1, select=("FGL301",)), folder, unsafe=True)
    return outcome.changed.get("app.py", b"").decode()


def test_what_each_request_sets_first_is_kept_in_g(tmp_path: Path) -> None:
    after = in_requests(OWN, tmp_path)
    assert after.startswith("from flask import Flask, g, request\n\napp = Flask(__name__)\n\n\ndef greet")
    assert '    return "Hello " + g.user\n' in after
    assert 'def home():\n    g.user = request.args["user"]\n    return greet()\n' in after


def test_what_only_some_requests_set_keeps_its_first_value_for_the_others(tmp_path: Path) -> None:
    after = in_requests(HOOK, tmp_path)
    assert '    if request.args:\n        g.user = request.args["user"]\n' in after
    assert '    return str(g.get("user"))\n' in after
    assert "g.get(\"user\", 'nobody')" in in_requests(HOOK.replace("None", "'nobody'"), tmp_path)


@pytest.mark.parametrize("why", REFUSED)
def test_what_others_read_is_not_kept_in_g(why: str, tmp_path: Path) -> None:
    assert in_requests(REFUSED[why], tmp_path) == ""


MADE_LATER = """\
import threading

from flask import Flask


class Store:
    def __init__(self):
        self.lock = threading.Lock()
        self.__data = {"paused": False}

    @property
    def data(self):
        return self.__data

    def start(self):
        with self.lock:
            self.__data["paused"] = not self.__data["paused"]


store = None
app = Flask(__name__)


@app.route("/")
def home():
    store.data["paused"] = not store.data["paused"]
    return ""


@app.route("/start")
def start():
    store.start()
    return ""


def create_app():
    global store
    store = Store()
    return app
"""


def test_the_owner_of_a_lock_may_be_made_later(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text(MADE_LATER, encoding="utf-8")
    outcome = repair([str(tmp_path)], Config(cache=False, jobs=1), tmp_path, unsafe=True)
    assert "    with store.lock:\n" in outcome.changed["app.py"].decode()
