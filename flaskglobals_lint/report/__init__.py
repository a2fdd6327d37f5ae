"""Printing a report: one module a format, each a pure function from a Report to text.

To add a format, write its module and name it in ``FORMATS``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from flaskglobals_lint.finding import Report
from flaskglobals_lint.report import concise, full, json
from flaskglobals_lint.report.options import Options

FORMATS: Mapping[str, Callable[[Report, Options], str]] = {
    "concise": concise.render,
    "full": full.render,
    "json": json.render,
}
"""Every output format by the name that ``--output-format`` takes; each text ends in a newline or is empty."""

__all__ = ["FORMATS", "Options"]
