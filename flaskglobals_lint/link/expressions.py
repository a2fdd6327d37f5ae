"""Evaluating expressions: what they denote, what they read, what their value depends on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

from flaskglobals_lint import facts as f
from flaskglobals_lint.link import calls, feasible, operators, proxied
from flaskglobals_lint.link.atoms import key_step
from flaskglobals_lint.link.frame import Frame, merge
from flaskglobals_lint.link.paths import is_path
from flaskglobals_lint.link.summary import CONNECTION, NAMES_ONE, REQUEST, SESSION, THREAD_ID, UNIQUE, Path, Value

NOTHING = Value()
_INDEXERS = frozenset({"at", "iat", "iloc", "loc"})
"""Attributes of data frames and series by which their items are read and written."""

_Evaluate: TypeAlias = Callable[[Frame, Any], Value]


def evaluate(frame: Frame, node: f.Expression) -> Value:
    """The value of an expression; its accesses are recorded in the frame."""
    return _EVALUATE[type(node)](frame, node)


def key_text(node: f.Expression) -> str:
    """A short text for a key that two accesses can be compared by; empty if it cannot be told."""
    match node:
        case f.Local() | f.Global() | f.Free() | f.ClassName():
            return node.name
        case f.Constant():
            return f"={node.text}" if node.kind in ("str", "int", "bytes", "bool") else ""
        case f.Attribute():
            base = key_text(node.value)
            return f"{base}.{node.name}" if base else ""
        case f.Item():
            base, key = key_text(node.value), key_text(node.key)
            return f"{base}[{key}]" if base and key else ""
        case _:
            return ""


def _global(frame: Frame, node: f.Global) -> Value:
    found = frame.types.names.lookup(frame.module_path, node.name)
    if found is None:
        return Value((("ext", node.name),))
    return references(frame, found, node.pos)


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


def _local(frame: Frame, node: f.Local) -> Value:
    return frame.variables.get(node.name, NOTHING)


def _free(frame: Frame, node: f.Free) -> Value:
    owner = f"{frame.module_path}:{node.owner}"
    atoms = frame.types.variable(owner, node.name)
    path: Path = (("v", owner, node.name),)
    plain = [atom for atom in atoms if atom[0] in ("func", "class", "module", "ext")]
    if plain and len(plain) == len(atoms):
        return references(frame, tuple(plain), node.pos)
    return Value((path,), frame.read(path, "load", node.pos))


def _class_name(frame: Frame, node: f.ClassName) -> Value:
    path: Path = (("k", f"{frame.module_path}:{node.owner}"), f".{node.name}")
    return Value((path,), frame.read(path, "load", node.pos))


def _attribute(frame: Frame, node: f.Attribute) -> Value:
    return attribute(frame, evaluate(frame, node.value), node)


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
            if name == "sid":
                flags |= CONNECTION
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


def module_variable(frame: Frame, node: f.Item) -> f.Global | None:
    """``globals()["name"]`` as the variable that it is."""
    called, key = node.value, node.key
    if (
        isinstance(called, f.Call)
        and isinstance(called.function, f.Global)
        and called.function.name == "globals"
        and isinstance(key, f.Constant)
        and key.kind == "str"
        and frame.types.names.lookup(frame.module_path, "globals") is None
    ):
        return f.Global(key.text, node.pos)
    return None


def indexed(node: f.Item) -> f.Expression:
    """The object that an item belongs to: ``frame.loc[…]`` is an item of the data frame."""
    inner = node.value
    return inner.value if isinstance(inner, f.Attribute) and inner.name in _INDEXERS else inner


def _item(frame: Frame, node: f.Item) -> Value:
    variable = module_variable(frame, node)
    if variable is not None:
        return _global(frame, variable)
    value = evaluate(frame, indexed(node))
    key = evaluate(frame, node.key)
    return item(frame, value, node.key, node.pos, key)


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
        path = (*origin_of(ref), key_step(key_node))
        refs.append(path)
        if path[:-1] != ref:
            continue
        deps |= frame.read(path, "element", pos, key_text(key_node), flags=key.flags)
    return Value(tuple(refs), deps, value.flags | key.flags & ~NAMES_ONE)


def _constant(frame: Frame, node: f.Constant) -> Value:
    return NOTHING


def content(frame: Frame, value: Value, pos: f.Position, asked: str = "content") -> int:
    """Dependency bits of looking at the content of a value (its length, its truth, what it holds)."""
    deps = value.deps
    for ref in value.refs:
        if frame.recorded(ref):
            deps |= frame.read(ref, asked, pos)
    return deps


def truth(frame: Frame, node: f.Expression, asked: str = "truth") -> int:
    """Dependency bits of a condition: a container's truth is its content, as is its lack."""
    if isinstance(node, f.Operation) and node.operator == "not":
        return truth(frame, node.operands[0], "lack" if asked == "truth" else "truth")
    if isinstance(node, f.Boolean):
        deps = 0
        for operand in node.operands:
            deps |= truth(frame, operand, asked)
            if feasible.verdict(frame, operand) is (node.operator == "or"):
                break
        return deps
    if isinstance(node, f.Local) and node.name in frame.attempts:
        frame.enter(*frame.attempts.pop(node.name))
    frame.testing += 1
    value = evaluate(frame, node)
    frame.testing -= 1
    if isinstance(node, f.Local | f.Global | f.Free | f.Attribute | f.Item | f.ClassName):
        pos = getattr(node, "pos", f.NOWHERE)
        return content(frame, value, pos, asked) | operators.length(frame, value, pos)
    return value.deps


def _display(frame: Frame, node: f.Display) -> Value:
    deps = flags = 0
    parts: list[Value] = []
    for key in node.keys:
        if key is not None:
            value = evaluate(frame, key)
            deps |= value.deps
            flags |= value.flags & ~NAMES_ONE
    for at, child in enumerate(node.values):
        value = evaluate(frame, child)
        parts.append(value)
        deps |= value.deps
        flags |= value.flags
        frame.hand_out(value, node.pos)
        if isinstance(child, f.Starred) or (node.kind == "dict" and node.keys[at] is None):
            deps |= content(frame, value, node.pos)
    made = Value(((("new", (*node.pos[:2], frame.scope), ("cont", node.kind)),),), deps, flags)
    if node.kind == "tuple" and not any(isinstance(child, f.Starred) for child in node.values):
        made.parts = tuple(parts)
    return made


def _operation(frame: Frame, node: f.Operation) -> Value:
    deps = flags = 0
    values: list[Value] = []
    for operand in node.operands:
        value = evaluate(frame, operand)
        values.append(value)
        deps |= value.deps
        flags |= value.flags if node.operator != "not" else 0
        if node.operator in ("+", "|", "-", "&", "^"):
            for ref in value.refs:
                if frame.recorded(ref):
                    deps |= frame.read(ref, "content", getattr(operand, "pos", f.NOWHERE))
            frame.hand_out(value, getattr(operand, "pos", f.NOWHERE))
    if len(values) == 2:
        left, right = values
        found = operators.binary(frame, node.operator, left, right, getattr(node.operands[0], "pos", f.NOWHERE))
        if found is not None:
            return Value(found.refs, deps | found.deps, flags | found.flags)
    return Value((), deps, flags)


def _compare(frame: Frame, node: f.Compare) -> Value:
    values = [evaluate(frame, operand) for operand in node.operands]
    deps = 0
    for value in values:
        deps |= value.deps
    for operator, operand, left, value in zip(node.operators, node.operands[1:], values, values[1:], strict=False):
        found = operators.binary(frame, operator, left, value, node.pos)
        deps |= found.deps if found is not None else 0
        if operator in ("in", "not in"):
            for ref in value.refs:
                if frame.recorded(ref):
                    key = key_text(node.operands[0]) if len(node.operators) == 1 else ""
                    deps |= frame.read(ref, "content", getattr(operand, "pos", node.pos), key, flags=values[0].flags)
                    deps |= calls.membership(frame, ref, values[0], node.pos)
                    if ref[-1] == ".columns" and len(ref) > 1:
                        # The columns of a data frame are its items.
                        deps |= frame.read(ref[:-1], "content", getattr(operand, "pos", node.pos), key)
    return Value((), deps, 0)


def _boolean(frame: Frame, node: f.Boolean) -> Value:
    result = evaluate(frame, node.operands[0])
    outer = frame.control
    decided = node.operands[0]
    for operand in node.operands[1:]:
        if feasible.verdict(frame, decided) is (node.operator == "or"):
            break
        decided = operand
        frame.control |= result.deps
        result = merge(result, evaluate(frame, operand))
    frame.control = outer
    return result


def _conditional(frame: Frame, node: f.Conditional) -> Value:
    deps = truth(frame, node.test)
    holds = feasible.verdict(frame, node.test)
    if holds is not None:
        return evaluate(frame, node.body if holds else node.orelse)
    outer = frame.control
    frame.control |= deps
    result = merge(evaluate(frame, node.body), evaluate(frame, node.orelse))
    frame.control = outer
    return Value(result.refs, result.deps | deps, result.flags, result.view)


def _comprehension(frame: Frame, node: f.Comprehension) -> Value:
    deps = flags = 0
    outer = frame.control
    started, paused = len(frame.summary.iterations), frame.pauses
    for clause in node.clauses:
        iterable = evaluate(frame, clause.iterable)
        via = "a generator" if node.kind == "generator" else f"a {node.kind} comprehension"
        frame.iterate(iterable, clause.pos, via)
        operators.items(frame, iterable, clause.pos)
        frame.pauses += may_wait(frame, iterable, clause.iterable)
        deps |= content(frame, iterable, clause.pos)
        bind(frame, clause.target, elements(frame, iterable, clause.pos))
        for condition in clause.conditions:
            found = truth(frame, condition)
            deps |= found
            frame.control |= found
    if node.key is not None:
        value = evaluate(frame, node.key)
        deps |= value.deps
        flags |= value.flags
    value = evaluate(frame, node.element)
    if node.kind != "generator":
        frame.walked(started, paused)
    frame.control = outer
    site, kind = (*node.pos[:2], frame.scope), ("cont", node.kind)
    made: tuple[Path, ...] = ((("new", site, kind),),)
    if isinstance(node.element, f.Local):
        # What a comprehension only picks are the objects of the container that it goes through.
        picked = [ref[:-1] for ref in value.refs if frame.recorded(ref) and ref[-1] == "[]" and len(ref) > 1]
        made = tuple((("new", site, kind, origin),) for origin in picked[:2]) or made
    return Value(made, deps | value.deps, flags | value.flags)


def may_wait(frame: Frame, iterable: Value, node: f.Expression) -> bool:
    """Whether getting the next item of a loop may let another greenlet run: a query, a stream, a generator."""
    if isinstance(node, f.Display | f.Constant | f.Comprehension) or iterable.view:
        return False
    if isinstance(node, f.Call) and isinstance(node.function, f.Global):
        return not frame.models.quiet(node.function.name)
    return frame.types.container(frame.atoms(iterable, node)) is None


def elements(frame: Frame, iterable: Value, pos: f.Position) -> Value:
    """What a loop over the value binds."""
    refs: list[Any] = []
    deps = content(frame, iterable, pos)
    if iterable.view == "keys":
        return Value((), deps, iterable.flags)
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


def origin_of(path: Path) -> Path:
    """The container that a copy was made from: they hold the same objects."""
    root = path[0]
    return (*root[3], *path[1:]) if root[0] == "new" and len(root) > 3 else path


def bind(frame: Frame, target: f.Expression, value: Value) -> None:
    """Bind a loop or ``with`` target; in ``for k, v in d.items()`` only ``v`` is the element."""
    if isinstance(target, f.Local):
        frame.assign(target.name, value)
    elif isinstance(target, f.Display):
        for at, child in enumerate(target.values):
            if value.view == "pair":
                refs = value.refs if at == 1 else ()
                bind(frame, child, Value(refs, value.deps, value.flags))
            else:
                bind(frame, child, Value((), value.deps, value.flags))
    elif isinstance(target, f.Starred):
        bind(frame, target.value, Value((), value.deps, value.flags))
    else:
        frame.evaluator.assignments.store(frame, target, value, getattr(target, "pos", f.NOWHERE))


def _lambda(frame: Frame, node: f.Lambda) -> Value:
    return Value((("func", f"{frame.module_path}:{node.function}", ()),))


def _await(frame: Frame, node: f.Await) -> Value:
    value = evaluate(frame, node.value)
    frame.awaits += 1
    frame.pauses += 1
    frame.calls += 1
    if frame.sections:
        frame.summary.awaits.append((node.pos, frame.sections))
    return value


def _yield(frame: Frame, node: f.Yield) -> Value:
    if node.value is not None:
        value = evaluate(frame, node.value)
        frame.hand_out(value, node.pos)
        frame.summary.yielded_refs += value.refs[:3]
        if isinstance(node.value, f.Local) and node.value.name in frame.attempts:
            frame.summary.yielded_attempt = frame.attempts[node.value.name]
    if not frame.summary.yielded:
        frame.summary.yielded = frame.sections
    frame.calls += 1
    frame.blocking += 1
    frame.pauses += 1
    return NOTHING


def _starred(frame: Frame, node: f.Starred) -> Value:
    return evaluate(frame, node.value)


def _walrus(frame: Frame, node: f.Walrus) -> Value:
    value = evaluate(frame, node.value)
    bind(frame, node.target, value)
    return value


def _call(frame: Frame, node: f.Call) -> Value:
    return calls.call(frame, node)


_EVALUATE: dict[type, _Evaluate] = {
    f.Global: _global,
    f.Local: _local,
    f.Free: _free,
    f.ClassName: _class_name,
    f.Attribute: _attribute,
    f.Item: _item,
    f.Constant: _constant,
    f.Display: _display,
    f.Operation: _operation,
    f.Compare: _compare,
    f.Boolean: _boolean,
    f.Conditional: _conditional,
    f.Comprehension: _comprehension,
    f.Lambda: _lambda,
    f.Await: _await,
    f.Yield: _yield,
    f.Starred: _starred,
    f.Walrus: _walrus,
    f.Call: _call,
}

__all__ = ["REQUEST", "THREAD_ID", "UNIQUE", "evaluate"]
