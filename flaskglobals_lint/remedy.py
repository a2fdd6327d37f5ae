"""What would remove the cause of a finding, as data: which remedy, at which place, in which functions.

Checks describe a remedy; ``fixes`` turns it into edits of the text. Paths are printed ones; positions are those of the facts:
1-based lines and columns, the end exclusive. Named tuples, not dataclasses: every run that knows its answer has to make
these classes, and one of those takes as long as importing a small library.
"""

from __future__ import annotations

from typing import Literal, NamedTuple, TypeAlias

Position: TypeAlias = tuple[int, int, int, int]


class Home(NamedTuple):
    """Where something shared is defined, and what stands beside it belongs.

    ``module`` is the dotted name of the file's module. ``scope`` tells in which body ``line`` lies: the module's, that of
    the class ``owner``, that of its ``__init__`` (instance) or that of the function ``owner``; "before" is the module's
    body, before the definition that holds the line. ``name`` is the last identifier, e.g. ``hits``.
    """

    path: str
    module: str
    scope: Literal["module", "class", "instance", "function", "before"]
    owner: str
    name: str
    line: int


class Site(NamedTuple):
    """Code of one function that belongs into one section.

    ``accesses`` are the positions to cover. ``later`` are reads of the place that follow them in the function. ``calls`` are
    all calls of the function that may run code nobody knows here, ``stops`` its awaits and yields. ``again`` are calls that
    come to the place in turn, ``clash`` those that come to others from which code comes back to this one: two threads could
    wait for each other. ``owners`` are what the function calls the object that the place is an attribute of.
    """

    path: str
    function: str
    accesses: tuple[Position, ...]
    later: tuple[Position, ...] = ()
    calls: tuple[Position, ...] = ()
    stops: tuple[Position, ...] = ()
    again: tuple[Position, ...] = ()
    clash: tuple[Position, ...] = ()
    owners: tuple[str, ...] = ()


class Declined(NamedTuple):
    """No edit is right here; ``why`` is the end of a sentence."""

    why: str


class HoldLock(NamedTuple):
    """Hold one lock around ``site`` and around each of ``others``, which write the same place with no lock at all.

    ``lock`` is the one that guards the place elsewhere; None if there is none yet and one is to be made beside ``home``.
    ``lazy``: the site is one check and one store of what it
    found missing. ``idle`` are holdings of locks that keep nobody out, ``made`` is where those are made.
    """

    label: str
    home: Home
    lock: Home | None
    site: Site
    others: tuple[Site, ...] = ()
    lazy: bool = False
    exact: bool = False
    """Whether reads after the section must not see what others wrote meanwhile."""

    idle: tuple[Position, ...] = ()
    made: tuple[Position, ...] = ()
    held: bool = False
    """Whether a caller of the site may hold the lock already."""


class OneStep(NamedTuple):
    """Check and change in one atomic call: ``setdefault``, ``pop(key, None)`` or ``discard``. ``kind`` tells the container."""

    site: Site
    write: Position
    kind: str


class WalkCopy(NamedTuple):
    """Walk over ``list(…)`` of what a loop walks. ``sure``: it is a built-in container, copied in one step."""

    path: str
    loop: Position
    sure: bool
    grows: bool = False
    """Whether the loop's own body changes the container."""


class HoldByWith(NamedTuple):
    """Hold a lock by ``with`` in place of ``acquire()`` and ``release()``. ``taken`` is the position of the former."""

    path: str
    taken: Position


class EnterContext(NamedTuple):
    """Use ``with app.app_context():`` in place of ``app.app_context().push()``, or nothing where nothing needs it."""

    path: str
    push: Position


class ConnectPerRequest(NamedTuple):
    """Open a connection for each request, kept in ``flask.g``, in place of one for all, which ``call`` opens.

    ``files`` are those of other modules that import it by its name, ``apps`` those that make an app.
    """

    home: Home
    call: Position
    files: tuple[str, ...] = ()
    apps: tuple[str, ...] = ()


class ScopedSession(NamedTuple):
    """Give each thread a session of its own in place of one for all, which ``call`` makes."""

    home: Home
    call: Position


class ThreadLock(NamedTuple):
    """A lock of ``threading`` in place of one of ``asyncio``. ``call`` makes it; ``files`` are others that import it."""

    path: str
    call: Position
    files: tuple[str, ...] = ()


class ThreadSafeClass(NamedTuple):
    """Make the same with ``twin``, the class of the same module that threads may share, in place of ``call``'s class."""

    path: str
    call: Position
    twin: str


class DropArguments(NamedTuple):
    """Make it without the keyword arguments that make it unsafe."""

    path: str
    call: Position
    keywords: tuple[str, ...]


class OwnDefault(NamedTuple):
    """Make a default anew in each call of a function; ``parameter`` is the position of the parameter's name."""

    path: str
    parameter: Position


class KeepInG(NamedTuple):
    """Keep the module's variable in ``flask.g``; ``functions`` are the names of those that use it while a request is served."""

    home: Home
    functions: tuple[str, ...]


Remedy: TypeAlias = (
    Declined
    | HoldLock
    | OneStep
    | WalkCopy
    | HoldByWith
    | EnterContext
    | ConnectPerRequest
    | ScopedSession
    | ThreadLock
    | ThreadSafeClass
    | DropArguments
    | KeepInG
    | OwnDefault
)
