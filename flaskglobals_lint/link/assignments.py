"""Evaluating assignments: what is written where, by ``=``, ``+=`` and ``del``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from flaskglobals_lint import facts as f
from flaskglobals_lint.link import calls, expressions, items, namespaces, operators, proxied
from flaskglobals_lint.link.atoms import NUMBERS, key_step
from flaskglobals_lint.link.frame import Frame
from flaskglobals_lint.link.index import attribute_by_dict
from flaskglobals_lint.link.paths import is_path
from flaskglobals_lint.link.summary import MEASURED, SESSION, Path, Value, Write

if TYPE_CHECKING:
    from flaskglobals_lint.link.evaluate import Evaluator


class Assignments:
    """Stores of values in variables, attributes and items."""

    def __init__(self, evaluator: Evaluator) -> None:
        self.evaluator = evaluator

    def assign(self, frame: Frame, node: f.Assign) -> None:
        single = node.targets[0] if len(node.targets) == 1 else None
        if (
            isinstance(single, f.Display)
            and isinstance(node.value, f.Display)
            and len(single.values) == len(node.value.values)
            and not any(isinstance(child, f.Starred) for child in (*single.values, *node.value.values))
        ):
            values = [expressions.evaluate(frame, child) for child in node.value.values]
            if self._exchanges(single, node.value):
                # What each of them gets depends on the one that it displaces: ``a, b = b, a``.
                deps = 0
                for value in values:
                    deps |= value.deps
                values = [Value(value.refs, deps, value.flags) for value in values]
            for target, value in zip(single.values, values, strict=True):
                self.store(frame, target, value, node.pos, self._constant(frame, node.value))
            return
        frame.acquired = None
        value = expressions.evaluate(frame, node.value)
        if frame.acquired is not None and isinstance(single, f.Local):
            frame.attempts[single.name] = frame.acquired
        for target in node.targets:
            self.store(frame, target, value, node.pos, self._constant(frame, node.value))

    @staticmethod
    def _exchanges(targets: f.Display, values: f.Display) -> bool:
        """Whether variables only change places."""
        texts = [items.key_text(node) for node in targets.values]
        return all(texts) and sorted(texts) == sorted(items.key_text(node) for node in values.values)

    @staticmethod
    def _constant(frame: Frame, node: f.Expression) -> bool:
        """A literal, a constant or an enumeration's member: whoever stores it second stores the same."""
        if items.fixed_name(node):
            atoms = frame.types.expand(frame.types.of(node, frame.scope))
            owners = frame.types.of(node.value, frame.scope) if isinstance(node, f.Attribute) else ()
            names = frame.types.names
            listed = any(
                atom[0] == "class" and any(base.startswith("enum.") for base in names.external_bases(atom[1]))
                for atom in owners
            )
            return listed or (bool(atoms) and all(atom[0] == "const" for atom in atoms))
        return isinstance(node, f.Constant) or (isinstance(node, f.Display) and not node.values)

    def store(self, frame: Frame, target: f.Expression, value: Value, pos: f.Position, constant: bool = False) -> None:
        """Assign a value to a target."""
        match target:
            case f.Local():
                frame.assign(target.name, value)
            case f.Global():
                path: Path = (("g", frame.module_path, target.name),)
                frame.write(path, "set", "=", target.pos, value, constant=constant)
                frame.displace(path, value)
                frame.escape(value, path)
            case f.Free():
                path = (("v", f"{frame.module_path}:{target.owner}", target.name),)
                frame.write(path, "set", "=", target.pos, value, constant=constant)
                frame.displace(path, value)
                frame.escape(value, path)
            case f.Attribute():
                self.store_attribute(frame, target, value, constant)
            case f.Item():
                variable = namespaces.item(target)
                if variable is not None:
                    self.store(frame, variable, value, pos, constant)
                elif constant and items.whole(target.key):
                    self._empty(frame, target)
                else:
                    self.store_item(frame, target, value, constant)
            case f.Display():
                spread = any(isinstance(child, f.Starred) for child in target.values)
                known = len(value.parts) == len(target.values) and not spread
                for at, child in enumerate(target.values):
                    part = value.parts[at] if known else Value((), value.deps, value.flags)
                    self.store(frame, child, part, pos)
            case f.Starred():
                self.store(frame, target.value, Value((), value.deps, value.flags), pos)
            case _:
                pass

    def store_attribute(self, frame: Frame, target: f.Attribute, value: Value, constant: bool) -> None:
        receiver = expressions.evaluate(frame, target.value)
        for ref in receiver.refs:
            path: Path | None = None
            if is_path(ref):
                if ref[0][0] == "proxy":
                    if len(ref) == 1:
                        proxied.keep(frame, target.name, value)
                    continue
                if self._setter(frame, ref, target, value):
                    continue
                path = self.evaluator.paths.attribute(ref, target.name)
            elif ref[0] == "module":
                path = (("g", ref[1], target.name),) if not ref[1].endswith("/") else None
            elif ref[0] == "class":
                owner = self.evaluator.types.names.owner(ref[1], target.name) or ref[1]
                path = (("k", owner), f".{target.name}")
            elif ref[0] == "func":
                path = (("fn", ref[1]), f".{target.name}")
            elif ref[0] == "ext":
                frame.write_library(f"{ref[1]}.{target.name}", "assign", value, target.pos)
            if path is not None:
                frame.write(path, "set", "=", target.pos, value, constant=constant)
                frame.displace(path, value)
                frame.escape(value, path)

    def _setter(self, frame: Frame, ref: Path, target: f.Attribute, value: Value) -> bool:
        """Property setters, descriptors and ``__setattr__`` of the project run instead; True if one did."""
        names = self.evaluator.types.names
        if operators.described(frame, ref, target.name, "__set__", target.pos, value) is not None:
            return True
        for atom in self.evaluator.paths.atoms(ref):
            if atom[0] != "inst":
                continue
            setter = names.setter(atom[1], target.name)
            if setter is not None:
                calls.invoke(frame, setter, (), [Value((ref,)), value], target.pos)
                return True
            hook = names.method(atom[1], "__setattr__")
            if hook is not None and hook != frame.scope:
                calls.invoke(frame, hook, (), [Value((ref,)), Value(), value], target.pos)
        return False

    def store_item(self, frame: Frame, target: f.Item, value: Value, constant: bool) -> None:
        named = attribute_by_dict(target)
        if named is not None:
            self.store_attribute(frame, named, value, constant)
            return
        receiver = expressions.evaluate(frame, items.indexed(target))
        key = expressions.evaluate(frame, target.key)
        step = key_step(items.index(target))
        text = items.key_text(items.index(target))
        if key.flags & MEASURED:
            # ``d[len(d) + 1] = x``: which item is written depends on what was there.
            read = key.deps >> frame.first_read << frame.first_read
            value = Value(value.refs, value.deps | read, value.flags, value.view)
        for ref in receiver.refs:
            if ref[0] == "ext":
                frame.write_library(ref[1], "item", value, target.pos)
            if not is_path(ref) or (ref[0][0] == "proxy" and ref != SESSION):
                continue
            for atom in self.evaluator.paths.atoms(ref):
                if atom[0] == "inst":
                    method = self.evaluator.types.names.method(atom[1], "__setitem__")
                    if method is not None:
                        calls.invoke(frame, method, (), [Value((ref,)), key, value], target.pos)
            path: Path = (*ref, step)
            chosen = frame.searched(ref, text, key.deps)
            before = len(frame.summary.writes)
            frame.write(path, "set", "[…] =", target.pos, value, text, key.flags, constant=constant, chosen=chosen)
            walked, loop = frame.walks.get(text, (frozenset(), 0))
            if ref in walked and len(frame.summary.writes) > before:
                # ``for key in d: d[key] = x``: going over the keys asks nothing of what they stand for.
                frame.summary.writes[-1] = _regardless(frame.summary.writes[-1], loop)
            frame.escape(value, path)
        inner = target.value
        while isinstance(inner, f.Item | f.Attribute):
            inner = inner.value
        if isinstance(inner, f.Local) and inner.name in frame.variables:
            held = frame.variables[inner.name]
            if not any(frame.recorded(ref) for ref in held.refs):
                deps = held.deps | value.deps | key.deps | frame.control
                frame.variables[inner.name] = Value(held.refs, deps, held.flags | value.flags, held.view)

    def augmented(self, frame: Frame, node: f.AugmentedAssign) -> None:
        current = expressions.evaluate(frame, node.target)
        value = expressions.evaluate(frame, node.value)
        changed = operators.in_place(frame, node.operator, current, value, node.pos)
        if changed is not None:
            self.store(frame, node.target, changed, node.pos)
            return
        atoms = frame.atoms(current, node.target)
        in_place = (node.operator == "+" and ("cont", "list") in atoms) or (
            node.operator in ("|", "&", "-", "^") and (("cont", "set") in atoms or ("cont", "dict") in atoms)
        )
        in_place = in_place and not self._number(frame, node, current)
        if isinstance(node.target, f.Local):
            combined = Value(current.refs if in_place else (), current.deps | value.deps, current.flags | value.flags)
            if in_place:
                for ref in current.refs:
                    if frame.recorded(ref):
                        frame.write(ref, "mutate", f"{node.operator}=", node.target.pos, value)
            frame.assign(node.target.name, combined)
            return
        if in_place:
            for ref in current.refs:
                if frame.recorded(ref):
                    frame.write(ref, "mutate", f"{node.operator}=", node.pos, value)
            return
        combined = Value((), current.deps | value.deps, current.flags | value.flags)
        before = len(frame.summary.writes)
        self.store(frame, node.target, combined, node.pos)
        for at in range(before, len(frame.summary.writes)):
            write = frame.summary.writes[at]
            if write.via in ("=", "[…] ="):
                frame.summary.writes[at] = _renamed(write, f"{node.operator}=")

    @staticmethod
    def _number(frame: Frame, node: f.AugmentedAssign, current: Value) -> bool:
        """Whether a number is added, or the item began as a plain value: another item of the container is the list."""
        given = frame.types.expand(frame.types.of(node.value, frame.scope))
        if given and NUMBERS.issuperset(given):
            return True
        for ref in current.refs:
            for binding in frame.paths.bindings(ref[:-1]) if is_path(ref) and str(ref[-1]).startswith('["') else ():
                if isinstance(binding.value, f.Display):
                    for key, held in zip(binding.value.keys, binding.value.values, strict=False):
                        if key is not None and key_step(key) == ref[-1]:
                            return isinstance(held, f.Constant)
        return False

    def delete(self, frame: Frame, node: f.Delete) -> None:
        for target in node.targets:
            if isinstance(target, f.Item) and items.whole(target.key):
                self._empty(frame, target)
            elif isinstance(target, f.Item):
                receiver = expressions.evaluate(frame, target.value)
                key = expressions.evaluate(frame, target.key)
                operators.special(frame, receiver, "__delitem__", target.pos, key)
                for ref in receiver.refs:
                    if is_path(ref):
                        path: Path = (*ref, key_step(target.key))
                        text = items.key_text(target.key)
                        frame.write(path, "delete", "del", target.pos, Value((), key.deps), text, key.flags)
            elif isinstance(target, f.Attribute):
                receiver = expressions.evaluate(frame, target.value)
                for ref in receiver.refs:
                    if is_path(ref):
                        frame.write(self.evaluator.paths.attribute(ref, target.name), "delete", "del", target.pos)
            elif isinstance(target, f.Local):
                frame.variables.pop(target.name, None)

    @staticmethod
    def _empty(frame: Frame, target: f.Item) -> None:
        """``del lines[:]`` and ``lines[:] = []`` are ``lines.clear()``."""
        for ref in expressions.evaluate(frame, target.value).refs:
            if is_path(ref):
                frame.write(ref, "delete", ".clear()", target.pos, harmless=True)


def _renamed(write: Write, via: str) -> Write:
    return replace(write, via=via)


def _regardless(write: Write, reads: int) -> Write:
    """The write, as one that does not depend on those reads."""
    return replace(write, values=write.values & ~reads, control=write.control & ~reads, branch=write.branch & ~reads)
