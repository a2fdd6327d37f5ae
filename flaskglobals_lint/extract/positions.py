"""Where the parts of a tree stand in the source text.

A libcst tree carries no positions, but it holds every token, and the walk visits the tokens in the order of the text.
So a cursor moves through the text beside the walk: over the whitespace, comments and separators that mean nothing to it
up to the next token, and over that token. That costs a small part of what generating the code again would.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate, count
from operator import add
from typing import Final

from flaskglobals_lint.facts import Place, place

NEWLINE: Final = re.compile(r"\r\n?|\n")

# No token that the walk takes starts with a separator: they only end what comes before them.
_SEPARATORS: Final = re.compile(r"[\s,:;=\\]*+(?:#[^\r\n]*+[\s,:;=\\]*+)*+")
_BLANKS: Final = re.compile(r"[\s\\]*+(?:#[^\r\n]*+[\s\\]*+)*+")


class Lines:
    """The lines of a text, as an editor counts them."""

    __slots__ = ("end", "starts")

    def __init__(self, source: str) -> None:
        if "\r" in source:
            self.starts: Sequence[int] = [0, *[newline.end() for newline in NEWLINE.finditer(source)]]
        else:
            lengths = map(len, source.split("\n"))
            self.starts = [0, *map(add, accumulate(lengths), count(1))][:-1]
        self.end = len(source) + 1

    def place(self, offset: int) -> tuple[int, int]:
        """Line and column of a character, both from one."""
        line = bisect_right(self.starts, offset)
        return line, offset - self.starts[line - 1] + 1


class Cursor:
    """A place in ``source`` that moves forward only."""

    __slots__ = ("_line", "_line_end", "_line_start", "at", "lines", "source")

    def __init__(self, source: str) -> None:
        self.source = source
        self.lines = Lines(source)
        self.at = 0
        """The offset behind the last token that was taken."""
        self._line, self._line_start, self._line_end = 0, 0, 0

    def take(self, token: str) -> int:
        """Move past the next token, which is ``token``; the offset where it starts."""
        start = _SEPARATORS.match(self.source, self.at).end()  # type: ignore[union-attr]  # it matches the empty string
        if not self.source.startswith(token, start):
            start = self._search(token, start)
        self.at = start + len(token)
        return start

    def take_next(self, token: str) -> None:
        """Move past ``token`` where only blanks may come before it: what ``take`` skips is a token in places."""
        self.at = _BLANKS.match(self.source, self.at).end()  # type: ignore[union-attr]  # it matches the empty string
        self.take_text(token)

    def take_text(self, text: str) -> None:
        """Move past ``text``, which starts right here."""
        start = self.at if self.source.startswith(text, self.at) else self._search(text, self.at)
        self.at = start + len(text)

    def peek(self) -> int:
        """The offset of the next token."""
        return _SEPARATORS.match(self.source, self.at).end()  # type: ignore[union-attr]  # it matches the empty string

    def span(self, start: int, end: int | None = None) -> Place:
        """The position of what was taken since the offset ``start``, or of it up to ``end``."""
        if end is None:
            end = self.at
        if not self._line_start <= start < self._line_end:
            self._enter_line(start)
        line, line_start = self._line, self._line_start
        column = start - line_start + 1
        if end < self._line_end:
            return place(line, column, line, end - line_start + 1)
        return place(line, column, *self.lines.place(end))

    def _enter_line(self, offset: int) -> None:
        starts = self.lines.starts
        self._line = line = bisect_right(starts, offset)
        self._line_start = starts[line - 1]
        self._line_end = starts[line] if line < len(starts) else self.lines.end

    def _search(self, token: str, start: int) -> int:
        """Find ``token`` again where the tree and the text do not agree: a wrong position is better than no facts."""
        found = self.source.find(token, start)
        return start if found < 0 else found
