"""The hook in the real pre-commit, on a real git repository."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("pre_commit")

ROOT = Path(__file__).parent.parent
STATE = "hits = {}\n\n\ndef count(page):\n    hits[page] = hits.get(page, 0) + 1\n"
SAFE = "hits = {}\n\n\ndef count(page):\n    return page\n"
VIEWS = """\
from flask import Flask

from state import count

app = Flask(__name__)


@app.route("/<page>")
def show(page):
    count(page)
    return page
"""
LOCAL = """\
repos:
  - repo: local
    hooks:
      - id: flaskglobals-lint
        name: flaskglobals-lint
        entry: flaskglobals-lint --force-exclude
        language: system
        types: [python]
        require_serial: true
"""

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not shutil.which("git"), reason="git is not installed"),
]


def call(folder: Path, *words: str) -> tuple[int, str]:
    """Exit status and output of a command, apart from the user's own git configuration and hooks."""
    clean = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
    clean |= {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "PRE_COMMIT_HOME": str(folder / ".git" / "pre-commit"),
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_SYSTEM": os.devnull,
    }
    identity = ("-c", "user.name=test", "-c", "user.email=test@example.org", "-c", "commit.gpgsign=false")
    words = (words[0], *identity, *words[1:]) if words[0] == "git" else words
    done = subprocess.run(
        words, cwd=folder, env=clean, stdin=subprocess.DEVNULL, capture_output=True, encoding="utf-8", check=False
    )
    return done.returncode, done.stdout + done.stderr


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository with a safe application, committed."""
    folder = tmp_path / "app"
    folder.mkdir()
    (folder / "state.py").write_text(SAFE, encoding="utf-8")
    (folder / "views.py").write_text(VIEWS, encoding="utf-8")
    (folder / ".pre-commit-config.yaml").write_text(LOCAL, encoding="utf-8")
    for words in (["init", "-q"], ["add", "."], ["commit", "-qm", "start"]):
        assert call(folder, "git", *words)[0] == 0
    return folder


def stage(repository: Path, text: str) -> None:
    (repository / "state.py").write_text(text, encoding="utf-8")
    assert call(repository, "git", "add", "state.py")[0] == 0


def test_a_staged_file_is_judged_with_the_project_around_it(repository: Path) -> None:
    assert call(repository, "pre-commit", "install")[0] == 0
    stage(repository, STATE)
    status, out = call(repository, "git", "commit", "-qm", "race")
    assert status == 1
    assert "state.py:5:5: FGL101 `hits[…]` is read and written back without a lock in `count` (GET /<page>)" in out
    assert "views.py" not in out
    stage(repository, SAFE + "\n\nlimit = 3\n")
    assert call(repository, "git", "commit", "-qm", "no race")[0] == 0


def test_only_what_is_staged_counts(repository: Path) -> None:
    stage(repository, SAFE + "\n\nlimit = 3\n")
    (repository / "state.py").write_text(STATE, encoding="utf-8")
    assert call(repository, "pre-commit", "run")[0] == 0
    assert (repository / "state.py").read_text(encoding="utf-8") == STATE
    stage(repository, STATE)
    (repository / "state.py").write_text(SAFE, encoding="utf-8")
    status, out = call(repository, "pre-commit", "run")
    assert (status, "state.py:5:5: FGL101" in out) == (1, True)
    assert (repository / "state.py").read_text(encoding="utf-8") == SAFE


def test_the_hook_of_this_repository(repository: Path) -> None:
    """As a user has it, ``repo:`` and ``rev:``; pip must be able to get what the package depends on."""
    hooks = repository.parent / "hooks"
    ignored = shutil.ignore_patterns(".*cache", ".venv", ".git", "__pycache__", "tests", "dist")
    shutil.copytree(ROOT, hooks, ignore=ignored)
    for words in (["init", "-q"], ["add", "."], ["commit", "-qm", "all"], ["tag", "v0"]):
        assert call(hooks, "git", *words)[0] == 0
    config = f"repos:\n  - repo: {hooks}\n    rev: v0\n    hooks:\n      - id: flaskglobals-lint\n"
    (repository / ".pre-commit-config.yaml").write_text(config, encoding="utf-8")
    stage(repository, STATE)
    assert call(repository, "git", "add", ".")[0] == 0
    status, out = call(repository, "pre-commit", "install-hooks")
    if status and ("pip" in out or "virtualenv" in out):
        pytest.skip("pip finds no packages")
    assert status == 0
    status, out = call(repository, "pre-commit", "run")
    assert (status, "state.py:5:5: FGL101" in out) == (1, True)
    (repository / "pyproject.toml").write_text(
        "[tool.flaskglobals-lint]\nextend-exclude = ['state.py']\n", encoding="utf-8"
    )
    assert call(repository, "pre-commit", "run", "--all-files")[0] == 0
