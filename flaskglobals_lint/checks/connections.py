"""From an object that threads must not share to what gives each request its own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from flaskglobals_lint import facts as f
from flaskglobals_lint.link.trees import walk
from flaskglobals_lint.remedy import ConnectPerRequest, Declined, Home, Remedy, ScopedSession, ThreadLock

if TYPE_CHECKING:
    from flaskglobals_lint.link.contexts import Access
    from flaskglobals_lint.link.index import Binding
    from flaskglobals_lint.link.program import Program

_SESSIONS = ("sqlalchemy.Session",)


def per_request(program: Program, definition: Binding | None, uses: Sequence[Access]) -> tuple[Remedy, ...]:
    """What helps against a connection or an ORM session that a module makes once, given its request-time uses."""
    if definition is None or not isinstance(definition.value, f.Call) or not definition.scope.endswith(":"):
        return ()
    models = program.types.models
    made = [
        model
        for atom in program.types.expand(program.types.of(definition.value, definition.scope))
        if atom[0] == "conn" and (model := models.connection_by_id(atom[1])) is not None
    ]
    home = _home(program, definition)
    if home is None or not made:
        return ()
    if any(access.context.start.runs != "request" for access in uses):
        return (Declined("code that runs beside the requests uses it, too: let that open one of its own"),)
    call = definition.value.pos
    if made[0].id in _SESSIONS:
        return (ScopedSession(home, call),)
    if made[0].kind != "connection" or "cursor" not in made[0].methods:
        return ()
    apps = {program.file(site.scope) for site in program.index.calls.get("Flask", ())}
    return (ConnectPerRequest(home, call, importers(program, home), tuple(sorted(apps - {home.path}))),)


def thread_lock(program: Program, definition: Binding) -> tuple[Remedy, ...]:
    """What helps against a primitive of ``asyncio`` that a module makes once."""
    home = _home(program, definition)
    if home is None or not isinstance(definition.value, f.Call):
        return ()
    return (ThreadLock(home.path, definition.value.pos, importers(program, home)),)


def _home(program: Program, definition: Binding) -> Home | None:
    """The module's variable that a binding gives a value."""
    module = program.index.module_of(definition.scope)
    for name, bindings in module.names.items():
        if definition.scope.endswith(":") and any(binding is definition for binding in bindings):
            return Home(module.input.path, module.dotted, "module", "", name, definition.pos[0])
    return None


def importers(program: Program, home: Home) -> tuple[str, ...]:
    """The files of other modules that import the variable by its name."""
    last = home.module.split(".")[-1]
    return tuple(
        sorted(
            module.input.path
            for module in program.index.modules.values()
            if module.input.path != home.path
            and any(
                isinstance(node, f.Import) and node.name == home.name and node.module.split(".")[-1] == last
                for node in walk(module.input.facts.body)
            )
        )
    )
