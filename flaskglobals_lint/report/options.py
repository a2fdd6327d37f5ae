"""What a format may be asked for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from flaskglobals_lint.rule import Rule


@dataclass(frozen=True, slots=True)
class RulePage:
    """A rule and its page, in Markdown."""

    rule: Rule
    page: str


def _no_pages() -> Sequence[RulePage]:
    return ()


@dataclass(frozen=True, slots=True)
class Options:
    """``color``: use terminal colours. ``statistics``: counts by rule in place of the findings.

    ``pages`` reads all rules with their pages, for formats that carry them.
    """

    color: bool = False
    statistics: bool = False
    pages: Callable[[], Sequence[RulePage]] = _no_pages
