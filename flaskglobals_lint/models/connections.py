"""Connections, cursors, sessions, pools, clients, devices and other objects: may threads share one?"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Literal, TypeAlias

import msgspec

from flaskglobals_lint.models import tables

Share: TypeAlias = Literal["no", "depends", "yes"]
Category: TypeAlias = Literal["CONN", "POOL", "LEAK", "ASYNC", "none"]
ConnectionKind: TypeAlias = Literal[
    "connection", "cursor", "session", "pool", "client", "device", "orm", "factory", "file", "object", "primitive"
]

_VARIANT = re.compile(r"(?P<name>[\w.]+)\((?P<keywords>.*)\)")


class Connection(msgspec.Struct, frozen=True):
    """What one kind of connection, client or other stateful object allows.

    ``share`` tells whether threads may use one instance; ``category`` what goes wrong: CONN (threads disturb each
    other), POOL (a pool that is not thread-safe, or a driver's own check switched off), LEAK (one user's data reaches
    another), ASYNC (bound to one event loop). ``why`` and ``remedy`` are one sentence each, for a user.
    """

    id: str
    kind: ConnectionKind
    share: Share
    category: Category
    why: str = ""
    remedy: str = ""
    fork_safe: bool | None = None
    """May a process that forked use an instance made before the fork? None where nothing is known."""

    twin: str = ""
    """A class of the same module with the same methods that threads may share."""

    type: str = ""
    """The class of an instance, if it is known."""

    methods: Mapping[str, str] = msgspec.field(default_factory=dict)
    """Method → id of the connection that it returns (or that ``with`` on its result gives)."""

    attributes: Mapping[str, str] = msgspec.field(default_factory=dict)
    """Attribute → id of the connection that it holds."""

    quiet_methods: tuple[str, ...] = ()
    """Methods and attributes whose use on a shared instance is harmless."""

    final: tuple[str, ...] = ()
    """Methods after which a shareable instance raises whenever it is used."""

    user_state: tuple[str, ...] = ()
    """Methods and attributes that put one user's data (cookies, credentials) into the instance."""

    waits: bool = True
    """Whether other greenlets can run while a call of it is at work."""

    source: str = ""


class _Variant(msgspec.Struct, frozen=True):
    keywords: tuple[tuple[str, str], ...]
    """Keyword and value; an empty value stands for any."""

    connection: Connection

    def fits(self, given: Mapping[str, str]) -> bool:
        return all(
            name in given and (not value or given[name] == value or given[name].endswith(f".{value}"))
            for name, value in self.keywords
        )


class ConnectionTable(msgspec.Struct, frozen=True):
    """All connections, by id and by the name of the class or factory that makes one."""

    ids: Mapping[str, Connection]
    variants: Mapping[str, tuple[_Variant, ...]]

    def find(self, canonical: str, keywords: Collection[str]) -> Connection | None:
        variants = self.variants.get(canonical)
        if variants is None:
            return None
        given = {name: value.strip("'\"") for name, _, value in (keyword.partition("=") for keyword in keywords)}
        return next((variant.connection for variant in variants if variant.fits(given)), None)


def load_connections() -> tuple[tuple[tuple[str, ...], Connection], ...]:
    """The table ``connections.toml``: names and record of each entry."""
    data = tables.read("connections")
    return tuple(
        (tables.strings(row, "names"), _connection(tables.merged(row, data["shape"]))) for row in data["connection"]
    )


def index_connections(rows: Collection[tuple[tuple[str, ...], Connection]]) -> ConnectionTable:
    """Index entries by id and by name; of several entries for one name the one with most keywords is tried first."""
    variants: dict[str, list[_Variant]] = {}
    for names, connection in rows:
        for name in names:
            match = _VARIANT.fullmatch(name)
            plain = match["name"] if match else name
            keywords = tuple(_keyword(text) for text in match["keywords"].split(",")) if match else ()
            variants.setdefault(plain, []).append(_Variant(keywords, connection))
    return ConnectionTable(
        ids={connection.id: connection for _, connection in reversed(tuple(rows))},
        variants={
            name: tuple(sorted(found, key=lambda variant: -len(variant.keywords))) for name, found in variants.items()
        },
    )


def _keyword(text: str) -> tuple[str, str]:
    name, _, value = text.strip().partition("=")
    return name, value


def _connection(row: tables.Row) -> Connection:
    return Connection(
        id=row["id"],
        kind=row["kind"],
        share=row["share"],
        category=row["category"],
        why=row.get("why", "").replace("{library}", row.get("library", "")),
        remedy=row.get("remedy", "").replace("{library}", row.get("library", "")),
        twin=row.get("twin", ""),
        fork_safe=row.get("fork_safe"),
        waits=row.get("waits", True),
        type=row.get("type", ""),
        methods={name: row["id"] if to == "self" else to for name, to in row.get("methods", {}).items()},
        attributes=row.get("attributes", {}),
        quiet_methods=tables.strings(row, "quiet"),
        final=tables.strings(row, "final"),
        user_state=tables.strings(row, "user_state"),
        source=row["source"],
    )
