"""Await what a section needs before the lock is taken: no lock of threads should be held across an await."""

from __future__ import annotations

import re
from collections.abc import Sequence

import libcst as cst

from flaskglobals_lint.fixes.code import Code, Statement
from flaskglobals_lint.fixes.draft import Draft
from flaskglobals_lint.fixes.refused import Refused
from flaskglobals_lint.remedy import Site

NEEDS = "there is an await or a yield between read and write, and no lock of threads may be held across it"
_LEAVES = (cst.Return, cst.Raise, cst.Break, cst.Continue, cst.Yield, cst.Await)


def hold(code: Code, draft: Draft, lock: str, site: Site, statements: Sequence[Statement]) -> range:
    """Put the statements under the lock, with what they await in front of it; the section's lines. Raises Refused."""
    before: list[str] = []
    kept: list[Statement] = []
    moved: list[Statement] = []
    bound: set[str] = set()
    for statement in statements:
        found = _awaits(code, statement)
        if not found and not any(
            isinstance(node, (cst.For, cst.With)) and node.asynchronous for node in code.nodes(statement.node)
        ):
            kept.append(statement)
            bound |= _bound(code, statement)
            continue
        small = statement.small
        if small is None or len(found) != 1:
            raise Refused(NEEDS)
        await_ = found[0]
        used = {name.value for name in code.names(await_)}
        passed = {name.value for one in kept for name in code.names(one.node)}
        if used & bound or any(isinstance(node, _LEAVES) for one in kept for node in code.nodes(one.node)):
            raise Refused("what is awaited between read and write depends on what was read")
        if _touches(code, site, await_):
            raise Refused("what is awaited between read and write depends on what was read")
        if (
            isinstance(small, cst.Expr | cst.Assign)
            and small.value is await_
            and not _touches(code, site, statement.node)
        ):
            if _bound(code, statement) & passed:
                raise Refused(NEEDS)
            before.append(_text(code, statement))
            moved.append(statement)
        else:
            before.append(_hoisted(code, draft, site, statement, await_))
            kept.append(statement)
            bound |= _bound(code, statement)
    return _write(code, draft, lock, before, kept, moved)


def fill(code: Code, draft: Draft, lock: str, site: Site, statement: Statement, test: str) -> range:
    """Check again under the lock once the value of an ``if`` that fills what is missing was awaited. Raises Refused."""
    body = statement.blocks[0].statements
    store = body[-1]
    found = _awaits(code, store)
    if any(_touches(code, site, one.node) for one in body[:-1]) or _awaits(code, statement) == found == []:
        raise Refused(NEEDS)
    if (
        len(found) > 1
        or not _touches(code, site, store.node)
        or store.small is None
        or store.pos[0] == statement.pos[0]
    ):
        raise Refused(NEEDS)
    indent = code.indent(store)
    lines = [_hoisted(code, draft, site, store, await_) for await_ in found]
    lines += [f"{indent}with {lock}:", f"{indent}{code.unit}if {test}:"]
    draft.insert_line(store.pos[0], code.newline.join(lines))
    draft.step(store.pos[0], store.pos[2], 2)
    return range(store.pos[0], store.pos[2] + 1)


def _write(
    code: Code, draft: Draft, lock: str, before: list[str], kept: list[Statement], moved: list[Statement]
) -> range:
    first = kept[0]
    draft.insert_line(first.pos[0], code.newline.join([*before, f"{code.indent(first)}with {lock}:"]))
    gone = {number for statement in moved for number in range(statement.pos[0], statement.pos[2] + 1)}
    lines = range(first.pos[0], kept[-1].pos[2] + 1)
    for number in sorted({*lines, *gone}):
        if number in gone:
            draft.delete_line(number)
        else:
            draft.step(number, number)
    return lines


def _awaits(code: Code, statement: Statement) -> list[cst.Await]:
    return [node for node in code.nodes(statement.node) if isinstance(node, cst.Await)]


def _touches(code: Code, site: Site, node: cst.CSTNode) -> bool:
    """Whether an access of the place stands in a node."""
    pos = code.pos(node)
    return any(pos[:2] <= access[:2] and access[2:] <= pos[2:] for access in site.accesses)


def _bound(code: Code, statement: Statement) -> set[str]:
    """Names that a statement binds, and those whose objects it may change."""
    found: set[str] = set()
    for node in code.nodes(statement.node):
        if isinstance(node, cst.AssignTarget | cst.AugAssign | cst.AnnAssign | cst.NamedExpr | cst.For | cst.AsName):
            target = node.name if isinstance(node, cst.AsName) else node.target
            found |= {name.value for name in code.names(target)}
    return found


def _text(code: Code, statement: Statement) -> str:
    """The lines of a statement as they are."""
    return code.newline.join(code.line(number) for number in range(statement.pos[0], statement.pos[2] + 1))


def _hoisted(code: Code, draft: Draft, site: Site, statement: Statement, await_: cst.Await) -> str:
    """A line that awaits into a variable, which the statement then uses."""
    pos = code.pos(await_)
    outside = [
        call for call in site.calls if statement.holds(call) and not (pos[:2] <= call[:2] and call[2:] <= pos[2:])
    ]
    if outside or pos[0] != pos[2]:
        raise Refused(NEEDS)
    start, end = code.offset(*pos[:2]), code.offset(*pos[2:])
    name, text = _name(code, await_), code.text[start:end]
    if await_.lpar and code.text[start - 1] + code.text[end] == "()":
        start, end = start - 1, end + 1
    draft.replace(start, end, name)
    return f"{code.indent(statement)}{name} = {text}"


def _name(code: Code, await_: cst.Await) -> str:
    """A name for what is awaited: ``rate`` of ``fetch_rate()`` where nothing else is called so."""
    call = await_.expression
    function = code.source(call.func).split(".")[-1] if isinstance(call, cst.Call) else ""
    taken = {name.value for name in code.names(code.tree)}
    for name in (
        re.sub(r"^_*(?:get|fetch|load|read|make|compute|ask|call)_", "", function),
        "awaited",
        "awaited_value",
    ):
        if name.isidentifier() and name not in taken:
            return name
    raise Refused(NEEDS)
