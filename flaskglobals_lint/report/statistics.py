"""How often each rule was broken."""

from __future__ import annotations

from collections import Counter

from flaskglobals_lint.finding import Report


def counts(report: Report) -> list[tuple[int, str, str]]:
    """Count, code and name of each rule that was broken, the commonest first."""
    tally = Counter((finding.code, finding.name) for finding in report.findings)
    return sorted(((count, code, name) for (code, name), count in tally.items()), key=lambda row: (-row[0], row[1]))


def table(report: Report) -> str:
    """A line a rule, separated by tabs."""
    rows = counts(report)
    width = max((len(str(count)) for count, _, _ in rows), default=0)
    return "".join(f"{count:>{width}}\t{code}\t{name}\n" for count, code, name in rows)
