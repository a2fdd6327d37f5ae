"""Whether a lock that a function takes by ``acquire()`` is let go on every way out of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import msgspec

from flaskglobals_lint import facts as f
from flaskglobals_lint.link.items import key_text
from flaskglobals_lint.link.trees import walk
from flaskglobals_lint.link.ways import Exits, Ways, tries

if TYPE_CHECKING:
    from flaskglobals_lint.link.index import FunctionIndex, Index, ScopeId
    from flaskglobals_lint.link.types import Types
    from flaskglobals_lint.models import Lock

_QUIET_METHODS = frozenset(
    {
        "acquire", "add", "append", "clear", "copy", "critical", "debug", "discard", "error", "exception", "extend", "get",
        "info", "items", "keys", "locked", "monotonic", "notify", "notify_all", "perf_counter", "release", "set",
        "setdefault", "sleep", "strip", "time", "update", "values", "wait", "warning",
    }
)  # fmt: skip
_QUIET_FUNCTIONS = frozenset(
    {
        "bool", "dict", "id", "isinstance", "len", "list", "locals", "print", "range", "repr", "set", "str", "tuple", "type",
    }
)  # fmt: skip
_QUIET_MODULES = ("logging", "time")


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
                if not handed_on and not any(tries(call) for call in acquires) and not _entering(function):
                    found.append(Leak(fid, node, acquires[0].pos, "end", acquires[0].pos, True))
                continue
            way = _first(Ways(text, lambda call: self._quiet(call, fid)).out(function.facts.body), handed_on)
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
