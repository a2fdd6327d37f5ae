"""The command line: options → Config → lint → report → exit status.

Whatever takes long to import is imported where it is needed.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from flaskglobals_lint import console, ending, options
from flaskglobals_lint.config import MAX_SOURCE, UsageError, nearest

if TYPE_CHECKING:
    from flaskglobals_lint.config import Config
    from flaskglobals_lint.discover import Stdin
    from flaskglobals_lint.finding import Report

_WITH_FIXES = ("full", "json", "sarif")
"""Formats that show fixes."""

_STDIN = "stdin.py"
"""The name of what comes on standard input if it is given none."""

_CODE = (".py", ".pyi", ".pyw")


_COMPLETE = "_FLASKGLOBALS_LINT_COMPLETE"
"""The variable by which a shell asks for completions."""


@click.command("flaskglobals-lint", cls=options.Command, context_settings=dict(options.SETTINGS), epilog=options.EPILOG)
@click.argument("paths", nargs=-1, metavar="[PATH]...", type=click.Path())
@options.all_options
def command(paths: tuple[str, ...], **given: Any) -> int:
    """Find shared state that concurrent requests of a Flask app can corrupt, leak or lose.

    PATH is a file or a folder (default: the working directory), or - for standard input. All of them are one program.
    """
    if given["list_rules"]:
        return _list_rules()
    if given["explain"] is not None:
        return _explain(given["explain"])
    with console.logging_to_stderr() if given["verbose"] else nullcontext():
        return _run(paths, given)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit status; every error is one line on standard error."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    try:
        if instruction := os.environ.get(_COMPLETE):
            from click.shell_completion import shell_complete

            return shell_complete(command, {}, "flaskglobals-lint", _COMPLETE, instruction)
        with _terminable(), command.make_context("flaskglobals-lint", words.copy(), obj=arguments is None) as context:
            return int(command.invoke(context))
    except _Terminated as ended:
        return 128 + ended.signal
    except click.exceptions.Exit as done:
        return done.exit_code
    except click.ClickException as error:
        return _failed(error.format_message())
    except UsageError as error:
        return _failed(str(error))
    except (KeyboardInterrupt, click.Abort):
        console.fail("interrupted")
        return 130
    except BrokenPipeError:
        console.discard(sys.stdout)
        return 0
    except Exception as error:
        if "-v" in words or "--verbose" in words:
            import traceback

            from flaskglobals_lint.report.text import escaped

            console.tell("".join(f"{escaped(line)}\n" for line in traceback.format_exc().split("\n")))
        # Whatever it was, it is ours: the user's files cannot be wrong in a way that excuses a crash.
        return _failed(
            f"internal error ({type(error).__name__}: {error}); please report it with the file that shows it"
        )


_ENDING = [getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]


class _Terminated(BaseException):
    """The process was asked to end, by a signal."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.signal = number


@contextmanager
def _terminable() -> Iterator[None]:
    """Have SIGTERM and SIGHUP unwind the stack, so that workers end and no file is left half-written."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def end(number: int, _: object) -> None:
        raise _Terminated(number)

    handled = [number for number in _ENDING if signal.getsignal(number) == signal.SIG_DFL]
    for number in handled:
        signal.signal(number, end)
    try:
        yield
    finally:
        for number in handled:
            signal.signal(number, signal.SIG_DFL)


def _failed(message: str) -> int:
    from flaskglobals_lint.report.text import escaped

    console.fail(message, escaped)
    return 2


def _run(paths: tuple[str, ...], given: dict[str, Any]) -> int:
    from flaskglobals_lint.lint import configure, lint
    from flaskglobals_lint.report import COUNTING_FORMATS

    cwd = _cwd()
    paths, stdin = _stdin(paths, given["stdin_filename"])
    outputs = _outputs(given)
    config = configure(
        paths, cwd, options=_given(given, outputs), file=given["config"], isolated=given["isolated"], stdin=stdin
    )
    if given["show_settings"]:
        return _show_settings(config)
    formats = outputs.formats(config)
    for name in formats if given["statistics"] else ():
        if name not in COUNTING_FORMATS:
            raise UsageError(f"--statistics has no {name} format; take {', '.join(COUNTING_FORMATS)}")
    if given["show_files"]:
        return _show_files(paths, config, cwd, stdin)
    if given["write_baseline"]:
        config = replace(config, baseline=None)
    if given["fix"] or given["unsafe_fixes"] or given["diff"]:
        return _fix(paths or (".",), config, cwd, given, outputs)
    progress = console.Progress(wanted=not given["quiet"])
    try:
        fixes = not formats.isdisjoint(_WITH_FIXES)
        with ending.soon(click.get_current_context().obj is True):
            report = lint(paths or (".",), config, cwd=cwd, stdin=stdin, progress=progress, fixes=fixes)
    finally:
        progress.close()
    if given["write_baseline"]:
        return _write_baseline(given["write_baseline"], report, paths or (".",), config, cwd, given["quiet"])
    _print(report, config, given, outputs)
    if not given["quiet"]:
        _tell_fixed(report, given["baseline"] or config.baseline)
    return 1 if report.findings and not config.exit_zero else 0


def _fix(paths: tuple[str, ...], config: Config, cwd: Path, given: dict[str, Any], outputs: _Outputs) -> int:
    """Apply fixes, or show what they would change."""
    from flaskglobals_lint.repair import diff, repair, write
    from flaskglobals_lint.report.text import escaped

    if "-" in paths:
        raise UsageError("fixes need files; standard input cannot be changed")
    outcome = repair(paths, config, cwd, given["unsafe_fixes"])
    if given["diff"]:
        console.write_bytes(diff(outcome), escaped)
    else:
        write(outcome, cwd)
        _print(outcome.report, config, given, outputs)
    if not given["quiet"]:
        for finding, reason in outcome.left:
            if reason:
                where = f"{finding.span.path}:{finding.span.line}"
                console.tell(f"{escaped(f'{where}: {finding.code} left alone: {reason}')}\n")
        word = "Would fix" if given["diff"] else "Fixed"
        number, files = outcome.fixed, len(outcome.changed)
        text = f"{word} {number} finding{'s' * (number != 1)} in {files} file{'s' * (files != 1)}."
        console.tell(f"{text}\n")
    if given["diff"]:
        return 1 if outcome.changed else 0
    return 1 if outcome.report.findings and not config.exit_zero else 0


def _given(given: dict[str, Any], outputs: _Outputs) -> dict[str, object]:
    """The options that are there, by the keys of the configuration."""
    listed = ("select", "ignore", "extend_select", "extend_ignore", "exclude", "extend_exclude")
    single = (
        *("min_severity", "server", "force_exclude", "respect_gitignore"),
        *("exit_zero", "ignore_noqa", "jobs", "cache_dir", "baseline"),
    )
    values: dict[str, object] = {
        name.replace("_", "-"): [word for words in given[name] for word in words.split(",")]
        for name in listed
        if given[name]
    }
    values |= {name.replace("_", "-"): given[name] for name in single if given[name] is not None}
    if outputs.main is not None:
        values["output-format"] = outputs.main
    if given["no_cache"]:
        values["cache"] = False
    return values


@dataclass(frozen=True, slots=True)
class _Outputs:
    """What is written where. ``main`` is the format for standard output or ``--output-file``, if one was named."""

    main: str | None
    files: Mapping[str, str]
    """Other formats by the files they go to."""
    prints: bool
    """Whether there is anything for standard output or ``--output-file``."""

    def formats(self, config: Config) -> set[str]:
        """All formats of the run."""
        return {*self.files.values(), *([config.output_format] if self.prints else ())}


def _outputs(given: dict[str, Any]) -> _Outputs:
    """Read ``--output-format``: FORMAT and FORMAT:FILE, with commas or repeated; of several without FILE the last."""
    from flaskglobals_lint.report import FORMATS

    main = None
    files: dict[str, str] = {}
    for word in (word.strip() for words in given["output_format"] for word in words.split(",")):
        name, colon, file = word.partition(":")
        if not colon:
            main = word
            continue
        if name not in FORMATS:
            raise UsageError(
                f"--output-format must be one of {', '.join(FORMATS)}, not `{name}`{nearest(name, FORMATS)}"
            )
        if not file or file in files or file == given["output_file"]:
            raise UsageError(f"--output-format {word} needs a file of its own")
        files[file] = name
    for file in (*files, given["output_file"] or ""):
        if os.path.isfile(file) and file.endswith(_CODE):
            raise UsageError(f"`{file}` is Python code; no report is written over it")
    return _Outputs(main, files, main is not None or given["output_file"] is not None or not files)


def _stdin(paths: tuple[str, ...], name: str | None) -> tuple[tuple[str, ...], Stdin | None]:
    """The PATHs, and the text on standard input if one of them is ``-``."""
    if name is not None and not paths:
        paths = ("-",)
    if "-" not in paths:
        if name is not None:
            raise UsageError("--stdin-filename needs the PATH `-`")
        return paths, None
    from flaskglobals_lint.discover import Stdin

    return paths, Stdin(name or _STDIN, sys.stdin.buffer.read(MAX_SOURCE + 1) if sys.stdin else b"")


def _cwd() -> Path:
    try:
        return Path.cwd()
    except OSError:
        raise UsageError("the working directory does not exist") from None


def _print(report: Report, config: Config, given: dict[str, Any], outputs: _Outputs) -> None:
    from flaskglobals_lint.report import FORMATS, TEXT_FORMATS, Options
    from flaskglobals_lint.rulebook import pages

    def text(name: str, color: bool) -> str:
        return FORMATS[name](report, Options(color=color, statistics=given["statistics"], pages=pages))

    always = given["color"] == "always"
    for path, name in outputs.files.items():
        console.write_file(Path(path), text(name, always))
    if not outputs.prints:
        return
    file = given["output_file"]
    if file not in (None, "-"):
        console.write_file(Path(file), text(config.output_format, always))
    else:
        console.write(text(config.output_format, console.wants_color(given["color"])))
    # The summary is not for standard output: whoever reads Flake8's format expects findings there and nothing else.
    is_text = config.output_format in TEXT_FORMATS
    if is_text and report.files and not given["quiet"] and console.is_terminal(sys.stderr):
        console.tell(f"{_summary(report)}\n")


def _write_baseline(name: str, report: Report, paths: tuple[str, ...], config: Config, cwd: Path, quiet: bool) -> int:
    from flaskglobals_lint.baseline import Baseline
    from flaskglobals_lint.config import SYNTAX_ERROR
    from flaskglobals_lint.discover import discover

    file = Path(name)
    baseline = Baseline.replaced(file)
    judged = {baseline.path(source.display, cwd) for source in discover(paths, config, cwd).targets}

    def is_judged(path: str, code: str) -> bool:
        return config.selects(code) and (path in judged or not (file.parent / path).exists())

    known = [finding for finding in report.findings if finding.code != SYNTAX_ERROR]
    console.write_file(file, baseline.text(known, report.sources, cwd, is_judged))
    if not quiet:
        from flaskglobals_lint.report.text import escaped

        console.fail(f"wrote {_count(len(known))} to {name}", escaped)
    return 0


def _tell_fixed(report: Report, baseline: object) -> None:
    """What of the baseline can go; on standard error, because it is no finding."""
    from flaskglobals_lint.report.text import escaped

    for line in report.fixed:
        console.fail(f"fixed: {line}", escaped)
    if report.fixed:
        one = len(report.fixed) == 1
        drop = f"--write-baseline {baseline} drops {'it' if one else 'them'}"
        console.fail(f"{_count(len(report.fixed))} of {baseline} {'is' if one else 'are'} fixed; {drop}", escaped)


def _count(number: int) -> str:
    return f"{number or 'no'} finding{'s' * (number != 1)}"


def _summary(report: Report) -> str:
    files = "1 file" if report.files == 1 else f"{report.files} files"
    return f"Found {_count(len(report.findings))} in {files}."


def _list_rules() -> int:
    from flaskglobals_lint.rulebook import rules

    known = rules()
    width = max(len(rule.name) for rule in known)
    console.write("".join(f"{rule.code} {rule.name:{width}} {rule.severity:7} {rule.summary}\n" for rule in known))
    return 0


def _explain(code: str) -> int:
    from flaskglobals_lint.rulebook import page

    try:
        console.write(page(code))
    except KeyError as error:
        raise UsageError(error.args[0]) from None
    return 0


def _show_settings(config: Config) -> int:
    """Print the settings as a table that can be pasted into a ``pyproject.toml``."""
    from flaskglobals_lint.report.text import escaped
    from flaskglobals_lint.settings import TABLE, toml

    settings = config.settings()
    lines = [f"# {settings.pop('file') or 'no configuration file'}", f"[tool.{TABLE}]"]
    lines += [f"# {key} has no value" if value is None else f"{key} = {toml(value)}" for key, value in settings.items()]
    console.write("".join(f"{escaped(line)}\n" for line in lines))
    return 0


def _show_files(paths: tuple[str, ...], config: Config, cwd: Path, stdin: Stdin | None) -> int:
    from flaskglobals_lint.discover import discover
    from flaskglobals_lint.report.text import escaped

    files = discover(paths, config, cwd, stdin).targets
    console.write("".join(f"{escaped(file.display)}\n" for file in files))
    return 0
