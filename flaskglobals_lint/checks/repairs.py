"""Values that a function puts right behind a check, and objects that it has just had made: whoever comes second does no harm."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flaskglobals_lint import facts as f
from flaskglobals_lint.checks import lazies
from flaskglobals_lint.link import items
from flaskglobals_lint.link.program import base_key
from flaskglobals_lint.link.trees import blocks, walk

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from flaskglobals_lint.checks.conflicts import Race
    from flaskglobals_lint.link.index import ScopeId
    from flaskglobals_lint.link.program import Program
    from flaskglobals_lint.link.summary import Edge


def repairs(program: Program, race: Race) -> bool:
    """Whether a value of a wrong type is replaced by a fixed one (``if isinstance(d["tags"], str): d["tags"] = []``), or a
    missing one in a record that the function has filled just before."""
    node = lazies.assignment(program, race)
    if node is None or race.pair.early or not _is_fixed(node.value):
        return False
    place = _text(node.targets[0])
    branch = lazies.branch_of(program, race, lambda test: _mentions(test, place))
    if not place or branch is None:
        return False
    return _asks_type(branch.test, place) or (
        lazies.asks_for_nothing(branch.test) and _filled_before(program, race.context.function, branch, node.targets[0])
    )


def just_made(program: Program, race: Race) -> bool:
    """Whether the object is known by a name that a call has given, which stored just that: ``new = start(data); settings =
    load(new.id); save(new.id, settings | more)``. Nobody else knows the name yet."""
    pair, function = race.pair, race.context.function
    if pair.read.remote is None or pair.write.remote is None:
        return False
    body = program.index.functions[function].facts.body
    calls = [node for node in walk(body) if isinstance(node, f.Call) and node.pos in (pair.read.pos, pair.write.pos)]
    named = [{_root(argument.value) for argument in call.arguments} - {""} for call in calls]
    if len(calls) != 2 or not named[0] & named[1]:
        return False
    given: dict[str, list[f.Position]] = {}
    for node in walk(body):
        if isinstance(node, f.Assign) and node.pos < pair.read.pos:
            call = node.value.pos if isinstance(node.value, f.Call) else f.NOWHERE
            for target in node.targets:
                given.setdefault(_root(target), []).append(call)
    stores = {access.function for access in program.writes.get(base_key(race.conflict.place), ())}
    return any(
        all(any(_makes(program, edge, stores) for edge in _edges(program, race, call)) for call in given[name])
        for name in named[0] & named[1] & given.keys()
    )


def _edges(program: Program, race: Race, pos: f.Position) -> list[Edge]:
    """The calls that the function makes at a place in the code."""
    summary = program.evaluator.summary(race.context.function, race.context.constants)
    return [edge for edge in summary.edges if edge.pos == pos]


def _makes(program: Program, edge: Edge, stores: set[ScopeId]) -> bool:
    """Whether a call gives a new object whenever it is made, and leads to one of the functions."""
    returned = program.evaluator.summary(edge.callee, edge.constants).returned if edge.callee else ()
    if not returned or any(ref[0][0] != "new" for ref in returned):
        return False
    waiting, seen = [edge], {""}
    while waiting:
        edge = waiting.pop()
        if edge.callee in stores:
            return True
        if edge.kind == "call" and edge.callee not in seen:
            seen.add(edge.callee)
            waiting.extend(program.evaluator.summary(edge.callee, edge.constants).edges)
    return False


def _mentions(test: f.Expression, place: str) -> bool:
    return any(
        isinstance(part, f.Attribute | f.Call | f.Global | f.Item) and _text(part) == place for part in walk(test)
    )


def _root(node: f.Expression) -> str:
    """The variable of the function that an expression is made of attributes of; empty for anything else."""
    while isinstance(node, f.Attribute):
        node = node.value
    return node.name if isinstance(node, f.Local) else ""


def _is_fixed(node: f.Expression) -> bool:
    return isinstance(node, f.Constant) or (isinstance(node, f.Display) and not node.values)


def _text(node: f.Expression) -> str:
    """A place as a text, ``d.get("key")`` as ``d["key"]``."""
    if isinstance(node, f.Call) and isinstance(node.function, f.Attribute) and node.function.name == "get":
        base, keys = _text(node.function.value), [items.key_text(argument.value) for argument in node.arguments[:1]]
        return f"{base}[{keys[0]}]" if base and keys and keys[0] else ""
    return items.key_text(node)


def _asks_type(test: f.Expression, place: str) -> bool:
    """Whether the place is only asked for its type: ``isinstance(place, …)``, ``type(place) is …``."""
    match test:
        case f.Operation(operator="not", operands=(inner,)):
            return _asks_type(inner, place)
        case f.Boolean():
            return all(_asks_type(part, place) for part in test.operands)
        case f.Call(function=f.Global(name="isinstance" | "type"), arguments=(first, *_)):
            return _text(first.value) == place
        case f.Compare(operands=(f.Call() as one, _)):
            return _asks_type(one, place)
        case _:
            return False


def _filled_before(program: Program, function: ScopeId, branch: f.If, target: f.Expression) -> bool:
    """Whether the statements in front of the branch, with nothing in between, fill the record that the target is an item of."""
    if not isinstance(target, f.Item):
        return False
    record = _text(target.value)
    for block in _blocks(program.index.functions[function].facts.body):
        if branch not in block:
            continue
        for node in reversed(block[: block.index(branch)]):
            match node:
                case f.Evaluate(value=f.Call(function=f.Attribute(name="update", value=filled))):
                    if _text(filled) == record:
                        return True
                case _:
                    return False
    return False


def _blocks(body: Sequence[f.Statement]) -> Iterator[tuple[f.Statement, ...]]:
    """All sequences of statements in a function's body."""
    yield tuple(body)
    for node in walk(body):
        yield from blocks(node)
