"""Statements: from ``ast`` nodes to facts."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from flaskglobals_lint import facts
from flaskglobals_lint.extract.quick.bindings import imported_name
from flaskglobals_lint.extract.quick.expressions import BINARY

if TYPE_CHECKING:
    from flaskglobals_lint.extract.quick.walk import QuickWalk

Out = list[facts.Statement]


def assign(walk: QuickWalk, node: ast.Assign, out: Out) -> None:
    targets = tuple([walk.expression(target) for target in node.targets])
    out.append(facts.Assign(targets, walk.expression(node.value), walk.at(node)))


def augmented(walk: QuickWalk, node: ast.AugAssign, out: Out) -> None:
    target = walk.expression(node.target)
    out.append(facts.AugmentedAssign(target, BINARY[type(node.op)], walk.expression(node.value), walk.at(node)))


def annotated(walk: QuickWalk, node: ast.AnnAssign, out: Out) -> None:
    target = walk.expression(node.target)
    annotation = walk.expression(node.annotation)
    out.append(facts.AnnotatedAssign(target, annotation, walk.optional(node.value), walk.at(node)))


def evaluate(walk: QuickWalk, node: ast.Expr, out: Out) -> None:
    if not isinstance(node.value, ast.Constant):
        out.append(facts.Evaluate(walk.expression(node.value), walk.at(node)))


def returned(walk: QuickWalk, node: ast.Return, out: Out) -> None:
    out.append(facts.Return(walk.optional(node.value), walk.at(node)))


def raised(walk: QuickWalk, node: ast.Raise, out: Out) -> None:
    value = walk.optional(node.exc)
    walk.optional(node.cause)
    out.append(facts.Raise(value, walk.at(node)))


def asserted(walk: QuickWalk, node: ast.Assert, out: Out) -> None:
    test = walk.expression(node.test)
    walk.optional(node.msg)
    out.append(facts.Assert(test, walk.at(node)))


def delete(walk: QuickWalk, node: ast.Delete, out: Out) -> None:
    targets = tuple([walk.expression(target) for target in node.targets])
    if len(targets) == 1 and isinstance(targets[0], facts.Display):
        targets = targets[0].values
    out.append(facts.Delete(targets, walk.at(node)))


def nothing(walk: QuickWalk, node: ast.stmt, out: Out) -> None:
    """``pass``, and declarations, which the scopes know."""


def break_loop(walk: QuickWalk, node: ast.Break, out: Out) -> None:
    out.append(facts.Jump("break"))


def continue_loop(walk: QuickWalk, node: ast.Continue, out: Out) -> None:
    out.append(facts.Jump("continue"))


def import_modules(walk: QuickWalk, node: ast.Import, out: Out) -> None:
    for alias in node.names:
        pos = walk.at(alias)
        if alias.asname is None:
            top = imported_name(alias)
            # The name that is bound is the first of the dotted path.
            target = walk.scope.resolve(top).at(facts.start_of(pos, len(top)))
            out.append(facts.Import(target, top, None, 0, alias.name, pos))
        else:
            target = walk.scope.resolve(alias.asname).at(walk.text.last(alias, alias.asname))
            out.append(facts.Import(target, alias.name, None, 0, alias.name, pos))


def import_names(walk: QuickWalk, node: ast.ImportFrom, out: Out) -> None:
    module = node.module or ""
    for alias in node.names:
        pos = walk.at(alias)
        if alias.name == "*":
            out.append(facts.Import(None, module, "*", node.level, module, pos))
            continue
        place = pos if alias.asname is None else walk.text.last(alias, alias.asname)
        target = walk.scope.resolve(imported_name(alias)).at(place)
        out.append(facts.Import(target, module, alias.name, node.level, module, pos))


def if_statement(walk: QuickWalk, node: ast.If, out: Out) -> None:
    """A chain of ``elif`` is walked without recursion."""
    branches: list[tuple[facts.Expression, tuple[facts.Statement, ...], facts.Place]] = []
    rest: list[ast.stmt] = [node]
    while len(rest) == 1 and isinstance(branch := rest[0], ast.If):
        test = walk.expression(branch.test)
        branches.append((test, walk.suite(branch.body), walk.text.header(branch, branch.test)))
        walk.nest(1)
        rest = branch.orelse
    orelse = walk.suite(rest) if rest else ()
    walk.nest(-len(branches))
    for test, body, pos in reversed(branches):
        orelse = (facts.If(test, body, orelse, pos),)
    out.extend(orelse)


def while_loop(walk: QuickWalk, node: ast.While, out: Out) -> None:
    test = walk.expression(node.test)
    body = walk.suite(node.body)
    out.append(facts.While(test, body, walk.suite(node.orelse), walk.text.header(node, node.test)))


def for_loop(walk: QuickWalk, node: ast.For | ast.AsyncFor, out: Out) -> None:
    target = walk.expression(node.target)
    iterable = walk.expression(node.iter)
    body = walk.suite(node.body)
    orelse = walk.suite(node.orelse)
    is_async = isinstance(node, ast.AsyncFor)
    out.append(facts.For(target, iterable, body, orelse, is_async, walk.text.header(node, node.iter)))


def try_statement(walk: QuickWalk, node: ast.Try | ast.TryStar, out: Out) -> None:
    line, column, _, _ = walk.text.span(node)
    body = walk.suite(node.body)
    handlers = tuple([_handler(walk, handler) for handler in node.handlers])
    orelse = walk.suite(node.orelse)
    final = walk.suite(node.finalbody)
    out.append(facts.Try(body, handlers, orelse, final, facts.place(line, column, line, column + len("try"))))


def _handler(walk: QuickWalk, node: ast.ExceptHandler) -> facts.Handler:
    caught = walk.optional(node.type)
    name = walk.scope.resolve(node.name).at(walk.text.caught(node)) if node.name is not None else None
    return facts.Handler(caught, name, walk.suite(node.body))


def with_statement(walk: QuickWalk, node: ast.With | ast.AsyncWith, out: Out) -> None:
    items = tuple(
        [
            facts.WithItem(
                walk.expression(item.context_expr), walk.optional(item.optional_vars), walk.at(item.context_expr)
            )
            for item in node.items
        ]
    )
    last = node.items[-1]
    pos = walk.text.header(node, last.optional_vars or last.context_expr)
    out.append(facts.With(items, walk.suite(node.body), isinstance(node, ast.AsyncWith), pos))


HANDLERS: Final[dict[type[ast.AST], Callable[[QuickWalk, Any, Out], None]]] = {
    ast.Assign: assign,
    ast.AugAssign: augmented,
    ast.AnnAssign: annotated,
    ast.Expr: evaluate,
    ast.Return: returned,
    ast.Raise: raised,
    ast.Assert: asserted,
    ast.Delete: delete,
    ast.Pass: nothing,
    ast.Global: nothing,
    ast.Nonlocal: nothing,
    ast.Break: break_loop,
    ast.Continue: continue_loop,
    ast.Import: import_modules,
    ast.ImportFrom: import_names,
    ast.If: if_statement,
    ast.While: while_loop,
    ast.For: for_loop,
    ast.AsyncFor: for_loop,
    ast.Try: try_statement,
    ast.TryStar: try_statement,
    ast.With: with_statement,
    ast.AsyncWith: with_statement,
}
