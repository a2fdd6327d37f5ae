"""What a format may be asked for."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Options:
    """``color``: use terminal colours. ``statistics``: counts by rule in place of the findings."""

    color: bool = False
    statistics: bool = False
