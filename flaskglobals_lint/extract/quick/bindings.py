"""Which names a body binds, read from an ``ast`` tree."""

from __future__ import annotations

import ast
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

from flaskglobals_lint.extract.scopes import Bindings

_BIND_NOTHING: Final = frozenset({ast.Expr, ast.Return, ast.Raise, ast.Assert, ast.Pass, ast.Break, ast.Continue})


def body_bindings(body: Iterable[ast.stmt], walruses: Sequence[int]) -> Bindings:
    """The names that the statements of a function or class body bind and declare; ``walruses`` are the lines with ``:=``."""
    bindings = Bindings(set(), set(), set())
    _collect(body, bindings)
    if walruses:
        for statement in body:
            if may_hold(statement, walruses):
                bindings.bound.update(walrus_names(statement, False))
    return bindings


def may_hold(node: ast.stmt | ast.expr, lines: Sequence[int]) -> bool:
    """Whether the node covers one of the lines, which are in order."""
    decorators = getattr(node, "decorator_list", None)
    at = bisect_left(lines, decorators[0].lineno if decorators else node.lineno)
    return at < len(lines) and lines[at] <= (node.end_lineno or node.lineno)


def target_names(target: ast.expr) -> Iterator[str]:
    """The names that assigning to ``target`` binds."""
    kind = type(target)
    if kind is ast.Name:
        yield target.id  # type: ignore[attr-defined]
    elif kind is ast.Tuple or kind is ast.List:
        for element in target.elts:  # type: ignore[attr-defined]
            yield from target_names(element)
    elif kind is ast.Starred:
        yield from target_names(target.value)  # type: ignore[attr-defined]


def pattern_names(pattern: ast.pattern) -> Iterator[str]:
    """The names that a ``case`` pattern binds."""
    for node in ast.walk(pattern):
        if isinstance(node, ast.MatchAs | ast.MatchStar) and node.name is not None:
            yield node.name
        elif isinstance(node, ast.MatchMapping) and node.rest is not None:
            yield node.rest


def walrus_names(node: ast.AST, root: bool = True) -> Iterator[str]:
    """The names that ``:=`` binds in the code of ``node``, not in the functions and classes defined there."""
    if isinstance(node, ast.NamedExpr):
        yield from target_names(node.target)
    own_scope = not root and isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda)
    for field, value in ast.iter_fields(node):
        if own_scope and field == "body":
            continue
        for child in value if isinstance(value, list) else (value,):
            if isinstance(child, ast.AST):
                yield from walrus_names(child, False)


def imported_name(alias: ast.alias) -> str:
    """The name that one part of an import binds: ``a`` for ``a.b``, ``c`` for ``a.b as c``."""
    return alias.asname or alias.name.partition(".")[0]


def _collect(statements: Iterable[ast.stmt], bindings: Bindings) -> None:
    for statement in statements:
        if statement.__class__ not in _BIND_NOTHING:
            _statement(statement, bindings)


def _statement(node: Any, bindings: Bindings) -> None:
    bound = bindings.bound
    match node:
        case ast.Assign() | ast.Delete():
            for target in node.targets:
                bound.update(target_names(target))
        case ast.AugAssign() | ast.AnnAssign():
            bound.update(target_names(node.target))
        case ast.If() | ast.While():
            _collect(node.body, bindings)
            _collect(node.orelse, bindings)
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
            bound.add(node.name)
        case ast.Import() | ast.ImportFrom():
            bound.update(imported_name(alias) for alias in node.names if alias.name != "*")
        case ast.For() | ast.AsyncFor():
            bound.update(target_names(node.target))
            _collect(node.body, bindings)
            _collect(node.orelse, bindings)
        case ast.With() | ast.AsyncWith():
            for item in node.items:
                if item.optional_vars is not None:
                    bound.update(target_names(item.optional_vars))
            _collect(node.body, bindings)
        case ast.Try() | ast.TryStar():
            _collect(node.body, bindings)
            for handler in node.handlers:
                if handler.name is not None:
                    bound.add(handler.name)
                _collect(handler.body, bindings)
            _collect(node.orelse, bindings)
            _collect(node.finalbody, bindings)
        case ast.Match():
            for case in node.cases:
                bound.update(pattern_names(case.pattern))
                _collect(case.body, bindings)
        case ast.Global():
            bindings.globals.update(node.names)
        case ast.Nonlocal():
            bindings.nonlocals.update(node.names)
        case _:
            pass
