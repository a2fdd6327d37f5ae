"""Evaluating functions: one pass over the statements gives a function's summary.

A function that calls itself is summarised with what is known of it so far.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flaskglobals_lint import facts as f
from flaskglobals_lint.link import attributes, expressions, locks, outcome
from flaskglobals_lint.link.assignments import Assignments
from flaskglobals_lint.link.failures import Failures
from flaskglobals_lint.link.feasible import Constants
from flaskglobals_lint.link.flow import Flow
from flaskglobals_lint.link.frame import BREAKS, EXITS, FALLS, NOT_GIVEN, Frame
from flaskglobals_lint.link.index import ScopeId
from flaskglobals_lint.link.managers import Managers
from flaskglobals_lint.link.paths import Paths
from flaskglobals_lint.link.retold import as_branch
from flaskglobals_lint.link.summary import Path, Summary, Value, from_parameter
from flaskglobals_lint.link.types import Types

NEVER = (("never",),)
"""What a call is evaluated to that does not come back (``flask.abort``)."""
MOST_VARIANTS = 6
"""For how many combinations of literals a function is summarised; further calls are seen as calls with any arguments."""


class Evaluator:
    """Summaries of functions, on demand."""

    def __init__(self, types: Types, paths: Paths, failures: Failures) -> None:
        self.types = types
        self.paths = paths
        self.failures = failures
        self.assignments = Assignments(self)
        self.managers = Managers(self)
        self.flow = Flow(self)
        self.kept: dict[tuple[ScopeId, str], list[Any]] = {}
        """What functions keep in attributes of ``flask.g``: references, None for what has none."""
        self._summaries: dict[tuple[ScopeId, Constants], Summary] = {}
        self._modules: dict[str, Summary] = {}
        self._variants: dict[ScopeId, int] = {}
        self._statements: dict[type, Callable[[Frame, Any], int]] = {
            f.Evaluate: self.evaluate,
            f.Assign: self.assign,
            f.AugmentedAssign: self.augmented,
            f.AnnotatedAssign: self.annotated,
            f.If: self.flow.branch,
            f.Return: self.returned,
            f.For: self.flow.loop,
            f.While: self.flow.while_loop,
            f.Try: self.flow.attempt,
            f.With: self.managers.held,
            f.Raise: self.raised,
            f.Assert: self.asserted,
            f.Delete: self.delete,
            f.Define: self.define,
            f.DefineClass: self.define_class,
            f.Import: self.imported,
            f.Match: self.flow.match,
            f.Jump: self.jump,
        }

    def summary(self, fid: ScopeId, constants: Constants = ()) -> Summary:
        """The function's summary, for any call or for one with these literals; while it is being made (recursion), an
        empty one."""
        found = self._summaries.get((fid, constants))
        if found is None:
            found = self._summaries[fid, constants] = Summary(fid)
            try:
                found = self._summaries[fid, constants] = self._evaluate(fid, constants)
            except Exception as error:
                self.failures.function(fid, error)
        return found

    def decided(self, fid: ScopeId, given: list[Value]) -> Constants:
        """The literals of a call that decide a test of the function; none where the function has too many variants."""
        asked = self.summary(fid).asked
        found: list[tuple[int, f.Constant]] = []
        for at in sorted(asked):
            default = self.types.index.functions[fid].facts.parameters[at].default
            value = given[at]
            literal = value.literal
            if value is NOT_GIVEN and isinstance(default, f.Constant):
                literal = default
            if literal is not None and literal.kind in ("none", "bool", "int", "str"):
                found.append((at, literal))
        constants = tuple(found)
        if constants and (fid, constants) not in self._summaries:
            self._variants[fid] = self._variants.get(fid, 0) + 1
            if self._variants[fid] > MOST_VARIANTS:
                return ()
        return constants

    def module(self, path: str) -> Summary:
        """What a module's own code does when it is imported."""
        found = self._modules.get(path)
        if found is None:
            frame = Frame(self, f"{path}:", None)
            self.block(frame, self.types.index.modules[path].input.facts.body)
            found = self._modules[path] = frame.summary.closed()
        return found

    def _evaluate(self, fid: ScopeId, constants: Constants) -> Summary:
        function = self.types.index.functions[fid]
        frame = Frame(self, fid, function)
        for at, parameter in enumerate(function.facts.parameters):
            path: Path = (("p", fid, at),)
            if at == 0 and function.cls is not None and self.types.names.kind(fid) == "classmethod":
                path = (("k", function.cls),)
            refs: tuple[Any, ...] = (path,) if parameter.kind not in ("*", "**") else ()
            flags = from_parameter(at)
            frame.variables[parameter.name] = Value(refs, 1 << at, flags)
            if parameter.default is not None and isinstance(parameter.default, f.Display):
                frame.variables[parameter.name] = Value((path,), 1 << at, flags)
            frame.variables[parameter.name].parameter = at
        for at, literal in constants:
            value = frame.variables[function.facts.parameters[at].name] = Value((), 1 << at, from_parameter(at))
            value.literal = literal
        for lock, pos, kind in locks.decorated(frame, fid) if function.facts.decorators else ():
            frame.enter(lock, pos, kind)
        around = frame.sections
        left = self.block(frame, function.facts.body)
        for section in around:
            frame.leave(section)
        return outcome.finish(frame, left == FALLS).closed()

    # -- statements --

    def block(self, frame: Frame, body: tuple[f.Statement, ...]) -> int:
        """Run statements; how control leaves them: it falls through, it leaves the function, or it leaves the loop."""
        for statement in body:
            left = self._statements[type(statement)](frame, statement)
            if left:
                return left
        return FALLS

    def evaluate(self, frame: Frame, node: f.Evaluate) -> int:
        value = expressions.evaluate(frame, node.value)
        if value.refs == NEVER:
            frame.raised |= frame.decided
            frame.left |= frame.decided
            return EXITS
        return FALLS

    def assign(self, frame: Frame, node: f.Assign) -> int:
        branch = as_branch(node)
        if branch is not None:
            return self.flow.branch(frame, branch)
        self.assignments.assign(frame, node)
        return FALLS

    def augmented(self, frame: Frame, node: f.AugmentedAssign) -> int:
        self.assignments.augmented(frame, node)
        return FALLS

    def annotated(self, frame: Frame, node: f.AnnotatedAssign) -> int:
        if node.value is not None:
            self.assignments.store(frame, node.target, expressions.evaluate(frame, node.value), node.pos)
        return FALLS

    def returned(self, frame: Frame, node: f.Return) -> int:
        value = expressions.evaluate(frame, node.value) if node.value is not None else Value()
        if isinstance(node.value, f.Compare | f.Operation | f.Boolean) and not value.refs:
            value = Value((), value.deps | expressions.truth(frame, node.value), value.flags)
        frame.hand_out(value, node.pos)
        frame.returned.append((node.pos, value, frame.decided))
        frame.left |= frame.decided
        return EXITS

    def raised(self, frame: Frame, node: f.Raise) -> int:
        if node.value is not None:
            expressions.evaluate(frame, node.value)
        frame.raised |= frame.decided
        frame.left |= frame.decided
        return EXITS

    def asserted(self, frame: Frame, node: f.Assert) -> int:
        deps = expressions.truth(frame, node.test)
        frame.sticky |= deps
        frame.raised |= deps
        return FALLS

    def delete(self, frame: Frame, node: f.Delete) -> int:
        self.assignments.delete(frame, node)
        return FALLS

    def jump(self, frame: Frame, node: f.Jump) -> int:
        if node.kind == "break":
            frame.broken |= frame.decided
        return BREAKS

    def define_class(self, frame: Frame, node: f.DefineClass) -> int:
        if isinstance(node.target, f.Local):
            frame.variables[node.target.name] = Value((("class", f"{frame.module_path}:{node.cls}"),))
        return FALLS

    def imported(self, frame: Frame, node: f.Import) -> int:
        if isinstance(node.target, f.Local):
            found = self.types.names.imported(frame.module_path, node) or ()
            frame.variables[node.target.name] = attributes.references(frame, found, node.pos)
        return FALLS

    def define(self, frame: Frame, node: f.Define) -> int:
        if isinstance(node.target, f.Local):
            fid = f"{frame.module_path}:{node.function}"
            frame.variables[node.target.name] = Value(self.types.decorated(fid))
        return FALLS
