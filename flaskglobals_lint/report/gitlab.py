"""GitLab's Code Quality report: a JSON array, for ``artifacts:reports:codequality``."""

from __future__ import annotations

from typing import Any

from flaskglobals_lint.finding import Finding, Report
from flaskglobals_lint.report.fingerprint import fingerprints
from flaskglobals_lint.report.options import Options
from flaskglobals_lint.report.text import escaped, json_text

_SEVERITIES = {"error": "critical", "warning": "major", "info": "info"}


def render(report: Report, options: Options) -> str:
    """The array, in ASCII."""
    issues = [_issue(*pair) for pair in zip(report.findings, fingerprints(report), strict=True)]
    return json_text(issues)


def _issue(finding: Finding, fingerprint: str) -> dict[str, Any]:
    span = finding.span
    return {
        "description": f"{finding.code} {escaped(finding.message)}",
        "check_name": finding.name,
        "fingerprint": fingerprint,
        "severity": _SEVERITIES[finding.severity],
        "location": {"path": span.path, "lines": {"begin": span.line, "end": max(span.line, span.end_line)}},
    }
