"""Walking through the facts' trees, for questions about the code itself rather than about what it does to places."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from operator import attrgetter
from typing import Any

from flaskglobals_lint.facts import Node, Placed

_LEAVES = ("str", "int", "bool", "Place", "str | None", "tuple[str, ...]")
"""Annotations of the fields below which there are no nodes."""


def walk(part: Any) -> Iterator[Node]:
    """Every node of a tree or of a tuple of trees, from the outside in, in the order of the code."""
    waiting = [part]
    while waiting:
        one = waiting.pop()
        kind = type(one)
        if kind is tuple:
            waiting += one[::-1]
        elif kind in _PARTS:
            yield one
            inside = _PARTS[kind]
            if inside is not None:
                waiting += inside(one)


def blocks(node: Node) -> Iterator[tuple[Any, ...]]:
    """The sequences of statements in a statement, without empty ones."""
    for name in ("body", "orelse", "final"):
        block = getattr(node, name, None)
        if isinstance(block, tuple) and block:
            yield block


def _parts(kind: type[Node]) -> Callable[[Any], Any] | None:
    """What gives those fields of a node that hold nodes, the last one first; None where there are none."""
    fields = [name for name in reversed(kind.__struct_fields__) if kind.__annotations__[name] not in _LEAVES]
    if len(fields) == 1:
        only = attrgetter(fields[0])
        return lambda node: (only(node),)
    return attrgetter(*fields) if fields else None


_PARTS = {kind: _parts(kind) for base in (Node, Placed) for kind in base.__subclasses__()}
