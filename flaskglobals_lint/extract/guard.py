"""Protection from files that are nested so deeply that parsing them would end the process.

libcst's parser is native and recursive: enough brackets, blocks, operators or ``elif`` branches inside one another
overflow its stack, and long before that it takes quadratic time. Its limits are Python's own for brackets and blocks.
"""

from __future__ import annotations

import re
from typing import Final

from flaskglobals_lint.extract.tokens import COMMENT, STRING

MAX_BRACKETS: Final = 100
MAX_BLOCKS: Final = 100
MAX_BRANCHES: Final = 1000
"""``elif`` branches of one ``if``."""
MAX_LINKS: Final = 1000
"""Operators, attributes, calls and the like in one expression, without commas between them."""

# Code that does not matter is skipped within the match: there is one match for every bracket, string and line end only.
_STRUCTURE: Final = re.compile(
    rf"""[^()\[\]{{}}"'#\r\n;\\]*+(?:([(\[{{])|([)\]}}])|([\r\n;]|\Z)|\\(?:\r\n|.)?|({STRING})|{COMMENT})""", re.DOTALL
)
_OPEN, _CLOSE, _END, _TEXT = 1, 2, 3, 4

_LINK: Final = re.compile(
    rf"""{STRING}|{COMMENT}|([(\[{{])|([)\]}}])|(,)|(:)|\b(lambda)\b|([-+*/%@&|^~.<>]"""
    r"""|\b(?:and|or|not|if|in|is|await|for)\b)""",
    re.DOTALL,
)
_COMMA, _COLON, _LAMBDA, _OPERATOR = 3, 4, 5, 6

_FAR_INDENTED: Final = re.compile(rf"^[ \t\f]{{{MAX_BLOCKS}}}", re.MULTILINE)
_INDENTATION: Final = re.compile(r"^[ \t\f]*(?=[^\s#])", re.MULTILINE)
_BRANCH: Final = re.compile(r"^([ \t\f]*)(elif\b|[^\s#])", re.MULTILINE)


def deep_nesting(source: str) -> int | None:
    """The offset where ``source`` gets too deeply nested to be parsed safely, if it does."""
    for check in (_deep_expression, _deep_blocks, _long_branches):
        offset = check(source)
        if offset is not None:
            return offset
    return None


def _deep_expression(source: str, start: int = 0, end: int | None = None) -> int | None:
    depth = 0
    line_start = start
    limit = len(source) if end is None else end
    for found in _STRUCTURE.finditer(source, start, limit):
        kind = found.lastindex
        if kind == _OPEN:
            depth += 1
            if depth > MAX_BRACKETS:
                return found.start(_OPEN)
        elif kind == _CLOSE:
            depth -= depth > 0
        elif kind == _END:
            if not depth:
                # Fewer characters than links are allowed need no closer look.
                if found.end() - line_start > MAX_LINKS:
                    offset = _long_chain(source, line_start, found.end())
                    if offset is not None:
                        return offset
                line_start = found.end()
        elif kind == _TEXT and found.end() - found.start(_TEXT) > MAX_BRACKETS:
            # The expressions in an f-string nest like any others.
            quote = found.start(_TEXT)
            offset = _deep_expression(source, quote + 1, found.end() - 1) if _is_formatted(source, quote) else None
            if offset is not None:
                return offset
    return _long_chain(source, line_start, limit) if limit - line_start > MAX_LINKS else None


def _is_formatted(source: str, quote: int) -> bool:
    prefix = source[max(0, quote - 2) : quote].lower()
    return "f" in prefix or "t" in prefix


def _long_chain(source: str, start: int, end: int) -> int | None:
    """Where a logical line holds an expression with too many links: each is nested in the one before or after it."""
    links = 0
    lambdas = 0  # whose parameters are not over: a comma between those separates nothing else
    outer: list[tuple[int, int]] = []
    for found in _LINK.finditer(source, start, end):
        kind = found.lastindex
        if kind == _COMMA:
            if not lambdas:
                links = 0
        elif kind == _COLON:
            lambdas -= lambdas > 0
        elif kind == _CLOSE:
            if outer:
                links, lambdas = outer.pop()
        elif kind is not None:
            links += 1
            if links > MAX_LINKS:
                return found.start()
            if kind == _OPEN:
                outer.append((links, lambdas))
                links = lambdas = 0
            elif kind == _LAMBDA:
                lambdas += 1
    return None


def _deep_blocks(source: str) -> int | None:
    if _FAR_INDENTED.search(source) is None:
        return None
    widths = [0]
    for found in _INDENTATION.finditer(source):
        width = found.end() - found.start()
        while width < widths[-1]:
            widths.pop()
        if width > widths[-1]:
            widths.append(width)
            if len(widths) > MAX_BLOCKS:
                return found.end()
    return None


def _long_branches(source: str) -> int | None:
    if source.count("elif") <= MAX_BRANCHES:
        return None
    branches: dict[str, int] = {}
    for found in _BRANCH.finditer(source):
        indentation = found[1]
        branches[indentation] = branches.get(indentation, 0) + 1 if found[2] == "elif" else 0
        if branches[indentation] > MAX_BRANCHES:
            return found.start(2)
    return None
