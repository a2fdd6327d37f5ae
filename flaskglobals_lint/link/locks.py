"""Which values are locks, which lock it is that they denote, and how the ways to hold one become sections."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from flaskglobals_lint import facts as f
from flaskglobals_lint.link import expressions, items
from flaskglobals_lint.link.paths import Paths, is_path
from flaskglobals_lint.link.summary import Path, Section, Value

if TYPE_CHECKING:
    from flaskglobals_lint.link.atoms import Atoms
    from flaskglobals_lint.link.frame import Frame
    from flaskglobals_lint.link.index import ScopeId
    from flaskglobals_lint.models import Lock

_LOCK_NAME = re.compile(r"(^|_)(r|w|rw)?(lock|mutex|semaphore|sem|cond|condition|guard)s?$", re.IGNORECASE)
_MADE_BY = ("lock()", "get_lock()")
"""Methods of clients and values that give a lock."""


def model_of(frame: Frame, atoms: Atoms) -> Lock | None:
    """What the models say of the first atom that is a lock."""
    for atom in atoms:
        names = [atom[1]] if atom[0] == "extinst" else []
        if atom[0] == "inst":
            names = frame.types.names.external_bases(atom[1])
        for dotted in names:
            lock = frame.models.lock(dotted)
            if lock is not None:
                return lock
    return None


def lock_kind(frame: Frame, atoms: Atoms, node: f.Expression) -> str | None:
    """The kind of section that holding the value makes, if it keeps others out; assumed if only its name says so."""
    for atom in atoms:
        if atom[0] == "extinst":
            lock = frame.models.lock(atom[1])
            if lock is not None:
                if not lock.excludes:
                    return None
                if lock.asynchronous:
                    return "async"
                return "path" if lock.per_path else "lock"
            owner, _, member = atom[1].rpartition(".")
            if member in _MADE_BY:
                return "path"
            side = _side(frame, owner, member)
            if side is not None:
                return side
        elif atom[0] == "inst":
            lock = model_of(frame, (atom,))
            if lock is not None and lock.excludes:
                return "async" if lock.asynchronous else "lock"
    if any(atom[0] not in ("const", "param", "cont") for atom in atoms):
        return None
    name = node.name if isinstance(node, f.Attribute | f.Local | f.Global | f.Free | f.ClassName) else ""
    return "assumed" if _LOCK_NAME.search(name) else None


def _side(frame: Frame, owner: str, member: str) -> str | None:
    """exclusive or shared if it is one side of a lock for readers and writers."""
    if not member.endswith("()"):
        return None
    lock = frame.models.lock(owner)
    if lock is None or not lock.excludes or lock.asynchronous:
        return None
    return lock.contexts.get(member[:-2])


def lock_path(frame: Frame, value: Value, atoms: Atoms, node: f.Expression, kind: str) -> Path | None:
    """The path that identifies the lock; None if it has none (made on the spot)."""
    path: Path | None = next((ref for ref in value.refs if is_path(ref)), None)
    if kind == "path":
        return (("lib", _name(frame, path, atoms, node)),)
    if path is None:
        return None
    if path[0][0] == "new" and len(path[0]) > 3:
        return path[0][3]  # type: ignore[no-any-return]
    lock = model_of(frame, atoms)
    return wrapped(frame.paths, path) if lock is not None and lock.wraps else path


def wrapped(paths: Paths, path: Path) -> Path:
    """The lock that a condition was made of (``Condition(lock)``), else the condition itself."""
    made = [binding for binding in paths.bindings(path) if binding.how == "is"]
    if len(made) != 1 or not isinstance(made[0].value, f.Call):
        return path
    node = next((a.value for a in made[0].value.arguments if a.keyword in (None, "lock") and not a.star), None)
    found = _denoted(paths, path, node, made[0].scope) if node is not None else None
    return found or path


def _denoted(paths: Paths, path: Path, node: f.Expression, scope: ScopeId) -> Path | None:
    """The path of a lock that is written in an assignment to ``path``."""
    module = scope[: scope.index(":")]
    match node:
        case f.Global():
            for atom in paths.types.names.lookup(module, node.name) or ():
                if atom[0] == "place":
                    return (("g", atom[1], atom[2]),)
        case f.Local():
            return (("v", scope, node.name),)
        case f.Free():
            return (("v", f"{module}:{node.owner}", node.name),)
        case f.ClassName():
            return (("k", f"{module}:{node.owner}"), f".{node.name}")
        case f.Attribute() if isinstance(node.value, f.Local) and len(path) > 1:
            # ``self.ready = Condition(self.lock)``: another attribute of the same object.
            return paths.attribute(path[:-1], node.name)
    return None


def _name(frame: Frame, path: Path | None, atoms: Atoms, node: f.Expression) -> str:
    """What identifies a lock on a file or under a name: how the argument is written that says which, as far as known."""
    dotted = next((atom[1] for atom in atoms if atom[0] == "extinst"), "")
    made: f.Expression | None = node
    if not isinstance(made, f.Call) and path is not None:
        bindings = frame.paths.bindings(path)
        made = bindings[0].value if len(bindings) == 1 else None
    if isinstance(made, f.Call) and made.arguments:
        return f"{dotted}({file_name(made.arguments[0].value)})"
    return f"{dotted}()"


def file_name(node: f.Expression) -> str:
    """The last part of how a file or name is written: ``LOCK_FILE`` is the same through whatever module."""
    text = items.key_text(node)
    return text if text.startswith("=") else text.rpartition(".")[2]


def key_of(frame: Frame, path: Path | None, node: f.Expression) -> str:
    """How the key of a lock from a table of locks is written; starts with ``=`` for a constant, empty if unknown."""
    if path is None or path[-1] != "[]":
        return ""
    if isinstance(node, f.Item):
        return items.key_text(node.key)
    if not isinstance(node, f.Call):
        return ""
    if isinstance(node.function, f.Attribute) and node.function.name in ("setdefault", "get") and node.arguments:
        return items.key_text(node.arguments[0].value)
    constant = node.arguments and all(isinstance(argument.value, f.Constant) for argument in node.arguments)
    return items.key_text(node.arguments[0].value) if constant else ""


def decorated(frame: Frame, fid: ScopeId) -> list[tuple[Path, f.Position, str]]:
    """The locks that a function's decorators hold around each call, as far as the models know such decorators."""
    function = frame.types.index.functions[fid]
    scope = function.parent or f"{function.module.path}:"
    found: list[tuple[Path, f.Position, str]] = []
    for node in function.facts.decorators:
        inner = node.function if isinstance(node, f.Call) else node
        if not isinstance(inner, f.Global | f.Attribute | f.Local | f.Free):
            continue
        for atom in frame.types.of(inner, scope):
            model = frame.models.lock_decorator(atom[1]) if atom[0] == "ext" else None
            if model is not None:
                pos = getattr(node, "pos", f.NOWHERE)
                found.append(
                    (_decorators_lock(frame, fid, node, model.scope, model.keyword, model.default), pos, "lock")
                )
    return found


def synchronized(frame: Frame, node: f.Expression) -> Path | None:
    """``with wrapt.synchronized(thing):``: the lock that a decorator keeps for the object it is given."""
    if not isinstance(node, f.Call) or not node.arguments:
        return None
    for atom in frame.types.of(node.function, frame.scope):
        model = frame.models.lock_decorator(atom[1]) if atom[0] == "ext" else None
        if model is not None and model.scope not in ("argument", "attribute"):
            thing = expressions.evaluate(frame, node.arguments[0].value)
            path = next((ref for ref in thing.refs if is_path(ref)), None)
            return (*path, OWN) if path is not None else None
    return None


def _decorators_lock(frame: Frame, fid: ScopeId, node: f.Expression, which: str, keyword: str, default: str) -> Path:
    arguments = node.arguments if isinstance(node, f.Call) else ()
    own = frame.types.index.functions[fid].cls is not None and frame.types.names.kind(fid) == "method"
    receiver: Path = (("p", fid, 0),) if own else (("fn", fid),)
    if which == "attribute":
        given = next((a.value for a in arguments if a.keyword == keyword), None)
        name = given.text if isinstance(given, f.Constant) else default
        return frame.paths.attribute(receiver, name) if own else (*receiver, f".{name}")
    if which == "argument":
        return (("lib", f"lock {file_name(arguments[0].value) if arguments else ''}"),)
    if arguments:
        scope = frame.types.index.functions[fid].parent or f"{frame.module_path}:"
        made = _denoted(frame.paths, (("fn", fid),), arguments[0].value, scope)
        if made is not None:
            return made
    return (*receiver, OWN)


OWN = "._synchronized_lock"
"""The attribute in which a decorator keeps the lock of an object or function."""


def substituted(path: Path | None, arguments: Any) -> Path | None:
    """A callee's lock path seen from the caller; ``arguments`` maps a path to the caller's paths."""
    if path is None:
        return None
    found = arguments(path)
    return found[0] if found else None


def common(one: tuple[Section, ...], other: tuple[Section, ...]) -> tuple[Section, ...]:
    """Sections that both accesses stand in."""
    return tuple(section for section in one if section in other)


def joined(one: tuple[Section, ...], other: tuple[Section, ...]) -> tuple[Section, ...]:
    """Sections after either of two ways: one that was let go and taken again on one of them counts as taken there."""
    if one is other:
        return one
    result: list[Section] = []
    for section in one:
        if section in other:
            result.append(section)
        else:
            again = [s for s in other if s.lock == section.lock and s.lock is not None and s not in one]
            result.extend([max(section, again[-1], key=lambda s: s.id)] if again else [])
    return tuple(dict.fromkeys(result))


def fits(section: Section, path: Path, key: str, parameters: tuple[str, ...]) -> bool:
    """Whether a lock out of a table can guard a place: not if the place's item is another argument's than the lock's."""
    if section.lock is None or section.lock[-1] != "[]" or path[-1] != "[]":
        return True
    return section.key == key or section.key not in parameters or key not in parameters
