"""Expressions: from the tree's nodes to facts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import libcst as cst

from flaskglobals_lint import facts
from flaskglobals_lint.extract import literals, operators
from flaskglobals_lint.extract.bindings import comprehension_names
from flaskglobals_lint.extract.limits import MAX_RUNS
from flaskglobals_lint.extract.scopes import Bindings, Kind, Scope

if TYPE_CHECKING:
    from flaskglobals_lint.extract.walk import Walk

Comprehension: TypeAlias = cst.ListComp | cst.SetComp | cst.GeneratorExp | cst.DictComp | cst.StarredDictComp


def name(walk: Walk, node: cst.Name) -> facts.Expression:
    keyword = literals.KEYWORDS.get(node.value)
    if keyword is None:
        return walk.name(node)
    walk.cursor.take(node.value)
    return keyword


def attribute(walk: Walk, node: cst.Attribute) -> facts.Attribute:
    start = walk.cursor.peek()
    value = walk.expression(node.value)
    walk.cursor.take(".")
    walk.cursor.take(node.attr.value)
    return facts.Attribute(value, walk.scope.mangle(literals.identifier(node.attr)), walk.cursor.span(start))


def subscript(walk: Walk, node: cst.Subscript) -> facts.Item:
    start = walk.cursor.peek()
    value = walk.expression(node.value)
    walk.cursor.take("[")
    walk.cursor.take_next("")  # a slice may start with its colon
    key_start = walk.cursor.at
    keys = [_key(walk, element.slice) for element in node.slice]
    end = walk.cursor.at
    closing = walk.cursor.take("]")
    if len(keys) == 1 and not (isinstance(node.slice[0].comma, cst.Comma) or isinstance(keys[0], facts.Starred)):
        key = keys[0]
    else:
        # The last colon or comma belongs to the tuple.
        end += len(walk.cursor.source[end:closing].rstrip())
        key = facts.Display("tuple", (), tuple(keys), walk.cursor.span(key_start, end))
    return facts.Item(value, key, walk.cursor.span(start))


def _key(walk: Walk, node: cst.BaseSlice) -> facts.Expression:
    if isinstance(node, cst.Slice):
        lower = walk.expression(node.lower) if node.lower is not None else literals.NONE
        upper = walk.expression(node.upper) if node.upper is not None else literals.NONE
        step = (walk.expression(node.step),) if node.step is not None else ()
        return facts.Operation("slice", (lower, upper, *step))
    index = cst.ensure_type(node, cst.Index)
    if index.star:
        walk.cursor.take("*")
        return facts.Starred(walk.expression(index.value))
    return walk.expression(index.value)


def call(walk: Walk, node: cst.Call) -> facts.Call:
    start = walk.cursor.peek()
    function = walk.expression(node.func)
    walk.opening = walk.cursor.take("(")
    arguments = tuple([argument(walk, arg) for arg in node.args])
    walk.cursor.take(")")
    return facts.Call(function, arguments, walk.cursor.span(start))


def argument(walk: Walk, node: cst.Arg) -> facts.Argument:
    """One argument of a call or of a class definition."""
    cursor = walk.cursor
    start = cursor.take(node.star)
    keyword = None
    if node.keyword is not None:
        start = cursor.take(node.keyword.value)
        keyword = walk.scope.mangle(literals.identifier(node.keyword))
    value = walk.expression(node.value)
    if keyword is not None or node.star:
        pos = cursor.span(start)
    elif isinstance(value, facts.Comprehension):
        pos = value.place
    else:
        pos = walk.bare(start)
    return facts.Argument(value, keyword, len(node.star), pos)


def integer(walk: Walk, node: cst.Integer) -> facts.Constant:
    walk.cursor.take(node.value)
    return literals.integer(node.value)


def floating(walk: Walk, node: cst.Float) -> facts.Constant:
    walk.cursor.take(node.value)
    return literals.floating(node.value)


def imaginary(walk: Walk, node: cst.Imaginary) -> facts.Constant:
    walk.cursor.take(node.value)
    return literals.imaginary(node.value)


def ellipsis(walk: Walk, node: cst.Ellipsis) -> facts.Constant:
    walk.cursor.take("...")
    return literals.ELLIPSIS


def string(walk: Walk, node: cst.SimpleString) -> facts.Constant:
    walk.cursor.take(node.value)
    return literals.string(node.value)


def fstring(walk: Walk, node: cst.FormattedString | cst.TemplatedString) -> facts.Operation:
    walk.cursor.take(node.start)
    operands: list[facts.Expression] = []
    _fstring_parts(walk, node.parts, operands)
    walk.cursor.take_text(node.end)
    return facts.Operation("fstring", tuple(operands))


def _fstring_parts(
    walk: Walk,
    parts: Sequence[cst.BaseFormattedStringContent] | Sequence[cst.BaseTemplatedStringContent],
    operands: list[facts.Expression],
) -> None:
    cursor = walk.cursor
    for part in parts:
        if isinstance(part, cst.FormattedStringExpression | cst.TemplatedStringExpression):
            cursor.take_text("{")
            operands.append(walk.expression(part.expression))
            if part.equal is not None:
                cursor.take_next("=")
            if part.conversion is not None:
                cursor.take_next("!")
                cursor.take_text(part.conversion)
            if part.format_spec is not None:
                cursor.take_next(":")
                _fstring_parts(walk, part.format_spec, operands)
                cursor.take_text("}")
            else:
                cursor.take_next("}")
        elif isinstance(part, cst.FormattedStringText | cst.TemplatedStringText):
            cursor.take_text(part.value)


def concatenated(walk: Walk, node: cst.ConcatenatedString) -> facts.Expression:
    parts = [walk.expression(node.left)]
    rest = node.right
    while isinstance(rest, cst.ConcatenatedString):
        parts.append(walk.expression(rest.left))
        rest = rest.right
    parts.append(walk.expression(rest))
    constants = [part for part in parts if isinstance(part, facts.Constant)]
    if len(constants) == len(parts):
        return literals.joined(constants)
    return facts.Operation(
        "fstring", tuple([operand for part in parts if isinstance(part, facts.Operation) for operand in part.operands])
    )


def unary(walk: Walk, node: cst.UnaryOperation) -> facts.Operation:
    operator = operators.UNARY[type(node.operator)]
    walk.cursor.take(operator)
    return facts.Operation(operator, (walk.expression(node.expression),))


def binary(walk: Walk, node: cst.BinaryOperation) -> facts.Expression:
    """A chain ``a + b + c`` is one operation, so that a long one is not deep; a very long mixed one is, too."""
    links: list[cst.BinaryOperation] = []
    first: cst.BaseExpression = node
    while isinstance(first, cst.BinaryOperation):
        links.append(first)
        first = first.left
        if isinstance(first, cst.BinaryOperation):
            _open(walk, first)
    runs: list[tuple[str, list[facts.Expression]]] = []
    operand = walk.expression(first)
    for link in reversed(links):
        operator = operators.BINARY[type(link.operator)]
        walk.cursor.take(operator)
        if not runs or runs[-1][0] != operator:
            runs.append((operator, []))
        runs[-1][1].append(walk.expression(link.right))
        _close(walk, link, node)
    if len(runs) > MAX_RUNS:
        return facts.Operation(runs[-1][0], (operand, *[right for _, run in runs for right in run]))
    for operator, run in runs:
        operand = facts.Operation(operator, (operand, *run))
    return operand


def _open(walk: Walk, node: cst.BaseExpression) -> None:
    """Take the parentheses of a link inside a chain."""
    for _ in node.lpar:
        walk.cursor.take("(")


def _close(walk: Walk, link: cst.BaseExpression, chain: cst.BaseExpression) -> None:
    """Take the closing parentheses of a link; those of the whole chain are not its own business."""
    if link is not chain:
        for _ in link.rpar:
            walk.cursor.take(")")


def boolean(walk: Walk, node: cst.BooleanOperation) -> facts.Boolean:
    """``a and b and c`` is one chain of three operands."""
    kind = type(node.operator)
    operator = operators.BOOLEAN[kind]
    links: list[cst.BooleanOperation] = []
    first: cst.BaseExpression = node
    while isinstance(first, cst.BooleanOperation) and type(first.operator) is kind:
        links.append(first)
        first = first.left
        if isinstance(first, cst.BooleanOperation) and type(first.operator) is kind:
            _open(walk, first)
    operands = [walk.expression(first)]
    for link in reversed(links):
        walk.cursor.take(operator)
        operands.append(walk.expression(link.right))
        _close(walk, link, node)
    return facts.Boolean(operator, tuple(operands))


def comparison(walk: Walk, node: cst.Comparison) -> facts.Compare:
    start = walk.cursor.peek()
    operands = [walk.expression(node.left)]
    signs: list[str] = []
    for part in node.comparisons:
        words = operators.COMPARISON[type(part.operator)]
        if words == ("!=",):
            words = (cst.ensure_type(part.operator, cst.NotEqual).value,)
        if words != ("==",):  # to the cursor, that is a separator
            for word in words:
                walk.cursor.take(word)
        signs.append(" ".join(words))
        operands.append(walk.expression(part.comparator))
    return facts.Compare(tuple(signs), tuple(operands), walk.cursor.span(start))


def conditional(walk: Walk, node: cst.IfExp) -> facts.Conditional:
    body = walk.expression(node.body)
    walk.cursor.take("if")
    test = walk.expression(node.test)
    walk.cursor.take("else")
    return facts.Conditional(test, body, walk.expression(node.orelse))


def sequence(walk: Walk, node: cst.Tuple | cst.List | cst.Set) -> facts.Display:
    kind, opening, closing = _BRACKETS[type(node)]
    cursor = walk.cursor
    if kind == "tuple" and not node.lpar:
        opening = closing = ""
    start = cursor.take(opening)
    values = tuple([element(walk, each) for each in node.elements])
    if closing:
        cursor.take(closing)
    elif isinstance(node.elements[-1].comma, cst.Comma):
        cursor.take_next(",")
    return facts.Display(kind, (), values, cursor.span(start))


_BRACKETS: Final[dict[type[cst.CSTNode], tuple[str, str, str]]] = {
    cst.Tuple: ("tuple", "(", ")"),
    cst.List: ("list", "[", "]"),
    cst.Set: ("set", "{", "}"),
    cst.ListComp: ("list", "[", "]"),
    cst.SetComp: ("set", "{", "}"),
    cst.GeneratorExp: ("generator", "(", ")"),
    cst.DictComp: ("dict", "{", "}"),
    cst.StarredDictComp: ("dict", "{", "}"),
}


def element(walk: Walk, node: cst.BaseElement) -> facts.Expression:
    return walk.expression(node if isinstance(node, cst.StarredElement) else node.value)


def starred(walk: Walk, node: cst.StarredElement) -> facts.Starred:
    walk.cursor.take("*")
    return facts.Starred(walk.expression(node.value))


def dictionary(walk: Walk, node: cst.Dict) -> facts.Display:
    start = walk.cursor.take("{")
    keys: list[facts.Expression | None] = []
    values: list[facts.Expression] = []
    for entry in node.elements:
        if isinstance(entry, cst.DictElement):
            keys.append(walk.expression(entry.key))
        else:
            walk.cursor.take("**")
            keys.append(None)
        values.append(walk.expression(entry.value))
    walk.cursor.take("}")
    return facts.Display("dict", tuple(keys), tuple(values), walk.cursor.span(start))


def comprehension(walk: Walk, node: Comprehension) -> facts.Comprehension:
    kind, opening, closing = _BRACKETS[type(node)]
    if kind == "generator" and not node.lpar:
        start = walk.opening  # the only argument of a call shares its parentheses
        closing = ""
    else:
        start = walk.cursor.take(opening)
    outer = walk.scope
    bindings = Bindings(set(comprehension_names(node.for_in)), set(), set())
    walk.scope = inner = Scope(Kind.COMPREHENSION, outer.qualname, outer, bindings)
    key, value = _produced(walk, node)
    clauses: list[facts.Clause] = []
    clause: cst.CompFor | None = node.for_in
    while clause is not None:
        # The first iterable is evaluated before the comprehension's own scope exists.
        clauses.append(_clause(walk, clause, outer if clause is node.for_in else inner))
        clause = clause.inner_for_in
    walk.scope = outer
    if closing:
        walk.cursor.take(closing)
    pos = walk.cursor.span(start, None if closing else walk.cursor.peek() + len(")"))
    return facts.Comprehension(kind, key, value, tuple(clauses), pos)


def _produced(walk: Walk, node: Comprehension) -> tuple[facts.Expression | None, facts.Expression]:
    """The key, if any, and the element."""
    if isinstance(node, cst.DictComp):
        key = walk.expression(node.key)
        return key, walk.expression(node.value)
    if isinstance(node, cst.StarredDictComp):
        walk.cursor.take("**")
        return None, facts.Starred(walk.expression(node.value))
    return None, walk.expression(node.elt)


def _clause(walk: Walk, node: cst.CompFor, iterable_scope: Scope) -> facts.Clause:
    inner = walk.scope
    start = walk.cursor.take("async" if node.asynchronous is not None else "")
    walk.cursor.take("for")
    target = walk.expression(node.target)
    walk.cursor.take("in")
    walk.scope = iterable_scope
    iterable = walk.expression(node.iter)
    walk.scope = inner
    conditions: list[facts.Expression] = []
    for condition in node.ifs:
        walk.cursor.take("if")
        conditions.append(walk.expression(condition.test))
    return facts.Clause(target, iterable, tuple(conditions), walk.header(start))


def awaited(walk: Walk, node: cst.Await) -> facts.Await:
    start = walk.cursor.take("await")
    return facts.Await(walk.expression(node.expression), walk.cursor.span(start))


def yielded(walk: Walk, node: cst.Yield) -> facts.Yield:
    start = walk.cursor.take("yield")
    walk.scope.frame.is_generator = True
    if isinstance(node.value, cst.From):
        walk.cursor.take("from")
        return facts.Yield(walk.expression(node.value.item), True, walk.cursor.span(start))
    return facts.Yield(walk.optional(node.value), False, walk.cursor.span(start))


def walrus(walk: Walk, node: cst.NamedExpr) -> facts.Walrus:
    start = walk.cursor.peek()
    if isinstance(node.target, cst.Name):
        walk.cursor.take(node.target.value)
        reference = walk.scope.resolve_walrus(literals.identifier(node.target))
        target: facts.Expression = reference.at(walk.cursor.span(start))
    else:
        target = walk.expression(node.target)
    return facts.Walrus(target, walk.expression(node.value), walk.cursor.span(start))


HANDLERS: Final[dict[type[cst.CSTNode], Callable[[Walk, Any], facts.Expression]]] = {
    cst.Name: name,
    cst.Attribute: attribute,
    cst.Subscript: subscript,
    cst.Call: call,
    cst.Integer: integer,
    cst.Float: floating,
    cst.Imaginary: imaginary,
    cst.Ellipsis: ellipsis,
    cst.SimpleString: string,
    cst.FormattedString: fstring,
    cst.TemplatedString: fstring,
    cst.ConcatenatedString: concatenated,
    cst.UnaryOperation: unary,
    cst.BinaryOperation: binary,
    cst.BooleanOperation: boolean,
    cst.Comparison: comparison,
    cst.IfExp: conditional,
    cst.Tuple: sequence,
    cst.List: sequence,
    cst.Set: sequence,
    cst.StarredElement: starred,
    cst.Dict: dictionary,
    cst.ListComp: comprehension,
    cst.SetComp: comprehension,
    cst.GeneratorExp: comprehension,
    cst.DictComp: comprehension,
    cst.StarredDictComp: comprehension,
    cst.Await: awaited,
    cst.Yield: yielded,
    cst.NamedExpr: walrus,
}
