"""The code that a finding shows where no edit is right: it names what the program names, and is Python."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from programs import cases

from flaskglobals_lint import catalogue, rulebook
from flaskglobals_lint.config import Config
from flaskglobals_lint.lint import lint
from flaskglobals_lint.report import FORMATS, Options

HEAD = "from flask import Flask, request\n\napp = Flask(__name__)\n"
STATES = {
    "counts = {}\n\n\n@app.post('/<name>')\ndef vote(name):\n    counts[name] = counts.get(name, 0) + 1\n"
    "    return str(counts)\n": 'store.hincrby("counts", name, 1)  # in `vote`, line 9: one atomic command',
    "total = 0\n\n\n@app.post('/')\ndef sell():\n    global total\n    total -= 1\n    return str(total)\n": (
        'store.incrby("total", -1)  # in `sell`, line 10: one atomic command'
    ),
    "jobs = {}\n\n\n@app.post('/<key>')\ndef start(key):\n    jobs[key] = 'new'\n    return jobs['a']\n": (
        'store.hset("jobs", key, json.dumps(value))  # in `start`, line 9'
    ),
    "log = []\n\n\n@app.post('/')\ndef note():\n    log.append(request.path)\n    return str(len(log))\n": (
        'store.rpush("log", json.dumps(value))  # in `note`, line 9'
    ),
    "gone = set()\n\n\n@app.post('/<key>')\ndef revoke(key):\n    gone.add(key)\n    return str('a' in gone)\n": (
        'store.sadd("gone", value)  # in `revoke`, line 9'
    ),
    "mode = 'on'\n\n\n@app.post('/')\ndef switch():\n    global mode\n    mode = 'off'\n    return mode\n": (
        'store.set("mode", json.dumps(value))  # in `switch`, line 10'
    ),
}


def shown(source: str, folder: Path, code: str) -> list[tuple[str, ...]]:
    (folder / "app.py").write_text(HEAD + source, encoding="utf-8")
    found = lint([folder], Config(min_severity="info", cache=False, jobs=1), cwd=folder).findings
    return [finding.example for finding in found if finding.code == code]


@pytest.mark.parametrize("source", STATES)
def test_state_for_all_workers(source: str, tmp_path: Path) -> None:
    (example,) = shown(source, tmp_path, "FGL501")
    compile("\n".join(example), "example", "exec")
    assert STATES[source] in example


def test_a_container_with_a_bound(tmp_path: Path) -> None:
    (example,) = shown(
        "found = {}\n\n\n@app.get('/<key>')\ndef look(key):\n    found[key] = 1\n    return found[key]\n",
        tmp_path,
        "FGL302",
    )
    compile("\n".join(example), "example", "exec")
    assert example[1] == "found = TTLCache(maxsize=1000, ttl=3600)  # in place of line 4 of app.py"
    assert example[-1] == "    found[key] = value"


def test_no_lock_is_forgotten_while_somebody_holds_it(tmp_path: Path) -> None:
    source = "import threading\n\nlocks = {}\n\n\n@app.get('/<key>')\ndef look(key):\n"
    source += "    with locks.setdefault(key, threading.Lock()):\n        return ''\n"
    assert shown(source, tmp_path, "FGL302") == [()]


WRITER = "user = None\n\n\n{hook}\ndef load():\n    global user\n    user = request.args['user']\n{end}\n\n"
READER = "@app.get('/me')\ndef show():\n    return user\n"


@pytest.mark.parametrize(
    ("hook", "end", "example"),
    [
        (
            "@app.before_request",
            "",
            ("from flask import g", "g.user = value  # in `load`, line 10", "g.user  # in `show`, line 15"),
        ),
        (
            "@app.post('/login')",
            "    return ''",
            (
                "from flask import session",
                'session["user"] = value  # in `load`, line 10; small, and not secret: the browser keeps it',
                'session.get("user")  # in `show`, line 15',
            ),
        ),
    ],
)
def test_data_of_one_request(hook: str, end: str, example: tuple[str, ...], tmp_path: Path) -> None:
    assert shown(WRITER.format(hook=hook, end=end) + READER, tmp_path, "FGL301") == [example]


def test_the_full_format_shows_it(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text(
        HEAD + WRITER.format(hook="@app.before_request", end="") + READER, encoding="utf-8"
    )
    report = lint([tmp_path], Config(cache=False, jobs=1), cwd=tmp_path)
    assert "= example:\n    from flask import g\n    g.user = value  # in `load`, line 10\n" in FORMATS["full"](
        report, Options()
    )
    assert '"example": "from flask import g\\ng.user = value' in FORMATS["json"](report, Options())


@pytest.mark.parametrize("code", ["FGL302", "FGL501"])
def test_a_page_shows_what_is_printed(code: str, tmp_path: Path) -> None:
    rule = next(rule for rule in rulebook.rules() if rule.code == code)
    (fence,) = re.findall(
        r"with the names of the program; .*?```python\n(.*?)```", catalogue.page(rule.name), re.DOTALL
    )
    found = []
    for at, case in enumerate(case for case in cases() if case.rule == rule and not case.example.good):
        for path, source in case.example.files.items():
            file = tmp_path / str(at) / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(catalogue.without_expectations(source), encoding="utf-8")
        folder = tmp_path / str(at)
        report = lint([folder], Config(min_severity="info", cache=False, jobs=1), cwd=folder)
        found += ["\n".join((*finding.example, "")) for finding in report.findings if finding.code == code]
    assert fence in found
