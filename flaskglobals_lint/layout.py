"""What two versions of a module have in common that differ in layout: in comments, docstrings and blank lines."""

from __future__ import annotations

from itertools import pairwise

from flaskglobals_lint import facts


def only_moved(one: facts.Module, other: facts.Module) -> bool:
    """Whether two modules are the same but for the numbers of their lines, which follow each other as before.

    Nothing looks at more than which position is the same as, or before, another one in the same file: what is found in a
    program does not change, unless it tells of a line that has moved.
    """
    lines: dict[int, int] = {}
    waiting: list[tuple[object, object]] = [(one, other)]
    while waiting:
        left, right = waiting.pop()
        if left.__class__ is not right.__class__:
            return False
        if isinstance(left, facts.Node):
            for name in left.__struct_fields__:
                parts = getattr(left, name), getattr(right, name)
                if name == "place":
                    if not _follow(facts.position(parts[0]), facts.position(parts[1]), lines):
                        return False
                elif name == "line":
                    if lines.setdefault(*parts) != parts[1]:
                        return False
                else:
                    waiting.append(parts)
        elif isinstance(left, tuple) and isinstance(right, tuple):
            if len(left) != len(right):
                return False
            waiting.extend(zip(left, right, strict=True))
        elif left != right:
            return False
    return all(before < after for before, after in pairwise(lines[line] for line in sorted(lines)))


def _follow(left: facts.Position, right: facts.Position, lines: dict[int, int]) -> bool:
    """Whether two positions can be the same if lines are numbered anew as in ``lines``, which is filled."""
    return (
        (left[1], left[3]) == (right[1], right[3])
        and lines.setdefault(left[0], right[0]) == right[0]
        and lines.setdefault(left[2], right[2]) == right[2]
    )
