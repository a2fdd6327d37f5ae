"""The ways out of a function, and whether it still holds a lock there.

A function's statements are run over the few states that matter: is the lock held, and what is known of the variables that
say so (``got = lock.acquire(timeout=1)``, ``taken = True``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeAlias

from flaskglobals_lint import facts as f
from flaskglobals_lint.link.items import key_text
from flaskglobals_lint.link.trees import walk

State: TypeAlias = tuple[bool, tuple[tuple[str, bool], ...]]
"""Held or not, and the known truth of variables."""

States: TypeAlias = frozenset[State]
Exits: TypeAlias = dict[tuple[str, State], f.Position]
"""Ways out of a block: how (return, raise, call, break, continue), in which state, and the first place where."""

FREE: State = (False, ())

MOST_STATES = 64
"""Where there are more, only what ``acquire`` has answered is remembered: each flag that may be set doubles them."""

_ALL_ERRORS = ("BaseException", "Exception")


def tries(call: f.Call) -> bool:
    """Whether ``acquire`` may come back without the lock."""
    positional = [argument for argument in call.arguments if argument.keyword is None]
    for argument in call.arguments:
        value = argument.value
        if argument.keyword == "timeout" and not (isinstance(value, f.Constant) and value.kind == "none"):
            return True
        if argument.keyword in ("blocking", "block") and not (isinstance(value, f.Constant) and value.text == "True"):
            return True
    if not positional:
        return False
    first = positional[0].value
    return len(positional) > 1 or not (isinstance(first, f.Constant) and first.text == "True")


class Ways:
    """Runs one function's statements for one lock."""

    def __init__(self, lock: str, quiet: Callable[[f.Call], bool]) -> None:
        """``lock`` as it is written; ``quiet`` tells which calls do not raise."""
        self.lock = lock
        self.quiet = quiet
        self.tells: set[str] = set()
        """Variables that keep what ``acquire`` has answered."""

    def out(self, body: tuple[f.Statement, ...]) -> Exits:
        """All ways out."""
        exits: Exits = {}
        self.tells = {name for node in walk(body) if isinstance(node, f.Assign) for name in self.answered(node)}
        falls = self.block(body, frozenset({FREE}), exits)
        last = getattr(body[-1], "pos", f.NOWHERE) if body else f.NOWHERE
        for state in falls:
            exits.setdefault(("end", state), last)
        return exits

    def block(self, body: Iterable[f.Statement], states: States, exits: Exits) -> States:
        """Run statements; the states in which control falls out at the end."""
        for statement in body:
            if not states:
                break
            states = self.statement(statement, states, exits)
            if len(states) > MOST_STATES:
                states = frozenset(
                    (held, tuple(one for one in known if one[0] in self.tells)) for held, known in states
                )
        return states

    def statement(self, node: f.Statement, states: States, exits: Exits) -> States:
        match node:
            case f.If():
                self.evaluate(node.test, states, exits)
                yes, no = self.test(node.test, states)
                return self.block(node.body, yes, exits) | self.block(node.orelse, no, exits)
            case f.While():
                return self.loop(node, states, exits)
            case f.For():
                self.evaluate(node.iterable, states, exits)
                return self.loop(node, states, exits)
            case f.Try():
                return self.attempt(node, states, exits)
            case f.With():
                for item in node.items:
                    self.evaluate(item.value, states, exits)
                if any(key_text(item.value) == self.lock for item in node.items):
                    return self.managed(node, states, exits)
                return self.block(node.body, states, exits)
            case f.Match():
                self.evaluate(node.subject, states, exits)
                result = states
                for case in node.cases:
                    result |= self.block(case.body, states, exits)
                return result
            case f.Return():
                if node.value is not None:
                    self.evaluate(node.value, states, exits)
                return self.leave("return", states, node.pos, exits)
            case f.Raise():
                return self.leave("raise", states, node.pos, exits)
            case f.Jump():
                return self.leave(node.kind, states, f.NOWHERE, exits)
            case f.Assert():
                self.leave("raise", states, node.pos, exits)
                return states
            case f.Assign() | f.AnnotatedAssign():
                return self.assign(node, states, exits)
            case f.Evaluate():
                self.evaluate(node.value, states, exits)
                return self.called(node.value, states)
            case f.Define() | f.DefineClass() | f.Import():
                return states
            case _:
                self.evaluate(node, states, exits)
                return states

    def managed(self, node: f.With, states: States, exits: Exits) -> States:
        """``with lock:`` around it: whatever the body does to the lock, the end of the section lets it go."""
        inner: Exits = {}
        falls = self.block(node.body, states, inner)
        for (how, (_, known)), pos in inner.items():
            exits.setdefault((how, (False, known)), pos)
        return frozenset((False, known) for _, known in falls)

    @staticmethod
    def leave(how: str, states: States, pos: f.Position, exits: Exits) -> States:
        for state in states:
            exits.setdefault((how, state), pos)
        return frozenset()

    def evaluate(self, part: Any, states: States, exits: Exits) -> None:
        """Record that something in an expression may raise while the lock is held."""
        held = frozenset(state for state in states if state[0])
        if held:
            pos = self.raising(part)
            if pos is not None:
                self.leave("call", held, pos, exits)

    def raising(self, part: Any) -> f.Position | None:
        """Where an expression may raise: at a call that is not known to be harmless, an await, a yield."""
        for node in walk(part):
            if isinstance(node, f.Await | f.Yield) or (isinstance(node, f.Call) and not self.quiet(node)):
                return node.pos
        return None

    def called(self, value: f.Expression, states: States) -> States:
        """The states after an expression: ``acquire`` and ``release`` change them."""
        action = self.action(value)
        if action is None:
            return states
        if action == "release":
            return frozenset((False, known) for _, known in states)
        return frozenset((True, known) for _, known in states)

    def action(self, value: f.Expression) -> str | None:
        """acquire, try or release if that is what the expression does to the lock."""
        node = value.value if isinstance(value, f.Await) else value
        if not isinstance(node, f.Call) or not isinstance(node.function, f.Attribute):
            return None
        if key_text(node.function.value) != self.lock:
            return None
        if node.function.name.startswith("acquire"):
            return "try" if tries(node) else "acquire"
        return "release" if node.function.name.startswith("release") else None

    def answered(self, node: f.Assign) -> Iterator[str]:
        """The variables that an assignment gives what ``acquire`` answers."""
        if self.action(node.value) in ("acquire", "try"):
            yield from (target.name for target in node.targets if isinstance(target, f.Local))

    def assign(self, node: f.Assign | f.AnnotatedAssign, states: States, exits: Exits) -> States:
        targets = node.targets if isinstance(node, f.Assign) else (node.target,)
        if node.value is None:
            return states
        self.evaluate(node.value, states, exits)
        name = targets[0].name if len(targets) == 1 and isinstance(targets[0], f.Local) else ""
        action = self.action(node.value)
        if action in ("acquire", "try"):
            result = {(True, _with(known, name, True)) for _, known in states}
            if action == "try":
                result |= {(held, _with(known, name, False)) for held, known in states}
            return frozenset(result)
        states = self.called(node.value, states)
        if not name:
            return states
        value = node.value
        if isinstance(value, f.Constant) and value.kind in ("bool", "none"):
            return frozenset((held, _with(known, name, value.text == "True")) for held, known in states)
        return frozenset((held, tuple(one for one in known if one[0] != name)) for held, known in states)

    def test(self, node: f.Expression, states: States) -> tuple[States, States]:
        """The states in which a condition holds, and those in which it does not."""
        if isinstance(node, f.Operation) and node.operator == "not":
            yes, no = self.test(node.operands[0], states)
            return no, yes
        if isinstance(node, f.Boolean):
            yes, no = self.test(node.operands[0], states)
            for operand in node.operands[1:]:
                if node.operator == "and":
                    yes, more = self.test(operand, yes)
                    no |= more
                else:
                    more, no = self.test(operand, no)
                    yes |= more
            return yes, no
        if isinstance(node, f.Local):
            yes = frozenset(state for state in states if dict(state[1]).get(node.name, True))
            return yes, frozenset(state for state in states if not dict(state[1]).get(node.name, False))
        if isinstance(node, f.Compare) and isinstance(node.operands[0], f.Local) and len(node.operands) == 2:
            other = node.operands[1]
            if isinstance(other, f.Constant) and other.kind == "bool" and node.operators[0] in ("is", "=="):
                yes, no = self.test(node.operands[0], states)
                return (yes, no) if other.text == "True" else (no, yes)
        if isinstance(node, f.Call) and isinstance(node.function, f.Attribute) and node.function.name == "locked":
            return states, frozenset(state for state in states if not state[0])
        if isinstance(node, f.Constant):
            return (states, frozenset()) if node.text in ("True", "1") else (frozenset(), states)
        action = self.action(node)
        if action in ("acquire", "try"):
            taken = frozenset((True, known) for _, known in states)
            return taken, states if action == "try" else frozenset()
        after = self.called(node, states)
        return after, after

    def loop(self, node: f.For | f.While, states: States, exits: Exits) -> States:
        start, left = states, frozenset[State]()
        for _ in range(3):
            inner: Exits = {}
            if isinstance(node, f.While):
                self.evaluate(node.test, start, exits)
                body, done = self.test(node.test, start)
            else:
                body, done = start, start
            falls = self.block(node.body, body, inner)
            again = falls
            left |= done
            for (how, state), pos in inner.items():
                if how == "break":
                    left |= {state}
                elif how == "continue":
                    again |= {state}
                else:
                    exits.setdefault((how, state), pos)
            if again <= start:
                break
            start |= again
        return self.block(node.orelse, left, exits) if node.orelse else left

    def attempt(self, node: f.Try, states: States, exits: Exits) -> States:
        inner: Exits = {}
        falls = self.block(node.body, states, inner)
        outer: Exits = {}
        errors: dict[State, f.Position] = {}
        for (how, state), pos in inner.items():
            if how in ("raise", "call"):
                errors.setdefault(state, pos)
            else:
                outer.setdefault((how, state), pos)
        caught = any(_catches_all(handler) for handler in node.handlers)
        if not caught:
            outer.update({key: pos for key, pos in inner.items() if key[0] in ("raise", "call")})
        if node.orelse:
            falls = self.block(node.orelse, falls, outer)
        # Anything may fail before the first statement that this analysis knows to fail.
        failing = frozenset(errors) | (states if node.handlers else frozenset())
        for handler in node.handlers:
            falls |= self.block(handler.body, failing, outer)
        falls = self.final(node, falls, exits)
        for (how, state), pos in outer.items():
            for after in self.final(node, frozenset({state}), exits):
                exits.setdefault((how, after), pos)
        return falls

    def final(self, node: f.Try, states: States, exits: Exits) -> States:
        """Run the ``finally`` part; what it calls on its way to the release is trusted not to raise."""
        inner: Exits = {}
        falls = self.block(node.final, states, inner) if node.final else states
        for (how, state), pos in inner.items():
            if how != "call":
                exits.setdefault((how, state), pos)
        return falls


def _with(known: tuple[tuple[str, bool], ...], name: str, truth: bool) -> tuple[tuple[str, bool], ...]:
    """What is known of variables once one is assigned."""
    if not name:
        return known
    return tuple(sorted({**dict(known), name: truth}.items()))


def _catches_all(handler: f.Handler) -> bool:
    nodes = handler.type.values if isinstance(handler.type, f.Display) else (handler.type,)
    return any(node is None or (isinstance(node, f.Global) and node.name in _ALL_ERRORS) for node in nodes)
