"""Calls of methods whose meaning the models know: containers, keyed stores, locks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flaskglobals_lint import facts as f
from flaskglobals_lint.link import calls, expressions, holding, items, launchers, library, passing, proxied
from flaskglobals_lint.link.atoms import key_step
from flaskglobals_lint.link.paths import is_path
from flaskglobals_lint.link.summary import SESSION, SORT, Edge, Path, Value

if TYPE_CHECKING:
    from flaskglobals_lint.link.atoms import Atoms
    from flaskglobals_lint.link.frame import Frame
    from flaskglobals_lint.models import Container, Store

_LIKELY = {
    "append": "list", "extend": "list", "insert": "list", "remove": "list", "sort": "list", "reverse": "list",
    "appendleft": "collections.deque", "popleft": "collections.deque",
    "add": "set", "discard": "set",
    "update": "dict", "setdefault": "dict", "popitem": "dict", "get": "dict", "items": "dict", "values": "dict",
    "keys": "dict", "pop": "dict", "clear": "dict", "copy": "dict",
}  # fmt: skip
"""Where nothing is known of a receiver: the container whose method of that name is the likeliest."""

_EVENTS = frozenset({"threading.Event", "multiprocessing.Event", "gevent.event.Event"})


def method_call(frame: Frame, node: f.Call, function: f.Attribute, receiver: Value) -> Value | None:
    """The value of ``receiver.method(…)`` if the models know the method; None otherwise."""
    atoms = frame.atoms(receiver, function.value)
    name = function.name
    held = holding.method_call(frame, node, function, receiver, atoms)
    if held is not None:
        return held
    own = _as_base(frame, receiver, name)
    if own is not None:
        base = frame.types.container(frame.atoms(own, function.value))
        if base is not None and name in base.reads | base.writes | base.element_reads:
            return _container_call(frame, node, function, own, base)
    if _project_method(frame, atoms, name):
        return None
    if name == "start" and not node.arguments:
        _start(frame, node, receiver, atoms)
    if name == "get" and any(is_path(ref) and ref[0][0] == "proxy" for ref in receiver.refs):
        shared = proxied.looked_up(frame, node)
        if shared:
            return Value(shared)
    if any(atom[0] == "extinst" and atom[1] in _EVENTS for atom in atoms):
        return _event(frame, node, name, receiver)
    store = _store(frame, atoms)
    if store is not None and name in store.locks and not node.arguments:
        own = _own_lock(frame, node, receiver, atoms, name)
        if own is not None:
            return own
    if store is not None and any(name in group for group in (store.reads, store.writes, store.deletes, store.atomic)):
        return _store_call(frame, node, function, receiver, store)
    container = _container(frame, atoms, name)
    if container is None and (SESSION in receiver.refs or _is_namespace(function.value)):
        container = frame.models.container("dict")
    guess = name in _LIKELY and frame.types.untold(atoms)
    if container is None and guess and not _inherited(frame, receiver):
        first = node.arguments[0].value if node.arguments else None
        # No dict takes a list or dict as key: that ``get`` is somebody else's.
        unhashable = (
            isinstance(first, f.Display) and first.kind != "tuple" and _LIKELY[name] == "dict" and name != "update"
        )
        container = None if unhashable else frame.models.container(_LIKELY[name])
    if container is None or not _has(container, name):
        return None
    return _container_call(frame, node, function, receiver, container)


def _container(frame: Frame, atoms: Atoms, name: str) -> Container | None:
    """The container that the receiver is: of several that it may be the first with such a method."""
    found = [one for atom in atoms if (one := frame.types.container((atom,))) is not None]
    return next((one for one in found if _has(one, name)), found[0] if found else None)


def _has(container: Container, name: str) -> bool:
    known = container.reads | container.writes | container.element_reads | container.iterates | container.snapshots
    return name in known


def _as_base(frame: Frame, receiver: Value, name: str) -> Value | None:
    """The object itself where ``super().name()`` is a method of the container that its class is made of; statements that
    stand for special methods (``d[k] = v``) are seen where they are written."""
    if (
        name.startswith("__")
        or frame.function is None
        or frame.function.cls is None
        or not frame.function.facts.parameters
    ):
        return None
    for ref in receiver.refs:
        if not is_path(ref) and ref[0] == "super":
            found = calls.inherited(frame, ref, name)
            return None if any(one[0] in ("func", "bound") for one in found) else Value(((("p", frame.scope, 0),),))
    return None


def _start(frame: Frame, node: f.Call, receiver: Value, atoms: Atoms) -> None:
    """Record that a thread of a class of the project starts here: each request that comes by starts one of its own."""
    made = {write.path for write in frame.summary.writes if any(ref[0][0] == "new" for ref in write.refs)}
    known = tuple(ref for ref in receiver.refs if ref not in made)[:3]
    for atom in atoms:
        run = launchers.thread(frame.types, atom[1]) if atom[0] == "inst" else None
        if run is not None:
            frame.call(Edge(run, (), (known,), node.pos, (), "start"))


def _event(frame: Frame, node: f.Call, name: str, receiver: Value) -> Value | None:
    """An event as a flag: asking it decides what follows, and setting it afterwards is as late as any other flag."""
    deps = receiver.deps
    for ref in receiver.refs:
        if not frame.recorded(ref):
            continue
        if name in ("is_set", "isSet"):
            deps |= frame.read(ref, "content", node.pos)
        elif name in ("set", "clear") and frame.asked_before(ref):
            frame.write(ref, "set", "=", node.pos, constant=True)
    return Value((), deps) if name in ("is_set", "isSet", "set", "clear") else None


def _inherited(frame: Frame, receiver: Value) -> bool:
    """Whether it is an attribute that only a library's base class can have given the object (``Model.query``)."""
    for ref in receiver.refs:
        if not is_path(ref) or not str(ref[-1]).startswith(".") or frame.paths.bindings(ref):
            continue
        for atom in frame.paths.atoms(ref[:-1]):
            if atom[0] in ("inst", "class") and frame.types.names.inherits_unseen(atom[1]):
                return True
    return False


def _is_namespace(node: f.Expression) -> bool:
    """``obj.__dict__``"""
    return isinstance(node, f.Attribute) and node.name == "__dict__"


def _project_method(frame: Frame, atoms: Atoms, name: str) -> bool:
    return any(atom[0] in ("inst", "class") and frame.types.names.method(atom[1], name) is not None for atom in atoms)


def _own_lock(frame: Frame, node: f.Call, receiver: Value, atoms: Atoms, name: str) -> Value | None:
    """``value.get_lock()``: always one and the same lock, which is known by the value that it belongs to."""
    for atom in atoms:
        dotted = frame.models.result(atom[1], name) if atom[0] == "extinst" else None
        if dotted is not None and frame.models.lock(dotted) is not None:
            site = (*node.pos[:2], frame.scope)
            origins = [ref for ref in receiver.refs if is_path(ref)][:1]
            made: tuple[Any, ...] = ("new", site, ("extinst", dotted), *origins)
            return Value(((made,),))
    return None


def _store(frame: Frame, atoms: Atoms) -> Store | None:
    for atom in atoms:
        dotted = atom[1] if atom[0] == "extinst" else atom[2] if atom[0] == "conn" else ""
        found = frame.models.store(dotted) if dotted else None
        if found is not None:
            return found
        if atom[0] == "inst":
            for base in frame.types.names.external_bases(atom[1]):
                found = frame.models.store(base)
                if found is not None:
                    return found
    return None


def _values(frame: Frame, node: f.Call) -> list[Value]:
    return [expressions.evaluate(frame, argument.value) for argument in node.arguments]


def _combined(values: list[Value], deps: int = 0, flags: int = 0) -> Value:
    for value in values:
        deps |= value.deps
        flags |= value.flags
    return Value((), deps, flags)


def _store_call(frame: Frame, node: f.Call, function: f.Attribute, receiver: Value, store: Store) -> Value:
    """``cache.get(key)``, ``redis.set(key, value)`` …: the keyed entry is the place."""
    values = _values(frame, node)
    name = function.name
    step, text = "[]", ""
    key = Value()
    if node.arguments and node.arguments[0].star == 0:
        step = key_step(node.arguments[0].value)
        text = items.key_text(node.arguments[0].value)
        key = values[0]
    frame.calls += 1
    frame.blocking += store.external
    frame.pauses += store.external
    result = _combined(values, receiver.deps, receiver.flags)
    for ref in receiver.refs:
        if not frame.recorded(ref):
            continue
        for atom in frame.paths.atoms(ref):
            if atom[0] == "conn":
                frame.use(ref, atom[1], name, node.pos)
        path: Path = (*ref, step)
        if name in store.reads:
            result.deps |= frame.read(path, "element", node.pos, text, flags=key.flags)
        elif name in store.writes and not _only_if_missing(node):
            value = _combined(values[1:])
            frame.write(path, "set", f".{name}()", node.pos, value, text, key.flags)
        elif name in store.deletes:
            frame.write(path, "delete", f".{name}()", node.pos, None, text, key.flags, harmless=True)
    return result


def _only_if_missing(node: f.Call) -> bool:
    """``store.set(key, value, nx=True)``: the store itself looks whether the key is there, and its answer says so."""
    return any(
        argument.keyword in ("nx", "xx") and isinstance(argument.value, f.Constant) and argument.value.text == "True"
        for argument in node.arguments
    )


def _container_call(frame: Frame, node: f.Call, function: f.Attribute, receiver: Value, container: Container) -> Value:
    started, paused = len(frame.summary.iterations), frame.pauses
    values = _values(frame, node)
    name = function.name
    frame.calls += 1
    combined = _combined(values, receiver.deps, receiver.flags)
    for argument in values:
        for ref in argument.refs:
            if not is_path(ref) and ref[0] in ("func", "bound"):
                calls.dispatch(frame, f.Call(function, (), node.pos), Value((ref,)), passing.ANYTHING)
    if name in container.iterates:
        deps = receiver.deps
        return Value(receiver.refs, deps, receiver.flags, name)
    if name in container.snapshots and name not in container.writes:
        deps = items.content(frame, receiver, node.pos)
        kind = "dict" if container.kind in ("mapping", "counter") else "list"
        return library.copied(frame, receiver, node.pos, kind, deps, receiver.flags)
    refs: list[Any] = []
    keyed = container.kind in ("mapping", "counter")
    first = node.arguments[0].value if node.arguments and node.arguments[0].star == 0 else None
    step = key_step(first) if keyed and first is not None else "[]"
    text = items.key_text(first) if keyed and first is not None else ""
    key_flags = values[0].flags if keyed and values else 0
    deps = combined.deps
    for ref in receiver.refs:
        if not is_path(ref):
            continue
        if ref[0][0] == "proxy":
            refs.append(ref)
            if ref == SESSION and name in container.element_reads:
                deps |= frame.read((*ref, step), "element", node.pos, text)
            continue
        deps |= _access(frame, node, name, ref, container, step, text, key_flags, values, refs)
    if name == "sort":
        frame.walked(started, paused)
    # A call's return is where CPython looks for another thread.
    frame.calls += 1
    if name in container.writes:
        _widen_local(frame, function.value, _combined(values))
    return Value(tuple(refs), deps, combined.flags)


def _access(
    frame: Frame,
    node: f.Call,
    name: str,
    ref: Path,
    container: Container,
    step: str,
    text: str,
    key_flags: int,
    values: list[Value],
    refs: list[Any],
) -> int:
    """One container method on one path: record what it reads and writes, add what it returns to ``refs``."""
    keyed = container.kind in ("mapping", "counter")
    deps = 0
    element: Path = (*ref, step)
    if container.thread_safe and container.kind == "queue":
        frame.pauses += 1
        return _queue(frame, node, name, ref, container)
    if name in container.element_reads and name not in container.writes:
        refs.append(element)
        for otherwise in values[1:2] if keyed else ():
            refs.extend(one for one in otherwise.refs if is_path(one))
        return frame.read(element, "element", node.pos, text, flags=key_flags)
    if name not in container.writes:
        return frame.read(ref, "content", node.pos, text)
    if name == "setdefault":
        value = _combined(values[1:])
        frame.write(element, "set", ".setdefault()", node.pos, value, text, key_flags, harmless=True)
        for argument in values[1:]:
            frame.escape(argument, element)
        refs.append(element)
    elif keyed and name == "pop" and values:
        frame.write(
            element, "delete", ".pop()", node.pos, _combined(values[1:]), text, key_flags, harmless=len(values) > 1
        )
        taken = frame.paths.atoms(element)
        refs.extend((("new", (*node.pos[:2], frame.scope), atom),) for atom in taken[:2])
        deps |= frame.read(element, "element", node.pos, text, flags=key_flags) if not frame.sections else 0
    else:
        value = _combined(values)
        if name == "append" and len(values) == 1:
            value.refs = tuple(one for one in values[0].refs if frame.recorded(one))
        kind = "delete" if name in ("pop", "popleft", "popitem", "remove", "clear") else "mutate"
        if name == "sort" and any(argument.keyword == "key" for argument in node.arguments):
            frame.iterate(Value((ref,)), node.pos, f"{SORT} with a Python key")
        member = items.key_text(node.arguments[0].value) if node.arguments and not keyed else ""
        frame.write(
            ref, kind if not keyed or name != "update" else "mutate", f".{name}()", node.pos, value, member,
            values[0].flags if values else 0, harmless=name in ("discard", "clear"),
        )  # fmt: skip
        for argument in values:
            frame.escape(argument, (*ref, "[]"))
        if name in container.element_reads:
            taken = frame.paths.atoms((*ref, "[]"))
            refs.extend((("new", (*node.pos[:2], frame.scope), atom),) for atom in taken[:2])
    return deps


def _queue(frame: Frame, node: f.Call, name: str, ref: Path, container: Container) -> int:
    """A method of a queue, each of which is safe for itself: what was found by asking it may not hold when acting on it."""
    if name not in container.grows | container.shrinks:
        return frame.read(ref, "content", node.pos)
    waits = name == "put" and len(node.arguments) == 1
    if not waits and frame.asked_before(ref):
        kind = "delete" if name in container.shrinks else "mutate"
        frame.write(ref, kind, f".{name}()", node.pos, harmless=frame.forgiving > 0)
    return 0


def _widen_local(frame: Frame, target: f.Expression, added: Value) -> None:
    """A local container now depends on what was put into it, and on what decided that."""
    while isinstance(target, f.Item | f.Attribute):
        target = target.value
    if isinstance(target, f.Local) and target.name in frame.variables:
        held = frame.variables[target.name]
        if not any(frame.recorded(ref) or calls.is_form(frame, ref) for ref in held.refs):
            deps = held.deps | added.deps | frame.chosen
            frame.variables[target.name] = Value(held.refs, deps, held.flags | added.flags, held.view)
