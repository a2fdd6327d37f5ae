"""A rule: what the tool promises about one kind of defect. How it is decided is a check's business."""

from __future__ import annotations

from dataclasses import dataclass

from flaskglobals_lint.finding import Severity


@dataclass(frozen=True, slots=True)
class Rule:
    """``code`` and ``name`` never change once released; ``summary`` is the line that ``--list-rules`` prints."""

    code: str
    name: str
    severity: Severity
    summary: str
