"""Which calls come to shared places in turn: no lock may be taken twice by one thread, and no two in two orders."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from flaskglobals_lint.link.contexts import Access, Context
    from flaskglobals_lint.link.index import ScopeId
    from flaskglobals_lint.link.program import Program
    from flaskglobals_lint.link.summary import Section
    from flaskglobals_lint.remedy import Position

Key: TypeAlias = tuple[Any, ...]
Sets: TypeAlias = dict[Any, set[Any]]

_NONE: frozenset[Any] = frozenset()
_LATER = ("thread", "start", "stream")
"""Kinds of calls whose code does not run before they are over."""


def again(program: Program, function: ScopeId, lock: Key | None, others: set[ScopeId]) -> tuple[Position, ...]:
    """Calls of a function that take the lock in turn, or come to one of the other functions, which are to take it, too."""
    keys: set[Any] = {*others, lock} if lock is not None else set(others)
    return _where(program, function, keys)


def clash(program: Program, function: ScopeId, keys: set[Key]) -> tuple[Position, ...]:
    """Calls of a function that take another lock, with which some other code comes back to these places.

    What has no lock yet does not count: the program is looked at anew once it has one.
    """
    before = _reach(program.once(_backwards), keys) - keys
    return _where(program, function, before) if before else ()


def held_by_callers(program: Program, function: ScopeId) -> set[Key]:
    """The locks that callers of a function may hold: taking one of them again would wait for ever."""
    return program.once(_callers_locks).get(function, set())


def lock_key(program: Program, section: Section, context: Context) -> Key | None:
    """The key of a section's lock, where it is one place that outlives the call."""
    if section.kind != "lock" or section.lock is None or section.lock[0][0] in ("new", "proxy"):
        return None
    path = section.lock
    if path[0][0] == "p":
        given = context.arguments[path[0][2]] if path[0][2] < len(context.arguments) else ()
        if not given or not isinstance(given[0][0], tuple):
            return None
        path = (*given[0], *path[1:])
    place = program.paths.place(path)
    return program.paths.exact(place) if place is not None else None


def _where(program: Program, function: ScopeId, keys: set[Any]) -> tuple[Position, ...]:
    coming = [program.once(_coming_to, key) for key in keys]
    calls = program.once(_calls).get(function, ())
    return tuple(sorted({pos for callee, pos in calls if any(callee in functions for functions in coming)}))


def _coming_to(program: Program, key: Any) -> set[Any]:
    """The functions that access a place, take a lock or are the function of that key, and all that call them in turn."""
    return _reach(program.once(_callers), {*program.once(_owners).get(key, ()), key})


def _accesses(program: Program) -> list[Access]:
    return [*program.reached.writes, *program.reached.reads, *program.reached.iterations]


def _calls(program: Program) -> dict[ScopeId, set[tuple[ScopeId, Position]]]:
    """The calls of each function: whom, and where."""
    found: dict[ScopeId, set[tuple[ScopeId, Position]]] = {}
    for fid, contexts in program.reached.contexts.items():
        for edge in program.evaluator.summary(fid).edges:
            if edge.callee and edge.kind not in _LATER:
                found.setdefault(fid, set()).add((edge.callee, edge.pos))
        for context in contexts:
            if context.parent is not None and context.pos and context.start is context.parent.start:
                found.setdefault(context.parent.function, set()).add((fid, context.pos))
    return found


def _callers(program: Program) -> Sets:
    """The functions that call each function."""
    found: Sets = {}
    for fid, calls in program.once(_calls).items():
        for callee, _ in calls:
            found.setdefault(callee, set()).add(fid)
    return found


def _owners(program: Program) -> Sets:
    """The functions that access each place themselves, or take each lock for it."""
    found: Sets = {}
    for access in _accesses(program):
        function = access.context.function
        found.setdefault(access.place.base, set()).add(function)
        for lock in _taken(access):
            found.setdefault(lock, set()).add(function)
    return found


def _backwards(program: Program) -> Sets:
    """For each place or lock the locks that some thread has when it comes there."""
    found: Sets = {}
    above = program.once(_callers_locks)
    nothing: set[Any] = set()
    for access in _accesses(program):
        callers = above.get(access.context.function, nothing)
        if access.locks or callers:
            found.setdefault(access.place.base, set()).update(access.locks, callers)
            for lock in _taken(access):
                found.setdefault(lock, set()).update(callers)
    return found


def _taken(access: Access) -> frozenset[Any]:
    """The locks that the function of an access takes itself."""
    return access.locks - access.context.held if access.record.sections else _NONE


def _reach(graph: Sets, keys: set[Key]) -> set[Key]:
    """What comes to one of the keys: everything from which a way leads to them, by a graph from each to those before it."""
    found = set(keys)
    waiting = list(keys)
    while waiting:
        for other in graph.get(waiting.pop(), ()):
            if other not in found:
                found.add(other)
                waiting.append(other)
    return found


def _callers_locks(program: Program) -> Sets:
    """The locks that callers of each function, and their callers, may hold when they call it."""
    found: Sets = {}
    calls = program.once(_calls)
    for fid, contexts in program.reached.contexts.items():
        for edge in program.evaluator.summary(fid).edges:
            if edge.sections and edge.callee and edge.kind not in _LATER:
                keys = {lock_key(program, section, context) for section in edge.sections for context in contexts}
                found.setdefault(edge.callee, set()).update(keys - {None})
        for context in contexts:
            found.setdefault(fid, set()).update(context.held)
    waiting = list(found)
    while waiting:
        fid = waiting.pop()
        for callee, _ in calls.get(fid, ()):
            known = found.setdefault(callee, set())
            if not found[fid] <= known:
                known |= found[fid]
                waiting.append(callee)
    return found
