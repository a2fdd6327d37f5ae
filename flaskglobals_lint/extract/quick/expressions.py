"""Expressions: from ``ast`` nodes to facts."""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, Final

from flaskglobals_lint import facts
from flaskglobals_lint.extract import literals
from flaskglobals_lint.extract.limits import MAX_RUNS
from flaskglobals_lint.extract.quick.bindings import target_names
from flaskglobals_lint.extract.quick.text import Unplaced
from flaskglobals_lint.extract.scopes import Bindings, Kind, Scope

if TYPE_CHECKING:
    from flaskglobals_lint.extract.quick.walk import QuickWalk

BINARY: Final[dict[type[ast.operator], str]] = {
    ast.Add: "+",
    ast.Sub: "-",
    ast.Mult: "*",
    ast.Div: "/",
    ast.FloorDiv: "//",
    ast.Mod: "%",
    ast.Pow: "**",
    ast.LShift: "<<",
    ast.RShift: ">>",
    ast.BitOr: "|",
    ast.BitAnd: "&",
    ast.BitXor: "^",
    ast.MatMult: "@",
}
_UNARY: Final[dict[type[ast.unaryop], str]] = {ast.Not: "not", ast.USub: "-", ast.UAdd: "+", ast.Invert: "~"}
_COMPARISON: Final[dict[type[ast.cmpop], str]] = {
    ast.Lt: "<",
    ast.Gt: ">",
    ast.LtE: "<=",
    ast.GtE: ">=",
    ast.Eq: "==",
    ast.NotEq: "!=",
    ast.In: "in",
    ast.NotIn: "not in",
    ast.Is: "is",
    ast.IsNot: "is not",
}
_KINDS: Final[dict[type[object], str]] = {float: "float", complex: "complex"}
_FSTRING_PLACES: Final = sys.version_info >= (3, 12)
"""Older parsers do not always tell where an expression inside an f-string stands."""


def attribute(walk: QuickWalk, node: ast.Attribute) -> facts.Attribute:
    return facts.Attribute(walk.expression(node.value), walk.scope.mangle(node.attr), walk.at(node))


def subscript(walk: QuickWalk, node: ast.Subscript) -> facts.Item:
    value = walk.expression(node.value)
    return facts.Item(value, walk.expression(node.slice), walk.at(node))


def slice_(walk: QuickWalk, node: ast.Slice) -> facts.Operation:
    lower = walk.expression(node.lower) if node.lower is not None else literals.NONE
    upper = walk.expression(node.upper) if node.upper is not None else literals.NONE
    step = (walk.expression(node.step),) if node.step is not None else ()
    return facts.Operation("slice", (lower, upper, *step))


def call(walk: QuickWalk, node: ast.Call) -> facts.Call:
    function = walk.expression(node.func)
    return facts.Call(function, arguments(walk, node.args, node.keywords), walk.at(node))


def arguments(
    walk: QuickWalk, positional: Sequence[ast.expr], keywords: Sequence[ast.keyword]
) -> tuple[facts.Argument, ...]:
    """The arguments of a call or a class definition, in the order of the text."""
    nodes: list[ast.expr | ast.keyword] = [*positional, *keywords]
    if keywords and any(isinstance(node, ast.Starred) for node in positional):
        nodes.sort(key=lambda node: (node.lineno, node.col_offset))
    return tuple([_argument(walk, node) for node in nodes])


def _argument(walk: QuickWalk, node: ast.expr | ast.keyword) -> facts.Argument:
    kind = node.__class__
    if kind is ast.keyword:
        keyword = None if node.arg is None else walk.scope.mangle(node.arg)  # type: ignore[union-attr]
        return facts.Argument(walk.expression(node.value), keyword, 0 if keyword else 2, walk.at(node))  # type: ignore[union-attr]
    if kind is ast.Starred:
        return facts.Argument(walk.expression(node.value), None, 1, walk.at(node))  # type: ignore[union-attr]
    value = walk.expression(node)  # type: ignore[arg-type]
    return facts.Argument(value, None, 0, getattr(value, "place", None) or walk.at(node))


def constant(walk: QuickWalk, node: ast.Constant) -> facts.Constant:
    value = node.value
    if isinstance(value, str):
        text = value[: literals.TEXT_LIMIT]
        return walk.constant("str", text if text.isascii() else literals.storable(text))
    if value is None or value is True or value is False:
        return literals.KEYWORDS[str(value)]
    if isinstance(value, int):
        return walk.constant("int", str(value)[: literals.TEXT_LIMIT])
    if isinstance(value, bytes):
        return facts.Constant("bytes", value[: literals.TEXT_LIMIT].decode("latin-1"))
    if value is ...:
        return literals.ELLIPSIS
    return facts.Constant(_KINDS[type(value)], str(value))


def fstring(walk: QuickWalk, node: ast.JoinedStr) -> facts.Operation:
    operands: list[facts.Expression] = []
    _fstring_parts(walk, node.values, operands)
    return facts.Operation("fstring", tuple(operands))


def _fstring_parts(walk: QuickWalk, parts: Iterable[ast.expr], operands: list[facts.Expression]) -> None:
    for part in parts:
        if isinstance(part, ast.FormattedValue):
            if not _FSTRING_PLACES and not walk.text.stands_in_braces(part.value):
                raise Unplaced
            operands.append(walk.expression(part.value))
            if isinstance(part.format_spec, ast.JoinedStr):
                _fstring_parts(walk, part.format_spec.values, operands)


def unary(walk: QuickWalk, node: ast.UnaryOp) -> facts.Operation:
    return facts.Operation(_UNARY[type(node.op)], (walk.expression(node.operand),))


def binary(walk: QuickWalk, node: ast.BinOp) -> facts.Expression:
    """A chain ``a + b + c`` is one operation, so that a long one is not deep; a very long mixed one is, too."""
    links: list[ast.BinOp] = []
    first: ast.expr = node
    while isinstance(first, ast.BinOp):
        links.append(first)
        first = first.left
    runs: list[tuple[str, list[facts.Expression]]] = []
    operand = walk.expression(first)
    for link in reversed(links):
        operator = BINARY[type(link.op)]
        if not runs or runs[-1][0] != operator:
            runs.append((operator, []))
        runs[-1][1].append(walk.expression(link.right))
    if len(runs) > MAX_RUNS:
        return facts.Operation(runs[-1][0], (operand, *[right for _, run in runs for right in run]))
    for operator, run in runs:
        operand = facts.Operation(operator, (operand, *run))
    return operand


def boolean(walk: QuickWalk, node: ast.BoolOp) -> facts.Boolean:
    """``a and b and c`` is one chain of three operands, however its start is parenthesised."""
    kind = type(node.op)
    first = node.values[0]
    rights = [node.values[1:]]
    while isinstance(first, ast.BoolOp) and type(first.op) is kind:
        rights.append(first.values[1:])
        first = first.values[0]
    operands = [walk.expression(first)]
    for values in reversed(rights):
        operands += [walk.expression(value) for value in values]
    return facts.Boolean("and" if kind is ast.And else "or", tuple(operands))


def comparison(walk: QuickWalk, node: ast.Compare) -> facts.Compare:
    operands = tuple([walk.expression(value) for value in (node.left, *node.comparators)])
    return facts.Compare(tuple([_COMPARISON[type(op)] for op in node.ops]), operands, walk.at(node))


def conditional(walk: QuickWalk, node: ast.IfExp) -> facts.Conditional:
    body = walk.expression(node.body)
    test = walk.expression(node.test)
    return facts.Conditional(test, body, walk.expression(node.orelse))


def sequence(walk: QuickWalk, node: ast.Tuple | ast.List | ast.Set) -> facts.Display:
    return facts.Display(
        _SEQUENCES[type(node)], (), tuple([walk.expression(each) for each in node.elts]), walk.at(node)
    )


_SEQUENCES: Final[dict[type[ast.AST], str]] = {ast.Tuple: "tuple", ast.List: "list", ast.Set: "set"}


def starred(walk: QuickWalk, node: ast.Starred) -> facts.Starred:
    return facts.Starred(walk.expression(node.value))


def dictionary(walk: QuickWalk, node: ast.Dict) -> facts.Display:
    keys: list[facts.Expression | None] = []
    values: list[facts.Expression] = []
    for key, value in zip(node.keys, node.values, strict=True):
        keys.append(walk.optional(key))
        values.append(walk.expression(value))
    return facts.Display("dict", tuple(keys), tuple(values), walk.at(node))


_COMPREHENSIONS: Final[dict[type[ast.AST], str]] = {
    ast.ListComp: "list",
    ast.SetComp: "set",
    ast.GeneratorExp: "generator",
    ast.DictComp: "dict",
}


def comprehension(walk: QuickWalk, node: ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp) -> Any:
    outer = walk.scope
    names = {name for clause in node.generators for name in target_names(clause.target)}
    walk.scope = inner = Scope(Kind.COMPREHENSION, outer.qualname, outer, Bindings(names, set(), set()))
    key = None
    if isinstance(node, ast.DictComp):
        key = walk.expression(node.key)
        value = walk.expression(node.value)
    else:
        value = walk.expression(node.elt)
    # The first iterable is evaluated before the comprehension's own scope exists.
    clauses = [_clause(walk, clause, inner if index else outer) for index, clause in enumerate(node.generators)]
    walk.scope = outer
    return facts.Comprehension(_COMPREHENSIONS[type(node)], key, value, tuple(clauses), walk.at(node))


def _clause(walk: QuickWalk, node: ast.comprehension, iterable_scope: Scope) -> facts.Clause:
    inner = walk.scope
    target = walk.expression(node.target)
    walk.scope = iterable_scope
    iterable = walk.expression(node.iter)
    walk.scope = inner
    conditions = tuple([walk.expression(condition) for condition in node.ifs])
    end = walk.text.span(node.ifs[-1] if node.ifs else node.iter)[2:]
    return facts.Clause(target, iterable, conditions, facts.place(*walk.text.clause(node), *end))


def awaited(walk: QuickWalk, node: ast.Await) -> facts.Await:
    return facts.Await(walk.expression(node.value), walk.at(node))


def yielded(walk: QuickWalk, node: ast.Yield | ast.YieldFrom) -> facts.Yield:
    walk.scope.frame.is_generator = True
    return facts.Yield(walk.optional(node.value), isinstance(node, ast.YieldFrom), walk.at(node))


def walrus(walk: QuickWalk, node: ast.NamedExpr) -> facts.Walrus:
    target = walk.scope.resolve_walrus(node.target.id).at(walk.at(node.target))
    return facts.Walrus(target, walk.expression(node.value), walk.at(node))


HANDLERS: Final[dict[type[ast.AST], Callable[[QuickWalk, Any], facts.Expression]]] = {
    ast.Attribute: attribute,
    ast.Subscript: subscript,
    ast.Slice: slice_,
    ast.Call: call,
    ast.Constant: constant,
    ast.JoinedStr: fstring,
    ast.UnaryOp: unary,
    ast.BinOp: binary,
    ast.BoolOp: boolean,
    ast.Compare: comparison,
    ast.IfExp: conditional,
    ast.Tuple: sequence,
    ast.List: sequence,
    ast.Set: sequence,
    ast.Starred: starred,
    ast.Dict: dictionary,
    ast.ListComp: comprehension,
    ast.SetComp: comprehension,
    ast.GeneratorExp: comprehension,
    ast.DictComp: comprehension,
    ast.Await: awaited,
    ast.Yield: yielded,
    ast.YieldFrom: yielded,
    ast.NamedExpr: walrus,
}
