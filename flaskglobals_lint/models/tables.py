"""Reading the TOML tables beside this module.

The tables are data of this package: a fault in one is a defect of ours, found by the tests, so nothing here recovers.
Reading TOML takes longer than all else that is done with them, so a run can hand what it read to the next one.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeAlias, TypeVar

import msgspec

Row: TypeAlias = Mapping[str, Any]
Record = TypeVar("Record")

TABLES = (
    "calls",
    "connections",
    "containers",
    "entrypoints",
    "locks",
    "process_state",
    "servers",
    "stores",
    "thread_safe",
    "types",
)
"""One file each: ``<name>.toml``."""


_known: dict[str, dict[str, Any]] = {}


def read(table: str) -> dict[str, Any]:
    """The content of ``<table>.toml``."""
    if table in _known:
        return _known[table]
    import tomllib

    return tomllib.loads(Path(__file__).with_name(f"{table}.toml").read_text(encoding="utf-8"))


def packed() -> bytes:
    """All tables, for ``unpack``."""
    return zlib.compress(msgspec.msgpack.encode({table: read(table) for table in TABLES}))


def unpack(content: bytes) -> None:
    """Take the tables from what an earlier run has packed, not from their files. Raises ValueError if it is no such thing."""
    try:
        found = msgspec.msgpack.decode(zlib.decompress(content), type=dict[str, dict[str, Any]])
    except zlib.error as error:
        raise ValueError(str(error)) from None
    if set(found) != set(TABLES):
        raise ValueError("other tables")
    _known.update(found)


def forget() -> None:
    """Take the tables from their files again."""
    _known.clear()


def strings(row: Row, key: str) -> tuple[str, ...]:
    """The list under ``key``, empty if there is none."""
    return tuple(row.get(key, ()))


def names(row: Row, key: str) -> frozenset[str]:
    """The list under ``key`` as a set."""
    return frozenset(row.get(key, ()))


def by_name(rows: Iterable[tuple[Iterable[str], Record]]) -> dict[str, Record]:
    """An index of records by each of their names; the first record of a name wins."""
    index: dict[str, Record] = {}
    for keys, record in rows:
        for key in keys:
            index.setdefault(key, record)
    return index


def merged(row: Row, shapes: Mapping[str, Row]) -> Row:
    """``row`` completed by the shape that its ``shape`` key names; the row's own keys win."""
    shape = row.get("shape")
    return row if shape is None else {**shapes[shape], **row}


def wildcards(dotted: str) -> Iterator[str]:
    """``a.b.c`` itself, then the patterns that cover it, the narrowest first: ``a.b.*``, ``a.*``."""
    yield dotted
    while "." in dotted:
        dotted = dotted.rpartition(".")[0]
        yield f"{dotted}.*"
