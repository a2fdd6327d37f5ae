"""Caches that are filled again when what they hold is too old, and settings that keep themselves as their default."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flaskglobals_lint import facts as f
from flaskglobals_lint.link import items
from flaskglobals_lint.link.index import last_name
from flaskglobals_lint.link.trees import walk

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from flaskglobals_lint.checks.conflicts import Race
    from flaskglobals_lint.link.index import ScopeId
    from flaskglobals_lint.link.program import Program
    from flaskglobals_lint.link.summary import Write

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
    if any(_is_object(program, other) for other in program.evaluator.summary(filling).writes):
        return False
    asked = _asks_age(program, checking)
    return asked is not None and _gives(program, checking, asked, _filled(program, filling))


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


def _is_object(program: Program, write: Write) -> bool:
    """Whether an object is stored of which no two are alike: a client, a token."""
    atoms = program.paths.atoms(write.path) if write.kind == "set" and write.remote is None else ()
    return any(atom[0] in ("conn", "inst") or atom == ("extinst", "object") for atom in atoms)


def _body(program: Program, fid: ScopeId) -> Sequence[f.Statement]:
    function = program.index.functions.get(fid)
    return function.facts.body if function is not None else ()


def _is_clock(node: f.Node) -> bool:
    return isinstance(node, f.Call) and last_name(node.function) in _CLOCKS


def _asks_age(program: Program, fid: ScopeId) -> f.Position | None:
    """Where the first test of the function stands that compares moments."""
    body = _body(program, fid)
    moments = {
        target.name
        for node in walk(body)
        if isinstance(node, f.Assign) and any(_is_clock(part) for part in walk(node.value))
        for target in node.targets
        if isinstance(target, f.Local)
    }
    for node in walk(body):
        if isinstance(node, f.If) and any(
            _is_clock(part) or (isinstance(part, f.Local) and part.name in moments)
            for compared in walk(node.test)
            if isinstance(compared, f.Compare)
            for part in walk(compared)
        ):
            return node.pos
    return None


def _filled(program: Program, fid: ScopeId) -> set[str]:
    """What the function stores that is no bare moment: texts of the places and of the containers that they are in. Nothing
    where the moment is stored first: others then take the old value for the new one."""
    stores = [
        node
        for node in walk(_body(program, fid))
        if isinstance(node, f.Assign) and not isinstance(node.value, f.Constant)
    ]
    moments = {items.key_text(node.targets[0]) for node in stores if _is_clock(node.value)} - {""}
    found: set[str] = set()
    stamped = False
    for node in stores:
        if all(isinstance(target, f.Local) for target in node.targets):
            continue
        if _is_moment(node.value, moments):
            stamped = True
        elif stamped and not found:
            return set()
        else:
            found.update(text for target in node.targets for text in _prefixes(target))
    return found - {""}


def _is_moment(node: f.Expression, moments: set[str]) -> bool:
    operands = node.operands if isinstance(node, f.Operation) else (node,)
    return any(_is_clock(part) or items.key_text(part) in moments for part in operands)


def _prefixes(place: f.Expression) -> Iterator[str]:
    """A place and, of an item, the containers that it is in."""
    if not isinstance(place, f.Local):
        yield items.key_text(place)
    while isinstance(place, f.Item):
        place = place.value
        yield items.key_text(place)


def _gives(program: Program, fid: ScopeId, asked: f.Position, filled: set[str]) -> bool:
    """Whether the function goes on with what is stored: returns it, or uses it after the test, maybe by a name of its own."""
    known = set(filled)
    for node in walk(_body(program, fid)):
        if not isinstance(node, f.Assign | f.Evaluate | f.If | f.Return):
            continue
        used = node.test if isinstance(node, f.If) else node.value
        if used is None or known.isdisjoint(_texts(used)):
            continue
        if isinstance(node, f.Assign):
            known.update(part.name for part in walk(node.targets) if isinstance(part, f.Local))
        if isinstance(node, f.Return) or (node.pos > asked and not isinstance(used, f.Local)):
            return True
    return False


def _texts(node: f.Expression) -> list[str]:
    """The variables, attributes and items in an expression, as texts."""
    return [items.key_text(part) for part in walk(node) if isinstance(part, _NAMED)]


def _names(targets: tuple[f.Expression, ...]) -> set[str]:
    return {part.name for target in targets for part in walk(target) if isinstance(part, f.Local)}
