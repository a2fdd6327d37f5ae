"""Locks: which ones exclude other threads, and how they are held."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Literal, TypeAlias

import msgspec

from flaskglobals_lint.models import tables

LockKind: TypeAlias = Literal["lock", "rlock", "condition", "semaphore", "rwlock", "file", "distributed"]


class Lock(msgspec.Struct, frozen=True):
    """What holding one kind of lock gives.

    ``excludes`` is False where two threads can hold it at once. ``per_path`` locks are the same lock for the same path
    or name, so that an instance made per call does help. ``contexts`` are methods and attributes that are held by
    ``with``, and whether that holding excludes all others ("exclusive") or only writers ("shared").
    """

    kind: LockKind
    excludes: bool = True
    reentrant: bool = False
    asynchronous: bool = False
    per_path: bool = False
    across_processes: bool = False
    wraps: bool = False
    """Given a lock as its first argument, it is that lock (``threading.Condition(lock)``)."""

    acquire: tuple[str, ...] = ("acquire",)
    release: tuple[str, ...] = ("release",)
    contexts: Mapping[str, Literal["exclusive", "shared"]] = msgspec.field(default_factory=dict)
    source: str = ""


class LockDecorator(msgspec.Struct, frozen=True):
    """A decorator that holds a lock around each call.

    ``scope`` tells which: "own" (one of its own for each function, for a method one for each instance, unless it is
    given a lock), "argument" (one for each value of its first argument) or "attribute" (the instance's attribute that
    its ``keyword`` names, ``default`` without it).
    """

    scope: Literal["own", "argument", "attribute"]
    keyword: str = ""
    default: str = ""
    source: str = ""


class LockFunction(msgspec.Struct, frozen=True):
    """A function that locks the file that is its first argument.

    It takes the lock for itself alone if a flag of ``exclusive`` is among its arguments, and lets go with one of
    ``release``; without any ``exclusive`` it only lets go.
    """

    exclusive: tuple[str, ...] = ()
    release: tuple[str, ...] = ()
    source: str = ""


class _Entry(msgspec.Struct, frozen=True):
    lock: Lock
    counted: bool = False
    """The first argument says how many may hold it at once."""

    off: tuple[str, ...] = ()
    """Keyword arguments, as written, with which it excludes nobody."""


class LockTable(msgspec.Struct, frozen=True):
    entries: Mapping[str, _Entry]
    decorators: Mapping[str, LockDecorator]
    functions: Mapping[str, LockFunction]

    @property
    def methods(self) -> frozenset[str]:
        """Names of all methods that take, let go of or wait with a lock, or give something to hold."""
        found = {"acquire", "release", "__enter__", "__exit__", "wait", "wait_for"}
        for entry in self.entries.values():
            found.update(entry.lock.acquire, entry.lock.release, entry.lock.contexts)
        return frozenset(found)

    def find(self, canonical: str, first_argument: str | None, keywords: Collection[str]) -> Lock | None:
        entry = self.entries.get(canonical)
        if entry is None:
            return None
        if entry.counted:
            given = next((word.partition("=")[2] for word in keywords if word.startswith("value=")), first_argument)
            if given is not None and given.strip() != "1":
                return msgspec.structs.replace(entry.lock, excludes=False)
        if any(word.replace(" ", "") in entry.off for word in keywords):
            return msgspec.structs.replace(entry.lock, excludes=False)
        return entry.lock


def load_locks(extra: Mapping[str, Lock]) -> LockTable:
    """The table ``locks.toml`` and the user's own locks, which win."""
    data = tables.read("locks")
    return LockTable(
        entries={
            **tables.by_name((row["names"], _entry(row)) for row in data["lock"]),
            **{name: _Entry(lock) for name, lock in extra.items()},
        },
        decorators=tables.by_name((row["names"], _decorator(row)) for row in data["decorator"]),
        functions=tables.by_name((row["names"], _function(row)) for row in data["function"]),
    )


def _entry(row: tables.Row) -> _Entry:
    return _Entry(_lock(row), counted=row.get("counted", False), off=tables.strings(row, "off"))


def _decorator(row: tables.Row) -> LockDecorator:
    return LockDecorator(
        scope=row["scope"], keyword=row.get("keyword", ""), default=row.get("default", ""), source=row["source"]
    )


def _function(row: tables.Row) -> LockFunction:
    return LockFunction(tables.strings(row, "exclusive"), tables.strings(row, "release"), row["source"])


def _lock(row: tables.Row) -> Lock:
    return Lock(
        kind=row["kind"],
        excludes=row.get("excludes", True),
        reentrant=row.get("reentrant", False),
        asynchronous=row.get("asynchronous", False),
        per_path=row.get("per_path", False),
        across_processes=row.get("across_processes", False),
        wraps=row.get("wraps", False),
        acquire=tables.strings(row, "acquire") or ("acquire",),
        release=tables.strings(row, "release") or ("release",),
        contexts=row.get("contexts", {}),
        source=row["source"],
    )
