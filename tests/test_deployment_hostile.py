"""Files that say how the program is run may hold anything: then they tell nothing, take no long, and end no run."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from programs import COUNTER

from flaskglobals_lint.config import Config
from flaskglobals_lint.deploy.files import Files
from flaskglobals_lint.deploy.reader import Reader
from flaskglobals_lint.lint import lint
from flaskglobals_lint.models import load

N = 30_000

DOUBLED = "".join(f"x{n + 1}: &x{n + 1} [*x{n}, *x{n}]\n" for n in range(60))

HOSTILE = {
    "Dockerfile": [
        "CMD " + "[" * N,
        "CMD " + "[" * N + "]" * N,
        "CMD " + "{" * N,
        "CMD " + "'" * N,
        "CMD " + "$(" * N,
        "CMD " + "${A:-" * N,
        "CMD " + "sh -c '" * N,
        "CMD gunicorn -w " + "9" * N,
        "CMD gunicorn -w \u00b2 --threads \u0663",
        "RUN " + "\\\n" * N,
        "ENV A=$A\n" + "ENV A=$A$A\n" * 200 + "CMD gunicorn -w $A",
        "FROM ${A}\nARG A=${A}\n",
    ],
    "Procfile": ["web: " + "gunicorn " * N, "web: sh Procfile", "web: gunicorn -w $((" + "1+" * N + "1))", ":" * N],
    "docker-compose.yml": [
        "[" * N,
        "{" * N,
        "- " * N,
        "? " * N,
        "".join(" " * level + "a:\n" for level in range(500)),
        f"x0: &x0 [a]\n{DOUBLED}services: {{web: {{command: *x60}}}}",
        "services: &s\n  web: *s\n",
        "services: {web: &w {<<: *w}}",
        "a: !!python/object/apply:os.system [id]",
        "services: [1]",
        "services: {web: 1, 2: {command: gunicorn}}",
        "services: {web: {command: {}, environment: [1, {a: b}, null], build: [1], deploy: 1, env_file: [1]}}",
        "services: {web: {command: gunicorn, deploy: {replicas: " + "9" * 5000 + "}}}",
        "--- \n" * N,
        "a: 'x",
    ],
    "app.yaml": [
        "kind: Deployment\nspec: {replicas: x, template: {spec: {containers: [1, null, {command: 1, env: [1]}]}}}"
    ],
    "gunicorn.conf.py": [
        "workers = " + "9" * N,
        "workers = 10**10**10",
        "workers = 'a' * 10**10",
        "workers = [1] * 10**10",
        "workers = 1 << 10**10",
        "workers = " + "(" * N,
        "workers = " + "-" * N + "1",
        "workers = " + "1+" * N + "1",
        "workers = a\na = workers\n",
        "def f(): return g()\ndef g(): return f()\nworkers = f()",
        "workers = int('9' * 5000)",
        "workers = int(float('inf'))",
        "workers = 1 / 0",
        "workers = max([])",
        "\0",
    ],
    "supervisord.conf": ["[program:a]\nnumprocs = " + "9" * 5000 + "\ncommand = gunicorn a:b", "[program:" * N],
    "fly.toml": ["a = " + "[" * N, "a = " + "9" * 5000, "[processes]\nweb = 1", "processes = 1"],
    "web.service": ["[Service]\nExecStart=" + "\\\n" * N, "[Service]\nEnvironment=" + '"' * N],
    ".env": ["A=$A" * N, "WEB_CONCURRENCY=" + "9" * 5000],
    "uwsgi.ini": [
        "[uwsgi]\nprocesses = %(processes)\n",
        "[uwsgi]\na = %(b)\nb = %(a)\nprocesses = %(a)\n",
        "[uwsgi]\nprocesses = " + "9" * 5000,
        "[uwsgi]\nini = uwsgi.ini\ninherit = uwsgi.ini\n",
        "[uwsgi" * N,
        "[uwsgi]\n" + "%(" * N,
        "[uwsgi]\nprocesses = \u0663\nthreads = -1\n",
    ],
    "uwsgi.json": ["[" * N, '{"uwsgi": 1}', '{"uwsgi": {"processes": [' + "9" * 5000 + "]}}"],
    "railway.json": ["[" * N, '{"deploy": {"startCommand": 1, "numReplicas": ' + "9" * 5000 + "}}", '{"deploy": [1]}'],
    "app.json": ['{"formation": {"web": {"quantity": "x"}}, "env": [1]}', "{" * N],
    "zappa_settings.json": ['{"dev": 1}', "[" * N],
    "values.yaml": ["replicaCount: [1]", "replicaCount: " + "9" * 5000, "autoscaling: {maxReplicas: x}"],
    "apache.conf": ["WSGIDaemonProcess " + "a " * N, "WSGIDaemonProcess x processes=" + "9" * 5000 + " threads=-1"],
    "nixpacks.toml": ["start = 1", "[start]\ncmd = [1]", "[start]\ncmd = " + "[" * N],
    "start.sh": [
        "gunicorn " + "$(" * N,
        "exec gunicorn -w $((" * N,
        "while true; do\n" * N,
        "cat <<EOF\n" * 3000,
        'case "$1" in\n' * 3000 + "gunicorn a:b",
        "A=$A$A\n" * 300 + "gunicorn -w $A a:b",
    ],
    "Makefile": ["run:\n\tgunicorn -w $(A) a:b\nA = $(A)\n", "$(" * N, "run:\n" + "\t\\\n" * N],
    "render.yaml": ["services: [1, {startCommand: 1}, {startCommand: gunicorn, envVars: 1}]"],
}


TOGETHER = {
    "a script that runs itself": {"start.sh": "./start.sh\n"},
    "scripts that run each other": {"start.sh": "exec ./boot.sh\n", "boot.sh": "exec ./start.sh\n"},
    "a script that doubles its arguments": {
        "Dockerfile": 'ENTRYPOINT ["/start.sh"]\nCMD ["/start.sh"]\n',
        "start.sh": 'exec "$@" "$@"\n./start.sh "$@" "$@"\n',
    },
    "variables that stand for each other": {"Procfile": "web: gunicorn -w $A a:a\n", ".env": "A=$B\nB=$A\n"},
    "a large product": {"gunicorn.conf.py": "workers = " + "99 * " * 400 + "1\n"},
    "a long command": {"Procfile": "web: " + "env " * N + "gunicorn a:a\n"},
}


@pytest.mark.parametrize(
    "files",
    [
        *(pytest.param({name: text}, id=f"{name}-{n}") for name, texts in HOSTILE.items() for n, text in enumerate(texts)),
        *(pytest.param(files, id=name) for name, files in TOGETHER.items()),
    ],
)  # fmt: skip
def test_any_text(tmp_path: Path, files: dict[str, str]) -> None:
    beside = {"Procfile": "web: gunicorn app:app\n"} if "gunicorn.conf.py" in files else {}
    for name, text in {"setup.cfg": "", "app.py": COUNTER, **beside, **files}.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    report = lint([tmp_path / "app.py"], Config(cache=False, jobs=1), cwd=tmp_path)
    assert [finding.code for finding in report.findings if finding.span.line == 10] == ["FGL101"]


# --- the reader alone -------------------------------------------------------------------------------------------------

NAMES = [
    "Dockerfile",
    "Procfile",
    ".env",
    "gunicorn.conf.py",
    "uwsgi.ini",
    "web.service",
    "supervisord.conf",
    "start.sh",
    "compose.yaml",
    "fly.toml",
    "railway.json",
    "app.yaml",
    "k8s.yaml",
    "values.yaml",
    "Makefile",
    "zappa_settings.json",
]
WORDS = [
    *("FROM a AS b\n", "FROM b\n", "CMD ", "ENTRYPOINT ", "ENV A=$A\n", "ENV ", '["sh", "-c", "', "'", '"', "[", "]", "{"),
    *("web: ", "gunicorn ", "-w ", "--threads=", "$A", "${A:-${B:-", "}", "$(", ")", "`", "%(a)", "\\\n", "\n", "  ", "- "),
    *("[uwsgi]\n", "[program:a]\n", "[Service]\n", "ExecStart=", "command=", "processes = %(processes)\n", "start.sh "),
    *('"$@"', "services:\n", "command: ", "build: ", "replicas: ", "kind: Deployment\n", "apiVersion: 1\n", "spec:\n"),
    *("&a ", "*a", "workers = ", "workers", " if ", " else ", "def f(): return f()\n", "f()", "os.environ['A']"),
    *("1 << 9", "9 ** 9 ** 9"),
]  # fmt: skip

texts = st.lists(st.sampled_from(WORDS) | st.text(max_size=3), max_size=14).map("".join)


@settings(
    max_examples=150, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.dictionaries(st.sampled_from(NAMES), texts, min_size=1, max_size=4))
def test_whatever_is_written(tmp_path: Path, files: dict[str, str]) -> None:
    for name in NAMES:
        (tmp_path / name).unlink(missing_ok=True)
    for name, text in files.items():
        (tmp_path / name).write_text(text.encode("utf-8", "replace").decode(), encoding="utf-8")
    for found in Reader(load(None).servers, Files(tmp_path, "", "")).run():
        assert found.server.id
