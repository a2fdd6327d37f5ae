"""Whether a key is one of those that exist: asked so before a write, in its function or where a caller makes the key."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from flaskglobals_lint import facts as f
from flaskglobals_lint.link.index import last_name
from flaskglobals_lint.link.items import key_text
from flaskglobals_lint.link.trees import blocks, walk

if TYPE_CHECKING:
    from flaskglobals_lint.facts import Position, Statement
    from flaskglobals_lint.link.contexts import Access, Context
    from flaskglobals_lint.link.index import ScopeId
    from flaskglobals_lint.link.program import Program
    from flaskglobals_lint.link.summary import Write
    from flaskglobals_lint.link.trees import Order

_AGREES = {"in": True, "not in": False, "==": True, "!=": False}
_NONE = {"is": False, "is not": True, "==": False, "!=": True}


def known(program: Program, access: Access, write: Write) -> bool:
    """Whether the write is reached only with a key that was found in a table or among literals."""
    context: Context | None = access.context
    key, pos = write.key, write.pos
    while context is not None and key and not key.startswith("="):
        if asked(program, context.function, key, pos):
            return True
        found = _given(program, context, key)
        if found is None or context.pos is None:
            return context.parent is None and _one_of_few(context.start.detail, key)
        key, pos, context = found, context.pos, context.parent
    return False


def asked(program: Program, function: ScopeId, key: str, pos: Position) -> bool:
    """Whether a test in the function lets only known keys through to the position."""
    body = program.index.functions[function].facts.body
    return _asked(body, _Key(key, frozenset()), pos, program.order(function))


def replaces(program: Program, function: ScopeId, write: Write) -> bool:
    """Whether a write gives a new value to a key that was found in the same container, by a test or by a loop over it."""
    if write.via != "[…] =" or write.remote is not None or not write.key or write.key.startswith("="):
        return False
    return program.once(_replaces, function, write.key, write.pos)


def _replaces(program: Program, function: ScopeId, written: str, pos: Position) -> bool:
    table = program.once(_tables, function).get(pos)
    if not table:
        return False
    body = program.index.functions[function].facts.body
    key = _Key(written, frozenset(), table)
    order = program.order(function)
    loops = program.once(_loops, function)
    walked = any(_over(loop, key) and order.holds(loop.body, pos) for loop in loops)
    return walked or _asked(body, key, pos, order)


def _tables(program: Program, function: ScopeId) -> dict[Position, str]:
    """How the containers are written that the function stores items in, by where it does."""
    found: dict[Position, str] = {}
    for node in walk(program.index.functions[function].facts.body):
        for target in node.targets if isinstance(node, f.Assign) else ():
            if isinstance(target, f.Item):
                found.setdefault(target.pos, key_text(target.value))
    return found


def _loops(program: Program, function: ScopeId) -> tuple[f.For, ...]:
    return tuple(node for node in walk(program.index.functions[function].facts.body) if isinstance(node, f.For))


def _over(loop: f.For, key: _Key) -> bool:
    """Whether a loop goes over the keys of the table."""
    target = loop.target
    return isinstance(target, f.Local) and target.name == key.text and key_text(_container(loop.iterable)) == key.table


def _container(iterable: f.Expression) -> f.Expression:
    """What ``d``, ``d.keys()``, ``list(d)`` and ``sorted(d)`` go over."""
    if not isinstance(iterable, f.Call):
        return iterable
    called, given = iterable.function, iterable.arguments
    if isinstance(called, f.Attribute) and called.name == "keys":
        return called.value
    copies = isinstance(called, f.Global) and called.name in ("list", "sorted", "tuple")
    return _container(given[0].value) if copies and given else iterable


class _Key(NamedTuple):
    """How the key is written, the variables that hold what was found under it, and where it must be found if that matters."""

    text: str
    found: frozenset[str]
    table: str = ""

    def among(self, node: f.Expression) -> bool:
        """Whether a key that is found there is known."""
        return not self.table or key_text(node) == self.table


def _one_of_few(route: str, name: str) -> bool:
    """``/<any(red, green):name>``"""
    return route.partition(f":{name}>")[0].rpartition("<")[2].startswith("any(")


def _given(program: Program, context: Context, name: str) -> str | None:
    """How the caller writes what it passes as the parameter of that name."""
    function = program.index.functions[context.function]
    at = program.types.parameter_index(function, name)
    if at < 0 or context.parent is None:
        return None
    bound = function.cls is not None and program.types.names.kind(context.function) != "staticmethod"
    for node in walk(program.index.functions[context.parent.function].facts.body):
        if isinstance(node, f.Call) and node.pos == context.pos:
            plain = [argument for argument in node.arguments if argument.keyword is None and not argument.star]
            named = [argument for argument in node.arguments if argument.keyword == name]
            given = named or plain[at - bound : at - bound + 1]
            return key_text(given[0].value) if given else None
    return None


def _asked(body: tuple[Statement, ...], key: _Key, pos: Position, order: Order) -> bool:
    """Whether a test in these statements lets only known keys through to the position."""
    for statement in body:
        inside = order.holds(statement, pos)
        if isinstance(statement, f.Assign) and not inside and _found_under(statement.value, key):
            names = {target.name for target in statement.targets if isinstance(target, f.Local)}
            key = key._replace(found=key.found | names)
        if isinstance(statement, f.If):
            tells = _tells(statement.test, key)
            if inside:
                arm = order.holds(statement.body, pos)
                return tells is arm or _asked(statement.body if arm else statement.orelse, key, pos, order)
            if (tells is False and _exits(statement.body)) or (tells is True and _exits(statement.orelse)):
                return True
        elif inside:
            return any(_asked(block, key, pos, order) for block in _blocks(statement) if order.holds(block, pos))
    return False


def _blocks(statement: Statement) -> Iterator[tuple[Statement, ...]]:
    """The blocks of a compound statement that runs them without asking for a key."""
    for node in (statement, *getattr(statement, "handlers", ()), *getattr(statement, "cases", ())):
        yield from blocks(node)


def _exits(block: tuple[Statement, ...]) -> bool:
    last = block[-1] if block else None
    if isinstance(last, f.Evaluate) and isinstance(last.value, f.Call):
        return last_name(last.value.function) in ("abort", "exit")
    return isinstance(last, f.Return | f.Raise | f.Jump)


def _found_under(value: f.Expression, key: _Key) -> bool:
    """``table.get(key)``"""
    return (
        isinstance(value, f.Call)
        and isinstance(value.function, f.Attribute)
        and value.function.name == "get"
        and len(value.arguments) == 1
        and key_text(value.arguments[0].value) == key.text
        and key.among(value.function.value)
    )


def _tells(test: f.Expression, key: _Key) -> bool | None:
    """Which outcome of the test says that the key is known; None if neither does."""
    match test:
        case f.Operation(operator="not"):
            inner = _tells(test.operands[0], key)
            return None if inner is None else not inner
        case f.Boolean():
            decisive = test.operator == "and"
            return decisive if decisive in [_tells(operand, key) for operand in test.operands] else None
        case f.Compare() if len(test.operators) == 1:
            operator, (one, other) = test.operators[0], test.operands
            if isinstance(other, f.Constant) and other.kind == "none":
                return _NONE.get(operator) if _is_found(one, key) else None
            asks = operator in ("in", "not in") and key.among(other)
            listed = key_text(one) == key.text and (asks or (isinstance(other, f.Constant) and not key.table))
            return _AGREES.get(operator) if listed else None
        case _:
            return True if _is_found(test, key) else None


def _is_found(node: f.Expression, key: _Key) -> bool:
    """What was found under the key: ``table.get(key)``, or a variable that holds it."""
    return _found_under(node, key) or (isinstance(node, f.Local) and node.name in key.found)
