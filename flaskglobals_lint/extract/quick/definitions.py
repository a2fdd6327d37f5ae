"""Functions, lambdas and classes. Those with type parameters are left to the concrete tree."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, Final

from flaskglobals_lint import facts
from flaskglobals_lint.extract.quick.bindings import body_bindings, may_hold, walrus_names
from flaskglobals_lint.extract.quick.expressions import arguments
from flaskglobals_lint.extract.quick.text import Unplaced
from flaskglobals_lint.extract.scopes import LAMBDA, Bindings, Kind, Scope

if TYPE_CHECKING:
    from flaskglobals_lint.extract.quick.walk import QuickWalk


def function(walk: QuickWalk, node: ast.FunctionDef | ast.AsyncFunctionDef, out: list[facts.Statement]) -> None:
    if getattr(node, "type_params", None):
        raise Unplaced
    outer = walk.scope
    decorators = tuple([walk.expression(decorator) for decorator in node.decorator_list])
    pos, name_pos = walk.text.defined(node)
    target = outer.resolve(node.name).at(name_pos)
    qualname = walk.qualify(node.name)
    parameters = tuple(_parameters(walk, node.args))
    returns = walk.optional(node.returns)
    bindings = body_bindings(node.body, walk.walruses)
    bindings.bound.update(_parameter_names(node.args))
    walk.scope = inner = Scope(Kind.FUNCTION, qualname, outer, bindings)
    body = walk.suite(node.body)
    walk.scope = outer
    walk.function(node.name, inner, parameters, body, pos, decorators, returns, isinstance(node, ast.AsyncFunctionDef))
    out.append(facts.Define(target, qualname, pos))


def lambda_(walk: QuickWalk, node: ast.Lambda) -> facts.Lambda:
    outer = walk.scope
    qualname = walk.qualify(LAMBDA)
    parameters = tuple(_parameters(walk, node.args))
    bindings = Bindings(set(_parameter_names(node.args)), set(), set())
    if may_hold(node, walk.walruses):
        bindings.bound.update(walrus_names(node.body))
    walk.scope = inner = Scope(Kind.FUNCTION, qualname, outer, bindings)
    body = facts.Return(walk.expression(node.body), walk.at(node.body))
    walk.scope = outer
    pos = walk.at(node)
    return walk.lambda_(inner, parameters, body, pos)


def class_(walk: QuickWalk, node: ast.ClassDef, out: list[facts.Statement]) -> None:
    if getattr(node, "type_params", None):
        raise Unplaced
    outer = walk.scope
    decorators = tuple([walk.expression(decorator) for decorator in node.decorator_list])
    pos, name_pos = walk.text.defined(node)
    target = outer.resolve(node.name).at(name_pos)
    qualname = walk.qualify(node.name)
    given = arguments(walk, node.bases, node.keywords)
    bindings = body_bindings(node.body, walk.walruses)
    walk.scope = Scope(Kind.CLASS, qualname, outer, bindings, node.name.lstrip("_"))
    body = walk.suite(node.body)
    walk.scope = outer
    walk.cls(node.name, qualname, given, decorators, body, pos)
    out.append(facts.DefineClass(target, qualname, pos))


def _parameters(walk: QuickWalk, node: ast.arguments) -> Iterator[facts.Parameter]:
    """The parameters; defaults and annotations are evaluated in the scope around the function."""
    positional = [*node.posonlyargs, *node.args]
    defaults: list[ast.expr | None] = [*[None] * (len(positional) - len(node.defaults)), *node.defaults]
    for arg, default in zip(positional, defaults, strict=True):
        yield _parameter(walk, arg, default, "positional")
    if node.vararg is not None:
        yield _parameter(walk, node.vararg, None, "*")
    for arg, default in zip(node.kwonlyargs, node.kw_defaults, strict=True):
        yield _parameter(walk, arg, default, "keyword")
    if node.kwarg is not None:
        yield _parameter(walk, node.kwarg, None, "**")


def _parameter(walk: QuickWalk, node: ast.arg, default: ast.expr | None, kind: str) -> facts.Parameter:
    annotation = walk.optional(node.annotation)
    value = walk.optional(default)
    name = facts.start_of(walk.at(node), len(node.arg))
    return facts.Parameter(walk.scope.mangle(node.arg), kind, value, annotation, name)


def _parameter_names(node: ast.arguments) -> Iterator[str]:
    for arg in (*node.posonlyargs, *node.args, node.vararg, *node.kwonlyargs, node.kwarg):
        if arg is not None:
            yield arg.arg


EXPRESSIONS: Final[dict[type[ast.AST], Callable[[QuickWalk, Any], facts.Expression]]] = {ast.Lambda: lambda_}
STATEMENTS: Final[dict[type[ast.AST], Callable[[QuickWalk, Any, list[facts.Statement]], None]]] = {
    ast.FunctionDef: function,
    ast.AsyncFunctionDef: function,
    ast.ClassDef: class_,
}
