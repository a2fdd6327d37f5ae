"""What names and attributes denote, and what looking them up reads or runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flaskglobals_lint.link import calls, operators, proxied
from flaskglobals_lint.link.paths import is_path
from flaskglobals_lint.link.summary import CONNECTION, REQUEST, ROUTED, Value

if TYPE_CHECKING:
    from flaskglobals_lint import facts as f
    from flaskglobals_lint.link.frame import Frame
    from flaskglobals_lint.link.summary import Path

_REQUEST: Path = (("proxy", "request"),)
_ROUTED = frozenset({"blueprint", "blueprints", "endpoint", "method", "scheme", "url_rule"})


def references(frame: Frame, found: tuple[Any, ...], pos: f.Position) -> Value:
    """A value from looked-up atoms: a module variable is a place, a proxy of Flask belongs to its context."""
    refs: list[Any] = []
    deps = flags = 0
    for atom in found:
        if atom[0] == "place":
            exported = calls.dynamic(frame, atom[1], atom[2]) if frame.types.names.exported(atom) else []
            if exported:
                refs.extend(exported)
                continue
            behind = proxied.target(frame, atom, pos)
            if behind is not None:
                refs.extend(behind.refs)
                deps |= behind.deps
                flags |= behind.flags
                continue
            path: Path = (("g", atom[1], atom[2]),)
            refs.append(path)
            deps |= frame.read(path, "load", pos)
        elif atom[0] == "ext":
            scope = frame.models.proxies.get(atom[1])
            if scope is None:
                refs.append(atom)
                continue
            frame.calls += 1  # a proxy is Python code
            if scope == "app":
                refs.append((("app",),))
            else:
                refs.append((("proxy", scope),))
                flags |= REQUEST
        elif atom[0] == "func" and not atom[2]:
            made = frame.types.decorated(atom[1])
            refs.extend((one,) if one[0] == "inst" else one for one in made)
        else:
            refs.append(atom)
    return Value(tuple(refs), deps, flags)


def attribute(frame: Frame, value: Value, node: f.Attribute) -> Value:
    """``value.name``: a place below each path, a bound method, a property's result, or what the models know."""
    name, types = node.name, frame.types
    refs: list[Any] = []
    deps, flags = value.deps, value.flags
    for ref in value.refs:
        if not is_path(ref):
            if ref[0] == "module":
                found = types.names.lookup(ref[1], name)
                if found is None:
                    module = types.index.modules.get(ref[1])
                    found = (("place", ref[1], name),) if module is not None and module.dynamic else ()
                    if found:
                        refs.extend(calls.dynamic(frame, ref[1], name))
                        continue
                    inner = operators.on_demand(frame, ref[1], name, node.pos)
                    refs.extend(inner.refs)
                    deps |= inner.deps
                    flags |= inner.flags
                    continue
                inner = references(frame, found, node.pos)
                refs.extend(inner.refs)
                deps |= inner.deps
                flags |= inner.flags
            elif ref[0] == "class":
                inner = attribute_of(frame, (("k", ref[1]),), node)
                refs.extend(inner.refs)
                deps |= inner.deps
            elif ref[0] == "func":
                path: Path = (("fn", ref[1]), f".{name}")
                refs.append(path)
                deps |= frame.read(path, "load", node.pos)
            elif ref[0] == "ext":
                inner = references(frame, types.attribute(ref, name), node.pos)
                refs.extend(inner.refs)
                flags |= inner.flags
            elif ref[0] == "super":
                refs.extend(calls.inherited(frame, ref, name))
            else:
                refs.extend(types.attribute(ref, name))
            continue
        if ref[0][0] == "proxy":
            flags = _about_request(ref, name, flags)
            shared = proxied.kept(frame, name) if len(ref) == 1 else ()
            if shared:
                # The attribute belongs to the request, the object that it refers to does not.
                refs.extend(shared)
                continue
            methods: list[Any] = []
            for atom in types.slot(("x", "flask.g", name)) if len(ref) == 1 else frame.paths.atoms(ref):
                if atom[0] == "inst" and len(ref) > 1 and types.names.method(atom[1], name) is not None:
                    methods.extend(calls.bound_methods(frame, atom, name, ref))
            refs.extend(methods or [(*ref, f".{name}") if ref[0][1] == "request" else ref])
            continue
        inner = attribute_of(frame, ref, node)
        refs.extend(inner.refs)
        deps |= inner.deps
        flags |= inner.flags
    if not refs:
        for atom in types.expand(types.of(node.value, frame.scope)):
            if atom[0] in ("inst", "super", "module", "class"):
                refs.extend(a for a in types.attribute(atom, name) if a[0] in ("func", "bound", "class"))
    return Value(tuple(dict.fromkeys(refs))[:8], deps, flags)


def _about_request(path: Path, name: str, flags: int) -> int:
    """Flags of an attribute of a context-local object."""
    if name == "sid":
        flags |= CONNECTION
    if path == _REQUEST and name in _ROUTED:
        return flags & ~REQUEST | ROUTED
    return flags


def attribute_of(frame: Frame, path: Path, node: f.Attribute) -> Value:
    """One path's attribute."""
    name, types, paths = node.name, frame.types, frame.paths
    atoms = paths.atoms(path)
    refs: list[Any] = []
    deps = flags = 0
    placed = False
    if path[0][0] == "new" and len(path) == 1:
        given = paths.given(path, name)
        if given is not None:
            return Value((given,))
    members = [atom for atom in atoms if atom[0] in ("inst", "class") and types.names.method(atom[1], name) is not None]
    for atom in members or atoms:
        if atom[0] == "inst":
            method = types.names.method(atom[1], name)
            if method is not None:
                if types.names.is_property(method):
                    inner = calls.invoke(frame, method, (), [Value((path,))], node.pos)
                    refs.extend(inner.refs)
                    deps |= inner.deps
                    flags |= inner.flags
                else:
                    refs.extend(calls.bound_methods(frame, atom, name, path))
                continue
            if name == "__class__":
                refs.append((("k", atom[1]),))
                continue
            overrides = [] if paths.bindings((*path, f".{name}")) else types.names.overrides(atom[1], name)
            if overrides:
                refs.extend(("bound", fid, path) for fid in overrides)
                continue
            described = operators.described(frame, path, name, "__get__", node.pos)
            if described is not None:
                refs.extend(described.refs)
                deps |= described.deps
                flags |= described.flags
                continue
        elif atom[0] == "class":
            method = types.names.method(atom[1], name)
            if method is not None:
                receiver = ("bound", method, path) if types.names.kind(method) == "classmethod" else None
                refs.append(receiver or ("func", method, ()))
                continue
        elif atom[0] == "conn":
            frame.use(path, atom[1], name, node.pos)
            held = types.attribute(atom, name)
            refs.extend(a for a in held if a[0] == "conn")
        elif atom[0] == "module":
            inner = references(frame, types.names.lookup(atom[1], name) or (), node.pos)
            refs.extend(inner.refs)
            deps |= inner.deps
            continue
        elif atom[0] in ("func", "bound"):
            continue
        if not placed:
            placed = True
            step = paths.attribute(path, name)
            refs.append(step)
            deps |= frame.read(step, "load", node.pos)
    if not atoms and not placed:
        step = (*path, f".{name}")
        refs.append(step)
        deps |= frame.read(step, "load", node.pos)
    return Value(tuple(refs), deps, flags)
