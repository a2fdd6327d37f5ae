"""Walking through the facts' trees, for questions about the code itself rather than about what it does to places."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from flaskglobals_lint.facts import Node


def walk(part: Any) -> Iterator[Node]:
    """Every node of a tree or of a tuple of trees, from the outside in, in the order of the code."""
    waiting = [part]
    while waiting:
        one = waiting.pop()
        if isinstance(one, Node):
            yield one
            waiting.extend(getattr(one, name) for name in reversed(one.__struct_fields__))
        elif isinstance(one, tuple):
            waiting.extend(reversed(one))
