"""The models: everything the link stage asks about libraries, by fully dotted name."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping
from functools import cache, cached_property, wraps
from typing import Any, Concatenate, ParamSpec, TypeVar

import msgspec

from flaskglobals_lint.models.connections import Connection, ConnectionTable, index_connections, load_connections
from flaskglobals_lint.models.containers import Container, ContainerTable, Memoizer, Store, load_containers, load_stores
from flaskglobals_lint.models.entrypoints import Entry, EntryBase, EntryCall, EntryTable, NamedEntry, load_entries
from flaskglobals_lint.models.extra import Extra, parse
from flaskglobals_lint.models.library_types import Types, load_types
from flaskglobals_lint.models.locks import Lock, LockDecorator, LockFunction, LockTable, load_locks
from flaskglobals_lint.models.servers import Servers, load_servers
from flaskglobals_lint.models.shared_objects import (
    Calls,
    ProcessState,
    Safe,
    load_calls,
    load_process_state,
    load_safe,
)
from flaskglobals_lint.models.tables import forget, wildcards

_About = ParamSpec("_About")
_Record = TypeVar("_Record")


def _kept(look_up: Callable[Concatenate[Models, _About], _Record]) -> Callable[Concatenate[Models, _About], _Record]:
    """A method that keeps its answers, for it is asked the same again and again, in one way."""
    name = look_up.__name__

    @wraps(look_up)
    def kept(self: Models, /, *about: _About.args, **no_words: _About.kwargs) -> _Record:
        answers = self.known[name]
        if about not in answers:
            answers[about] = look_up(self, *about, **no_words)
        found: _Record = answers[about]
        return found

    return kept


class Models:
    """Knowledge about libraries, the user's own tables included.

    Names may be written by any import path; a library class that has no entry of its own is looked up by its base
    classes. An unknown name gives None. A table is read when it is first asked for.
    """

    def __init__(self, extra: Mapping[str, Any] | None = None) -> None:
        self.known: dict[str, dict[tuple[Any, ...], Any]] = defaultdict(dict)
        """Answers, by the method that gave them and what it was asked."""
        self._extra = parse(extra, self._library_entries.entries) if extra else Extra()

    # --- names and types ----------------------------------------------------------------------------------------------

    def canonical(self, dotted: str) -> str:
        """The import path by which the models know ``dotted``; an unknown name is its own."""
        return self._types.canonical(dotted)

    def supertypes(self, dotted: str) -> tuple[str, ...]:
        """The library classes that the library class ``dotted`` derives from directly."""
        return self._types.supertypes(dotted)

    def ancestry(self, dotted: str) -> tuple[str, ...]:
        """The canonical name of a class and of all library classes it derives from, nearest first."""
        return self._types.ancestry(dotted)

    def returns(self, dotted: str) -> str | None:
        """The class of what the library function ``dotted`` returns (``redis.from_url`` → ``redis.Redis``)."""
        return self._types.returns(dotted) or self._yielded(self.connection(dotted), but=self.canonical(dotted))

    @_kept
    def result(self, dotted_type: str, member: str) -> str | None:
        """The type of ``instance.member()`` or, for an attribute, ``instance.member`` of a library type."""
        found = self._types.result(dotted_type, member)
        connection = None if found else self.connection(dotted_type)
        if connection is None:
            return found
        identifier = connection.methods.get(member) or connection.attributes.get(member) or ""
        return self._yielded(self.connection_by_id(identifier))

    def request_data(self, dotted: str) -> bool:
        """Does the library function ``dotted`` return data of the current request or user?"""
        return self.canonical(dotted) in self._types.request_data

    def parsed(self, dotted: str) -> bool:
        """Does the library function ``dotted`` give the lists and dictionaries that a text or file holds?"""
        return dotted.endswith(".json()") or self.canonical(dotted) in self._types.parsed

    def instance(self, dotted: str) -> str | None:
        """The class of an object that a library keeps in its module (``flask.current_app`` → ``flask.Flask``)."""
        return self._types.instance(dotted)

    @property
    def proxies(self) -> Mapping[str, str]:
        """Context-local proxies → what each request has its own of (request, session) or all share (app)."""
        return self._types.proxies

    # --- objects ------------------------------------------------------------------------------------------------------

    def connection(self, dotted: str, keywords: Collection[str] = ()) -> Connection | None:
        """What calling ``dotted`` yields; ``keywords`` are the call's keyword arguments as ``name=value`` texts."""
        own = self._own_connections.find(dotted, keywords)
        if own is not None:
            return own
        for name in self._types.ancestry(dotted):
            found = self._connections.find(name, keywords)
            if found is not None:
                return found
        return None

    @cached_property
    def connection_names(self) -> frozenset[str]:
        """Last names of all factories and classes that make connections and pools."""
        tables = (self._connections, self._own_connections)
        return frozenset(name.rsplit(".", 1)[-1].rsplit("#", 1)[-1] for table in tables for name in table.variants)

    def connection_by_id(self, identifier: str) -> Connection | None:
        """The connection that another one's ``methods`` or ``attributes`` name."""
        return self._own_connections.ids.get(identifier) or self._connections.ids.get(identifier)

    def lock(self, dotted: str, first_argument: str | None = None, keywords: Collection[str] = ()) -> Lock | None:
        """The lock that calling ``dotted`` makes; a semaphore's first argument decides whether it excludes others."""
        for name in self._types.ancestry(dotted):
            found = self._locks.find(name, first_argument, keywords)
            if found is not None:
                return found
        return None

    def lock_decorator(self, dotted: str) -> LockDecorator | None:
        """A decorator that holds a lock of its own around each call."""
        return self._locks.decorators.get(self.canonical(dotted))

    def lock_function(self, dotted: str) -> LockFunction | None:
        """A function that locks a file."""
        return self._locks.functions.get(dotted)

    @cached_property
    def lock_methods(self) -> frozenset[str]:
        """Names of the methods by which locks are taken and let go."""
        return self._locks.methods

    @_kept
    def container(self, dotted: str) -> Container | None:
        """The container that ``dotted`` is the class of: ``dict``, ``collections.deque``, ``cachetools.TTLCache`` …"""
        return self._inherited(dotted, self._containers.containers)

    def memoizer(self, dotted: str) -> Memoizer | None:
        """A decorator that keeps results, so that all callers share the object that a function returned once."""
        return self._containers.memoizers.get(self.canonical(dotted))

    @_kept
    def store(self, dotted: str) -> Store | None:
        """The keyed store outside the process's own data that a client of class or factory ``dotted`` talks to."""
        return self._inherited(dotted, self._stores)

    def safe(self, dotted: str) -> str | None:
        """Why objects of this type may be shared by threads."""
        found = self._inherited(dotted, self._safe)
        return found.reason if found else None

    @_kept
    def local(self, dotted: str) -> bool:
        """Does each thread or context have its own state below such an object?"""
        found = self._inherited(dotted, self._safe)
        return found is not None and found.local

    @_kept
    def process_state(self, dotted: str) -> ProcessState | None:
        """State of the whole process that calling, assigning or entering ``dotted`` changes."""
        canonical = self.canonical(dotted)
        return next((self._process_state[name] for name in wildcards(canonical) if name in self._process_state), None)

    # --- entry points -------------------------------------------------------------------------------------------------

    def decorator(self, type_name: str, method: str) -> Entry | None:
        """What a decorator makes of its function; a function has the type "" and its dotted name as method."""
        return self._member(type_name, method, self._entry_table.decorators)

    def call(self, type_name: str, method: str) -> EntryCall | None:
        """Which arguments of a call are callables that it registers; functions as in ``decorator``."""
        return self._member(type_name, method, self._entry_table.calls)

    def base(self, dotted: str) -> EntryBase | None:
        """Which methods of a class derived from ``dotted`` are entry points."""
        return self._inherited(dotted, self._entry_table.bases)

    @cached_property
    def callable_attributes(self) -> frozenset[str]:
        """Names of the attributes of library objects that take functions."""
        return frozenset(name for _, name in self._entry_table.assigned)

    def assigned(self, type_name: str, attribute: str) -> Entry | None:
        """What becomes of a callable that is assigned to an attribute, to an item of it, or appended to it.

        An instance assigned to one (``app.wsgi_app = Middleware(…)``) is shared by all requests, which run its
        ``__call__``.
        """
        return self._member(type_name, attribute, self._entry_table.assigned)

    @property
    def call_by_method_name(self) -> Mapping[str, EntryCall]:
        """Registering methods that count even if the receiver's type is unknown, given a callable as argument."""
        return self._entry_table.call_by_method_name

    @property
    def by_method_name(self) -> Mapping[str, NamedEntry]:
        """Decorator methods that count even if the receiver's type is unknown."""
        return self._entry_table.by_method_name

    @cached_property
    def registering_methods(self) -> frozenset[str]:
        """Last names of all calls that register callables."""
        return frozenset(name.rsplit(".", 1)[-1] for _, name in self._entry_table.calls)

    def loop(self, dotted: str) -> str:
        """The lane on which an application of this type runs its async functions; empty if it starts a loop for each."""
        return self._inherited(dotted, self._entry_table.loops) or ""

    @cached_property
    def launching(self) -> Mapping[str, tuple[EntryCall, ...]]:
        """Calls that also tell what the callable gets, by their last names."""
        found: dict[str, tuple[EntryCall, ...]] = {}
        for (_, name), registers in self._entry_table.calls.items():
            last = name.rsplit(".", 1)[-1]
            if registers.passes and registers not in found.get(last, ()):
                found[last] = (*found.get(last, ()), registers)
        return found

    def is_flask(self, dotted: str) -> bool:
        """Is it the class of a Flask application?"""
        return "flask.Flask" in self._types.ancestry(dotted)

    def is_application(self, dotted: str) -> bool:
        """Is it a class of application or blueprint, whose own methods are all known?"""
        return any(name in ("flask.Flask", "flask.Blueprint") for name in self._types.ancestry(dotted))

    # --- calls and servers --------------------------------------------------------------------------------------------

    @_kept
    def blocking(self, dotted: str) -> bool:
        """Does calling ``dotted`` wait for I/O or sleep?"""
        return self._calls.blocks(self.canonical(dotted))

    def blocking_method(self, name: str) -> bool:
        """Does a method of this name, on an object of unknown type, most likely wait for I/O?"""
        return name in self._calls.blocking_methods

    @_kept
    def quiet(self, dotted: str) -> bool:
        """Is it known that a greenlet keeps control during a call of ``dotted``: no I/O that gevent waits for?"""
        name = self.canonical(dotted).removeprefix("builtins.")
        of, _, method = name.rpartition(".")
        return self._calls.keeps_control(name) or (self.quiet_method(method) and self._calls.keeps_control(of))

    def quiet_method(self, name: str) -> bool:
        """Does a method of this name, on an object of unknown type, most likely compute only?"""
        return name in self._calls.quiet_methods

    def call_switches(self, dotted_builtin: str) -> bool:
        """Can CPython switch threads during a call of this builtin, apart from code that its arguments bring along?"""
        return dotted_builtin.removeprefix("builtins.") not in self._calls.without_switch

    def as_method(self, dotted: str) -> str:
        """The method of its first argument that a function amounts to (``heapq.heappush`` → ``append``); "" if none."""
        return self._calls.as_methods.get(dotted, "")

    @cached_property
    def servers(self) -> Servers:
        """How each server runs an application, and which files tell."""
        return load_servers()

    # --- tables -------------------------------------------------------------------------------------------------------

    def _yielded(self, connection: Connection | None, but: str = "") -> str | None:
        return connection.type if connection and connection.type not in ("", but) else None

    def _inherited(self, dotted: str, table: Mapping[str, _Record]) -> _Record | None:
        if dotted in table:
            return table[dotted]
        return next((table[name] for name in self._types.ancestry(dotted) if name in table), None)

    def _member(self, type_name: str, method: str, table: Mapping[tuple[str, str], _Record]) -> _Record | None:
        if not type_name:
            return table.get(("", method)) or table.get(("", self.canonical(method)))
        own = table.get((type_name, method))
        if own is not None:
            return own
        return next((table[name, method] for name in self._types.ancestry(type_name) if (name, method) in table), None)

    @cached_property
    def _types(self) -> Types:
        return load_types()

    @cached_property
    def _connections(self) -> ConnectionTable:
        return index_connections(load_connections())

    @cached_property
    def _own_connections(self) -> ConnectionTable:
        return index_connections(self._extra.connections)

    @cached_property
    def _locks(self) -> LockTable:
        return load_locks(self._extra.locks)

    @cached_property
    def _containers(self) -> ContainerTable:
        return load_containers()

    @cached_property
    def _stores(self) -> Mapping[str, Store]:
        return load_stores()

    @cached_property
    def _safe(self) -> Mapping[str, Safe]:
        return {**load_safe(), **self._extra.safe}

    @cached_property
    def _process_state(self) -> Mapping[str, ProcessState]:
        return load_process_state()

    @cached_property
    def _calls(self) -> Calls:
        return load_calls()

    @cached_property
    def _library_entries(self) -> EntryTable:
        return load_entries()

    @cached_property
    def _entry_table(self) -> EntryTable:
        library, own = self._library_entries, self._extra
        return msgspec.structs.replace(
            library,
            decorators={**library.decorators, **own.decorators},
            calls={**library.calls, **own.calls},
            bases={**library.bases, **own.bases},
        )


@cache
def _library_models() -> Models:
    return Models()


def load(extra: Mapping[str, Any] | None = None) -> Models:
    """The models; ``extra`` are the user's tables. ValueError tells in one sentence what is wrong with them."""
    return Models(extra) if extra else _library_models()


def reload(extra: Mapping[str, Any] | None = None) -> Models:
    """The models, read from their files again; as ``load``."""
    forget()
    _library_models.cache_clear()
    return load(extra)
