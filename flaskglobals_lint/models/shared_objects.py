"""Objects that threads may share, state of the whole process that has no variable, and calls that block."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, TypeAlias

import msgspec

from flaskglobals_lint.models import tables

ProcessStateUse: TypeAlias = Literal["call", "assign", "item", "context"]


class Safe(msgspec.Struct, frozen=True):
    """Why objects of a type may be shared; ``local``: each thread or context has its own, nothing below is shared."""

    reason: str
    local: bool
    source: str = ""


class ProcessState(msgspec.Struct, frozen=True):
    """State of the whole process that user code changes without a variable of its own.

    ``use`` tells which form changes it: a "call", an "assign"ment to it, to an "item" of it, or its use as a "context"
    manager. ``category`` is LEAK (other requests see this one's value) or CONN (they disturb each other's work).
    ``secret``: it holds credentials, so that another tenant's are used.
    """

    use: ProcessStateUse
    why: str
    remedy: str
    category: Literal["CONN", "LEAK"] = "LEAK"
    secret: bool = False
    source: str = ""


class Calls(msgspec.Struct, frozen=True):
    """Calls that wait for I/O or sleep, and builtins during which threads cannot switch."""

    blocking: frozenset[str]
    blocking_methods: frozenset[str]
    without_switch: frozenset[str]
    quiet: frozenset[str]
    quiet_methods: frozenset[str]
    as_methods: Mapping[str, str]
    """Functions that do what a method of their first argument does."""

    def blocks(self, canonical: str) -> bool:
        return any(name in self.blocking for name in tables.wildcards(canonical))

    def keeps_control(self, canonical: str) -> bool:
        """Is it known that no other greenlet runs during a call?"""
        return any(name in self.quiet for name in tables.wildcards(canonical))


def load_safe() -> dict[str, Safe]:
    """The table ``thread_safe.toml``."""
    return tables.by_name(
        (row["names"], Safe(row["reason"], row.get("local", False), row["source"]))
        for row in tables.read("thread_safe")["safe"]
    )


def load_process_state() -> Mapping[str, ProcessState]:
    """The table ``process_state.toml``."""
    return tables.by_name((row["names"], _process_state(row)) for row in tables.read("process_state")["state"])


def _process_state(row: tables.Row) -> ProcessState:
    return ProcessState(
        use=row["use"],
        why=row["why"],
        remedy=row["remedy"],
        category=row.get("category", "LEAK"),
        secret=row.get("secret", False),
        source=row["source"],
    )


def load_calls() -> Calls:
    """The table ``calls.toml``."""
    data = tables.read("calls")
    return Calls(
        blocking=frozenset(name for row in data["blocking"] for name in row["names"]),
        blocking_methods=frozenset(name for row in data["blocking_method"] for name in row["names"]),
        without_switch=frozenset(name for row in data["without_switch"] for name in row["names"]),
        quiet=frozenset(name for row in data["quiet"] for name in row["names"]),
        quiet_methods=frozenset(name for row in data["quiet_method"] for name in row["names"]),
        as_methods={
            name: row.get("method", name.rpartition(".")[2]) for row in data["as_method"] for name in row["names"]
        },
    )
