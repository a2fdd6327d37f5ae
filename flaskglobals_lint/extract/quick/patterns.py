"""``match`` statements and their patterns."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from flaskglobals_lint import facts
from flaskglobals_lint.extract.quick.text import Unplaced

if TYPE_CHECKING:
    from flaskglobals_lint.extract.quick.walk import QuickWalk

Names = list[facts.Expression]


def match(walk: QuickWalk, node: ast.Match, out: list[facts.Statement]) -> None:
    subject = walk.expression(node.subject)
    pos = walk.text.header(node, node.subject)
    out.append(facts.Match(subject, tuple([_case(walk, case) for case in node.cases]), pos))


def _case(walk: QuickWalk, node: ast.match_case) -> facts.Case:
    names: Names = []
    values: list[facts.Expression] = []
    _pattern(walk, node.pattern, names, values)
    guard = walk.optional(node.guard)
    return facts.Case(tuple(names), tuple(values), guard, walk.suite(node.body))


def _pattern(walk: QuickWalk, node: Any, names: Names, values: list[facts.Expression]) -> None:
    match node:
        case ast.MatchValue():
            values.append(walk.expression(node.value))
        case ast.MatchSingleton():
            values.append(walk.expression(ast.Constant(node.value)))
        case ast.MatchAs() | ast.MatchStar():
            if isinstance(node, ast.MatchAs) and node.pattern is not None:
                _pattern(walk, node.pattern, names, values)
            if node.name is not None:
                names.append(walk.scope.resolve(node.name).at(walk.text.last(node, node.name)))
        case ast.MatchSequence():
            for part in node.patterns:
                _pattern(walk, part, names, values)
        case ast.MatchMapping(rest=None):
            for key, part in zip(node.keys, node.patterns, strict=True):
                values.append(walk.expression(key))
                _pattern(walk, part, names, values)
        case ast.MatchClass():
            values.append(walk.expression(node.cls))
            for part in (*node.patterns, *node.kwd_patterns):
                _pattern(walk, part, names, values)
        case ast.MatchOr():
            for index, part in enumerate(node.patterns):
                _pattern(walk, part, [] if index else names, values)
        case _:
            raise Unplaced


HANDLERS: Final[dict[type[ast.AST], Callable[[QuickWalk, Any, list[facts.Statement]], None]]] = {ast.Match: match}
