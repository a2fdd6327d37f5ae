"""FGL101: a value read from a shared place decides what is written back, and another thread can come between."""

from __future__ import annotations

from collections.abc import Iterator

from flaskglobals_lint.checks import conflicts, defects, refills, repairs, wording, writes
from flaskglobals_lint.checks.conflicts import Race
from flaskglobals_lint.checks.drained import adders
from flaskglobals_lint.finding import Finding, Severity
from flaskglobals_lint.link import drains
from flaskglobals_lint.link.program import Program
from flaskglobals_lint.link.summary import EMPTIED, TAKEN
from flaskglobals_lint.rule import by_code

RULE = by_code("FGL101")


def check(program: Program) -> Iterator[Finding]:
    """A finding for each such write; one for a list that is emptied once and filled again in several branches."""
    refilled: set[tuple[object, ...]] = set()
    races = program.once(conflicts.races)
    changed = {
        (race.context.function, race.conflict.path[:-1]): race.pair.write.pos
        for race in (*races["control"], *races["value"])
        if race.pair.write.remote is None
    }
    own = {(race.context.function, race.pair.write.pos) for race in races["value"] if race.pair.write.remote is None}
    for race in races["value"]:
        if race.pair.write.remote in own:
            # What the callee loses by itself is told there.
            continue
        before = changed.get((race.context.function, race.conflict.path))
        if before is not None and race.pair.write.remote is not None and before < race.pair.write.pos:
            # What is changed in place and then handed to a setter as a whole is one update, told where it is made.
            continue
        token = (race.context.function, race.conflict.place.key, race.pair.read.pos)
        if race.pair.read.kind == EMPTIED:
            if token in refilled:
                continue
            refilled.add(token)
        yield _finding(program, race)


def _finding(program: Program, race: Race) -> Finding:
    pair, place, context = race.pair, race.conflict.place, race.context
    where = conflicts.way_in(program, context)
    if pair.write.via == "next()":
        message = f"`{place.label}` is one generator for all, advanced without a lock {where}; while it runs a second request gets ValueError: generator already executing"
    elif pair.read.kind == EMPTIED:
        message = f"`{place.label}` is emptied on line {pair.read.pos[0]} and filled again here without a lock {where}; {wording.actors(race)} fill one list, and others see it half full"
    elif pair.read.kind == TAKEN:
        adder = next(adders(program, race.conflict))
        adding = f"`{program.name(adder.function)}` ({program.file(adder.function)}:{adder.record.pos[0]})"
        done = "emptied" if drains.empties(pair.write) else "set back"
        message = f"`{place.label}` is read on line {pair.read.pos[0]} and {done} here {where}, not in one critical section; what {adding} adds in between is lost{wording.unlucky(race, '3.10')}"
    elif wording.split_section(race):
        message = f"`{place.label}` is read under a lock and written back after the lock was let go {where}; an update made in between is lost"
    else:
        actors = wording.actors(race)
        chance = wording.unlucky(race, "3.10")
        message = (
            f"`{place.label}` is read and written back without a lock {where}; {actors} can lose an update{chance}"
        )
    at = (context.function, pair.write.pos)
    return defects.finding(
        program, race, RULE, _severity(program, race), at, message, _suggestion(program, race), _steps(race)
    )


def _severity(program: Program, race: Race) -> Severity:
    """Whoever removes items while going over a copy of the keys finds one gone at worst; others wanted it gone, too. What is
    read again because it is too old, or kept where there is nothing else, is not made of what was there; and an object that
    the function has just had made is known to nobody else."""
    pair = race.pair
    if (pair.read.remote is not None and refills.expires(program, race)) or refills.keeps_itself(program, race):
        return "info"
    if (pair.looped and pair.write.kind == "delete") or repairs.just_made(program, race):
        return "info"
    return "warning" if conflicts.window(pair) == "none" or pair.read.kind == EMPTIED else RULE.severity


def _suggestion(program: Program, race: Race) -> str:
    store = writes.store_of(program, race.conflict.path)
    if store is not None:
        return store.remedy
    return wording.lock_suggestion(program, race)


def _steps(race: Race) -> tuple[str, ...]:
    label = race.conflict.place.label
    read, write = race.pair.read.pos[0], race.pair.write.pos[0]
    if race.pair.read.kind == EMPTIED:
        return (
            f"request A empties {label} (line {read}) and begins to fill it (line {write})",
            f"request B empties it, too (line {read}): what A added is gone",
            f"A and B go on (line {write}): the rest is there twice",
        )
    if race.pair.read.kind == TAKEN:
        return (
            f"A reads all that is in {label} (line {read})",
            f"a request adds something to {label}",
            f"A throws away what is in {label} (line {write}): what was added was never read",
        )
    counts = race.pair.write.via in ("+=", "-=")
    old, one, two = ("10", "11", "11") if race.pair.write.via == "+=" else ("10", "9", "9")
    if counts:
        return (
            f"request A reads {label} (line {read}): {old}",
            f"request B reads {label} (line {read}): {old}",
            f"A writes {one} (line {write})",
            f"B writes {two} (line {write}): one of two updates is lost",
        )
    return (
        f"request A reads {label} (line {read})",
        f"request B reads {label} (line {read}): the same value",
        f"A writes what it made of it (line {write})",
        f"B writes what it made of the old value (line {write}): A's update is lost",
    )
