"""One JSON object, for programs. Its keys are part of the command's contract; new ones may be added."""

from __future__ import annotations

from typing import Any

from flaskglobals_lint import __version__
from flaskglobals_lint.finding import EntryPoint, Finding, Fix, Report, Span
from flaskglobals_lint.report.options import Options
from flaskglobals_lint.report.statistics import counts
from flaskglobals_lint.report.text import json_text


def render(report: Report, options: Options) -> str:
    """The object, in ASCII, so that no name can break it."""
    document: dict[str, Any] = {"version": __version__}
    if options.statistics:
        document["statistics"] = [{"code": code, "name": name, "count": n} for n, code, name in counts(report)]
    else:
        document["findings"] = [_finding(finding) for finding in report.findings]
    document |= {"files": report.files, "errors": report.errors}
    return json_text(document)


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "code": finding.code,
        "name": finding.name,
        "severity": finding.severity,
        "message": finding.message,
        **_range(finding.span),
        "symbol": finding.symbol,
        "function": finding.function,
        "entry_points": [_entry_point(entry) for entry in finding.entry_points],
        "chain": list(finding.chain),
        "related": [{**_range(span), "message": span.message} for span in finding.related],
        "confidence": finding.confidence,
        "window": finding.window,
        "suggestion": finding.suggestion,
        "example": "\n".join(finding.example) or None,
        "steps": list(finding.steps),
        "fix": _fix(finding.fix) if finding.fix else None,
    }


def _range(span: Span) -> dict[str, Any]:
    return {
        "path": span.path,
        "line": span.line,
        "column": span.column,
        "end_line": span.end_line,
        "end_column": span.end_column,
    }


def _entry_point(entry: EntryPoint) -> dict[str, Any]:
    return {
        "function": entry.function,
        "kind": entry.kind,
        "detail": entry.detail,
        "path": entry.path,
        "line": entry.line,
    }


def _fix(fix: Fix) -> dict[str, Any]:
    edits = [{**_range(edit.span), "content": edit.content} for edit in fix.edits]
    return {"applicability": fix.applicability, "edits": edits}
