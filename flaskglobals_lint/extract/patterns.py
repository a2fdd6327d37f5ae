"""``match`` statements and their patterns."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import libcst as cst

from flaskglobals_lint import facts

if TYPE_CHECKING:
    from flaskglobals_lint.extract.walk import Walk


class Parts(NamedTuple):
    """What a pattern holds, in the order of the text."""

    names: list[facts.Expression]
    values: list[facts.Expression]


def match(walk: Walk, node: cst.Match, out: list[facts.Statement]) -> None:
    start = walk.cursor.take("match")
    subject = walk.expression(node.subject)
    pos = walk.header(start)
    out.append(facts.Match(subject, tuple([_case(walk, case) for case in node.cases]), pos))


def _case(walk: Walk, node: cst.MatchCase) -> facts.Case:
    walk.cursor.take("case")
    parts = Parts([], [])
    _pattern(walk, node.pattern, parts)
    guard = None
    if node.guard is not None:
        walk.cursor.take("if")
        guard = walk.expression(node.guard)
    return facts.Case(tuple(parts.names), tuple(parts.values), guard, walk.suite(node.body))


def _pattern(walk: Walk, node: cst.MatchPattern, parts: Parts) -> None:
    # A value's parentheses are its expression's.
    parentheses = 0 if isinstance(node, cst.MatchValue | cst.MatchSingleton) else len(node.lpar)
    for _ in range(parentheses):
        walk.cursor.take("(")
    PATTERNS[type(node)](walk, node, parts)
    for _ in range(parentheses):
        walk.cursor.take(")")


def _value(walk: Walk, node: cst.MatchValue | cst.MatchSingleton, parts: Parts) -> None:
    parts.values.append(walk.expression(node.value))


def _capture(walk: Walk, node: cst.MatchAs, parts: Parts) -> None:
    if node.pattern is not None:
        _pattern(walk, node.pattern, parts)
        walk.cursor.take("as")
    _name(walk, node.name, parts)


def _name(walk: Walk, node: cst.Name | None, parts: Parts) -> None:
    if node is None:
        walk.cursor.take("_")
    else:
        parts.names.append(walk.name(node))


def _sequence(walk: Walk, node: cst.MatchList | cst.MatchTuple, parts: Parts) -> None:
    bracketed = isinstance(node, cst.MatchList) and node.lbracket is not None
    if bracketed:
        walk.cursor.take("[")
    _elements(walk, node.patterns, parts)
    if bracketed:
        walk.cursor.take("]")


def _elements(walk: Walk, nodes: Sequence[cst.MatchSequenceElement | cst.MatchStar], parts: Parts) -> None:
    for node in nodes:
        if isinstance(node, cst.MatchStar):
            walk.cursor.take("*")
            _name(walk, node.name, parts)
        else:
            _pattern(walk, node.value, parts)


def _mapping(walk: Walk, node: cst.MatchMapping, parts: Parts) -> None:
    walk.cursor.take("{")
    for entry in node.elements:
        parts.values.append(walk.expression(entry.key))
        _pattern(walk, entry.pattern, parts)
    if node.rest is not None:
        walk.cursor.take("**")
        _name(walk, node.rest, parts)
    walk.cursor.take("}")


def _class(walk: Walk, node: cst.MatchClass, parts: Parts) -> None:
    parts.values.append(walk.expression(node.cls))
    walk.cursor.take("(")
    _elements(walk, node.patterns, parts)
    for keyword in node.kwds:
        walk.cursor.take(keyword.key.value)
        _pattern(walk, keyword.pattern, parts)
    walk.cursor.take(")")


def _choice(walk: Walk, node: cst.MatchOr, parts: Parts) -> None:
    """``A | B``: each side binds the same names, so those of the first count."""
    for index, choice in enumerate(node.patterns):
        if index:
            walk.cursor.take("|")
        _pattern(walk, choice.pattern, parts if index == 0 else Parts([], parts.values))


PATTERNS: Final[dict[type[cst.CSTNode], Callable[[Walk, Any, Parts], None]]] = {
    cst.MatchValue: _value,
    cst.MatchSingleton: _value,
    cst.MatchAs: _capture,
    cst.MatchList: _sequence,
    cst.MatchTuple: _sequence,
    cst.MatchMapping: _mapping,
    cst.MatchClass: _class,
    cst.MatchOr: _choice,
}
HANDLERS: Final[dict[type[cst.CSTNode], Callable[[Walk, Any, list[facts.Statement]], None]]] = {cst.Match: match}
