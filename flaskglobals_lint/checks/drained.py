"""Who adds to what a function throws away after it has looked at it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from flaskglobals_lint.link import drains
from flaskglobals_lint.link.program import base_key
from flaskglobals_lint.link.summary import Write

if TYPE_CHECKING:
    from flaskglobals_lint.link.contexts import Access, Conflict
    from flaskglobals_lint.link.program import Program

_PUTS_IN = frozenset({"+=", "[…] =", ".add()", ".append()", ".appendleft()", ".extend()", ".insert()", ".update()"})
"""What puts something into a container."""


def adders(program: Program, conflict: Conflict) -> Iterator[Access]:
    """Other functions' writes that add to what the pair's function empties: data, no values that it can make again."""
    key, counted = conflict.place.key, not drains.empties(conflict.pair.write)
    fills = program.once(_fills)
    for other in program.writes.get(base_key(conflict.place), ()):
        write = other.record
        if other.function == conflict.context.function or not isinstance(write, Write) or write.via not in _PUTS_IN:
            continue
        inside = other.place.key == key if counted else other.place.key[: len(key)] == key
        made_again = (other.function, write.pos) in fills or program.apart(conflict, other)
        if inside and not made_again:
            yield other


def _fills(program: Program) -> set[tuple[object, ...]]:
    """Item stores that a look at the container decides: caches that are filled where they lack something."""
    return {
        (conflict.context.function, conflict.pair.write.pos)
        for conflict in program.reached.conflicts
        if conflict.pair.kind == "control" and conflict.pair.write.via == "[…] ="
    }
