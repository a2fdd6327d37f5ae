"""The state of one function's evaluation, and how accesses are recorded in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from flaskglobals_lint import facts as f
from flaskglobals_lint.link.atoms import Atoms
from flaskglobals_lint.link.paths import SHARED_ROOTS, is_path
from flaskglobals_lint.link.summary import (
    SESSION,
    Clock,
    Edge,
    Iteration,
    Path,
    Read,
    Section,
    Summary,
    Use,
    Value,
    Write,
    bits,
)

if TYPE_CHECKING:
    from flaskglobals_lint.link.evaluate import Evaluator
    from flaskglobals_lint.link.index import FunctionIndex, ScopeId
    from flaskglobals_lint.models import Entry

MOST_READS = 600
MOST_STEPS = 24
"""So many attributes and items below something shared a variable is followed (``node = node.next``)."""
ZIPPED = "zipped"
"""The view of a ``zip``: its parts are what it walks side by side."""
ENDED = "ended"
"""Kind of a read that finds an object in order to end it."""
FALLS, EXITS, BREAKS = 0, 1, 2
"""How control leaves a statement: it falls through, leaves the function, or leaves the loop."""
RECORDED = SHARED_ROOTS | {"p"}

NOT_GIVEN = Value()
"""Stands for an argument that a call leaves at its default."""

_NO_KEY = ""


class Frame:
    """Evaluating one function: its variables, the sections held, what decides whether this point is reached."""

    def __init__(self, evaluator: Evaluator, scope: ScopeId, function: FunctionIndex | None) -> None:
        self.evaluator = evaluator
        self.types = evaluator.types
        self.paths = evaluator.paths
        self.models = evaluator.types.models
        self.scope = scope
        self.module_path = scope[: scope.index(":")]
        self.function = function
        self.summary = Summary(scope)
        self.variables: dict[str, Value] = {}
        self.sections: tuple[Section, ...] = ()
        self.control = 0
        self.sticky = 0
        self.calls = 0
        self.blocking = 0
        self.awaits = 0
        self.pauses = 0
        """How often another greenlet may have run."""
        self.consuming = False
        self.called_back = False
        self.elsewhere: Entry | None = None
        """How coroutines run that are made now: a library is handed them."""
        self.testing = 0
        self.acquired: tuple[Path | None, f.Position, str, str] | None = None
        """The lock that the expression being evaluated tried to take."""
        self.attempts: dict[str, tuple[Path | None, f.Position, str, str]] = {}
        """Variables that say whether a lock could be taken."""
        self.stacked: list[Section] = []
        """Locks that an ``ExitStack`` or a file, not a ``with`` of their own, lets go at its end."""
        self.managing: list[tuple[Value, f.Position]] = []
        """Objects of the project that ``with`` statements have entered and will leave."""
        self.forgiving = 0
        self.walks: dict[str, tuple[frozenset[Path], int]] = {}
        """Variables that hold the keys of containers, one after the other, with the reads that a loop over those is."""
        self.ended: dict[Path, int] = {}
        """Objects that were told to end, by where they were found, with the reads that found them."""
        self.lacking = 0
        """The part of ``decided`` that found something missing."""
        self.amid: dict[int, int] = {}
        """``lacking`` at each call, by the edge's index, if anything was."""
        self.loops = 0
        self.settled = 0
        """The part of ``sticky`` from before the outermost loop that is being walked."""
        self.retried = 0
        self.returned: list[tuple[f.Position, Value, int]] = []
        """What each ``return`` gives, and what decides that it is reached."""
        self.asked: set[int] = set()
        self.raised = 0
        self.left = 0
        """What decides that the function is left early."""
        self.broken = 0
        """What decides that the innermost loop is left early."""
        self.first_read = len(function.facts.parameters) if function is not None else 0
        self._reads: dict[tuple[Any, ...], int] = {}
        self._keys: dict[Path, str] = {}
        """How the keys of the items that were looked up are written; empty where two ways lead to one path."""

    @property
    def parameters(self) -> tuple[str, ...]:
        """Names of the function's parameters."""
        function = self.function
        return tuple(parameter.name for parameter in function.facts.parameters) if function is not None else ()

    # -- atoms --

    def atoms(self, value: Value, node: f.Expression) -> Atoms:
        """Atoms of a value; where its references tell nothing, those of the expression."""
        result: list[Any] = []
        for ref in value.refs:
            if is_path(ref):
                result.extend(self.paths.atoms(ref))
            else:
                result.append(ref)
        if not result:
            return self.types.expand(self.types.of(node, self.scope))
        return tuple(dict.fromkeys(result))

    # -- recording --

    @property
    def clock(self) -> Clock:
        return (self.calls, self.blocking, self.awaits, self.pauses)

    @clock.setter
    def clock(self, value: Clock) -> None:
        self.calls, self.blocking, self.awaits, self.pauses = value

    @property
    def decided(self) -> int:
        """Everything that decides whether this point is reached."""
        return self.control | self.sticky

    @property
    def chosen(self) -> int:
        """What decides which items a loop goes on with: not the checks that left the function."""
        return self.sticky & ~self.settled if self.loops else 0

    def call(self, edge: Edge) -> None:
        """Record a call."""
        if self.lacking and (found := self.lacking & self.decided):
            self.amid[len(self.summary.edges)] = found
        self.summary.edges.append(edge)

    def recorded(self, ref: Any) -> bool:
        """Whether accesses of a reference can matter to anybody else."""
        return is_path(ref) and ref[0][0] in RECORDED

    def read(
        self,
        path: Path,
        kind: str,
        pos: f.Position,
        key: str = _NO_KEY,
        remote: Any = None,
        flags: int = 0,
        item: str = _NO_KEY,
    ) -> int:
        """Record a read; its dependency bit."""
        if path[0][0] not in RECORDED and path[:1] != SESSION:
            return 0
        if kind == "element" and path[-1] == "[]":
            self._keys[path] = key if self._keys.get(path, key) == key else _NO_KEY
        item = item or self.item_of(path)
        token = (path, kind, key, self.sections, pos[0], remote, item)
        at = self._reads.get(token)
        if at is None:
            at = len(self.summary.reads)
            if at >= MOST_READS:
                return 0
            self._reads[token] = at
            clock = (self.calls, self.blocking, self.awaits, self.pauses)
            self.summary.reads.append(Read(path, kind, key, pos, self.sections, clock, remote, flags, item))
        return 1 << (self.first_read + at)

    def item_of(self, path: Path) -> str:
        """The key of the last item before the path's last step."""
        for end in range(len(path) - 1, 1, -1):
            if path[end - 1] == "[]":
                return self._keys.get(path[:end], _NO_KEY)
        return _NO_KEY

    def searched(self, path: Path, key: str, deps: int) -> int:
        """Those of the reads on which a key depends that asked the container for it: ``while key in d: key = other(key)``."""
        found = 0
        for at in bits(deps >> self.first_read) if key else ():
            read = self.summary.reads[at]
            if read.path == path and read.kind == "content" and read.key == key:
                found |= 1 << (self.first_read + at)
        return found

    def asked_before(self, path: Path) -> bool:
        """Whether what a container holds, at that path, decides whether this point is reached."""
        return any(self.summary.reads[at].path == path for at in bits(self.decided >> self.first_read))

    def write(
        self,
        path: Path,
        kind: str,
        via: str,
        pos: f.Position,
        value: Value | None = None,
        key: str = _NO_KEY,
        key_flags: int = 0,
        harmless: bool = False,
        constant: bool = False,
        chosen: int = 0,
    ) -> None:
        """Record a write of ``value``; ``chosen`` are the reads by which its key was searched for."""
        if path[0][0] not in RECORDED and path[:1] != SESSION:
            return
        harmless = harmless or (kind == "delete" and self.forgiving > 0)
        values = value.deps if value is not None else 0
        flags = value.flags if value is not None else 0
        refs = self.stored(path, key, value.refs) if value is not None else ()
        # Who ends a thing to put another one in its place replaces what was found.
        found = self.ended.get(path, 0) if kind == "set" and not constant else 0
        found |= chosen
        self.summary.writes.append(
            Write(
                path, kind, via, key, pos, self.sections, self.clock, values, self.decided | found, flags, key_flags,
                harmless, constant, None, refs, self.control | found, False, self.item_of(path),
            )
        )  # fmt: skip

    def stored(self, path: Path, key: str, refs: tuple[Any, ...]) -> tuple[Path, ...]:
        """What a write of that path and key stores, by reference; without what was found there under another key."""
        known = self._keys.get(path, key) or key
        other = path[-1] == "[]" and bool(key) and known != key
        return tuple(ref for ref in refs if is_path(ref) and not (other and ref == path))[:3]

    def end(self, value: Value, pos: f.Position) -> None:
        """Record that an object is told to end (``timer.cancel()``)."""
        for ref in value.refs:
            if self.recorded(ref):
                self.ended[ref] = self.ended.get(ref, 0) | self.read(ref, ENDED, pos)

    def iterate(self, value: Value, pos: f.Position, via: str) -> None:
        """Record a Python-level loop over live containers, unless the code around it expects it to fail."""
        if self.retried:
            return
        for part in value.parts if value.view == ZIPPED else ():
            self.iterate(part, pos, via)
        view = "" if value.view == "enumerated" else value.view
        names = self.types.names
        for ref in value.refs:
            if not self.recorded(ref):
                continue
            # A class with an ``__iter__`` of its own is walked over by that.
            own = "__iter__" in names.defined and any(
                atom[0] == "inst" and names.method(atom[1], "__iter__") is not None for atom in self.paths.atoms(ref)
            )
            if not own:
                self.summary.iterations.append(Iteration(ref, pos, self.sections, via, False, view))

    def walked(self, started: int, paused: int) -> None:
        """Note of the loops recorded since ``started`` whether anything in them waits; ``paused``: the pauses before."""
        if self.pauses == paused:
            for at in range(started, len(self.summary.iterations)):
                self.summary.iterations[at] = replace(self.summary.iterations[at], uninterrupted=True)

    def hand_out(self, value: Value, pos: f.Position) -> None:
        """Record that a shared object as a whole goes where anything can be read from it."""
        for ref in value.refs:
            if self.recorded(ref):
                self.summary.handed.append(Read(ref, "whole", _NO_KEY, pos, self.sections, self.clock))

    def write_library(self, dotted: str, use: str, value: Value, pos: f.Position) -> None:
        """Record a change of process-wide state that a library keeps, if the models know it."""
        state = self.models.process_state(dotted)
        if state is not None and state.use == use:
            self.write((("lib", dotted),), "set", "()" if use == "call" else "=", pos, value)

    def use(self, ref: Any, model: str, member: str, pos: f.Position) -> None:
        """Record the use of a connection."""
        if self.recorded(ref):
            self.summary.uses.append(Use(ref, model, member, pos, self.sections))

    # -- sections --

    def enter(self, lock: Path | None, pos: f.Position, kind: str, key: str = _NO_KEY) -> Section:
        """Take a lock."""
        self.pauses += 1
        section = Section(len(self.summary.sections), lock, pos, kind, key)
        self.summary.sections.append(section)
        self.sections = (*self.sections, section)
        return section

    def leave(self, section: Section) -> None:
        """Let go of what a section took; it may have been let go and taken again since."""
        if section not in self.sections:
            again = [held for held in self.sections if held.lock == section.lock and section.lock is not None]
            section = again[-1] if again else section
        self.sections = tuple(held for held in self.sections if held is not section)

    def release(self, lock: Path | None) -> None:
        """Let go of the lock taken last at that path."""
        for held in reversed(self.sections):
            if held.lock == lock:
                self.leave(held)
                return
        if lock is not None and lock not in self.summary.released:
            self.summary.released = (*self.summary.released, lock)

    def enter_loop(self) -> None:
        """Walk the body of a loop from here on."""
        if not self.loops:
            self.settled = self.sticky
        self.loops += 1

    # -- variables --

    def assign(self, name: str, value: Value) -> None:
        """Bind a local variable; which items a loop goes on with also decides its value."""
        deps = value.deps | self.chosen
        if any(len(ref) > MOST_STEPS and is_path(ref) for ref in value.refs):
            value = Value(
                tuple(ref for ref in value.refs if not is_path(ref) or len(ref) <= MOST_STEPS), deps, value.flags
            )
        self.variables[name] = Value(value.refs, deps, value.flags, value.view) if deps != value.deps else value
        known = self.summary.captured.setdefault(name, [])
        known.extend(ref for ref in value.refs if is_path(ref) and ref[0][0] != "new" and ref not in known)

    def decide(self, before: dict[str, Value], deps: int) -> None:
        """After a branch: which value the variables have that it bound depends on what decided it.

        Within the branch it does not: there the check is known to have passed.
        """
        for name, value in self.variables.items():
            if before.get(name) is not value and value.deps | deps != value.deps:
                self.variables[name] = Value(value.refs, value.deps | deps, value.flags, value.view)

    def displace(self, path: Path, value: Value) -> None:
        """Another object is stored at a path: variables that hold what was there before are no other names of it."""
        if path in value.refs or "[]" in path:
            return
        for name, held in self.variables.items():
            if path in held.refs:
                refs = tuple(ref for ref in held.refs if ref != path)
                self.variables[name] = Value(refs, held.deps, held.flags, held.view)

    def escape(self, value: Value, path: Path) -> None:
        """What was made in this call is now reachable through a shared path: its variables are that path."""
        for ref in value.refs:
            if is_path(ref) and ref[0][0] == "new":
                for name, held in self.variables.items():
                    if ref in held.refs:
                        refs = tuple(path if r == ref else r for r in held.refs)
                        self.variables[name] = Value(refs, held.deps, held.flags, held.view)


def merge(one: Value, other: Value) -> Value:
    """Either of two values."""
    if one is other:
        return one
    refs = one.refs if one.refs == other.refs else tuple(dict.fromkeys(one.refs + other.refs))[:6]
    found = Value(refs, one.deps | other.deps, one.flags | other.flags, one.view or other.view)
    if len(one.parts) == len(other.parts):
        found.parts = tuple(map(merge, one.parts, other.parts))
    return found
