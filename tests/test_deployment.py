"""What the project's own files say about its deployment, and what that makes of findings."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from flaskglobals_lint.config import Config
from flaskglobals_lint.deploy.files import Files
from flaskglobals_lint.deploy.gunicorn import Values
from flaskglobals_lint.extract import extract
from flaskglobals_lint.finding import Finding
from flaskglobals_lint.link import LinkInput, link
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
    visits += int("1")
    return {"visits": visits}
"""

BACKGROUND = """

import threading


def reset():
    global visits
    visits += int("1")


threading.Thread(target=reset).start()
"""

CONFIG = Config(min_severity="info", cache=False, jobs=1)


def write(folder: Path, files: Mapping[str, str]) -> None:
    for path, text in files.items():
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")


def beside(root: Path, modules: list[LinkInput]) -> Files:
    return Files.beside([(module.path, module.relative) for module in modules], root)


def deployment(folder: Path, files: Mapping[str, str], server: str = "auto", source: str = APP) -> Deployment:
    write(folder, {"app.py": source, **files})
    modules = [LinkInput("app.py", "app.py", extract(source.encode()), True)]
    config = replace(CONFIG, server=server)  # type: ignore[arg-type]
    return link(modules, load(None), config, files=beside(folder, modules)).deployment


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


@pytest.mark.parametrize(("run", "kind"), [("threaded=True", "threads"), ("debug=True", "single")])
def test_threads_asked_for_beside_another_server_in_the_code(tmp_path: Path, run: str, kind: str) -> None:
    source = f"{APP}\n\nfrom tornado.wsgi import WSGIContainer\n\nif fast:\n    WSGIContainer(app)\nelse:\n    app.run({run})\n"
    assert deployment(tmp_path / "code", {}, source=source).kind == kind
    assert deployment(tmp_path / "file", {"Procfile": "web: gunicorn a:a\n"}, source=source).kind == "single"


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


def test_it_says_what_it_found(tmp_path: Path) -> None:
    assert str(deployment(tmp_path, {})) == "unknown"
    files = {"gunicorn.conf.py": "workers = 1\nthreads = 4\n", "Procfile": "web: gunicorn a:a\n"}
    assert (
        str(deployment(tmp_path, files))
        == "threads (4 threads, 1 worker), told by gunicorn.conf.py:2, gunicorn.conf.py:1, Procfile:1"
    )


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
    assert Values({}).literal(ast.parse(text, mode="eval").body) == value


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


def test_a_writer_that_waits_after_its_write_closes_the_window_before(tmp_path: Path) -> None:
    source = COUNTER.format(between="pass").replace("    visits = seen + 1\n", "    keep(seen + 1)\n")
    store = "\n\ndef keep(value):\n    global visits\n{first}    visits = value\n{last}"
    after = source + store.format(first="", last="    time.sleep(1)\n")
    (finding,) = races(tmp_path / "after", GEVENT, source=after)
    assert finding.severity == "info"
    before = source + store.format(first="    time.sleep(1)\n", last="")
    (finding,) = races(tmp_path / "before", GEVENT, source=before)
    assert finding.severity == "error"


def test_a_reader_that_waits_after_its_read_leaves_the_window_open(tmp_path: Path) -> None:
    source = COUNTER.format(between="pass").replace("seen = visits", "seen = load()")
    waiting = source + "\n\ndef load():\n    found = visits\n    time.sleep(1)\n    return found\n"
    (finding,) = races(tmp_path / "waits", GEVENT, source=waiting)
    assert finding.severity == "error"
    (finding,) = races(tmp_path / "quiet", GEVENT, source=waiting.replace("    time.sleep(1)\n", ""))
    assert finding.severity == "info"


@pytest.mark.parametrize(
    ("body", "severity"),
    [
        ("for name in rooms: total += 1", "info"),
        ("for name in rooms: time.sleep(0)", "error"),
        ("total = {name: 1 for name in rooms}", "info"),
        ("total = {name: time.sleep(0) for name in rooms}", "error"),
        ("total = max(rooms, key=lambda name: name[-1])", "info"),
        ("total = max(rooms, key=lambda name: time.sleep(0))", "error"),
    ],
)
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
    assert greenlets(tmp_path, "weight()", files).severity == "error"


def test_another_way_by_default_makes_it_a_warning(tmp_path: Path) -> None:
    files = {**GEVENT, "other/Procfile": "web: gunicorn app:app\n"}
    source = PATCH.format(patch="monkey.patch_all()") + COUNTER.format(between="pass")
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


# -- formats --


@pytest.mark.parametrize(
    ("files", "kind", "threads", "workers", "line"),
    [
        # gunicorn's configuration: any name that a command gives, its environment, GUNICORN_CMD_ARGS, options
        (
            {"Procfile": "web: gunicorn -c settings/web.py a:a\n", "settings/web.py": "threads = 3\n"},
            "threads", 3, None, "settings/web.py:1",
        ),
        (
            {"Procfile": "web: gunicorn --config=python:shop.serve a:a\n", "shop/serve.py": "workers = 3\n"},
            "processes", None, 3, "shop/serve.py:1",
        ),
        ({"Procfile": "web: gunicorn a:a\n", "settings/web.py": "threads = 3\n"}, "single", None, None, "Procfile:1"),
        (
            {"Dockerfile": "ENV HOW_MANY=3\nCMD gunicorn -c conf.py a:a\n",
             "conf.py": "import os\nthreads = int(os.environ.get('HOW_MANY', 1))\n"},
            "threads", 3, None, "conf.py:2",
        ),
        (
            {"Dockerfile": "ENV GUNICORN_CMD_ARGS='--threads 5'\nCMD gunicorn a:a\n", "gunicorn.conf.py": "threads = 1\n"},
            "threads", 5, None, "Dockerfile:2",
        ),
        (
            {"Dockerfile": "ENV WEB_CONCURRENCY=5\nCMD gunicorn a:a\n", "gunicorn.conf.py": "workers = 1\n"},
            "single", None, 1, "gunicorn.conf.py:1",
        ),
        # Dockerfiles: the stage that is built, what it is based on, copied scripts, arguments
        (
            {"Dockerfile": "FROM python AS base\nCMD gunicorn --threads 4 a:a\nFROM nginx\nCMD nginx\n"},
            "unknown", None, None, "",
        ),
        (
            {"Dockerfile": "FROM python AS base\nENTRYPOINT [\"gunicorn\"]\nFROM base\nCMD [\"--threads=4\", \"a:a\"]\n"},
            "threads", 4, None, "Dockerfile:4",
        ),
        (
            {"Dockerfile": "FROM a AS prod\nCMD gunicorn -w 2 a:a\nFROM prod AS dev\nCMD gunicorn --threads 9 a:a\n"},
            "processes", None, 2, "Dockerfile:2",
        ),
        (
            {"Dockerfile": "ARG N=6\nFROM a\nENV THREADS=$N\nCMD gunicorn --threads ${THREADS} a:a\n"},
            "threads", 6, None, "Dockerfile:4",
        ),
        (
            {"Dockerfile": "COPY docker/web.sh /start\nCMD /start\n", "docker/web.sh": "N=${N:-2}\ngunicorn --threads $N a:a\n"},
            "threads", 2, None, "docker/web.sh:2",
        ),
        (
            {"Dockerfile": "ENV N=7\nENTRYPOINT ['./boot.sh']\n".replace("'", '"'),
             "boot.sh": "N=${N:-2}\nexec gunicorn a:a \\\n  --threads \"$N\"\n"},
            "threads", 7, None, "boot.sh:2",
        ),
        (
            {"Dockerfile": 'ENTRYPOINT ["/wait.sh"]\nCMD ["gunicorn", "--threads", "8", "a:a"]\n',
             "wait.sh": 'sleep 1\nexec "$@"\n'},
            "threads", 8, None, "Dockerfile:2",
        ),
        (
            {"Dockerfile": 'ENTRYPOINT ["/web.sh"]\nCMD ["--threads", "8"]\n', "web.sh": 'exec gunicorn a:a "$@"\n'},
            "threads", 8, None, "web.sh:1",
        ),
        ({"Dockerfile": "CMD pip install gunicorn && python app.py\n"}, "unknown", None, None, ""),
        ({"Dockerfile": "RUN gunicorn --threads 4 a:a\n"}, "unknown", None, None, ""),
        ({"Dockerfile": "CMD gunicorn -w $(nproc) a:a\n"}, "processes", None, 2, "Dockerfile:1"),
        ({"Dockerfile": "CMD gunicorn -w $(cat number) a:a\n"}, "single", None, None, "Dockerfile:1"),
        # compose files
        (
            {"compose.yaml": "services:\n  web:\n    build: .\n    environment:\n      N: 4\n",
             "Dockerfile": "CMD gunicorn --threads $N a:a\n"},
            "threads", 4, None, "Dockerfile:1",
        ),
        (
            {"compose.yaml": "services:\n  web:\n    build: {context: ./web, target: slim}\n",
             "web/Dockerfile": "FROM a AS slim\nCMD gunicorn --threads 4 a:a\nFROM b\nCMD nginx\n"},
            "threads", 4, None, "web/Dockerfile:2",
        ),
        (
            {"compose.yaml": "services:\n  web:\n    command: [\"--threads\", \"4\", \"a:a\"]\n    build: .\n",
             "Dockerfile": 'ENTRYPOINT ["gunicorn"]\nCMD ["a:a"]\n'},
            "threads", 4, None, "compose.yaml:3",
        ),
        (
            {"compose.yaml": "services:\n  web:\n    command: gunicorn a:a\n    deploy:\n      replicas: 3\n"},
            "processes", None, 3, "compose.yaml:5",
        ),
        (
            {"compose.yaml": "services:\n  web:\n    command: gunicorn -w 2 a:a\n    scale: 3\n"},
            "processes", None, 6, "compose.yaml:4",
        ),
        (
            {"compose.yaml": "services:\n  db:\n    image: postgres\n    scale: 3\n  web:\n    command: gunicorn a:a\n"},
            "single", None, None, "compose.yaml:6",
        ),
        (
            {"compose.dev.yaml": "services:\n  web:\n    command: gunicorn --threads 9 a:a\n", "Procfile": "web: gunicorn a:a\n"},
            "single", None, None, "Procfile:1",
        ),
        ({"compose.yaml": "services:\n  web: [unclosed\n"}, "unknown", None, None, ""),
        # systemd, Supervisor, uWSGI, Apache
        (
            {"web.service": "[Service]\nEnvironment=\"N=4\" \"M=1\"\n"
             "ExecStart=/v/python -m gunicorn --threads $N \\\n  a:a\nExecReload=x\n"},
            "threads", 4, None, "web.service:3",
        ),
        (
            {"conf.d/shop.conf": "[program:web]\ncommand=/v/gunicorn a:a\nnumprocs=4\n[program:job]\n"
             "command=celery\nnumprocs=9\n"},
            "processes", None, 4, "conf.d/shop.conf:3",
        ),
        (
            {"web.conf": "[program:web]\ncommand=gunicorn\n    a:a\n    --threads %(ENV_N)s\n    -w 2\nenvironment=N=\"3\"\n"},
            "threads", 3, 2, "web.conf:2",
        ),
        ({"shop.ini": "[uwsgi]\n  processes = 3\n  threads = 2\n"}, "threads", 2, 3, "shop.ini:2"),
        ({"shop.ini": "[uwsgi]\nn = 3\nprocesses = %(n)\ncheaper = 1\n"}, "processes", None, 3, "shop.ini:3"),
        (
            {"shop.ini": "[uwsgi]\nprocesses = 3\n", "Procfile": "web: uwsgi --ini shop.ini --threads 2\n"},
            "threads", 2, 3, "Procfile:1",
        ),
        ({"shop.ini": "[flake8]\nprocesses = 3\n"}, "unknown", None, None, ""),
        ({"apache/shop.conf": "WSGIDaemonProcess shop processes=2 threads=1\n"}, "processes", 1, 2, "apache/shop.conf:1"),
        ({"apache/shop.conf": "<X>\n  WSGIDaemonProcess shop\n</X>\n"}, "threads", None, None, "apache/shop.conf:2"),
        ({"passenger_wsgi.py": "from app import app as application\n"}, "processes", None, 2, "passenger_wsgi.py:1"),
        # platforms
        ({"fly.toml": "[env]\nN = 3\n\n[processes]\napp = \"gunicorn --threads $N a:a\"\n"}, "threads", 3, None, "fly.toml:5"),
        (
            {"render.yaml": "services:\n- type: web\n  startCommand: gunicorn a:a\n  numInstances: 2\n"
             "- type: worker\n  startCommand: gunicorn --threads 9 a:a\n"},
            "processes", None, 2, "render.yaml:4",
        ),
        ({"railway.json": '{"deploy": {"startCommand": "gunicorn --threads 2 a:a",\n'
         ' "numReplicas": 2}}'}, "threads", 2, 2, "railway.json:1"),
        ({"nixpacks.toml": "[start]\ncmd = \"gunicorn --threads 2 a:a\"\n"}, "threads", 2, None, "nixpacks.toml:2"),
        (
            {"app.yaml": "runtime: python312\nentrypoint: gunicorn -b :$PORT --threads 8 main:app\n"},
            "threads", 8, 2, "app.yaml:2",
        ),
        ({"app.yaml": "runtime: python312\nmanual_scaling:\n  instances: 1\n"}, "single", None, None, "app.yaml:3"),
        ({"zappa_settings.json": '{"prod": {"app_function": "a.a"}}'}, "processes", None, 2, "zappa_settings.json:1"),
        ({"serverless.yml": "service: other\n"}, "unknown", None, None, ""),
        (
            {"k8s/web.yaml": "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec:\n"
             "  replicas: 3\n  template:\n    spec:\n"
             "      containers:\n      - name: web\n        command: [gunicorn]\n        args: ['--threads', '4', 'a:a']\n"},
            "threads", 4, 3, "k8s/web.yaml:5",
        ),
        (
            {"k8s/web.yaml": "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec:\n"
             "  replicas: 3\n  template:\n    spec:\n"
             "      containers:\n      - name: web\n        ports: [{containerPort: 80}]\n", "Dockerfile": "CMD gunicorn a:a\n"},
            "processes", None, 3, "k8s/web.yaml:5",
        ),
        ({"values.yaml": "replicaCount: 3\n", "Dockerfile": "CMD gunicorn a:a\n"}, "processes", None, 3, "values.yaml:1"),
        # what only developers run
        ({"Makefile": "serve:\n\tgunicorn --threads 4 a:a\n"}, "threads", 4, None, "Makefile:2"),
        ({"Makefile": "serve:\n\tgunicorn --threads 4 a:a\n", "Procfile": "web: gunicorn a:a\n"
         ""}, "single", None, None, "Procfile:1"),
        ({"README.md": "    gunicorn --threads 4 a:a\n"}, "unknown", None, None, ""),
        ({"tox.ini": "[testenv]\ncommands = gunicorn --threads 4 a:a\n"}, "unknown", None, None, ""),
    ],
)  # fmt: skip
def test_formats(
    tmp_path: Path, files: dict[str, str], kind: str, threads: int | None, workers: int | None, line: str
) -> None:
    found = deployment(tmp_path, {"pyproject.toml": "", **files})
    assert (found.kind, found.threads, found.workers) == (kind, threads, workers)
    assert line in ("", *map(str, found.evidence))


GUNICORN = """\
from gunicorn.app.base import BaseApplication


class Standalone(BaseApplication):
    def load_config(self):
        for name, value in self.options.items():
            self.cfg.set(name, value)


THREADS = 4
Standalone(app, {"bind": ":80", "threads": THREADS}).run()
"""


def test_gunicorn_started_from_python(tmp_path: Path) -> None:
    found = deployment(tmp_path / "a", {}, source=f"{APP}\n\n{GUNICORN}")
    assert (found.kind, found.threads) == ("threads", 4)
    other = GUNICORN.replace("gunicorn.app.base", "shop.base")
    assert deployment(tmp_path / "b", {}, source=f"{APP}\n\n{other}").kind == "unknown"


@pytest.mark.parametrize(("mode", "kind"), [("'gevent'", "greenlets"), ("'threading'", "threads"), ("None", "threads")])
def test_the_mode_of_socket_io(tmp_path: Path, mode: str, kind: str) -> None:
    source = f"{APP}\n\nfrom flask_socketio import SocketIO\nSocketIO(app, async_mode={mode}).run(app)\n"
    assert deployment(tmp_path, {}, source=source).kind == kind


def test_a_neighbour_of_the_project_says_nothing(tmp_path: Path) -> None:
    """The root merely lies above where there is no project of its own: another application may be beside it."""
    write(tmp_path, {"other/Procfile": "web: gunicorn --threads 4 a:a\n", "shop/app.py": APP, "shop/__init__.py": ""})
    modules = [LinkInput("shop/app.py", "shop/app.py", extract(APP.encode()), True)]
    assert link(modules, load(None), CONFIG, files=beside(tmp_path, modules)).deployment.kind == "unknown"
    write(tmp_path, {"README.md": ""})
    assert link(modules, load(None), CONFIG, files=beside(tmp_path, modules)).deployment.kind == "threads"


def test_a_folder_that_is_no_package_lies_in_its_project(tmp_path: Path) -> None:
    write(tmp_path, {"deploy/web.service": "[Service]\nExecStart=gunicorn --threads 4 a:a\n", "shop/app.py": APP})
    modules = [LinkInput("shop/app.py", "shop/app.py", extract(APP.encode()), True)]
    assert link(modules, load(None), CONFIG, files=beside(tmp_path, modules)).deployment.kind == "threads"


STATE = """\
from flask import Flask

app = Flask(__name__)
jobs = {}


@app.route("/start/<name>")
def start(name):
    jobs[name] = "running"
    return name


@app.route("/state/<name>")
def state(name):
    return jobs.get(name, "unknown")
"""


@pytest.mark.parametrize(
    ("files", "severity", "said"),
    [
        ({"Procfile": "web: gunicorn a:a\n"}, "info", ""),
        ({"Procfile": "web: gunicorn -w 2 a:a\n"}, "warning", "Procfile:1"),
        ({"compose.yaml": "services:\n  web:\n    command: gunicorn a:a\n    scale: 3\n"}, "warning", "compose.yaml:4"),
        ({"gunicorn.conf.py": "workers = 4\nthreads = how_many()\n"}, "warning", "gunicorn.conf.py:1"),
        ({"gunicorn.conf.py": "workers = 1\nthreads = 4\n"}, "info", ""),
    ],
)
def test_several_workers_make_state_of_one_process_a_warning(
    tmp_path: Path, files: dict[str, str], severity: str, said: str
) -> None:
    write(tmp_path, {"app.py": STATE, **files})
    (finding,) = [f for f in lint([tmp_path], CONFIG, cwd=tmp_path).findings if f.code == "FGL501"]
    assert finding.severity == severity
    assert said in finding.message


LOCAL = """\
import threading

from flask import Flask, request

app = Flask(__name__)
local = threading.local()
{top}


@app.route("/set")
def put():
    {put}
    return "done"


@app.route("/get")
def get():
    return local.name
"""


@pytest.mark.parametrize(
    ("top", "put", "files", "severity"),
    [
        ("local.name = 'x'", "pass", {"gunicorn.conf.py": "threads = 4\n"}, "warning"),
        ("local.name = 'x'", "pass", {"gunicorn.conf.py": "threads = 1\n"}, "info"),
        ("local.name = 'x'", "pass", {"gunicorn.conf.py": "threads = 1\nworker_class = 'gthread'\n"}, "warning"),
        ("local.name = 'x'", "pass", {"Procfile": "web: waitress-serve --threads=1 app:app\n"}, "warning"),
        ("local.name = 'x'", "pass", {"gunicorn.conf.py": "worker_class = 'gevent'\n"}, "warning"),
        ("", "if request.args: local.name = request.args['n']", {"gunicorn.conf.py": "threads = 4\n"}, "warning"),
        ("", "if request.args: local.name = request.args['n']", {"gunicorn.conf.py": "threads = 1\n"}, "warning"),
        ("", "if request.args: local.name = request.args['n']", {"gunicorn.conf.py": "worker_class = 'gevent'\n"}, "info"),
    ],
)  # fmt: skip
def test_thread_locals_as_deployed(tmp_path: Path, top: str, put: str, files: dict[str, str], severity: str) -> None:
    write(tmp_path, {"app.py": LOCAL.format(top=top, put=put), **files})
    found = {f.severity for f in lint([tmp_path], CONFIG, cwd=tmp_path).findings if f.code == "FGL601"}
    assert found == {severity}


CONNECTION = """\
import {module}

from flask import Flask

app = Flask(__name__)
db = {module}.connect("shop")


@app.route("/")
def home():
    return str(db.execute("select 1").fetchone())
"""


@pytest.mark.parametrize(
    ("module", "files", "severity"),
    [
        ("sqlite3", {"gunicorn.conf.py": "threads = 4\n"}, "error"),
        ("sqlite3", GEVENT, "warning"),
        ("psycopg", GEVENT, "error"),
    ],
)
def test_connections_under_greenlets(tmp_path: Path, module: str, files: dict[str, str], severity: str) -> None:
    write(tmp_path, {"app.py": CONNECTION.format(module=module), **files})
    found = {f.severity for f in lint([tmp_path], CONFIG, cwd=tmp_path).findings if f.code == "FGL201"}
    assert found == {severity}


PUSHED = """\
from flask import Flask, g

app = Flask(__name__)
app.app_context().push()


@app.route("/")
def home():
    g.visits = g.get("visits", 0) + 1
    return str(g.visits)
"""


@pytest.mark.parametrize(
    ("files", "end", "severity"),
    [
        ({}, "", "error"),
        ({"Procfile": "web: gunicorn app:app\n"}, "", "error"),
        ({"Procfile": "web: gunicorn --threads 4 app:app\n"}, "", "info"),
        (GEVENT, "", "info"),
        ({}, "\n\napp.run()\n", "warning"),
    ],
)
def test_a_pushed_context_stays_on_its_own_thread(
    tmp_path: Path, files: dict[str, str], end: str, severity: str
) -> None:
    write(tmp_path, {"app.py": PUSHED + end, **files})
    (finding,) = (f for f in lint([tmp_path], CONFIG, cwd=tmp_path).findings if f.code == "FGL303")
    assert finding.severity == severity
    assert ("start with an empty context" in finding.message) == (severity != "error")
