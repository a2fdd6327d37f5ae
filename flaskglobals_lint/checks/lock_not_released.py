"""FGL403: a lock is taken by ``acquire()``, and there is a way out of the function without ``release()``."""

from __future__ import annotations

from collections.abc import Iterator

from flaskglobals_lint.checks import conflicts
from flaskglobals_lint.finding import Finding
from flaskglobals_lint.link.items import key_text
from flaskglobals_lint.link.program import Program
from flaskglobals_lint.link.releases import Leak, Releases
from flaskglobals_lint.remedy import HoldByWith
from flaskglobals_lint.rule import by_code

RULE = by_code("FGL403")

_WAYS = {
    "raise": "the exception raised on line {line} leaves",
    "call": "an exception on line {line} leaves",
    "return": "the `return` on line {line} leaves",
    "end": "one way through the function leaves",
}


def check(program: Program) -> Iterator[Finding]:
    """A finding for each lock of a function that requests or background threads run."""
    releases = Releases(program.types)
    for fid in program.reached.contexts:
        for leak in releases.leaks(fid):
            yield _finding(program, leak)


def _finding(program: Program, leak: Leak) -> Finding:
    contexts = program.reached.contexts[leak.function]
    context = min(contexts, key=lambda c: len(c.chain))
    label = key_text(leak.lock)
    where = conflicts.way_in(program, context)
    if leak.never:
        message = f"`{label}` is taken {where} and nothing ever releases it; the next to want it waits for ever"
    else:
        way = _WAYS[leak.how].format(line=leak.left[0])
        message = f"`{label}` is taken {where}, and {way} it taken; everybody who wants it then waits for ever"
    related = () if leak.never else (program.span(leak.function, leak.left, "left here with the lock taken"),)
    return Finding(
        RULE.code,
        RULE.name,
        RULE.severity,
        message,
        program.span(leak.function, leak.taken),
        label,
        program.qualified(leak.function),
        conflicts.entry_points(program, contexts),
        program.chain(context),
        related,
        "high",
        None,
        f"use `with {label}:`, or release it in `finally:`",
        (
            f"request A takes {label} (line {leak.taken[0]})",
            f"A leaves on line {leak.left[0]} without release()",
            f"request B waits for {label} (line {leak.taken[0]}), and so does every later one",
        ),
        remedies=(HoldByWith(program.file(leak.function), leak.taken),),
    )
