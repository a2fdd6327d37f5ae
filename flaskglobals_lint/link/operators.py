"""Special methods that the project's classes define: what ``a += b``, ``a + b``, ``del a[k]``, ``len(a)`` or ``for x in a`` run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flaskglobals_lint.link import calls
from flaskglobals_lint.link.frame import merge
from flaskglobals_lint.link.paths import is_path
from flaskglobals_lint.link.summary import Value

if TYPE_CHECKING:
    from flaskglobals_lint import facts as f
    from flaskglobals_lint.link.frame import Frame

_NAMES = {
    "+": "add", "-": "sub", "*": "mul", "/": "truediv", "//": "floordiv", "%": "mod", "**": "pow", "@": "matmul",
    "|": "or", "&": "and", "^": "xor", "<<": "lshift", ">>": "rshift",
}  # fmt: skip


def special(frame: Frame, value: Value, name: str, pos: f.Position, *given: Value) -> Value | None:
    """Call a special method of the project's objects among those that the value denotes; None if none of them has it."""
    result: Value | None = None
    for ref in value.refs:
        if not is_path(ref):
            continue
        for atom in frame.paths.atoms(ref):
            method = frame.types.names.method(atom[1], name) if atom[0] == "inst" else None
            if method is not None:
                one = calls.invoke(frame, method, (), [Value((ref,)), *given], pos)
                result = one if result is None else merge(result, one)
    return result


def binary(frame: Frame, operator: str, left: Value, right: Value, pos: f.Position) -> Value | None:
    """``left + right``"""
    name = _NAMES.get(operator)
    return special(frame, left, f"__{name}__", pos, right) if name is not None else None


def in_place(frame: Frame, operator: str, left: Value, right: Value, pos: f.Position) -> Value | None:
    """``left += right``"""
    name = _NAMES.get(operator)
    return special(frame, left, f"__i{name}__", pos, right) if name is not None else None


def length(frame: Frame, value: Value, pos: f.Position) -> int:
    """Dependency bits of asking an object for its truth or length, beyond what the object is."""
    found = special(frame, value, "__bool__", pos) or special(frame, value, "__len__", pos)
    return found.deps if found is not None else 0


def items(frame: Frame, value: Value, pos: f.Position) -> None:
    """What a loop runs to get its items; an iterator is mostly the object itself."""
    special(frame, value, "__iter__", pos)
    special(frame, value, "__next__", pos)
