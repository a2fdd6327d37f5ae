"""Python's own trees of a module: one of all of it or, as a tree takes some hundred times as much memory as its text, one
after the other of the parts of a long one.

A part ends where a line begins that looks like the start of a statement. If it does not – in a string, say – the part before
it cannot be parsed, and takes in the next.
"""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Callable, Sequence
from typing import Final, TypeVar

MAX_PART: Final = 250_000
"""Characters from which on a part ends with the next statement."""

_STATEMENT: Final = re.compile(r"(?!(?:elif|else|except|finally)\b)[^\W\d]|@")
_Read = TypeVar("_Read")


def each(source: str, starts: Sequence[int], read: Callable[[list[ast.stmt]], _Read]) -> list[_Read]:
    """What ``read`` makes of the statements of each part; ``starts`` are the indexes at which lines begin.

    Raises what ``ast.parse`` does. No part's tree is kept while the next one is read.
    """
    found: list[_Read] = []
    first = 0
    while first < len(starts):
        size = MAX_PART
        while True:
            end = _end(source, starts, first, size)
            try:
                statements = _parsed(source, starts, first, end)
                break
            except SyntaxError:
                if end == len(starts):
                    raise
                size *= 2
        found.append(read(statements))
        del statements
        first = end
    return found


def _end(source: str, starts: Sequence[int], first: int, size: int) -> int:
    """The line before which a part ends that begins with line ``first``, both from zero."""
    if len(source) - starts[first] <= 2 * size:
        return len(starts)
    least = starts[first] + size
    lines = range(first + 1, len(starts))
    return next((at for at in lines if starts[at] >= least and _STATEMENT.match(source, starts[at])), len(starts))


def _parsed(source: str, starts: Sequence[int], first: int, end: int) -> list[ast.stmt]:
    if first or end < len(starts):
        # Empty lines before a part make its lines those of the whole.
        source = "\n" * first + source[starts[first] : starts[end] if end < len(starts) else None]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return ast.parse(source).body
