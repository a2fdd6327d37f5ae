"""Functions, lambdas, classes, and the type parameters that each may have."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final

import libcst as cst

from flaskglobals_lint import facts
from flaskglobals_lint.extract.bindings import body_bindings, walrus_names
from flaskglobals_lint.extract.expressions import argument
from flaskglobals_lint.extract.literals import identifier
from flaskglobals_lint.extract.scopes import LAMBDA, Bindings, Kind, Scope

if TYPE_CHECKING:
    from flaskglobals_lint.extract.walk import Walk


def function(walk: Walk, node: cst.FunctionDef, out: list[facts.Statement]) -> None:
    outer = walk.scope
    decorators = _decorators(walk, node.decorators)
    is_async = node.asynchronous is not None
    start = walk.cursor.take("async" if is_async else "def")
    if is_async:
        walk.cursor.take("def")
    target = walk.name(node.name)
    pos = walk.cursor.span(start)
    qualname = walk.qualify(identifier(node.name))
    _type_parameters(walk, node.type_parameters)
    walk.cursor.take("(")
    parameters = tuple(_parameters(walk, node.params))
    walk.cursor.take(")")
    returns = None
    if node.returns is not None:
        walk.cursor.take("->")
        returns = walk.expression(node.returns.annotation)
    bindings = body_bindings(node.body, walrus=walk.has_walrus)
    bindings.bound.update(_parameter_names(node.params))
    walk.scope = inner = Scope(Kind.FUNCTION, qualname, walk.scope, bindings)
    body = walk.suite(node.body)
    walk.scope = outer
    walk.function(identifier(node.name), inner, parameters, body, pos, decorators, returns, is_async)
    out.append(facts.Define(target, qualname, pos))


def lambda_(walk: Walk, node: cst.Lambda) -> facts.Lambda:
    outer = walk.scope
    start = walk.cursor.take("lambda")
    qualname = walk.qualify(LAMBDA)
    parameters = tuple(_parameters(walk, node.params))
    bindings = Bindings(set(_parameter_names(node.params)), set(), set())
    if walk.has_walrus:
        bindings.bound.update(walrus_names(node.body))
    walk.scope = inner = Scope(Kind.FUNCTION, qualname, outer, bindings)
    body_start = walk.cursor.peek()
    value = walk.expression(node.body)
    body = facts.Return(value, walk.bare(body_start))
    walk.scope = outer
    pos = walk.cursor.span(start)
    return walk.lambda_(inner, parameters, body, pos)


def class_(walk: Walk, node: cst.ClassDef, out: list[facts.Statement]) -> None:
    outer = walk.scope
    decorators = _decorators(walk, node.decorators)
    start = walk.cursor.take("class")
    target = walk.name(node.name)
    pos = walk.cursor.span(start)
    name = identifier(node.name)
    qualname = walk.qualify(name)
    private = name.lstrip("_")
    _type_parameters(walk, node.type_parameters, private)
    if isinstance(node.lpar, cst.LeftParen):
        walk.cursor.take("(")
    arguments = [argument(walk, arg) for arg in (*node.bases, *node.keywords)]
    if isinstance(node.rpar, cst.RightParen):
        walk.cursor.take(")")
    bindings = body_bindings(node.body, walrus=walk.has_walrus)
    walk.scope = Scope(Kind.CLASS, qualname, walk.scope, bindings, private)
    body = walk.suite(node.body)
    walk.scope = outer
    walk.cls(name, qualname, arguments, decorators, body, pos)
    out.append(facts.DefineClass(target, qualname, pos))


def type_alias(walk: Walk, node: cst.TypeAlias, out: list[facts.Statement]) -> None:
    """``type X = …`` binds X to a new value, which is an operation on the aliased type."""
    outer = walk.scope
    start = walk.cursor.take("type")
    target = walk.name(node.name)
    _type_parameters(walk, node.type_parameters)
    value = walk.expression(node.value)
    walk.scope = outer
    out.append(facts.Assign((target,), facts.Operation("type", (value,)), walk.cursor.span(start)))


def _decorators(walk: Walk, nodes: Sequence[cst.Decorator]) -> tuple[facts.Expression, ...]:
    decorators: list[facts.Expression] = []
    for node in nodes:
        walk.cursor.take("@")
        decorators.append(walk.expression(node.decorator))
    return tuple(decorators)


def _type_parameters(walk: Walk, node: cst.TypeParameters | None, private: str | None = None) -> None:
    """Enter the scope of a definition's type parameters, if it has any; the caller leaves it.

    ``private`` is the class whose parameters they are: its name mangles theirs.
    """
    if node is None:
        return
    names = {identifier(item.param.name) for item in node.params}
    bindings = Bindings(names, set(), set())
    walk.scope = Scope(Kind.TYPE_PARAMETERS, walk.scope.qualname, walk.scope, bindings, private)
    cursor = walk.cursor
    cursor.take("[")
    for item in node.params:
        param = item.param
        if isinstance(param, cst.TypeVar):
            cursor.take(param.name.value)
            walk.optional(param.bound)
        else:
            cursor.take("*" if isinstance(param, cst.TypeVarTuple) else "**")
            cursor.take(param.name.value)
        cursor.take(item.star)
        walk.optional(item.default)
    cursor.take("]")


def _parameters(walk: Walk, node: cst.Parameters) -> Iterator[facts.Parameter]:
    """The parameters; defaults and annotations are evaluated in the scope around the function."""
    for param in node.posonly_params:
        yield _parameter(walk, param, "", "positional")
    if isinstance(node.posonly_ind, cst.ParamSlash):
        walk.cursor.take("/")
    for param in node.params:
        yield _parameter(walk, param, "", "positional")
    if isinstance(node.star_arg, cst.Param):
        yield _parameter(walk, node.star_arg, "*", "*")
    elif isinstance(node.star_arg, cst.ParamStar):
        walk.cursor.take("*")
    for param in node.kwonly_params:
        yield _parameter(walk, param, "", "keyword")
    if node.star_kwarg is not None:
        yield _parameter(walk, node.star_kwarg, "**", "**")


def _parameter(walk: Walk, node: cst.Param, star: str, kind: str) -> facts.Parameter:
    cursor = walk.cursor
    cursor.take(star)
    pos = cursor.span(cursor.take(node.name.value))
    annotation = walk.expression(node.annotation.annotation) if node.annotation is not None else None
    default = walk.optional(node.default)
    name = walk.scope.mangle(identifier(node.name))
    return facts.Parameter(name, kind, default, annotation, pos)


def _parameter_names(node: cst.Parameters) -> Iterator[str]:
    for params in (node.posonly_params, node.params, node.kwonly_params):
        for param in params:
            yield identifier(param.name)
    for star in (node.star_arg, node.star_kwarg):
        if isinstance(star, cst.Param):
            yield identifier(star.name)


EXPRESSIONS: Final[dict[type[cst.CSTNode], Callable[[Walk, Any], facts.Expression]]] = {cst.Lambda: lambda_}
STATEMENTS: Final[dict[type[cst.CSTNode], Callable[[Walk, Any, list[facts.Statement]], None]]] = {
    cst.FunctionDef: function,
    cst.ClassDef: class_,
    cst.TypeAlias: type_alias,
}
