"""The command as a user sees it: what is printed where, and the exit status."""

from __future__ import annotations

import gc
import io
import json
import os
import signal
import subprocess
import sys
import threading
import tomllib
import weakref
from collections.abc import Callable
from pathlib import Path

import pytest

import flaskglobals_lint
from flaskglobals_lint import analysis, cli, console, discover, ending, rulebook
from flaskglobals_lint.config import UsageError
from flaskglobals_lint.finding import Finding
from flaskglobals_lint.lint import lint
from flaskglobals_lint.report import FORMATS

UNSAFE = """\
from flask import Flask

app = Flask(__name__)
hits = {}


@app.route("/<page>")
def show(page):
    hits[page] = hits.get(page, 0) + 1
    return str(hits[page])
"""
SAFE = """\
from flask import Flask

app = Flask(__name__)


@app.route("/")
def home():
    return "hello"
"""
WHERE = "app.py:9:"
PACKAGE = Path(flaskglobals_lint.__file__).parent


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty project, which is the working directory."""
    (tmp_path / "setup.cfg").touch()
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def unsafe(project: Path) -> Path:
    (project / "app.py").write_text(UNSAFE, encoding="utf-8")
    return project


class Outcome:
    """What one call of the command did."""

    def __init__(self, status: int, out: str, err: str) -> None:
        self.status = status
        self.out = out
        self.err = err

    @property
    def lines(self) -> list[str]:
        return self.out.splitlines()


Run = Callable[..., Outcome]


@pytest.fixture
def run(capfd: pytest.CaptureFixture[str], project: Path) -> Run:
    def call(*words: str) -> Outcome:
        status = cli.main(words)
        return Outcome(status, *capfd.readouterr())

    return call


# --- exit status and output -------------------------------------------------------------------------------------------


def test_findings_exit_1(run: Run, unsafe: Path) -> None:
    outcome = run()
    assert outcome.status == 1
    assert [line.startswith(f"{WHERE}5: FGL101 `hits") for line in outcome.lines] == [True]
    assert outcome.err == ""


def test_no_findings_exit_0_and_print_nothing(run: Run, project: Path) -> None:
    (project / "app.py").write_text(SAFE, encoding="utf-8")
    outcome = run(".")
    assert (outcome.status, outcome.out, outcome.err) == (0, "", "")


def test_an_empty_project(run: Run) -> None:
    outcome = run()
    assert (outcome.status, outcome.out, outcome.err) == (0, "", "")
    assert json.loads(run("--output-format", "json").out)["files"] == 0


def test_exit_zero(run: Run, unsafe: Path) -> None:
    outcome = run("--exit-zero")
    assert outcome.status == 0
    assert outcome.lines


def test_two_runs_print_the_same_bytes(run: Run, unsafe: Path) -> None:
    for name in ("concise", "full", "json"):
        assert run("--output-format", name).out == run("--output-format", name).out


def test_json(run: Run, unsafe: Path) -> None:
    document = json.loads(run("--output-format", "json", "app.py").out)
    [found] = document["findings"]
    assert (found["code"], found["path"], found["line"]) == ("FGL101", "app.py", 9)
    assert (found["symbol"], found["function"]) == ("app.hits[]", "app.show") or found["function"] == "app.show"
    assert (document["files"], document["errors"]) == (1, 0)


def test_full_shows_the_code_and_the_way_in(run: Run, unsafe: Path) -> None:
    out = run("--output-format", "full").out
    assert "  9 |     hits[page] = hits.get(page, 0) + 1\n" in out
    assert "= entry point: app.show (route GET /<page>) at app.py:8" in out
    assert "= help: " in out


def test_statistics(run: Run, unsafe: Path) -> None:
    outcome = run("--statistics")
    assert (outcome.status, outcome.out) == (1, "1\tFGL101\tunlocked-read-modify-write\n")


# --- broken files -----------------------------------------------------------------------------------------------------


def test_a_file_that_cannot_be_parsed_is_a_finding_and_the_others_are_judged(run: Run, unsafe: Path) -> None:
    (unsafe / "broken.py").write_text("x = 1\ndef f(:\n", encoding="utf-8")
    outcome = run("--output-format", "json")
    document = json.loads(outcome.out)
    assert outcome.status == 1
    assert [(found["code"], found["path"], found["line"]) for found in document["findings"]] == [
        ("FGL101", "app.py", 9),
        ("FGL900", "broken.py", 2),
    ]
    assert (document["files"], document["errors"]) == (2, 1)


def test_a_broken_file_that_was_not_asked_for_is_not_told(run: Run, unsafe: Path) -> None:
    (unsafe / "broken.py").write_text("import app\ndef f(:\n", encoding="utf-8")
    assert [line.split()[1] for line in run("app.py").lines] == ["FGL101"]


def test_a_file_that_cannot_be_read_is_a_finding(run: Run, unsafe: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    content = discover._content

    def refuse(path: str) -> bytes:
        if path.endswith("locked.py"):
            raise PermissionError(13, "Permission denied")
        if path.endswith("gone.py"):
            raise FileNotFoundError(2, "No such file")
        return content(path)

    (unsafe / "locked.py").touch()
    (unsafe / "gone.py").touch()
    monkeypatch.setattr(discover, "_content", refuse)
    assert run().lines[1:] == ["locked.py:1:1: FGL900 the file cannot be read: Permission denied"]


# --- selection --------------------------------------------------------------------------------------------------------


def test_select_and_ignore(run: Run, unsafe: Path) -> None:
    assert run("--select", "FGL2,FGL9").status == 0
    assert run("--select", "FGL2", "--extend-select", "FGL101").status == 1
    assert run("--select", "unlocked-read-modify-write").status == 1
    assert run("--ignore", "FGL1", "--ignore", "FGL9").status == 0
    assert run("--extend-ignore", "FGL101").status == 0


def test_suppressions(run: Run, project: Path) -> None:
    marked = UNSAFE.replace("0) + 1\n", "0) + 1  # noqa: FGL101\n")
    (project / "app.py").write_text(marked, encoding="utf-8")
    assert run("--min-severity", "info", "--select", "FGL101,FGL901").out == ""
    (project / "app.py").write_text("# flaskglobals: ignore-file\n" + UNSAFE, encoding="utf-8")
    assert run("--min-severity", "info").out == ""
    (project / "app.py").write_text(SAFE + "x = 1  # noqa: FGL101\n", encoding="utf-8")
    assert run().out == ""
    assert run("--min-severity", "info").out == "app.py:9:8: FGL901 `noqa` for FGL101 suppresses nothing\n"


def test_configuration(run: Run, unsafe: Path) -> None:
    (unsafe / "pyproject.toml").write_text("[tool.flaskglobals-lint]\nignore = ['FGL101']\n", encoding="utf-8")
    assert run().status == 0
    assert run("--isolated").status == 1
    assert run("--select", "FGL101").status == 1
    (unsafe / "other.toml").write_text("[tool.flaskglobals-lint]\nexclude = ['app.py']\n", encoding="utf-8")
    assert run("--config", "other.toml").status == 0
    (unsafe / "pyproject.toml").write_text(
        "[tool.flaskglobals-lint.per-file-ignores]\n'app.py' = ['ALL']\n", encoding="utf-8"
    )
    assert run().status == 0


def test_a_wrong_table_of_models_is_told_with_its_line(run: Run, unsafe: Path) -> None:
    text = "[tool.flaskglobals-lint.entry-points]\ndecoratos = ['shop.page']\n"
    (unsafe / "pyproject.toml").write_text(text, encoding="utf-8")
    outcome = run()
    assert (outcome.status, outcome.out) == (2, "")
    assert outcome.err.startswith("flaskglobals-lint: pyproject.toml:1: entry-points has no key 'decoratos'")
    assert "'decorators'" in outcome.err


def test_only_findings_in_the_given_paths_but_judged_with_their_project(run: Run, project: Path) -> None:
    (project / "store.py").write_text("n = 0\n\n\ndef add():\n    global n\n    n = n + 1\n", encoding="utf-8")
    views = "import store\n" + UNSAFE.replace("return", "store.add()\n    return")
    (project / "app.py").write_text(views, encoding="utf-8")
    assert [line.split(":")[0] for line in run().lines] == ["app.py", "store.py"]
    assert [line.split(":")[0] for line in run("store.py").lines] == ["store.py"]


# --- standard input ---------------------------------------------------------------------------------------------------


class Stdin:
    """Standard input with some bytes."""

    def __init__(self, content: bytes) -> None:
        self.buffer = io.BytesIO(content)


@pytest.mark.parametrize("words", [("--stdin-filename", "app.py", "-"), ("--stdin-filename", "app.py")])
def test_standard_input(run: Run, project: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]) -> None:
    (project / "app.py").write_text(SAFE, encoding="utf-8")
    monkeypatch.setattr(sys, "stdin", Stdin(UNSAFE.encode()))
    outcome = run(*words)
    assert outcome.status == 1
    assert outcome.out.startswith(WHERE)


def test_standard_input_without_a_name(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", Stdin(UNSAFE.encode()))
    assert run("-").out.startswith("stdin.py:9:")
    monkeypatch.setattr(sys, "stdin", None)
    assert run("-").status == 0


# --- errors -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("nope.py",), "`nope.py` does not exist"),
        (("ap.py",), "`ap.py` does not exist; did you mean `app.py`?"),
        (("--select", "FGL191"), "unknown rule `FGL191` in --select; did you mean `FGL101`?"),
        (
            ("--min-severity", "warn"),
            "--min-severity must be one of error, warning, info, not `warn`; did you mean `warning`?",
        ),
        (("--output-format", "jsn"), "did you mean `json`?"),
        (("--server", "thread"), "did you mean `threads`?"),
        (("--jobs", "-1"), "--jobs must be a number, 0 for all cores"),
        (("--jobs", "x"), "'x' is not a valid integer"),
        (("--outputformat", "json"), "No such option"),
        (("--config", "nope.toml"), "nope.toml: cannot be read: No such file or directory"),
        (("--config", "setup.cfg", "--isolated"), "--config and --isolated exclude each other"),
        (("--stdin-filename", "x.py", "."), "--stdin-filename needs the PATH `-`"),
        (("--explain", "FGL191"), "unknown rule `FGL191`; did you mean `FGL101`?"),
        (("--explain", "check-then-sit"), "unknown rule `check-then-sit`; did you mean `check-then-set`?"),
        (("--output-file", "no/where.txt"), "`no/where.txt` cannot be written: No such file or directory"),
        (("a\nb\x1b[31m",), r"`a b\x1b[31m` does not exist"),
    ],
)
def test_an_error_is_one_line_and_exit_2(run: Run, unsafe: Path, words: tuple[str, ...], message: str) -> None:
    outcome = run(*words)
    assert (outcome.status, outcome.out) == (2, "")
    assert outcome.err.startswith("flaskglobals-lint: ")
    assert message in outcome.err
    assert outcome.err.count("\n") == 1


@pytest.mark.parametrize("text", ["selct = ['FGL1']", "select = ['FGLX']", "server = 'many'", "jobs = ["])
def test_a_wrong_configuration_names_file_and_line(run: Run, unsafe: Path, text: str) -> None:
    (unsafe / "pyproject.toml").write_text(f"[tool.flaskglobals-lint]\n{text}\n", encoding="utf-8")
    outcome = run()
    assert (outcome.status, outcome.out) == (2, "")
    assert outcome.err.startswith("flaskglobals-lint: pyproject.toml:")
    assert outcome.err.count("\n") == 1


def test_a_crash_is_one_line_and_a_traceback_only_if_asked(
    run: Run, unsafe: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def crash(*_: object, **__: object) -> None:
        raise RecursionError("too deep")

    monkeypatch.setattr(analysis, "link", crash)
    outcome = run()
    expected = "internal error (RecursionError: too deep); please report it with the file that shows it"
    assert (outcome.status, outcome.out, outcome.err) == (2, "", f"flaskglobals-lint: {expected}\n")
    assert "Traceback" in run("-v").err


def test_an_interrupt_is_one_line(run: Run, unsafe: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(analysis, "link", interrupt)
    outcome = run()
    assert (outcome.status, outcome.err) == (130, "flaskglobals-lint: interrupted\n")


def test_termination_is_silent_and_unwinds(run: Run, unsafe: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    unwound = []

    def terminate(*_: object, **__: object) -> None:
        try:
            signal.raise_signal(signal.SIGTERM)
        finally:
            unwound.append(True)

    monkeypatch.setattr(analysis, "link", terminate)
    outcome = run()
    assert (outcome.status, outcome.out, outcome.err, unwound) == (143, "", "", [True])
    assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL


# --- information ------------------------------------------------------------------------------------------------------


def test_version_and_help(run: Run) -> None:
    assert run("--version").out == f"flaskglobals-lint {flaskglobals_lint.__version__}\n"
    outcome = run("--help")
    assert outcome.status == 0
    for option in ("--output-format", "--min-severity", "--stdin-filename", "--explain", "--no-cache", "--color"):
        assert option in outcome.out


def test_list_rules_is_a_line_a_rule(run: Run) -> None:
    lines = run("--list-rules").lines
    assert [line.split()[0] for line in lines] == [rule.code for rule in rulebook.rules()]
    assert [line.split()[1] for line in lines] == [rule.name for rule in rulebook.rules()]


@pytest.mark.parametrize("word", ["FGL101", "fgl101", "unlocked-read-modify-write"])
def test_explain(run: Run, word: str) -> None:
    outcome = run("--explain", word)
    assert outcome.status == 0
    assert outcome.lines[0] == "# FGL101: unlocked-read-modify-write"


def test_show_files(run: Run, unsafe: Path) -> None:
    (unsafe / "build").mkdir()
    (unsafe / "build" / "b.py").touch()
    assert run("--show-files").lines == ["app.py"]
    assert run("--show-files", "--exclude", "app.py,other").lines == ["build/b.py"]
    assert run("--show-files", "--extend-exclude", "app.py").lines == []


def test_show_settings_can_be_pasted(run: Run, unsafe: Path) -> None:
    words = ("--select", "FGL1", "--no-cache", "--cache-dir", "c", "--jobs", "2", "--exclude", 'a"\\b')
    (unsafe / "pyproject.toml").write_text(
        "[tool.flaskglobals-lint]\nper-file-ignores = { 'x/*' = ['FGL101'] }\nlocks = ['a.B']\n", encoding="utf-8"
    )
    out = run("--show-settings", *words).out
    assert out.startswith(f"# {unsafe / 'pyproject.toml'}\n")
    table = tomllib.loads(out)["tool"]["flaskglobals-lint"]
    assert (table["select"], table["cache"], table["jobs"], table["locks"]) == (["FGL1"], False, 2, ["a.B"])
    (unsafe / "pyproject.toml").write_text(out, encoding="utf-8")
    assert run("--show-settings").out == out
    assert "\n# baseline has no value\n" in out


def test_verbose_says_what_is_done(run: Run, unsafe: Path) -> None:
    (unsafe / "Procfile").write_text("web: gunicorn --workers 3 --threads 4 app:app\n", encoding="utf-8")
    err = run("-v").err
    assert f"root: {unsafe}" in err
    assert "extract: 1 files" in err
    assert "deployment: threads (4 threads, 3 workers), told by Procfile:1" in err


# --- files, terminals and pipes ---------------------------------------------------------------------------------------


def test_output_file_is_replaced_whole(run: Run, unsafe: Path) -> None:
    target = unsafe / "report.txt"
    target.write_text("old", encoding="utf-8")
    target.chmod(0o640)
    outcome = run("--no-cache", "--output-file", "report.txt")
    assert (outcome.status, outcome.out) == (1, "")
    assert target.read_text(encoding="utf-8").startswith(WHERE)
    assert target.stat().st_mode & 0o777 == 0o640
    assert sorted(path.name for path in unsafe.iterdir()) == ["app.py", "report.txt", "setup.cfg"]


def test_output_file_may_be_a_link_or_a_device(run: Run, unsafe: Path) -> None:
    (unsafe / "link").symlink_to(unsafe / "real.txt")
    run("--output-file", "link")
    assert (unsafe / "link").is_symlink()
    assert (unsafe / "real.txt").read_text(encoding="utf-8").startswith(WHERE)
    assert run("--output-file", os.devnull).status == 1
    assert run("--output-file", "-").out.startswith(WHERE)


def test_output_file_is_left_alone_if_it_cannot_be_written(unsafe: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = unsafe / "report.txt"
    target.write_text("old", encoding="utf-8")

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(UsageError, match="No space left on device"):
        console.write_file(target, "new")
    assert target.read_text(encoding="utf-8") == "old"
    assert [path.name for path in unsafe.iterdir() if path.name.startswith(".")] == []


def test_colour(run: Run, unsafe: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "\x1b[" not in run().out
    assert "\x1b[" in run("--color", "always").out
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(console, "is_terminal", lambda stream: True)
    assert console.wants_color("auto")
    assert not console.wants_color("never")
    monkeypatch.setenv("NO_COLOR", "1")
    assert not console.wants_color("auto")
    assert console.wants_color("always")


def test_colours_can_be_forced_through_a_pipe(run: Run, unsafe: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert "\x1b[" in run().out
    assert "\x1b[" not in run("--color", "never").out
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b[" not in run().out


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_script_that_completes_in_the_shell(run: Run, monkeypatch: pytest.MonkeyPatch, shell: str) -> None:
    monkeypatch.setenv("_FLASKGLOBALS_LINT_COMPLETE", f"{shell}_source")
    outcome = run()
    assert (outcome.status, outcome.err) == (0, "")
    assert f"_FLASKGLOBALS_LINT_COMPLETE={shell}_complete" in outcome.out


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("--output-f", ["--output-format", "--output-file"]),
        ("--output-format s", ["sarif"]),
        ("--server gr", ["greenlets"]),
        ("--select FGL101,FGL10", [f"FGL101,FGL10{n}" for n in range(1, 6)]),
        ("--explain fgl90", ["FGL900", "FGL901"]),
    ],
)
def test_what_the_shell_completes(run: Run, monkeypatch: pytest.MonkeyPatch, words: str, expected: list[str]) -> None:
    monkeypatch.setenv("_FLASKGLOBALS_LINT_COMPLETE", "zsh_complete")
    monkeypatch.setenv("COMP_WORDS", f"flaskglobals-lint {words}")
    monkeypatch.setenv("COMP_CWORD", str(len(words.split())))
    assert run().lines[1::3] == expected


def test_the_help_fits_into_80_columns(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    assert max(map(len, run("--help").lines)) <= 80


def test_the_summary_and_the_bar_are_for_people(run: Run, unsafe: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(console, "is_terminal", lambda stream: stream is sys.stderr)
    for number in range(60):
        (unsafe / f"m{number}.py").touch()
    outcome = run()
    assert outcome.err.endswith("Found 1 finding in 61 files.\n")
    assert "reading" in outcome.err
    assert len(outcome.lines) == 1
    assert run("-q").err == ""
    assert "Found" not in run("--output-format", "json").err
    assert run("m1.py").err == "Found no findings in 1 file.\n"


def test_a_character_that_the_terminal_lacks_is_escaped(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    monkeypatch.setattr(sys, "stdout", stream)
    console.write("a → b\n")
    assert stream.buffer.getvalue() == b"a \\u2192 b\n"  # type: ignore[attr-defined]


def command(*words: str, cwd: Path, **options: object) -> subprocess.Popen[bytes]:
    environment = os.environ | {"PYTHONPATH": str(PACKAGE.parent)}
    words = (sys.executable, "-m", "flaskglobals_lint", *words)
    return subprocess.Popen(words, cwd=cwd, env=environment, stderr=subprocess.PIPE, **options)  # type: ignore[call-overload,no-any-return]


def test_as_a_module(unsafe: Path) -> None:
    with command(cwd=unsafe, stdout=subprocess.PIPE) as process:
        out, err = process.communicate()
    assert (process.returncode, out.startswith(WHERE.encode()), err) == (1, True, b"")


def pipe() -> tuple[int, int]:
    """A pipe that holds little more than a line."""
    fcntl = pytest.importorskip("fcntl")
    reading, writing = os.pipe()
    fcntl.fcntl(writing, getattr(fcntl, "F_SETPIPE_SZ", fcntl.F_GETFD), 4096)
    return reading, writing


@pytest.fixture
def long(unsafe: Path) -> None:
    """A project of which much is to be told."""
    more = "\n".join(UNSAFE.replace("show", f"s{n}") for n in range(9))
    (unsafe / "more.py").write_text(UNSAFE + more, encoding="utf-8")


@pytest.mark.parametrize("reads", [False, True], ids=["nothing", "a line"])
@pytest.mark.parametrize(
    ("words", "status"),
    [
        *((("--output-format", name), 1) for name in FORMATS),
        (("--output-format", "json", "--exit-zero"), 0),
        (("--statistics",), 1),
        (("--diff", "-q"), 1),
        (("--show-files",), 0),
        (("--show-settings",), 0),
        (("--list-rules",), 0),
        (("--explain", "FGL101"), 0),
        (("--help",), 0),
    ],
    ids=lambda value: "-".join(value).strip("-") if isinstance(value, tuple) else None,
)
@pytest.mark.usefixtures("long")
def test_a_reader_that_goes_away_is_no_error(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], words: tuple[str, ...], status: int, reads: bool
) -> None:
    """As ``| head``: what is left is dropped, and the exit status is that of the run."""
    reading, writing = pipe()

    def read() -> None:
        with open(reading, "rb") as reader:
            assert not reads or reader.readline()

    reader = threading.Thread(target=read)
    with open(writing, "w", encoding="utf-8") as stdout:
        monkeypatch.setattr(sys, "stdout", stdout)
        reader.start()
        if not reads:
            reader.join()
        assert cli.main([*words, "--jobs", "1"]) == status
        reader.join()
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("words", "status"),
    [((), 1), (("--help",), 0), (("--output-format", "json", "--output-file", "/dev/stdout"), 1)],
    ids=["findings", "help", "a file"],
)
@pytest.mark.usefixtures("long")
def test_a_process_whose_reader_goes_away_ends_in_silence(unsafe: Path, words: tuple[str, ...], status: int) -> None:
    reading, writing = pipe()
    with command(*words, cwd=unsafe, stdout=writing) as process:
        os.close(writing)
        with open(reading, "rb") as reader:
            assert reader.readline()
        _, err = process.communicate()
    assert (process.returncode, err) == (status, b"")


@pytest.mark.parametrize("end", ["closed", "full"])
def test_an_error_that_cannot_be_told_is_still_an_error(unsafe: Path, end: str) -> None:
    code = "import os, sys; from flaskglobals_lint.__main__ import main; sys.exit(main())"
    if end == "closed":
        code = f"import os; os.close(2); import sys; sys.stderr = None; {code}"
    elif not Path("/dev/full").exists():
        pytest.skip("needs /dev/full")
    with open("/dev/full" if end == "full" else os.devnull, "wb") as stderr:
        done = subprocess.run(
            [sys.executable, "-c", code, "nope.py"],
            env=os.environ | {"PYTHONPATH": str(PACKAGE.parent)},
            stdout=subprocess.PIPE,
            stderr=stderr,
            check=False,
        )
    assert (done.returncode, done.stdout) == (2, b"")


def test_a_full_disk_is_one_line(unsafe: Path) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("needs /dev/full")
    with open("/dev/full", "wb") as full, command(cwd=unsafe, stdout=full) as process:
        _, err = process.communicate()
    assert (process.returncode, err) == (
        2,
        b"flaskglobals-lint: the output cannot be written: No space left on device\n",
    )


@pytest.mark.parametrize("words", [["--version"], ["--help"]])
def test_nothing_heavy_is_imported_to_say_who_we_are(words: list[str]) -> None:
    code = (
        "import sys; from flaskglobals_lint.cli import main; main(sys.argv[1:]);"
        "sys.exit(str([m for m in ('libcst', 'msgspec', 'pathspec', 'tomllib') if m in sys.modules] or ''))"
    )
    environment = os.environ | {"PYTHONPATH": str(PACKAGE.parent)}
    done = subprocess.run(
        [sys.executable, "-c", code, *words], env=environment, capture_output=True, text=True, check=False
    )
    assert done.stderr.strip() == ""


def test_listing_rules_needs_no_parser() -> None:
    code = (
        "import sys; from flaskglobals_lint.cli import main; main(['--list-rules']); sys.exit('libcst' in sys.modules)"
    )
    environment = os.environ | {"PYTHONPATH": str(PACKAGE.parent)}
    assert (
        subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, check=False).returncode == 0
    )


# --- as a library -----------------------------------------------------------------------------------------------------


def test_the_library(unsafe: Path) -> None:
    report = flaskglobals_lint.lint([unsafe / "app.py"])
    assert [finding.code for finding in report.findings] == ["FGL101"]
    assert isinstance(report.findings[0], flaskglobals_lint.Finding)
    assert flaskglobals_lint.Finding is Finding
    assert report == lint(["app.py"])
    with pytest.raises(AttributeError, match="nothing"):
        flaskglobals_lint.nothing  # noqa: B018


def test_only_a_process_that_ends_leaves_what_a_run_holds() -> None:
    class Held:
        pass

    for really in (True, False):
        held = Held()
        known = weakref.ref(held)
        try:
            with ending.soon(really):
                ending.leave(held)
            ending.leave(held)
            del held
            gc.collect()
            assert (known() is not None) == really
        finally:
            gc.unfreeze()
        gc.collect()
        assert known() is None
