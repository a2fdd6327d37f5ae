"""FGL501: state that must be one for all workers, kept in one process's memory."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from flaskglobals_lint.checks import conflicts, examples, lazies, request_data, writes
from flaskglobals_lint.finding import Finding
from flaskglobals_lint.link.program import Program, base_key
from flaskglobals_lint.link.summary import THREAD_ID, Write
from flaskglobals_lint.rule import by_code

if TYPE_CHECKING:
    from flaskglobals_lint.link.contexts import Access

RULE = by_code("FGL501")

_CHANGES = writes.ADDS | {
    "=", "[…] =", "+=", "-=", "*=", "|=", "&=", ".update()", ".setdefault()", ".subtract()",
    "del", ".pop()", ".popleft()", ".popitem()", ".remove()", ".clear()", ".discard()",
}  # fmt: skip
_TAKES = frozenset({"del", ".pop()", ".popleft()", ".popitem()", ".remove()", ".clear()", ".discard()"})


def check(program: Program) -> Iterator[Finding]:
    """A note for each place, where requests first write it; ``severity`` raises it where there are several workers."""
    groups: dict[tuple[Any, ...], list[Access]] = {}
    lazy = writes.decided_by_itself(program) | _caches(program)
    for access, write in writes.at_request_time(program):
        filled = write.kind == "set" and (access.function, write.pos) in lazy
        if _is_state(access, write) and not filled and not _kept_elsewhere(program, access):
            groups.setdefault(base_key(access.place), []).append(access)
    leaks = {(finding.span.path, finding.span.line) for finding in request_data.check(program)}
    for accesses in groups.values():
        ordered = sorted(accesses, key=lambda a: (_takes(a), program.file(a.function), a.record.pos))
        first = ordered[0]
        if any((program.file(a.function), a.record.pos[0]) in leaks for a in accesses):
            continue
        if not _takes(first) and (request_data.read_by_library(first) or _read(program, accesses)):
            yield _finding(program, first)


def _caches(program: Program) -> set[tuple[str, object]]:
    """Writes that fill what an early exit answers from."""
    return {
        (conflict.context.function, conflict.pair.write.pos)
        for conflict in program.reached.conflicts
        if conflict.pair.kind == "control" and lazies.answers_from_it(program, conflict)
    }


def _is_state(access: Access, write: Write) -> bool:
    """Whether it is data that is written – no client or thread, which each process needs of its own – and not in an object
    that stands in a table, where the table is the finding."""
    if len(access.path) > len(access.place.key) and writes.dynamic(access.path[: -len(access.place.key) or None]):
        return False
    if write.via not in _CHANGES or (access.path[0][0] == "lib" and not _environment(access)):
        return False
    return write.via != "=" or not write.refs or not all(writes.made(ref) in ("extinst", "conn") for ref in write.refs)


def _environment(access: Access) -> bool:
    return str(access.path[0][1]) == "os.environ"


def _kept_elsewhere(program: Program, access: Access) -> bool:
    """Whether the state belongs to a library's object – a client, a cache, a session – or to one thread."""
    record = access.record
    assert isinstance(record, Write)
    if access.context.flagged(record.key_flags) & THREAD_ID or writes.made_by_requests(program, access):
        return True
    for end in range(1, len(access.path)):
        for atom in program.paths.atoms(access.path[:end]):
            if atom[0] == "conn":
                return True
            if (
                atom[0] == "extinst"
                and not program.types.models.is_flask(atom[1])
                and program.types.models.container(atom[1]) is None
            ):
                return True
    return False


def _takes(access: Access) -> bool:
    record = access.record
    assert isinstance(record, Write)
    return record.via in _TAKES


def _read(program: Program, accesses: list[Access]) -> bool:
    """Whether a request reads what another one wrote: a look at the container, its length or an item will do."""
    positions = {(access.function, access.record.pos) for access in accesses}
    key = base_key(accesses[0].place)
    # To load a container is only the way to its items; to load a variable that is rebound is to read it.
    rebound = any(access.place.key == key and getattr(access.record, "kind", "") == "set" for access in accesses)
    reads = (*program.reads.get(key, ()), *program.loops.get(key, ()), *program.handed.get(key, ()))
    return any(
        access.context.start.runs == "request"
        and (getattr(access.record, "remote", None) or (access.function, access.record.pos)) not in positions
        and (rebound or len(access.place.key) > len(key) or getattr(access.record, "kind", "") != "load")
        for access in reads
    )


def _finding(program: Program, access: Access) -> Finding:
    label = program.paths.label(*_split(base_key(access.place)))
    where = conflicts.way_in(program, access.context)
    return writes.finding(
        program,
        RULE,
        RULE.severity,
        access,
        f"`{label}` is kept in the memory of one process and changed {where}; each further worker has a copy of its own",
        "keep it in a database, Redis or memcached, or run one worker process with several threads",
        (),
        (
            f"worker 1 changes its {label} (line {access.record.pos[0]})",
            f"a request that worker 2 answers reads worker 2's {label}: it is the old one",
        ),
        examples.in_redis(program, access, label),
    )


def _split(key: tuple[Any, ...]) -> tuple[Any, tuple[str, ...]]:
    return key[0], key[1:]
