"""The command line: options → Config → lint → report → exit status.

Whatever takes long to import is imported where it is needed.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from flaskglobals_lint import __version__, console
from flaskglobals_lint.config import SERVERS, SEVERITIES, UsageError

if TYPE_CHECKING:
    from flaskglobals_lint.config import Config
    from flaskglobals_lint.discover import Stdin
    from flaskglobals_lint.finding import Report

_WITH_FIXES = ("full", "json", "sarif")
"""Formats that show fixes."""

_STDIN = "stdin.py"
"""The name of what comes on standard input if it is given none."""


_COMPLETE = "_FLASKGLOBALS_LINT_COMPLETE"
"""The variable by which a shell asks for completions."""


def _words(context: click.Context, option: click.Parameter, start: str) -> list[str]:
    """What the shell may complete the value of an option to; of a comma list, the last word."""
    from flaskglobals_lint.report import FORMATS
    from flaskglobals_lint.rulebook import names

    known = {"output_format": FORMATS, "min_severity": SEVERITIES, "server": SERVERS}.get(option.name or "", names())
    done, comma, word = start.rpartition(",")
    return [f"{done}{comma}{value}" for value in known if value.lower().startswith(word.lower())]


def _codes(name: str, text: str) -> Callable[[Any], Any]:
    return click.option(name, multiple=True, metavar="CODES", shell_complete=_words, help=text)


@click.command(
    "flaskglobals-lint",
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Exit status: 0 nothing to report, 1 findings, 2 the run itself failed.",
)
@click.argument("paths", nargs=-1, metavar="[PATH]...", type=click.Path())
@click.option(
    "--output-format",
    metavar="FORMAT",
    shell_complete=_words,
    help="concise (default), full, json, sarif, github, gitlab or junit.",
)
@click.option("--output-file", metavar="FILE", type=click.Path(), help="Write there instead of standard output.")
@_codes("--select", "Rules to report: codes, prefixes or ALL, with commas.")
@_codes("--ignore", "Rules not to report.")
@_codes("--extend-select", "Rules to report besides the selected ones.")
@_codes("--extend-ignore", "Rules not to report besides the ignored ones.")
@click.option("--min-severity", metavar="SEVERITY", shell_complete=_words, help="error, warning (default) or info.")
@click.option(
    "--server",
    metavar="SERVER",
    shell_complete=_words,
    help=f"How the app is deployed: {', '.join(SERVERS)} (default: auto).",
)
@click.option("--exclude", multiple=True, metavar="GLOBS", help="Paths to pass over, in place of the default ones.")
@click.option("--extend-exclude", multiple=True, metavar="GLOBS", help="Paths to pass over besides those.")
@click.option("--force-exclude/--no-force-exclude", default=None, help="Exclude files that are given by name, too.")
@click.option("--respect-gitignore/--no-respect-gitignore", default=None, help="Pass over what git ignores (default).")
@click.option("--config", metavar="FILE", type=click.Path(path_type=Path), help="Another pyproject.toml.")
@click.option("--isolated", is_flag=True, help="No configuration file at all.")
@click.option("--stdin-filename", metavar="NAME", help="The text of NAME comes on standard input; with PATH `-`.")
@click.option("--explain", metavar="CODE", shell_complete=_words, help="Print the page of a rule, by code or name.")
@click.option("--list-rules", is_flag=True, help="Print a line a rule.")
@click.option("--statistics", is_flag=True, help="Print how often each rule was broken.")
@click.option("--show-files", is_flag=True, help="Print the files that would be linted.")
@click.option("--show-settings", is_flag=True, help="Print the settings of this run.")
@click.option("--fix", is_flag=True, help="Apply the fixes that change nothing but the race.")
@click.option("--unsafe-fixes", is_flag=True, help="Apply those, too, that may change more.")
@click.option("--diff", is_flag=True, help="Print what fixes would change, and write nothing.")
@click.option("--exit-zero", is_flag=True, default=None, help="Exit 0 even if there are findings.")
@click.option("--baseline", metavar="FILE", type=click.Path(), help="Do not report the findings that FILE knows.")
@click.option("--write-baseline", metavar="FILE", type=click.Path(), help="Write the findings to FILE as known ones.")
@click.option("--jobs", type=int, metavar="N", help="Worker processes (default: the cores).")
@click.option("--no-cache", is_flag=True, help="Neither read nor write the cache.")
@click.option("--cache-dir", metavar="DIR", help="Where the cache is (default: .flaskglobals_cache).")
@click.option("--color", type=click.Choice(["auto", "always", "never"]), default="auto", help="Default: auto.")
@click.option("-q", "--quiet", is_flag=True, help="Print findings only.")
@click.option("-v", "--verbose", is_flag=True, help="Print on standard error what is done.")
@click.version_option(__version__, prog_name="flaskglobals-lint", message="%(prog)s %(version)s")
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
        with _terminable(), command.make_context("flaskglobals-lint", words.copy()) as context:
            return int(command.invoke(context))
    except _Terminated:
        return 128 + signal.SIGTERM
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
            console.write(traceback.format_exc(), sys.stderr)
        # Whatever it was, it is ours: the user's files cannot be wrong in a way that excuses a crash.
        return _failed(
            f"internal error ({type(error).__name__}: {error}); please report it with the file that shows it"
        )


class _Terminated(BaseException):
    """The process was asked to end."""


@contextmanager
def _terminable() -> Iterator[None]:
    """Have SIGTERM unwind the stack, so that workers end and no file is left half-written."""
    if threading.current_thread() is not threading.main_thread() or signal.getsignal(signal.SIGTERM) != signal.SIG_DFL:
        yield
        return

    def end(*_: object) -> None:
        raise _Terminated

    signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)


def _failed(message: str) -> int:
    from flaskglobals_lint.report.text import escaped

    console.fail(message, escaped)
    return 2


def _run(paths: tuple[str, ...], given: dict[str, Any]) -> int:
    from flaskglobals_lint.lint import configure, lint
    from flaskglobals_lint.report import COUNTING_FORMATS

    cwd = _cwd()
    paths, stdin = _stdin(paths, given["stdin_filename"])
    options = _options(given)
    config = configure(paths, cwd, options=options, file=given["config"], isolated=given["isolated"], stdin=stdin)
    if given["show_settings"]:
        return _show_settings(config)
    if given["statistics"] and config.output_format not in COUNTING_FORMATS:
        raise UsageError(f"--statistics has no {config.output_format} format; take {', '.join(COUNTING_FORMATS)}")
    if given["show_files"]:
        return _show_files(paths, config, cwd, stdin)
    if given["write_baseline"]:
        config = replace(config, baseline=None)
    if given["fix"] or given["unsafe_fixes"] or given["diff"]:
        return _fix(paths or (".",), config, cwd, given)
    progress = console.Progress(wanted=not given["quiet"])
    try:
        report = lint(paths or (".",), config, cwd=cwd, stdin=stdin, progress=progress)
    finally:
        progress.close()
    if given["write_baseline"]:
        return _write_baseline(given["write_baseline"], report, cwd, given["quiet"])
    if config.output_format in _WITH_FIXES and any(finding.remedies for finding in report.findings):
        from flaskglobals_lint.repair import proposed

        report = proposed(report, cwd)
    _print(report, config, given)
    if not given["quiet"]:
        _tell_fixed(report, given["baseline"] or config.baseline)
    return 1 if report.findings and not config.exit_zero else 0


def _fix(paths: tuple[str, ...], config: Config, cwd: Path, given: dict[str, Any]) -> int:
    """Apply fixes, or show what they would change."""
    from flaskglobals_lint.repair import diff, repair, write
    from flaskglobals_lint.report.text import escaped

    if "-" in paths:
        raise UsageError("fixes need files; standard input cannot be changed")
    outcome = repair(paths, config, cwd, given["unsafe_fixes"])
    if given["diff"]:
        console.write(diff(outcome, cwd))
    else:
        write(outcome, cwd)
        _print(outcome.report, config, given)
    if not given["quiet"]:
        for finding, reason in outcome.left:
            if reason:
                where = f"{finding.span.path}:{finding.span.line}"
                console.write(f"{escaped(f'{where}: {finding.code} left alone: {reason}')}\n", sys.stderr)
        word = "Would fix" if given["diff"] else "Fixed"
        number, files = outcome.fixed, len(outcome.changed)
        text = f"{word} {number} finding{'s' * (number != 1)} in {files} file{'s' * (files != 1)}."
        console.write(f"{text}\n", sys.stderr)
    if given["diff"]:
        return 1 if outcome.changed else 0
    return 1 if outcome.report.findings and not config.exit_zero else 0


def _options(given: dict[str, Any]) -> dict[str, object]:
    """The options that are there, by the keys of the configuration."""
    listed = ("select", "ignore", "extend_select", "extend_ignore", "exclude", "extend_exclude")
    single = (
        *("output_format", "min_severity", "server", "force_exclude", "respect_gitignore"),
        *("exit_zero", "jobs", "cache_dir", "baseline"),
    )
    options: dict[str, object] = {
        name.replace("_", "-"): [word for words in given[name] for word in words.split(",")]
        for name in listed
        if given[name]
    }
    options |= {name.replace("_", "-"): given[name] for name in single if given[name] is not None}
    if given["no_cache"]:
        options["cache"] = False
    return options


def _stdin(paths: tuple[str, ...], name: str | None) -> tuple[tuple[str, ...], Stdin | None]:
    """The PATHs, and the text on standard input if one of them is ``-``."""
    if name is not None and not paths:
        paths = ("-",)
    if "-" not in paths:
        if name is not None:
            raise UsageError("--stdin-filename needs the PATH `-`")
        return paths, None
    from flaskglobals_lint.discover import Stdin

    return paths, Stdin(name or _STDIN, sys.stdin.buffer.read() if sys.stdin else b"")


def _cwd() -> Path:
    try:
        return Path.cwd()
    except OSError:
        raise UsageError("the working directory does not exist") from None


def _print(report: Report, config: Config, given: dict[str, Any]) -> None:
    from flaskglobals_lint.report import FORMATS, TEXT_FORMATS, Options
    from flaskglobals_lint.rulebook import pages

    file = given["output_file"]
    to_file = file not in (None, "-")
    color = given["color"] == "always" if to_file else console.wants_color(given["color"])
    options = Options(color=color, statistics=given["statistics"], pages=pages)
    text = FORMATS[config.output_format](report, options)
    if to_file:
        console.write_file(Path(file), text)
    else:
        console.write(text)
    # The summary is not for standard output: whoever reads Flake8's format expects findings there and nothing else.
    is_text = config.output_format in TEXT_FORMATS
    if is_text and report.files and not given["quiet"] and console.is_terminal(sys.stderr):
        console.write(f"{_summary(report)}\n", sys.stderr)


def _write_baseline(name: str, report: Report, cwd: Path, quiet: bool) -> int:
    from flaskglobals_lint.baseline import Baseline
    from flaskglobals_lint.config import SYNTAX_ERROR

    known = [finding for finding in report.findings if finding.code != SYNTAX_ERROR]
    console.write_file(Path(name), Baseline(Path(name)).text(known, report.sources, cwd))
    if not quiet:
        console.fail(f"wrote {_count(len(known))} to {name}")
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
    for key, value in config.settings().items():
        shown = dict(value) if isinstance(value, Mapping) else str(value) if isinstance(value, Path) else value
        console.write(f"{key} = {shown!r}\n")
    return 0


def _show_files(paths: tuple[str, ...], config: Config, cwd: Path, stdin: Stdin | None) -> int:
    from flaskglobals_lint.discover import discover
    from flaskglobals_lint.report.text import escaped

    files = discover(paths, config, cwd, stdin).targets
    console.write("".join(f"{escaped(file.display)}\n" for file in files))
    return 0
