"""From a race to what would remove it: which lock around which accesses."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from flaskglobals_lint.checks import conflicts, homes, nesting, purity, writes
from flaskglobals_lint.checks.conflicts import Race
from flaskglobals_lint.link.atoms import may_be_same
from flaskglobals_lint.link.program import base_key
from flaskglobals_lint.link.summary import Read, Section, Write
from flaskglobals_lint.remedy import Declined, HoldLock, OneStep, Position, Remedy, Site

if TYPE_CHECKING:
    from flaskglobals_lint.link.contexts import Access
    from flaskglobals_lint.link.index import ScopeId
    from flaskglobals_lint.link.program import Program

MOST_OTHERS = 12
_HOMELESS = "there is no one place in the code where its lock could be made"
_SPREAD = "{} more places would have to take the lock: put the state into a class that has it"
_NAMELESS = "the lock that guards it elsewhere has no name that other code could use"
_MAKING = ("__init__", "__new__", "__post_init__", "__setstate__")


def of_race(program: Program, race: Race) -> tuple[Remedy, ...]:
    """What helps against a race, the least intrusive first."""
    if writes.store_of(program, race.conflict.path) is not None:
        # Other processes change it, too: a lock of this one is no remedy.
        return (Declined("other processes change it, too: it takes one atomic command of the store, or a lock there"),)
    main = _checked(program, race)
    group = _group(program, main)
    found: list[Remedy] = []
    pair = race.pair
    own = pair.read.remote is None and pair.write.remote is None and not pair.companion and not pair.read.sections
    if pair.kind == "control" and own and not pair.write.sections:
        path = race.conflict.path if len(race.conflict.path) == 1 else race.conflict.path[:-1]
        container = program.types.container(program.paths.atoms(path))
        site = _site(program, pair_function(race), [pair.read.pos, pair.write.pos])
        found.append(OneStep(site, pair.write.pos, container.kind if container is not None else ""))
    lazy = own and pair.kind == "control" and not pair.early and pair.write.kind == "set" and len(group) == 1
    found.append(_hold(program, main, group, lazy))
    return tuple(found)


def pair_function(race: Race) -> ScopeId:
    return race.context.function


def of_access(program: Program, access: Access, lock: Any, late: tuple[Position, ...] = ()) -> tuple[Remedy, ...]:
    """Hold the lock of that key around an access, and around what came before it in the same function."""
    return of_positions(program, access, lock, (access.record.pos,), late)


def of_positions(
    program: Program, access: Access, lock: Any, positions: tuple[Position, ...], late: tuple[Position, ...] = ()
) -> tuple[Remedy, ...]:
    """Hold a lock, by its key, around some positions of an access's function."""
    home = homes.home(program, access.place, access.path, access.function)
    known = homes.lock_home(program, lock) if lock is not None else None
    if home is None or (lock is not None and known is None):
        return (Declined(_NAMELESS),)
    site = _site(program, access.function, list(positions), late, base_key(access.place), lock)
    held = lock in nesting.held_by_callers(program, access.function)
    return (HoldLock(access.place.label, home, known, site, (), exact=bool(late), held=held),)


def together(program: Program, accesses: Iterable[Access]) -> tuple[Remedy, ...]:
    """Hold one lock around each of several accesses of one place; the first one's function is the main site."""
    first, *rest = accesses
    home = homes.home(program, first.place, first.path, first.function)
    if home is None:
        return (Declined(_HOMELESS),)
    key = _guard(program, [first, *rest])
    lock = homes.lock_home(program, key) if key is not None else None
    if key is not None and lock is None:
        return (Declined(_NAMELESS),)
    rest = [
        access
        for access in rest
        if (access.function, access.record.pos) != (first.function, first.record.pos)
        and (key is None or key not in access.locks)
    ]
    if len(rest) > MOST_OTHERS:
        return (Declined(_SPREAD.format(len(rest))),)
    place, functions = base_key(first.place), {access.function for access in rest}
    site = _site(program, first.function, [first.record.pos], (), place, key, functions)
    others = tuple(
        _site(program, access.function, [access.record.pos], (), place, key, {first.function, *functions})
        for access in rest
    )
    held = key in nesting.held_by_callers(program, first.function)
    return (HoldLock(first.place.label, home, lock, site, others, held=held),)


def _checked(program: Program, race: Race) -> Race:
    """For a companion the race of the variable that its check looks at."""
    if race.pair.companion:
        for other in program.once(_by_function, "control").get(race.context.function, ()):
            if not other.pair.companion and other.pair.read.pos == race.pair.read.pos:
                return other
    return race


def _group(program: Program, main: Race) -> list[Race]:
    """All races of a function at one place, and the companions of its checks."""
    key = base_key(main.conflict.place)
    checks = {main.pair.read.pos}
    return [
        race
        for kind in ("value", "control", "await")
        for race in program.once(_by_function, kind).get(main.context.function, ())
        if base_key(race.conflict.place) == key or (race.pair.companion and race.pair.read.pos in checks)
    ]


def _by_function(program: Program, kind: str) -> dict[ScopeId, list[Race]]:
    """The races of a kind in each function."""
    found: dict[ScopeId, list[Race]] = {}
    for race in program.once(conflicts.races)[kind]:
        found.setdefault(race.context.function, []).append(race)
    return found


def _told(program: Program) -> set[tuple[ScopeId, Position]]:
    """Where the reads and writes of all races stand."""
    return {
        (race.context.function, pos)
        for races in program.once(conflicts.races).values()
        for race in races
        for pos in (race.pair.read.pos, race.pair.write.pos)
    }


def _hold(program: Program, main: Race, group: list[Race], lazy: bool) -> HoldLock | Declined:
    function, key = main.context.function, base_key(main.conflict.place)
    home = homes.home(program, main.conflict.place, main.conflict.path, function)
    if home is None:
        return Declined(_HOMELESS)
    positions = sorted({pos for race in group for pos in (race.pair.read.pos, race.pair.write.pos)})
    sections = {section for race in group for section in (*race.pair.read.sections, *race.pair.write.sections)}
    useful = [access for access in program.writes.get(key, ()) if access.locks]
    callers = nesting.held_by_callers(program, function)
    guard = _guard(program, useful) or _own_guard(program, main, sections)
    if guard is None and len(callers) == 1:
        guard = next(iter(callers))
    lock = homes.lock_home(program, guard) if guard is not None else None
    if guard is not None and lock is None:
        return Declined(_NAMELESS)
    rest = _others(program, main, guard)
    if len(rest) > MOST_OTHERS:
        return Declined(_SPREAD.format(len(rest)))
    functions = {access.function for access in rest}
    idle = [section for section in sections if _keeps_nobody_out(program, main, section)]
    last = max(race.pair.write.pos for race in group)
    exact = any(race.pair.kind == "value" for race in group)
    return HoldLock(
        main.conflict.place.label,
        home,
        lock,
        _site(program, function, positions, _later(program, key, function, last), key, guard, functions),
        tuple(
            _site(program, access.function, [access.record.pos], (), key, guard, {function, *functions})
            for access in rest
        ),
        lazy,
        exact,
        tuple(section.pos for section in idle),
        tuple(made for section in idle if (made := _made(section)) is not None),
        guard in callers if guard is not None else bool(callers),
    )


def _own_guard(program: Program, race: Race, sections: Iterable[Section]) -> Any:
    """A useful lock that the function itself holds for part of the way; that of the write first."""
    for section in (*race.pair.write.sections, *race.pair.read.sections):
        if section.kind == "lock":
            held = nesting.lock_key(program, section, race.context)
            if held is not None:
                return held
    return None


def _keeps_nobody_out(program: Program, race: Race, section: Section) -> bool:
    return section.kind == "lock" and (section.lock is None or section.lock[0][0] == "new")


def _made(section: Section) -> Position | None:
    """Where a lock that only one call has is made."""
    if section.lock is None or section.lock[0][0] != "new":
        return None
    line, column, _ = section.lock[0][1]
    return (line, column, line, column)


def _guard(program: Program, accesses: Iterable[Access]) -> Any:
    """The lock that most of the accesses hold."""
    counts = Counter(lock for access in accesses for lock in access.locks if isinstance(lock[0], tuple))
    return max(counts, key=lambda key: (counts[key], repr(key))) if counts else None


def _others(program: Program, main: Race, guard: Any) -> list[Access]:
    """Other request-time writes of the place that hold no lock and are no race of their own."""
    key = base_key(main.conflict.place)
    told = program.once(_told)
    found: dict[tuple[ScopeId, Position], Access] = {}
    for access in program.writes.get(key, ()):
        write = access.record
        assert isinstance(write, Write)
        at = (access.function, write.pos)
        if access.locks or at in told or at in found or (write.harmless and write.via == ".setdefault()"):
            continue
        if not _meets(access.place.key, main):
            continue
        if program.index.functions[access.function].facts.name in _MAKING:
            continue
        if guard in nesting.held_by_callers(program, access.function):
            continue
        found[at] = access
    return list(found.values())


def _meets(key: tuple[object, ...], main: Race) -> bool:
    """Whether a write there changes what the race is about: the same items, what holds them, or what they are made from."""
    own = main.conflict.place.key
    if len(key) > len(own) + (main.pair.kind == "value"):
        return False
    return all(map(may_be_same, key, own))


def _later(program: Program, key: tuple[object, ...], function: ScopeId, last: Position) -> tuple[Position, ...]:
    """Reads of the place in the function after the last write."""
    found = {
        access.record.pos
        for access in program.reads.get(key, ())
        if access.function == function
        and isinstance(access.record, Read)
        and access.record.remote is None
        and access.record.pos > last
    }
    return tuple(sorted(found))


def _site(
    program: Program,
    function: ScopeId,
    positions: list[Position],
    later: tuple[Position, ...] = (),
    place: tuple[object, ...] | None = None,
    lock: Any = None,
    others: Iterable[ScopeId] = (),
) -> Site:
    """A site of a place that the lock is to guard; ``others`` are the functions that are to take it, too."""
    keys = {key for key in (place, lock) if key is not None}
    return Site(
        program.file(function),
        program.index.functions[function].facts.qualname,
        tuple(sorted(positions)),
        later,
        program.once(purity.unknown_calls, function),
        program.once(purity.stops, function),
        nesting.again(program, function, lock, {*others, function}),
        nesting.clash(program, function, keys),
        homes.owners(program, function, keys),
    )
