"""Processes that are interrupted, killed, or run side by side: the right status, no process left, no file half-written."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from programs import COUNTER

from flaskglobals_lint import cache, cli
from flaskglobals_lint.config import Config
from flaskglobals_lint.lint import lint

pytestmark = pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")

FOUND = b"app.py:10:5: FGL101 "

# Workers are used for little code, too, and do something else where a file holds the word POISON.
WORKERS = """
import sys
from flaskglobals_lint import pool
pool._WORTH_A_PROCESS = 10
pool._CHUNK = 10
pool._CODE = '''
import os, signal, sys
sys.path[:] = sys.argv[1:]
from flaskglobals_lint.extract import worker
real = worker.extract
def extract(source, outlined):
    if b"POISON" in source:
        {poison}
    return real(source, outlined)
worker.extract = extract
worker.main()
'''
"""
# Whoever runs the tests may ignore signals, as nohup does, and processes inherit that.
HEARING = """
import signal
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGTERM, signal.SIG_DFL)
signal.signal(signal.SIGHUP, signal.SIG_DFL)
"""
TELL_AND_WAIT = 'open("pipe", "w").write(str(os.getpid()) + "\\\\n"); signal.pause()'
DIE_ONCE = 'os.path.exists("died") or (open("died", "w").close(), os.kill(os.getpid(), signal.SIGKILL))'
MAIN = "\nfrom flaskglobals_lint.__main__ import main; sys.exit(main())\n"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "setup.cfg").touch()
    (tmp_path / "app.py").write_text(COUNTER, encoding="utf-8")
    return tmp_path


@contextmanager
def started(project: Path, code: str, *words: str) -> Iterator[subprocess.Popen[bytes]]:
    """The command in a process group of its own, with ``code`` run before it."""
    environment = {**os.environ, "PYTHONPATH": str(Path(cli.__file__).parent.parent)}
    process = subprocess.Popen(
        [sys.executable, "-c", HEARING + code + MAIN, *words],
        cwd=project,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def ended(project: Path, code: str, *words: str) -> tuple[int, bytes, bytes]:
    """Status and output of a run."""
    with started(project, code, *words) as process:
        out, err = process.communicate(timeout=60)
        return process.returncode, out, err


def codes(project: Path) -> list[str]:
    """What a run after that finds, with the cache as it was left."""
    return [finding.code for finding in lint([project], Config(), cwd=project).findings]


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def leftovers(project: Path) -> list[str]:
    """Files that no run should leave behind."""
    known = {"app.py", "setup.cfg", "poison.py", "more.py", "pipe", "died"}
    names = [path.name for path in project.rglob("*") if path.is_file() or path.is_fifo()]
    return [
        name
        for name in names
        if name not in known and name not in (".gitignore", "CACHEDIR.TAG") and name[-5:] != ".pack"
    ]


@pytest.mark.parametrize(
    ("number", "group", "status", "err"),
    [
        (signal.SIGINT, True, 130, b"flaskglobals-lint: interrupted\n"),
        (signal.SIGTERM, False, 143, b""),
        (signal.SIGHUP, False, 129, b""),
    ],
)
def test_a_signal_ends_the_run_and_its_workers(
    project: Path, number: signal.Signals, group: bool, status: int, err: bytes
) -> None:
    os.mkfifo(project / "pipe")
    for name in ("poison.py", "more.py"):
        (project / name).write_text(f"POISON = '{name}'\n", encoding="utf-8")
    with started(project, WORKERS.format(poison=TELL_AND_WAIT), "--jobs", "2") as process:
        with open(project / "pipe", encoding="ascii") as pipe:
            workers = {int(pipe.readline())}
        (os.killpg if group else os.kill)(process.pid, number)
        out, told = process.communicate(timeout=60)
        assert (process.returncode, out, told) == (status, b"", err)
        assert not [pid for pid in workers if is_alive(pid)]
    assert leftovers(project) == []
    assert codes(project) == ["FGL101"]


def test_an_interrupt_before_everything_is_imported(project: Path) -> None:
    code = """
import sys
class Interrupted:
    def find_spec(self, name, path=None, target=None):
        if name == "flaskglobals_lint.console":
            raise KeyboardInterrupt
sys.meta_path.insert(0, Interrupted())
"""
    assert ended(project, code) == (130, b"", b"flaskglobals-lint: interrupted\n")


def test_signals_that_the_caller_ignores_stay_ignored(project: Path) -> None:
    """As under ``nohup``."""
    code = "import signal, sys; signal.signal(signal.SIGHUP, signal.SIG_IGN)\n" + WATCH.format(
        where="flaskglobals_lint.analysis", name="link", action="signal.raise_signal(signal.SIGHUP)"
    )
    assert ended(project, code)[0] == 1


def test_a_worker_that_is_killed_costs_nothing(project: Path) -> None:
    (project / "poison.py").write_text("POISON = 1\n" + COUNTER, encoding="utf-8")
    status, out, err = ended(project, WORKERS.format(poison=DIE_ONCE), "--jobs", "2", "--no-cache")
    assert (project / "died").exists()
    assert (status, err) == (1, b"")
    assert [line.split(b": ")[0] for line in out.splitlines()] == [b"app.py:10:5", b"poison.py:11:5"]


WATCH = """
import os, signal, sys
from importlib import import_module
module = import_module("{where}")
real = module.{name}
def watch(*arguments, **keywords):
    {action}
    return real(*arguments, **keywords)
module.{name} = watch
"""


def test_a_kill_while_the_cache_is_written(project: Path) -> None:
    kill = "str(arguments[0]).endswith({!r}) and os.kill(os.getpid(), signal.SIGKILL)"
    for name, ending in (("_prepare", ""), ("os.open", "TAG"), ("os.open", ".tmp"), ("os.replace", ".tmp")):
        code = WATCH.format(where="flaskglobals_lint.cache", name=name, action=kill.format(ending))
        assert ended(project, code)[0] == -signal.SIGKILL
        assert not list((project / cache.FOLDER).glob("*.pack"))
    assert codes(project) == codes(project) == ["FGL101"]
    assert len(list((project / cache.FOLDER).glob("*.pack"))) == 1


def test_a_kill_in_the_middle_of_a_fix(project: Path) -> None:
    (project / "more.py").write_text(COUNTER, encoding="utf-8")
    kill = "str(arguments[1]).endswith('more.py') and os.kill(os.getpid(), signal.SIGKILL)"
    code = WATCH.format(where="flaskglobals_lint.console", name="os.replace", action=kill)
    assert ended(project, code, "--fix")[0] == -signal.SIGKILL
    assert (project / "more.py").read_text(encoding="utf-8") == COUNTER
    fixed = (project / "app.py").read_text(encoding="utf-8")
    assert "Lock()" in fixed
    assert codes(project) == ["FGL101"]


def test_a_signal_in_the_middle_of_a_fix_leaves_nothing_behind(project: Path) -> None:
    action = "str(arguments[1]).endswith('app.py') and signal.raise_signal(signal.SIGTERM)"
    code = WATCH.format(where="flaskglobals_lint.console", name="os.replace", action=action)
    assert ended(project, code, "--fix")[0] == 128 + signal.SIGTERM
    assert (project / "app.py").read_text(encoding="utf-8") == COUNTER
    assert leftovers(project) == []


def test_two_runs_at_once(project: Path) -> None:
    """Both wait for each other right before they write."""
    os.mkfifo(project / "pipe")
    meet = "open('pipe', 'r' if sys.argv[1] == '-q' else 'w').close()"
    code = WATCH.format(where="flaskglobals_lint.cache", name="_write_pack", action=meet)
    with started(project, code, "-q") as one, started(project, code, "--color=never") as two:
        results = [process.communicate(timeout=60) for process in (one, two)]
        assert (one.returncode, two.returncode) == (1, 1)
    assert results[0] == results[1]
    assert results[0][0].startswith(FOUND)
    assert leftovers(project) == []
    assert codes(project) == ["FGL101"]
