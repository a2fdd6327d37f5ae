"""What is reached: functions as they run, and what they do to shared places."""

from __future__ import annotations

from typing import Any

import msgspec

from flaskglobals_lint import facts as f
from flaskglobals_lint.link.feasible import Constants
from flaskglobals_lint.link.index import ScopeId
from flaskglobals_lint.link.paths import Place
from flaskglobals_lint.link.starts import Start
from flaskglobals_lint.link.summary import Iteration, Pair, Path, Read, Use, Write, passed_on


class Context(msgspec.Struct, frozen=True, eq=False, gc=False):
    """A function as it runs: from which start, called from where, with which arguments and which locks held.

    ``flags`` tell of each argument whether it derives from the request.
    """

    function: ScopeId
    arguments: tuple[tuple[Any, ...], ...]
    bindings: tuple[Any, ...]
    held: frozenset[Any]
    start: Start
    parent: Context | None
    pos: f.Position | None
    flags: tuple[int, ...] = ()
    constants: Constants = ()
    """Literals among the arguments that decide which way the function goes."""

    once: str = ""
    """What it runs for only while that is missing: it, or its caller, provides it, and all requests share it."""

    def flagged(self, flags: int) -> int:
        """Flags of a value that the function makes of its parameters, given these arguments."""
        return passed_on(flags, self.flags)

    @property
    def chain(self) -> tuple[ScopeId, ...]:
        """Functions from the start to this one."""
        found: list[ScopeId] = []
        context: Context | None = self
        while context is not None:
            if not found or found[-1] != context.function:
                found.append(context.function)
            context = context.parent
        return tuple(reversed(found))


class Access(msgspec.Struct, frozen=True, eq=False, gc=False):
    """One recorded access at a shared place, in one context. ``locks`` are the keys of all useful locks held."""

    place: Place
    path: Path
    record: Read | Write | Iteration | Use
    locks: frozenset[Any]
    context: Context

    @property
    def function(self) -> ScopeId:
        return self.context.function


class Conflict(msgspec.Struct, frozen=True, eq=False, gc=False):
    """A pair at a shared place. ``guards`` are the locks that hold from its read to its write."""

    place: Place
    path: Path
    pair: Pair
    guards: frozenset[Any]
    context: Context


class Reached(msgspec.Struct):
    """Everything that request-time and background code does to shared places."""

    contexts: dict[ScopeId, list[Context]] = msgspec.field(default_factory=dict)
    reads: list[Access] = msgspec.field(default_factory=list)
    writes: list[Access] = msgspec.field(default_factory=list)
    iterations: list[Access] = msgspec.field(default_factory=list)
    uses: list[Access] = msgspec.field(default_factory=list)
    handed: list[Access] = msgspec.field(default_factory=list)
    conflicts: list[Conflict] = msgspec.field(default_factory=list)
