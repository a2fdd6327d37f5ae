"""FGL402: a place that is guarded by a lock at some accesses and by none, or by another, at a conflicting one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import msgspec

from flaskglobals_lint.checks import conflicts, remedies
from flaskglobals_lint.finding import Finding, Severity
from flaskglobals_lint.link.atoms import may_be_same
from flaskglobals_lint.link.program import Program, base_key
from flaskglobals_lint.link.reach import SHARED, made_for
from flaskglobals_lint.link.summary import Read, Write
from flaskglobals_lint.remedy import Remedy
from flaskglobals_lint.rule import by_code

if TYPE_CHECKING:
    from flaskglobals_lint import facts as f
    from flaskglobals_lint.link.contexts import Access, Conflict
    from flaskglobals_lint.link.index import ScopeId
    from flaskglobals_lint.link.summary import Path

RULE = by_code("FGL402")

_NO_LOCK: frozenset[Any] = frozenset({None})
_MOST_WAYS = 400
"""So many ways that lead to a place, by function, path and locks, are asked for their guard; more only generated code has."""
_MAKING = ("__init__", "__new__", "__post_init__", "__setstate__")


class _Guard(msgspec.Struct, frozen=True, gc=False):
    """The lock that guards a place: at which accesses, and in which sections that read and write it."""

    key: Any
    accesses: tuple[Access, ...]
    updates: tuple[Conflict, ...]


def check(program: Program) -> Iterator[Finding]:
    """A finding for each write that is out of line, and a note for a read just after the section that it belongs to."""
    told = {
        (race.context.function, race.pair.write.pos[0])
        for races in program.once(conflicts.races).values()
        for race in races
    }
    updates: dict[tuple[object, ...], list[Conflict]] = {}
    for conflict in program.reached.conflicts:
        if conflict.guards:
            updates.setdefault(base_key(conflict.place), []).append(conflict)
    for key, writes in program.writes.items():
        if not any(access.locks for access in writes) or program.guarded_by_comment(writes[0].path):
            continue
        seen: set[tuple[ScopeId, f.Position]] = set()
        guards: dict[tuple[ScopeId, Path, frozenset[Any]], _Guard | None] = {}
        for access in writes:
            at = (access.function, access.record.pos)
            if at in seen or (access.function, access.record.pos[0]) in told:
                continue
            guard = _guard_of(program, access, writes, updates.get(key, []), guards)
            if guard is not None and _out_of_line(program, access, guard):
                seen.add(at)
                yield _written(program, access, guard)
        for guard in {one.key: one for one in guards.values() if one is not None}.values():
            yield from _late_reads(program, key, guard)


def _guard_of(
    program: Program,
    access: Access,
    writes: list[Access],
    updates: list[Conflict],
    known: dict[tuple[ScopeId, Path, frozenset[Any]], _Guard | None],
) -> _Guard | None:
    """The lock that guards what the access writes, by the writes of the same object and item."""
    token = (access.function, access.path, access.locks)
    if token not in known and len(known) >= _MOST_WAYS:
        return None
    if token not in known:
        known[token] = _guard(
            [one for one in writes if not program.distinct(access, one)],
            [one for one in updates if not program.distinct(access, one)],
            _held(writes),
            access,
        )
    return known[token]


def _held(writes: list[Access]) -> Counter[Any]:
    """How many lines hold each lock; a line holds what it holds on every way that leads to it."""
    sites: dict[tuple[ScopeId, f.Position], frozenset[Any]] = {}
    for access in writes:
        at = (access.function, access.record.pos)
        locks = frozenset(lock for lock in access.locks if lock[0] != SHARED) or _NO_LOCK
        sites[at] = sites[at] & locks or _NO_LOCK if at in sites else locks
    return Counter(lock for locks in sites.values() for lock in locks)


def _guard(writes: list[Access], updates: list[Conflict], everywhere: Counter[Any], access: Access) -> _Guard | None:
    """The lock that most writes of a place hold, if it is there for this place: held in the function itself or by its own
    decorator.

    Of two that as many hold it is the one that guards more of the container or belongs to the same object, else the one that
    the ``access`` does not hold: neither is right.
    """
    counts = _held(writes)
    free = counts.pop(None, 0)
    if not counts:
        return None
    own = access.place.key[0]
    lock = max(
        counts, key=lambda one: (counts[one], everywhere[one], one[0] == own, one not in access.locks, repr(one))
    )
    guarded = tuple(access for access in writes if lock in access.locks)
    if counts[lock] < free or not any(_takes(access, lock) for access in guarded):
        return None
    return _Guard(lock, guarded, tuple(update for update in updates if lock in update.guards))


def _takes(access: Access, lock: Any) -> bool:
    """Whether the function takes the lock itself, or its decorator one that it made for this function."""
    return (isinstance(access.record, Write) and bool(access.record.sections)) or made_for(lock) == access.function


def _out_of_line(program: Program, access: Access, guard: _Guard) -> bool:
    """Whether a write can come in the middle of a section that holds the lock."""
    record = access.record
    assert isinstance(record, Write)
    if any(_same(guard.key, lock) for lock in access.locks) or (record.harmless and record.via == ".setdefault()"):
        return False
    if program.index.functions[access.function].facts.name in _MAKING:
        return False
    start = access.context.start
    return any(start.beside(other.context.start) for other in guard.accesses)


def _same(one: Any, other: Any) -> bool:
    """Whether two keys can be those of one lock: of one table, an item under an unknown key is any."""
    return bool(one[:-1] == other[:-1] and may_be_same(one[-1], other[-1]))


def _written(program: Program, access: Access, guard: _Guard) -> Finding:
    other = (guard.updates or guard.accesses)[0]
    pos = other.pair.write.pos if guard.updates else other.record.pos  # type: ignore[union-attr]
    label = access.place.label
    lock = _name(program, guard)
    where = conflicts.way_in(program, access.context)
    held = "another lock" if access.locks else "no lock"
    message = (
        f"`{label}` is written {where} with {held}, while `{lock}` guards it in `{program.name(other.context.function)}` "
        f"(line {pos[0]}); this write can come in the middle of that section"
    )
    cures = () if access.locks else remedies.of_access(program, access, guard.key)
    return _finding(program, access, message, _severity(access, guard), lock, other.context.function, pos, cures)


def _severity(access: Access, guard: _Guard) -> Severity:
    """Two locks are a mistake; a bare store can only undo, or be undone by, a section that reads and writes back."""
    if not guard.updates:
        return "info"
    return RULE.severity if access.locks else "warning"


def _late_reads(program: Program, key: tuple[object, ...], guard: _Guard) -> Iterator[Finding]:
    """Reads that follow a section of the same function, and may see what another request wrote meanwhile."""
    sections = {
        (update.context.function, update.pair.write.pos)
        for update in guard.updates
        if update.pair.kind == "value" and update.pair.write.remote is None
    }
    if not sections:
        return
    seen: set[ScopeId] = set()
    for access in program.reads.get(key, ()):
        record = access.record
        held = {guard.key, (SHARED, guard.key)} & access.locks
        if held or access.function in seen or not isinstance(record, Read):
            continue
        before = [pos for function, pos in sections if function == access.function and pos < record.pos]
        if not before or record.remote is not None:
            continue
        seen.add(access.function)
        label, lock = access.place.label, _name(program, guard)
        message = (
            f"`{label}` is read again after `{lock}` was let go {conflicts.way_in(program, access.context)}; "
            "it may be what another request wrote meanwhile"
        )
        cures = remedies.of_positions(program, access, guard.key, (max(before),), (record.pos,))
        yield _finding(program, access, message, "info", lock, access.function, max(before), cures)


def _name(program: Program, guard: _Guard) -> str:
    """The lock as the code calls it."""
    root, *steps = guard.key
    if not isinstance(root, tuple):
        return "the lock"
    return program.paths.label(root, tuple(steps))


def _finding(
    program: Program,
    access: Access,
    message: str,
    severity: Severity,
    lock: str,
    other: ScopeId,
    pos: f.Position,
    cures: tuple[Remedy, ...],
) -> Finding:
    return Finding(
        RULE.code,
        RULE.name,
        severity,
        message,
        program.span(access.function, access.record.pos),
        access.place.symbol,
        program.qualified(access.function),
        (program.entry_point(access.context),),
        program.chain(access.context),
        (program.span(other, pos, f"guarded here in `{program.name(other)}`"),),
        "medium",
        None,
        f"hold `{lock}` here, too",
        (
            f"request A takes {lock} and reads {access.place.label}",
            f"request B, without {lock}, changes {access.place.label} (line {access.record.pos[0]})",
            f"A writes what it made of the old value (line {pos[0]})",
        ),
        remedies=cures,
    )
