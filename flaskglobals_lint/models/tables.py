"""Reading the TOML tables beside this module.

The tables are data of this package: a fault in one is a defect of ours, found by the tests, so nothing here recovers.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeAlias, TypeVar

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


def read(table: str) -> dict[str, Any]:
    """The content of ``<table>.toml``."""
    return tomllib.loads(Path(__file__).with_name(f"{table}.toml").read_text(encoding="utf-8"))


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
