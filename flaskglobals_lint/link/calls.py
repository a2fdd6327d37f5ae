"""Evaluating calls: of the project's functions and classes, of containers' and stores' methods, of libraries."""

from __future__ import annotations

from typing import Any

from flaskglobals_lint import facts as f
from flaskglobals_lint.link import attributes, expressions, items, lasting, library, locks, memo, methods, passing
from flaskglobals_lint.link.callables import too_many
from flaskglobals_lint.link.feasible import Constants
from flaskglobals_lint.link.frame import Frame, merge
from flaskglobals_lint.link.index import FunctionIndex, ScopeId
from flaskglobals_lint.link.paths import is_path
from flaskglobals_lint.link.summary import Edge, Path, Read, Summary, Value, Write, passed_on

MOST_CALLEES = 5
_ENDS = frozenset({"cancel", "close", "disconnect", "dispose", "kill", "quit", "shutdown", "stop", "terminate"})
"""Methods after which an object is of no more use."""
_FORM = "wtforms.Form"


def call(frame: Frame, node: f.Call) -> Value:
    """The value of a call."""
    function = node.function
    if isinstance(function, f.Attribute):
        receiver = expressions.evaluate(frame, function.value)
        if function.name in _ENDS:
            frame.end(receiver, node.pos)
        handled = methods.method_call(frame, node, function, receiver)
        if handled is not None:
            return handled
        callee = attributes.attribute(frame, receiver, function)
        extra = receiver
    else:
        callee = expressions.evaluate(frame, function)
        extra = passing.NOTHING
    if isinstance(function, f.Global | f.Attribute):
        special = library.builtin(frame, node, callee)
        if special is not None:
            return special
    values = [_argument(frame, argument.value) for argument in node.arguments]
    result = dispatch(frame, node, callee, values)
    deps = extra.deps if not result.refs else 0
    flags = result.flags | (extra.flags & library.kept(node))
    found = Value(result.refs, result.deps | deps, flags, result.view)
    found.parts = tuple(part if part.refs else part.depending(extra.deps) for part in result.parts)
    return found


def _argument(frame: Frame, node: f.Expression) -> Value:
    value = expressions.evaluate(frame, node)
    text = items.key_text(node)
    if not text and not isinstance(node, f.Constant):
        return value
    given = Value(value.refs, value.deps, value.flags, value.view, text)
    given.literal = node if isinstance(node, f.Constant) else value.literal
    given.parameter = value.parameter
    return given


def dispatch(frame: Frame, node: f.Call, callee: Value, values: list[Value]) -> Value:
    """Call whatever the callee's references say it is."""
    result: Value | None = None
    origin = None
    targets: list[Any] = []
    for ref in callee.refs:
        if is_path(ref):
            if len(ref) == 1 and ref[0][0] in ("v", "p"):
                origin = parameter(frame, ref)
            for atom in frame.paths.atoms(ref):
                if atom[0] == "inst":
                    method = frame.types.names.method(atom[1], "__call__")
                    if method is not None:
                        targets.append(("bound", method, ref))
                elif atom[0] == "bound":
                    targets.append(_kept_method(frame, ref, atom))
                elif atom[0] in ("func", "class", "ext", "extm", "conn"):
                    targets.append(atom)
        else:
            targets.append(ref)
    if not targets and not callee.refs:
        targets = list(frame.types.expand(frame.types.of(node.function, frame.scope)))
    targets = [_kept_method(frame, (), target) if target[0] == "bound" else target for target in targets]
    if origin is not None:
        frame.call(Edge("", (), (), node.pos, frame.sections, "call", origin))
    known = False
    for target in dict.fromkeys(targets[:MOST_CALLEES]):
        one = _target(frame, node, target, values, origin)
        if one is None:
            continue
        known = True
        result = one if result is None else merge(result, one)
    if not known:
        frame.calls += 1
        name = node.function.name if isinstance(node.function, f.Attribute) else ""
        if name and frame.models.blocking_method(name):
            frame.blocking += 1
        frame.pauses += not frame.models.quiet_method(name)
        unknown = library.unknown(frame, node, values)
        result = unknown if result is None else merge(result, unknown)
    assert result is not None
    return result if any(is_form(frame, ref) for ref in result.refs) else result.depending(callee.deps)


def parameter(frame: Frame, ref: Path) -> tuple[ScopeId, int] | None:
    """The parameter, of this function or of one around it, that a path is."""
    if len(ref) != 1:
        return None
    if ref[0][0] == "p":
        return (ref[0][1], ref[0][2])
    owner = frame.types.index.functions.get(ref[0][1]) if ref[0][0] == "v" else None
    at = frame.types.parameter_index(owner, ref[0][2]) if owner is not None else -1
    return (ref[0][1], at) if at >= 0 else None


def _kept_method(frame: Frame, path: Path, method: Any) -> Any:
    """A bound method that a table or a module's variable keeps: of the object that keeps the table, or of one that lives as
    long as it."""
    owner = method[2]
    if is_path(owner) or owner[0] != "inst":
        return method
    if len(path) > 1 or (path[:1] and path[0][0] == "g"):
        own = path[0][0] == "p" and any(
            atom[0] == "inst" and frame.types.related(atom[1], owner[1]) for atom in frame.paths.atoms(path[:1])
        )
        if own:
            return ("bound", method[1], path[:1], *method[3:])
        if path[0][0] in ("g", "k", "inst", "app", "fn"):
            return ("bound", method[1], (owner,), *method[3:])
    lasts = lasting.made_by_modules(frame.types, owner[1])
    return ("bound", method[1], (owner,), *method[3:]) if lasts else method


def _target(frame: Frame, node: f.Call, target: Any, values: list[Value], origin: Any) -> Value | None:
    match target[0]:
        case "func":
            given = passing.arguments(frame, target[1], node, values, None)
            return invoke(frame, target[1], target[2], given, node.pos, origin=origin)
        case "bound":
            receiver = Value((_receiver(target[2]),))
            given = passing.arguments(frame, target[1], node, values, receiver)
            bindings = target[3] if len(target) > 3 else ()
            return invoke(frame, target[1], bindings, given, node.pos, origin=origin)
        case "class":
            return construct(frame, target[1], node, values)
        case "inst":
            method = frame.types.names.method(target[1], "__call__")
            if method is None:
                return None
            given = passing.arguments(frame, method, node, values, Value((_receiver(target),)))
            return invoke(frame, method, (), given, node.pos)
        case "ext" | "extm" | "extinst" | "conn":
            return library.library_call(frame, node, target, values)
        case _:
            return None


def _receiver(target: Any) -> Any:
    """A path for an atom: a class is a place of its own, an instance known only by type belongs to nobody."""
    if is_path(target):
        return target
    if target[0] == "class":
        return (("k", target[1]),)
    return (("new", (0, 0, ""), target),)


def bound_methods(frame: Frame, atom: Any, name: str, path: Path) -> list[Any]:
    """Method ``name`` of an instance, bound to its path; through ``self`` a subclass may override it."""
    found = []
    for result in frame.types.instance_attribute(atom, name):
        if result[0] == "bound":
            receiver = path if result[2] == atom or result[2][0] == "inst" else (("k", result[2][1]),)
            found.append(("bound", result[1], receiver, *result[3:]))
        else:
            found.append(result)
    if path[0][0] == "p" and path[0][2] == 0 and len(path) == 1:
        found.extend(("bound", fid, path) for fid in frame.types.names.overrides(atom[1], name)[:3])
    return found


def inherited(frame: Frame, atom: Any, name: str) -> list[Any]:
    """``super().name``: the next method of the hierarchy, bound to the method's own first parameter."""
    found: list[Any] = []
    function = frame.function
    own = function is not None and function.cls is not None and function.facts.parameters
    for result in frame.types.attribute(atom, name):
        if result[0] == "bound" and own and function is not None:
            path: Path = (("p", frame.scope, 0),)
            if frame.types.names.kind(frame.scope) == "classmethod":
                path = (("k", function.cls),)
            found.append(("bound", result[1], path, *result[3:]))
        else:
            found.append(result)
    return found


def dynamic(frame: Frame, module_path: str, name: str) -> list[Any]:
    """Attribute ``name`` of the objects whose methods a module exports at run time."""
    found: list[Any] = []
    for node in frame.types.index.modules[module_path].dynamic:
        for slot in frame.types.slots_of(node, f"{module_path}:"):
            if slot[0] == "g":
                path: Path = (slot,)
                inner = attributes.attribute_of(frame, path, f.Attribute(node, name, f.NOWHERE))
                found.extend(inner.refs)
    return found


def construct(frame: Frame, cid: ScopeId, node: f.Call, values: list[Value]) -> Value:
    """Calling a class: ``__new__``, ``__init__``, a singleton's metaclass or decorator."""
    names = frame.types.names
    made: Path = (("new", (*node.pos[:2], frame.scope), ("inst", cid)),)
    deps = flags = 0
    for value in values:
        deps |= value.deps
        flags |= value.flags
    refs: tuple[Any, ...] = (made,)
    meta = metaclass_call(frame, cid)
    if meta is not None:
        result = invoke(frame, meta, (), [Value(((("k", cid),),))], node.pos)
        if any(is_path(ref) and ref[0][0] in ("g", "k", "v") for ref in result.refs):
            refs = ((("inst", cid),),)
    elif kept_by_decorator(frame, cid, node.pos) or one_state(frame, cid):
        refs = ((("inst", cid),),)
    else:
        new = names.method(cid, "__new__")
        if new is not None:
            result = invoke(frame, new, (), [Value(((("k", cid),),))], node.pos)
            shared = tuple(ref for ref in result.refs if is_path(ref) and ref[0][0] in ("g", "k", "v", "inst"))
            refs = shared or refs
    init = names.method(cid, "__init__")
    if init is not None:
        given = passing.arguments(frame, init, node, values, Value(refs))
        result = invoke(frame, init, (), given, node.pos)
        deps |= result.deps
    else:
        frame.calls += 1
    return Value(refs, 0 if is_form(frame, made) else deps, flags)


def is_form(frame: Frame, ref: Any) -> bool:
    """Whether a reference is a form made here: what it is given beside the request only fills its fields in for the client,
    who sends them back."""
    if not is_path(ref) or len(ref) > 1 or ref[0][0] != "new" or ref[0][2][0] != "inst":
        return False
    bases = frame.types.names.external_bases(ref[0][2][1])
    return any(_FORM in frame.models.ancestry(base) for base in bases)


def metaclass_call(frame: Frame, cid: ScopeId) -> ScopeId | None:
    """``__call__`` of the class's metaclass, where the project defines it."""
    names = frame.types.names
    for atom in names.mro(cid):
        if atom[0] != "class":
            continue
        cls = names.index.classes[atom[1]]
        for keyword in cls.facts.keywords:
            if keyword.keyword == "metaclass":
                for meta in names.simple(keyword.value, cls.module, cls.facts.function):
                    if meta[0] == "class":
                        return names.method(meta[1], "__call__")
    return None


def kept_by_decorator(frame: Frame, cid: ScopeId, pos: f.Position) -> bool:
    """Whether a decorator keeps one instance of the class: it says so by its name, or calls give what its closure or its
    own object holds."""
    cls = frame.types.index.classes[cid]
    scope = f"{cls.module.path}:{cls.facts.function or ''}"
    for decorator in cls.facts.decorators:
        node = decorator.function if isinstance(decorator, f.Call) else decorator
        for atom in frame.types.expand(frame.types.of(decorator, scope)):
            for instead, own in _callables(frame, atom):
                returned = frame.evaluator.summary(instead).returned
                if any(is_path(ref) and ref[0][0] in own for ref in returned):
                    given = [Value(((("inst", atom[1]),),))] if atom[0] == "class" else []
                    invoke(frame, instead, ((atom[1], 0, ("class", cid)),), given, pos)
                    return True
        if isinstance(node, f.Attribute | f.Global | f.Local) and "singleton" in node.name.lower():
            return True
    return False


def one_state(frame: Frame, cid: ScopeId) -> bool:
    """Whether all objects of the class have one ``__dict__``, an attribute of the class."""
    types = frame.types
    for target, binding in types.index.attributes.get("__dict__", ()):
        function = types.index.functions.get(binding.scope)
        if function is None or function.cls is None or not isinstance(binding.value, f.Attribute):
            continue
        if ("class", function.cls) in types.names.mro(cid) and isinstance(target.value, f.Local):
            owner = types.names.owner(cid, binding.value.name)
            if owner is not None and not frame.paths.instance_bound(owner, binding.value.name):
                return True
    return False


def _callables(frame: Frame, decorator: Any) -> list[tuple[ScopeId, tuple[str, ...]]]:
    """What a class decorator puts in the place of the class, and where that can keep an instance."""
    if decorator[0] == "func":
        made = frame.evaluator.summary(decorator[1]).returned
        return [(ref[1], ("g", "v", "k", "fn")) for ref in made if not is_path(ref) and ref[0] == "func"]
    method = frame.types.names.method(decorator[1], "__call__") if decorator[0] == "class" else None
    return [(method, ("g", "k", "p"))] if method is not None else []


def _ask_getters(frame: Frame, summary: Summary, given: list[Value], pos: f.Position) -> None:
    """Let arguments that the callee calls, and that change nothing, depend on what they read: ``add_to(tags, config.tags)``."""
    for edge in summary.edges:
        if (
            edge.callee
            or edge.origin is None
            or edge.origin[0] != summary.function
            or edge.kind != "call"
            or edge.sections
        ):
            continue
        value = given[edge.origin[1]]
        for ref in value.refs[: passing.MOST_PATHS]:
            if is_path(ref) or ref[0] != "bound" or frame.evaluator.summary(ref[1]).effects:
                continue
            asked = invoke(frame, ref[1], ref[3] if len(ref) > 3 else (), [Value((_receiver(ref[2]),))], pos)
            given[edge.origin[1]] = value = value.depending(asked.deps)


def invoke(
    frame: Frame,
    fid: ScopeId,
    bindings: tuple[Any, ...],
    given: list[Value],
    pos: f.Position,
    kind: str = "call",
    origin: Any = None,
) -> Value:
    """Call a function of the project: record the edge, apply its summary, return its value."""
    evaluator = frame.evaluator
    summary = evaluator.summary(fid)
    function = frame.types.index.functions[fid]
    parameters = len(function.facts.parameters)
    given = (given + [passing.NOTHING] * parameters)[:parameters]
    if kind == "call" and origin is None:
        _ask_getters(frame, summary, given, pos)
    generator = function.facts.is_generator and not frame.types.is_context_manager(fid)
    if kind == "call" and generator and not frame.consuming:
        kind = "stream"
    if frame.called_back:
        kind = "callback"
    elsewhere = frame.elsewhere if function.facts.is_async else None
    if elsewhere is not None:
        kind = "thread"
    passed = tuple(
        passing.passed(value, parameter) for value, parameter in zip(given, function.facts.parameters, strict=True)
    )
    held = frame.sections if kind == "call" else ()
    flags = tuple(value.flags for value in given)
    constants: Constants = ()
    if summary.asked:
        frame.asked.update(given[at].parameter for at in summary.asked if given[at].parameter >= 0)
        if kind in ("call", "stream") and origin is None:
            constants = evaluator.decided(fid, given)
            summary = evaluator.summary(fid, constants)
    decided = bool(frame.decided >> frame.first_read)
    frame.call(Edge(fid, bindings, passed, pos, held, kind, origin, flags, constants, elsewhere, decided))
    if kind == "thread":
        return passing.NOTHING

    def paths(path: Path) -> list[Path]:
        held = frame.variables.get(path[0][2]) if path[0][:2] == ("v", frame.scope) and len(path) > 1 else None
        if held is not None and any(frame.recorded(ref) for ref in held.refs):
            # A function defined here uses this variable.
            return [ref + path[1:] for ref in held.refs[: passing.MOST_PATHS] if frame.recorded(ref)]
        return passing.substitute(path, fid, given)

    def bits(mask: int) -> int:
        found = 0
        for at, value in enumerate(given):
            if mask >> at & 1:
                found |= value.deps
        return found

    frame.calls += 1
    blocking, pauses = frame.blocking, frame.pauses
    if kind == "call" and origin is None:
        for write in summary.effects:
            # What the callee waits for after its write comes too late to matter.
            frame.blocking = blocking + min(write.clock[1], 1)
            frame.pauses = pauses + min(write.clock[3], 1)
            _apply(frame, fid, write, paths, bits(write.values), given, pos)
    frame.blocking = blocking + summary.blocks
    frame.pauses = pauses + summary.pauses
    if kind == "call" and origin is None:
        for section in summary.acquired:
            frame.enter(locks.substituted(section.lock, paths), pos, section.kind, section.key)
        for lock in summary.released:
            for path in paths(lock):
                frame.release(path)
    after, frame.pauses = frame.pauses, pauses  # what the callee read may be as old as the call

    def seen(read: Read) -> int:
        """The callee's read as one of this function; its dependency bits."""
        key, item = passing.seen_key(read.key, function, given), passing.seen_key(read.item, function, given)
        found = 0
        for path in paths(read.path):
            found |= frame.read(path, read.kind, pos, key, (fid, read.pos), item=item)
        return found

    def known(returned: tuple[Any, ...]) -> list[Any]:
        """What the callee returns in terms of this function."""
        refs: list[Any] = []
        for ref in returned:
            if is_path(ref):
                refs.extend(paths(ref))
            elif ref[0] == "func" and not ref[2] and frame.types.index.functions[ref[1]].parent is not None:
                held = (*bindings, *passing.closure(fid, given))[:6]
                refs.append(ref if too_many(held) else ("func", ref[1], held))
            elif ref[0] == "param":
                refs.extend(given[ref[2]].refs if ref[1] == fid and ref[2] < len(given) else ())
            else:
                refs.append(ref)
        return refs

    deps = bits(summary.returned_parameters)
    for read in summary.returned_reads:
        deps |= seen(read)
    for read in summary.checks:
        frame.sticky |= seen(read)
    for read in summary.ended:
        for path in paths(read.path):
            frame.ended[path] = frame.ended.get(path, 0) | seen(read)
    refs = memo.shared(frame, fid, given, known(summary.returned))
    flags_out = passed_on(summary.returned_flags, flags)
    result = Value(tuple(dict.fromkeys(refs))[:6], deps, flags_out, summary.returned_view)
    parts: list[Value] = []
    for part in summary.returned_parts:
        deps = bits(part.parameters)
        for read in part.reads:
            deps |= seen(read)
        parts.append(Value(tuple(dict.fromkeys(known(part.refs)))[:6], deps, passed_on(part.flags, flags), part.view))
    result.parts = tuple(parts)
    frame.pauses = after
    if frame.types.names.is_property(fid) or function.facts.name == "__getattr__":
        frame.calls -= 1
    return result


def _apply(
    frame: Frame, fid: ScopeId, write: Write, paths: Any, values: int, given: list[Value], pos: f.Position
) -> None:
    """Record a callee's write in the caller, where something read here may decide it or its value."""
    function = frame.types.index.functions[fid]
    key, item = passing.seen_key(write.key, function, given), passing.seen_key(write.item, function, given)
    flags = tuple(value.flags for value in given)
    stored = [one for ref in write.refs for one in paths(ref)]
    handed = write.handed if write.remote is not None else _changes_argument(function, write)
    for path in paths(write.path):
        if frame.recorded(path):
            frame.summary.writes.append(
                Write(
                    path, write.kind, write.via, key, pos, frame.sections, frame.clock, values, frame.decided,
                    passed_on(write.flags, flags), passed_on(write.key_flags, flags), write.harmless, write.constant,
                    write.remote or (fid, write.pos),
                    frame.stored(path, key, tuple(stored)) if len(stored) == 1 else (),
                    frame.control, False, item or frame.item_of(path), handed,
                )
            )  # fmt: skip


def _changes_argument(function: FunctionIndex, write: Write) -> bool:
    """Whether a function's own write changes an argument, other than the object whose method it is, or sets a property."""
    if any(isinstance(node, f.Attribute) and node.name == "setter" for node in function.facts.decorators):
        return True
    return bool(write.path[0][0] == "p" and (function.cls is None or write.path[0][2] > 0))


def membership(frame: Frame, ref: Path, key: Value, pos: f.Position) -> int:
    """``key in ref`` where the class defines ``__contains__``."""
    deps = 0
    if "__contains__" not in frame.types.names.defined:
        return deps
    for atom in frame.paths.atoms(ref):
        if atom[0] == "inst":
            method = frame.types.names.method(atom[1], "__contains__")
            if method is not None:
                deps |= invoke(frame, method, (), [Value((ref,)), key], pos).deps
    return deps
