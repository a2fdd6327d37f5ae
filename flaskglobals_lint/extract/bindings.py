"""Which names a body binds: the first of the two passes that scopes need."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import fields
from functools import cache
from typing import Any, Final

import libcst as cst

from flaskglobals_lint.extract.literals import identifier
from flaskglobals_lint.extract.scopes import Bindings


def body_bindings(body: cst.BaseSuite, *, walrus: bool) -> Bindings:
    """The names that the statements of a function or class body bind and declare.

    ``walrus`` says that the file holds a ``:=``, so that the expressions have to be searched, too.
    """
    bindings = Bindings(set(), set(), set())
    _collect_block(body, bindings)
    if walrus:
        bindings.bound.update(walrus_names(body))
    return bindings


def target_names(target: cst.BaseExpression) -> Iterator[str]:
    """The names that assigning to ``target`` binds."""
    match target:
        case cst.Name():
            yield identifier(target)
        case cst.Tuple() | cst.List():
            for element in target.elements:
                yield from target_names(element.value)
        case cst.StarredElement():
            yield from target_names(target.value)
        case _:
            pass


def pattern_names(pattern: cst.MatchPattern | cst.MatchStar | None) -> Iterator[str]:
    """The names that a ``case`` pattern binds."""
    match pattern:
        case cst.MatchAs():
            yield from pattern_names(pattern.pattern)
            yield from _optional(pattern.name)
        case cst.MatchStar():
            yield from _optional(pattern.name)
        case cst.MatchList() | cst.MatchTuple():
            for element in pattern.patterns:
                yield from pattern_names(element.value if isinstance(element, cst.MatchSequenceElement) else element)
        case cst.MatchMapping():
            for pair in pattern.elements:
                yield from pattern_names(pair.pattern)
            yield from _optional(pattern.rest)
        case cst.MatchClass():
            for positional in pattern.patterns:
                yield from pattern_names(positional.value)
            for keyword in pattern.kwds:
                yield from pattern_names(keyword.pattern)
        case cst.MatchOr():
            for choice in pattern.patterns:
                yield from pattern_names(choice.pattern)
        case _:
            pass


def comprehension_names(clause: cst.CompFor | None) -> Iterator[str]:
    """The names of all ``for`` targets of a comprehension."""
    while clause is not None:
        yield from target_names(clause.target)
        clause = clause.inner_for_in


def walrus_names(root: cst.CSTNode) -> Iterator[str]:
    """The names that ``:=`` binds in the code of ``root`` itself, not in the functions and classes it defines."""
    stack: list[cst.CSTNode] = [root]
    while stack:
        node = stack.pop()
        if isinstance(node, cst.NamedExpr):
            yield from target_names(node.target)
        own_scope = node is not root and isinstance(node, cst.FunctionDef | cst.ClassDef | cst.Lambda)
        for field in _child_fields(type(node)):
            if own_scope and field == "body":
                continue
            child = getattr(node, field)
            if isinstance(child, cst.CSTNode):
                stack.append(child)
            elif isinstance(child, list | tuple):
                stack.extend(child)


@cache
def _child_fields(kind: type[cst.CSTNode]) -> tuple[str, ...]:
    """The fields of a node class that may hold code."""
    trivia = ("whitespace", "leading", "trailing", "lpar", "rpar", "lbr", "rbr", "comma", "semicolon", "lines")
    other = {"header", "footer", "indent", "value"} if kind is cst.IndentedBlock else {"operator", "equal", "colon"}
    names = (field.name for field in fields(kind))
    return tuple(name for name in names if not name.startswith(trivia) and name not in other)


def _optional(name: cst.Name | None) -> Iterator[str]:
    if name is not None:
        yield identifier(name)


def _collect_block(block: cst.BaseSuite | cst.Else | cst.Finally | None, bindings: Bindings) -> None:
    if isinstance(block, cst.Else | cst.Finally):
        block = block.body
    if block is not None:
        _collect(block.body, bindings)


def _collect(statements: Iterable[cst.CSTNode], bindings: Bindings) -> None:
    for statement in statements:
        if isinstance(statement, cst.SimpleStatementLine):
            _collect(statement.body, bindings)
        else:
            collector = _COLLECTORS.get(type(statement))
            if collector is not None:
                collector(statement, bindings)


def _assign(node: cst.Assign, bindings: Bindings) -> None:
    for target in node.targets:
        bindings.bound.update(target_names(target.target))


def _one_target(node: cst.AnnAssign | cst.AugAssign | cst.Del, bindings: Bindings) -> None:
    bindings.bound.update(target_names(node.target))


def _import(node: cst.Import | cst.ImportFrom, bindings: Bindings) -> None:
    if isinstance(node.names, cst.ImportStar):
        return
    for alias in node.names:
        bindings.bound.add(imported_name(alias))


def imported_name(alias: cst.ImportAlias) -> str:
    """The name that one part of an import binds: ``a`` for ``a.b``, ``c`` for ``a.b as c``."""
    if alias.asname is not None and isinstance(alias.asname.name, cst.Name):
        return identifier(alias.asname.name)
    name: cst.BaseExpression = alias.name
    while isinstance(name, cst.Attribute):
        name = name.value
    return identifier(cst.ensure_type(name, cst.Name))


def _named(node: cst.FunctionDef | cst.ClassDef | cst.TypeAlias, bindings: Bindings) -> None:
    bindings.bound.add(identifier(node.name))


def _if(node: cst.If, bindings: Bindings) -> None:
    branch: cst.If | cst.Else | None = node
    while branch is not None:
        _collect_block(branch.body, bindings)
        branch = branch.orelse if isinstance(branch, cst.If) else None


def _while(node: cst.While, bindings: Bindings) -> None:
    _collect_block(node.body, bindings)
    _collect_block(node.orelse, bindings)


def _for(node: cst.For, bindings: Bindings) -> None:
    bindings.bound.update(target_names(node.target))
    _collect_block(node.body, bindings)
    _collect_block(node.orelse, bindings)


def _try(node: cst.Try | cst.TryStar, bindings: Bindings) -> None:
    _collect_block(node.body, bindings)
    for handler in node.handlers:
        if handler.name is not None:
            bindings.bound.update(target_names(handler.name.name))
        _collect_block(handler.body, bindings)
    _collect_block(node.orelse, bindings)
    _collect_block(node.finalbody, bindings)


def _with(node: cst.With, bindings: Bindings) -> None:
    for item in node.items:
        if item.asname is not None:
            bindings.bound.update(target_names(item.asname.name))
    _collect_block(node.body, bindings)


def _match(node: cst.Match, bindings: Bindings) -> None:
    for case in node.cases:
        bindings.bound.update(pattern_names(case.pattern))
        _collect_block(case.body, bindings)


def declared_names(items: Sequence[cst.NameItem]) -> Iterator[str]:
    """The names of a ``global`` or ``nonlocal`` statement."""
    return (identifier(item.name) for item in items)


_COLLECTORS: Final[dict[type[cst.CSTNode], Callable[[Any, Bindings], None]]] = {
    cst.Assign: _assign,
    cst.AnnAssign: _one_target,
    cst.AugAssign: _one_target,
    cst.Del: _one_target,
    cst.Import: _import,
    cst.ImportFrom: _import,
    cst.FunctionDef: _named,
    cst.ClassDef: _named,
    cst.TypeAlias: _named,
    cst.If: _if,
    cst.While: _while,
    cst.For: _for,
    cst.Try: _try,
    cst.TryStar: _try,
    cst.With: _with,
    cst.Match: _match,
    cst.Global: lambda node, bindings: bindings.globals.update(declared_names(node.names)),
    cst.Nonlocal: lambda node, bindings: bindings.nonlocals.update(declared_names(node.names)),
}
