"""Which values are locks, and how the ways to hold one become sections."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from flaskglobals_lint import facts as f
from flaskglobals_lint.link.paths import is_path
from flaskglobals_lint.link.summary import Path, Section, Value

if TYPE_CHECKING:
    from flaskglobals_lint.link.atoms import Atoms
    from flaskglobals_lint.link.frame import Frame

_LOCK_NAME = re.compile(r"(^|_)(r|w|rw)?(lock|mutex|semaphore|sem|cond|condition|guard)s?$", re.IGNORECASE)


def lock_kind(frame: Frame, atoms: Atoms, node: f.Expression) -> str | None:
    """lock, async or path if the value excludes others while held; assumed if only its name says so; else None."""
    for atom in atoms:
        if atom[0] == "extinst":
            lock = frame.models.lock(atom[1])
            if lock is not None:
                if not lock.excludes:
                    return None
                if lock.asynchronous:
                    return "async"
                return "path" if lock.per_path else "lock"
            store = atom[1].rsplit(".", 1)
            if len(store) == 2 and store[1] in ("lock()", "get_lock()"):
                return "path"
        elif atom[0] == "inst":
            for dotted in frame.types.names.external_bases(atom[1]):
                lock = frame.models.lock(dotted)
                if lock is not None and lock.excludes:
                    return "async" if lock.asynchronous else "lock"
    if any(atom[0] not in ("const", "param", "cont") for atom in atoms):
        return None
    name = node.name if isinstance(node, f.Attribute | f.Local | f.Global | f.Free | f.ClassName) else ""
    return "assumed" if _LOCK_NAME.search(name) else None


def lock_path(value: Value) -> Path | None:
    """The path that identifies the lock; None if it has none (made on the spot)."""
    for ref in value.refs:
        if is_path(ref):
            return ref  # type: ignore[no-any-return]
    return None


def substituted(path: Path | None, arguments: Any) -> Path | None:
    """A callee's lock path seen from the caller; ``arguments`` maps a path to the caller's paths."""
    if path is None:
        return None
    found = arguments(path)
    return found[0] if found else None


def common(one: tuple[Section, ...], other: tuple[Section, ...]) -> tuple[Section, ...]:
    """Sections that both accesses stand in."""
    return tuple(section for section in one if section in other)
