"""The user's own tables from ``pyproject.toml``: entry points, locks, connections and thread-safe types.

    [tool.flaskglobals-lint]
    thread-safe = ["shop.metrics.Registry"]
    locks = ["shop.sync.TableLock"]

    [tool.flaskglobals-lint.connections]
    "shop.db.connect" = "no"
    "shop.lab.Scope" = { share = "no", kind = "device", remedy = "open it per request" }

    [tool.flaskglobals-lint.entry-points]
    decorators = ["shop.web.page", "shop.bus.Bus#on"]
    base-classes = { "shop.web.Handler" = { methods = ["handle"], shared = true } }
    calls = { "shop.bus.Bus#subscribe" = "callback" }

Wherever a list of names is enough, a table from name to the details is allowed, too. ``Type#method`` is a method of an
instance of ``Type``.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any, get_args

import msgspec

from flaskglobals_lint.models.connections import Connection, ConnectionKind, Share
from flaskglobals_lint.models.entrypoints import Entry, EntryBase, EntryCall
from flaskglobals_lint.models.locks import Lock, LockKind
from flaskglobals_lint.models.shared_objects import Safe

ORIGIN = "pyproject.toml"
_ANY_POSITION = (0, 1, 2, 3)
_ANY_KEYWORD = ("callback", "func", "function", "handler", "target")
_DEFAULT_METHODS = ("get", "post", "put", "patch", "delete", "head", "options")


class Extra(msgspec.Struct, frozen=True):
    """The user's tables, checked."""

    decorators: Mapping[tuple[str, str], Entry] = msgspec.field(default_factory=dict)
    calls: Mapping[tuple[str, str], EntryCall] = msgspec.field(default_factory=dict)
    bases: Mapping[str, EntryBase] = msgspec.field(default_factory=dict)
    locks: Mapping[str, Lock] = msgspec.field(default_factory=dict)
    connections: tuple[tuple[tuple[str, ...], Connection], ...] = ()
    safe: Mapping[str, Safe] = msgspec.field(default_factory=dict)


def parse(tables: Mapping[str, Any], entries: Mapping[str, Entry]) -> Extra:
    """Check the user's tables. ValueError tells in one sentence what is wrong, and where."""
    _known(tables, ("entry-points", "locks", "connections", "thread-safe"), "the configuration")
    points = _table(tables.get("entry-points", {}), "entry-points")
    _known(points, ("decorators", "base-classes", "calls"), "entry-points")
    return Extra(
        decorators=_kinds(points.get("decorators", ()), "entry-points.decorators", "route", entries),
        calls={
            pair: EntryCall(entry, positions=_ANY_POSITION, keywords=_ANY_KEYWORD)
            for pair, entry in _kinds(points.get("calls", ()), "entry-points.calls", "callback", entries).items()
        },
        bases=dict(_bases(points.get("base-classes", ()), entries)),
        locks=dict(_locks(tables.get("locks", ()))),
        connections=tuple(_connections(tables.get("connections", ()))),
        safe=dict(_safe(tables.get("thread-safe", ()))),
    )


def _kinds(value: object, where: str, default: str, entries: Mapping[str, Entry]) -> dict[tuple[str, str], Entry]:
    return {
        _split(name): entries[_one_of(detail, entries, f"{where}.{name}") if detail else default]
        for name, detail in _named(value, where)
    }


def _bases(value: object, entries: Mapping[str, Entry]) -> Iterable[tuple[str, EntryBase]]:
    for name, detail in _named(value, "entry-points.base-classes"):
        where = f"entry-points.base-classes.{name}"
        row = _details(detail, where, "kind", ("kind", "methods", "shared"))
        kind = _one_of(row.get("kind", "route"), entries, f"{where}.kind")
        methods = _strings(row["methods"], f"{where}.methods") if "methods" in row else _DEFAULT_METHODS
        shared = _flag(row.get("shared", False), f"{where}.shared")
        yield name, EntryBase(entries[kind], methods, shared)


def _locks(value: object) -> Iterable[tuple[str, Lock]]:
    flags = ("excludes", "reentrant", "asynchronous", "per-path", "across-processes")
    for name, detail in _named(value, "locks"):
        where = f"locks.{name}"
        row = _details(detail, where, "kind", ("kind", *flags))
        given: dict[str, Any] = {
            flag.replace("-", "_"): _flag(row[flag], f"{where}.{flag}") for flag in flags if flag in row
        }
        kind: Any = _one_of(row.get("kind", "lock"), get_args(LockKind), f"{where}.kind")
        yield name, msgspec.structs.replace(Lock(kind, reentrant=kind == "rlock", source=ORIGIN), **given)


def _connections(value: object) -> Iterable[tuple[tuple[str, ...], Connection]]:
    texts = ("why", "remedy")
    for name, detail in _named(value, "connections"):
        where = f"connections.{name}"
        row = _details(detail, where, "share", ("share", "kind", *texts))
        share: Any = _one_of(row.get("share", "no"), get_args(Share), f"{where}.share")
        kind: Any = _one_of(row.get("kind", "connection"), get_args(ConnectionKind), f"{where}.kind")
        why, remedy = (_text(row.get(key, ""), f"{where}.{key}") for key in texts)
        yield (
            (name,),
            Connection(
                id=name,
                kind=kind,
                share=share,
                category="none" if share == "yes" else "CONN",
                why=why or "this project's configuration says that threads must not share it",
                remedy=remedy or "open one per request, or hold one lock around every use",
                type=name,
                source=ORIGIN,
            ),
        )


def _safe(value: object) -> Iterable[tuple[str, Safe]]:
    for name, detail in _named(value, "thread-safe"):
        reason = _text(detail, f"thread-safe.{name}") if detail else "declared thread-safe in the configuration"
        yield name, Safe(reason, local=False, source=ORIGIN)


# --- shapes -----------------------------------------------------------------------------------------------------------


def _named(value: object, where: str) -> list[tuple[str, Any]]:
    """The names of a list, without details, or the names and details of a table."""
    if isinstance(value, Mapping):
        return [(_name(name, where), detail) for name, detail in value.items()]
    if isinstance(value, (list, tuple)):
        return [(_name(name, where), None) for name in value]
    raise ValueError(f"{where} must be a list of dotted names or a table of them, not {_article(value)}.")


def _details(value: object, where: str, main: str, known: Collection[str]) -> Mapping[str, Any]:
    """A table of details; a single string stands for its ``main`` one."""
    if value is None:
        return {}
    if isinstance(value, str):
        return {main: value}
    row = _table(value, where)
    _known(row, known, where)
    return row


def _name(value: object, where: str) -> str:
    if not isinstance(value, str) or not all(part.isidentifier() for part in value.replace("#", ".").split(".")):
        raise ValueError(f"{where} must hold dotted names such as 'package.module.name', not {value!r}.")
    return value


def _split(name: str) -> tuple[str, str]:
    """Type and method of ``Type#method``; a function is a method of the type ""."""
    owner, _, method = name.rpartition("#")
    return owner, method


def _table(value: object, where: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise ValueError(f"{where} must be a table, not {_article(value)}.")
    return value


def _known(row: Mapping[str, Any], known: Collection[str], where: str) -> None:
    for key in row:
        if key not in known:
            raise ValueError(f"{where} has no key {key!r}{_nearest(key, known)}.")


def _one_of(value: object, known: Collection[str], where: str) -> str:
    if isinstance(value, str) and value in known:
        return value
    raise ValueError(f"{where} must be one of {', '.join(known)}, not {value!r}{_nearest(str(value), known)}.")


def _strings(value: object, where: str) -> tuple[str, ...]:
    if isinstance(value, (list, tuple)) and all(isinstance(item, str) for item in value):
        return tuple(value)
    raise ValueError(f"{where} must be a list of strings, not {_article(value)}.")


def _flag(value: object, where: str) -> bool:
    if isinstance(value, bool):
        return value
    raise ValueError(f"{where} must be true or false, not {value!r}.")


def _text(value: object, where: str) -> str:
    if isinstance(value, str):
        return value
    raise ValueError(f"{where} must be a string, not {_article(value)}.")


def _nearest(key: str, known: Collection[str]) -> str:
    import difflib  # needed only where a table is wrong

    close = difflib.get_close_matches(key, known, n=1)
    return f"; the nearest known one is {close[0]!r}" if close else ""


def _article(value: object) -> str:
    kinds = {str: "a string", bool: "a truth value", int: "a number", list: "a list", dict: "a table"}
    return kinds.get(type(value), f"a {type(value).__name__}")
