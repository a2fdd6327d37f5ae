"""What a finding is known by when its lines have moved: never a line number."""

from __future__ import annotations

import hashlib
from collections import Counter

from flaskglobals_lint.finding import Finding, Report
from flaskglobals_lint.report.frame import lines_of


def code_line(finding: Finding, lines: list[str]) -> str:
    """The code in the finding's first line, with single spaces; empty if the text has no such line."""
    number = finding.span.line
    return " ".join(lines[number - 1].split()) if 1 <= number <= len(lines) else ""


def fingerprints(report: Report) -> list[str]:
    """One hexadecimal number a finding, in their order; no two are the same.

    It depends on the rule, the shared place, the function and the code of the line, and on how many such findings come
    before it. So it stays when lines are inserted above, and when other functions change.
    """
    lines = {path: lines_of(text) for path, text in report.sources.items()}
    seen: Counter[str] = Counter()
    numbers = []
    for finding in report.findings:
        path = finding.span.path
        # A place and a function are named with their module; what has neither is known by its file.
        where = (finding.symbol, finding.function) if finding.symbol or finding.function else (path, "")
        text = "\0".join((finding.code, *where, code_line(finding, lines.get(path, []))))
        known = f"{text}\0{seen[text]}"
        seen[text] += 1
        numbers.append(hashlib.sha256(known.encode("utf-8", "surrogatepass")).hexdigest()[:32])
    return numbers
