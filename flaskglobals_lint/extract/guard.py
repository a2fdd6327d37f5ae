"""Protection from files that are nested so deeply that parsing them would end the process.

libcst's parser is native and recursive: enough brackets, blocks, operators or ``elif`` branches inside one another
overflow its stack, and long before that it takes quadratic time and more. Its limits are Python's own for brackets and blocks.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from flaskglobals_lint.extract.tokens import COMMENT, STRING

MAX_BRACKETS: Final = 100
MAX_BLOCKS: Final = 100
MAX_BRANCHES: Final = 1000
"""``elif`` branches of one ``if`` and of those around it."""
MAX_LINKS: Final = 1000
"""Operators, attributes, calls and the like in one expression and those around it, without commas between them."""
MAX_WORK: Final = 10_000_000
"""What parsing a file may cost beyond the linear part, about a microsecond each: the squares of the links of its long
lines and of its deep brackets, and a power for brackets in patterns, for which the parser tries one way after another."""
_LONG_LINE: Final = MAX_LINKS // 3
_DEEP_BRACKETS: Final = 20
_DEEP_PATTERN: Final = 5
_LAMBDA_LINKS: Final = 10
"""A lambda in a lambda takes so much more of the parser's stack and memory than another link."""

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

_CASE: Final = re.compile(r"\s*case\b")
_FAR_INDENTED: Final = re.compile(rf"^[ \t\f]{{{MAX_BLOCKS}}}", re.MULTILINE)
_BLANKS: Final = {ord("\t"): " ", ord("\f"): " "}
_INDENTATION: Final = re.compile(r"^[ \t\f]*(?=[^\s#])", re.MULTILINE)
_BRANCH: Final = re.compile(r"([ \t\f]*)(?:\\(?:\r\n|[\r\n])[ \t\f]*)*+(elif\b|[^\s#])")


def deep_nesting(source: str) -> int | None:
    """The offset where ``source`` gets too deeply nested to be parsed safely, if it does."""
    for check in (_deep_expression, _deep_blocks, _long_branches):
        offset = check(source)
        if offset is not None:
            return offset
    return None


def _deep_expression(source: str) -> int | None:
    try:
        return _Expressions(source).scan(0, len(source), 0)
    except RecursionError:  # strings in strings in strings
        return 0


class _Expressions:
    """The expressions of a file; ``work`` adds up what parsing them costs."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._work = 0
        self._pattern = 0  # what the brackets of this line cost if it is a pattern

    def scan(self, start: int, end: int, depth: int) -> int | None:
        """Where the text from ``start`` to ``end``, which ``depth`` brackets enclose, gets too deep or too long."""
        outer = depth
        line_start = start
        for found in _STRUCTURE.finditer(self._source, start, end):
            kind = found.lastindex
            offset = None
            if kind == _OPEN:
                depth += 1
                if depth > MAX_BRACKETS:
                    return found.start(_OPEN)
                if depth >= _DEEP_PATTERN:
                    self._pattern += 10 * 4 ** min(depth, 12)
                    self._work += depth * depth if depth > _DEEP_BRACKETS else 0
            elif kind == _CLOSE:
                depth -= depth > outer
            elif kind == _END:
                if depth == outer:
                    offset = self._line(line_start, found.end())
                    line_start = found.end()
            elif kind == _TEXT:
                offset = self._text(found.start(_TEXT), found.end(), depth)
            if offset is not None:
                return offset
        return self._line(line_start, end)

    def _text(self, start: int, end: int, depth: int) -> int | None:
        """The expressions in an f-string nest like any others."""
        if end - start > MAX_BRACKETS - depth and _is_formatted(self._source, start):
            return self.scan(start + 1, end - 1, depth)
        return None

    def _line(self, start: int, end: int) -> int | None:
        if self._pattern:
            self._work += self._pattern if _CASE.match(self._source, start) else 0
            self._pattern = 0
        offset = None
        if end - start > _LONG_LINE:
            links, offset = _longest_chain(self._source, start, end)
            self._work += links * links
        return start if offset is None and self._work > MAX_WORK else offset


def _is_formatted(source: str, quote: int) -> bool:
    prefix = source[max(0, quote - 2) : quote].lower()
    return "f" in prefix or "t" in prefix


def _longest_chain(source: str, start: int, end: int) -> tuple[int, int | None]:
    """How many links the longest chain of a logical line has, and where they get too many, if they do.

    Each link is nested in the one before or after it, and in those around its brackets.
    """
    links = most = base = 0
    lambdas = 0  # whose parameters are not over: a comma between those separates nothing else
    outer: list[tuple[int, int, int]] = []
    for found in _LINK.finditer(source, start, end):
        kind = found.lastindex
        if kind == _COMMA:
            if not lambdas:
                links = base
        elif kind == _COLON:
            lambdas -= lambdas > 0
        elif kind == _CLOSE:
            if outer:
                links, base, lambdas = outer.pop()
        elif kind is not None:
            links += _LAMBDA_LINKS if kind == _LAMBDA else 1
            if links > most:
                most = links
                if links > MAX_LINKS:
                    return most, found.start()
            if kind == _OPEN:
                outer.append((links, base, lambdas))
                base, lambdas = links, 0
            elif kind == _LAMBDA:
                lambdas += 1
    return most, None


def _deep_blocks(source: str) -> int | None:
    if " " * MAX_BLOCKS not in source.translate(_BLANKS) or _FAR_INDENTED.search(source) is None:
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
    branches: dict[int, int] = {}
    for start in _logical_lines(source):
        found = _BRANCH.match(source, start)
        if found is None:
            continue
        indentation = len(found[1].rpartition("\f")[2].expandtabs())
        if found[2] != "elif":
            # An ``if``, or anything else, begins anew, and ends what is indented further.
            branches = {width: count for width, count in branches.items() if width < indentation}
        else:
            branches[indentation] = branches.get(indentation, 0) + 1
            if sum(branches.values()) > MAX_BRANCHES:
                return found.start(2)
    return None


def _logical_lines(source: str) -> Iterator[int]:
    """Where each line starts that is not inside brackets or a string, and continues no other."""
    depth = 0
    yield 0
    for found in _STRUCTURE.finditer(source):
        kind = found.lastindex
        if kind == _OPEN:
            depth += 1
        elif kind == _CLOSE:
            depth -= depth > 0
        elif kind == _END and not depth and found[_END] != ";":
            yield found.end()
