"""A piece of code with a span underlined."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from flaskglobals_lint.finding import Span
from flaskglobals_lint.report.text import Style, characters

_LINE_END = re.compile(r"\r\n|\r|\n")
_TAB = 4
_BEFORE = 2
"""Lines of code shown before the span."""
_MOST = 6
"""Lines of a long span that are shown."""
_WIDTH = 200
"""Characters of a long line that are shown."""


def lines_of(source: str) -> list[str]:
    """The lines of a text as Python counts them."""
    return _LINE_END.split(source)


def frame(lines: list[str], span: Span, style: Style, before: int = _BEFORE) -> Iterator[str]:
    """The span's lines, and some before it, under line numbers and underlined; nothing if the text has no such line."""
    if not 1 <= span.line <= len(lines):
        return
    last = min(max(span.end_line, span.line), len(lines), span.line + _MOST - 1)
    width = len(str(last))
    bar = style.blue("|")
    first = max(1, span.line - before)
    while first < span.line and not lines[first - 1].strip():
        first += 1
    for number in range(first, last + 1):
        line = lines[number - 1]
        start, end = _underlined(line, number, span)
        shown, left, length = _shown(line, start, end)
        yield f"{style.blue(str(number).rjust(width))} {bar} {shown}".rstrip()
        if number >= span.line:
            yield f"{' ' * width} {bar} {' ' * left}{style.red('^' * max(length, 1))}"
    if last < span.end_line <= len(lines):
        yield f"{' ' * width} {bar} …"


def _underlined(line: str, number: int, span: Span) -> tuple[int, int]:
    """The part of one line that the span covers, as 0-based columns."""
    indent = len(line) - len(line.lstrip())
    start = span.column - 1 if number == span.line else indent
    end = span.end_column - 1 if number == span.end_line else len(line.rstrip())
    return min(start, len(line)), min(max(start, end), len(line))


def _shown(line: str, start: int, end: int) -> tuple[str, int, int]:
    """The line as it is printed, and where its underlined part starts there and how long it is."""
    cut = max(0, start - _WIDTH // 4) if end > _WIDTH else 0
    text = line[cut : cut + _WIDTH]
    lead, tail = "…" * (cut > 0), "…" * (cut + _WIDTH < len(line))
    cells = [" " * _TAB if char == "\t" else cell for char, cell in zip(text, characters(text), strict=True)]
    left = len(lead) + sum(map(_columns, cells[: start - cut]))
    length = sum(map(_columns, cells[start - cut : end - cut]))
    return lead + "".join(cells) + tail, left, length


def _columns(text: str) -> int:
    """How many columns of a terminal a text takes."""
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else not unicodedata.combining(c) for c in text)
