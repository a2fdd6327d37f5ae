"""A lock of ``threading`` in place of one of ``asyncio``, which one event loop has for itself."""

from __future__ import annotations

import re
from collections.abc import Mapping

import libcst as cst

from flaskglobals_lint.fixes import names
from flaskglobals_lint.fixes.code import Code, Statement
from flaskglobals_lint.fixes.draft import Draft
from flaskglobals_lint.fixes.refused import Refused
from flaskglobals_lint.remedy import ThreadLock

_SAME = ("Lock", "Semaphore", "BoundedSemaphore")
_TASKS = re.compile(r"\b(?:gather|create_task|ensure_future|TaskGroup|as_completed|wait)\(")


def apply(remedy: ThreadLock, drafts: Mapping[str, Draft]) -> bool:
    """Write the remedy into the drafts of its files; whether it is safe. Raises Refused."""
    draft = drafts[remedy.path]
    code = draft.code
    call = next((node for node in code.expressions(remedy.call) if isinstance(node, cst.Call)), None)
    if call is None or code.source(call.func) not in {f"asyncio.{name}" for name in _SAME}:
        raise Refused("`threading` has nothing that can be put in its place")
    statement = code.chain(remedy.call)[-1]
    name = _target(code, statement)
    for path in {remedy.path, *remedy.files}:
        _hold_by_with(drafts[path], name, path == remedy.path)
    at = code.offset(*code.pos(call.func)[:2])
    draft.replace(at, at + len("asyncio."), names.threading(code, draft))
    _drop_import(code, draft)
    return False


def _target(code: Code, statement: Statement) -> str:
    part = statement.small
    if not isinstance(part, cst.Assign) or not isinstance(part.targets[0].target, cst.Name):
        raise Refused("it is kept in no plain variable")
    return part.targets[0].target.value


def _hold_by_with(draft: Draft, name: str, defined: bool) -> None:
    """Hold it by ``with`` wherever a file holds it by ``async with``. Raises Refused if the file uses it in another way."""
    code = draft.code
    known = int(defined)
    for node in code.nodes(code.tree):
        known += isinstance(node, cst.ImportAlias) and code.source(node.name) == name
        uses = isinstance(node, cst.FunctionDef) and any(found.value == name for found in code.names(node))
        if uses and _TASKS.search(code.source(node)):
            raise Refused("several tasks of one event loop may want it, and would wait for each other")
        if isinstance(node, cst.With) and any(code.source(item.item) == name for item in node.items):
            if node.asynchronous is None or len(node.items) != 1:
                raise Refused("it is held together with something else")
            start = code.offset(*code.pos(node)[:2])
            draft.replace(start, start + len("async "), "")
            known += 1
    if sum(found.value == name for found in code.names(code.tree)) > known:
        raise Refused("it is used in another way than by `async with`")


def _drop_import(code: Code, draft: Draft) -> None:
    """Remove ``import asyncio`` if nothing else needs it."""
    if sum(found.value == "asyncio" for found in code.names(code.tree)) > 2:
        return
    for statement in code.module.statements:
        part = statement.small
        if isinstance(part, cst.Import) and code.source(part) == "import asyncio":
            draft.delete_line(statement.pos[0])
