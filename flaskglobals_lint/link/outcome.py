"""What is known of a function when all of it was evaluated: its summary."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from flaskglobals_lint.link import drains, once, pairs
from flaskglobals_lint.link.atoms import ITEM
from flaskglobals_lint.link.frame import ENDED, Frame, merge
from flaskglobals_lint.link.paths import is_path
from flaskglobals_lint.link.summary import Path, Read, Returned, Summary, Value, Write, bits

MOST_EFFECTS = 48
MOST_RETURNED_READS = 24


def finish(frame: Frame, falls: bool) -> Summary:
    """The summary of an evaluated function; ``falls``: it may end without a ``return`` or an error.

    Which of several values comes back tells what decided it. Where there is one ``return`` and all other ways out are
    errors, what was checked decides only that the caller goes on.
    """
    summary = frame.summary
    chosen = falls or len({pos for pos, _, _ in frame.returned}) > 1
    values = [value.depending(decided) if chosen else value for _, value, decided in frame.returned]
    result = Value()
    for value in values:
        result = merge(result, value)
    summary.returned = _known_outside(result.refs)
    summary.returned_parts = _parts(frame, values)
    summary.returned_view = result.view
    summary.returned_flags = result.flags
    first = frame.first_read
    summary.returned_parameters = result.deps & ((1 << first) - 1)
    summary.returned_reads = _reads(frame, result.deps)
    summary.ended = tuple(read for read in summary.reads if read.kind == ENDED)
    summary.acquired = frame.sections
    summary.blocks = frame.blocking > 0
    summary.asked = frozenset(frame.asked)
    summary.pauses = frame.pauses > 0
    for at, write in enumerate(summary.writes):
        if not write.branch and not write.acts and frame.calls > write.clock[0]:
            summary.writes[at] = replace(write, acts=True)
    summary.pairs = pairs.find(summary, first, frame.parameters)
    once.mark(frame)
    # A check on which the function has acted itself is none of what its caller does next.
    acted = [pair.read for pair in summary.pairs if pair.kind == "control"]
    summary.checks = tuple(read for read in _reads(frame, frame.raised) if read not in acted)
    own_checked = {(pair.write.path, pair.write.pos) for pair in summary.pairs if pair.kind == "control" or pair.covers}
    # What else is done to a container in a section that looks at it itself goes with that.
    covered = {(_container(pair.write.path), section) for pair in summary.pairs for section in pair.covers}
    if frame.function is not None:
        summary.pairs.extend(drains.find(summary, frame.function.facts.body))
    effects: dict[tuple[Any, ...], Write] = {}
    mask = (1 << first) - 1
    for write in summary.writes:
        if write.path[0][0] == "new" or (write.path, write.pos) in own_checked or write.path in write.refs:
            continue
        if any((_container(write.path), section) in covered for section in write.sections):
            continue
        effects.setdefault((write.path, write.kind, write.values & mask), _exported(write, mask))
    summary.effects = tuple(effects.values())[:MOST_EFFECTS]
    summary.writes = [write for write in summary.writes if write.remote is None]
    return summary


def _container(path: Path) -> Path:
    return path[:-1] if path[-1] == ITEM else path


def _reads(frame: Frame, deps: int) -> tuple[Read, ...]:
    found: dict[tuple[Any, ...], Read] = {}
    for at in bits(deps >> frame.first_read):
        read = frame.summary.reads[at]
        found.setdefault((read.path, read.kind), read)
    return tuple(found.values())[:MOST_RETURNED_READS]


def _parts(frame: Frame, values: list[Value]) -> tuple[Returned, ...]:
    """The members of the tuple that the function returns, wherever it returns."""
    first = values[0].parts if values else ()
    if any(len(value.parts) != len(first) for value in values):
        return ()
    found: list[Returned] = []
    mask = (1 << frame.first_read) - 1
    for at in range(len(first)):
        part = first[at]
        for value in values[1:]:
            part = merge(part, value.parts[at])
        refs = _known_outside(part.refs)
        found.append(Returned(refs, part.view, part.flags, _reads(frame, part.deps), part.deps & mask))
    return tuple(found)


def _exported(write: Write, mask: int) -> Write:
    """A write as callers see it: only its dependence on parameters is left. It stands where the place is known."""
    known = write.handed and write.path[0][0] != "p"
    remote, handed = (None, False) if known else (write.remote, write.handed)
    return replace(write, values=write.values & mask, control=0, sections=(), remote=remote, handed=handed)


def _known_outside(refs: tuple[Any, ...]) -> tuple[Any, ...]:
    """References without the plain containers that a function made: whoever calls it has a new one each time."""
    return tuple(
        ref for ref in refs if not is_path(ref) or ref[0][0] != "new" or ref[0][2][0] in ("inst", "extinst", "conn")
    )
