"""FGL201: a connection, cursor, session or client that threads must not share, used while requests are served."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from flaskglobals_lint.checks import closed_client, conflicts, connections, mutable_caches, unsafe_pool, warmed
from flaskglobals_lint.finding import Finding, Severity, Span
from flaskglobals_lint.link.program import Program, base_key
from flaskglobals_lint.link.summary import Use, Write
from flaskglobals_lint.remedy import Remedy
from flaskglobals_lint.rule import by_code

if TYPE_CHECKING:
    from flaskglobals_lint.link.contexts import Access
    from flaskglobals_lint.link.index import Binding
    from flaskglobals_lint.models import Connection

RULE = by_code("FGL201")

_CATEGORIES = ("CONN", "POOL", "ASYNC", "LEAK")
_OTHER_RULES = ("primitive", "pool", "factory")
"""Kinds of object that asyncio-lock-across-requests and unsafe-pool judge."""


def check(program: Program) -> Iterator[Finding]:
    """A finding where the object is made, one for its first use in each function, and one where it is closed too early."""
    yield from closed_client.check(program, RULE)
    yield from mutable_caches.check(program, RULE)
    groups: dict[tuple[Any, ...], list[Access]] = {}
    for access in program.reached.uses:
        model = _model(program, access)
        if model is not None and not warmed.only_at_setup(program, access.function, access.record.pos):
            groups.setdefault(base_key(access.place), []).append(access)
    for accesses in groups.values():
        if _one_lock(accesses) or program.guarded_by_comment(accesses[0].path):
            continue
        if not _concurrent([access for access in accesses if not _sets_up(program, access)]):
            continue
        first: dict[str, Access] = {}
        for access in accesses:
            held = first.get(access.function)
            if held is None or access.record.pos < held.record.pos:
                first[access.function] = access
        uses = sorted(first.values(), key=lambda a: (program.file(a.function), a.record.pos))
        model = _model(program, uses[0])
        assert model is not None
        definition = _definition(program, uses[0])
        cures = connections.per_request(program, definition, accesses)
        if definition is not None:
            yield _defined(program, uses, model, definition, cures)
        for access in uses:
            yield _used(program, access, model, definition, cures)


def _model(program: Program, access: Access) -> Connection | None:
    use = access.record
    assert isinstance(use, Use)
    model = program.types.models.connection_by_id(use.model)
    if model is None or model.share == "yes" or model.category not in _CATEGORIES or model.kind in _OTHER_RULES:
        return None
    if model.category == "LEAK" and use.member not in model.user_state:
        return None
    if unsafe_pool.pooled_session(program, access) is not None:
        return None
    return None if use.member in model.quiet_methods or _taken_out(program, access) else model


def _taken_out(program: Program, access: Access) -> bool:
    """Whether it is one of several in a list from which requests take what they use: a pool, whatever its own races."""
    key = access.place.key
    return key[-1] == "[]" and any(
        isinstance(write, Write) and write.kind == "delete" and write.via != ".clear()"
        for write in (other.record for other in program.writes_at(key[:-1]))
    )


def _one_lock(accesses: list[Access]) -> bool:
    """Whether one lock is held around every use."""
    common = accesses[0].locks
    for access in accesses[1:]:
        common &= access.locks
    return bool(common)


def _concurrent(accesses: list[Access]) -> bool:
    """A single background thread that has the object for itself is no conflict."""
    if not accesses:
        return False
    first = accesses[0].context.start
    return any(first.beside(access.context.start) for access in accesses)


def _sets_up(program: Program, access: Access) -> bool:
    """Whether the one thread that makes the object uses it where it has just made it, before others can know it."""
    return not access.context.start.repeated and any(
        write.path == access.record.path
        and write.kind == "set"
        and write.remote is None
        and write.pos < access.record.pos
        for write in program.evaluator.summary(access.function, access.context.constants).writes
    )


def _definition(program: Program, access: Access) -> Binding | None:
    """Where import-time code makes the object; for one derived from another (a cursor) where that one is made."""
    for binding in program.definitions(access.path):
        if binding.value is None or not binding.scope.endswith(":"):
            continue
        atoms = program.types.expand(program.types.of(binding.value, binding.scope))
        if any(atom[0] == "conn" for atom in atoms):
            source = getattr(getattr(binding.value, "function", None), "value", None)
            if source is not None:
                for slot in program.types.slots_of(source, binding.scope):
                    maker = program.types.connection(program.types.slot(slot)) if slot[0] in ("g", "k", "a") else None
                    if maker is not None and maker.share != "yes":
                        for outer in program.types.bindings(slot):
                            if outer.value is not None and outer.scope.endswith(":"):
                                return outer
            return binding
    return None


def _severity(model: Connection) -> Severity:
    return "warning" if model.share == "depends" and model.category == "LEAK" else RULE.severity


def _defined(
    program: Program, uses: list[Access], model: Connection, definition: Binding, cures: tuple[Remedy, ...]
) -> Finding:
    place, access = uses[0].place, uses[0]
    others = len(uses) - 1
    more = f" and {others} more function{'s' if others > 1 else ''}" if others else ""
    where = conflicts.way_in(program, access.context)
    label = place.label.split("[")[0]
    message = (
        f"`{label}` is one {_kind(model)} for all threads: it is made here once and used {where}{more}; {model.why}"
    )
    spans = tuple(program.span(a.function, a.record.pos, f"used in `{program.name(a.function)}`") for a in uses[:3])
    return _finding(program, access, model, program.span(definition.scope, definition.pos), message, spans,
                    definition.scope, cures)  # fmt: skip


def _used(
    program: Program, access: Access, model: Connection, definition: Binding | None, cures: tuple[Remedy, ...]
) -> Finding:
    where = conflicts.way_in(program, access.context)
    message = f"`{access.place.label}`, one {_kind(model)} shared by all threads, is used {where}; {model.why}"
    spans = (program.span(definition.scope, definition.pos, "made here"),) if definition is not None else ()
    span = program.span(access.function, access.record.pos)
    return _finding(program, access, model, span, message, spans, access.function, cures)


def _kind(model: Connection) -> str:
    return {"orm": "ORM session", "session": "session", "object": "object"}.get(model.kind, model.kind)


def _finding(
    program: Program, access: Access, model: Connection, span: Span, message: str, spans: tuple[Span, ...], scope: str,
    cures: tuple[Remedy, ...],
) -> Finding:  # fmt: skip
    return Finding(
        RULE.code,
        RULE.name,
        _severity(model),
        message.rstrip("."),
        span,
        access.place.symbol,
        program.qualified(scope),
        (program.entry_point(access.context),),
        program.chain(access.context),
        spans,
        "high" if model.share == "no" else "medium",
        None,
        model.remedy,
        (
            f"request A starts work on {access.place.label}",
            f"request B uses the same {_kind(model)} before A is done",
            "A reads B's result, or commits or rolls back B's work",
        ),
        remedies=cures,
        uninterrupted=not model.waits,
    )
