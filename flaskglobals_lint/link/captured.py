"""Variables that a nested function shares with the function around it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flaskglobals_lint.link.contexts import Context
    from flaskglobals_lint.link.evaluate import Evaluator
    from flaskglobals_lint.link.summary import Path


def behind(evaluator: Evaluator, path: Path, context: Context) -> list[tuple[Path, Context]]:
    """What a path that starts in a variable of the function around the running one refers to, and in whose terms: of the
    run of that function which this context comes from. Empty where it comes from none."""
    _, owner, name = path[0][:3]
    above = context.parent
    while above is not None and above.function != owner:
        above = above.parent
    if above is None:
        return []
    at = evaluator.types.parameter_index(evaluator.types.index.functions[owner], name)
    refs = evaluator.summary(owner, above.constants).captured.get(name, [])
    named = [*refs, (("p", owner, at),)] if at >= 0 else refs
    return [((*ref, *path[1:]), above) for ref in named]
