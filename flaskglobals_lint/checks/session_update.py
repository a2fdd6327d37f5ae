"""FGL105: a value in the session that is computed from its earlier value."""

from __future__ import annotations

from collections.abc import Iterator

from flaskglobals_lint.checks import conflicts
from flaskglobals_lint.finding import Finding
from flaskglobals_lint.link.paths import render
from flaskglobals_lint.link.program import Program
from flaskglobals_lint.link.summary import SESSION, Pair
from flaskglobals_lint.rule import by_code

RULE = by_code("FGL105")


def check(program: Program) -> Iterator[Finding]:
    """A note for each such write in request-time code."""
    for fid in sorted(program.serving):
        for pair in program.evaluator.summary(fid).pairs:
            if pair.kind == "value" and pair.write.path[:1] == SESSION and pair.write.remote is None:
                yield _finding(program, fid, pair)


def _finding(program: Program, fid: str, pair: Pair) -> Finding:
    context = program.reached.contexts[fid][0]
    label = "session" + render(pair.write.path[1:])
    return Finding(
        RULE.code,
        RULE.name,
        RULE.severity,
        f"`{label}` is computed from its earlier value {conflicts.way_in(program, context)}; of two requests of one browser at a time the one that ends last wins",
        program.span(fid, pair.write.pos),
        f"flask.{label}",
        program.qualified(fid),
        conflicts.entry_points(program, (context,)),
        program.chain(context),
        confidence="high" if pair.read.remote is None else "medium",
        suggestion="keep who the user is in the session, and what is counted or collected in a database",
        steps=(
            f"request A loads the session: {label} is 1",
            f"request B of the same browser loads it: {label} is 1",
            "A saves 2, B saves 2: one of two updates is lost",
        ),
    )
