"""Code that runs only while something is missing, and then provides it: ``if thread is None: thread = start(…)``.

A thread that is started there does not run beside itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from flaskglobals_lint import facts as f
from flaskglobals_lint.link.feasible import COMPARED

if TYPE_CHECKING:
    from flaskglobals_lint.link.frame import Frame
    from flaskglobals_lint.link.summary import Path


def lacking(test: f.Expression, holds: bool) -> bool:
    """Whether a condition that holds, or does not, means that something is missing: ``x is None``, ``not x``,
    ``not x.is_alive()`` and combinations of these."""
    match test:
        case f.Operation(operator="not"):
            return lacking(test.operands[0], not holds)
        case f.Boolean():
            # Where each operand has that outcome, one that tells is enough; where only some have, all must tell.
            every = any if (test.operator == "and") == holds else all
            return every(lacking(operand, holds) for operand in test.operands)
        case f.Compare(operators=(operator,), operands=(_, f.Constant() as nothing)) if _is_nothing(nothing):
            return COMPARED.get(operator) is holds
        case f.Call(function=f.Attribute(name="is_alive" | "is_set")) | f.Local() | f.Global() | f.Free():
            return not holds
        case f.Attribute() | f.Item():
            return not holds
    return False


def _is_nothing(node: f.Constant) -> bool:
    return node.kind == "none" or node.text == "False"


def mark(frame: Frame) -> None:
    """Note at each call what was missing when it was made, and is provided by the same branch.

    To be called when all of the function was evaluated and its pairs are known.
    """
    if not frame.amid:
        return
    summary, first = frame.summary, frame.first_read
    checks = [(summary.reads.index(pair.read), pair.read.path) for pair in summary.pairs if pair.kind == "control"]
    for at, mask in frame.amid.items():
        paths: dict[Path, None] = {path: None for read, path in checks if mask >> first >> read & 1}
        if paths:
            summary.edges[at] = replace(summary.edges[at], once=tuple(paths))
