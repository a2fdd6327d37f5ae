"""Evaluating calls that take, give up or let go of a lock otherwise than by a ``with`` statement of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flaskglobals_lint import facts as f
from flaskglobals_lint.link import expressions, locks
from flaskglobals_lint.link.summary import Path, Value

if TYPE_CHECKING:
    from flaskglobals_lint.link.atoms import Atoms
    from flaskglobals_lint.link.frame import Frame

STACKS = ("contextlib.ExitStack", "contextlib.AsyncExitStack")
_ENTERING = ("enter_context", "enter_async_context")
_CALLING = ("callback", "push")


def method_call(frame: Frame, node: f.Call, function: f.Attribute, receiver: Value, atoms: Atoms) -> Value | None:
    """``lock.acquire()`` and its like; None if it is no such call."""
    name = function.name
    if name not in frame.models.lock_methods and name not in (*_ENTERING, *_CALLING, "close"):
        return None
    if name in (*_ENTERING, *_CALLING, "close"):
        return _stack_call(frame, node, name, atoms) if any(a[0] == "extinst" for a in atoms) else None
    kind = locks.lock_kind(frame, atoms, function.value)
    model = locks.model_of(frame, atoms)
    if model is not None and name in model.contexts:
        return _one_side(frame, node, name, receiver, atoms)
    if kind is None or (model is not None and name in ("wait", "wait_for") and model.kind != "condition"):
        return None
    if model is None and name not in ("acquire", "release", "__enter__", "__exit__"):
        return None
    path = locks.lock_path(frame, receiver, atoms, function.value, kind)
    if name in ("wait", "wait_for"):
        _wait(frame, node, path, kind)
    elif name == "__enter__" or name in (model.acquire if model is not None else ("acquire",)):
        key = locks.key_of(frame, path, function.value)
        raises = model is not None and model.kind == "file"
        if raises or frame.testing or not _may_fail(node):
            frame.enter(path, node.pos, kind, key)
        else:
            frame.acquired = (path, node.pos, kind, key)
    elif name == "__exit__" or name in (model.release if model is not None else ("release",)):
        frame.release(path)
    else:
        return None
    frame.calls += 1
    return Value()


def _may_fail(node: f.Call) -> bool:
    """Whether ``acquire`` can come back without the lock: it has a timeout or does not block."""
    return any(
        not (isinstance(argument.value, f.Constant) and argument.value.text in ("True", "-1", "None"))
        for argument in node.arguments
    )


def _wait(frame: Frame, node: f.Call, path: Path | None, kind: str) -> None:
    """``Condition.wait()``: others have the lock meanwhile."""
    held = [section for section in frame.sections if section.lock == path and path is not None]
    for section in held:
        frame.leave(section)
    frame.calls += 1
    frame.blocking += 1
    if held:
        frame.enter(path, node.pos, kind)
    for argument in node.arguments:
        expressions.evaluate(frame, argument.value)


def _one_side(frame: Frame, node: f.Call, name: str, receiver: Value, atoms: Atoms) -> Value:
    """``rw.write_lock()``: something to hold, which is the lock that it belongs to."""
    frame.calls += 1
    owner = next(atom[1] for atom in atoms if atom[0] == "extinst")
    side = ("extinst", f"{owner}.{name}()")
    origins = [ref for ref in receiver.refs if isinstance(ref[0], tuple)][:1]
    site = (*node.pos[:2], frame.scope)
    made: tuple[Any, ...] = ("new", site, side, *origins)
    return Value(((made,),))


def _stack_call(frame: Frame, node: f.Call, name: str, atoms: Atoms) -> Value | None:
    """``stack.enter_context(lock)``: held until the stack is left."""
    stack = any(atom[1] in STACKS for atom in atoms if atom[0] == "extinst")
    if name == "close":
        for section in frame.stacked if stack else ():
            frame.leave(section)
        return None
    if not stack or not node.arguments:
        return None
    argument = node.arguments[0].value
    if name in _ENTERING:
        sections, value = frame.evaluator.managers.entered(frame, argument, node.pos)
        frame.stacked.extend(sections)
        return value
    if isinstance(argument, f.Attribute) and argument.name in frame.models.lock_methods:
        value = expressions.evaluate(frame, argument.value)
        held = frame.atoms(value, argument.value)
        kind = locks.lock_kind(frame, held, argument.value)
        path = locks.lock_path(frame, value, held, argument.value, kind) if kind is not None else None
        frame.stacked.extend(section for section in frame.sections if path is not None and section.lock == path)
        frame.calls += 1
        return Value()
    return None


def on_file(frame: Frame, node: f.Call, dotted: str) -> bool:
    """``fcntl.flock(file, fcntl.LOCK_EX)`` and its like; whether it was one."""
    model = frame.models.lock_function(dotted)
    if model is None:
        return False
    flags = {flag.name for argument in node.arguments for flag in _flags(argument.value)}
    if not model.exclusive or flags & set(model.release):
        for section in reversed(frame.stacked):
            frame.leave(section)
    elif flags & set(model.exclusive) and node.arguments:
        text = locks.file_name(node.arguments[0].value)
        section = frame.enter((("lib", f"{dotted}({text})"),), node.pos, "path")
        frame.stacked.append(section)
    return True


def _flags(node: f.Expression) -> list[f.Attribute | f.Global]:
    """The names in ``LOCK_EX | LOCK_NB``."""
    if isinstance(node, f.Operation):
        return [flag for operand in node.operands for flag in _flags(operand)]
    return [node] if isinstance(node, f.Attribute | f.Global) else []
