"""The options of the command line by topic, and the help that lists them so."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeVar

import click

from flaskglobals_lint import __version__
from flaskglobals_lint.config import SERVERS, SEVERITIES

_F = TypeVar("_F", bound=Callable[..., Any])

_WIDTH = 24
"""Of the column with the options' names, so that all topics align."""


class Command(click.Command):
    """A command whose help lists the options under the topics they were declared with."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write a section a topic, in the order of declaration; options of no topic come under the last one."""
        topics: dict[str, list[tuple[str, str]]] = {}
        last = ""
        for option in self.get_params(ctx):
            record = option.get_help_record(ctx) if isinstance(option, click.Option) else None
            if record is not None:
                last = option.topic if isinstance(option, _Option) else last
                topics.setdefault(last, []).append((record[0].ljust(_WIDTH), record[1]))
        for topic, records in topics.items():
            with formatter.section(topic):
                formatter.write_dl(records, col_max=_WIDTH)


class _Option(click.Option):
    def __init__(self, *words: Any, topic: str, **keywords: Any) -> None:
        super().__init__(*words, **keywords)
        self.topic = topic


def words(context: click.Context, option: click.Parameter, start: str) -> list[str]:
    """What the shell may complete the value of an option to; of a comma list, the last word."""
    from flaskglobals_lint.report import FORMATS
    from flaskglobals_lint.rulebook import names

    known = {"output_format": FORMATS, "min_severity": SEVERITIES, "server": SERVERS}.get(option.name or "", names())
    done, comma, word = start.rpartition(",")
    return [f"{done}{comma}{value}" for value in known if value.lower().startswith(word.lower())]


def _topic(name: str) -> Callable[..., Callable[[_F], _F]]:
    return partial(click.option, cls=_Option, topic=name)


_rules, _files, _output, _fixes = map(_topic, ("Rules", "Files", "Output", "Fixes"))
_known, _run, _answers = map(_topic, ("Known findings", "Configuration", "Information"))
_codes = partial(_rules, multiple=True, metavar="CODES", shell_complete=words)
_globs = partial(_files, multiple=True, metavar="GLOBS")
_path = click.Path()

_OPTIONS = (
    _codes("--select", help="Rules to report: codes, prefixes (FGL1), names or ALL, with commas."),
    _codes("--ignore", help="Rules not to report."),
    _codes("--extend-select", help="Rules to report besides the selected ones."),
    _codes("--extend-ignore", help="Rules not to report besides the ignored ones."),
    _rules("--min-severity", metavar="SEVERITY", shell_complete=words, help="error, warning (default) or info."),
    _rules("--ignore-noqa", is_flag=True, default=None, help="Report what noqa comments silence, too."),
    _globs("--exclude", help="Paths to pass over, in place of the default ones."),
    _globs("--extend-exclude", help="Paths to pass over besides those."),
    _files("--force-exclude/--no-force-exclude", default=None, help="Exclude files that are given by name, too."),
    _files("--respect-gitignore/--no-respect-gitignore", default=None, help="Pass over what git ignores (default)."),
    _files("--stdin-filename", metavar="NAME", help="The text of NAME comes on standard input; with PATH `-`."),
    _output(
        "--output-format",
        metavar="FORMAT",
        multiple=True,
        shell_complete=words,
        help="concise (default), full, json, sarif, github, gitlab or junit. FORMAT:FILE writes that format to a file; "
        "several go with commas.",
    ),
    _output("--output-file", metavar="FILE", type=_path, help="Write there instead of standard output."),
    _output("--statistics", is_flag=True, help="Print how often each rule was broken."),
    _output(
        "--color",
        type=click.Choice(["auto", "always", "never"]),
        metavar="WHEN",
        default="auto",
        help="auto (default: on a terminal, or as NO_COLOR or FORCE_COLOR says), always or never.",
    ),
    _output("--exit-zero", is_flag=True, default=None, help="Exit 0 even if there are findings."),
    _output("-q", "--quiet", is_flag=True, help="Print findings only."),
    _output("-v", "--verbose", is_flag=True, help="Print on standard error what is done."),
    _fixes("--fix", is_flag=True, help="Apply the fixes that change nothing but the race."),
    _fixes("--unsafe-fixes", is_flag=True, help="Apply those, too, that may change more."),
    _fixes("--diff", is_flag=True, help="Print what fixes would change, and write nothing."),
    _known("--baseline", metavar="FILE", type=_path, help="Do not report the findings that FILE knows."),
    _known("--write-baseline", metavar="FILE", type=_path, help="Write the findings to FILE as known ones."),
    _run(
        "--server",
        metavar="SERVER",
        shell_complete=words,
        help=f"How the app is deployed: {', '.join(SERVERS[1:])} or auto (default: as the project's files say).",
    ),
    _run("--config", metavar="FILE", type=click.Path(path_type=Path), help="Another pyproject.toml."),
    _run("--isolated", is_flag=True, help="No configuration file at all."),
    _run("--jobs", type=int, metavar="N", help="Worker processes (default: the cores)."),
    _run("--no-cache", is_flag=True, help="Neither read nor write the cache."),
    _run("--cache-dir", metavar="DIR", help="Where the cache is (default: .flaskglobals_cache)."),
    _answers("--explain", metavar="CODE", shell_complete=words, help="Print the page of a rule, by code or name."),
    _answers("--list-rules", is_flag=True, help="Print a line a rule."),
    _answers("--show-files", is_flag=True, help="Print the files that would be linted."),
    _answers("--show-settings", is_flag=True, help="Print the settings of this run."),
    click.version_option(__version__, prog_name="flaskglobals-lint", message="%(prog)s %(version)s"),
)

SETTINGS: Mapping[str, Any] = MappingProxyType({"help_option_names": ["-h", "--help"], "max_content_width": 100})
"""The context of the command."""

EPILOG = """\b
Examples:
  flaskglobals-lint                        lint the project around you
  flaskglobals-lint --output-format full   with the code, and what to do
  flaskglobals-lint --explain FGL101       what a finding means
  flaskglobals-lint --fix                  mend what can be mended safely

Exit status: 0 nothing to report, 1 findings, 2 the run itself failed.
"""


def all_options(function: _F) -> _F:
    """The decorator that gives a function every option of the command."""
    for option in reversed(_OPTIONS):
        function = option(function)
    return function
