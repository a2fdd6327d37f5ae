"""State machines: one look at a place decides which of several states it goes to next."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from flaskglobals_lint import facts as f
from flaskglobals_lint.link import items
from flaskglobals_lint.link.trees import walk

if TYPE_CHECKING:
    from flaskglobals_lint.checks.conflicts import Race
    from flaskglobals_lint.link.index import ScopeId
    from flaskglobals_lint.link.program import Program

_ORDER = frozenset({"<", "<=", ">", ">="})


def is_step(program: Program, race: Race) -> bool:
    """Whether the write stores one of several fixed states, by what was found: of two requests that do so one step is lost."""
    pair = race.pair
    if pair.early or pair.read.remote is not None or pair.write.remote is not None:
        return False
    return pair.write.pos in program.once(_steps, race.context.function)


def _steps(program: Program, function: ScopeId) -> frozenset[f.Position]:
    """Where a function stores one of several fixed states."""
    steps: set[f.Position] = set()
    for node in walk(program.index.functions[function].facts.body):
        arms = [list(_stored(arm)) for arm in _arms(node)]
        for text in {text for arm in arms for text, _, _ in arm}:
            found = [{state for one, state, _ in arm if one == text} for arm in arms]
            states = [arm for arm in found if arm]
            if len(states) > 1 and len(set().union(*states)) > 1:
                steps |= {getattr(target, "pos", f.NOWHERE) for arm in arms for one, _, target in arm if one == text}
    return frozenset(steps)


def _arms(node: object) -> list[tuple[f.Statement, ...]]:
    """The ways on from a test for a state; one for more or less only keeps a number within bounds."""
    if isinstance(node, f.Match):
        return [case.body for case in node.cases]
    if not isinstance(node, f.If):
        return []
    bounds = any(isinstance(part, f.Compare) and _ORDER.intersection(part.operators) for part in walk(node.test))
    return [] if bounds else [node.body, node.orelse]


def _stored(arm: tuple[f.Statement, ...]) -> Iterator[tuple[str, str, f.Expression]]:
    """What the arm sets to a fixed value: how it is written, the value, and the target."""
    for node in walk(arm):
        if isinstance(node, f.Assign) and (state := _state(node.value)):
            for target in node.targets:
                if text := items.key_text(target):
                    yield text, state, target


def _state(node: f.Expression) -> str:
    """A literal, or the name of a constant or of an enumeration's member; empty for anything else."""
    return f"={node.text}" if isinstance(node, f.Constant) else items.fixed_name(node)
