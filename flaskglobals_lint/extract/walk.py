"""The walk over one module's tree: its state, and which function handles which node."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, TypeAlias

import libcst as cst

from flaskglobals_lint import facts
from flaskglobals_lint.extract import definitions, expressions, patterns, statements
from flaskglobals_lint.extract.collected import Collected
from flaskglobals_lint.extract.limits import MAX_DEPTH
from flaskglobals_lint.extract.literals import identifier
from flaskglobals_lint.extract.positions import Cursor
from flaskglobals_lint.extract.scopes import Name

ExpressionHandler: TypeAlias = "Callable[[Walk, Any], facts.Expression]"
StatementHandler: TypeAlias = "Callable[[Walk, Any, list[facts.Statement]], None]"


class TooDeepError(Exception):
    """The code nests deeper than ``MAX_DEPTH`` where the cursor stands."""


class Walk(Collected):
    """One pass over a module, in the order of its text.

    Every handler moves ``cursor`` past the tokens of its node, so the order in which it visits the children matters.
    """

    def __init__(self, source: str) -> None:
        super().__init__()
        self.cursor = Cursor(source)
        self.has_walrus = ":=" in source
        self.opening = 0
        """Where the arguments of the last call started: at its parenthesis."""
        self._inner = (-1, 0)
        self._depth = 0

    def module(self, tree: cst.Module) -> facts.Module:
        """The facts of the whole module but for its comments."""
        return self.whole(self._statements(tree.body))

    def expression(self, node: cst.BaseExpression) -> facts.Expression:
        """The facts of an expression; its parentheses are not part of its span."""
        self.nest(1)
        kind = type(node)
        parentheses = len(node.lpar)
        if parentheses:
            # The parentheses of a tuple or generator expression belong to it.
            parentheses -= kind is cst.Tuple or kind is cst.GeneratorExp
            for _ in range(parentheses):
                self.cursor.take("(")
        start = self.cursor.peek() if parentheses else -1
        result = EXPRESSIONS[kind](self, node)
        self._inner = (start, self.cursor.at)
        for _ in range(parentheses):
            self.cursor.take(")")
        self.nest(-1)
        return result

    def bare(self, start: int) -> facts.Place:
        """The position of the last expression without the parentheses around it; ``start`` is where it starts if it has none."""
        inner, end = self._inner
        return self.cursor.span(start if inner < 0 else inner, end)

    def header(self, start: int) -> facts.Place:
        """The position from ``start`` to the end of the last expression, without the parentheses around that."""
        return self.cursor.span(start, self._inner[1])

    def nest(self, levels: int) -> None:
        """Count levels of nesting that are entered, or left if negative."""
        self._depth += levels
        if self._depth > MAX_DEPTH:
            raise TooDeepError

    def optional(self, node: cst.BaseExpression | None) -> facts.Expression | None:
        return None if node is None else self.expression(node)

    def name(self, node: cst.Name) -> Name:
        """A name that is used or bound here, without parentheses."""
        start = self.cursor.take(node.value)
        return self.scope.resolve(identifier(node)).at(self.cursor.span(start))

    def suite(self, node: cst.BaseSuite) -> tuple[facts.Statement, ...]:
        """The statements of an indented block, or of those after a colon on the same line."""
        self.nest(1)
        result = self._statements(node.body)
        self.nest(-1)
        return result

    def _statements(self, nodes: Any) -> tuple[facts.Statement, ...]:
        out: list[facts.Statement] = []
        for node in nodes:
            if type(node) is cst.SimpleStatementLine:
                for small in node.body:
                    STATEMENTS[type(small)](self, small, out)
            else:
                STATEMENTS[type(node)](self, node, out)
        return tuple(out)


EXPRESSIONS: Final[dict[type[cst.CSTNode], ExpressionHandler]] = {**expressions.HANDLERS, **definitions.EXPRESSIONS}
STATEMENTS: Final[dict[type[cst.CSTNode], StatementHandler]] = {
    **statements.HANDLERS,
    **definitions.STATEMENTS,
    **patterns.HANDLERS,
}
