"""The rules: what the tool promises about each kind of defect. How it is decided is a check's business."""

from __future__ import annotations

from dataclasses import dataclass

from flaskglobals_lint.finding import Severity


@dataclass(frozen=True, slots=True)
class Rule:
    """``code`` and ``name`` never change once released; ``summary`` is the line that ``--list-rules`` prints."""

    code: str
    name: str
    severity: Severity
    summary: str


RULES: tuple[Rule, ...] = (
    Rule(
        "FGL101",
        "unlocked-read-modify-write",
        "error",
        "a write to a shared place whose value depends on an earlier read of it, with no one lock held from read to write",
    ),
    Rule(
        "FGL102",
        "check-then-set",
        "error",
        "a write that an earlier read of the same shared place decides, not in one critical section with it",
    ),
    Rule(
        "FGL103",
        "iterate-while-mutated",
        "error",
        "iteration over a shared container that other request-time or background code changes",
    ),
    Rule(
        "FGL104",
        "await-between-read-and-write",
        "error",
        "a shared place read, awaited across, then written, in an async view",
    ),
    Rule(
        "FGL105",
        "session-read-modify-write",
        "info",
        '`session["n"] += 1`: two requests of one browser lose one of the updates, client-side and server-side sessions alike',
    ),
    Rule(
        "FGL201",
        "shared-connection",
        "error",
        "a connection, cursor, ORM session or client that threads must not share, used in request-time code",
    ),
    Rule("FGL202", "unsafe-pool", "error", "a pool that is not thread-safe, or defeats the driver's own check"),
    Rule(
        "FGL203",
        "connection-across-fork",
        "warning",
        "a connection or pool made at import and used after the server forks (preload)",
    ),
    Rule(
        "FGL301",
        "request-data-in-global",
        "error",
        "request- or user-specific data kept in process-wide state where another request reads it",
    ),
    Rule("FGL302", "unbounded-growth", "warning", "a process-wide container that only grows with request data"),
    Rule(
        "FGL303",
        "pushed-app-context",
        "error",
        "an app context pushed for the life of the process, which makes `g` shared",
    ),
    Rule("FGL401", "lock-per-call", "error", "a lock made inside the function it should guard"),
    Rule("FGL402", "inconsistent-lock", "error", "a place guarded by a lock here and by none, or by another, there"),
    Rule("FGL403", "lock-not-released", "error", "acquire without release on every path"),
    Rule(
        "FGL404",
        "asyncio-lock-across-requests",
        "error",
        "an asyncio primitive shared by Flask's async views, each of which has an event loop of its own",
    ),
    Rule("FGL501", "per-process-state", "info", "state that must be one for all workers, kept in one process's memory"),
    Rule(
        "FGL502",
        "in-memory-backend",
        "warning",
        "SimpleCache, in-memory limiter storage, filesystem sessions and their like under several workers or threads",
    ),
    Rule(
        "FGL601",
        "thread-local-misuse",
        "warning",
        "thread-local data set only in the importing thread, or left on a pooled thread",
    ),
    Rule("FGL900", "syntax-error", "error", "the file cannot be parsed"),
    Rule("FGL901", "unused-suppression", "info", "a `noqa` for one of these codes that suppresses nothing"),
)
"""Every rule of the tool, by code: those that checks decide, and the two that the pipeline itself reports."""


def by_code(code: str) -> Rule:
    """The rule of that code. Raises KeyError."""
    return _BY_CODE[code]


_BY_CODE = {rule.code: rule for rule in RULES}
