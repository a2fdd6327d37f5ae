"""A module's text with its tree: which statements stand in which block, and which expression stands where."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import libcst as cst
from libcst.metadata import CodeRange, MetadataWrapper, PositionProvider

from flaskglobals_lint.extract.parsing import parse
from flaskglobals_lint.extract.positions import Lines
from flaskglobals_lint.fixes.refused import Refused
from flaskglobals_lint.remedy import Position


@dataclass(slots=True)
class Statement:
    """One statement. ``pos`` covers it with its decorators; ``blocks`` are its indented bodies, in order."""

    node: cst.CSTNode
    pos: Position
    block: Block
    index: int
    blocks: list[Block] = field(default_factory=list)

    @property
    def small(self) -> cst.BaseSmallStatement | None:
        """The simple statement that it is, if no other stands on its line."""
        node = self.node
        return node.body[0] if isinstance(node, cst.SimpleStatementLine) and len(node.body) == 1 else None

    def holds(self, pos: Position) -> bool:
        return self.pos[:2] <= pos[:2] and pos[2:] <= self.pos[2:]


@dataclass(slots=True)
class Block:
    """Statements one below the other. ``owner`` is the statement whose body they are; None for the module."""

    owner: Statement | None
    statements: list[Statement] = field(default_factory=list)

    def find(self, pos: Position) -> Statement | None:
        return next((statement for statement in self.statements if statement.holds(pos)), None)


class Code:
    """The text of one file and its tree. Raises Refused if it cannot be parsed."""

    def __init__(self, path: str, text: str) -> None:
        tree = parse(text)
        if not isinstance(tree, cst.Module):
            raise Refused(f"{path} cannot be parsed")
        self.path = path
        self.text = text
        self.lines = Lines(text)
        self.tree = tree
        wrapper = MetadataWrapper(tree, unsafe_skip_copy=True)
        self._ranges = wrapper.resolve(PositionProvider)
        self.module = Block(None)
        self._fill(self.module, tree.body)

    # -- text --

    @property
    def newline(self) -> str:
        return self.tree.default_newline

    @property
    def unit(self) -> str:
        """One step of indentation."""
        return self.tree.default_indent

    def offset(self, line: int, column: int) -> int:
        return self.lines.starts[line - 1] + column - 1

    def line(self, number: int) -> str:
        """A line without its end."""
        end = self.lines.starts[number] if number < len(self.lines.starts) else len(self.text)
        return self.text[self.lines.starts[number - 1] : end].rstrip("\r\n")

    def indent(self, statement: Statement) -> str:
        line = self.line(statement.pos[0])
        return line[: len(line) - len(line.lstrip())]

    def source(self, node: cst.CSTNode) -> str:
        return self.tree.code_for_node(node).strip()

    @cached_property
    def inside_texts(self) -> set[int]:
        """Lines that begin inside a text of several lines, and so must not be indented."""
        found: set[int] = set()
        for node, where in self._ranges.items():
            if isinstance(node, cst.SimpleString | cst.FormattedString):
                found.update(range(where.start.line + 1, where.end.line + 1))
        return found

    # -- tree --

    def pos(self, node: cst.CSTNode) -> Position:
        where: CodeRange = self._ranges[node]
        return (where.start.line, where.start.column + 1, where.end.line, where.end.column + 1)

    def _fill(self, block: Block, body: Sequence[cst.CSTNode]) -> None:
        for node in body:
            pos = self.pos(node)
            for decorator in getattr(node, "decorators", ()):
                pos = (*min(pos[:2], self.pos(decorator)[:2]), *pos[2:])
            statement = Statement(node, pos, block, len(block.statements))
            block.statements.append(statement)
            for suite in suites(node):
                if isinstance(suite, cst.IndentedBlock):
                    inner = Block(statement)
                    statement.blocks.append(inner)
                    self._fill(inner, suite.body)

    def chain(self, pos: Position) -> list[Statement]:
        """The statements that hold a position, outermost first."""
        found: list[Statement] = []
        blocks = [self.module]
        while blocks:
            statement = next((s for block in blocks if (s := block.find(pos)) is not None), None)
            if statement is None:
                break
            found.append(statement)
            blocks = statement.blocks
        return found

    def function(self, pos: Position) -> Statement:
        """The innermost ``def`` whose body holds the position. Raises Refused if there is none."""
        for statement in reversed(self.chain(pos)):
            if isinstance(statement.node, cst.FunctionDef) and statement.pos[:2] < pos[:2]:
                return statement
        raise Refused("the code stands in no function of its own")

    def stretch(self, positions: Sequence[Position]) -> tuple[Statement, Statement]:
        """The first and the last of the statements of one block that hold all positions."""
        chains = [self.chain(pos) for pos in positions]
        function = self.function(positions[0])
        first = last = None
        for level in zip(*chains, strict=False):
            if any(statement.block is not level[0].block for statement in level):
                break
            first, last = min(level, key=lambda s: s.index), max(level, key=lambda s: s.index)
            if first is not last:
                break
        if first is None or last is None:
            raise Refused("the accesses stand in different functions")
        inside = [s for s in chains[0] if s.pos[:2] >= function.pos[:2] and s is not function]
        if first not in inside and all(first.block is not s.block for s in inside):
            raise Refused("the accesses stand in different functions")
        # The whole of a suite on one line, and a definition, cannot be entered.
        return first, last

    def nodes(self, node: cst.CSTNode) -> Sequence[cst.CSTNode]:
        """A node and all below it that are no mere whitespace, in the order of the text."""
        order, spans = self._order
        start, end = spans[node]
        return order[start:end]

    @cached_property
    def _order(self) -> tuple[list[cst.CSTNode], dict[cst.CSTNode, tuple[int, int]]]:
        """All nodes in the order of the text, and for each where it and those below it stand among them: libcst makes the
        list of a node's children anew whenever it is asked for."""
        order: list[cst.CSTNode] = []
        spans: dict[cst.CSTNode, tuple[int, int]] = {}
        stack: list[tuple[cst.CSTNode, int]] = [(self.tree, -1)]
        while stack:
            node, start = stack.pop()
            if start >= 0:
                spans[node] = (start, len(order))
                continue
            stack.append((node, len(order)))
            order.append(node)
            stack.extend((child, -1) for child in reversed(node.children) if not isinstance(child, _SPACE))
        return order, spans

    def expressions(self, pos: Position) -> list[cst.BaseExpression]:
        """Expressions that begin where ``pos`` does, the largest first; the one that covers exactly it comes before all."""
        chain = self.chain(pos)
        if not chain:
            return []
        found = [
            node
            for node in self.nodes(chain[-1].node)
            if isinstance(node, cst.BaseExpression) and node in self._ranges and self.pos(node)[:2] == pos[:2]
        ]
        found.sort(key=lambda node: self.pos(node)[2:], reverse=True)
        found.sort(key=lambda node: self.pos(node) != pos)
        return found

    def binds(self, name: str) -> bool:
        """Whether the file gives the name to something of its own, other than a method."""
        return name in self._bound

    @cached_property
    def _bound(self) -> set[str]:
        found: set[str] = set()
        methods: set[cst.CSTNode] = set()
        for node in self.nodes(self.tree):
            if isinstance(node, cst.ClassDef):
                methods.update(node.body.body)
            if isinstance(node, _WITH_TARGET):
                found.update(part.value for part in self.nodes(node.target) if isinstance(part, cst.Name))
            elif isinstance(node, _WITH_NAME) and node not in methods:
                found.update(part.value for part in self.nodes(node.name) if isinstance(part, cst.Name))
        return found

    def names(self, node: cst.CSTNode) -> list[cst.Name]:
        return [found for found in self.nodes(node) if isinstance(found, cst.Name)]


_WITH_TARGET = (cst.AssignTarget, cst.AnnAssign, cst.AugAssign, cst.NamedExpr, cst.For, cst.CompFor)
_WITH_NAME = (cst.Param, cst.FunctionDef, cst.ClassDef, cst.AsName, cst.ImportAlias)
_SPACE = (cst.BaseParenthesizableWhitespace, cst.TrailingWhitespace, cst.EmptyLine, cst.Comma, cst.Newline)


def suites(node: cst.CSTNode) -> Iterator[cst.CSTNode]:
    """The bodies of a compound statement, those of its other branches included."""
    if isinstance(node, cst.If):
        yield node.body
        if node.orelse is not None:
            yield from suites(node.orelse)
    elif isinstance(node, cst.Try | cst.TryStar):
        yield node.body
        for handler in node.handlers:
            yield handler.body
        for rest in (node.orelse, node.finalbody):
            if rest is not None:
                yield rest.body
    elif isinstance(node, cst.Match):
        for case in node.cases:
            yield case.body
    elif isinstance(node, cst.FunctionDef | cst.ClassDef | cst.With | cst.Else):
        yield node.body
    elif isinstance(node, cst.For | cst.While):
        yield node.body
        if node.orelse is not None:
            yield node.orelse.body


def functions(block: Block) -> Iterator[Statement]:
    """All functions, those of classes and of functions included."""
    for statement in block.statements:
        if isinstance(statement.node, cst.FunctionDef):
            yield statement
        for inner in statement.blocks:
            yield from functions(inner)
