"""Evaluating expressions: what they denote, what they read, what their value depends on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

from flaskglobals_lint import facts as f
from flaskglobals_lint.link import attributes, calls, feasible, items, namespaces, operators
from flaskglobals_lint.link.frame import Frame, merge
from flaskglobals_lint.link.paths import is_path
from flaskglobals_lint.link.summary import NAMES_ONE, REQUEST, THREAD_ID, UNIQUE, Path, Value

NOTHING = Value()

_Evaluate: TypeAlias = Callable[[Frame, Any], Value]


def evaluate(frame: Frame, node: f.Expression) -> Value:
    """The value of an expression; its accesses are recorded in the frame."""
    return _EVALUATE[type(node)](frame, node)


def _global(frame: Frame, node: f.Global) -> Value:
    found = frame.types.names.lookup(frame.module_path, node.name)
    if found is None:
        return Value((("ext", node.name),))
    return attributes.references(frame, found, node.pos)


def _local(frame: Frame, node: f.Local) -> Value:
    return frame.variables.get(node.name, NOTHING)


def _free(frame: Frame, node: f.Free) -> Value:
    owner = f"{frame.module_path}:{node.owner}"
    atoms = frame.types.variable(owner, node.name)
    path: Path = (("v", owner, node.name),)
    plain = [atom for atom in atoms if atom[0] in ("func", "class", "module", "ext")]
    if plain and len(plain) == len(atoms):
        return attributes.references(frame, tuple(plain), node.pos)
    return Value((path,), frame.read(path, "load", node.pos))


def _class_name(frame: Frame, node: f.ClassName) -> Value:
    path: Path = (("k", f"{frame.module_path}:{node.owner}"), f".{node.name}")
    return Value((path,), frame.read(path, "load", node.pos))


def _attribute(frame: Frame, node: f.Attribute) -> Value:
    return attributes.attribute(frame, evaluate(frame, node.value), node)


def _item(frame: Frame, node: f.Item) -> Value:
    variable = namespaces.item(node)
    if variable is not None:
        return _global(frame, variable)
    value = evaluate(frame, items.indexed(node))
    key = evaluate(frame, node.key)
    return items.item(frame, value, items.index(node), node.pos, key)


def _constant(frame: Frame, node: f.Constant) -> Value:
    return NOTHING


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
        return items.content(frame, value, pos, asked) | operators.length(frame, value, pos)
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
            deps |= items.content(frame, value, node.pos)
    made = Value(((("new", (*node.pos[:2], frame.scope), ("cont", node.kind)),),), deps, flags)
    if (node.kind == "tuple" or (frame.consuming and node.kind != "dict")) and not any(
        isinstance(child, f.Starred) for child in node.values
    ):
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
    variable = namespaces.asked_for(node)
    if variable is not None:
        return Value((), _global(frame, variable).deps)
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
                    key = items.key_text(node.operands[0]) if len(node.operators) == 1 else ""
                    deps |= frame.read(ref, "content", getattr(operand, "pos", node.pos), key, flags=values[0].flags)
                    deps |= calls.membership(frame, ref, values[0], node.pos)
                    if ref[-1] == ".columns" and len(ref) > 1:
                        # The columns of a data frame are its items.
                        deps |= frame.read(ref[:-1], "content", getattr(operand, "pos", node.pos), key)
    if node.operators == ("==",):
        for operand, other in zip(node.operands, reversed(values), strict=True):
            _choose(frame, operand, other.flags & ~NAMES_ONE)
    return Value((), deps, 0)


def _choose(frame: Frame, node: f.Expression, flags: int) -> None:
    """The element of a container whose ``node`` is compared with a value is from here on the one that the value tells: what a
    request asks for is its own choice."""
    name = _owner(node)
    value = frame.variables.get(name)
    if value is not None and flags & ~value.flags and any(is_path(ref) and ref[-1] == "[]" for ref in value.refs):
        frame.variables[name] = Value(value.refs, value.deps, value.flags | flags, value.view)


def _owner(node: f.Expression) -> str:
    """The variable whose attribute, item or text an expression is: ``str(element.id)``."""
    match node:
        case f.Local(name=name):
            return name
        case f.Attribute(value=inner) | f.Item(value=inner) | f.Call(function=f.Attribute(value=inner)):
            return _owner(inner)
        case f.Call(arguments=(argument,)):
            return _owner(argument.value)
    return ""


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
        frame.pauses += items.may_wait(frame, iterable, clause.iterable)
        deps |= items.content(frame, iterable, clause.pos)
        bind(frame, clause.target, items.elements(frame, iterable, clause.pos))
        for condition in clause.conditions:
            found = truth(frame, condition)
            deps |= found
            frame.control |= found
    if node.key is not None:
        value = evaluate(frame, node.key)
        deps |= value.deps
        flags |= value.flags
    value = evaluate(frame, node.element)
    frame.calls += 1  # its loop jumps back, where CPython may switch
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
    variable = namespaces.got(node)
    return calls.call(frame, node) if variable is None else _global(frame, variable)


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
