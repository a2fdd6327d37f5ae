"""Sentences that several rules share: the lock to use, the other side, the steps of the interleaving."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flaskglobals_lint.checks.conflicts import window
from flaskglobals_lint.finding import Span
from flaskglobals_lint.link.summary import EMPTIED

if TYPE_CHECKING:
    from flaskglobals_lint.checks.conflicts import Race
    from flaskglobals_lint.link.contexts import Access
    from flaskglobals_lint.link.program import Program

MOST_RELATED = 3


def related(program: Program, race: Race) -> tuple[Span, ...]:
    """The read, where the place is defined, and other writes."""
    pair, function = race.pair, race.context.function
    spans = []
    if pair.read.pos[:2] != pair.write.pos[:2] or pair.read.remote is not None:
        done = "emptied" if pair.read.kind == EMPTIED else "read"
        spans.append(program.span(function, pair.read.pos, f"{done} here"))
    for remote, message in ((pair.read.remote, "the read"), (pair.write.remote, "the write")):
        if remote is not None:
            spans.append(program.span(remote[0], remote[1], f"{message} happens here"))
    for binding in program.definitions(race.conflict.path)[:1]:
        spans.append(program.span(binding.scope, binding.pos, "defined here"))
    for access in race.others[:MOST_RELATED]:
        spans.append(program.span(access.function, access.record.pos, f"also written {_where(program, access)}"))
    return tuple(spans)


def _where(program: Program, access: Access) -> str:
    side = "in the background " if access.context.start.runs != "request" else ""
    guard = "under a lock " if access.locks else ""
    return f"{side}{guard}in `{program.name(access.function)}`"


def existing_lock(program: Program, race: Race) -> str:
    """The name of a lock that guards the place elsewhere; empty if there is none."""
    for access in race.others:
        for section in access.record.sections if hasattr(access.record, "sections") else ():
            path = section.lock
            if path is None:
                continue
            if path[0][0] == "p":
                if len(path) > 1:
                    own = program.index.functions[path[0][1]].facts.parameters[path[0][2]]
                    return str(own.name) + "".join(str(step) for step in path[1:])
                continue
            place = program.paths.place(path)
            if place is not None:
                return place.label
    return ""


def lock_suggestion(program: Program, race: Race) -> str:
    """Which lock to hold around which lines."""
    pair, label = race.pair, race.conflict.place.label
    first, last = sorted((pair.read.pos[0], pair.write.pos[2]))
    lines = f"line {first}" if first == last else f"lines {first} to {last}"
    held = existing_lock(program, race)
    if held:
        return f"hold `{held}`, which guards `{label}` elsewhere, from the read to the write ({lines})"
    root = race.conflict.path[0]
    steps = [str(s) for s in race.conflict.place.key[1:] if str(s).startswith(".")]
    name = (steps[-1][1:] if steps else label.split("[")[0].split(".")[-1]).strip("_") or "state"
    if root[0] == "v":
        inside = race.context.function.startswith(f"{root[1]}.")
        where = f"beside `{root[2]}` in" if inside else "in the module of"
        owner = root[1] if inside else race.context.function
        made = f"make `{name}_lock = threading.Lock()` {where} `{program.name(owner)}`"
    elif race.conflict.place.key[0][0] == "a":
        made = f"make `self._{name}_lock = threading.Lock()` in `__init__`"
    else:
        made = f"define `{name}_lock = threading.Lock()` beside `{label.split('[')[0]}`"
    return f"{made} and hold it from the read to the write ({lines})"


def actors(race: Race) -> str:
    """Who comes between: ``two requests``, ``this thread and a request`` …"""
    start = race.context.start
    if start.often:
        return "two requests" if start.runs == "request" else "two such threads"
    asks = any(other.context.start.runs == "request" for other in race.others)
    return "this thread and a request" if asks else "this thread and another one"


def unlucky(race: Race, since: str) -> str:
    """Where a race without a window happens, to end a sentence; ``since``: the first CPython that switches nowhere in it.

    An interpreter with a GIL looks for other threads only at calls and at the end of a loop's round from 3.10 on, where a
    branch jumps from 3.11 on (github.com/python/cpython/pull/31404, and the measurements on the page of FGL101).
    """
    return f" on CPython before {since} or without a GIL" if window(race.pair) == "none" else ""


def split_section(race: Race) -> bool:
    """Whether read and write each hold the same lock, which is let go in between."""
    read, write = race.pair.read.sections, race.pair.write.sections
    return any(r.lock is not None and r.lock == w.lock and r.id != w.id for r in read for w in write)
