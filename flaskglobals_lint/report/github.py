"""Workflow commands, which GitHub Actions turns into annotations on the lines of a pull request."""

from __future__ import annotations

from flaskglobals_lint.finding import Finding, Report
from flaskglobals_lint.report.options import Options
from flaskglobals_lint.report.text import escaped

_LEVELS = {"error": "error", "warning": "warning", "info": "notice"}


def render(report: Report, options: Options) -> str:
    """A command a finding; its text has the place, too, for those who read the log."""
    return "".join(f"{_command(finding)}\n" for finding in report.findings)


def _command(finding: Finding) -> str:
    span = finding.span
    properties = {
        "title": f"{finding.code} {finding.name}",
        "file": span.path,
        "line": str(span.line),
        "endLine": str(max(span.line, span.end_line)),
    }
    if span.line == span.end_line:  # columns of two lines are not understood
        properties |= {"col": str(span.column), "endColumn": str(span.end_column)}
    listed = ",".join(f"{key}={_property(value)}" for key, value in properties.items())
    text = f"{span.path}:{span.line}:{span.column}: {finding.code} {finding.message}"
    return f"::{_LEVELS[finding.severity]} {listed}::{_data(text)}"


def _data(text: str) -> str:
    """Text after the second ``::``: one line, and a ``%`` of it is no escape."""
    return escaped(text).replace("%", "%25")


def _property(text: str) -> str:
    """A value before the second ``::``, where colons and commas separate."""
    return _data(text).replace(":", "%3A").replace(",", "%2C")
