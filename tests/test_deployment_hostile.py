"""Files that say how the program is run may hold anything: then they tell nothing, and no run ends because of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from flaskglobals_lint.config import Config
from flaskglobals_lint.lint import lint

N = 30_000

APP = """\
from flask import Flask

app = Flask(__name__)
n = 0


@app.route("/")
def home():
    global n
    n += 1
    return str(n)
"""

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
    "render.yaml": ["services: [1, {startCommand: 1}, {startCommand: gunicorn, envVars: 1}]"],
}


@pytest.mark.parametrize(
    ("name", "text"),
    [pytest.param(name, text, id=f"{name}-{n}") for name, texts in HOSTILE.items() for n, text in enumerate(texts)],
)
def test_any_text(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / "setup.cfg").touch()
    (tmp_path / "app.py").write_text(APP, encoding="utf-8")
    if name == "gunicorn.conf.py":
        (tmp_path / "Procfile").write_text("web: gunicorn app:app\n", encoding="utf-8")
    (tmp_path / name).write_text(text, encoding="utf-8")
    report = lint([tmp_path / "app.py"], Config(cache=False, jobs=1), cwd=tmp_path)
    assert [finding.code for finding in report.findings if finding.span.line == 10] == ["FGL101"]
