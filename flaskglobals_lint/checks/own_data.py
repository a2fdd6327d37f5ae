"""Whether a variable that holds one request's data is written and read within one request only."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flaskglobals_lint.checks import connections
from flaskglobals_lint.link.program import base_key
from flaskglobals_lint.link.summary import Write
from flaskglobals_lint.remedy import Home, KeepInG, Remedy

if TYPE_CHECKING:
    from flaskglobals_lint.link.contexts import Access
    from flaskglobals_lint.link.program import Program


def in_g(program: Program, access: Access) -> tuple[Remedy, ...]:
    """``flask.g`` for a module's variable that a hook sets before each request, or that one view sets before it reads it."""
    write, key = access.record, base_key(access.place)
    if len(access.path) != 1 or access.path[0][0] != "g" or not isinstance(write, Write) or write.via != "=":
        return ()
    writes = program.writes_at(key)
    reads = [
        *program.reads.get(key, ()),
        *program.loops.get(key, ()),
        *program.handed.get(key, ()),
        *program.uses.get(key, ()),
    ]
    path = program.file(access.function)
    if any(
        other.context.start.runs != "request" or program.file(other.function) != path for other in (*writes, *reads)
    ):
        return ()
    sets_first = all("before_" in f"{other.context.start.kind} {other.context.start.detail}" for other in writes)
    starts = {other.context.start.function for other in (*writes, *reads)}
    if not sets_first and (len(starts) > 1 or not all(_after(access, other) for other in reads)):
        return ()
    bindings = [binding for binding in program.definitions(access.path) if binding.scope.endswith(":")]
    if len(bindings) != 1:
        return ()
    module = program.index.module_of(bindings[0].scope)
    home = Home(module.input.path, module.dotted, "module", "", access.path[0][2], bindings[0].pos[0])
    if home.path != path or connections.importers(program, home):
        return ()
    functions = {program.index.functions[other.function].facts.name for other in (*writes, *reads)}
    return (KeepInG(home, tuple(sorted(functions))),)


def _after(written: Access, read: Access) -> bool:
    """Whether a read comes after the write, in the view itself or in what it calls."""
    if written.function != written.context.start.function:
        return False
    context = read.context
    pos = read.record.pos
    while context.parent is not None and context.function != written.function:
        pos = context.pos if context.pos is not None else pos
        context = context.parent
    return context.function == written.function and pos > written.record.pos
