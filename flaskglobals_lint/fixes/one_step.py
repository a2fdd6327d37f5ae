"""Check and change in one atomic call."""

from __future__ import annotations

from collections.abc import Mapping

import libcst as cst

from flaskglobals_lint.fixes.code import Code, Statement
from flaskglobals_lint.fixes.draft import Draft
from flaskglobals_lint.fixes.refused import Refused
from flaskglobals_lint.remedy import OneStep


def apply(remedy: OneStep, drafts: Mapping[str, Draft]) -> bool:
    """Write the remedy into the draft of its file; whether it is safe. Raises Refused."""
    draft = drafts[remedy.site.path]
    code = draft.code
    first, last = code.stretch(remedy.site.accesses)
    node = first.node
    plain = first is last and isinstance(node, cst.If) and node.orelse is None and len(first.blocks) == 1
    if not plain or first.blocks[0].statements[0].pos[0] == first.pos[0]:
        return _after_get(remedy, code, draft, first, last)
    assert isinstance(node, cst.If)
    test, body = node.test, first.blocks[0].statements
    small = _single(body[0]) if len(body) == 1 else None
    if not isinstance(test, cst.Comparison) or len(test.comparisons) != 1 or small is None:
        raise Refused("the check decides more than one store")
    key, container = code.source(test.left), code.source(test.comparisons[0].comparator)
    there = isinstance(test.comparisons[0].operator, cst.In)
    missing = isinstance(test.comparisons[0].operator, cst.NotIn)
    text = ""
    if missing and isinstance(small, cst.Assign) and len(small.targets) == 1 and remedy.kind in ("mapping", "counter"):
        if code.source(small.targets[0].target) == f"{container}[{key}]" and _cheap(small.value):
            text = f"{container}.setdefault({key}, {code.source(small.value)})"
    elif there and isinstance(small, cst.Del) and remedy.kind == "mapping":
        if code.source(small.target) == f"{container}[{key}]":
            text = f"{container}.pop({key}, None)"
    elif there and isinstance(small, cst.Expr) and remedy.kind in ("mapping", "set"):
        call = code.source(small.value)
        if call == f"{container}.pop({key})" and remedy.kind == "mapping":
            text = f"{container}.pop({key}, None)"
        elif call == f"{container}.remove({key})" and remedy.kind == "set":
            text = f"{container}.discard({key})"
    if not text or "\n" in text:
        raise Refused("the check and the change are not one step")
    start, end = code.offset(*first.pos[:2]), code.offset(*first.pos[2:])
    if "#" in code.text[start : code.offset(*body[0].pos[:2])]:
        raise Refused("there is a comment between the check and the change")
    draft.replace(start, end, text)
    return _pure(test.left)


def _after_get(remedy: OneStep, code: Code, draft: Draft, first: Statement, last: Statement) -> bool:
    """``x = d.get(k)``, ``if x is None:``, ``d[k] = x``: what is stored is what was there first."""
    statements = first.block.statements
    if last.index != first.index + 1 or not isinstance(last.node, cst.If) or last.node.orelse is not None:
        raise Refused("the check and the change are not one step")
    read = _single(first)
    body = last.blocks[0].statements if last.blocks else []
    if not isinstance(read, cst.Assign) or len(body) != 2 or statements[last.index] is not last:
        raise Refused("the check and the change are not one step")
    name = code.source(read.targets[0].target)
    make, store = _single(body[0]), _single(body[1])
    if code.source(last.node.test) != f"{name} is None" or not isinstance(make, cst.Assign):
        raise Refused("the check and the change are not one step")
    if not isinstance(store, cst.Assign) or len(store.targets) != 1 or code.source(store.value) != name:
        raise Refused("the check and the change are not one step")
    target = store.targets[0].target
    value = make.value
    if not isinstance(target, cst.Subscript) or code.source(make.targets[0].target) != name or not _cheap(value):
        raise Refused("making the value twice may do harm")
    container, key = code.source(target.value), code.source(target)[len(code.source(target.value)) + 1 : -1]
    if code.source(read.value) != f"{container}.get({key})" or remedy.kind not in ("mapping", "counter"):
        raise Refused("the check and the change are not one step")
    start, end = code.offset(*code.pos(value)[:2]), code.offset(*code.pos(value)[2:])
    if body[1].pos[0] != body[0].pos[2] + 1:
        raise Refused("there is something between the value and its store")
    draft.replace(start, end, f"{container}.setdefault({key}, {code.source(value)})")
    draft.delete_line(body[1].pos[0])
    return True


def _single(statement: Statement) -> cst.BaseSmallStatement | None:
    """The one simple statement on a line."""
    return statement.small if statement.pos[0] == statement.pos[2] else None


_BUILDERS = ("dict", "list", "set", "deque", "int", "str", "float", "Counter", "OrderedDict")


def _cheap(value: cst.BaseExpression) -> bool:
    """Whether making the value costs next to nothing and does nothing else."""
    if isinstance(value, cst.Call):
        named = isinstance(value.func, cst.Name) and value.func.value in _BUILDERS
        return named and all(_cheap(argument.value) for argument in value.args)
    if isinstance(value, cst.Await | cst.Yield | cst.NamedExpr | cst.Lambda | cst.BaseComp):
        return False
    return all(_cheap(child) for child in _expressions(value))


def _expressions(value: cst.CSTNode) -> list[cst.BaseExpression]:
    found: list[cst.BaseExpression] = []
    for child in value.children:
        if isinstance(child, cst.BaseExpression):
            found.append(child)
        else:
            found += _expressions(child)
    return found


def _pure(key: cst.BaseExpression) -> bool:
    return not isinstance(key, cst.Call)
