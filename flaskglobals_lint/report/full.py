"""Everything a reader needs to judge a finding: the code on both sides, and the way a request gets there."""

from __future__ import annotations

from collections.abc import Iterator

from flaskglobals_lint.finding import EntryPoint, Finding, Report, Span, Window
from flaskglobals_lint.report.concise import header
from flaskglobals_lint.report.frame import frame, lines_of
from flaskglobals_lint.report.options import Options
from flaskglobals_lint.report.statistics import table
from flaskglobals_lint.report.text import Style, escaped

_ENTRY_POINTS = 3
"""So many ways in are told; a helper can have hundreds."""

_WINDOWS: dict[Window, str] = {
    "none": "nothing in between at which CPython ≥ 3.11 with a GIL switches threads; the first call added there is enough",
    "call": "a call in between, at which threads are switched",
    "io": "a wait in between, during which other threads run",
    "await": "an await in between, during which other requests run",
}
"""What lies between the read and the write."""


def render(report: Report, options: Options) -> str:
    """The findings, an empty line after each, or the counts by rule."""
    if options.statistics:
        return table(report)
    style = Style(options.color)
    sources = {path: lines_of(text) for path, text in report.sources.items()}
    return "".join(f"{line}\n" for finding in report.findings for line in _lines(finding, sources, style))


def _lines(finding: Finding, sources: dict[str, list[str]], style: Style) -> Iterator[str]:
    yield header(finding, style)
    yield from _framed(finding.span, sources, style, before=2)
    for span in finding.related:
        place = f"{escaped(span.path)}:{span.line}:{span.column}"
        yield f"{style.blue('-->')} {place}: {escaped(span.message)}".removesuffix(": ")
        yield from _framed(span, sources, style, before=0)
    yield from _notes(finding, style)
    yield ""


def _framed(span: Span, sources: dict[str, list[str]], style: Style, before: int) -> Iterator[str]:
    for line in frame(sources.get(span.path, []), span, style, before):
        yield f"  {line}"


def _notes(finding: Finding, style: Style) -> Iterator[str]:
    """The named lines below the code."""

    def note(name: str, value: str) -> str:
        return f"{style.blue('=')} {style.bold(name + ':')} {escaped(value)}".rstrip()

    for entry in finding.entry_points[:_ENTRY_POINTS]:
        yield note("entry point", _entry_point(entry))
    if (more := len(finding.entry_points) - _ENTRY_POINTS) > 0:
        yield note("entry point", f"and {more} more")
    if len(finding.chain) > 1:
        yield note("chain", " → ".join(finding.chain))
    if finding.window is not None:
        yield note("window", _WINDOWS[finding.window])
    if finding.steps:
        yield note("interleaving", "")
    for number, step in enumerate(finding.steps, 1):
        yield f"{number:>5}. {escaped(step)}"
    if finding.suggestion:
        yield note("help", finding.suggestion)
    if finding.example:
        yield note("example", "")
    for line in finding.example:
        yield f"    {escaped(line)}"


def _entry_point(entry: EntryPoint) -> str:
    how = f"{entry.kind} {entry.detail}".strip()
    return f"{entry.function} ({how}) at {entry.path}:{entry.line}"
