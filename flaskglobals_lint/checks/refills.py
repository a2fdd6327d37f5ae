"""Caches that are filled again when what they hold is gone or too old, and settings that keep themselves as their default."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flaskglobals_lint import facts as f
from flaskglobals_lint.checks import lazies, writes
from flaskglobals_lint.link import items
from flaskglobals_lint.link.index import last_name
from flaskglobals_lint.link.summary import RANDOM, TOLD, UNIQUE
from flaskglobals_lint.link.trees import walk

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from flaskglobals_lint.checks.conflicts import Race
    from flaskglobals_lint.link.index import ScopeId
    from flaskglobals_lint.link.program import Program

_CLOCKS = frozenset({"monotonic", "now", "perf_counter", "time", "utcnow"})
_NAMED = (f.Attribute, f.ClassName, f.Free, f.Global, f.Item, f.Local)
_DEFAULTED = frozenset({"get", "getenv", "pop", "getattr"})
"""Calls whose last argument is what they give where there is nothing else."""


def expires(program: Program, race: Race) -> bool:
    """Whether the check asks how old a cached value is, and the function goes on with that value or the new one: the new one
    is not made of the old one.

    A moment that is stored alone is no cache: who asks for it wants to know when something last happened.
    """
    write, read = race.pair.write, race.pair.read
    if write.kind != "set" or write.via not in ("=", "[…] =") or write.constant:
        return False
    checking = read.remote[0] if read.remote is not None else race.context.function
    filling = write.remote[0] if write.remote is not None else race.context.function
    if checking not in program.index.functions or filling not in program.index.functions:
        return False
    filled, moments = _stored(program, filling)
    at = write.remote[1] if write.remote is not None else write.pos
    place = {**filled, **moments}.get(at)
    if not filled or place is None:
        return False
    stored = {text for texts in filled.values() for text in texts}
    known = _other_names(program, checking, stored)
    ages = stored | known | {text for texts in moments.values() for text in texts}
    for test in _tests_of_age(program, checking, ages):
        own = not _other_names(program, checking, place).isdisjoint(_texts(test.test)) or read.remote is not None
        within = any(getattr(part, "pos", None) == at for part in walk(test.body))
        if (own or within) and _goes_on(program, checking, test, stored | known):
            return True
    return False


def makes_again(program: Program, race: Race) -> bool:
    """Whether the function goes on with what it found in a cache, or makes it and puts it there: whoever is second makes it
    again, as everybody must who finds it dropped."""
    write, read = race.pair.write, race.pair.read
    store = writes.store_of(program, race.conflict.path)
    if store is None or not store.forgets or write.constant or not lazies.sets(write):
        return False
    flags = race.context.flagged(write.flags)
    if flags & (UNIQUE | RANDOM) or (flags & TOLD and not race.context.flagged(write.key_flags) & TOLD):
        # Nobody else makes the same: a token, or what one request says.
        return False
    behind = writes.reads_behind(program, race.context, write.values)
    if any(one.path == read.path and one.kind not in ("truth", "lack") for one in behind):
        return False
    if race.pair.early:
        return lazies.answers_from_it(program, race)
    made = [node for node in walk(_body(program, race.context.function)) if isinstance(node, f.Assign)]
    kept = {
        target.name
        for node in made
        if any(getattr(part, "pos", None) == read.pos for part in walk(node.value))
        for target in node.targets
        if isinstance(target, f.Local)
    }
    again = (target for node in made if node.pos > read.pos for target in node.targets)
    return any(isinstance(target, f.Local) and target.name in kept for target in again)


def keeps_itself(program: Program, race: Race) -> bool:
    """Whether the place is given another value or, where there is none, what it has: ``x = environ.get("X", x)``."""
    node = lazies.assignment(program, race)
    if node is None or len(node.targets) != 1:
        return False
    own = items.key_text(node.targets[0])
    defaults = [
        part.arguments[-1].value
        for part in walk(node.value)
        if isinstance(part, f.Call) and last_name(part.function) in _DEFAULTED and len(part.arguments) >= 2
    ]
    uses = sum(text == own for text in _texts(node.value))
    return bool(own and uses) and uses == sum(text == own for default in defaults for text in _texts(default))


def _body(program: Program, fid: ScopeId) -> Sequence[f.Statement]:
    function = program.index.functions.get(fid)
    return function.facts.body if function is not None else ()


def _is_clock(node: f.Node) -> bool:
    return isinstance(node, f.Call) and last_name(node.function) in _CLOCKS


def _tests_of_age(program: Program, fid: ScopeId, ages: set[str]) -> Iterator[f.If]:
    """Branches of the function whose tests compare the clock with something that is stored."""
    body = _body(program, fid)
    clocks = {
        target.name
        for node in walk(body)
        if isinstance(node, f.Assign) and any(_is_clock(part) for part in walk(node.value))
        for target in node.targets
        if isinstance(target, f.Local)
    }
    for node in walk(body):
        compared = [part for part in walk(node.test) if isinstance(part, f.Compare)] if isinstance(node, f.If) else []
        for compare in compared:
            asks = any(_is_clock(part) or (isinstance(part, f.Local) and part.name in clocks) for part in walk(compare))
            if isinstance(node, f.If) and asks and not ages.isdisjoint(_texts(compare)):
                yield node


def _stored(program: Program, fid: ScopeId) -> tuple[dict[f.Position, set[str]], dict[f.Position, set[str]]]:
    """What the function stores, and the bare moments among that, by where: texts of the places and of the containers that
    they are in."""
    stores = [
        node
        for node in walk(_body(program, fid))
        if isinstance(node, f.Assign) and not isinstance(node.value, f.Constant)
    ]
    clocks = {items.key_text(node.targets[0]) for node in stores if _is_clock(node.value)} - {""}
    filled: dict[f.Position, set[str]] = {}
    moments: dict[f.Position, set[str]] = {}
    for node in stores:
        for target in node.targets:
            if isinstance(target, f.Local) or not isinstance(target, _NAMED):
                continue
            if _is_moment(node.value, clocks):
                moments[target.pos] = {items.key_text(target)}
            else:
                filled[target.pos] = set(_prefixes(target)) - {""}
    return filled, moments


def _is_moment(node: f.Expression, clocks: set[str]) -> bool:
    operands = node.operands if isinstance(node, f.Operation) else (node,)
    return any(_is_clock(part) or items.key_text(part) in clocks for part in operands)


def _prefixes(place: f.Expression) -> Iterator[str]:
    """A place and, of an item, the containers that it is in."""
    yield items.key_text(place)
    while isinstance(place, f.Item):
        place = place.value
        yield items.key_text(place)


def _other_names(program: Program, fid: ScopeId, places: set[str]) -> set[str]:
    """The places, and variables of the function that are made of them."""
    known = set(places)
    for node in walk(_body(program, fid)):
        if isinstance(node, f.Assign) and not known.isdisjoint(_texts(node.value)):
            known.update(part.name for part in walk(node.targets) if isinstance(part, f.Local))
    return known


def _goes_on(program: Program, fid: ScopeId, test: f.If, known: set[str]) -> bool:
    """Whether the function returns what is stored, or uses it after the test."""
    for node in walk(_body(program, fid)):
        if not isinstance(node, f.Assign | f.Evaluate | f.If | f.Return):
            continue
        used = node.test if isinstance(node, f.If) else node.value
        if used is None or node is test or known.isdisjoint(_texts(used)):
            continue
        if isinstance(node, f.Return) or (node.pos > test.pos and not isinstance(used, f.Local)):
            return True
    return False


def _texts(node: f.Expression) -> list[str]:
    """The variables, attributes and items in an expression, as texts."""
    return [items.key_text(part) for part in walk(node) if isinstance(part, _NAMED)]
