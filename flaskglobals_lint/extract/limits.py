"""Bounds that both readers of a module share, so that they give the same facts."""

from __future__ import annotations

from typing import Final

MAX_DEPTH: Final = 200
"""How deep a tree of facts may be: every later stage can then recurse over it without care."""
MAX_RUNS: Final = 20
"""How many runs of like operators (``a + b + c - d`` has two) are told apart in one chain."""
MAX_CONCRETE: Final = 500_000
"""Bytes of the largest module that is worth a concrete tree, which takes a thousand times as much memory."""
