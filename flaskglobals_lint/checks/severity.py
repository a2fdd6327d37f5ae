"""What the project's own deployment makes of a finding: milder where it cannot happen, graver where it must."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from flaskglobals_lint.checks import programs
from flaskglobals_lint.finding import Finding, Severity
from flaskglobals_lint.link.deployment import Deployment
from flaskglobals_lint.link.program import Program

_NEED_THREADS = frozenset(
    {"FGL101", "FGL102", "FGL103", "FGL104", "FGL105", "FGL201", "FGL202", "FGL401", "FGL402", "FGL404"}
)
"""Rules about two requests that run at the same time in one process."""

_INTERLEAVED = frozenset({"FGL101", "FGL102", "FGL103"})
"""Rules about something that takes a moment, in which greenlets switch only if the code waits."""

_NEED_WORKERS = frozenset({"FGL501", "FGL502"})
"""Rules about what several processes do not share."""


_REAL_THREADS = frozenset({"gevent.monkey.get_original", "gevent.threadpool.ThreadPool", "eventlet.tpool.execute"})


def adjusted(program: Program, findings: Iterable[Finding]) -> Iterator[Finding]:
    """The findings, with the severities that the deployment gives them."""
    deployment = program.deployment
    cooperative = deployment.kind == "greenlets" and not _real_threads(program)
    background = _background(program) if deployment.one_at_a_time else set()
    for finding in findings:
        if finding.code in _NEED_THREADS and _elsewhere(program, finding):
            yield replace(finding, severity="info", message=f"{finding.message} (in a program that serves no requests)")
        elif deployment.one_at_a_time and finding.code in _NEED_THREADS and _base(finding.symbol) not in background:
            yield _lowered(finding, deployment)
        elif cooperative and finding.uninterrupted and finding.code in _INTERLEAVED:
            yield _uninterrupted(finding, deployment)
        elif cooperative and finding.uninterrupted and finding.code == "FGL201" and finding.severity == "error":
            yield _one_thread(finding, deployment)
        elif finding.code == "FGL303" and deployment.kind in ("threads", "greenlets"):
            yield _other_context(finding, deployment)
        elif deployment.many is not None and finding.code in _NEED_WORKERS and finding.severity == "info":
            reason = f"several workers as deployed by {deployment.many}"
            yield replace(finding, severity="warning", message=f"{finding.message} ({reason})")
        else:
            yield finding


def _ways(finding: Finding) -> set[str]:
    """The files in which the ways to the code begin."""
    return {entry.path for entry in finding.entry_points}


def _elsewhere(program: Program, finding: Finding) -> bool:
    """Whether the code, and all that starts it, belongs to programs beside the application."""
    ways = _ways(finding)
    return finding.severity != "info" and bool(ways) and {finding.span.path, *ways} <= program.once(programs.beside)


def _lowered(finding: Finding, deployment: Deployment) -> Finding:
    """A note if the files say that a worker has one thread; a warning if that is only the server's default."""
    if finding.severity == "info":
        return finding
    severity: Severity = "info" if deployment.stated else "warning"
    said = "one thread per worker" if deployment.stated else "one thread per worker by default"
    where = deployment.where("thread", "worker_class", "-k")
    message = f"{finding.message} (not as deployed: {said} in {where}; it can happen as soon as there are two)"
    return replace(finding, severity=severity, message=message)


def _uninterrupted(finding: Finding, deployment: Deployment) -> Finding:
    """A note if the files say that requests are greenlets; a warning where they can also be something else."""
    if finding.severity == "info":
        return finding
    severity: Severity = "info" if deployment.stated else "warning"
    where = deployment.where("patch", "gevent", "eventlet", "greenlets")
    span = "in this loop" if finding.code == "FGL103" else "between the read and the write"
    message = (
        f"{finding.message} (not with greenlets, as deployed by {where}: "
        f"they switch only where code waits, and nothing {span} does)"
    )
    return replace(finding, severity=severity, message=message)


def _one_thread(finding: Finding, deployment: Deployment) -> Finding:
    """A warning where all greenlets use a connection on one thread, one call after the other: transactions can still mix."""
    where = deployment.where("patch", "gevent", "eventlet", "greenlets")
    message = (
        f"{finding.message} (less with greenlets, as deployed by {where}: "
        "all run on one thread; a request that waits before its commit still shares the transaction)"
    )
    return replace(finding, severity="warning", message=message)


def _other_context(finding: Finding, deployment: Deployment) -> Finding:
    """A note where requests run on other threads than the one that imports; a warning if only the development server says so."""
    severity: Severity = "info" if deployment.sure or (deployment.threads or 0) > 1 else "warning"
    where = deployment.where("thread", "patch", "gevent", "eventlet", "greenlets")
    message = (
        f"{finding.message} (not as deployed by {where}: requests run on {deployment.kind} of their own, "
        "which start with an empty context)"
    )
    return replace(finding, severity=severity, message=message)


def _real_threads(program: Program) -> bool:
    """Whether the code asks for threads that are not greenlets, although the standard library is patched."""
    for name in ("get_original", "ThreadPool", "execute"):
        for site in program.index.calls.get(name, ()):
            for atom in program.types.of(site.call.function, site.scope):
                if atom[0] == "ext" and program.types.models.canonical(atom[1]) in _REAL_THREADS:
                    return True
    return False


def _background(program: Program) -> set[str]:
    """Symbols of the places that background threads touch: they race with requests under every server."""
    reached = program.reached
    return {
        _base(access.place.symbol)
        for access in (*reached.reads, *reached.writes, *reached.iterations, *reached.uses)
        if access.context.start.runs != "request"
    }


def _base(symbol: str) -> str:
    return symbol.split("[")[0]
