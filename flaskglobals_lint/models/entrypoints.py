"""What makes a function run while requests are served: decorators, registering calls and base classes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal, TypeAlias

import msgspec

from flaskglobals_lint.models import tables

EntryKind: TypeAlias = Literal[
    "route", "hook", "template", "signal", "socket", "callback", "thread", "timer", "job", "stream", "setup", "cli",
    "other-process",
]  # fmt: skip
Runs: TypeAlias = Literal["request", "background", "startup", "cli", "other-process", "once"]


class Entry(msgspec.Struct, frozen=True):
    """When a function runs.

    ``repeated`` tells whether it can run concurrently with itself after one registration: a route handler can, a single
    thread cannot, unless request-time code or a loop starts it. Of two functions with one ``lane`` the library runs one
    after the other, whoever registers them.
    """

    kind: EntryKind
    runs: Runs
    repeated: bool
    lane: str = ""
    startup: tuple[str, ...] = ()
    """Events whose listeners run while the application is set up."""

    loop: str = ""
    """The lane on which an async function runs; without one each call has an event loop, and a thread, of its own."""


class EntryCall(msgspec.Struct, frozen=True):
    """A call that registers callables: which arguments they are, ``self`` not counted.

    ``passes`` tells where the callable's own arguments are: "rest" (the arguments after it), "args" (the keywords
    ``args`` and ``kwargs``) or "" (they come from elsewhere).
    """

    entry: Entry
    positions: tuple[int, ...]
    keywords: tuple[str, ...]
    passes: Literal["", "rest", "args"] = ""


class EntryBase(msgspec.Struct, frozen=True):
    """A base class whose methods are entry points.

    ``methods`` are names and patterns: ``on_*``, ``*`` (every public method), ``@expose`` (the methods decorated with a
    decorator whose last name is ``expose``). ``shared`` tells that one instance serves all requests, ``shared_if``
    names a class attribute and the value that makes it so (``init_every_request=False``).
    """

    entry: Entry
    methods: tuple[str, ...]
    shared: bool
    shared_if: str = ""
    serialised: tuple[str, ...] = ()
    """Methods that the library calls under one lock for the instance."""


class NamedEntry(msgspec.Struct, frozen=True):
    """A decorator method that counts on a receiver of unknown type.

    ``path_first``: only if its first argument is a string that starts with "/". ``imports``: only in a module that
    imports this package.
    """

    entry: Entry
    path_first: bool = False
    imports: str = ""


class EntryTable(msgspec.Struct, frozen=True):
    decorators: Mapping[tuple[str, str], Entry]
    calls: Mapping[tuple[str, str], EntryCall]
    bases: Mapping[str, EntryBase]
    assigned: Mapping[tuple[str, str], Entry]
    by_method_name: Mapping[str, NamedEntry]
    call_by_method_name: Mapping[str, EntryCall]
    entries: Mapping[str, Entry]
    loops: Mapping[str, str]
    """The lane of the async functions of an application, by its type."""


def load_entries() -> EntryTable:
    """The table ``entrypoints.toml``."""
    data = tables.read("entrypoints")
    entries = {
        name: Entry(row["kind"], row["runs"], row["repeated"], row.get("lane", ""), tables.strings(row, "startup"))
        for name, row in data["entry"].items()
    }
    return EntryTable(
        decorators={pair: entries[row["entry"]] for row in data["decorator"] for pair in _pairs(row)},
        calls={pair: _call(row, entries) for row in data["call"] for pair in _pairs(row)},
        bases={name: _base(row, entries) for row in data["base"] for name in row["names"]},
        assigned={pair: entries[row["entry"]] for row in data["assigned"] for pair in _pairs(row)},
        by_method_name={name: _named(row, entries) for row in data["method"] for name in row["names"]},
        call_by_method_name={name: _call(row, entries) for row in data["call_method"] for name in row["names"]},
        entries=entries,
        loops={name: row["lane"] for row in data["loop"] for name in row["types"]},
    )


def _call(row: tables.Row, entries: Mapping[str, Entry]) -> EntryCall:
    return EntryCall(
        entry=entries[row["entry"]],
        positions=tuple(row.get("positions", ())),
        keywords=tables.strings(row, "keywords"),
        passes=row.get("passes", ""),
    )


def _base(row: tables.Row, entries: Mapping[str, Entry]) -> EntryBase:
    return EntryBase(
        entry=entries[row["entry"]],
        methods=tables.strings(row, "methods"),
        shared=row["shared"],
        shared_if=row.get("shared_if", ""),
        serialised=tables.strings(row, "serialised"),
    )


def _named(row: tables.Row, entries: Mapping[str, Entry]) -> NamedEntry:
    return NamedEntry(
        entry=entries[row["entry"]],
        path_first=row.get("path_first", False),
        imports=row.get("imports", ""),
    )


def _pairs(row: tables.Row) -> Iterable[tuple[str, str]]:
    """Type and method of every name of a row; a function is a method of the type ""."""
    return [(owner, name) for owner in row.get("types", ("",)) for name in row["names"]]
