"""Evaluating ``with``: the sections that context managers hold around its body."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flaskglobals_lint import facts as f
from flaskglobals_lint.link import calls, expressions, locks
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
        for item in node.items:
            entered.extend(self.enter(frame, item))
        frame.awaits += node.is_async
        frame.pauses += node.is_async
        left = self.evaluator.block(frame, node.body)
        frame.awaits += node.is_async
        frame.pauses += node.is_async
        for section in entered:
            frame.leave(section)
        frame.calls += 1
        return left

    def enter(self, frame: Frame, item: f.WithItem) -> list[Section]:
        """Enter one ``with`` item: a lock, a context manager of the project, or anything else."""
        depth = len(frame.summary.edges)
        value = expressions.evaluate(frame, item.value)
        atoms = frame.atoms(value, item.value)
        kind = locks.lock_kind(frame, atoms, item.value)
        frame.calls += 1
        if kind is not None:
            return [frame.enter(locks.lock_path(value), item.pos, kind)]
        sections: list[Section] = []
        bound = value
        for edge in frame.summary.edges[depth:]:
            if not edge.callee or not self.evaluator.types.is_context_manager(edge.callee):
                continue
            summary = self.evaluator.summary(edge.callee)
            given = [Value(refs) for refs in edge.arguments]

            def paths(path: Path, callee: ScopeId = edge.callee, given: list[Value] = given) -> list[Path]:
                return calls.substitute(path, callee, given)

            for section in summary.yielded:
                sections.append(frame.enter(locks.substituted(section.lock, paths), item.pos, section.kind))
            refs: list[Any] = []
            for ref in summary.yielded_refs:
                refs.extend(paths(ref) if is_path(ref) else (ref,))
            bound = Value(tuple(refs), value.deps, value.flags)
        if not sections:
            sections, bound = self._enter_object(frame, item, value, atoms, bound)
        if item.target is not None:
            expressions.bind(frame, item.target, bound)
        return sections

    def _enter_object(
        self, frame: Frame, item: f.WithItem, value: Value, atoms: Any, bound: Value
    ) -> tuple[list[Section], Value]:
        """``__enter__`` of the project's classes; locks it takes and does not release are held in the body."""
        for ref in value.refs:
            if not is_path(ref):
                continue
            for atom in self.evaluator.paths.atoms(ref):
                if atom[0] == "conn":
                    frame.use(ref, atom[1], "with", item.pos)
                if atom[0] != "inst":
                    continue
                enter = self.evaluator.types.names.method(atom[1], "__enter__")
                if enter is not None:
                    before = frame.sections
                    result = calls.invoke(frame, enter, (), [Value((ref,))], item.pos)
                    taken = [section for section in frame.sections if section not in before]
                    return taken, result
        return [], bound
