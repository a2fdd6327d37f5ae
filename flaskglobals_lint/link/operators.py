"""Special methods that the project's classes define: what ``a += b``, ``a + b``, ``del a[k]`` or ``for x in a`` run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flaskglobals_lint import facts as f
from flaskglobals_lint.link import calls
from flaskglobals_lint.link.frame import merge
from flaskglobals_lint.link.paths import is_path
from flaskglobals_lint.link.summary import Value

if TYPE_CHECKING:
    from flaskglobals_lint.link.frame import Frame
    from flaskglobals_lint.link.summary import Path

_NAMES = {
    "+": "add", "-": "sub", "*": "mul", "/": "truediv", "//": "floordiv", "%": "mod", "**": "pow", "@": "matmul",
    "|": "or", "&": "and", "^": "xor", "<<": "lshift", ">>": "rshift",
    "<": "lt", "<=": "le", ">": "gt", ">=": "ge", "==": "eq", "!=": "ne",
}  # fmt: skip


def special(frame: Frame, value: Value, name: str, pos: f.Position, *given: Value) -> Value | None:
    """Call a special method of the project's objects among those that the value denotes; None if none of them has it."""
    if name not in frame.types.names.defined:
        return None
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
    """``left + right``, ``left < right``"""
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


def described(frame: Frame, path: Path, name: str, hook: str, pos: f.Position, *given: Value) -> Value | None:
    """What an attribute gives (``__get__``) or does (``__set__``) that a descriptor of the project stands for; None for any
    other attribute."""
    if hook not in frame.types.names.defined:
        return None
    for atom in frame.paths.atoms(path):
        owner = frame.types.names.owner(atom[1], name) if atom[0] in ("inst", "class") else None
        if owner is not None:
            return special(frame, Value(((("k", owner), f".{name}"),)), hook, pos, Value((path,)), *given)
    return None


def on_demand(frame: Frame, module: str, name: str, pos: f.Position) -> Value:
    """A module's attribute that only its ``__getattr__`` knows."""
    getter = f"{module}:__getattr__"
    if getter not in frame.types.index.functions:
        return Value()
    asked = Value()
    asked.literal = f.Constant("str", name)
    return calls.invoke(frame, getter, (), [asked], pos)


def generator(frame: Frame, path: Path) -> bool:
    """Whether a variable or attribute holds a generator of the project's own code, which runs Python at each step."""
    for binding in frame.paths.bindings(path):
        node = binding.value
        if isinstance(node, f.Comprehension) and node.kind == "generator":
            return True
        if isinstance(node, f.Call):
            index = frame.types.index
            return any(index.functions[fid].facts.is_generator for fid in frame.types.callees(node, binding.scope))
    return False
