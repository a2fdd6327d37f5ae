"""Printing a report: one module a format, each a pure function from a Report to text.

To add a format, write its module and name it in ``FORMATS``. A format's module is imported when it is first used.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from types import MappingProxyType

from flaskglobals_lint.finding import Report
from flaskglobals_lint.report.options import Options, RulePage

TEXT_FORMATS = ("concise", "full")
"""The formats for people."""
COUNTING_FORMATS = (*TEXT_FORMATS, "json")
"""The formats that can print counts by rule in place of the findings."""


def _format(name: str) -> Callable[[Report, Options], str]:
    def render(report: Report, options: Options) -> str:
        text: str = import_module(f"{__name__}.{name}").render(report, options)
        return text

    return render


FORMATS: Mapping[str, Callable[[Report, Options], str]] = MappingProxyType(
    {name: _format(name) for name in ("concise", "full", "json", "sarif", "github", "gitlab", "junit")}
)
"""Every output format by the name that ``--output-format`` takes; each text ends in a newline or is empty."""

__all__ = ["COUNTING_FORMATS", "FORMATS", "TEXT_FORMATS", "Options", "RulePage"]
