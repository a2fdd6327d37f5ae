"""SARIF 2.1.0, the OASIS format that code scanners exchange; GitHub's code scanning reads it."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import Any
from urllib.parse import quote

from flaskglobals_lint import __version__
from flaskglobals_lint.finding import Chain, Edit, Finding, Fix, Report, Span
from flaskglobals_lint.report.fingerprint import fingerprints
from flaskglobals_lint.report.options import Options, RulePage
from flaskglobals_lint.report.text import escaped, json_text

_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_LEVELS = {"error": "error", "warning": "warning", "info": "note"}
_FINGERPRINT = "flaskglobalsLint/v1"
"""The name of our fingerprints; the number changes if they ever mean something else."""


def render(report: Report, options: Options) -> str:
    """The log, in ASCII, with one run: all rules, those with findings with their pages, and a result a finding."""
    pages = options.pages()
    places = {page.rule.code: index for index, page in enumerate(pages)}
    driver: dict[str, Any] = {"name": "flaskglobals-lint", "version": __version__, "semanticVersion": __version__}
    found = {finding.code for finding in report.findings}
    driver["rules"] = [_rule(page, page.rule.code in found) for page in pages]
    numbers = fingerprints(report)
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "invocations": [{"executionSuccessful": True}],
        "results": [_result(finding, number, places) for finding, number in zip(report.findings, numbers, strict=True)],
    }
    return json_text({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]})


def _rule(page: RulePage, explained: bool) -> dict[str, Any]:
    """A rule; GitHub wants help for each, and nobody reads the pages of those without a finding."""
    rule = page.rule
    text = page.page if explained else rule.summary
    problem = {"error": "error", "warning": "warning", "info": "recommendation"}[rule.severity]
    return {
        "id": rule.code,
        "name": rule.name,
        "shortDescription": _message(rule.summary),
        "fullDescription": _message(rule.summary),
        "help": {"text": text, "markdown": text},
        "defaultConfiguration": {"level": _LEVELS[rule.severity]},
        "properties": {"tags": ["concurrency", "flask"], "problem.severity": problem},
    }


def _result(finding: Finding, number: str, places: dict[str, int]) -> dict[str, Any]:
    result: dict[str, Any] = {"ruleId": finding.code}
    if finding.code in places:
        result["ruleIndex"] = places[finding.code]
    result |= {
        "level": _LEVELS[finding.severity],
        "message": _message(finding.message),
        "locations": [_location(finding.span) | _logical(finding)],
        "partialFingerprints": {_FINGERPRINT: number},
    }
    if finding.related:
        result["relatedLocations"] = [{"id": n} | _location(span) for n, span in enumerate(finding.related, 1)]
    if flow := _flow(finding):
        result["codeFlows"] = [{"threadFlows": [{"locations": [{"location": step} for step in flow]}]}]
    if finding.fix and finding.fix.edits:
        result["fixes"] = [_fix(finding, finding.fix)]
    properties = {
        "symbol": escaped(finding.symbol),
        "confidence": finding.confidence,
        "window": finding.window,
        "suggestion": escaped(finding.suggestion),
    }
    result["properties"] = {key: value for key, value in properties.items() if value}
    return result


def _logical(finding: Finding) -> dict[str, Any]:
    if not finding.function:
        return {}
    return {"logicalLocations": [{"fullyQualifiedName": escaped(finding.function), "kind": "function"}]}


def _flow(finding: Finding) -> list[dict[str, Any]]:
    """The way from the outside world to the finding: the entry point, the calls, the other spans, the finding itself."""
    first = finding.chain[0] if finding.chain else ""
    entry = next((entry for entry in finding.entry_points if entry.function == first), None)
    if entry is None:
        return []
    how = f"{entry.kind} {entry.detail}".strip()
    calls = finding.chain.calls if isinstance(finding.chain, Chain) else ()
    way = f", by {' → '.join(finding.chain)}" if len(finding.chain) > 1 and not calls else ""
    start = Span(entry.path, entry.line, 1, entry.line, 1, f"{how} enters `{entry.function}`{way}")
    end = Span(*_ends(finding.span), finding.message)
    return [_location(span) for span in (start, *calls, *finding.related, end)]


def _ends(span: Span) -> tuple[str, int, int, int, int]:
    return span.path, span.line, span.column, span.end_line, span.end_column


def _location(span: Span) -> dict[str, Any]:
    location: dict[str, Any] = {
        "physicalLocation": {"artifactLocation": {"uri": uri(span.path)}, "region": _region(span)}
    }
    if span.message:
        location["message"] = _message(span.message)
    return location


def _region(span: Span) -> dict[str, int]:
    line, column = max(span.line, 1), max(span.column, 1)
    return {
        "startLine": line,
        "startColumn": column,
        "endLine": max(span.end_line, line),
        "endColumn": max(span.end_column, 1 if span.end_line > line else column),
    }


def _fix(finding: Finding, fix: Fix) -> dict[str, Any]:
    def path(edit: Edit) -> str:
        return edit.span.path

    changes: list[dict[str, Any]] = []
    for name, edits in groupby(sorted(fix.edits, key=path), key=path):
        changes.append({"artifactLocation": {"uri": uri(name)}, "replacements": _replacements(list(edits))})
    text = finding.suggestion or f"Apply the {fix.applicability} fix"
    return {"description": _message(text), "artifactChanges": changes}


def _replacements(edits: Sequence[Edit]) -> list[dict[str, Any]]:
    replacements = []
    for edit in edits:
        replacement: dict[str, Any] = {"deletedRegion": _region(edit.span)}
        if edit.content:
            replacement["insertedContent"] = {"text": edit.content}
        replacements.append(replacement)
    return replacements


def _message(text: str) -> dict[str, str]:
    """A message; ``[…](…)`` in it would be a link."""
    return {"text": escaped(text).replace("](", "] (")}


def uri(path: str) -> str:
    """A printed path as a URI: relative to the working directory, or absolute."""
    quoted = quote(path.encode("utf-8", "surrogateescape"))
    is_absolute = path.startswith("/") or path[1:3] == ":/"
    return f"file://{'/' * (path[0] != '/')}{quoted}" if is_absolute else quoted
