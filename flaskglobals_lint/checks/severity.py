"""What the project's own deployment makes of a finding: milder where it cannot happen, graver where it must."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from flaskglobals_lint.finding import Finding, Severity
from flaskglobals_lint.link.deployment import Deployment
from flaskglobals_lint.link.program import Program

_NEED_THREADS = frozenset(
    {"FGL101", "FGL102", "FGL103", "FGL104", "FGL105", "FGL201", "FGL202", "FGL401", "FGL402", "FGL404"}
)
"""Rules about two requests that run at the same time in one process."""

_NEED_WORKERS = frozenset({"FGL501", "FGL502"})
"""Rules about what several processes do not share."""


def adjusted(program: Program, findings: Iterable[Finding]) -> Iterator[Finding]:
    """The findings, with the severities that the deployment gives them."""
    deployment = program.deployment
    background = _background(program) if deployment.one_at_a_time else set()
    for finding in findings:
        if deployment.one_at_a_time and finding.code in _NEED_THREADS and _base(finding.symbol) not in background:
            yield _lowered(finding, deployment)
        elif (deployment.workers or 1) > 1 and finding.code in _NEED_WORKERS and finding.severity == "info":
            reason = (
                f"{deployment.workers} workers in {deployment.where('worker', 'processes', 'WEB_CONCURRENCY', '-w')}"
            )
            yield replace(finding, severity="warning", message=f"{finding.message} ({reason})")
        else:
            yield finding


def _lowered(finding: Finding, deployment: Deployment) -> Finding:
    """A note if the files say that a worker has one thread; a warning if that is only the server's default."""
    severity: Severity = "info" if deployment.stated else "warning"
    if finding.severity == "info" or (finding.severity == "warning" and severity == "warning"):
        return finding
    said = "one thread per worker" if deployment.stated else "one thread per worker by default"
    where = deployment.where("thread", "worker_class", "-k")
    message = f"{finding.message} (not as deployed: {said} in {where}; it can happen as soon as there are two)"
    return replace(finding, severity=severity, message=message)


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
