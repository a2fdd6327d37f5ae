"""A client that threads may share, closed while a request is served: part of FGL201."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from flaskglobals_lint.checks import conflicts
from flaskglobals_lint.finding import Finding, Severity
from flaskglobals_lint.link.program import base_key
from flaskglobals_lint.link.summary import Use

if TYPE_CHECKING:
    from flaskglobals_lint.link.contexts import Access
    from flaskglobals_lint.link.program import Program
    from flaskglobals_lint.models import Connection
    from flaskglobals_lint.rule import Rule


def check(program: Program, rule: Rule) -> Iterator[Finding]:
    """A finding for each request-time call that ends a shared client which other requests use."""
    groups: dict[tuple[Any, ...], list[Access]] = {}
    for access in program.reached.uses:
        if access.context.start.runs == "request" and _model(program, access) is not None:
            groups.setdefault(base_key(access.place), []).append(access)
    for accesses in groups.values():
        working = [access for access in accesses if not _ends(program, access)]
        for access in accesses:
            other = next((use for use in working if not use.locks & access.locks), None)
            if other is not None and _ends(program, access) and not program.guarded_by_comment(access.path):
                yield _finding(program, rule, access, other)


def _model(program: Program, access: Access) -> Connection | None:
    use = access.record
    assert isinstance(use, Use)
    model = program.types.models.connection_by_id(use.model)
    return model if model is not None and model.final else None


def _ends(program: Program, access: Access) -> bool:
    model, use = _model(program, access), access.record
    assert isinstance(use, Use)
    return model is not None and use.member in model.final


def _finding(program: Program, rule: Rule, access: Access, other: Access) -> Finding:
    model, use, context = _model(program, access), access.record, access.context
    assert model is not None
    assert isinstance(use, Use)
    pos, function = use.pos, context.function
    while program.index.functions[function].facts.name in model.final and context.parent is not None and context.pos:
        # A wrapper's own close() only passes the call on.
        pos, context = context.pos, context.parent
        function = context.function
    label, name = access.place.label, program.name(other.function)
    severity: Severity = "error" if access.context.start.kind == "hook" else "warning"
    message = (
        f"`{label}`, which all requests share, is closed here {conflicts.way_in(program, context)};"
        f" a request that is using it in `{name}` fails"
    )
    return Finding(
        rule.code,
        rule.name,
        severity,
        message,
        program.span(function, pos),
        access.place.symbol,
        program.qualified(function),
        (program.entry_point(access.context),),
        program.chain(context),
        (program.span(other.function, other.record.pos, f"used in `{name}`"),),
        "medium",
        None,
        "leave it open for the life of the process, or give each request a client of its own",
        (
            f"request A sends with {label} (`{name}`, line {other.record.pos[0]})",
            f"request B ends and closes {label} (line {pos[0]})",
            "A's call raises, because its client has been closed",
        ),
    )
