"""Assignments that are checks: ``x = x or make()`` sets ``x`` only where it has nothing."""

from __future__ import annotations

from flaskglobals_lint import facts as f
from flaskglobals_lint.link.items import key_text


def as_branch(node: f.Assign) -> f.If | None:
    """The ``if`` that says the same as an assignment which leaves its target as it is where that has a value; None for
    any other."""
    target, value = node.targets[0], node.value
    text = key_text(target)
    if len(node.targets) > 1 or isinstance(target, f.Local) or not text:
        return None
    if isinstance(value, f.Boolean) and key_text(value.operands[0]) == text:
        first, *others = value.operands
        test: f.Expression = f.Operation("not", (first,)) if value.operator == "or" else first
        made = others[0] if len(others) == 1 else f.Boolean(value.operator, tuple(others))
    elif isinstance(value, f.Conditional) and _asked(value.test) == text:
        if key_text(value.body) == text:
            test, made = f.Operation("not", (value.test,)), value.orelse
        elif key_text(value.orelse) == text:
            test, made = value.test, value.body
        else:
            return None
    else:
        return None
    return f.If(test, (f.Assign(node.targets, made, node.place),), (), node.place)


def _asked(test: f.Expression) -> str:
    """What a test asks whether it is there: ``x``, ``not x``, ``x is None``."""
    if isinstance(test, f.Operation) and test.operator == "not":
        return _asked(test.operands[0])
    if isinstance(test, f.Compare) and test.operators in (("is",), ("is not",)):
        other = test.operands[1]
        return key_text(test.operands[0]) if isinstance(other, f.Constant) and other.kind == "none" else ""
    return key_text(test)
