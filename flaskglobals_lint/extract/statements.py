"""Statements: from the tree's nodes to facts.

The position of a compound statement is its header, up to the end of the last expression before the colon, without the
parentheses around it; that of an import is the part ``a.b as c`` that binds one name.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

import libcst as cst

from flaskglobals_lint import facts
from flaskglobals_lint.extract import operators
from flaskglobals_lint.extract.bindings import imported_name
from flaskglobals_lint.extract.literals import identifier
from flaskglobals_lint.extract.scopes import Name

if TYPE_CHECKING:
    from flaskglobals_lint.extract.walk import Walk

Out = list[facts.Statement]


def assign(walk: Walk, node: cst.Assign, out: Out) -> None:
    start = walk.cursor.peek()
    targets = tuple([walk.expression(target.target) for target in node.targets])
    value = walk.expression(node.value)
    out.append(facts.Assign(targets, value, walk.cursor.span(start)))


def augmented(walk: Walk, node: cst.AugAssign, out: Out) -> None:
    start = walk.cursor.peek()
    target = walk.expression(node.target)
    operator = operators.AUGMENTED[type(node.operator)]
    walk.cursor.take(operator)
    value = walk.expression(node.value)
    out.append(facts.AugmentedAssign(target, operator, value, walk.cursor.span(start)))


def annotated(walk: Walk, node: cst.AnnAssign, out: Out) -> None:
    start = walk.cursor.peek()
    target = walk.expression(node.target)
    annotation = walk.expression(node.annotation.annotation)
    value = walk.optional(node.value)
    out.append(facts.AnnotatedAssign(target, annotation, value, walk.cursor.span(start)))


def evaluate(walk: Walk, node: cst.Expr, out: Out) -> None:
    start = walk.cursor.peek()
    value = walk.expression(node.value)
    if not isinstance(value, facts.Constant):
        out.append(facts.Evaluate(value, walk.cursor.span(start)))


def returned(walk: Walk, node: cst.Return, out: Out) -> None:
    start = walk.cursor.take("return")
    value = walk.optional(node.value)
    out.append(facts.Return(value, walk.cursor.span(start)))


def raised(walk: Walk, node: cst.Raise, out: Out) -> None:
    start = walk.cursor.take("raise")
    value = walk.optional(node.exc)
    if node.cause is not None:
        walk.cursor.take("from")
        walk.expression(node.cause.item)
    out.append(facts.Raise(value, walk.cursor.span(start)))


def asserted(walk: Walk, node: cst.Assert, out: Out) -> None:
    start = walk.cursor.take("assert")
    test = walk.expression(node.test)
    walk.optional(node.msg)
    out.append(facts.Assert(test, walk.cursor.span(start)))


def delete(walk: Walk, node: cst.Del, out: Out) -> None:
    start = walk.cursor.take("del")
    target = walk.expression(node.target)
    targets = target.values if isinstance(target, facts.Display) else (target,)
    out.append(facts.Delete(targets, walk.cursor.span(start)))


def nothing(walk: Walk, node: cst.Pass, out: Out) -> None:
    walk.cursor.take("pass")


def break_loop(walk: Walk, node: cst.Break, out: Out) -> None:
    walk.cursor.take("break")
    out.append(facts.Jump("break"))


def continue_loop(walk: Walk, node: cst.Continue, out: Out) -> None:
    walk.cursor.take("continue")
    out.append(facts.Jump("continue"))


def declare(walk: Walk, node: cst.Global | cst.Nonlocal, out: Out) -> None:
    walk.cursor.take("global" if isinstance(node, cst.Global) else "nonlocal")
    for item in node.names:
        walk.cursor.take(item.name.value)


def import_modules(walk: Walk, node: cst.Import, out: Out) -> None:
    walk.cursor.take("import")
    for alias in node.names:
        start = walk.cursor.peek()
        loads = _dotted(walk, alias.name)
        top = loads.partition(".")[0]
        if alias.asname is None:
            pos = walk.cursor.span(start)
            # The name that is bound is the first of the dotted path.
            target = walk.scope.resolve(top).at(facts.start_of(pos, len(top)))
            out.append(facts.Import(target, top, None, 0, loads, pos))
        else:
            target = _as_name(walk, alias.asname)
            out.append(facts.Import(target, loads, None, 0, loads, walk.cursor.span(start)))


def import_names(walk: Walk, node: cst.ImportFrom, out: Out) -> None:
    cursor = walk.cursor
    cursor.take("from")
    for _ in node.relative:
        cursor.take(".")
    module = _dotted(walk, node.module) if node.module is not None else ""
    level = len(node.relative)
    cursor.take("import")
    if isinstance(node.names, cst.ImportStar):
        start = cursor.take("*")
        out.append(facts.Import(None, module, "*", level, module, cursor.span(start)))
        return
    if node.lpar is not None:
        cursor.take("(")
    for alias in node.names:
        imported = cst.ensure_type(alias.name, cst.Name)
        start = cursor.take(imported.value)
        if alias.asname is None:
            target = walk.scope.resolve(imported_name(alias)).at(cursor.span(start))
        else:
            target = _as_name(walk, alias.asname)
        out.append(facts.Import(target, module, identifier(imported), level, module, cursor.span(start)))
    if node.rpar is not None:
        cursor.take(")")


def _dotted(walk: Walk, node: cst.BaseExpression) -> str:
    """Take a dotted module path; the path as written."""
    parts: list[cst.Name] = []
    while isinstance(node, cst.Attribute):
        parts.append(node.attr)
        node = node.value
    first = cst.ensure_type(node, cst.Name)
    walk.cursor.take(first.value)
    for part in reversed(parts):
        walk.cursor.take(".")
        walk.cursor.take(part.value)
    return ".".join([identifier(first), *(identifier(part) for part in reversed(parts))])


def _as_name(walk: Walk, node: cst.AsName) -> Name:
    walk.cursor.take("as")
    return walk.name(cst.ensure_type(node.name, cst.Name))


def if_statement(walk: Walk, node: cst.If, out: Out) -> None:
    """An ``elif`` is an If in the orelse of the one before; the chain is walked without recursion."""
    branches: list[tuple[facts.Expression, tuple[facts.Statement, ...], facts.Place]] = []
    rest: cst.If | cst.Else | None = node
    while isinstance(rest, cst.If):
        start = walk.cursor.take("elif" if branches else "if")
        test = walk.expression(rest.test)
        pos = walk.header(start)
        branches.append((test, walk.suite(rest.body), pos))
        walk.nest(1)
        rest = rest.orelse
    orelse = _else(walk, rest)
    walk.nest(-len(branches))
    for test, body, pos in reversed(branches):
        orelse = (facts.If(test, body, orelse, pos),)
    out.extend(orelse)


def _else(walk: Walk, node: cst.Else | None) -> tuple[facts.Statement, ...]:
    if node is None:
        return ()
    walk.cursor.take("else")
    return walk.suite(node.body)


def while_loop(walk: Walk, node: cst.While, out: Out) -> None:
    start = walk.cursor.take("while")
    test = walk.expression(node.test)
    pos = walk.header(start)
    body = walk.suite(node.body)
    out.append(facts.While(test, body, _else(walk, node.orelse), pos))


def for_loop(walk: Walk, node: cst.For, out: Out) -> None:
    start = walk.cursor.take("async" if node.asynchronous is not None else "")
    walk.cursor.take("for")
    target = walk.expression(node.target)
    walk.cursor.take("in")
    iterable = walk.expression(node.iter)
    pos = walk.header(start)
    body = walk.suite(node.body)
    orelse = _else(walk, node.orelse)
    out.append(facts.For(target, iterable, body, orelse, node.asynchronous is not None, pos))


def try_statement(walk: Walk, node: cst.Try | cst.TryStar, out: Out) -> None:
    start = walk.cursor.take("try")
    pos = walk.cursor.span(start)
    body = walk.suite(node.body)
    handlers = tuple([_handler(walk, handler) for handler in node.handlers])
    orelse = _else(walk, node.orelse)
    final: tuple[facts.Statement, ...] = ()
    if node.finalbody is not None:
        walk.cursor.take("finally")
        final = walk.suite(node.finalbody.body)
    out.append(facts.Try(body, handlers, orelse, final, pos))


def _handler(walk: Walk, node: cst.ExceptHandler | cst.ExceptStarHandler) -> facts.Handler:
    walk.cursor.take("except")
    if isinstance(node, cst.ExceptStarHandler):
        walk.cursor.take("*")
    caught = walk.optional(node.type)
    name = _as_name(walk, node.name) if node.name is not None else None
    return facts.Handler(caught, name, walk.suite(node.body))


def with_statement(walk: Walk, node: cst.With, out: Out) -> None:
    cursor = walk.cursor
    start = cursor.take("async" if node.asynchronous is not None else "")
    cursor.take("with")
    if isinstance(node.lpar, cst.LeftParen):
        cursor.take("(")
    items = tuple([_with_item(walk, item) for item in node.items])
    pos = walk.header(start)
    if isinstance(node.rpar, cst.RightParen):
        cursor.take(")")
    out.append(facts.With(items, walk.suite(node.body), node.asynchronous is not None, pos))


def _with_item(walk: Walk, node: cst.WithItem) -> facts.WithItem:
    start = walk.cursor.peek()
    value = walk.expression(node.item)
    pos = walk.bare(start)
    target = None
    if node.asname is not None:
        walk.cursor.take("as")
        target = walk.expression(node.asname.name)
    return facts.WithItem(value, target, pos)


HANDLERS: Final[dict[type[cst.CSTNode], Callable[[Walk, Any, Out], None]]] = {
    cst.Assign: assign,
    cst.AugAssign: augmented,
    cst.AnnAssign: annotated,
    cst.Expr: evaluate,
    cst.Return: returned,
    cst.Raise: raised,
    cst.Assert: asserted,
    cst.Del: delete,
    cst.Pass: nothing,
    cst.Break: break_loop,
    cst.Continue: continue_loop,
    cst.Global: declare,
    cst.Nonlocal: declare,
    cst.Import: import_modules,
    cst.ImportFrom: import_names,
    cst.If: if_statement,
    cst.While: while_loop,
    cst.For: for_loop,
    cst.Try: try_statement,
    cst.TryStar: try_statement,
    cst.With: with_statement,
}
