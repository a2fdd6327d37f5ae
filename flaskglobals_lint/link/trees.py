"""Walking through the facts' trees, for questions about the code itself rather than about what it does to places."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from flaskglobals_lint.facts import Node, Placed

_LEAVES = ("str", "int", "bool", "Place", "str | None", "tuple[str, ...]")
"""Annotations of the fields below which there are no nodes."""


def walk(part: Any) -> Iterator[Node]:
    """Every node of a tree or of a tuple of trees, from the outside in, in the order of the code."""
    waiting = [part]
    while waiting:
        one = waiting.pop()
        if type(one) is tuple:
            waiting.extend(one[::-1])
            continue
        fields = _PARTS.get(type(one))
        if fields is not None:
            yield one
            for name in fields:
                inside = getattr(one, name)
                if inside:
                    waiting.append(inside)


def _parts(kind: type[Node]) -> tuple[str, ...]:
    """The fields of a node that hold nodes, the last one first."""
    return tuple(name for name in reversed(kind.__struct_fields__) if kind.__annotations__[name] not in _LEAVES)


_PARTS = {kind: _parts(kind) for base in (Node, Placed) for kind in base.__subclasses__()}
