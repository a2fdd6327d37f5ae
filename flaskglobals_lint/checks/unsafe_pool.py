"""FGL202: a pool that threads must not share, or that gives all threads one and the same connection."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from flaskglobals_lint import facts as f
from flaskglobals_lint.checks import conflicts, connections
from flaskglobals_lint.finding import Finding, Severity, Span
from flaskglobals_lint.link.index import last_name
from flaskglobals_lint.link.program import Program
from flaskglobals_lint.link.summary import Use
from flaskglobals_lint.link.trees import walk
from flaskglobals_lint.remedy import DropArguments, Remedy, ThreadSafeClass
from flaskglobals_lint.rule import by_code

if TYPE_CHECKING:
    from flaskglobals_lint.link.contexts import Access
    from flaskglobals_lint.link.index import Binding, CallSite, ScopeId
    from flaskglobals_lint.models import Connection

RULE = by_code("FGL202")

_OPTIONS = "SQLALCHEMY_ENGINE_OPTIONS"
_BLAMED = ("poolclass", "thread_safe")


def check(program: Program) -> Iterator[Finding]:
    """A finding where the pool is made: on the arguments that are to blame, or on the call."""
    if not program.serving:
        return
    for site in _calls(program):
        model = _pool(program, site)
        if model is not None:
            yield from _made(program, site, model)
    yield from _options(program)
    yield from _sessions(program)


def _calls(program: Program) -> Iterator[CallSite]:
    """Calls that can make a pool for all requests, by their names, in the order of the code."""
    makers = program.types.models.connection_names
    wanted = makers | {alias for name in makers for alias in program.types.parameters.aliases(name)}
    for name in sorted(wanted & program.index.calls.keys()):
        for site in program.index.calls[name]:
            if not site.decorated and (site.scope not in program.serving or _kept(program, site)):
                yield site


def _kept(program: Program, site: CallSite) -> bool:
    """Whether a function that requests run keeps what it makes in a variable of the module."""
    names = program.index.module_of(site.scope).names
    return any(binding.value is site.call for bindings in names.values() for binding in bindings)


def _pool(program: Program, site: CallSite) -> Connection | None:
    """What a call makes, if it is a pool that threads must not share, or an engine."""
    for atom in program.types.of(site.call, site.scope):
        if atom[0] == "conn":
            model = program.types.models.connection_by_id(atom[1])
            if model is not None and (model.category == "POOL" or model.id == "sqlalchemy.Engine"):
                return model
    return None


def _made(program: Program, site: CallSite, model: Connection) -> Iterator[Finding]:
    """Findings on one call."""
    uses = _uses(program, site, model)
    if not uses and not _bound(program, site):
        return
    if uses and frozenset.intersection(*(access.locks for access in uses)):
        return
    access = uses[0] if uses else None
    if model.category != "POOL":
        yield from _too_small(program, site, access)
        return
    blamed = [argument for argument in site.call.arguments if argument.keyword in _BLAMED]
    blamed += [argument for argument in site.call.arguments if _unchecked(argument)]
    severity: Severity = "error" if model.share == "no" else "warning"
    for pos in [argument.pos for argument in blamed] or [site.call.pos]:
        yield _finding(
            program, site.scope, pos, model.why, model.remedy, access, severity, _cures(program, site, model)
        )


def _cures(program: Program, site: CallSite, model: Connection) -> tuple[Remedy, ...]:
    """The class of which threads may share an object, or the call without what makes it unsafe."""
    path = program.file(site.scope)
    if model.twin:
        return (ThreadSafeClass(path, site.call.pos, model.twin),)
    blamed = [a.keyword or "" for a in site.call.arguments if a.keyword in _BLAMED or _only_unchecked(a)]
    return (DropArguments(path, site.call.pos, tuple(blamed)),) if blamed else ()


def _only_unchecked(argument: f.Argument) -> bool:
    return _unchecked(argument) and isinstance(argument.value, f.Display) and len(argument.value.keys) == 1


def _uses(program: Program, site: CallSite, model: Connection) -> list[Access]:
    """Uses of what the call makes in code that requests run."""
    return [
        access
        for access in program.reached.uses
        if isinstance(access.record, Use)
        and access.record.model == model.id
        and access.context.start.repeated
        and any(
            binding.value is not None and binding.value == site.call and binding.scope == site.scope
            for binding in program.definitions(access.path)
        )
    ]


def _bound(program: Program, site: CallSite) -> bool:
    """Whether sessions are made from the engine: they use it for the requests."""
    slots = {
        slot
        for name in _targets(program, site)
        for slot in program.types.slots_of(name, site.scope)
        if slot[0] in ("g", "k", "a", "v")
    }
    for maker in ("sessionmaker", "scoped_session", "configure", "Session"):
        for other in program.index.calls.get(maker, ()):
            for argument in other.call.arguments:
                if argument.keyword in (None, "bind") and slots & set(
                    program.types.slots_of(argument.value, other.scope)
                ):
                    return True
    return False


def _targets(program: Program, site: CallSite) -> list[f.Expression]:
    """The names that a call's result is assigned to."""
    scope = program.index.functions.get(site.scope)
    body = scope.facts.body if scope is not None else program.index.module_of(site.scope).input.facts.body
    return [
        target
        for node in walk(body)
        if isinstance(node, f.Assign) and node.value == site.call
        for target in node.targets
    ]


def _unchecked(argument: f.Argument) -> bool:
    """``connect_args={"check_same_thread": False}``"""
    value = argument.value
    return (
        argument.keyword == "connect_args"
        and isinstance(value, f.Display)
        and "check_same_thread" in {key.text for key in value.keys if isinstance(key, f.Constant)}
    )


def _too_small(program: Program, site: CallSite, access: Access | None) -> Iterator[Finding]:
    """A note on a pool of one connection: all threads of a worker queue for it, and then time out."""
    given = {a.keyword: a for a in site.call.arguments if a.keyword and isinstance(a.value, f.Constant)}
    size, overflow = given.get("pool_size"), given.get("max_overflow")
    if size is None or overflow is None or (_text(size), _text(overflow)) != ("1", "0"):
        return
    why = "with pool_size=1 and max_overflow=0 all threads of a worker queue for one connection, and then time out"
    remedy = "give the pool as many connections as the worker has threads"
    yield _finding(program, site.scope, size.pos, why, remedy, access, "info")


def _text(argument: f.Argument) -> str:
    return argument.value.text if isinstance(argument.value, f.Constant) else ""


def _options(program: Program) -> Iterator[Finding]:
    """Flask-SQLAlchemy is told in the configuration which pool to use."""
    for store in program.index.stores.get("config", ()):
        if store.steps[-1] == f'["{_OPTIONS}"]':
            yield from _displayed(program, store.scope, store.value)
    for keyword in (_OPTIONS, "engine_options"):
        for scope, value in program.index.keywords.get(keyword, ()):
            yield from _displayed(program, scope, value)


def _displayed(program: Program, scope: ScopeId, value: f.Expression) -> Iterator[Finding]:
    if not isinstance(value, f.Display) or not value.keys:
        return
    for key, item in zip(value.keys, value.values, strict=True):
        if isinstance(key, f.Constant) and key.text == "poolclass":
            model = program.types.models.connection("sqlalchemy.create_engine", [f"poolclass={last_name(item)}"])
            if model is not None and model.category == "POOL":
                severity: Severity = "error" if model.share == "no" else "warning"
                pos = getattr(item, "pos", value.pos)
                yield _finding(program, scope, pos, model.why, model.remedy, None, severity)


# -- sessions --


def pooled_session(program: Program, access: Access) -> Binding | None:
    """Where import-time code calls a sessionmaker and keeps the one session: the pool behind lends it one connection,
    which all threads then share."""
    if not isinstance(access.record, Use) or access.record.model != "sqlalchemy.Session":
        return None
    for binding in program.definitions(access.path):
        if isinstance(binding.value, f.Call) and binding.scope.endswith(":"):
            atoms = program.types.expand(program.types.of(binding.value.function, binding.scope))
            if any(atom[0] == "conn" and atom[1] == "sqlalchemy.sessionmaker" for atom in atoms):
                return binding
    return None


def _sessions(program: Program) -> Iterator[Finding]:
    """A finding where such a session is made, and one for its first use in each function."""
    groups: dict[ScopeId, tuple[Binding, dict[ScopeId, Access]]] = {}
    for access in program.reached.uses:
        binding = pooled_session(program, access)
        if binding is not None and access.context.start.repeated and not program.guarded_by_comment(access.path):
            _, first = groups.setdefault(f"{binding.scope}{binding.pos}", (binding, {}))
            held = first.get(access.function)
            if held is None or access.record.pos < held.record.pos:
                first[access.function] = access
    model = program.types.models.connection_by_id("sqlalchemy.Session")
    assert model is not None
    for binding, first in groups.values():
        uses = sorted(first.values(), key=lambda a: (program.file(a.function), a.record.pos))
        if frozenset.intersection(*(access.locks for access in uses)):
            continue
        why = f"one session, and with it one connection of the pool, for all threads; {model.why}"
        cures = connections.per_request(program, binding, uses)
        yield _finding(program, binding.scope, binding.pos, why, model.remedy, uses[0], cures=cures)
        for access in uses:
            yield _finding(program, access.function, access.record.pos, why, model.remedy, access, cures=cures)


def _finding(
    program: Program, scope: ScopeId, pos: f.Position, why: str, remedy: str, access: Access | None,
    severity: Severity = RULE.severity, cures: tuple[Remedy, ...] = (),
) -> Finding:  # fmt: skip
    label = f"`{access.place.label}`" if access is not None else "this pool"
    used = f" is used {conflicts.way_in(program, access.context)}" if access is not None else " serves the requests"
    spans: tuple[Span, ...] = ()
    if access is not None and (access.function, access.record.pos) != (scope, pos):
        spans = (program.span(access.function, access.record.pos, "used here"),)
    return Finding(
        RULE.code,
        RULE.name,
        severity,
        f"{label}{used}: {why}".rstrip("."),
        program.span(scope, pos),
        access.place.symbol if access is not None else program.qualified(scope),
        program.qualified(scope),
        (program.entry_point(access.context),) if access is not None else (),
        program.chain(access.context) if access is not None else (),
        spans,
        "high" if access is not None else "medium",
        None,
        remedy,
        remedies=cures,
    )
