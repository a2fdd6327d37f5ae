"""Make a mutable default in each call, in place of one for all calls."""

from __future__ import annotations

from collections.abc import Mapping

import libcst as cst

from flaskglobals_lint.fixes.draft import Draft
from flaskglobals_lint.fixes.refused import Refused
from flaskglobals_lint.remedy import OwnDefault


def apply(remedy: OwnDefault, drafts: Mapping[str, Draft]) -> bool:
    """Write the remedy into the draft of its file; whether it is safe: a caller may count on it. Raises Refused."""
    draft = drafts[remedy.path]
    code = draft.code
    statement = next((s for s in reversed(code.chain(remedy.parameter)) if isinstance(s.node, cst.FunctionDef)), None)
    if statement is None:
        raise Refused("the default is that of a lambda")
    assert isinstance(statement.node, cst.FunctionDef)
    params = [node for node in code.nodes(statement.node.params) if isinstance(node, cst.Param)]
    param = next((one for one in params if code.pos(one.name)[:2] == remedy.parameter[:2]), None)
    if param is None or param.default is None:
        raise Refused("the default is not where it was")
    if param.annotation is not None:
        raise Refused("its annotation would have to allow None")
    pos = code.pos(param.default)
    start, end = code.offset(*pos[:2]), code.offset(*pos[2:])
    default = code.text[start:end]
    body = statement.blocks[0].statements if statement.blocks else []
    if pos[0] != pos[2] or not body or body[0].pos[0] <= pos[0]:
        raise Refused("the function stands on one line, or its default on several")
    first = body[1] if len(body) > 1 and statement.node.get_docstring() is not None else body[0]
    name, indent = param.name.value, code.indent(first)
    draft.replace(start, end, "None")
    draft.insert_line(first.pos[0], f"{indent}if {name} is None:{code.newline}{indent}{code.unit}{name} = {default}")
    return False
