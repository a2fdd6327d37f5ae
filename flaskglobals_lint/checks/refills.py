"""Caches that are filled again when what they hold is too old, and settings that keep themselves as their default."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flaskglobals_lint import facts as f
from flaskglobals_lint.link import items
from flaskglobals_lint.link.index import last_name
from flaskglobals_lint.link.trees import walk

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flaskglobals_lint.checks.conflicts import Race
    from flaskglobals_lint.link.index import ScopeId
    from flaskglobals_lint.link.program import Program

_CLOCKS = frozenset({"monotonic", "now", "perf_counter", "time", "utcnow"})
_NAMED = (f.Attribute, f.ClassName, f.Free, f.Global, f.Item, f.Local)
_DEFAULTED = frozenset({"get", "getenv", "pop", "getattr"})
"""Calls whose last argument is what they give where there is nothing else."""


def expires(program: Program, race: Race) -> bool:
    """Whether the check asks how old a cached value is, and the function goes on with that value or the new one: who comes
    second makes it once more, and nothing is lost.

    A moment that is stored alone is no cache: who asks for it wants to know when something last happened.
    """
    write, read = race.pair.write, race.pair.read
    if write.kind != "set" or write.via not in ("=", "[…] =") or write.constant:
        return False
    checking = read.remote[0] if read.remote is not None else race.context.function
    filling = write.remote[0] if write.remote is not None else race.context.function
    if checking not in program.index.functions or filling not in program.index.functions:
        return False
    return _asks_age(program, checking) and _gives(program, checking, _filled(program, filling))


def keeps_itself(program: Program, race: Race) -> bool:
    """Whether the place is given another value or, where there is none, what it has: ``x = environ.get("X", x)``."""
    for node in walk(_body(program, race.context.function)):
        if not isinstance(node, f.Assign) or len(node.targets) != 1:
            continue
        if getattr(node.targets[0], "pos", None) != race.pair.write.pos:
            continue
        own = items.key_text(node.targets[0])
        defaults = [
            part.arguments[-1].value
            for part in walk(node.value)
            if isinstance(part, f.Call) and last_name(part.function) in _DEFAULTED and len(part.arguments) >= 2
        ]
        uses = sum(text == own for text in _texts(node.value))
        return bool(own and uses) and uses == sum(text == own for default in defaults for text in _texts(default))
    return False


def _body(program: Program, fid: ScopeId) -> Sequence[f.Statement]:
    function = program.index.functions.get(fid)
    return function.facts.body if function is not None else ()


def _is_clock(node: f.Node) -> bool:
    return isinstance(node, f.Call) and last_name(node.function) in _CLOCKS


def _asks_age(program: Program, fid: ScopeId) -> bool:
    """Whether some test of the function compares moments."""
    body = _body(program, fid)
    moments = {
        target
        for node in walk(body)
        if isinstance(node, f.Assign) and any(_is_clock(part) for part in walk(node.value))
        for target in node.targets
        if isinstance(target, f.Local)
    }
    names = {moment.name for moment in moments}
    return any(
        _is_clock(part) or (isinstance(part, f.Local) and part.name in names)
        for node in walk(body)
        if isinstance(node, f.If)
        for compared in walk(node.test)
        if isinstance(compared, f.Compare)
        for part in walk(compared)
    )


def _filled(program: Program, fid: ScopeId) -> set[str]:
    """What the function stores that is no bare moment: texts of the places and of the containers that they are in."""
    body = _body(program, fid)
    moments = {
        items.key_text(node.targets[0])
        for node in walk(body)
        if isinstance(node, f.Assign) and isinstance(node.targets[0], f.Local) and _is_clock(node.value)
    }
    found: set[str] = set()
    for node in walk(body):
        if not isinstance(node, f.Assign) or _is_clock(node.value) or items.key_text(node.value) in moments:
            continue
        if isinstance(node.value, f.Constant) or any(_is_clock(part) for part in _operands(node.value)):
            continue
        for target in node.targets:
            place: f.Expression = target
            if not isinstance(place, f.Local):
                found.add(items.key_text(place))
            while isinstance(place, f.Item):
                place = place.value
                found.add(items.key_text(place))
    return found - {""}


def _operands(node: f.Expression) -> tuple[f.Expression, ...]:
    return node.operands if isinstance(node, f.Operation) else ()


def _gives(program: Program, fid: ScopeId, filled: set[str]) -> bool:
    """Whether the function returns what is stored, or goes on with it in a variable of its own."""
    body = _body(program, fid)
    known = set(filled)
    for node in walk(body):
        if isinstance(node, f.Assign) and not known.isdisjoint(_texts(node.value)):
            known.update(_names(node.targets))
    return any(
        isinstance(node, f.Return) and node.value is not None and not known.isdisjoint(_texts(node.value))
        for node in walk(body)
    )


def _texts(node: f.Expression) -> list[str]:
    """The variables, attributes and items in an expression, as texts."""
    return [items.key_text(part) for part in walk(node) if isinstance(part, _NAMED)]


def _names(targets: tuple[f.Expression, ...]) -> set[str]:
    return {part.name for target in targets for part in walk(target) if isinstance(part, f.Local)}
