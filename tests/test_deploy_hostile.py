"""Files that say how an application runs, as nobody should write them: the reader neither fails nor takes long."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from flaskglobals_lint.deploy.files import Files
from flaskglobals_lint.deploy.reader import Reader
from flaskglobals_lint.deploy.unit import Settings
from flaskglobals_lint.models import load

NAMES = [
    *("Dockerfile", "Procfile", ".env", "gunicorn.conf.py", "uwsgi.ini", "web.service", "supervisord.conf", "start.sh"),
    *(
        "compose.yaml",
        "fly.toml",
        "railway.json",
        "app.yaml",
        "k8s.yaml",
        "values.yaml",
        "Makefile",
        "zappa_settings.json",
    ),
]
WORDS = [
    *(
        "FROM a AS b\n",
        "FROM b\n",
        "CMD ",
        "ENTRYPOINT ",
        "ENV A=$A\n",
        "ENV ",
        '["sh", "-c", "',
        "'",
        '"',
        "[",
        "]",
        "{",
    ),
    *(
        "web: ",
        "gunicorn ",
        "-w ",
        "--threads=",
        "$A",
        "${A:-${B:-",
        "}",
        "$(",
        ")",
        "`",
        "%(a)",
        "\\\n",
        "\n",
        "  ",
        "- ",
    ),
    *(
        "[uwsgi]\n",
        "[program:a]\n",
        "[Service]\n",
        "ExecStart=",
        "command=",
        "processes = %(processes)\n",
        "start.sh ",
        '"$@"',
    ),
    *(
        "services:\n",
        "command: ",
        "build: ",
        "replicas: ",
        "kind: Deployment\n",
        "apiVersion: 1\n",
        "spec:\n",
        "&a ",
        "*a",
    ),
    *(
        "workers = ",
        "workers",
        " if ",
        " else ",
        "def f(): return f()\n",
        "f()",
        "os.environ['A']",
        "1 << 9",
        "9 ** 9 ** 9",
    ),
]

LAUGHS = "a: &a [x, x]\n" + "".join(
    f"{c}: &{c} [{', '.join(['*' + p] * 9)}]\n" for p, c in zip("abcdefgh", "bcdefghi", strict=True)
)
"""Aliases that stand for millions of items."""

text = st.lists(st.sampled_from(WORDS) | st.text(max_size=3), max_size=14).map("".join)


def read(folder: Path, files: dict[str, str]) -> list[Settings]:
    for name, content in files.items():
        (folder / name).write_text(content, encoding="utf-8", errors="surrogateescape")
    return Reader(load(None).servers, Files(folder, "", "")).run()


@settings(
    max_examples=150, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.dictionaries(st.sampled_from(NAMES), text, min_size=1, max_size=4))
def test_whatever_is_written(tmp_path: Path, files: dict[str, str]) -> None:
    for name in NAMES:
        (tmp_path / name).unlink(missing_ok=True)
    for found in read(tmp_path, {name: content.encode("utf-8", "replace").decode() for name, content in files.items()}):
        assert found.server.id


@pytest.mark.parametrize(
    "files",
    [
        {"compose.yaml": LAUGHS},
        {"compose.yaml": "[" * 5_000},
        {"compose.yaml": "services: &s\n  web: *s\n"},
        {"start.sh": "./start.sh\n"},
        {"start.sh": "exec ./boot.sh\n", "boot.sh": "exec ./start.sh\n"},
        {"Dockerfile": 'ENTRYPOINT ["/start.sh"]\nCMD ["/start.sh"]\n', "start.sh": 'exec "$@" "$@"\n./start.sh "$@" "$@"\n'},
        {"Procfile": "web: gunicorn -w $A a:a\n", ".env": "A=$B\nB=$A\n"},
        {"gunicorn.conf.py": "workers = " + "(" * 3_000 + "1" + ")" * 3_000 + "\n"},
        {"gunicorn.conf.py": "workers = threads\nthreads = workers\n"},
        {"gunicorn.conf.py": "workers = " + "99 * " * 400 + "1\n"},
        {"Procfile": "web: " + "env " * 20_000 + "gunicorn a:a\n"},
        {"Procfile": "web: gunicorn " + "$(" * 3_000 + "\n"},
    ],
)  # fmt: skip
def test_what_goes_round_in_circles(tmp_path: Path, files: dict[str, str]) -> None:
    read(tmp_path, files)
