"""Evaluating functions: one pass over the statements gives a function's summary.

Loops are walked twice, so that what one round writes is read by the next. A function that calls itself is summarised with
what is known of it so far.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from msgspec.structs import replace

from flaskglobals_lint import facts as f
from flaskglobals_lint.link import attributes, expressions, feasible, items, locks, operators, pairs
from flaskglobals_lint.link.assignments import Assignments
from flaskglobals_lint.link.feasible import DEEP_LOOPS, Constants
from flaskglobals_lint.link.frame import BREAKS, EXITS, FALLS, NOT_GIVEN, Frame, merge
from flaskglobals_lint.link.index import ScopeId
from flaskglobals_lint.link.managers import Managers
from flaskglobals_lint.link.paths import Paths, is_path
from flaskglobals_lint.link.summary import CONTENT, Path, Read, Returned, Summary, Value, Write, bits, from_parameter
from flaskglobals_lint.link.types import Types

LOOKUP_ERRORS = ("KeyError", "AttributeError", "IndexError", "LookupError", "NameError", "ValueError")
QUEUE_ERRORS = ("Empty", "Full", "QueueEmpty", "QueueFull")
NEVER = (("never",),)
"""What a call is evaluated to that does not come back (``flask.abort``)."""
MOST_EFFECTS = 48
MOST_RETURNED_READS = 24
MOST_VARIANTS = 6
"""For how many combinations of literals a function is summarised; further calls are seen as calls with any arguments."""


class Evaluator:
    """Summaries of functions, on demand."""

    def __init__(self, types: Types, paths: Paths) -> None:
        self.types = types
        self.paths = paths
        self.assignments = Assignments(self)
        self.managers = Managers(self)
        self.kept: dict[tuple[ScopeId, str], list[Any]] = {}
        """What functions keep in attributes of ``flask.g``: references, None for what has none."""
        self._summaries: dict[tuple[ScopeId, Constants], Summary] = {}
        self._modules: dict[str, Summary] = {}
        self._variants: dict[ScopeId, int] = {}

    def summary(self, fid: ScopeId, constants: Constants = ()) -> Summary:
        """The function's summary, for any call or for one with these literals; while it is being made (recursion), an
        empty one."""
        found = self._summaries.get((fid, constants))
        if found is None:
            found = self._summaries[fid, constants] = Summary(fid)
            found = self._summaries[fid, constants] = self._evaluate(fid, constants)
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
            found = self._modules[path] = frame.summary
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
        self.block(frame, function.facts.body)
        for section in around:
            frame.leave(section)
        return self._finish(frame)

    def _finish(self, frame: Frame) -> Summary:
        summary = frame.summary
        result = Value()
        for value in frame.returned:
            result = merge(result, value)
        summary.returned = _known_outside(result.refs)
        summary.returned_parts = self._parts(frame)
        summary.returned_view = result.view
        summary.returned_flags = result.flags
        first = frame.first_read
        summary.returned_parameters = result.deps & ((1 << first) - 1)
        summary.returned_reads = self._reads(frame, result.deps)
        summary.checks = self._reads(frame, frame.raised)
        summary.acquired = frame.sections
        summary.blocks = frame.blocking > 0
        summary.asked = frozenset(frame.asked)
        summary.pauses = frame.pauses > 0
        for at, write in enumerate(summary.writes):
            if not write.branch and not write.acts and frame.calls > write.clock[0]:
                summary.writes[at] = replace(write, acts=True)
        summary.pairs = pairs.find(summary, first, frame.parameters)
        own_checked = {
            (pair.write.path, pair.write.pos) for pair in summary.pairs if pair.kind == "control" or pair.covers
        }
        effects: dict[tuple[Any, ...], Write] = {}
        mask = (1 << first) - 1
        for write in summary.writes:
            if write.path[0][0] == "new" or (write.path, write.pos) in own_checked or write.path in write.refs:
                continue
            effects.setdefault((write.path, write.kind, write.values & mask), _exported(write, mask))
        summary.effects = tuple(effects.values())[:MOST_EFFECTS]
        summary.writes = [write for write in summary.writes if write.remote is None]
        return summary

    def _reads(self, frame: Frame, deps: int) -> tuple[Read, ...]:
        found: dict[tuple[Any, ...], Read] = {}
        for at in bits(deps >> frame.first_read):
            read = frame.summary.reads[at]
            found.setdefault((read.path, read.kind), read)
        return tuple(found.values())[:MOST_RETURNED_READS]

    def _parts(self, frame: Frame) -> tuple[Returned, ...]:
        """The members of the tuple that the function returns, wherever it returns."""
        first = frame.returned[0].parts if frame.returned else ()
        if any(len(value.parts) != len(first) for value in frame.returned):
            return ()
        found: list[Returned] = []
        mask = (1 << frame.first_read) - 1
        for at in range(len(first)):
            part = first[at]
            for value in frame.returned[1:]:
                part = merge(part, value.parts[at])
            refs = _known_outside(part.refs)
            found.append(Returned(refs, part.view, part.flags, self._reads(frame, part.deps), part.deps & mask))
        return tuple(found)

    # -- statements --

    def block(self, frame: Frame, body: tuple[f.Statement, ...]) -> int:
        """Run statements; how control leaves them: it falls through, it leaves the function, or it leaves the loop."""
        for statement in body:
            left = _STATEMENTS[type(statement)](self, frame, statement)
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
        frame.returned.append(value.depending(frame.decided))
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

    def held(self, frame: Frame, node: f.With) -> int:
        return self.managers.held(frame, node)

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

    # -- control flow --

    def branch(self, frame: Frame, node: f.If) -> int:
        free = frame.sections
        deps = expressions.truth(frame, node.test)
        taken = frame.sections
        negative = isinstance(node.test, f.Operation) and node.test.operator == "not"
        holds = feasible.verdict(frame, node.test)
        if holds is not None:
            return self.block(frame, node.body if holds else node.orelse)
        before = dict(frame.variables)
        known = dict(before)
        outer, sticky, clock = frame.control, frame.sticky, frame.clock
        # ``if lock.acquire(timeout=1):`` has the lock in one branch only.
        frame.sections, sections = (free, taken) if negative else (taken, free)
        frame.control |= deps
        first = len(frame.summary.writes)
        left = self.block(frame, node.body)
        if frame.calls > clock[0]:
            self._mark_acting(frame, first)
        for target in _compared(node):
            # ``if x != v: x = v`` stores what would have been stored without asking.
            for at in range(first, len(frame.summary.writes)):
                write = frame.summary.writes[at]
                if write.pos != target.pos:
                    continue
                if isinstance(target, f.Item):
                    others = (write.control & ~deps) | outer | frame.sticky
                    frame.summary.writes[at] = replace(write, control=others, branch=write.branch & ~deps | outer)
                else:
                    frame.summary.writes[at] = replace(write, constant=True, acts=False)
        after, held = frame.variables, frame.sections
        after_clock = frame.clock
        frame.variables, frame.sections = before, sections
        frame.clock = clock
        frame.sticky, passed = sticky, frame.sticky
        right = self.block(frame, node.orelse)
        frame.control = outer
        if left == FALLS:
            frame.sticky = frame.sticky | passed if right == FALLS else passed
        calls, blocking, awaits, pauses = map(max, frame.clock, after_clock)
        frame.clock = (calls, blocking, awaits, pauses)
        if left != FALLS and right == FALLS:
            frame.sticky |= deps
        elif right != FALLS and left == FALLS:
            frame.sticky |= deps
            frame.variables, frame.sections = after, held
        elif left == FALLS:
            frame.variables = _joined(frame.variables, after)
            frame.sections = locks.joined(held, frame.sections if node.orelse else sections)
        frame.decide(known, deps)
        if left != FALLS and right != FALLS:
            return EXITS if EXITS in (left, right) and left == right else left
        return FALLS

    @staticmethod
    def _mark_acting(frame: Frame, first: int) -> None:
        """The branch whose writes begin at ``first`` does more than store constants."""
        for at in range(first, len(frame.summary.writes)):
            frame.summary.writes[at] = replace(frame.summary.writes[at], acts=True)

    def loop(self, frame: Frame, node: f.For) -> int:
        started = len(frame.summary.iterations)
        first = len(frame.summary.reads)
        frame.consuming = True
        iterable = expressions.evaluate(frame, node.iterable)
        frame.consuming = False
        frame.iterate(iterable, node.pos, "a for loop")
        operators.items(frame, iterable, node.pos)
        paused = frame.pauses
        frame.pauses += items.may_wait(frame, iterable, node.iterable)
        value = items.elements(frame, iterable, getattr(node.iterable, "pos", node.pos))
        if not isinstance(node.iterable, f.Comprehension):
            for at in range(first, len(frame.summary.reads)):
                if frame.summary.reads[at].remote is None:
                    frame.summary.looped |= 1 << (frame.first_read + at)
        outer, sticky, broken, known = frame.control, frame.sticky, frame.broken, dict(frame.variables)
        frame.broken = 0
        frame.enter_loop()
        frame.control |= value.deps
        for _ in range(self.rounds(frame)):
            expressions.bind(frame, node.target, value)
            before = dict(frame.variables)
            if node.is_async:
                frame.awaits += 1
                frame.pauses += 1
            self.block(frame, node.body)
            frame.variables = _joined(before, frame.variables)
        frame.walked(started, paused)
        frame.loops -= 1
        frame.decide(known, value.deps)
        self._after_loop(frame, node, outer, sticky, broken)
        return FALLS

    @staticmethod
    def rounds(frame: Frame) -> int:
        """How often a loop's body is walked: twice, but once where loops are nested deep, lest the work doubles with each."""
        return 2 if frame.loops <= DEEP_LOOPS else 1

    def while_loop(self, frame: Frame, node: f.While) -> int:
        outer, sticky, broken, known = frame.control, frame.sticky, frame.broken, dict(frame.variables)
        frame.broken = 0
        frame.enter_loop()
        deps = 0
        for _ in range(self.rounds(frame)):
            deps = expressions.truth(frame, node.test)
            frame.control |= deps
            before = dict(frame.variables)
            self.block(frame, node.body)
            frame.variables = _joined(before, frame.variables)
        frame.loops -= 1
        frame.decide(known, deps)
        self._after_loop(frame, node, outer, sticky, broken)
        return FALLS

    def _after_loop(self, frame: Frame, node: f.For | f.While, control: int, sticky: int, broken: int) -> None:
        """What follows a loop is decided by what would have left the function in it, its ``else`` by each ``break``, too;
        the last three are as they were before the loop."""
        frame.control = control | frame.broken
        frame.broken = broken
        frame.sticky = sticky | (frame.sticky & frame.left)
        self.block(frame, node.orelse)
        frame.control = control

    def attempt(self, frame: Frame, node: f.Try) -> int:
        first = len(frame.summary.reads)
        sections, sticky = frame.sections, frame.sticky
        before = dict(frame.variables)
        forgiving = any(
            _lookup_error(handler.type) or _any_error(handler.type) or _names(handler.type, QUEUE_ERRORS)
            for handler in node.handlers
        )
        retried = any(_names(handler.type, ("RuntimeError",)) for handler in node.handlers)
        frame.forgiving += forgiving
        frame.retried += retried
        left = self.block(frame, node.body)
        frame.forgiving -= forgiving
        frame.retried -= retried
        if left == FALLS:
            left = self.block(frame, node.orelse)
        after, held = frame.variables, frame.sections
        lefts = [left]
        failed = 0
        for at in range(first, len(frame.summary.reads)):
            if frame.summary.reads[at].kind not in CONTENT:
                failed |= 1 << (frame.first_read + at)
        outer, passed = frame.control, frame.sticky
        for handler in node.handlers:
            # An error may come before any check in the block, and what a handler does is decided by the error.
            frame.sticky = 0
            frame.variables = _joined(before, after)
            frame.sections = tuple(section for section in held if section in sections)
            frame.control = outer | (failed if _lookup_error(handler.type) else 0)
            if handler.name is not None:
                self.assignments.store(frame, handler.name, Value(), node.pos)
            known = dict(frame.variables)
            one = self.block(frame, handler.body)
            frame.decide(known, frame.control & ~outer)
            passed |= frame.sticky
            lefts.append(one)
            if one == FALLS:
                after = _joined(after, frame.variables) if left == FALLS else frame.variables
                left = FALLS
        frame.control = outer
        frame.variables, frame.sections = after, held
        # The last block runs whichever way the first one was left.
        frame.sticky = sticky
        final = self.block(frame, node.final)
        frame.sticky |= passed
        if final != FALLS:
            return final
        return FALLS if FALLS in lefts else lefts[0]

    def match(self, frame: Frame, node: f.Match) -> int:
        subject = expressions.evaluate(frame, node.subject)
        deps = items.content(frame, subject, node.pos)
        outer = frame.control
        before = dict(frame.variables)
        started = frame.calls
        after: dict[str, Value] | None = None
        for case in node.cases:
            frame.variables = dict(before)
            frame.control = outer | deps
            for bound in case.names:
                self.assignments.store(frame, bound, Value((), subject.deps, subject.flags), node.pos)
            if case.guard is not None:
                frame.control |= expressions.truth(frame, case.guard)
            first = len(frame.summary.writes)
            left = self.block(frame, case.body)
            if frame.calls > started:
                self._mark_acting(frame, first)
            frame.decide(before, frame.control & ~outer)
            if left == FALLS:
                after = frame.variables if after is None else _joined(after, frame.variables)
        frame.control = outer
        frame.variables = _joined(before, after) if after is not None else before
        return FALLS


_STATEMENTS: dict[type, Callable[[Evaluator, Frame, Any], int]] = {
    f.Evaluate: Evaluator.evaluate,
    f.Assign: Evaluator.assign,
    f.AugmentedAssign: Evaluator.augmented,
    f.AnnotatedAssign: Evaluator.annotated,
    f.If: Evaluator.branch,
    f.Return: Evaluator.returned,
    f.For: Evaluator.loop,
    f.While: Evaluator.while_loop,
    f.Try: Evaluator.attempt,
    f.With: Evaluator.held,
    f.Raise: Evaluator.raised,
    f.Assert: Evaluator.asserted,
    f.Delete: Evaluator.delete,
    f.Define: Evaluator.define,
    f.DefineClass: Evaluator.define_class,
    f.Import: Evaluator.imported,
    f.Match: Evaluator.match,
    f.Jump: Evaluator.jump,
}


def _compared(node: f.If) -> list[f.Attribute | f.Global | f.Free | f.Item]:
    """Variables, attributes and items that a branch sets to the value that its condition found them not to have."""
    test = node.test
    if not isinstance(test, f.Compare) or test.operators not in (("!=",), ("is not",)):
        return []
    one, other = (items.key_text(operand) for operand in test.operands)
    found: list[f.Attribute | f.Global | f.Free | f.Item] = []
    for statement in node.body:
        target = statement.targets[0] if isinstance(statement, f.Assign) else None
        if isinstance(statement, f.Assign) and isinstance(target, f.Attribute | f.Global | f.Free | f.Item):
            texts = (items.key_text(target), items.key_text(statement.value))
            if all(texts) and texts in ((one, other), (other, one)):
                found.append(target)
    return found


def _exported(write: Write, mask: int) -> Write:
    """A write as callers see it: only its dependence on parameters is left."""
    return replace(write, values=write.values & mask, control=0, sections=())


def _known_outside(refs: tuple[Any, ...]) -> tuple[Any, ...]:
    """References without the plain containers that a function made: whoever calls it has a new one each time."""
    return tuple(
        ref for ref in refs if not is_path(ref) or ref[0][0] != "new" or ref[0][2][0] in ("inst", "extinst", "conn")
    )


def _joined(one: dict[str, Value], other: dict[str, Value]) -> dict[str, Value]:
    """Variables after either of two ways."""
    if one is other:
        return one
    result = dict(one)
    for name, value in other.items():
        held = result.get(name)
        result[name] = value if held is None else merge(held, value)
    return result


def _any_error(node: f.Expression | None) -> bool:
    """Whether a handler catches every error."""
    return node is None or (isinstance(node, f.Global) and node.name in ("Exception", "BaseException"))


def _lookup_error(node: f.Expression | None) -> bool:
    """Whether a handler is for a failed look-up (``except KeyError``)."""
    return _names(node, LOOKUP_ERRORS)


def _names(node: f.Expression | None, wanted: tuple[str, ...]) -> bool:
    """Whether a handler names one of the exceptions."""
    nodes = node.values if isinstance(node, f.Display) else (node,)
    return any(isinstance(n, f.Global | f.Attribute) and n.name in wanted for n in nodes)
