"""How each server runs an application: threads, processes, greenlets, and where its settings stand."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, TypeAlias

import msgspec

from flaskglobals_lint.models import tables

ServerKind: TypeAlias = Literal["threads", "processes", "greenlets", "asyncio", "single"]
FileFormat: TypeAlias = Literal[
    "dockerfile", "environment", "gunicorn", "manifest", "presence", "procfile", "sections", "shell"
]


class Server(msgspec.Struct, frozen=True):
    """One server, or one way of running it, with its defaults.

    ``kind`` is what one process does with two requests: "threads", "greenlets", "asyncio", or "single" (one after the
    other); "processes" is "single" with several processes by default. ``threads`` and ``workers`` are defaults, 0
    stands for "no limit" or "decided by the platform". ``options`` name the settings: option or variable → what it sets
    (threads, workers, kind, greenlets, preload; config names a file, arguments hold a command line).
    """

    id: str
    title: str
    kind: ServerKind
    threads: int
    workers: int
    preload: bool = False
    """The application is loaded once and then forked, unless an option says otherwise."""

    commands: tuple[str, ...] = ()
    """Words of a command line that start it."""

    calls: tuple[str, ...] = ()
    """Dotted names of functions and classes that start it from Python."""

    worker_classes: tuple[str, ...] = ()
    """Values of gunicorn's ``worker_class`` that select it."""

    options: Mapping[str, str] = msgspec.field(default_factory=dict)
    note: str = ""
    source: str = ""


class DeploymentFile(msgspec.Struct, frozen=True):
    """A kind of file that tells how the application is run: name patterns, how to read it, and regular expressions for the
    lines that tell, where the format needs any. ``server`` is what a file shows by its mere presence."""

    patterns: tuple[str, ...]
    format: FileFormat
    lines: tuple[str, ...] = ()
    server: str = ""
    note: str = ""
    source: str = ""


class Servers(msgspec.Struct, frozen=True):
    servers: tuple[Server, ...]
    files: tuple[DeploymentFile, ...]

    def by_id(self, identifier: str) -> Server | None:
        return next((server for server in self.servers if server.id == identifier), None)


def load_servers() -> Servers:
    """The table ``servers.toml``."""
    data = tables.read("servers")
    return Servers(
        servers=tuple(_server(row) for row in data["server"]),
        files=tuple(_file(row) for row in data["file"]),
    )


def _file(row: tables.Row) -> DeploymentFile:
    return DeploymentFile(
        patterns=tables.strings(row, "patterns"),
        format=row["format"],
        lines=tables.strings(row, "lines"),
        server=row.get("server", ""),
        note=row.get("note", ""),
        source=row["source"],
    )


def _server(row: tables.Row) -> Server:
    return Server(
        id=row["id"],
        title=row["title"],
        kind=row["kind"],
        threads=row["threads"],
        workers=row["workers"],
        preload=row.get("preload", False),
        commands=tables.strings(row, "commands"),
        calls=tables.strings(row, "calls"),
        worker_classes=tables.strings(row, "worker_classes"),
        options=row.get("options", {}),
        note=row.get("note", ""),
        source=row["source"],
    )
