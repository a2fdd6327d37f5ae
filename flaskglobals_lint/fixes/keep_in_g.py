"""Keep what belongs to one request in ``flask.g``, in place of a module's variable."""

from __future__ import annotations

from collections.abc import Mapping

import libcst as cst

from flaskglobals_lint.fixes import flask_names
from flaskglobals_lint.fixes.code import Code, Statement, functions
from flaskglobals_lint.fixes.draft import Draft
from flaskglobals_lint.fixes.refused import Refused
from flaskglobals_lint.remedy import KeepInG


def apply(remedy: KeepInG, drafts: Mapping[str, Draft]) -> bool:
    """Write the remedy into the draft of its file; whether it is safe. Raises Refused."""
    draft = drafts[remedy.home.path]
    code, name = draft.code, remedy.home.name
    definition = code.module.find((remedy.home.line, 1, remedy.home.line, 1))
    small = definition.small if definition is not None else None
    if definition is None or not isinstance(small, cst.Assign) or len(small.targets) != 1:
        raise Refused("its definition gives a value to something else, too")
    if definition.pos[0] != definition.pos[2] or "#" in code.line(definition.pos[0]):
        raise Refused("the comment on its definition would be lost")
    if code.source(small.targets[0].target) != name or not isinstance(
        small.value, cst.Name | cst.SimpleString | cst.Integer
    ):
        raise Refused("it starts with more than a constant")
    default = code.source(small.value)
    getter = f'g.get("{name}")' if default == "None" else f'g.get("{name}", {default})'
    attributes = {found.attr for found in code.nodes(code.tree) if isinstance(found, cst.Attribute)}
    keywords = {
        found.keyword for found in code.nodes(code.tree) if isinstance(found, cst.Arg) and found.keyword is not None
    }
    declaring = _declaring(code, name)
    sure = all(_sets(code, function, name) for function in declaring)
    declared = _undeclared(code, draft, name)
    uses = 0
    for found in code.names(code.tree):
        if found.value != name or found in attributes or found in keywords or found in declared:
            continue
        chain = code.chain(code.pos(found))
        if chain[-1] is definition:
            continue
        function = next((s for s in reversed(chain) if isinstance(s.node, cst.FunctionDef)), None)
        if function is None or not isinstance(function.node, cst.FunctionDef):
            raise Refused("code outside of functions uses it, too")
        if function.node.name.value not in remedy.functions:
            raise Refused("code that serves no request uses it, too")
        stored = function in declaring and _is_target(code, chain[-1].node, found)
        if not stored and _is_target(code, chain[-1].node, found):
            raise Refused("a function has a variable of that name")
        text = f"g.{name}" if stored or sure else getter
        if "get(" in text and any(isinstance(part, cst.FormattedString) for part in code.nodes(chain[-1].node)):
            raise Refused("it stands in a text")
        start, end = code.offset(*code.pos(found)[:2]), code.offset(*code.pos(found)[2:])
        draft.replace(start, end, text)
        uses += 1
    if not uses:
        raise Refused("nothing uses it by its name")
    draft.delete_line(definition.pos[0])
    flask_names.import_names(code, draft, "flask", "g")
    return False


def _declaring(code: Code, name: str) -> list[Statement]:
    """Functions that declare the name as global."""
    return [
        statement
        for statement in functions(code.module)
        if any(
            isinstance(part, cst.Global) and any(item.name.value == name for item in part.names)
            for part in code.nodes(statement.node)
        )
    ]


def _sets(code: Code, function: Statement, name: str) -> bool:
    """Whether a function sets the name whenever it returns."""
    for statement in function.blocks[0].statements if function.blocks else ():
        small = statement.node.body[0] if isinstance(statement.node, cst.SimpleStatementLine) else None
        if isinstance(small, cst.Assign) and name in {code.source(target.target) for target in small.targets}:
            return True
        if any(isinstance(node, cst.Return | cst.Yield) for node in code.nodes(statement.node)):
            return False
    return False


def _undeclared(code: Code, draft: Draft, name: str) -> set[cst.CSTNode]:
    """Take the name out of ``global`` statements; the names that stood there."""
    found: set[cst.CSTNode] = set()
    for node in code.nodes(code.tree):
        if not isinstance(node, cst.Global) or all(item.name.value != name for item in node.names):
            continue
        pos = code.pos(node)
        rest = [item.name.value for item in node.names if item.name.value != name]
        if rest:
            draft.replace(code.offset(*pos[:2]), code.offset(*pos[2:]), f"global {', '.join(rest)}")
        elif code.line(pos[0]).strip() == f"global {name}":
            draft.delete_line(pos[0])
        else:
            raise Refused("something else stands beside its `global`")
        found.update(item.name for item in node.names)
    return found


def _is_target(code: Code, statement: cst.CSTNode, name: cst.Name) -> bool:
    return any(
        isinstance(node, cst.AssignTarget | cst.AugAssign | cst.AnnAssign | cst.For | cst.NamedExpr | cst.CompFor)
        and isinstance(node.target, cst.Name | cst.Tuple | cst.List)
        and name in code.nodes(node.target)
        for node in code.nodes(statement)
    )
