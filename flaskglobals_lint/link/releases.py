"""Whether a lock that a function takes by ``acquire()`` is let go on every way out of it.

A function's statements are run over the few states that matter: is the lock held, and what is known of the variables that
say so (``got = lock.acquire(timeout=1)``, ``taken = True``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any, TypeAlias

import msgspec

from flaskglobals_lint import facts as f
from flaskglobals_lint.link.items import key_text
from flaskglobals_lint.link.trees import walk

if TYPE_CHECKING:
    from flaskglobals_lint.link.index import FunctionIndex, Index, ScopeId
    from flaskglobals_lint.link.types import Types
    from flaskglobals_lint.models import Lock

State: TypeAlias = tuple[bool, tuple[tuple[str, bool], ...]]
"""Held or not, and the known truth of variables."""

States: TypeAlias = frozenset[State]
Exits: TypeAlias = dict[tuple[str, State], f.Position]
"""Ways out of a block: how (return, raise, call, break, continue), in which state, and the first place where."""

FREE: State = (False, ())

_QUIET_METHODS = frozenset(
    {
        "acquire", "add", "append", "clear", "copy", "critical", "debug", "discard", "error", "exception", "extend", "get",
        "info", "items", "keys", "locked", "monotonic", "notify", "notify_all", "perf_counter", "release", "set",
        "setdefault", "sleep", "strip", "time", "update", "values", "wait", "warning",
    }
)  # fmt: skip
_QUIET_FUNCTIONS = frozenset(
    {
        "bool",
        "dict",
        "id",
        "isinstance",
        "len",
        "list",
        "locals",
        "print",
        "range",
        "repr",
        "set",
        "str",
        "tuple",
        "type",
    }
)
_QUIET_MODULES = ("logging", "time")
_ALL_ERRORS = ("BaseException", "Exception")


class Leak(msgspec.Struct, frozen=True, gc=False):
    """A way out of a function with the lock taken. ``how`` is return, end, raise or call; ``never`` means that nobody
    ever releases it."""

    function: ScopeId
    lock: f.Expression
    taken: f.Position
    how: str
    left: f.Position
    never: bool = False


class Releases:
    """Looks through functions for locks that are not released."""

    def __init__(self, types: Types) -> None:
        self.types = types
        self.index: Index = types.index
        self._elsewhere: dict[str, set[ScopeId]] | None = None
        self._holding = {
            site.scope
            for name, sites in self.index.calls.items()
            if name.startswith(("acquire", "release"))
            for site in sites
        }
        """Functions that call anything of that name."""

    def leaks(self, fid: ScopeId) -> list[Leak]:
        """The first way out of the function for each lock that it does not always release."""
        function = self.index.functions[fid]
        found = []
        for text, (node, acquires, releases) in self._locks(function).items():
            if not acquires or _passes_release(function, text):
                continue
            handed_on = bool(self._releasing(node) - {fid})
            if not releases:
                if not handed_on and not any(_tries(call) for call in acquires) and not _entering(function):
                    found.append(Leak(fid, node, acquires[0].pos, "end", acquires[0].pos, True))
                continue
            way = _first(_Flow(text, lambda call: self._quiet(call, fid)).function(function.facts.body), handed_on)
            if way is not None:
                found.append(Leak(fid, node, acquires[0].pos, *way))
        return found

    def _locks(self, function: FunctionIndex) -> dict[str, tuple[f.Expression, list[f.Call], list[f.Call]]]:
        """The locks that a function takes or lets go by a call, by their text."""
        found: dict[str, tuple[f.Expression, list[f.Call], list[f.Call]]] = {}
        if function.id not in self._holding:
            return found
        for call in walk(function.facts.body):
            if not isinstance(call, f.Call) or not isinstance(call.function, f.Attribute):
                continue
            name = call.function.name
            if not name.startswith(("acquire", "release")):
                continue
            node = call.function.value
            text = key_text(node)
            lock = self._lock(node, function.id) if text else None
            if lock is not None and name in (*lock.acquire, *lock.release):
                _, acquires, releases = found.setdefault(text, (node, [], []))
                (acquires if name in lock.acquire else releases).append(call)
        return found

    def _lock(self, node: f.Expression, scope: ScopeId) -> Lock | None:
        """The lock that an expression denotes, if it outlives the call."""
        for atom in self.types.expand(self.types.of(node, scope)):
            dotted = atom[1:2] if atom[0] == "extinst" else ()
            if atom[0] == "inst":
                dotted = tuple(self.types.names.external_bases(atom[1]))
            for name in dotted:
                lock = self.types.models.lock(name)
                if lock is not None:
                    return lock
        return None

    def _quiet(self, call: f.Call, scope: ScopeId) -> bool:
        """Whether a call is known not to raise: methods of containers and locks, logging, the clock."""
        function = call.function
        if isinstance(function, f.Global):
            return function.name in _QUIET_FUNCTIONS
        if not isinstance(function, f.Attribute) or function.name not in _QUIET_METHODS:
            return False
        atoms = self.types.expand(self.types.of(function.value, scope))
        return not any(
            atom[0] in ("conn", "module") or (atom[0] == "ext" and atom[1] not in _QUIET_MODULES) for atom in atoms
        )

    def _releasing(self, node: f.Expression) -> set[ScopeId]:
        """Functions that release a lock of that name without taking it themselves."""
        if self._elsewhere is None:
            taken = {(scope, name) for name, scope in self._calls("acquire")}
            self._elsewhere = {}
            for name, scope in self._calls("release"):
                if (scope, name) not in taken:
                    self._elsewhere.setdefault(name, set()).add(scope)
        return self._elsewhere.get(_last(node), set())

    def _calls(self, start: str) -> Iterator[tuple[str, ScopeId]]:
        """Calls of methods whose names start so: what the object is called last, and the function that calls."""
        for name, sites in self.index.calls.items():
            for site in sites if name.startswith(start) else ():
                if isinstance(site.call.function, f.Attribute) and site.scope in self.index.functions:
                    yield _last(site.call.function.value), site.scope


def _passes_release(function: FunctionIndex, lock: str) -> bool:
    """``stack.callback(lock.release)``: something else is told to let it go."""
    return any(
        isinstance(argument.value, f.Attribute)
        and argument.value.name.startswith("release")
        and key_text(argument.value.value) == lock
        for call in walk(function.facts.body)
        if isinstance(call, f.Call)
        for argument in call.arguments
    )


def _last(node: f.Expression) -> str:
    while isinstance(node, f.Item):
        node = node.value
    return node.name if isinstance(node, f.Attribute | f.Local | f.Global | f.Free | f.ClassName) else ""


def _entering(function: FunctionIndex) -> bool:
    """A function whose very purpose is to take the lock for its caller."""
    name = function.facts.name.strip("_").lower()
    return name in ("enter", "aenter", "lock") or name.startswith(("acquire", "lock_"))


def _tries(call: f.Call) -> bool:
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


def _first(exits: Exits, handed_on: bool) -> tuple[str, f.Position] | None:
    """The way out with the lock taken that says most. Where another function releases the lock, coming back with it is
    what the caller wants."""
    for kinds in (("raise",), ("call",), ("return", "end")):
        if handed_on and kinds != ("call",):
            continue
        held = [(pos, how) for (how, (is_held, _)), pos in exits.items() if is_held and how in kinds]
        if held:
            pos, how = min(held)
            return how, pos
    return None


class _Flow:
    """Runs one function's statements for one lock."""

    def __init__(self, lock: str, quiet: Callable[[f.Call], bool]) -> None:
        self.lock = lock
        self.quiet = quiet

    def function(self, body: tuple[f.Statement, ...]) -> Exits:
        """All ways out."""
        exits: Exits = {}
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
            return "try" if _tries(node) else "acquire"
        return "release" if node.function.name.startswith("release") else None

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


__all__ = ["Leak", "Releases"]
