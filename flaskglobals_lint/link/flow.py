"""Evaluating control flow: branches, loops, ``try`` and ``match``, and what each decides of what follows.

Loops are walked twice, so that what one round writes is read by the next.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from flaskglobals_lint import facts as f
from flaskglobals_lint.link import expressions, feasible, items, locks, once, operators
from flaskglobals_lint.link.feasible import DEEP_LOOPS
from flaskglobals_lint.link.frame import EXITS, FALLS, Frame, merge
from flaskglobals_lint.link.index import last_name
from flaskglobals_lint.link.summary import CONTENT, Value
from flaskglobals_lint.link.trees import walk

if TYPE_CHECKING:
    from flaskglobals_lint.link.evaluate import Evaluator

_LOOKUP_ERRORS = ("KeyError", "AttributeError", "IndexError", "LookupError", "NameError", "ValueError")
_ADDS = frozenset({"append", "extend", "insert", "appendleft", "add", "update"})
"""Methods of containers that do not fail."""
_QUEUE_ERRORS = ("Empty", "Full", "QueueEmpty", "QueueFull")


class Flow:
    """Walks statements that decide which others run."""

    def __init__(self, evaluator: Evaluator) -> None:
        self.evaluator = evaluator

    def branch(self, frame: Frame, node: f.If) -> int:
        free = frame.sections
        deps = expressions.truth(frame, node.test)
        taken = frame.sections
        negative = isinstance(node.test, f.Operation) and node.test.operator == "not"
        holds = feasible.verdict(frame, node.test)
        if holds is not None:
            return self.evaluator.block(frame, node.body if holds else node.orelse)
        before = dict(frame.variables)
        known = dict(before)
        outer, sticky, clock, lacking = frame.control, frame.sticky, frame.clock, frame.lacking
        # ``if lock.acquire(timeout=1):`` has the lock in one branch only.
        frame.sections, sections = (free, taken) if negative else (taken, free)
        frame.control |= deps
        settled = _compared(node)
        # ``if state != "running": state = "running"; run()`` is a check of who runs it.
        entered = bool(settled) and isinstance(node.test, f.Compare) and _has_constant(node.test)
        frame.lacking = lacking | (deps if entered or once.lacking(node.test, True) else 0)
        first = len(frame.summary.writes)
        left = self.evaluator.block(frame, node.body)
        if frame.calls > clock[0]:
            self._mark_acting(frame, first)
        for target in () if entered and frame.calls > clock[0] else settled:
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
        frame.lacking = lacking | (deps if once.lacking(node.test, False) else 0)
        right = self.evaluator.block(frame, node.orelse)
        frame.control = outer
        if left == FALLS:
            frame.lacking = lacking
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
        if isinstance(node.target, f.Local):
            frame.walks[node.target.name] = items.walked_by_key(frame, value)
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
            self.evaluator.block(frame, node.body)
            frame.calls += 1  # jumping back, CPython may switch
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
            self.evaluator.block(frame, node.body)
            frame.calls += 1
            frame.variables = _joined(before, frame.variables)
        frame.loops -= 1
        frame.decide(known, deps)
        self._after_loop(frame, node, outer, sticky, broken)
        if _only_waits(node):
            frame.sticky |= deps
        return FALLS

    def _after_loop(self, frame: Frame, node: f.For | f.While, control: int, sticky: int, broken: int) -> None:
        """What follows a loop is decided by what would have left the function in it, its ``else`` by each ``break``, too;
        the last three are as they were before the loop."""
        frame.control = control | frame.broken
        frame.broken = broken
        frame.sticky = sticky | (frame.sticky & frame.left)
        self.evaluator.block(frame, node.orelse)
        frame.control = control

    def attempt(self, frame: Frame, node: f.Try) -> int:
        first = len(frame.summary.reads)
        sections, sticky = frame.sections, frame.sticky
        before = dict(frame.variables)
        forgiving = any(
            _lookup_error(handler.type) or _any_error(handler.type) or _names(handler.type, _QUEUE_ERRORS)
            for handler in node.handlers
        )
        retried = any(_names(handler.type, ("RuntimeError",)) for handler in node.handlers)
        frame.forgiving += forgiving
        frame.retried += retried
        left = self.evaluator.block(frame, node.body)
        frame.forgiving -= forgiving
        frame.retried -= retried
        if left == FALLS:
            left = self.evaluator.block(frame, node.orelse)
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
            told = _lookup_error(handler.type) or (_any_error(handler.type) and _only_looks_up(node))
            frame.control = outer | (failed if told else 0)
            if handler.name is not None:
                self.evaluator.assignments.store(frame, handler.name, Value(), node.pos)
            known = dict(frame.variables)
            one = self.evaluator.block(frame, handler.body)
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
        final = self.evaluator.block(frame, node.final)
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
                self.evaluator.assignments.store(frame, bound, Value((), subject.deps, subject.flags), node.pos)
            if case.guard is not None:
                frame.control |= expressions.truth(frame, case.guard)
            first = len(frame.summary.writes)
            left = self.evaluator.block(frame, case.body)
            if frame.calls > started:
                self._mark_acting(frame, first)
            frame.decide(before, frame.control & ~outer)
            if left == FALLS:
                after = frame.variables if after is None else _joined(after, frame.variables)
        frame.control = outer
        frame.variables = _joined(before, after) if after is not None else before
        return FALLS


def _only_waits(node: f.While) -> bool:
    """Whether the loop sleeps until its test fails, and does no more: ``while busy: sleep(1)``."""
    calls = [part.value for part in node.body if isinstance(part, f.Evaluate) and isinstance(part.value, f.Call)]
    return len(calls) == len(node.body) and any(last_name(call.function) == "sleep" for call in calls)


def _compared(node: f.If) -> list[f.Attribute | f.Global | f.Free | f.Item]:
    """Variables, attributes and items that a branch sets to the value that its condition found them not to have."""
    test = node.test
    if not isinstance(test, f.Compare) or test.operators not in (("!=",), ("is not",)):
        return []
    one, other = (items.key_text(_converted(operand)) for operand in test.operands)
    found: list[f.Attribute | f.Global | f.Free | f.Item] = []
    for statement in node.body:
        target = statement.targets[0] if isinstance(statement, f.Assign) else None
        if isinstance(statement, f.Assign) and isinstance(target, f.Attribute | f.Global | f.Free | f.Item):
            texts = (items.key_text(target), items.key_text(statement.value))
            if all(texts) and texts in ((one, other), (other, one)):
                found.append(target)
    return found


def _has_constant(test: f.Compare) -> bool:
    return any(isinstance(operand, f.Constant) for operand in test.operands)


def _converted(node: f.Expression) -> f.Expression:
    """What a call with one argument, such as ``os.path.abspath(path)``, is given."""
    if isinstance(node, f.Call) and len(node.arguments) == 1 and not node.arguments[0].star:
        return node.arguments[0].value
    return node


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


def _only_looks_up(node: f.Try) -> bool:
    """Whether a look-up is all that can fail in the block: ``table[key]``, ``table[key].append(value)``."""
    if len(node.body) != 1:
        return False
    return all(
        isinstance(part.function, f.Attribute)
        and part.function.name in _ADDS
        and isinstance(part.function.value, f.Item | f.Attribute)
        for part in walk(node.body[0])
        if isinstance(part, f.Call)
    )


def _lookup_error(node: f.Expression | None) -> bool:
    """Whether a handler is for a failed look-up (``except KeyError``)."""
    return _names(node, _LOOKUP_ERRORS)


def _names(node: f.Expression | None, wanted: tuple[str, ...]) -> bool:
    """Whether a handler names one of the exceptions."""
    nodes = node.values if isinstance(node, f.Display) else (node,)
    return any(isinstance(n, f.Global | f.Attribute) and n.name in wanted for n in nodes)
