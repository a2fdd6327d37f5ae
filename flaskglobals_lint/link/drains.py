"""Containers that a function empties, and counts that it sets back, after it has looked at all that they hold."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, TypeAlias

from msgspec.structs import replace

from flaskglobals_lint import facts as f
from flaskglobals_lint.facts import Placed
from flaskglobals_lint.link.locks import common
from flaskglobals_lint.link.summary import TAKEN, Pair, Read, Summary, Write
from flaskglobals_lint.link.trees import walk

if TYPE_CHECKING:
    from flaskglobals_lint.facts import Position

_LEAVES = (f.Jump, f.Raise, f.Return)
_NEVER_PASSED = (*_LEAVES, f.Assert, f.Match, f.Define, f.DefineClass)
MOST_LOOKS = 8
"""How many looks at a place before it is emptied are judged, from the nearest on."""

_Block: TypeAlias = "tuple[f.Statement, ...]"
_Trail: TypeAlias = "tuple[tuple[_Block, int], ...]"
"""Where a part of the code stands: the blocks around it, from the outside in, and the index of its statement in each."""


def find(summary: Summary, body: Sequence[f.Statement]) -> Iterator[Pair]:
    """The emptying of each place all of which the function has passed on, copied or walked over on its way there.

    Of several such looks the one that shares most locks with the emptying counts, then the first. Whether anybody adds to the
    place meanwhile is for the checks to ask.
    """
    trails: dict[Position, _Trail] = {}
    sliced: set[Position] = set()
    looked = {read.path for read in (*summary.handed, *summary.reads)}
    for write in summary.writes:
        if write.remote is not None or not (empties(write) or (write.via == "=" and write.constant)):
            continue
        if write.path not in looked:
            continue
        if not trails:
            trails = dict(_trails(tuple(body), ()))
            sliced = {
                node.pos
                for node in walk(tuple(body))
                if isinstance(node, f.Item) and isinstance(node.key, f.Operation) and node.key.operator == "slice"
            }
        looks = sorted((one for one in _looks(summary, write, sliced) if one.pos < write.pos), key=lambda one: one.pos)
        asked = {
            _statement(trails[read.pos]) for read in summary.reads if read.path == write.path and read.pos in trails
        }
        looks = [look for look in looks[-MOST_LOOKS:] if _comes_first(trails, look.pos, write.pos, asked)]
        if looks:
            look = replace(max(looks, key=lambda one: len(common(one.sections, write.sections))), kind=TAKEN)
            yield Pair("value", look, write, common(look.sections, write.sections))


def empties(write: Write) -> bool:
    """Whether a write leaves a container with nothing in it."""
    return write.via == ".clear()" or (write.via == "=" and write.constant and bool(write.refs))


def _looks(summary: Summary, write: Write, sliced: set[Position]) -> Iterator[Read]:
    """Where the function looks at all that the place holds."""
    path = write.path
    yield from (read for read in summary.handed if read.path == path)
    if not empties(write):
        yield from (read for read in summary.reads if read.path == path and read.kind == "load" and read.remote is None)
        return
    walked = {one.pos for one in summary.iterations if one.path == path}
    walked |= {
        edge.pos for edge in summary.edges if edge.kind == "call" and any(path in refs for refs in edge.arguments)
    }
    for read in summary.reads:
        if read.path != path or read.remote is not None:
            continue
        if read.pos in sliced and read.kind == "content":
            yield read
        for pos in walked:
            if pos[:2] <= read.pos[:2] and read.pos[2:] <= pos[2:]:
                yield replace(read, pos=pos)


def _comes_first(trails: dict[Position, _Trail], look: Position, write: Position, asked: set[int]) -> bool:
    """Whether the code at ``look`` runs whenever control comes to ``write``, or would if the place held anything; ``asked``:
    the statements that read the place."""
    first, second = trails.get(look, ()), trails.get(write, ())
    level = 0
    while first[level : level + 1] and _same(first[level : level + 1], second[level : level + 1]):
        level += 1
    if level == len(first) == len(second):
        return level > 0
    if level >= min(len(first), len(second)):
        return False
    (block, at), (other, later) = first[level], second[level]
    return block is other and at < later and _falls_through(first[level:], asked)


def _same(one: _Trail, other: _Trail) -> bool:
    return bool(other) and one[0][0] is other[0][0] and one[0][1] == other[0][1]


def _falls_through(trail: _Trail, asked: set[int]) -> bool:
    """Whether control goes on from the trail's end after the statement that it begins with, and it is no mere test."""
    for level, (block, at) in enumerate(trail):
        statement = block[at]
        inner = trail[level + 1][0] if level + 1 < len(trail) else None
        if isinstance(statement, _NEVER_PASSED) or (inner is not None and isinstance(inner[-1], _LEAVES)):
            return False
        if isinstance(statement, f.If) and (inner is not statement.body or id(statement) not in asked):
            return False
        if isinstance(statement, f.While) and inner is not statement.body:
            return False
    return True


def _statement(trail: _Trail) -> int:
    block, at = trail[-1]
    return id(block[at])


def _trails(block: _Block, above: _Trail) -> Iterator[tuple[Position, _Trail]]:
    """Where each part of a block stands; what belongs to the head of a statement stands in the statement itself."""
    for at, statement in enumerate(block):
        here = (*above, (block, at))
        blocks, head = _parts(statement)
        for node in walk(head):
            if isinstance(node, Placed):
                yield node.pos, here
        if isinstance(statement, Placed):
            yield statement.pos, here
        for inner in blocks:
            yield from _trails(inner, here)


def _parts(statement: f.Statement) -> tuple[tuple[_Block, ...], object]:
    """The blocks of a statement, those that run one after the other as one, and what it has beside them. What an error
    leads to is left out: nothing is sure to have run before it."""
    match statement:
        case f.Try():
            return ((statement.body + statement.orelse + statement.final),), ()
        case f.If() | f.While():
            return (statement.body, statement.orelse), statement.test
        case f.For():
            return (statement.body, statement.orelse), (statement.target, statement.iterable)
        case f.With():
            return (statement.body,), statement.items
        case f.Match():
            return tuple(case.body for case in statement.cases), statement.subject
    return (), statement
