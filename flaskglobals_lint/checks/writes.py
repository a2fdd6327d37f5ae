"""Request-time writes of shared places, and who reads what they leave: common to the rules about single writes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from flaskglobals_lint.checks import conflicts
from flaskglobals_lint.finding import Finding, Severity, Span
from flaskglobals_lint.link.program import base_key
from flaskglobals_lint.link.summary import THREAD_ID, TOLD, UNMADE, Read, Write

if TYPE_CHECKING:
    from flaskglobals_lint.link.contexts import Access, Context
    from flaskglobals_lint.link.program import Program
    from flaskglobals_lint.link.summary import Path
    from flaskglobals_lint.models import Store
    from flaskglobals_lint.remedy import Remedy
    from flaskglobals_lint.rule import Rule

ADDS = frozenset({".append()", ".appendleft()", ".extend()", ".extendleft()", ".insert()", ".add()"})
"""How a list or set gets a new member."""

HANDLES = ("threading.", "subprocess.", "concurrent.futures.", "multiprocessing.", "gevent.", "eventlet.", "asyncio.")
"""Modules whose objects are something that runs, not data."""


def at_request_time(program: Program) -> Iterator[tuple[Access, Write]]:
    """Writes that requests make, except under keys that name a thread."""
    for access in program.reached.writes:
        record = access.record
        if access.context.start.runs == "request" and isinstance(record, Write) and not record.key_flags & THREAD_ID:
            yield access, record


def from_request(access: Access, flags: int) -> bool:
    """Whether a value or key derives from the request, in the context of this access."""
    return bool(access.context.flagged(flags) & TOLD)


def dynamic(steps: tuple[object, ...]) -> bool:
    """Whether a path leads through an item whose key the code does not fix: each user or object has one of its own."""
    return "[]" in steps


def made(ref: Any) -> str:
    """What kind of object a function made itself: of a class of the project (inst) or of a library (extinst, conn)."""
    return str(ref[0][2][0]) if ref[0][0] == "new" and len(ref) == 1 else ""


def reads_behind(program: Program, context: Context, deps: int) -> Iterator[Read]:
    """The reads that dependency bits of the context's function stand for."""
    function = program.index.functions.get(context.function)
    first = len(function.facts.parameters) if function is not None else 0
    for at, read in enumerate(program.evaluator.summary(context.function, context.constants).reads):
        if deps >> first >> at & 1:
            yield read


def store_of(program: Program, path: Path) -> Store | None:
    """The keyed store that a path leads to an item of: a cache's, Redis's."""
    for atom in program.paths.atoms(path[:-1]) if len(path) > 1 else ():
        dotted = atom[1] if atom[0] == "extinst" else atom[2] if atom[0] == "conn" else ""
        found = program.types.models.store(dotted) if dotted else None
        if found is not None:
            return found
    return None


def runs(program: Program, write: Write) -> bool:
    """Whether what is stored is a thread, a process or a task, which a request has started and others may ask for."""
    atoms = [ref[0][2] for ref in write.refs if made(ref)]
    return bool(atoms) and all(
        name.startswith(HANDLES)
        for atom in atoms
        for name in (program.types.names.external_bases(atom[1]) or [""] if atom[0] == "inst" else [str(atom[-1])])
    )


def made_by_requests(program: Program, access: Access) -> bool:
    """Whether the object is one of a library's subclass, such as a log handler, of which only requests make any."""
    if access.path[0][0] != "inst":
        return False
    cid = access.path[0][1]
    scopes = {site.scope for site in program.index.calls.get(program.index.classes[cid].facts.name, ())}
    return bool(scopes and program.types.names.external_bases(cid)) and scopes <= program.serving


def stored_back(access: Access, write: Write) -> bool:
    """Whether a caller gives the function what it has got from that very place: ``save(item)`` after ``item = load(key)``."""
    context = access.context
    return any(
        access.path in context.arguments[ref[0][2]]
        for ref in write.refs
        if len(ref) == 1 and ref[0][:2] == ("p", context.function) and ref[0][2] < len(context.arguments)
    )


def depends_on_itself(program: Program) -> set[tuple[str, object]]:
    """Writes whose value is made of what was there before: counts and sums."""
    return {
        (conflict.context.function, conflict.pair.write.pos)
        for conflict in program.reached.conflicts
        if conflict.pair.kind == "value" and conflict.pair.read.kind not in UNMADE
    }


def handed_back(program: Program) -> set[tuple[str, object]]:
    """Writes in a callee whose value a caller made of what was there before: the caller, and the write."""
    return {
        (conflict.context.function, conflict.pair.write.remote)
        for conflict in program.reached.conflicts
        if conflict.pair.kind == "value" and conflict.pair.write.remote is not None
    }


def decided_by_itself(program: Program) -> set[tuple[str, object]]:
    """Writes in a branch that is taken only where the place was found empty or different: lazy values, caches. The branch
    may be a caller's."""
    found: set[tuple[str, object]] = set()
    for conflict in program.reached.conflicts:
        write = conflict.pair.write
        if conflict.pair.kind != "control" or conflict.pair.early:
            continue
        function, pos = write.remote or (conflict.context.function, write.pos)
        found.add((function, pos))
        if write.remote is not None:
            # One write of a callee stands for its others of that place.
            others = program.writes.get(base_key(conflict.place), ())
            found.update(
                (a.function, a.record.pos) for a in others if a.function == function and a.place == conflict.place
            )
    return found


def readers(program: Program, written: Access) -> Iterator[Access]:
    """Request-time accesses that show what this write left: reads of just that variable, attribute or item, and of
    whole containers or objects that it lies in."""
    key, write = written.place.key, written.record
    assert isinstance(write, Write)
    member = write.kind == "mutate"
    for access in program.reads.get(base_key(written.place), ()):
        read = access.record
        if access.context.start.runs != "request" or not isinstance(read, Read):
            continue
        if (read.kind == "load" and not member and access.place.key == key) or (
            read.kind == "element" and _shows(access.place.key, key, member)
        ):
            yield access
    for access in (*program.handed.get(base_key(written.place), ()), *program.loops.get(base_key(written.place), ())):
        if access.context.start.runs == "request" and key[: len(access.place.key)] == access.place.key:
            yield access


def _shows(read: tuple[object, ...], written: tuple[object, ...], member: bool) -> bool:
    """Whether an item that was read can be the one written, lie below it, or be a member that was added."""
    if member:
        return read[: len(written)] == written and len(read) > len(written)
    if len(read) < len(written):
        return False
    return all(one == other or one == "[]" for one, other in zip(read, written, strict=False))


def finding(
    program: Program,
    rule: Rule,
    severity: Severity,
    access: Access,
    message: str,
    suggestion: str,
    related: tuple[Span, ...] = (),
    steps: tuple[str, ...] = (),
    example: tuple[str, ...] = (),
    remedies: tuple[Remedy, ...] = (),
) -> Finding:
    """A finding at a request-time access of a place."""
    context = access.context
    definitions = tuple(
        program.span(binding.scope, binding.pos, "defined here") for binding in program.definitions(access.path)[:1]
    )
    return Finding(
        rule.code,
        rule.name,
        severity,
        message,
        program.span(context.function, access.record.pos),
        access.place.symbol,
        program.qualified(context.function),
        conflicts.entry_points(program, (context,)),
        program.chain(context),
        (*related, *definitions),
        "high" if len(context.chain) == 1 else "medium",
        None,
        suggestion,
        steps,
        example=example,
        remedies=remedies,
    )
