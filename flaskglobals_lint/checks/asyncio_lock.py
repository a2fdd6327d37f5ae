"""FGL404: an asyncio primitive that async views share, though each of them has an event loop of its own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from flaskglobals_lint.checks import conflicts, connections
from flaskglobals_lint.finding import Finding, Severity, Span
from flaskglobals_lint.link.program import Program
from flaskglobals_lint.remedy import Remedy
from flaskglobals_lint.rule import by_code

if TYPE_CHECKING:
    from flaskglobals_lint.link.contexts import Access, Context
    from flaskglobals_lint.link.index import Binding, ScopeId
    from flaskglobals_lint.link.summary import Path, Section

RULE = by_code("FGL404")


def check(program: Program) -> Iterator[Finding]:
    """A finding where the primitive is made and one for its first use in each function; notes on blocking locks."""
    groups: dict[tuple[Any, ...], dict[ScopeId, Access]] = {}
    for access in program.reached.reads:
        start = access.context.start
        if start.runs != "request" or start.lane or not _is_coroutine(program, access.function):
            continue
        if getattr(access.record, "remote", None) is None and _primitive(program, access.path):
            first = groups.setdefault(access.place.key, {})
            held = first.get(access.function)
            if held is None or access.record.pos < held.record.pos:
                first[access.function] = access
    for first in groups.values():
        uses = sorted(first.values(), key=lambda a: (program.file(a.function), a.record.pos))
        definitions = _definitions(program, uses[0])
        cures = tuple(cure for binding in definitions for cure in connections.thread_lock(program, binding))
        for binding in definitions:
            yield _defined(program, uses, binding, cures)
        for access in uses:
            yield _used(program, access, cures)
    for fid, contexts in program.reached.contexts.items():
        yield from _blocking(program, fid, [c for c in contexts if c.start.runs == "request" and not c.start.lane])


def _is_coroutine(program: Program, fid: ScopeId) -> bool:
    return program.index.functions[fid].facts.is_async


def _primitive(program: Program, path: Path) -> str:
    """The asyncio class of the object at a path; empty if it is none."""
    models = program.types.models
    for atom in program.paths.atoms(path):
        if atom[0] == "extinst":
            name = str(atom[1]).removesuffix("(n)")
            lock = models.lock(name)
            if lock is not None and lock.asynchronous and not lock.per_path:
                return name
        elif atom[0] == "conn":
            connection = models.connection_by_id(atom[1])
            if connection is not None and connection.kind == "primitive":
                return str(atom[2] or atom[1])
    return ""


def _definitions(program: Program, access: Access) -> list[Binding]:
    """The assignments that make the primitive."""
    return [
        binding
        for binding in program.definitions(access.path)
        if binding.value is not None
        and any(atom[0] in ("extinst", "conn") for atom in program.types.of(binding.value, binding.scope))
    ][:1]


def _defined(program: Program, uses: list[Access], binding: Binding, cures: tuple[Remedy, ...]) -> Finding:
    access = uses[0]
    where = conflicts.way_in(program, access.context)
    message = (
        f"`{access.place.label}` is one {_primitive(program, access.path)} for all requests, used {where}; every async view "
        "runs in an event loop of its own, and at the first contention one request hangs and the later ones raise RuntimeError"
    )
    span = program.span(binding.scope, binding.pos)
    spans = tuple(program.span(a.function, a.record.pos, f"used in `{program.name(a.function)}`") for a in uses[:3])
    return _finding(program, access, message, span, spans, binding.scope, cures)


def _used(program: Program, access: Access, cures: tuple[Remedy, ...]) -> Finding:
    where = conflicts.way_in(program, access.context)
    message = (
        f"`{access.place.label}`, an {_primitive(program, access.path)} for all requests, is used {where}; "
        "it binds the tasks of one event loop, and each request has another"
    )
    span = program.span(access.function, access.record.pos)
    return _finding(program, access, message, span, (), access.function, cures)


def _finding(
    program: Program, access: Access, message: str, span: Span, spans: tuple[Span, ...], scope: ScopeId,
    cures: tuple[Remedy, ...], severity: Severity = RULE.severity,
) -> Finding:  # fmt: skip
    label = access.place.label
    return Finding(
        RULE.code,
        RULE.name,
        severity,
        message,
        span,
        access.place.symbol,
        program.qualified(scope),
        (program.entry_point(access.context),),
        program.chain(access.context),
        spans,
        "high",
        None,
        "use the counterpart of `threading` or `queue`, and await before you take the lock",
        (
            f"request A, in its own event loop, takes {label}",
            f"request B, in another loop, waits for {label}",
            "A lets go; B's loop is not woken, and B hangs",
        ),
        remedies=cures,
    )


def _blocking(program: Program, fid: ScopeId, contexts: list[Context]) -> Iterator[Finding]:
    """A note for each lock of threads that is held across an ``await``: correct, but all others wait for it, too."""
    if not contexts or not _is_coroutine(program, fid):
        return
    seen: set[Section] = set()
    for pos, sections in program.evaluator.summary(fid).awaits:
        for section in sections:
            if section.kind != "lock" or section.lock is None or section in seen:
                continue
            seen.add(section)
            context = min(contexts, key=lambda c: len(c.chain))
            yield Finding(
                RULE.code,
                RULE.name,
                "info",
                f"the lock taken on line {section.pos[0]} is held across this `await` {conflicts.way_in(program, context)}: "
                "whoever else wants it waits, with its whole thread, for what is awaited here",
                program.span(fid, pos),
                program.qualified(fid),
                program.qualified(fid),
                (program.entry_point(context),),
                program.chain(context),
                (program.span(fid, section.pos, "taken here"),),
                "high",
                None,
                "await first, then take the lock",
            )
