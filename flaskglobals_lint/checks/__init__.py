"""The rules that are checked, in an explicit tuple, and the one function that checks them all."""

from __future__ import annotations

from flaskglobals_lint.checks import (
    asyncio_lock,
    await_between,
    check_then_set,
    connection_across_fork,
    in_memory_backend,
    inconsistent_lock,
    iterate_while_mutated,
    lock_not_released,
    lock_per_call,
    per_process_state,
    pushed_context,
    read_modify_write,
    request_data,
    session_update,
    severity,
    shared_connection,
    thread_local,
    unbounded_growth,
    unsafe_pool,
)
from flaskglobals_lint.finding import Finding
from flaskglobals_lint.link.program import Program
from flaskglobals_lint.rule import Rule

_CHECKS = (
    read_modify_write,
    check_then_set,
    iterate_while_mutated,
    await_between,
    session_update,
    shared_connection,
    unsafe_pool,
    connection_across_fork,
    request_data,
    unbounded_growth,
    pushed_context,
    lock_per_call,
    inconsistent_lock,
    lock_not_released,
    asyncio_lock,
    per_process_state,
    in_memory_backend,
    thread_local,
)

RULES: tuple[Rule, ...] = tuple(module.RULE for module in _CHECKS)
"""By code."""


def check(program: Program) -> list[Finding]:
    """All findings of all rules, unsorted, as grave as the deployment makes them, before suppressions are applied."""
    found: list[Finding] = []
    for module in _CHECKS:
        try:
            found.extend(module.check(program))
        except Exception as error:
            program.evaluator.failures.rule(module.RULE.code, error)
    return list(severity.adjusted(program, _once(found)))


def _once(found: list[Finding]) -> list[Finding]:
    """One finding of a rule at a position: an object reached under two names is one object."""
    best: dict[tuple[object, ...], Finding] = {}
    for finding in found:
        key = (finding.code, finding.span.path, finding.span.line, finding.span.column)
        held = best.get(key)
        if held is None or (len(finding.chain), finding.symbol) < (len(held.chain), held.symbol):
            best[key] = finding
    return list(best.values())
