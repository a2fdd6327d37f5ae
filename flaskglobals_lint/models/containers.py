"""Built-in and library containers, and keyed stores outside the process: what their methods read and write."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, TypeAlias

import msgspec

from flaskglobals_lint.models import tables

ContainerKind: TypeAlias = Literal["mapping", "sequence", "set", "queue", "counter"]


class Container(msgspec.Struct, frozen=True):
    """A container's methods by what they do. A method may be in several sets: ``pop`` reads, writes, gives an element.

    ``thread_safe`` promises that every single method is atomic by design. ``compiled`` tells that single methods run no
    Python code of the container's own, so that the GIL makes each of them atomic.
    """

    kind: ContainerKind
    thread_safe: bool
    compiled: bool
    reads: frozenset[str]
    writes: frozenset[str]
    element_reads: frozenset[str]
    iterates: frozenset[str]
    snapshots: frozenset[str]
    grows: frozenset[str]
    shrinks: frozenset[str]
    bounded: bool = False
    """It never grows without end, however it is made."""

    bound_keywords: tuple[str, ...] = ()
    """Keyword arguments that bound it: ``deque(maxlen=…)``."""

    bound_position: int | None = None
    """The positional argument that bounds it."""

    creates: bool = False
    """Reading a missing key by subscript inserts it (``defaultdict``)."""

    reads_write: bool = False
    """Reading changes it (an LRU or TTL cache), so that reads need the lock, too."""

    source: str = ""


class Memoizer(msgspec.Struct, frozen=True):
    """A decorator that keeps the results of a function, for the whole "process" or for each "instance".

    Its results are shared by all callers. ``bounded`` tells whether it keeps a limited number by default,
    ``bound_keyword`` names the argument that decides (None: no limit), ``lock_keyword`` the one that makes it
    thread-safe.
    """

    scope: Literal["process", "instance"]
    bounded: bool = False
    bound_keyword: str = ""
    lock_keyword: str = ""
    source: str = ""


class Store(msgspec.Struct, frozen=True):
    """A keyed store behind a client object: get-then-set on it is a race, whatever the client does about threads.

    ``external`` stores are shared by all processes, the others by the threads of one. Names are methods, special
    methods for operators, and attributes (``value``).
    """

    reads: frozenset[str]
    writes: frozenset[str]
    deletes: frozenset[str]
    atomic: frozenset[str]
    remedy: str
    external: bool
    forgets: bool = False
    """Whether it is a cache, whose users must be able to make again what it has dropped."""

    locks: frozenset[str] = frozenset()
    """Methods whose result is a lock or a transaction: ``with cache.transact():``."""

    source: str = ""


class ContainerTable(msgspec.Struct, frozen=True):
    """Containers and memoizers, by the names of their classes and decorators."""

    containers: Mapping[str, Container]
    memoizers: Mapping[str, Memoizer]


def load_containers() -> ContainerTable:
    """The table ``containers.toml``."""
    data = tables.read("containers")
    rows = ((row["names"], _container(tables.merged(row, data["shape"]))) for row in data["container"])
    return ContainerTable(
        containers=tables.by_name(rows),
        memoizers=tables.by_name((row["names"], _memoizer(row)) for row in data["memoizer"]),
    )


def load_stores() -> dict[str, Store]:
    """The table ``stores.toml``."""
    data = tables.read("stores")
    return tables.by_name((row["names"], _store(tables.merged(row, data["shape"]))) for row in data["store"])


def _container(row: tables.Row) -> Container:
    return Container(
        kind=row["kind"],
        thread_safe=row.get("thread_safe", False),
        compiled=row.get("compiled", False),
        reads=tables.names(row, "reads"),
        writes=tables.names(row, "writes"),
        element_reads=tables.names(row, "element_reads"),
        iterates=tables.names(row, "iterates"),
        snapshots=tables.names(row, "snapshots"),
        grows=tables.names(row, "grows"),
        shrinks=tables.names(row, "shrinks"),
        bounded=row.get("bounded", False),
        bound_keywords=tables.strings(row, "bound_keywords"),
        bound_position=row.get("bound_position"),
        creates=row.get("creates", False),
        reads_write=row.get("reads_write", False),
        source=row["source"],
    )


def _memoizer(row: tables.Row) -> Memoizer:
    return Memoizer(
        scope=row["scope"],
        bounded=row.get("bounded", False),
        bound_keyword=row.get("bound_keyword", ""),
        lock_keyword=row.get("lock_keyword", ""),
        source=row["source"],
    )


def _store(row: tables.Row) -> Store:
    return Store(
        reads=tables.names(row, "reads"),
        writes=tables.names(row, "writes"),
        deletes=tables.names(row, "deletes"),
        atomic=tables.names(row, "atomic"),
        remedy=row["remedy"],
        external=row["external"],
        forgets=row.get("forgets", False),
        locks=tables.names(row, "locks"),
        source=row["source"],
    )
