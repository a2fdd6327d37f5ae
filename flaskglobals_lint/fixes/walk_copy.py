"""Walk over a copy that is made in one step."""

from __future__ import annotations

from collections.abc import Mapping

import libcst as cst

from flaskglobals_lint.fixes.code import Code
from flaskglobals_lint.fixes.draft import Draft
from flaskglobals_lint.fixes.refused import Refused
from flaskglobals_lint.remedy import WalkCopy

_VIEWS = ("items", "values", "keys")


def apply(remedy: WalkCopy, drafts: Mapping[str, Draft]) -> bool:
    """Write the remedy into the draft of its file; whether it is safe. Raises Refused."""
    draft = drafts[remedy.path]
    code = draft.code
    walked = _walked(code, remedy)
    text = code.source(walked)
    start = code.offset(*code.pos(walked)[:2])
    end = code.offset(*code.pos(walked)[2:])
    if code.text[start:end] != text:
        text = code.text[start:end]
    draft.replace(start, end, f"[*{text}]" if code.binds("list") else f"list({text})")
    return remedy.sure and not remedy.grows


def _walked(code: Code, remedy: WalkCopy) -> cst.BaseExpression:
    """The expression that a loop, or a call with a Python function, walks along."""
    chain = code.chain(remedy.loop)
    if not chain:
        raise Refused("the loop is not where it was")
    for node in code.nodes(chain[-1].node):
        if isinstance(node, cst.For) and code.pos(node)[:2] == remedy.loop[:2]:
            return _inner(node.iter)
        if isinstance(node, cst.CompFor) and code.pos(node)[:2] == remedy.loop[:2]:
            return _inner(node.iter)
        if isinstance(node, cst.BaseComp) and code.pos(node) == remedy.loop:
            return _inner(node.for_in.iter)
        if isinstance(node, cst.Call) and code.pos(node) == remedy.loop and node.args:
            name = code.source(node.func)
            if name in ("filter", "map"):
                return _inner(node.args[1].value)
            if name in ("sorted", "min", "max", "sum", "any", "all"):
                return _inner(node.args[0].value)
    raise Refused("there is no plain loop here")


def _inner(node: cst.BaseExpression) -> cst.BaseExpression:
    """What ``enumerate(x)`` and the like walk along."""
    while (
        isinstance(node, cst.Call)
        and isinstance(node.func, cst.Name)
        and node.func.value in ("enumerate", "reversed", "iter")
        and node.args
        and node.args[0].star == ""
    ):
        node = node.args[0].value
    if isinstance(node, cst.Call) and isinstance(node.func, cst.Attribute) and node.func.attr.value in _VIEWS:
        return node
    if isinstance(node, cst.Name | cst.Attribute | cst.Subscript):
        return node
    if isinstance(node, cst.Call):
        return node
    raise Refused("what the loop walks is not one container")
