"""Evaluating ``with``: the sections that context managers hold around its body."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flaskglobals_lint import facts as f
from flaskglobals_lint.link import calls, expressions, locks, operators, passing
from flaskglobals_lint.link.frame import Frame
from flaskglobals_lint.link.index import ScopeId
from flaskglobals_lint.link.paths import is_path
from flaskglobals_lint.link.summary import Path, Section, Value

if TYPE_CHECKING:
    from flaskglobals_lint.link.evaluate import Evaluator


class Managers:
    """Enters and leaves context managers."""

    def __init__(self, evaluator: Evaluator) -> None:
        self.evaluator = evaluator

    def held(self, frame: Frame, node: f.With) -> int:
        entered: list[Section] = []
        attempted: list[Path | None] = []
        stacked = len(frame.stacked)
        outside = len(frame.managing)
        for item in node.items:
            frame.acquired = None
            sections, bound = self.entered(frame, item.value, item.pos)
            entered.extend(sections)
            if item.target is not None:
                expressions.bind(frame, item.target, bound)
            if isinstance(item.target, f.Local) and frame.acquired is not None:
                frame.attempts[item.target.name] = frame.acquired
                attempted.append(frame.acquired[0])
        frame.awaits += node.is_async
        frame.pauses += node.is_async
        left = self.evaluator.block(frame, node.body)
        frame.awaits += node.is_async
        frame.pauses += node.is_async
        if not entered:
            # An ``ExitStack`` or a file: what was taken by it goes with it.
            entered.extend(frame.stacked[stacked:])
            del frame.stacked[stacked:]
        if len(frame.managing) > outside:
            for value, pos in reversed(frame.managing[outside:]):
                operators.special(frame, value, "__exit__", pos)
            del frame.managing[outside:]
            entered = [section for section in entered if section in frame.sections]
        for section in entered:
            frame.leave(section)
        for lock in attempted:
            for section in frame.sections:
                if section.lock == lock:
                    frame.leave(section)
        frame.calls += 1
        return left

    def entered(self, frame: Frame, node: f.Expression, pos: f.Position) -> tuple[list[Section], Value]:
        """Enter a context manager – a lock, one of the project, or anything else: the locks taken and what it gives."""
        depth = len(frame.summary.edges)
        before = frame.sections
        value = expressions.evaluate(frame, node)
        for callee in self.evaluator.types.of(node.function, frame.scope) if isinstance(node, f.Call) else ():
            if callee[0] == "ext":
                frame.write_library(callee[1], "context", value, pos)
        atoms = frame.atoms(value, node)
        kind = locks.lock_kind(frame, atoms, node)
        frame.calls += 1
        guarded = locks.synchronized(frame, node)
        if guarded is not None:
            return [frame.enter(guarded, pos, "lock")], value
        if kind is not None:
            path = locks.lock_path(frame, value, atoms, node, kind)
            return [frame.enter(path, pos, kind, locks.key_of(frame, path, node))], value
        if isinstance(node, f.Call) and isinstance(node.function, f.Attribute) and node.function.name == "acquire":
            # ``with file_lock.acquire(timeout=3):``
            taken = [section for section in frame.sections if section not in before]
            if taken:
                return taken, value
        sections: list[Section] = []
        bound = value
        for edge in frame.summary.edges[depth:]:
            if not edge.callee or not self.evaluator.types.is_context_manager(edge.callee):
                continue
            summary = self.evaluator.summary(edge.callee, edge.constants)
            given = [Value(refs) for refs in edge.arguments]

            def paths(path: Path, callee: ScopeId = edge.callee, given: list[Value] = given) -> list[Path]:
                return passing.substitute(path, callee, given)

            for held in summary.yielded:
                sections.append(frame.enter(locks.substituted(held.lock, paths), pos, held.kind, held.key))
            if summary.yielded_attempt is not None:
                lock, _, kind, key = summary.yielded_attempt
                frame.acquired = (locks.substituted(lock, paths), pos, kind, key)
            refs: list[Any] = []
            for ref in summary.yielded_refs:
                refs.extend(paths(ref) if is_path(ref) else (ref,))
            bound = Value(tuple(refs), value.deps, value.flags)
        if not sections:
            sections, bound = self._enter_object(frame, pos, value, bound)
        return sections, bound

    def _enter_object(self, frame: Frame, pos: f.Position, value: Value, bound: Value) -> tuple[list[Section], Value]:
        """``__enter__`` of the project's classes; locks it takes and does not release are held in the body."""
        for ref in value.refs:
            if not is_path(ref):
                continue
            for atom in self.evaluator.paths.atoms(ref):
                if atom[0] == "conn":
                    frame.use(ref, atom[1], "with", pos)
                if atom[0] != "inst":
                    continue
                enter = self.evaluator.types.names.method(atom[1], "__enter__")
                if enter is not None:
                    before = frame.sections
                    frame.managing.append((Value((ref,)), pos))
                    result = calls.invoke(frame, enter, (), [Value((ref,))], pos)
                    taken = [section for section in frame.sections if section not in before]
                    return taken, result
        return [], bound
