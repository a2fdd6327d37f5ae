"""The walk over an ``ast`` tree: its state, and which function handles which node."""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable
from itertools import chain
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from flaskglobals_lint import facts
from flaskglobals_lint.extract.collected import Collected
from flaskglobals_lint.extract.limits import MAX_DEPTH
from flaskglobals_lint.extract.quick import definitions, expressions, patterns, statements, trees
from flaskglobals_lint.extract.quick.text import Text, Unplaced

if TYPE_CHECKING:
    from collections.abc import Iterable

ExpressionHandler: TypeAlias = "Callable[[QuickWalk, Any], facts.Expression]"
StatementHandler: TypeAlias = "Callable[[QuickWalk, Any, list[facts.Statement]], None]"


class QuickWalk(Collected):
    """One pass over a module. The children are visited in the order of the text, as scopes are numbered by it."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.text = Text(source)
        self.at = self.text.at
        self.walruses = self.text.holding(":=")
        self._depth = 0
        self._constants: dict[tuple[str, str], facts.Constant] = {}

    def module(self) -> facts.Module:
        """The facts of the whole module but for its comments. Raises what ``ast.parse`` does, and Unplaced."""
        parts = trees.each(self.text.source, self.text.lines.starts, self.statements)
        return self.whole(tuple(chain.from_iterable(parts)))

    def constant(self, kind: str, text: str) -> facts.Constant:
        """A constant: one object for all that are equal."""
        found = self._constants.get((kind, text))
        if found is None:
            found = self._constants[kind, text] = facts.Constant(kind, sys.intern(text))
        return found

    def expression(self, node: ast.expr) -> facts.Expression:
        """The facts of an expression. Raises Unplaced for what only a newer Python knows, or for deep nesting."""
        kind = node.__class__
        if kind is ast.Name:
            return self.scope.resolve(node.id).at(self.at(node))  # type: ignore[attr-defined]
        handler = EXPRESSIONS.get(kind)
        self._depth += 1
        if handler is None or self._depth > MAX_DEPTH:
            raise Unplaced
        result = handler(self, node)
        self._depth -= 1
        return result

    def nest(self, levels: int) -> None:
        """Count levels of nesting that are entered, or left if negative."""
        self._depth += levels
        if self._depth > MAX_DEPTH:
            raise Unplaced

    def optional(self, node: ast.expr | None) -> facts.Expression | None:
        return None if node is None else self.expression(node)

    def suite(self, nodes: Iterable[ast.stmt]) -> tuple[facts.Statement, ...]:
        """The statements of a block."""
        self.nest(1)
        result = self.statements(nodes)
        self.nest(-1)
        return result

    def statements(self, nodes: Iterable[ast.stmt]) -> tuple[facts.Statement, ...]:
        out: list[facts.Statement] = []
        for node in nodes:
            handler = STATEMENTS.get(node.__class__)
            if handler is None:
                raise Unplaced
            handler(self, node, out)
        return tuple(out)


EXPRESSIONS: Final[dict[type[ast.AST], ExpressionHandler]] = {**expressions.HANDLERS, **definitions.EXPRESSIONS}
STATEMENTS: Final[dict[type[ast.AST], StatementHandler]] = {
    **statements.HANDLERS,
    **definitions.STATEMENTS,
    **patterns.HANDLERS,
}
