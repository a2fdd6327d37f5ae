"""What one function does to places, in terms of its own parameters: the summary that callers and checks work with."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

import msgspec

if TYPE_CHECKING:
    from flaskglobals_lint import facts as f
    from flaskglobals_lint.link.atoms import Atom
    from flaskglobals_lint.link.feasible import Constants
    from flaskglobals_lint.link.index import ScopeId
    from flaskglobals_lint.models import Entry

Path: TypeAlias = tuple[Any, ...]
"""A root, then projections: ``".name"`` for an attribute, ``"[]"`` for an item, ``'["key"]'`` for a constant key.

==========================  ===================================================================
``("g", path, name)``       a module variable
``("v", function, name)``   a variable of an enclosing function
``("k", class)``            a class object
``("p", function, index)``  a parameter of the summarised function
``("inst", class)``         the one shared instance of a class
``("fn", function)``        a function object
``("app",)``                the Flask application
``("new", site, atom)``     something made during the call
``("proxy", scope)``        a context-local object
``("lib", dotted)``         state of the process that a library keeps, e.g. ``os.environ``
==========================  ===================================================================
"""

SESSION: Path = (("proxy", "session"),)
"""Flask's session: accesses of its items are recorded, although they are no place that requests share."""

REQUEST = 1
"""Flag of a value that derives from the request."""
THREAD_ID = 2
"""Flag of a value that names the running thread."""
UNIQUE = 4
"""Flag of a value that no other call can have (a fresh uuid)."""
RANDOM = 8
"""Flag of a value that a random generator made."""
MEASURED = 16
"""Flag of a value that tells how much a container holds, or which is its greatest or least."""
CONNECTION = 32
"""Flag of a value that names the client's connection (Flask-SocketIO's ``request.sid``)."""
NAMES_ONE = THREAD_ID | UNIQUE | CONNECTION
"""Flags that hold for a value itself, not for what is made of it."""
ROUTED = 64
"""Flag of a value that tells which of the application's own routes was asked, or how: one of a few."""
TOLD = REQUEST | ROUTED
"""Flags of what differs from request to request."""
PARAMETERS = 7
"""Bits of the flags above; the bits that follow stand for the function's parameters, from which a value is made."""


def from_parameter(at: int) -> int:
    """Flag of a value that is made from a parameter."""
    return 1 << (PARAMETERS + at)


def bits(mask: int) -> Iterator[int]:
    """The indexes of the bits that are set, in ascending order."""
    while mask:
        lowest = mask & -mask
        yield lowest.bit_length() - 1
        mask ^= lowest


def passed_on(flags: int, given: Sequence[int]) -> int:
    """A callee's flags in the caller's terms: its parameters' bits become the flags of what it was given."""
    found = flags & ((1 << PARAMETERS) - 1)
    for at, one in enumerate(given):
        if flags & from_parameter(at):
            found |= one
    return found


Clock: TypeAlias = tuple[int, int, int, int]
"""How often a function has called anything so far, waited for I/O, awaited, and let other greenlets run, perhaps."""


class Value(msgspec.Struct, eq=False, gc=False):
    """What an expression can denote: references (paths or atoms), what it depends on, flags, and – for a view of a
    container such as ``d.items()`` – which view. ``deps`` is a bit set: parameters first, then reads."""

    refs: tuple[Any, ...] = ()
    deps: int = 0
    flags: int = 0
    view: str = ""
    key: str = ""
    """How an argument is written, if it is a name or a constant: two accesses by one key can be told so."""

    literal: f.Constant | None = None
    """The literal that it is, where it is an argument or a parameter that this call gives one."""

    parts: tuple[Value, ...] = ()
    """Its members, where it is a tuple that the code spells out."""

    parameter: int = -1
    """The index of the parameter that it is, unchanged, of a function summarised for any call."""

    def depending(self, deps: int) -> Value:
        """The value, where something more decides what it is."""
        found = Value(self.refs, self.deps | deps, self.flags, self.view)
        found.parts = tuple(part.depending(deps) for part in self.parts)
        return found


class Section(msgspec.Struct, frozen=True, gc=False):
    """One holding of one lock. ``lock`` is its path (None: unknown object); ``id`` is unique in the function."""

    id: int
    lock: Path | None
    pos: f.Position
    kind: str
    """lock, async (binds only tasks of one event loop), path (identity is a file or key name), assumed (by its name),
    exclusive or shared (a lock for readers and writers)."""

    key: str = ""
    """How the key of a lock out of a table is written, ``=`` before a constant; empty if it cannot be told."""


EMPTIED = "emptied"
"""The kind that stands in a pair for the write that empties what is filled again."""
TAKEN = "taken"
"""The kind that stands in a pair for the look at all that a place holds, before that is thrown away."""
UNMADE = frozenset({EMPTIED, TAKEN})
"""Kinds of reads in pairs whose write is not made of what was read."""


UNSEEN = "?"
"""Stands for a key that only a callee knows."""

CONTENT = frozenset({"content", "truth", "lack"})
"""Kinds of reads that tell what a container holds."""


class Read(msgspec.Struct, frozen=True, gc=False):
    """``kind`` is load (the variable or attribute itself), content (membership, length, iteration), truth or lack (of
    content, in a condition), element or ended."""

    path: Path
    kind: str
    key: str
    pos: f.Position
    sections: tuple[Section, ...]
    clock: Clock
    remote: tuple[ScopeId, f.Position] | None = None
    flags: int = 0
    item: str = ""
    """The key of the item that the path leads through last, before its last step, if that is known."""


class Write(msgspec.Struct, frozen=True, gc=False):
    """``kind`` is set, mutate (in place: append, update …) or delete; ``via`` names the operation for the reader.

    ``values`` and ``control`` are dependency bit sets. ``harmless`` writes cannot fail or lose anything when another
    thread was faster (``pop(k, None)``, ``discard``). ``checked``: an earlier read in this function already decides it.
    """

    path: Path
    kind: str
    via: str
    key: str
    pos: f.Position
    sections: tuple[Section, ...]
    clock: Clock
    values: int
    control: int
    flags: int = 0
    key_flags: int = 0
    harmless: bool = False
    constant: bool = False
    remote: tuple[ScopeId, f.Position] | None = None
    refs: tuple[Any, ...] = ()
    branch: int = 0
    """The part of ``control`` whose branch the write stands in; the rest are checks that left the function early."""

    acts: bool = False
    """Whether the branch it stands in does more than store constants."""

    item: str = ""
    """As for a read: the key of the last item before the path's last step, if that is known."""

    handed: bool = False
    """Whether the callee changes what it was given, or sets a property: the caller's call says what is changed."""


SORT = "sort()"
"""How an iteration by ``list.sort(key=…)`` begins its ``via``."""


class Iteration(msgspec.Struct, frozen=True, gc=False):
    """A loop in Python code over a live container."""

    path: Path
    pos: f.Position
    sections: tuple[Section, ...]
    via: str
    uninterrupted: bool = False
    """Nothing in the loop waits."""

    view: str = ""
    """items, values or keys where the loop goes over such a view."""


class Use(msgspec.Struct, frozen=True, gc=False):
    """A use of an object that the models know as a connection."""

    path: Path
    model: str
    member: str
    pos: f.Position
    sections: tuple[Section, ...]


class Pair(msgspec.Struct, frozen=True, gc=False):
    """A read that a later write of the same place depends on. ``kind`` is value (read-modify-write) or control
    (check-then-set); ``covers`` are the sections that hold from the read to the write."""

    kind: str
    read: Read
    write: Write
    covers: tuple[Section, ...]
    early: bool = False
    """The check only leaves the function early; the write stands after it, not in its branch."""

    looped: bool = False
    """The check is no more than a loop over what was there when the loop began."""

    companion: bool = False
    """The check looks at another variable, which the same branch sets, too."""


class Edge(msgspec.Struct, frozen=True, gc=False):
    """A call. ``arguments`` are the references passed, by parameter. ``kind`` is call, callback (passed to a library,
    which calls it), thread (runs later, beside this code), start (the same for a thread's own ``run``) or stream (a
    generator, which runs after its caller)."""

    callee: ScopeId
    bindings: tuple[Atom, ...]
    arguments: tuple[tuple[Any, ...], ...]
    pos: f.Position
    sections: tuple[Section, ...]
    kind: str = "call"
    origin: tuple[ScopeId, int] | None = None
    """The parameter, of this function or an enclosing one, that was called, where the callee came from one; the callee is ""
    in the edge that stands for whatever the parameter was given."""

    flags: tuple[int, ...] = ()
    """Flags of the arguments, by parameter."""

    constants: Constants = ()
    """Literals among the arguments that decide which way a test in the callee goes."""

    entry: Entry | None = None
    """How a library that the callee was handed to runs it."""

    decided: bool = False
    """Whether something that may be shared is looked at to decide the call."""

    once: tuple[Path, ...] = ()
    """What must be missing for the call to be made, and is there afterwards."""


class Returned(msgspec.Struct, frozen=True, gc=False):
    """A value that a function returns, as its callers see it: what it can denote, and what it depends on."""

    refs: tuple[Any, ...]
    view: str
    flags: int
    reads: tuple[Read, ...]
    parameters: int
    """Bit set of the parameters that it depends on."""


class Summary(msgspec.Struct):
    """Everything a function does that may matter to others."""

    function: ScopeId
    reads: list[Read] = msgspec.field(default_factory=list)
    writes: list[Write] = msgspec.field(default_factory=list)
    iterations: list[Iteration] = msgspec.field(default_factory=list)
    handed: list[Read] = msgspec.field(default_factory=list)
    """Shared objects that leave the function as a whole: returned, put into a display, passed to a library, copied."""

    uses: list[Use] = msgspec.field(default_factory=list)
    pairs: list[Pair] = msgspec.field(default_factory=list)
    edges: list[Edge] = msgspec.field(default_factory=list)
    sections: list[Section] = msgspec.field(default_factory=list)
    captured: dict[str, list[Path]] = msgspec.field(default_factory=dict)
    """What the function's variables, which functions nested in it may use, are other names of."""

    awaits: list[tuple[f.Position, tuple[Section, ...]]] = msgspec.field(default_factory=list)
    """Where it awaits with a lock held."""

    returned: tuple[Any, ...] = ()
    returned_view: str = ""
    returned_flags: int = 0
    returned_reads: tuple[Read, ...] = ()
    returned_parameters: int = 0
    returned_parts: tuple[Returned, ...] = ()
    """The members of the tuple that it returns, if every return spells out one of that length."""

    effects: tuple[Write, ...] = ()
    checks: tuple[Read, ...] = ()
    ended: tuple[Read, ...] = ()
    """What the function, or one that it calls, tells to end."""

    acquired: tuple[Section, ...] = ()
    released: tuple[Path, ...] = ()
    yielded: tuple[Section, ...] = ()
    yielded_refs: tuple[Any, ...] = ()
    yielded_attempt: tuple[Path | None, f.Position, str, str] | None = None
    """The lock that the yielded value says it has or has not (``yield got``)."""

    blocks: bool = False
    pauses: bool = False
    """Whether another greenlet may run during a call."""
    looped: int = 0
    """Reads that a loop makes for its items: they decide how often its body runs, not whether it should."""

    asked: frozenset[int] = frozenset()
    """Parameters that a test looks at, here or in a function they are handed on to: a literal decides it."""

    def closed(self) -> Summary:
        """This summary, to which nothing is added any more: lists that stay empty, as most do, take no memory."""
        for name in _LISTS:
            if not getattr(self, name):
                setattr(self, name, ())
        return self


_LISTS = ("reads", "writes", "iterations", "handed", "uses", "pairs", "edges", "sections", "awaits")
