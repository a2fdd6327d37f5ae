"""Another class, or fewer arguments, for a pool that threads must not share."""

from __future__ import annotations

import re
from collections.abc import Mapping

import libcst as cst

from flaskglobals_lint.fixes.code import Code
from flaskglobals_lint.fixes.draft import Draft
from flaskglobals_lint.fixes.refused import Refused
from flaskglobals_lint.remedy import DropArguments, Position, ThreadSafeClass

_IN_MEMORY = re.compile(r"""sqlite(?:\+\w+)?://(?:/?:memory:)?["']|mode=memory|^["']:memory:""")


def change_class(remedy: ThreadSafeClass, drafts: Mapping[str, Draft]) -> bool:
    """Write the other class wherever the file names the first. It has the same methods: safe. Raises Refused."""
    draft = drafts[remedy.path]
    code = draft.code
    function = _call(code, remedy.call).func
    name = function.attr if isinstance(function, cst.Attribute) else function
    if not isinstance(name, cst.Name):
        raise Refused("it is made by another name")
    names = code.names(code.tree)
    if any(found.value == remedy.twin for found in names):
        raise Refused(f"`{remedy.twin}` is used here, too: use that for both")
    imported = [
        alias for alias in _aliases(code) if alias.asname is not None and code.source(alias.asname.name) == name.value
    ]
    old = name.value if not imported else code.source(imported[0].name)
    for found in names:
        if found.value == old:
            start, end = code.offset(*code.pos(found)[:2]), code.offset(*code.pos(found)[2:])
            draft.replace(start, end, remedy.twin)
    return True


def drop_arguments(remedy: DropArguments, drafts: Mapping[str, Draft]) -> bool:
    """Take arguments out of the call, and the imports that only they needed. Raises Refused."""
    draft = drafts[remedy.path]
    code = draft.code
    call = _call(code, remedy.call)
    first = code.source(call.args[0].value) if call.args else ""
    if not first.startswith(("'", '"')) or _IN_MEMORY.search(first):
        raise Refused("the database may be one in memory, which is gone with its one connection: use a file")
    kept = [
        argument for argument in call.args if argument.keyword is None or argument.keyword.value not in remedy.keywords
    ]
    gone = [argument for argument in call.args if argument not in kept]
    if not kept or call.args[: len(kept)] != tuple(kept):
        raise Refused("other arguments follow")
    start = code.offset(*code.pos(kept[-1])[2:])
    end = code.offset(*code.pos(gone[-1])[2:])
    if "#" in code.text[start:end]:
        raise Refused("a comment would be lost")
    draft.replace(start, end, "")
    words = {found.value for argument in gone for found in code.names(argument.value)}
    _forget(code, draft, {word for word in words if sum(found.value == word for found in code.names(code.tree)) == 2})
    return False


def _call(code: Code, pos: Position) -> cst.Call:
    for node in code.expressions(pos):
        if isinstance(node, cst.Call) and code.pos(node) == pos:
            return node
    raise Refused("the call is not where it was")


def _aliases(code: Code) -> list[cst.ImportAlias]:
    return [node for node in code.nodes(code.tree) if isinstance(node, cst.ImportAlias)]


def _forget(code: Code, draft: Draft, names: set[str]) -> None:
    """Remove the imports of names; a line that imports nothing else goes."""
    for statement in code.module.statements:
        part = statement.small
        if not isinstance(part, cst.ImportFrom) or isinstance(part.names, cst.ImportStar):
            continue
        gone = [alias for alias in part.names if code.source(alias.name) in names and alias.asname is None]
        if gone and len(gone) == len(part.names) and statement.pos[0] == statement.pos[2]:
            draft.delete_line(statement.pos[0])
        elif len(gone) == 1 and len(part.names) > 1:
            at = list(part.names).index(gone[0])
            start, end = code.pos(gone[0])[:2], code.pos(gone[0])[2:]
            if at + 1 < len(part.names):
                end = code.pos(part.names[at + 1])[:2]
            else:
                start = code.pos(part.names[at - 1].name)[2:]
            draft.replace(code.offset(*start), code.offset(*end), "")
