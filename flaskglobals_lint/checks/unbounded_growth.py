"""FGL302: a process-wide container that only grows with request data."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from flaskglobals_lint import facts as f
from flaskglobals_lint.checks import conflicts, examples, known_keys, memo_growth, writes
from flaskglobals_lint.finding import Finding, Severity
from flaskglobals_lint.link import items
from flaskglobals_lint.link.atoms import ITEM
from flaskglobals_lint.link.program import Program
from flaskglobals_lint.link.summary import (
    CONTENT,
    MEASURED,
    RANDOM,
    REQUEST,
    THREAD_ID,
    UNIQUE,
    Read,
    Write,
)
from flaskglobals_lint.link.trees import walk
from flaskglobals_lint.rule import by_code

if TYPE_CHECKING:
    from flaskglobals_lint.link.atoms import Atom
    from flaskglobals_lint.link.contexts import Access, Context
    from flaskglobals_lint.link.index import ScopeId
    from flaskglobals_lint.models import Container

RULE = by_code("FGL302")

_REPLACES = frozenset({"=", "-=", "&=", ".discard()", ".difference_update()", ".intersection_update()"})
_STORES = frozenset({"[…] =", "+=", ".setdefault()"})


def check(program: Program) -> Iterator[Finding]:
    """A finding for each such container, where a request first adds to it; and for caches of functions that are such."""
    yield from memo_growth.check(program, RULE)
    groups: dict[tuple[Any, ...], list[Access]] = {}
    for access, write in writes.at_request_time(program):
        if _adds(program, access, write) and not _looked_up(program, access, write):
            groups.setdefault(_container(access.place.key, write), []).append(access)
    if not groups:
        return
    replaced, removed = _shrunk(program)
    lazy = writes.decided_by_itself(program) | program.once(writes.depends_on_itself)
    lazy |= {remote for _, remote in program.once(writes.handed_back) if isinstance(remote, tuple)}
    for key, accesses in groups.items():
        containers = [key[:end] for end in range(1, len(key) + 1)]
        if any(container in replaced for container in containers):
            continue
        containers.extend(_around(program, accesses))
        asked = any(container in removed or container in replaced for container in containers)
        first = min(
            accesses, key=lambda a: (_severity(program, a, lazy) == "info", program.file(a.function), a.record.pos)
        )
        yield _finding(program, first, "info" if asked else _severity(program, first, lazy), asked)


def _container(path: tuple[Any, ...], write: Write) -> tuple[Any, ...]:
    """The key or path of the container that a write adds to."""
    return path[:-1] if write.kind == "set" else path


def _around(program: Program, accesses: list[Access]) -> Iterator[tuple[Any, ...]]:
    """Keys of the containers that hold the objects which the grown containers belong to: they go with them."""
    for access in accesses:
        path = access.place.receiver or ()
        for end in range(1, len(path)):
            place = program.paths.place(path[:end]) if path[end].startswith("[") else None
            if place is not None:
                yield place.key


def _registry(program: Program, access: Access) -> bool:
    """Whether it is the application's own table of functions (``app.view_functions``), which has an entry an endpoint."""
    key = access.place.key
    return key[0] == ("app",) and len(key) > 1 and key[1][1:] in program.types.models.callable_attributes


def _adds(program: Program, access: Access, write: Write) -> bool:
    """Whether the write adds an entry that no earlier request can have made: under a key from the request or a fresh one,
    or as one more member of a list."""
    if write.kind == "delete" or (write.kind == "set" and access.path[-1] != "[]"):
        return False
    if writes.made_by_requests(program, access) or _registry(program, access) or writes.stored_back(access, write):
        return False
    if len(access.path) > len(access.place.key) and writes.dynamic(access.path[: -len(access.place.key) or None]):
        return False
    containers = _containers(program, access, write)
    if not containers or any(container.bounded or container.kind == "queue" for container in containers):
        return False
    flags = access.context.flagged(write.key_flags)
    if flags & THREAD_ID or _bounded(program, access, write):
        return False
    if write.kind == "set":
        known = write.via != "+=" or any(container.creates or container.kind == "counter" for container in containers)
        known = known and any(container.kind in ("mapping", "counter") for container in containers)
        fresh = (
            bool(flags & (REQUEST | UNIQUE | RANDOM))
            or _numbered(program, access, write)
            or _counted(program, access, write)
        )
        return write.via in _STORES and known and fresh
    if write.via not in writes.ADDS:
        return False
    free = any(container.kind == "set" for container in containers)
    return bool(access.context.flagged(write.flags) & (REQUEST | UNIQUE)) or not free


def _numbered(program: Program, access: Access, write: Write) -> bool:
    """Whether the key is the next number: made of how much the container holds, or of its greatest key."""
    made_of_it = (access.function, write.pos) in program.once(writes.depends_on_itself)
    return made_of_it and bool(write.key_flags & MEASURED)


def _counted(program: Program, access: Access, write: Write) -> bool:
    """Whether the key is a number that the same function counts on for the next one, and never sets back:
    ``jobs[self.last] = job; self.last += 1``."""
    nodes = list(walk(program.index.functions[access.function].facts.body))
    counted = {
        items.key_text(node.target)
        for node in nodes
        if isinstance(node, f.AugmentedAssign) and node.operator == "+" and not isinstance(node.target, f.Local)
    }
    counted -= {items.key_text(target) for node in nodes if isinstance(node, f.Assign) for target in node.targets}
    keys = {write.key} | {
        items.key_text(node.value)
        for node in nodes
        if isinstance(node, f.Assign) and any(isinstance(t, f.Local) and t.name == write.key for t in node.targets)
    }
    return bool((counted & keys) - {""})


def _containers(program: Program, access: Access, write: Write) -> list[Container]:
    """What the models know of the container."""
    found = (_known(program, atom) for atom in program.paths.atoms(_container(access.path, write)))
    return [container for container in found if container is not None]


def _known(program: Program, atom: Atom) -> Container | None:
    models = program.types.models
    if atom[0] in ("cont", "extinst"):
        return models.container(atom[1])
    if atom[0] == "inst":
        bases = (models.container(dotted) for dotted in program.types.names.external_bases(atom[1]))
        return next((container for container in bases if container is not None and container.bounded), None)
    return None


def _bounded(program: Program, access: Access, write: Write) -> bool:
    """Whether the container was made with a bound: ``deque(maxlen=…)``, also by the factory of a ``defaultdict``."""
    path = _container(access.path, write)
    if any(_has_bound(program, binding.value, binding.scope) for binding in program.paths.bindings(path)):
        return True
    around = program.paths.bindings(path[:-1]) if path[-1] == ITEM else ()
    return any(
        _has_bound(program, made, binding.scope)
        for binding in around
        if isinstance(binding.value, f.Call)
        for argument in binding.value.arguments
        if isinstance(argument.value, f.Lambda)
        for made in _results(program, binding.scope, argument.value)
    )


def _results(program: Program, scope: ScopeId, node: f.Lambda) -> Iterator[f.Expression | None]:
    """What a lambda gives."""
    function = program.index.functions.get(f"{scope[: scope.index(':')]}:{node.function}")
    for part in walk(function.facts.body) if function is not None else ():
        if isinstance(part, f.Return):
            yield part.value


def _has_bound(program: Program, value: f.Node | None, scope: ScopeId) -> bool:
    models = program.types.models
    if not isinstance(value, f.Call):
        return False
    for atom in program.types.of(value, scope):
        container = models.container(atom[1]) if atom[0] in ("cont", "extinst") else None
        if container is None:
            continue
        at = container.bound_position
        if at is not None and len(value.arguments) > at:
            return True
        if any(argument.keyword in container.bound_keywords for argument in value.arguments):
            return True
    return False


def _looked_up(program: Program, access: Access, write: Write) -> bool:
    """Whether the write is reached only after a look at the container's length, or the key was found in a table to which no
    request adds, by a check or because the value is made of what was there."""
    target = _container(write.path, write)
    for read in writes.reads_behind(program, access.context, write.control):
        if read.kind in CONTENT and read.path == target and not read.key:
            return True
    behind = writes.reads_behind(program, access.context, write.control | write.values)
    return any(_from_table(program, write, read, target) for read in behind) or known_keys.known(program, access, write)


def _from_table(program: Program, write: Write, read: Read, target: tuple[Any, ...]) -> bool:
    if not read.key or read.key != write.key or read.path[: len(target)] == target:
        return False
    table = read.path[:-1] if read.kind == "element" else read.path
    place = program.paths.place(table)
    return place is not None and not program.writes_at(place.key)


def _shrunk(program: Program) -> tuple[set[tuple[Any, ...]], set[tuple[Any, ...]]]:
    """Keys of containers that some code clears, prunes or replaces, and of those from which requests remove an entry that
    the client names: one that never asks is kept."""
    replaced: set[tuple[Any, ...]] = set()
    removed: set[tuple[Any, ...]] = set()
    for access in program.reached.writes:
        write, key = access.record, access.place.key
        assert isinstance(write, Write)
        if write.kind == "delete" and str(key[-1]).startswith("["):
            named = writes.from_request(access, write.key_flags) and access.context.start.kind in ("route", "socket")
            (removed if named and write.via in ("del", ".pop()") else replaced).add(key[:-1])
            replaced.add(key)
        elif write.kind == "delete" or write.via in _REPLACES:
            replaced.add(key)
    return replaced | set(_own_removals(program)), removed


def _own_removals(program: Program) -> Iterator[tuple[Any, ...]]:
    """Keys of containers of objects that a request or thread takes entries out of while it knows them by a variable of its
    own: its inbox, its session."""
    for fid, contexts in program.reached.contexts.items():
        for write in program.evaluator.summary(fid, contexts[0].constants).writes if contexts else ():
            if write.kind == "delete" and write.path[0][0] == "v":
                place = program.paths.place(write.path)
                if place is not None:
                    yield place.key[:-1] if str(place.key[-1]).startswith("[") else place.key


def _asked(program: Program, context: Context) -> bool:
    """Whether a caller looks at shared state before it calls: to do so once, mostly."""
    inner = context
    while (outer := inner.parent) is not None:
        edges = program.evaluator.summary(outer.function, outer.constants).edges
        if any(edge.decided for edge in edges if edge.callee == inner.function and edge.pos == inner.pos):
            return True
        inner = outer
    return False


def _severity(program: Program, access: Access, lazy: set[tuple[str, object]]) -> Severity:
    """A note for counts, which other rules tell of, for caches and for what was asked from elsewhere before, whose keys are
    mostly those of existing things, and for lists to which requests add nothing of their own, and that only sometimes."""
    write = access.record
    assert isinstance(write, Write)
    flags = access.context.flagged(write.key_flags)
    if write.kind == "set":
        asked = write.clock[1] > 0 and not any(writes.made(ref) == "inst" for ref in write.refs)
        known = (access.function, write.pos) in lazy or asked
        return "info" if known and not flags & (UNIQUE | RANDOM | MEASURED) else RULE.severity
    if access.context.flagged(write.flags) & (REQUEST | UNIQUE):
        return RULE.severity
    sometimes = write.control or any(writes.made(ref) == "extinst" for ref in write.refs)
    return "info" if sometimes or _asked(program, access.context) else RULE.severity


def _finding(program: Program, access: Access, severity: Severity, asked: bool) -> Finding:
    write = access.record
    assert isinstance(write, Write)
    label = program.paths.label(*_split(_container(access.place.key, write)))
    what = "entries" if write.kind == "set" else "members"
    where = conflicts.way_in(program, access.context)
    rest = (
        "only requests that ask for it remove one"
        if asked
        else "nothing ever removes any: it grows until the process ends"
    )
    return writes.finding(
        program,
        RULE,
        severity,
        access,
        f"`{label}` gets new {what} with requests {where}, and {rest}",
        f"remove the {what} of `{label}` when they are over, or give it a bound (`deque(maxlen=…)`, a cache with a time to live)",
        example=examples.bounded(program, access, label),
    )


def _split(key: tuple[Any, ...]) -> tuple[Any, tuple[str, ...]]:
    return key[0], key[1:]
