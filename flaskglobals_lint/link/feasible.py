"""Which way a test goes, as far as parameters that a call gives a literal, or leaves at their default, decide it."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from flaskglobals_lint import facts as f

if TYPE_CHECKING:
    from flaskglobals_lint.link.frame import Frame

DEEP_LOOPS = 3
"""From which nesting on loops are walked once."""

Constants: TypeAlias = tuple[tuple[int, f.Constant], ...]
"""Parameters, by index, and the literals that one call gives them."""

_FALSE = {"none": ("None",), "bool": ("False",), "int": ("0",), "float": ("0.0",), "str": ("",), "bytes": ("",)}
COMPARED = {"is": True, "==": True, "is not": False, "!=": False}
"""Whether operands of which a comparison holds are the same."""


def verdict(frame: Frame, node: f.Expression) -> bool | None:
    """Whether a condition holds in this call; None if that cannot be told."""
    match node:
        case f.Local() | f.Constant():
            known = _literal(frame, node)
            return None if known is None else _truth(known)
        case f.Operation(operator="not"):
            inner = verdict(frame, node.operands[0])
            return None if inner is None else not inner
        case f.Boolean():
            found = [verdict(frame, operand) for operand in node.operands]
            decisive = node.operator == "or"
            if decisive in found:
                return decisive
            return None if None in found else not decisive
        case f.Compare() if len(node.operators) == 1 and node.operators[0] in COMPARED:
            return _compared(frame, node)
        case _:
            return None


def _compared(frame: Frame, node: f.Compare) -> bool | None:
    """``p is None``, ``p == "literal"``"""
    one, other = node.operands
    if not (isinstance(one, f.Local) and isinstance(other, f.Constant)):
        return None
    known = _literal(frame, one)
    if known is None:
        return None
    if known.kind != other.kind and not {known.kind, other.kind} & {"none", "str"}:
        return None
    return (known == other) == COMPARED[node.operators[0]]


def _literal(frame: Frame, node: f.Local | f.Constant) -> f.Constant | None:
    """The literal that a name stands for. A parameter of which nothing is known is noted: a call may tell."""
    if isinstance(node, f.Constant):
        return node
    value = frame.variables.get(node.name)
    if value is None or frame.loops > DEEP_LOOPS:  # there, a variable is not seen to change from round to round
        return None
    if value.parameter >= 0:
        frame.asked.add(value.parameter)
    return value.literal


def _truth(node: f.Constant) -> bool | None:
    texts = _FALSE.get(node.kind)
    return None if texts is None else node.text not in texts
