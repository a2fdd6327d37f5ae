"""No folder stops the run: links in circles, pipes, strange names, files that come and go, the root of everything."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import IO

import pytest
from programs import COUNTER

from flaskglobals_lint import analysis, cli, discover, repair
from flaskglobals_lint import lint as lint_module
from flaskglobals_lint.config import Config, UsageError
from flaskglobals_lint.context import imports
from flaskglobals_lint.finding import Report
from flaskglobals_lint.lint import lint


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "pyproject.toml").touch()
    (tmp_path / "app.py").write_text(COUNTER, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def found(*paths: str, **options: object) -> list[str]:
    """The places of what is found."""
    report = lint(paths or (".",), Config(cache=False, jobs=1, **options))  # type: ignore[arg-type]
    return [f"{finding.span.path}:{finding.span.line} {finding.code}" for finding in report.findings]


def confined(resource: str, most: int, *words: str, stdin: IO[bytes] | None = None) -> subprocess.CompletedProcess[str]:
    """The command in a process that the system gives no more than so much of a resource."""
    pytest.importorskip("resource")
    code = (
        "import resource, signal, sys; from flaskglobals_lint.cli import main\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        f"resource.setrlimit(resource.RLIMIT_{resource}, ({most}, {most})); sys.exit(main())"
    )
    environment = {**os.environ, "PYTHONPATH": str(Path(cli.__file__).parent.parent)}
    command = [sys.executable, "-c", code, *words]
    return subprocess.run(command, env=environment, stdin=stdin, capture_output=True, text=True, check=False)


@pytest.mark.skipif(os.name == "nt", reason="POSIX names and files")
def test_what_is_no_file_is_passed_over(project: Path) -> None:
    for name, target in (("self.py", "self.py"), ("self", "self"), ("loop", "."), ("gone.py", "nowhere")):
        (project / name).symlink_to(target)
    (project / "zero.py").symlink_to("/dev/zero")
    (project / "tty.py").symlink_to("/dev/tty")
    os.mkfifo(project / "pipe.py")
    os.mkfifo(project / "Procfile")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("socket.py")
        (project / "x.py").mkdir()
        (project / "x.py" / "inner.py").write_text(COUNTER, encoding="utf-8")
        assert found() == ["app.py:10 FGL101", "x.py/inner.py:10 FGL101"]
        assert found("app.py") == ["app.py:10 FGL101"]
        for name in ("self.py", "pipe.py", "socket.py", "zero.py"):
            with pytest.raises(UsageError):
                found(name)


@pytest.mark.parametrize(
    "name", [b"a:b.py", b":.py", b".py", b"..py", b"a\nb.py", b"\xff.py", b"-.py", b" .py", b"%s.py"]
)
def test_any_name_of_a_file(project: Path, name: bytes) -> None:
    file = os.fsdecode(name)
    try:
        (project / "app.py").rename(project / file)
    except (OSError, ValueError):
        pytest.skip("the file system does not allow this name")
    assert found() == found(file) == [f"{file}:10 FGL101"]


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="who may read anything")
def test_what_may_not_be_read(project: Path) -> None:
    (project / "secret").mkdir()
    (project / "secret" / "app.py").write_text(COUNTER, encoding="utf-8")
    (project / "mine.py").write_text(COUNTER, encoding="utf-8")
    (project / "mine.py").chmod(0)
    (project / "secret").chmod(0)
    try:
        assert found() == ["app.py:10 FGL101", "mine.py:1 FGL900"]
    finally:
        (project / "secret").chmod(0o700)


class _Changing:
    """Something happens to the tree each time a file has been found, and before it is read."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, change: Callable[[], None]) -> None:
        real = discover.discover

        def discover_then_change(*arguments: object) -> discover.Discovery:
            result = real(*arguments)  # type: ignore[arg-type]
            change()
            return result

        monkeypatch.setattr(lint_module, "discover", discover_then_change)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda file: file.unlink(), []),
        (lambda file: (file.unlink(), file.mkdir()), ["other.py:1 FGL900"]),
        (lambda file: file.write_text("x = 1\n"), []),
        (lambda file: file.write_text("x = = 1\n"), ["other.py:1 FGL900"]),
        (lambda file: file.write_bytes(b""), []),
        (lambda file: (file.unlink(), os.mkfifo(file)), ["other.py:1 FGL900"]),
        (lambda file: os.truncate(file, 10**9), ["other.py:1 FGL900"]),
    ],
    ids=["vanishes", "becomes a folder", "changes", "breaks", "is emptied", "becomes a pipe", "grows beyond measure"],
)
def test_a_file_that_changes_during_the_run(
    project: Path, monkeypatch: pytest.MonkeyPatch, change: Callable[[Path], object], expected: list[str]
) -> None:
    (project / "other.py").write_text(COUNTER, encoding="utf-8")
    _Changing(monkeypatch, lambda: change(project / "other.py"))
    assert found() == ["app.py:10 FGL101", *expected]


@pytest.mark.parametrize("name", ["json", "full", "sarif", "gitlab"])
def test_a_file_that_vanishes_before_it_is_shown(project: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    real = analysis._checked

    def checked_then_gone(*arguments: object) -> object:
        result = real(*arguments)  # type: ignore[arg-type]
        (project / "app.py").unlink()
        return result

    monkeypatch.setattr(analysis, "_checked", checked_then_gone)
    assert cli.main(["--output-format", name, "--no-cache"]) == 1


def test_a_folder_that_vanishes_while_it_is_searched(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (project / "sub").mkdir()
    real = discover._entries

    def gone_then_entries(folder: str) -> list[os.DirEntry[str]]:
        if folder.endswith("sub"):
            os.rmdir(folder)
        return real(folder)

    monkeypatch.setattr(discover, "_entries", gone_then_entries)
    assert found() == ["app.py:10 FGL101"]


def test_two_modules_of_one_name(project: Path) -> None:
    (project / "app").mkdir()
    for name in ("app/__init__.py", "app/app.py", "app.pyw"):
        (project / name).write_text(COUNTER, encoding="utf-8")
    places = ["app.py:10", "app.pyw:10", "app/__init__.py:10", "app/app.py:10"]
    assert found() == [f"{place} FGL101" for place in places]


def test_paths_given_twice_or_inside_each_other(project: Path) -> None:
    (project / "sub").mkdir()
    (project / "sub" / "more.py").write_text(COUNTER, encoding="utf-8")
    (project / "link").symlink_to("sub")
    once = ["app.py:10 FGL101", "sub/more.py:10 FGL101"]
    assert found(".", "sub", "app.py", "./sub/../app.py", "sub/more.py", str(project), "link/more.py") == once


def test_5000_modules_in_one_package(project: Path) -> None:
    package = project / "big"
    package.mkdir()
    (package / "__init__.py").touch()
    for number in range(5000):
        (package / f"m{number}.py").write_text(
            f"from big.m{(number + 1) % 5000} import f as g\ndef f(x):\n    return g(x)\n", encoding="utf-8"
        )
    (project / "app.py").write_text(f"from big.m0 import f\n{COUNTER}", encoding="utf-8")
    assert found() == ["app.py:11 FGL101"]


@pytest.mark.skipif(os.name == "nt", reason="another root")
def test_a_project_whose_root_is_the_root_of_everything(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """Files of ``/`` are judged and searched no deeper than their own folder."""
    folder = tmp_path / "plain"
    folder.mkdir()
    (folder / "app.py").write_text(COUNTER, encoding="utf-8")
    monkeypatch.chdir("/")
    monkeypatch.setattr(discover, "_project_root", lambda path: Path("/"))
    monkeypatch.setattr(discover, "_CONTEXT_FOLDERS", 1)
    name = str(folder / "app.py").removeprefix("/")
    assert found(str(folder)) == found(name) == [f"{name}:10 FGL101"]
    assert cli.main([name]) == 1
    assert capfd.readouterr().out.startswith(f"{name}:10:5: FGL101 ")
    assert not Path("/.flaskglobals_cache").exists()


# --- what costs more than it should -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "line", ["from " + "." * 100_000, "from " + ". " * 100_000, "import a" + ".a" * 100_000, "from a" + ".a" * 100_000]
)
def test_a_long_import_costs_time_in_proportion(project: Path, line: str) -> None:
    """A search that tries everything twice at every character would not end here."""
    (project / "other.py").write_text(f"{line}\n", encoding="utf-8")
    assert len(list(imports(line))) <= 1
    assert found("app.py") == ["app.py:10 FGL101"]


# --- fixes --------------------------------------------------------------------------------------------------------------


def test_a_file_that_somebody_changes_meanwhile_is_not_overwritten(
    project: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    real = repair.repair

    def repair_then_change(*arguments: object) -> repair.Outcome:
        outcome = real(*arguments)  # type: ignore[arg-type]
        (project / "app.py").write_text("mine = 1\n", encoding="utf-8")
        return outcome

    monkeypatch.setattr(repair, "repair", repair_then_change)
    assert cli.main(["--fix", "--no-cache"]) == 2
    assert (project / "app.py").read_text(encoding="utf-8") == "mine = 1\n"
    assert "`app.py` has changed since it was read; nothing is written" in capfd.readouterr().err


def test_a_file_that_vanishes_meanwhile_is_not_made_again(
    project: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    seen: list[int] = []
    real = repair.lint

    def lint_then_gone(*arguments: object, **keywords: object) -> Report:
        report = real(*arguments, **keywords)  # type: ignore[arg-type]
        seen.append(1)
        if len(seen) == 2:
            (project / "app.py").unlink()
        return report

    monkeypatch.setattr(repair, "lint", lint_then_gone)
    assert cli.main(["--fix", "--no-cache"]) == 2
    assert not (project / "app.py").exists()
    assert capfd.readouterr().err.count("\n") == 1


def test_a_read_only_file_stays_as_it_is_and_so_do_the_others(project: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (project / "aaa.py").write_text(COUNTER, encoding="utf-8")
    (project / "app.py").chmod(0o444)
    assert cli.main(["--fix", "--no-cache"]) == 2
    assert capfd.readouterr().err == "flaskglobals-lint: `app.py` is read-only; nothing is written\n"
    assert [file.read_text(encoding="utf-8") for file in sorted(project.glob("*.py"))] == [COUNTER, COUNTER]
    (project / "report.txt").write_text("old", encoding="utf-8")
    (project / "report.txt").chmod(0o444)
    assert cli.main(["--output-file", "report.txt", "--no-cache"]) == 2
    assert (project / "report.txt").read_text(encoding="utf-8") == "old"


@pytest.mark.parametrize(
    "words",
    [
        ("--output-file", "app.py"),
        ("--output-format", "concise,json:app.py"),
        ("--write-baseline", "app.py"),
        ("--write-baseline", "setup.cfg"),
    ],
    ids=lambda words: words[-1],
)
def test_a_report_is_not_written_over_something_else(
    project: Path, words: tuple[str, ...], capfd: pytest.CaptureFixture[str]
) -> None:
    """As by an option whose value was forgotten."""
    (project / "setup.cfg").write_text("[metadata]\n", encoding="utf-8")
    assert cli.main([*words, "--no-cache"]) == 2
    out, err = capfd.readouterr()
    assert (out, err.count("\n"), "written over" in err) == ("", 1, True)
    assert (project / "app.py").read_text(encoding="utf-8") == COUNTER
    assert (project / "setup.cfg").read_text(encoding="utf-8") == "[metadata]\n"


ENDLESS = Path("/dev/zero")


@pytest.mark.skipif(not ENDLESS.exists(), reason="needs /dev/zero")
@pytest.mark.parametrize(
    ("words", "status", "told"),
    [
        (("--config", str(ENDLESS)), 2, "/dev/zero: cannot be read: File too large"),
        (("--baseline", str(ENDLESS)), 2, "the baseline `/dev/zero` cannot be read: File too large"),
        (("-",), 1, "stdin.py:1:1: FGL900 too large to analyse"),
        (("holes/app.py",), 1, "holes/app.py:10:5: FGL101"),
        (("--config", "holes/pyproject.toml"), 2, "holes/pyproject.toml: cannot be read: File too large"),
    ],
    ids=lambda value: value[-1] if isinstance(value, tuple) else None,
)
def test_what_never_ends_is_read_no_further_than_it_may_be(
    project: Path, words: tuple[str, ...], status: int, told: str
) -> None:
    (project / "holes").mkdir()
    (project / "holes" / "app.py").write_text(COUNTER, encoding="utf-8")
    for name in ("holes/.gitignore", "holes/pyproject.toml", "Dockerfile", ".env"):
        (project / name).touch()
        os.truncate(project / name, 10**11)
    if words[0] != "--config":
        (project / "holes" / "pyproject.toml").unlink()
    with ENDLESS.open("rb") as stdin:
        done = confined("AS", 2**31, "--no-cache", "--jobs", "1", *words, stdin=stdin)
    assert (done.returncode, (done.stdout + done.stderr).count("\n")) == (status, 1)
    assert told in done.stdout + done.stderr


def test_a_full_disk_leaves_every_file_whole(project: Path) -> None:
    """The system ends every write of more bytes than that with an error."""
    (project / "app.py").write_text(COUNTER + "# text\n" * 3000, encoding="utf-8")
    before = (project / "app.py").read_bytes()
    done = confined("FSIZE", 5000, "--fix")
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert "app.py` cannot be written: File too large" in done.stderr
    assert (project / "app.py").read_bytes() == before
    assert not [name for name in os.listdir(project) if name not in ("app.py", "pyproject.toml", ".flaskglobals_cache")]
    assert not list((project / ".flaskglobals_cache").glob("*.tmp"))
