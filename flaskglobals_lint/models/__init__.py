"""What libraries do, as data: connections, locks, containers, stores, entry points and servers.

Each noun is a TOML table beside this file, with the source of every statement, and a module that reads it. To teach the
tool another library, add a row.
"""

from flaskglobals_lint.models.connections import Connection
from flaskglobals_lint.models.containers import Container, Memoizer, Store
from flaskglobals_lint.models.entrypoints import Entry, EntryBase, EntryCall, NamedEntry
from flaskglobals_lint.models.loader import Models, load, reload
from flaskglobals_lint.models.locks import Lock, LockDecorator
from flaskglobals_lint.models.servers import DeploymentFile, Server, Servers
from flaskglobals_lint.models.shared_objects import ProcessState

__all__ = [
    "Connection",
    "Container",
    "DeploymentFile",
    "Entry",
    "EntryBase",
    "EntryCall",
    "Lock",
    "LockDecorator",
    "Memoizer",
    "Models",
    "NamedEntry",
    "ProcessState",
    "Server",
    "Servers",
    "Store",
    "load",
    "reload",
]
