"""``path:line:column: CODE message``, a line a finding: what Flake8 prints and every editor reads."""

from __future__ import annotations

from flaskglobals_lint.finding import Finding, Report
from flaskglobals_lint.report.options import Options
from flaskglobals_lint.report.statistics import table
from flaskglobals_lint.report.text import Style, escaped


def render(report: Report, options: Options) -> str:
    """The findings, or the counts by rule."""
    if options.statistics:
        return table(report)
    style = Style(options.color)
    return "".join(f"{header(finding, style)}\n" for finding in report.findings)


def header(finding: Finding, style: Style) -> str:
    """The line that tells one finding."""
    span = finding.span
    colon = style.cyan(":")
    place = f"{style.bold(escaped(span.path))}{colon}{span.line}{colon}{span.column}{colon}"
    return f"{place} {style.by_severity(finding.severity, finding.code)} {escaped(finding.message)}"
