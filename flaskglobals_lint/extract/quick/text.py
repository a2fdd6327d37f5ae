"""Where the nodes of an ``ast`` tree stand, in characters."""

from __future__ import annotations

import ast
import re
from bisect import bisect_left
from itertools import pairwise
from typing import Any, Final

from flaskglobals_lint.extract.positions import Lines
from flaskglobals_lint.facts import Place, Position, place

_NAME: Final = re.compile(r"\w+")
_DEFINITION: Final = re.compile(r"(?:async[\s\\]+)?(?:def|class)[\s\\]+")
_AS: Final = re.compile(r"(?:[\s\\),]|#[^\r\n]*)*as[\s\\]+")
_FOR: Final = re.compile(r"for[\s\\(]*\Z")
_ASYNC: Final = re.compile(r"async[\s\\]+\Z")
_CLOSED: Final = re.compile(r"[ \t)]*[}!:=]")
_BEFORE: Final = 200
"""How many characters before its target the ``for`` of a comprehension or the brace of an f-string is looked for."""


class Unplaced(Exception):
    """``ast`` does not tell, and the text does not show, what the facts need."""


class Text:
    """The source beside its tree. ``ast`` counts columns in bytes of UTF-8 from zero, facts count characters from one."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.lines = Lines(source)
        self._wide: dict[int, list[int]] = {}
        """By line: the bytes of UTF-8 that begin no character."""
        if not source.isascii():
            starts = [*self.lines.starts, len(source)]
            for line, (start, end) in enumerate(pairwise(starts), start=1):
                if not (text := source[start:end]).isascii():
                    self._wide[line] = [at for at, byte in enumerate(text.encode()) if 0x80 <= byte < 0xC0]

    def at(self, node: Any) -> Place:
        """The position of a node, as it is kept."""
        return place(*self.span(node))

    def span(self, node: Any) -> Position:
        """The position of a node."""
        line, end = node.lineno, node.end_lineno
        if line in self._wide or end in self._wide:
            return (line, self._column(line, node.col_offset), end, self._column(end, node.end_col_offset))
        return (line, node.col_offset + 1, end, node.end_col_offset + 1)

    def header(self, node: ast.stmt, last: ast.expr) -> Place:
        """The position from the start of a statement to the end of the last expression before its block."""
        line, column, _, _ = self.span(node)
        return place(line, column, *self.span(last)[2:])

    def holding(self, token: str) -> list[int]:
        """The lines that hold ``token``, code or not."""
        found: list[int] = []
        at = self.source.find(token)
        while at >= 0:
            found.append(self.lines.place(at)[0])
            at = self.source.find(token, at + 1)
        return found

    def _column(self, line: int, offset: int) -> int:
        return offset + 1 - bisect_left(self._wide.get(line, ()), offset)

    def offset(self, line: int, column: int) -> int:
        """The index in the source of a line and a column, both from one."""
        return self.lines.starts[line - 1] + column - 1

    def stands_in_braces(self, node: ast.expr) -> bool:
        """Whether the text around an expression in an f-string shows that its position is right."""
        line, column, end_line, end_column = self.span(node)
        if end_line > len(self.lines.starts):
            return False
        start = self.offset(line, column)
        before = self.source[max(0, start - _BEFORE) : start].rstrip(" \t(")
        after = _CLOSED.match(self.source, self.offset(end_line, end_column))
        return before.endswith("{") and after is not None

    def defined(self, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> tuple[Place, Place]:
        """The positions of the header, from its keyword to its name, and of the name alone."""
        line, column, _, _ = self.span(node)
        start = self.offset(line, column)
        keyword = _DEFINITION.match(self.source, start)
        if keyword is None:
            raise Unplaced
        name = self._name(keyword.end(), node.name)
        return place(line, column, *name[2:]), place(*name)

    def caught(self, node: ast.ExceptHandler) -> Place:
        """The position of the name in ``except … as name``."""
        _, _, line, column = self.span(node.type)
        found = _AS.match(self.source, self.offset(line, column))
        if found is None or node.name is None:
            raise Unplaced
        return place(*self._name(found.end(), node.name))

    def last(self, node: ast.AST, name: str) -> Place:
        """The position of ``name``, which is the last token of ``node``."""
        _, _, line, column = self.span(node)
        end = self.offset(line, column)
        return place(*self._name(end - len(name), name))

    def _name(self, start: int, name: str) -> Position:
        found = _NAME.match(self.source, start)
        if found is None or found[0] != name:
            raise Unplaced
        line, column = self.lines.place(start)
        return (line, column, line, column + len(name))

    def clause(self, node: ast.comprehension) -> tuple[int, int]:
        """Line and column of the ``for`` of a comprehension, or of the ``async`` before it."""
        line, column, _, _ = self.span(node.target)
        end = self.offset(line, column)
        start = max(0, end - _BEFORE)
        found = _FOR.search(self.source[start:end])
        if found is None:
            raise Unplaced
        start += found.start()
        if node.is_async:
            before = max(0, start - _BEFORE)
            found = _ASYNC.search(self.source[before:start])
            if found is None:
                raise Unplaced
            start = before + found.start()
        return self.lines.place(start)
