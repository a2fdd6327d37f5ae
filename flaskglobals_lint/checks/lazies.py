"""Values that are made when they are first asked for, and whether making them twice does any harm."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flaskglobals_lint.link.program import base_key
from flaskglobals_lint.link.summary import RANDOM, REQUEST, UNIQUE, Write

if TYPE_CHECKING:
    from flaskglobals_lint.checks.conflicts import Race
    from flaskglobals_lint.link.program import Program

_PLAIN = frozenset({("cont", "list"), ("cont", "dict"), ("cont", "set"), ("cont", "tuple"), ("const", "str"), ("const", "bool"), ("const", "none")})  # fmt: skip
"""Data of which two equal copies are as good as one: no numbers, which mostly count something."""


def repeatable(program: Program, race: Race) -> bool:
    """Whether whoever is second makes the same plain data again, which nobody changes after it was stored: two requests
    do the work twice, and nothing is lost."""
    write, conflict = race.pair.write, race.conflict
    if race.pair.companion or write.kind != "set" or write.via not in ("=", "[…] =") or write.constant:
        return False
    if race.context.flagged(write.flags) & (REQUEST | UNIQUE | RANDOM):
        return False
    atoms = program.paths.atoms(conflict.path)
    stored = any(atom != ("const", "none") for atom in atoms)
    return stored and _PLAIN.issuperset(atoms) and _kept(program, race) and not _from_changing_state(program, race)


def _kept(program: Program, race: Race) -> bool:
    """Whether nobody writes the place but the code that fills it, and who forgets the value."""
    own = race.pair.write
    for access in program.writes.get(base_key(race.conflict.place), ()):
        write = access.record
        assert isinstance(write, Write)
        same = access.function == race.context.function or write.pos == (own.remote[1] if own.remote else own.pos)
        fills = same and write.kind == "set" and len(access.place.key) == len(race.conflict.place.key)
        if not fills and not write.constant and write.kind != "delete":
            return False
    return True


def _from_changing_state(program: Program, race: Race) -> bool:
    """Whether the value is made of other state that requests change, so that the second may differ from the first."""
    function = program.index.functions.get(race.context.function)
    reads = program.evaluator.summary(race.context.function, race.context.constants).reads
    bits = race.pair.write.values >> (len(function.facts.parameters) if function is not None else 0)
    changed = program.once(_changed)
    steps = (read.path[-1] for at, read in enumerate(reads) if bits >> at & 1 and read.path != race.pair.read.path)
    own = race.pair.write.path
    return any(step in changed and step not in own for step in steps)


def _changed(program: Program) -> set[object]:
    """Names of variables and attributes that requests or threads write."""
    return {base_key(access.place)[-1] for access in program.reached.writes}
