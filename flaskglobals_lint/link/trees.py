"""Walking through the facts' trees, for questions about the code itself rather than about what it does to places."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from operator import attrgetter
from typing import Any, NamedTuple

from flaskglobals_lint.facts import Node, Placed, Position

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


class Order:
    """The nodes of a function's body in the order of the code, numbered once: where one stands is then known at once."""

    def __init__(self, body: tuple[Any, ...]) -> None:
        self._spans: dict[int, tuple[int, int]] = {}
        """The numbers of a node and of the first one after it and all that is in it, by the node's ``id``."""
        self._at: dict[Position, list[int]] = {}
        count = 0
        waiting: list[Any] = [body]
        while waiting:
            one = waiting.pop()
            kind = type(one)
            if kind is tuple:
                waiting += one[::-1]
            elif kind is _End:
                self._spans[id(one.node)] = (one.number, count)
            elif kind in _PARTS:
                waiting.append(_End(one, count))
                pos = getattr(one, "pos", None)
                if pos is not None:
                    self._at.setdefault(pos, []).append(count)
                count += 1
                inside = _PARTS[kind]
                if inside is not None:
                    waiting += inside(one)

    def holds(self, part: Node | tuple[Any, ...], pos: Position) -> bool:
        """Whether a node, or one of several in a row, has that position or holds one that has."""
        nodes = part if isinstance(part, tuple) else (part,)
        if not nodes:
            return False
        first, after = self._spans[id(nodes[0])][0], self._spans[id(nodes[-1])][1]
        return any(first <= number < after for number in self._at.get(pos, ()))


class _End(NamedTuple):
    """Stands behind all that is in a node."""

    node: Node
    number: int


def _parts(kind: type[Node]) -> Callable[[Any], Any] | None:
    """What gives those fields of a node that hold nodes, the last one first; None where there are none."""
    fields = [name for name in reversed(kind.__struct_fields__) if kind.__annotations__[name] not in _LEAVES]
    if len(fields) == 1:
        only = attrgetter(fields[0])
        return lambda node: (only(node),)
    return attrgetter(*fields) if fields else None


_PARTS = {kind: _parts(kind) for base in (Node, Placed) for kind in base.__subclasses__()}
