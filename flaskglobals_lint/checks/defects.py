"""A race as the rules of updates tell it: one finding for both sides of the conflict."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flaskglobals_lint.checks import conflicts, remedies, wording
from flaskglobals_lint.finding import Finding, Severity

if TYPE_CHECKING:
    from flaskglobals_lint.checks.conflicts import Race
    from flaskglobals_lint.facts import Position
    from flaskglobals_lint.link.index import ScopeId
    from flaskglobals_lint.link.program import Program
    from flaskglobals_lint.rule import Rule


def finding(
    program: Program,
    race: Race,
    rule: Rule,
    severity: Severity,
    at: tuple[ScopeId, Position],
    message: str,
    suggestion: str,
    steps: tuple[str, ...],
    *,
    fixable: bool = True,
) -> Finding:
    """The finding of a race; ``at`` is the function, and the place in it, where it is told."""
    function, pos = at
    chain = program.chain(race.context)
    return Finding(
        rule.code,
        rule.name,
        severity,
        message,
        program.span(function, pos),
        race.conflict.place.symbol,
        program.qualified(function),
        conflicts.entry_points(program, race.contexts),
        chain if function == race.context.function else (*chain, program.qualified(function)),
        wording.related(program, race),
        conflicts.confidence(race),
        conflicts.window(race.pair),
        suggestion,
        steps,
        uninterrupted=race.uninterrupted,
        remedies=remedies.of_race(program, race) if fixable else (),
    )
