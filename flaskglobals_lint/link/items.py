"""Items of containers: what ``d[key]`` and the elements of a loop denote, and what looking at a container reads."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flaskglobals_lint import facts as f
from flaskglobals_lint.link import calls
from flaskglobals_lint.link.atoms import key_step
from flaskglobals_lint.link.paths import is_path
from flaskglobals_lint.link.summary import NAMES_ONE, SESSION, Value, bits
from flaskglobals_lint.link.trees import walk

if TYPE_CHECKING:
    from flaskglobals_lint.link.frame import Frame
    from flaskglobals_lint.link.summary import Path

MOST_PARTS = 8
_NAMED = (f.Local, f.Global, f.Free, f.ClassName)
_MASKS = (f.Compare, f.Operation)
_INDEXERS = frozenset({"at", "iat", "iloc", "loc"})
"""Attributes of data frames and series by which their items are read and written."""


def key_text(node: f.Expression) -> str:
    """A short text for a key that two accesses can be compared by; empty if it cannot be told."""
    if isinstance(node, _NAMED):
        return node.name
    if isinstance(node, f.Constant):
        return f"={node.text}" if node.kind in ("str", "int", "bytes", "bool") else ""
    if isinstance(node, f.Attribute):
        base = key_text(node.value)
        return f"{base}.{node.name}" if base else ""
    if isinstance(node, f.Item):
        base, key = key_text(node.value), key_text(node.key)
        return f"{base}[{key}]" if base and key else ""
    if isinstance(node, f.Call) and _converts(node):
        # Whoever turns a key into the form that a table wants means the same item.
        return key_text(node.arguments[0].value)
    return ""


def _converts(node: f.Call) -> bool:
    """``int(key)``, ``str(key)``"""
    called = node.function
    return (
        isinstance(called, f.Global)
        and called.name in ("int", "str")
        and len(node.arguments) == 1
        and node.arguments[0].keyword is None
    )


def whole(key: f.Expression) -> bool:
    """Whether a key is the slice of all items, ``[:]``."""
    return (
        isinstance(key, f.Operation)
        and key.operator == "slice"
        and all(isinstance(bound, f.Constant) and bound.kind == "none" for bound in key.operands)
    )


def fixed_name(node: f.Expression) -> str:
    """The name of a constant or of an enumeration's member; empty for anything else."""
    text = key_text(node) if isinstance(node, f.Attribute | f.Global | f.ClassName) else ""
    return text if text.rpartition(".")[2].isupper() else ""


def indexed(node: f.Item) -> f.Expression:
    """The object that an item belongs to: ``frame.loc[…]`` is an item of the data frame."""
    inner = node.value
    return inner.value if _by_label(node) and isinstance(inner, f.Attribute) else inner


def index(node: f.Item) -> f.Expression:
    """The key of an item: of ``frame.loc[rows, column]`` the column, as in ``frame[column]``."""
    key = node.key
    if _by_label(node) and isinstance(key, f.Display) and key.kind == "tuple" and len(key.values) == 2:
        return key.values[1]
    return key


def _by_label(node: f.Item) -> bool:
    return isinstance(node.value, f.Attribute) and node.value.name in _INDEXERS


def item(frame: Frame, value: Value, key_node: f.Expression, pos: f.Position, key: Value) -> Value:
    """``value[key]``"""
    if isinstance(key_node, f.Operation) and key_node.operator == "slice":
        deps = value.deps | key.deps
        for ref in value.refs:
            if frame.recorded(ref):
                deps |= frame.read(ref, "content", pos)
        return Value((), deps, value.flags)
    refs: list[Any] = []
    deps = value.deps | key.deps
    for ref in value.refs:
        if not is_path(ref):
            continue
        if ref[0][0] == "proxy":
            refs.append(ref)
            if ref == SESSION:
                deps |= frame.read((*ref, key_step(key_node)), "element", pos, key_text(key_node))
            continue
        getters = [
            atom
            for atom in frame.paths.atoms(ref)
            if atom[0] == "inst" and frame.types.names.method(atom[1], "__getitem__")
        ]
        if getters and not frame.types.container(tuple(getters)):
            for atom in getters:
                method = frame.types.names.method(atom[1], "__getitem__")
                assert method is not None
                inner = calls.invoke(frame, method, (), [Value((ref,)), key], pos)
                refs.extend(inner.refs)
                deps |= inner.deps
            continue
        origin = origin_of(ref)
        # The first of those that a comprehension has chosen may stand anywhere in the list that they come from.
        picked = origin != ref and not frame.types.is_mapping(frame.paths.atoms(ref))
        path = (*origin, "[]" if picked else key_step(key_node))
        refs.append(path)
        if path[:-1] != ref:
            continue
        deps |= frame.read(path, "element", pos, key_text(key_node), flags=key.flags)
    return Value(tuple(refs), deps, value.flags | (key.flags | _chosen_by(frame, key_node)) & ~NAMES_ONE)


def _chosen_by(frame: Frame, key: f.Expression) -> int:
    """Flags of what the rows of a data frame or an array are compared with to choose them: ``frame[frame["city"] == city]``."""
    compared = [node for node in walk(key) if isinstance(node, f.Compare)] if isinstance(key, _MASKS) else []
    names = (part.name for node in compared for part in walk(node.operands[1:]) if isinstance(part, f.Local))
    flags = 0
    for name in names:
        flags |= frame.variables[name].flags if name in frame.variables else 0
    return flags


def content(frame: Frame, value: Value, pos: f.Position, asked: str = "content") -> int:
    """Dependency bits of looking at the content of a value (its length, its truth, what it holds)."""
    deps = value.deps
    for ref in value.refs:
        if frame.recorded(ref):
            deps |= frame.read(ref, asked, pos)
    return deps


def elements(frame: Frame, iterable: Value, pos: f.Position) -> Value:
    """What a loop over the value binds."""
    refs: list[Any] = []
    deps = content(frame, iterable, pos)
    if iterable.view == "keys":
        return Value((), deps, iterable.flags)
    if iterable.parts and not iterable.view:
        # ``for table in (first, second):`` walks just these.
        refs.extend(dict.fromkeys(ref for part in iterable.parts for ref in part.refs))
        return Value(tuple(refs[:MOST_PARTS]), deps, iterable.flags)
    for ref in iterable.refs:
        if not is_path(ref):
            continue
        if ref[0][0] == "proxy":
            refs.append(ref)
            continue
        origin = origin_of(ref)
        if iterable.view or not frame.types.is_mapping(frame.paths.atoms(ref)):
            refs.append((*origin, "[]"))
    view = "pair" if iterable.view in ("items", "copied-items", "enumerated") else ""
    return Value(tuple(refs), deps, iterable.flags, view)


def walked_by_key(frame: Frame, item: Value) -> tuple[frozenset[Path], int]:
    """The mappings whose keys a loop binds as this item, and the reads that the loop over them is."""
    paths: set[Path] = set()
    own = 0
    holds = any(frame.recorded(ref) for ref in item.refs)
    for at in () if holds else bits(item.deps >> frame.first_read):
        read = frame.summary.reads[at]
        if read.kind == "content" and frame.types.is_mapping(frame.paths.atoms(read.path)):
            paths.add(read.path)
            own |= 1 << frame.first_read + at
    return frozenset(paths), own


def may_wait(frame: Frame, iterable: Value, node: f.Expression) -> bool:
    """Whether getting the next item of a loop may let another greenlet run: a query, a stream, a generator."""
    if isinstance(node, f.Display | f.Constant | f.Comprehension) or iterable.view:
        return False
    if isinstance(node, f.Call) and isinstance(node.function, f.Global):
        return not frame.models.quiet(node.function.name)
    return frame.types.container(frame.atoms(iterable, node)) is None


def origin_of(path: Path) -> Path:
    """The container that a copy was made from: they hold the same objects."""
    root = path[0]
    return (*root[3], *path[1:]) if root[0] == "new" and len(root) > 3 else path
