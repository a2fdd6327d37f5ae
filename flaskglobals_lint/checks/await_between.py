"""FGL104: a shared place is read, something is awaited, and then the place is written by what was read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from flaskglobals_lint.checks import check_then_set, conflicts, defects, wording
from flaskglobals_lint.checks.conflicts import Race
from flaskglobals_lint.finding import Finding
from flaskglobals_lint.link.program import Program
from flaskglobals_lint.rule import by_code

RULE = by_code("FGL104")
_HELD_ON_LOOP = "await first, or hold one `asyncio.Lock` from the read to the write"


def check(program: Program) -> Iterator[Finding]:
    """A finding for each such write; it stands for the read-modify-write or check-then-set that it is, too."""
    ended: set[tuple[object, ...]] = set()
    races = program.once(conflicts.races)
    told = {(race.context.function, race.pair.write.pos) for race in (*races["value"], *races["control"])}
    for race in races["await"]:
        if race.pair.write.remote in told:
            # The callee that writes has read the place itself: a lock there is what is missing first.
            continue
        finding = _finding(program, race)
        if race.pair.kind == "control" and race.pair.write.constant:
            # One object that is taken down, attribute by attribute, is one defect.
            token = (race.context.function, race.conflict.path[:-1])
            finding = replace(finding, severity="info") if token in ended else finding
            ended.add(token)
        yield finding


def _finding(program: Program, race: Race) -> Finding:
    pair, place, context = race.pair, race.conflict.place, race.context
    where = conflicts.way_in(program, context)
    checked = pair.kind == "control"
    lane = context.start.tasks
    obeyed = "without a lock" if lane else "without a lock that threads obey,"
    done = f"{'checked' if checked else 'read'} on line {pair.read.pos[0]}"
    message = (
        f"`{place.label}` is {done} and written here after an `await`, {obeyed} {where}; "
        f"{'two requests can both pass the check' if checked else 'an update made meanwhile is lost'}"
    )
    severity = check_then_set.severity(program, race) if checked else RULE.severity
    suggestion = _HELD_ON_LOOP if lane else f"await first, then {wording.lock_suggestion(program, race)}"
    return defects.finding(
        program, race, RULE, severity, check_then_set.acts(race), message, suggestion, _steps(race), fixable=not lane
    )


def _steps(race: Race) -> tuple[str, ...]:
    label = race.conflict.place.label
    read, write = race.pair.read.pos[0], race.pair.write.pos[0]
    there = "while A waits" if race.context.start.tasks else "in a thread and event loop of its own"
    return (
        f"request A reads {label} (line {read}) and awaits",
        f"request B, {there}, reads the same {label} (line {read})",
        f"A writes {label} (line {write})",
        f"B writes {label} (line {write}): what A did is repeated or lost",
    )
