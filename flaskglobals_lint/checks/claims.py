"""Something free that is looked for and then taken: a function that leaves early where there is something already."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flaskglobals_lint import facts as f
from flaskglobals_lint.link.trees import walk

if TYPE_CHECKING:
    from flaskglobals_lint.checks.conflicts import Race
    from flaskglobals_lint.link.program import Program


def claims(program: Program, race: Race) -> bool:
    """Whether the function goes on to its write only where it, or the one it asks for something free, found nothing there:
    ``if self.owner is not None: abort(409)``, then ``self.owner = user``."""
    read, write = race.pair.read, race.pair.write
    if write.via != "=" or write.constant or write.branch or write.remote is not None:
        return False
    scope, pos = read.remote or (race.context.function, read.pos)
    function = program.index.functions.get(scope)
    if function is None:
        return False
    nodes = list(walk(function.facts.body))
    found = {
        target.name
        for node in nodes
        if isinstance(node, f.Assign) and getattr(node.value, "pos", None) == pos
        for target in node.targets
        if isinstance(target, f.Local)
    }
    for node in nodes:
        if isinstance(node, f.If):
            full = _full(node.test, pos, found)
            if full if read.remote is None else full is False and _gives(node.body[-1]):
                return True
        elif isinstance(node, f.Clause) and any(_full(test, pos, found) is False for test in node.conditions):
            return True
    return False


def _full(test: f.Expression, pos: f.Position, names: set[str]) -> bool | None:
    """Whether a test holds where the place has something (True) or nothing (False); None where it does not tell."""
    match test:
        case f.Operation(operator="not", operands=(inner,)):
            full = _full(inner, pos, names)
            return None if full is None else not full
        case f.Boolean():
            told = [_full(part, pos, names) for part in test.operands]
            wanted = test.operator == "or"
            return wanted if wanted in told else None
        case f.Compare(operators=("is" | "==",), operands=(one, f.Constant(kind="none") | f.Constant(text=""))):
            return False if _full(one, pos, names) else None
        case f.Compare(operators=("is not" | "!=",), operands=(one, f.Constant(kind="none") | f.Constant(text=""))):
            return True if _full(one, pos, names) else None
        case f.Local():
            return True if test.name in names else None
        case _:
            return True if getattr(test, "pos", None) == pos else None


def _gives(last: f.Statement) -> bool:
    """Whether a statement returns something."""
    return isinstance(last, f.Return) and last.value is not None and not isinstance(last.value, f.Constant)
