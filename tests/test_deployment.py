"""What the project's own files say about its deployment, and what that makes of findings."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from flaskglobals_lint.config import Config
from flaskglobals_lint.extract import extract
from flaskglobals_lint.finding import Finding
from flaskglobals_lint.link import LinkInput, link
from flaskglobals_lint.link.commands import literal
from flaskglobals_lint.link.deployment import Deployment
from flaskglobals_lint.lint import lint
from flaskglobals_lint.models import load

APP = """\
from flask import Flask

app = Flask(__name__)
visits = 0


@app.route("/")
def home():
    global visits
    visits += 1
    return {"visits": visits}
"""

BACKGROUND = """

import threading


def reset():
    global visits
    visits += 1


threading.Thread(target=reset).start()
"""

CONFIG = Config(min_severity="info", cache=False, jobs=1)


def write(folder: Path, files: Mapping[str, str]) -> None:
    for path, text in files.items():
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")


def deployment(folder: Path, files: Mapping[str, str], server: str = "auto", source: str = APP) -> Deployment:
    write(folder, {"app.py": source, **files})
    modules = [LinkInput("app.py", "app.py", extract(source.encode(), "app.py"), True)]
    config = replace(CONFIG, server=server)  # type: ignore[arg-type]
    return link(modules, load(None), config, root=folder).deployment


def races(folder: Path, files: Mapping[str, str], config: Config = CONFIG, source: str = APP) -> list[Finding]:
    write(folder, {"app.py": source, **files})
    found = lint([folder], config, cwd=folder).findings
    return [finding for finding in found if finding.code == "FGL101"]


@pytest.mark.parametrize(
    ("files", "kind", "threads", "workers"),
    [
        ({}, "unknown", None, None),
        ({"Procfile": "web: gunicorn app:app\n"}, "single", None, None),
        ({"Procfile": "web: gunicorn -w 4 app:app\n"}, "processes", None, 4),
        ({"Procfile": "web: gunicorn -w4 --threads=1 app:app\n"}, "processes", 1, 4),
        ({"Procfile": "web: gunicorn --threads 8 app:app\nworker: rq worker\n"}, "threads", 8, None),
        ({"Procfile": "web: gunicorn --threads $THREADS app:app\n"}, "unknown", None, None),
        ({"Procfile": "web: gunicorn --threads ${THREADS:-8} app:app\n"}, "threads", 8, None),
        ({"Procfile": "web: gunicorn -k gevent --threads 1 app:app\n"}, "greenlets", None, None),
        ({"Procfile": "web: gunicorn -k uvicorn.workers.UvicornWorker app:app\n"}, "asyncio", None, None),
        ({"Procfile": "web: gunicorn -k sync app:app\n"}, "single", 1, None),
        ({"Procfile": "web: flask db upgrade && exec gunicorn --threads 2 app:app\n"}, "threads", 2, None),
        ({"Procfile": "worker: gunicorn --threads 2 app:app\n"}, "unknown", None, None),
        ({"Procfile": "web: waitress-serve app:app\n"}, "threads", None, None),
        ({"Procfile": "web: waitress-serve --threads=1 app:app\n"}, "single", 1, None),
        ({"Procfile": "web: hypercorn app:app\n"}, "threads", None, None),
        ({"Procfile": "web: uwsgi --http :80 --processes 4 --threads 2\n"}, "threads", 2, 4),
        ({"Dockerfile": 'CMD ["gunicorn", "--workers=4", "app:app"]\n'}, "processes", None, 4),
        ({"Dockerfile": "CMD gunicorn --workers=4 \\\n    --threads 2 app:app\n"}, "threads", 2, 4),
        ({"Dockerfile": 'CMD ["sh", "-c", "gunicorn --threads 2 app:app"]\n'}, "threads", 2, None),
        ({"Dockerfile": 'ENTRYPOINT ["gunicorn"]\nCMD ["--threads", "2", "app:app"]\n'}, "threads", 2, None),
        ({"Dockerfile": "CMD gunicorn --threads 2 a:a\nCMD gunicorn --threads 1 a:a\n"}, "single", 1, None),
        ({"Dockerfile": "# CMD gunicorn --threads 2 a:a\n"}, "unknown", None, None),
        ({"Dockerfile": "ENV WEB_CONCURRENCY=3\nCMD gunicorn a:a\n"}, "processes", None, 3),
        ({"Dockerfile": 'ENV GUNICORN_CMD_ARGS="--threads=4"\nCMD gunicorn a:a\n'}, "threads", 4, None),
        ({"docker-compose.yml": "services:\n  web:\n    command: gunicorn --threads 3 app:app\n"}, "threads", 3, None),
        (
            {"compose.yaml": "services:\n  web:\n    command: >\n      gunicorn\n      --threads 3\n      app:app\n"},
            "threads",
            3,
            None,
        ),
        (
            {"deploy/app.service": "[Service]\nExecStart=/srv/venv/bin/gunicorn -w 2 --threads 1 a:a\n"},
            "processes",
            1,
            2,
        ),
        ({"start.sh": "#!/bin/sh\nexec gunicorn --threads 2 app:app\n"}, "threads", 2, None),
        ({"gunicorn.conf.py": "workers = 2\nthreads = 4\n"}, "threads", 4, 2),
        ({"gunicorn.conf.py": "threads = 1\n"}, "single", 1, None),
        ({"gunicorn.conf.py": "threads = how_many()\n"}, "unknown", None, None),
        ({"gunicorn.conf.py": "threads = (\n"}, "unknown", None, None),
        ({"gunicorn.conf.py": "threads = 1\n", "Procfile": "web: gunicorn --threads 4 a:a\n"}, "threads", 4, None),
        ({"gunicorn.conf.py": "threads = 4\n", "Procfile": "web: gunicorn a:a\n"}, "threads", 4, None),
        ({"uwsgi.ini": "[uwsgi]\nprocesses = 4\nthreads = 1\n"}, "processes", 1, 4),
        ({"uwsgi.ini": "[uwsgi]\nenable-threads = true\n"}, "single", None, None),
        ({"uwsgi.ini": "[uwsgi]\ngevent = 100\n"}, "greenlets", None, None),
        ({"uwsgi.ini": "[uwsgi]\nthreads = %(many)\n"}, "unknown", None, None),
        ({"tests/Procfile": "web: gunicorn --threads 1 app:app\n"}, "unknown", None, None),
        (
            {"a/Procfile": "web: gunicorn --threads 1 a:a\n", "b/Procfile": "web: waitress-serve b:b\n"},
            "threads",
            None,
            None,
        ),
    ],
)
def test_files(tmp_path: Path, files: dict[str, str], kind: str, threads: int | None, workers: int | None) -> None:
    found = deployment(tmp_path, files)
    assert (found.kind, found.threads, found.workers) == (kind, threads, workers)


@pytest.mark.parametrize(
    ("call", "kind"),
    [
        ("app.run()", "threads"),
        ("app.run(debug=True)", "threads"),
        ("app.run(threaded=True)", "threads"),
        ("app.run(threaded=False)", "single"),
        ("app.run(threaded=False, processes=4)", "processes"),
        ("app.run(threaded=options.threaded)", "threads"),
        ("import waitress; waitress.serve(app)", "threads"),
        ("import waitress; waitress.serve(app, threads=1)", "single"),
        ("from gevent.pywsgi import WSGIServer; WSGIServer(('', 80), app).serve_forever()", "greenlets"),
        ("from flask_socketio import SocketIO; SocketIO(app).run(app)", "threads"),
        ("from asgiref.wsgi import WsgiToAsgi; served = WsgiToAsgi(app)", "single"),
        ("from werkzeug.serving import run_simple; run_simple('', 80, app)", "unknown"),
        ("import subprocess; subprocess.run(threaded=False)", "unknown"),
    ],
)
def test_calls(tmp_path: Path, call: str, kind: str) -> None:
    assert deployment(tmp_path, {}, source=f"{APP}\n\n{call}\n").kind == kind


def test_a_production_server_counts_for_more_than_the_development_server(tmp_path: Path) -> None:
    source = f"{APP}\n\napp.run(debug=True)\n"
    assert deployment(tmp_path, {"gunicorn.conf.py": "threads = 1\n"}, source=source).kind == "single"


def test_preload(tmp_path: Path) -> None:
    assert deployment(tmp_path / "a", {"gunicorn.conf.py": "workers = 2\npreload_app = True\n"}).preload
    assert deployment(tmp_path / "b", {"Procfile": "web: gunicorn -w 2 --preload a:a\n"}).preload
    assert deployment(tmp_path / "c", {"uwsgi.ini": "[uwsgi]\nprocesses = 2\n"}).preload
    assert not deployment(tmp_path / "d", {"uwsgi.ini": "[uwsgi]\nprocesses = 2\nlazy-apps = true\n"}).preload
    assert not deployment(tmp_path / "e", {"gunicorn.conf.py": "workers = 2\n"}).preload
    assert not deployment(tmp_path / "f", {"gunicorn.conf.py": "workers = 1\npreload_app = True\n"}).preload


def test_the_evidence_is_a_line(tmp_path: Path) -> None:
    found = deployment(tmp_path, {"gunicorn.conf.py": "bind = ':80'\n\nthreads = 1\n"})
    assert [(item.path, item.line, item.text) for item in found.evidence] == [("gunicorn.conf.py", 3, "threads = 1")]


def test_the_option_wins(tmp_path: Path) -> None:
    files = {"gunicorn.conf.py": "threads = 1\n"}
    assert deployment(tmp_path, files, "threads").kind == "threads"
    assert deployment(tmp_path, {}, "single").kind == "single"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("4", 4),
        ("'gevent'", "gevent"),
        ("multiprocessing.cpu_count() * 2 + 1", 5),
        ("int(os.environ.get('WEB_CONCURRENCY', '3'))", 3),
        ("os.getenv('N', 2)", 2),
        ("os.getenv('N')", None),
        ("os.getenv('N') or 6", 6),
        ("min(4, cpu_count())", 2),
        ("7 // 0", None),
        ("1 if x else 2", None),
    ],
)
def test_literal(text: str, value: object) -> None:
    assert literal(ast.parse(text, mode="eval").body) == value


# -- severities --


def test_a_race_stays_one_without_evidence(tmp_path: Path) -> None:
    assert [finding.severity for finding in races(tmp_path, {})] == ["error"]


def test_a_race_stays_one_with_the_development_server(tmp_path: Path) -> None:
    assert [finding.severity for finding in races(tmp_path, {}, source=f"{APP}\n\napp.run(debug=True)\n")] == ["error"]


def test_one_thread_makes_it_a_note_that_says_why(tmp_path: Path) -> None:
    (finding,) = races(tmp_path, {"gunicorn.conf.py": "workers = 2\nthreads = 1\n"})
    assert finding.severity == "info"
    assert "one thread per worker in gunicorn.conf.py:2" in finding.message


def test_one_thread_by_default_makes_it_a_warning(tmp_path: Path) -> None:
    (finding,) = races(tmp_path, {"Procfile": "web: gunicorn app:app\n"})
    assert finding.severity == "warning"
    assert "Procfile:1" in finding.message


def test_a_background_thread_races_with_requests_under_every_server(tmp_path: Path) -> None:
    found = races(tmp_path, {"gunicorn.conf.py": "threads = 1\n"}, source=APP + BACKGROUND)
    assert {finding.severity for finding in found} == {"error"}


def test_the_option_decides(tmp_path: Path) -> None:
    (finding,) = races(tmp_path, {}, replace(CONFIG, server="single"))
    assert finding.severity == "info"
    assert "--server single" in finding.message


# -- greenlets --

GEVENT = {"Procfile": "web: gunicorn -k gevent app:app\n"}

COUNTER = """\
import json
import time
from threading import Lock

import requests
from flask import Flask, request

app = Flask(__name__)
lock = Lock()
visits = 0


def weight():
    return int("2")


def ask():
    return requests.get("http://weights").json()


def helper(step):
    return step


@app.route("/")
def home():
    global visits
    seen = visits
    {between}
    visits = seen + 1
    return {{"visits": visits}}
"""


def greenlets(folder: Path, between: str, files: Mapping[str, str] = GEVENT) -> Finding:
    (finding,) = races(folder, files, source=COUNTER.format(between=between))
    return finding


@pytest.mark.parametrize(
    "between",
    [
        "pass",
        "weight()",
        "text = json.dumps([1]).strip()",
        "app.logger.info('seen %s', seen)",
        "names = [str(n) for n in range(3)]",
        "open('notes')",
    ],
)
def test_greenlets_do_not_switch_where_nothing_waits(tmp_path: Path, between: str) -> None:
    finding = greenlets(tmp_path, between)
    assert finding.severity == "info"
    assert "Procfile:1" in finding.message


@pytest.mark.parametrize(
    "between",
    [
        "time.sleep(0)",
        "ask()",
        "requests.get('http://other')",
        "mystery.refresh()",
        "helper(request.get_json())",
        "lock.acquire(); lock.release()",
        "for row in app.rows(): print(row)",
        "for row in request.stream: print(row)",
    ],
)
def test_greenlets_switch_where_code_may_wait(tmp_path: Path, between: str) -> None:
    assert greenlets(tmp_path, between).severity == "error"


def test_a_reader_that_waits_after_its_read_leaves_the_window_open(tmp_path: Path) -> None:
    source = COUNTER.format(between="pass").replace("seen = visits", "seen = load()")
    waiting = source + "\n\ndef load():\n    found = visits\n    time.sleep(1)\n    return found\n"
    (finding,) = races(tmp_path / "waits", GEVENT, source=waiting)
    assert finding.severity == "error"
    (finding,) = races(tmp_path / "quiet", GEVENT, source=waiting.replace("    time.sleep(1)\n", ""))
    assert finding.severity == "info"


@pytest.mark.parametrize(("body", "severity"), [("total += 1", "info"), ("time.sleep(0)", "error")])
def test_a_loop_that_does_not_wait_is_not_interrupted(tmp_path: Path, body: str, severity: str) -> None:
    source = f"""\
import time

from flask import Flask

app = Flask(__name__)
rooms = {{}}


@app.route("/<name>")
def enter(name):
    rooms[name] = 1
    return name


@app.route("/all")
def everybody():
    total = 0
    for name in rooms:
        {body}
    return str(total)
"""
    write(tmp_path, {"app.py": source, **GEVENT})
    found = [f.severity for f in lint([tmp_path], CONFIG, cwd=tmp_path).findings if f.code == "FGL103"]
    assert found == [severity]


PATCH = "from gevent import monkey\n\n{patch}\n\n"


@pytest.mark.parametrize(
    ("patch", "severity"),
    [
        ("monkey.patch_all()", "info"),
        ("import os\nif not os.getenv('NO_PATCH'):\n    monkey.patch_all()", "info"),
        ("import options\nif options.gevent:\n    monkey.patch_all()", "warning"),
        ("monkey.patch_all(thread=False)", "error"),
        ("monkey.patch_socket()", "error"),
        ("monkey.patch_all()\nstart = monkey.get_original('_thread', 'start_new_thread')", "error"),
        ("monkey.patch_all()\nfrom gevent.threadpool import ThreadPool\npool = ThreadPool(4)", "error"),
    ],
)
def test_a_patched_program(tmp_path: Path, patch: str, severity: str) -> None:
    (finding,) = races(tmp_path, {}, source=PATCH.format(patch=patch) + APP)
    assert finding.severity == severity


def test_a_patch_does_not_outweigh_a_server_with_threads(tmp_path: Path) -> None:
    source = PATCH.format(patch="monkey.patch_all()") + APP
    (finding,) = races(tmp_path, {"Procfile": "web: waitress-serve app:app\n"}, source=source)
    assert finding.severity == "error"


def test_one_way_with_threads_keeps_the_race(tmp_path: Path) -> None:
    files = {**GEVENT, "other/Procfile": "web: gunicorn --threads 4 app:app\n"}
    assert greenlets(tmp_path, "pass", files).severity == "error"


def test_another_way_by_default_makes_it_a_warning(tmp_path: Path) -> None:
    source = PATCH.format(patch="monkey.patch_all()") + COUNTER.format(between="pass")
    files = {**GEVENT, "other/Procfile": "web: gunicorn app:app\n"}
    (finding,) = races(tmp_path, files, source=source)
    assert finding.severity == "warning"


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        ("venv/bin/gunicorn -k gevent app:app", "greenlets"),
        ('exec /usr/local/bin/gunicorn -w${WORKERS:-4} "app:app"', "processes"),
        ("PORT=80 gunicorn --threads 4 app:app", "threads"),
        ("venv/bin/uwsgi --gevent 100 --http :80", "greenlets"),
        ("uwsgi uwsgi-plugin-python3", "unknown"),
        ("uwsgi       : the application server", "unknown"),
        ("pip install gunicorn --no-cache", "unknown"),
    ],
)
def test_scripts(tmp_path: Path, line: str, kind: str) -> None:
    assert deployment(tmp_path, {"bin/docker-entrypoint": f"#!/bin/sh\n{line}\n"}).kind == kind
