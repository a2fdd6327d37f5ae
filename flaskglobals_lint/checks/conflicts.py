"""Which pairs of a read and a dependent write are races: shared by the read-modify-write rules."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TYPE_CHECKING, Any

import msgspec

from flaskglobals_lint.checks import drained, known_keys, own_objects
from flaskglobals_lint.finding import Confidence, EntryPoint, Window
from flaskglobals_lint.link import launchers
from flaskglobals_lint.link.program import base_key
from flaskglobals_lint.link.summary import CONNECTION, EMPTIED, TAKEN, THREAD_ID, UNIQUE, Pair, Write

if TYPE_CHECKING:
    from flaskglobals_lint.link.contexts import Access, Conflict, Context
    from flaskglobals_lint.link.program import Program

MOST_ENTRY_POINTS = 5
MOST_OTHERS = 100
_TAKES = frozenset({".get()", ".get_nowait()"})
"""What takes an item out of a queue."""
_AT_THE_END = frozenset({".append()", ".extend()"})
_TAKES_ONE = frozenset({".pop()", ".remove()", "del"})
"""What takes an item out of a list, by its number or as such."""


class Race(msgspec.Struct, frozen=True, gc=False):
    """A pair that another request or thread can come between, with all contexts in which that is so."""

    conflict: Conflict
    contexts: tuple[Context, ...]
    others: tuple[Access, ...]
    """Other writes of the same place, from other lines; of very many the first."""

    uninterrupted: bool = False
    """Nothing waits between the read and the write, in any of the contexts."""

    @property
    def pair(self) -> Pair:
        return self.conflict.pair

    @property
    def context(self) -> Context:
        return self.conflict.context


def races(program: Program) -> dict[str, list[Race]]:
    """Races by kind (value, control, await): one for each write; a check that decides the write outweighs a stale value.

    Those that a request awaits across are of the kind await, whatever it is that the write depends on.
    """
    groups: dict[tuple[Any, ...], list[Conflict]] = {}
    for conflict in program.reached.conflicts:
        pair = conflict.pair
        key = (program.file(conflict.context.function), pair.write.pos[:2], base_key(conflict.place))
        groups.setdefault(key, []).append(conflict)
    result: dict[str, list[Race]] = {"value": [], "control": [], "await": []}
    decided: set[tuple[Any, ...]] = set()
    for group in sorted(groups.values(), key=lambda group: group[0].pair.write.pos):
        control = [c for c in group if c.pair.kind == "control" and _races(program, c)]
        value = [c for c in group if c.pair.kind == "value" and _races(program, c)]
        unguarded = value if value and all(c.pair.read.remote is not None for c in control) else control
        if value and unguarded:
            # Of the updates that one check decides the first stands for the check, the others for themselves.
            first = _plainest(unguarded)
            check = (first.context.function, first.pair.read.pos, base_key(first.place))
            unguarded = value if check in decided and first.pair.kind == "control" else unguarded
            decided.add(check)
        awaited = [c for c in (*control, *value) if window(c.pair) == "await" and c.context.start.runs == "request"]
        unguarded = awaited or unguarded
        if unguarded:
            best = _plainest(unguarded)
            quiet = all(c.pair.write.clock[3] == c.pair.read.clock[3] for c in unguarded)
            found = Race(
                best, tuple(c.context for c in unguarded), tuple(islice(_others(program, best), MOST_OTHERS)), quiet
            )
            result["await" if awaited else best.pair.kind].append(found)
    return result


def _plainest(conflicts: list[Conflict]) -> Conflict:
    """The one that is told: with a check whose branch the write stands in, near to the entry point."""
    return min(conflicts, key=lambda conflict: (conflict.pair.early, len(conflict.context.chain)))


def _races(program: Program, conflict: Conflict) -> bool:
    """Whether anybody can come between the pair's read and write."""
    write, read, start = conflict.pair.write, conflict.pair.read, conflict.context.start
    if conflict.guards or program.guarded_by_comment(conflict.path):
        return False
    if read.kind == TAKEN:
        return any(start.beside(other.context.start) for other in drained.adders(program, conflict))
    if write.harmless:
        return False
    if conflict.pair.looped and write.constant and write.kind == "set":
        # Whoever goes through all items once more resets them once more; a lost reset is another rule's.
        return False
    if conflict.pair.kind == "control" and _stays_there(program, conflict):
        return False
    if (write.key_flags | read.flags) & THREAD_ID or write.key_flags & UNIQUE:
        return False
    if write.key_flags & CONNECTION and _opens_or_closes(program, conflict.context):
        return False
    own = _is_own_thread(program, conflict)
    if read.kind == EMPTIED:
        return start.repeated and not own
    if (start.repeated and not own) or (start.tasks and window(conflict.pair) == "await"):
        return True
    taken = write.via in _TAKES
    return any(
        start.beside(other.context.start) and not (own and other.context.start.function == start.function)
        for other in _others(program, conflict)
        # A queue that one thread empties only gets longer meanwhile.
        if (not taken or (isinstance(other.record, Write) and other.record.via in _TAKES))
        and not _adds(conflict, other)
    )


def _adds(conflict: Conflict, other: Access) -> bool:
    """Whether the other only puts more items at the end of the list that the place is an item of, or of one from which the
    write takes an item that it names, or any because there are some: what was there stays where it is."""
    record, path = other.record, conflict.path
    if not isinstance(record, Write) or record.via not in _AT_THE_END or path[: len(other.path)] != other.path:
        return False
    if len(path) > len(other.path):
        return str(path[len(other.path)]).startswith("[")
    write, read = conflict.pair.write, conflict.pair.read
    named = bool(write.key) or read.kind in ("content", "truth")
    return write.via == ".popleft()" or (write.via in _TAKES_ONE and named)


def _is_own_thread(program: Program, conflict: Conflict) -> bool:
    """Whether it is what a thread does to its own object, of which it runs ``run``, or a method of one that was made for the
    thread: there is one run of each."""
    start, names = conflict.context.start, program.types.names
    fresh = own_objects.given(program, start)
    if start.kind != "thread" and not fresh:
        return False
    method = program.index.functions[start.function].facts.name
    return any(
        atom[0] == "inst"
        and start.function == (names.method(atom[1], method) if fresh else launchers.thread(program.types, atom[1]))
        for end in range(1, len(conflict.path))
        for atom in program.paths.atoms(conflict.path[:end])
    )


def _stays_there(program: Program, conflict: Conflict) -> bool:
    """Whether an item is replaced because it is there, in a container from which nobody takes any."""
    write, read = conflict.pair.write, conflict.pair.read
    if write.via != "[…] =" or read.kind != "content" or not read.key or read.key != write.key:
        return False
    if write.remote is not None or read.remote is not None:
        return False
    others = program.writes_at(conflict.place.key[:-1])
    if any(isinstance(o.record, Write) and (o.record.kind == "delete" or o.record.via == "=") for o in others):
        return False
    return known_keys.asked(program, conflict.context.function, write.key, write.pos)


def _opens_or_closes(program: Program, context: Context) -> bool:
    """Whether it runs once for each connection: when a client comes or goes."""
    start = context.start
    names = (start.detail.split(" ")[-1], program.index.functions[start.function].facts.name)
    return start.kind == "socket" and any(name.removeprefix("on_") in ("connect", "disconnect") for name in names)


def _others(program: Program, conflict: Conflict) -> Iterator[Access]:
    """Request-time or background writes of the same place at other lines, one for each."""
    seen = {(conflict.context.function, conflict.pair.write.pos)}
    for access in program.writes.get(base_key(conflict.place), ()):
        token = (access.function, access.record.pos)
        if token not in seen and not program.apart(conflict, access):
            seen.add(token)
            yield access


def window(pair: Pair) -> Window:
    """What runs between the read and the write: nothing that lets CPython ≥ 3.10 switch threads, a call, I/O, an await."""
    read, write = pair.read.clock, pair.write.clock
    if write[2] > read[2]:
        return "await"
    if write[1] > read[1]:
        return "io"
    if write[0] > read[0] or pair.read.remote is not None:
        return "call"
    return "none"


def confidence(race: Race) -> Confidence:
    """Sure where read and write stand in the same function, less where a callee does one of them."""
    pair = race.pair
    if pair.read.remote is None and pair.write.remote is None:
        return "high"
    return "medium"


def entry_points(program: Program, contexts: Iterable[Context]) -> tuple[EntryPoint, ...]:
    """Where requests come in, each once, nearest first."""
    found: dict[EntryPoint, None] = {}
    for context in sorted(contexts, key=lambda c: len(c.chain)):
        found.setdefault(program.entry_point(context))
    return tuple(found)[:MOST_ENTRY_POINTS]


def way_in(program: Program, context: Context) -> str:
    """``in `home` (GET /)``"""
    start = context.start
    detail = start.detail if start.runs == "request" else f"{start.kind} {start.detail}".strip()
    return f"in `{program.name(context.function)}` ({detail})"
