"""FGL301: request- or user-specific data kept in process-wide state where another request reads it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from flaskglobals_lint import facts as f
from flaskglobals_lint.checks import conflicts, examples, own_data, writes
from flaskglobals_lint.finding import Finding, Severity
from flaskglobals_lint.link.atoms import NUMBERS
from flaskglobals_lint.link.paths import is_path
from flaskglobals_lint.link.program import Program, base_key
from flaskglobals_lint.link.summary import CONTENT, RANDOM, UNIQUE, Read, Write
from flaskglobals_lint.remedy import OwnDefault
from flaskglobals_lint.rule import by_code

if TYPE_CHECKING:
    from flaskglobals_lint.facts import Position
    from flaskglobals_lint.link.contexts import Access, Context
    from flaskglobals_lint.link.summary import Path

RULE = by_code("FGL301")

_CODE = re.compile(r"code|token|otp|pin\b|nonce|secret|passw", re.IGNORECASE)
_SETTING = re.compile(r"settings?|config|options?|preferences?|prefs", re.IGNORECASE)
_READ_BY_FLASK = frozenset({".config", ".jinja_env", ".permanent_session_lifetime", ".secret_key"})
_PERSONAL = re.compile(
    r"user|account|client|customer|owner|patient|student|person|player|visitor|guest|member|sender|author|email|phone|\bid\b|_id\b|uid"
    r"|code|token|otp|pin\b|nonce|score|balance|amount|price|total|salary|age\b|weight|height|result|answer|predict|choice|vote",
    re.IGNORECASE,
)
"""What a number is called that belongs to somebody."""
_STEERS = re.compile(
    r"volume|speed|velocity|bright|contrast|saturation|angle|pitch|tilt|zoom|throttle|steering|temperature|fps|frame_?rate"
    r"|bit_?rate|quality|gain|interval|timeout|delay|threshold",
    re.IGNORECASE,
)
"""What a value is called by which a device or the program goes for everybody."""
_MANY_ATTRIBUTES = 10
_ONE_USER = "; so do many attributes of that object, as a tool for one user may mean it"
_SAVES = frozenset({"save", "commit", "persist", "store", "flush", "dump", "sync", "write"})
_PRUNES = frozenset({"=", "del", ".pop()", ".popleft()", ".remove()", ".clear()", ".discard()"})
_STORES = frozenset({"=", "[…] =", ".setdefault()", "()"})


def check(program: Program) -> Iterator[Finding]:
    """A finding for each such write; for a mutable default argument one at the parameter, too."""
    found: dict[tuple[Any, ...], Finding] = {}
    pruned: dict[tuple[Any, ...], list[Access]] = {}
    for access in program.reached.writes:
        if isinstance(access.record, Write) and access.record.via in _PRUNES:
            pruned.setdefault(access.place.key, []).append(access)
            if access.record.kind == "delete" and str(access.place.key[-1]).startswith("["):
                pruned.setdefault(access.place.key[:-1], []).append(access)
    beside: set[tuple[Any, ...]] = set()
    held: dict[tuple[str, Any], tuple[Any, ...]] = {}
    told: set[tuple[Any, ...]] = set()
    counts, lazy = program.once(writes.depends_on_itself), writes.decided_by_itself(program)
    handed_back = program.once(writes.handed_back)
    for access, write in writes.at_request_time(program):
        token = (access.function, write.pos)
        if (
            (access.function, access.place.key) in told
            or (program.file(access.function), write.pos) in found
            or not _keeps(write)
            or token in counts
            or (access.context.parent is not None and (access.context.parent.function, token) in handed_back)
            or (write.kind == "set" and token in lazy)
            or writes.dynamic(access.path)
            or not (writes.from_request(access, write.flags) or _one_time(access, write) or _diverts(program, access))
            or _administers(program, access.context)
            or _saved(program, access)
            or writes.runs(program, write)
        ):
            continue
        reader = next(_readers(program, access), None)
        if reader is None and not read_by_library(access):
            continue
        made = _finding(program, access, write, reader, _severity(program, access, write, pruned))
        found[program.file(access.function), write.pos] = made
        held[program.file(access.function), write.pos] = access.place.key
        beside.add((access.function, access.place.key[:-1]))
        told.add((access.function, access.place.key))
        default = _default(program, access, made)
        if default is not None:
            found[program.file(access.function), write.pos] = replace(made, remedies=default.remedies)
            found.setdefault((default.span.path, default.span.line), default)
    for access, write in writes.at_request_time(program):
        key = (program.file(access.function), write.pos)
        if (access.function, access.place.key) in told or key in found:
            continue
        if (access.function, access.place.key[:-1]) in beside and _flag(program, access, write):
            reader = next(_readers(program, access), None)
            if reader is not None:
                found[key] = _finding(program, access, write, reader, RULE.severity)
    several = _for_one_user(held)
    for key, one in found.items():
        yield replace(one, severity="info", message=one.message + _ONE_USER) if key in several else one


def _for_one_user(held: dict[tuple[str, Any], tuple[Any, ...]]) -> set[tuple[str, Any]]:
    """Of writes, by the keys of their places, those into an object that keeps what requests say in so many attributes that it
    is the state of the whole application: a tool that one person uses."""
    attributes: dict[tuple[Any, ...], set[tuple[Any, ...]]] = {}
    for key in held.values():
        if str(key[-1]).startswith("."):
            attributes.setdefault(key[:-1], set()).add(key)
    return {at for at, key in held.items() if len(attributes.get(key[:-1], ())) >= _MANY_ATTRIBUTES}


def _flag(program: Program, access: Access, write: Write) -> bool:
    """Whether it is set to one constant here and to another one elsewhere in the function, and by no other code: to what this
    request is like."""
    if not write.constant or write.via != "=" or writes.dynamic(access.path):
        return False
    others = [other for other in program.writes_at(access.place.key) if other.record.pos != write.pos]
    return any(isinstance(o.record, Write) and o.record.control != write.control for o in others) and all(
        other.function == access.function and isinstance(other.record, Write) and other.record.constant
        for other in others
    )


def _one_time(access: Access, write: Write) -> bool:
    """Whether it is a code or token made for one user."""
    made = access.context.flagged(write.flags) & (RANDOM | UNIQUE)
    return bool(made and _CODE.search(access.place.label.split(".")[-1]))


def _diverts(program: Program, access: Access) -> bool:
    """Whether it takes something from all other requests for a while, whatever it is set to: the standard output."""
    state = program.types.models.process_state(access.path[0][1]) if access.path[0][0] == "lib" else None
    return state is not None and state.use == "context"


def read_by_library(access: Access) -> bool:
    """Whether Flask, an extension or a library reads it: no code of the project needs to. What the project has put under a key
    of its configuration only the project knows."""
    key = access.place.key
    own = key[1:2] == (".config",) and len(key) > 3
    return access.path[0][0] == "lib" or (key[0] == ("app",) and len(key) > 1 and key[1] in _READ_BY_FLASK and not own)


def _keeps(write: Write) -> bool:
    """Whether the write leaves its value where it can be told from others: stored, or put into a list or set."""
    return write.via in _STORES if write.kind == "set" else write.via in writes.ADDS


def _readers(program: Program, access: Access) -> Iterator[Access]:
    if access.path[0][0] == "lib":
        return
    yield from writes.readers(program, access)
    for end in range(1, len(access.path)):
        place = program.paths.place(access.path[:end])
        if place is not None:
            yield from (use for use in program.uses.get(place.key, ()) if use.record.pos != access.record.pos)


def _administers(program: Program, context: Context) -> bool:
    """Whether the view is for administrators: what they set is meant for everybody."""
    if "/admin" in context.start.detail:
        return True
    decorators = (name for fid in context.chain for name in program.types.names.decorator_names(fid))
    return any("admin" in name.lower() for name in decorators)


def _saved(program: Program, access: Access) -> bool:
    """Whether the object is saved afterwards, in the same function or by whoever called it: settings for everybody, kept in
    a file or database."""
    for inner, after in _way_back(access):
        for edge in program.evaluator.summary(inner.function, inner.constants).edges:
            if edge.pos < after or edge.callee not in program.index.functions or not edge.arguments:
                continue
            name = program.index.functions[edge.callee].facts.name
            if name.strip("_").split("_")[0] in _SAVES and any(
                len(path) < len(access.path) and access.path[: len(path)] == path
                for path in _shared(edge.arguments[0], inner)
            ):
                return True
    return False


def _way_back(access: Access) -> Iterator[tuple[Context, Position]]:
    """The function of an access and those that have called it, each with the position that it goes on from."""
    inner: Context | None = access.context
    after = access.record.pos
    while inner is not None:
        yield inner, after
        after, inner = inner.pos or after, inner.parent


def _shared(refs: tuple[Any, ...], context: Context) -> Iterator[Path]:
    """Paths in terms of the whole program: below a parameter, those below what the caller gave."""
    for path in filter(is_path, refs):
        if path[0][0] != "p":
            yield path
        elif path[0][1] == context.function and path[0][2] < len(context.arguments):
            yield from (given + path[1:] for given in context.arguments[path[0][2]] if is_path(given))


def _severity(program: Program, access: Access, write: Write, pruned: dict[tuple[Any, ...], list[Access]]) -> Severity:
    """What is put into a list or set beside the data of others, or called a setting, is often meant for all, and most
    likely so where the list is cared for; not where each request empties it before."""
    if write.kind != "set":
        prunings = pruned.get(access.place.key, ())
        afresh = bool(prunings) and all(_emptied(program, one, access) for one in prunings)
        return "warning" if afresh or (not prunings and _looks_again(program, access)) else "info"
    if _sets_up(program, access.context) and not read_by_library(access):
        return "info"
    if _SETTING.search(access.place.label):
        return "warning"
    return "info" if _adjusts(program, access, write) else RULE.severity


def _sets_up(program: Program, context: Context) -> bool:
    """Whether a view, and not a hook of all requests, is there to change settings."""
    if context.start.kind == "hook":
        return False
    view = program.index.functions[context.chain[0]].facts.name
    return any(_SETTING.search(name) for name in (context.start.detail, view))


def _looks_again(program: Program, access: Access) -> bool:
    """Whether the code that adds to a container also looks at what is in it, as if only its own request had added there."""
    key = base_key(access.place)
    looks = [
        look
        for look in (*program.loops.get(key, ()), *program.handed.get(key, ()))
        if look.place.key == access.place.key  # and not what has just been put in
    ]
    looks += [
        read for read in program.reads.get(key, ()) if isinstance(read.record, Read) and read.record.kind != "load"
    ]
    return any(
        look.function == inner.function and look.record.pos > after
        for inner, after in _way_back(access)
        for look in looks
    )


def _emptied(program: Program, pruning: Access, access: Access) -> bool:
    """Whether the same function empties the list or set before it puts something in, and not because it is full; to leave
    some items out is not to empty it."""
    own, write = pruning.record, access.record
    if pruning.function != access.function or not (isinstance(own, Write) and isinstance(write, Write)):
        return False
    asked = writes.reads_behind(program, access.context, own.branch)
    kept = writes.reads_behind(program, access.context, own.values)
    full = any(read.path == own.path and read.kind in CONTENT for read in (*asked, *kept))
    return own.pos < write.pos and own.via in ("=", ".clear()") and not full


def _adjusts(program: Program, access: Access, write: Write) -> bool:
    """Whether something is set for others to go by – the speed of a motor, the limit of a cache – and not kept for this
    request: it is called so, or it is a number and the function that sets it does not read it again."""
    if _STEERS.search(access.place.label.split(".")[-1]):
        return True
    atoms = [atom for atom in program.paths.atoms(access.path) if atom != ("const", "none")]
    if not atoms or not NUMBERS.issuperset(atoms) or _PERSONAL.search(access.place.label.split(".")[-1]):
        return False
    reads = program.evaluator.summary(access.function, access.context.constants).reads
    return not any(read.path == write.path and read.pos > write.pos for read in reads)


def _finding(program: Program, access: Access, write: Write, reader: Access | None, severity: Severity) -> Finding:
    label, where = access.place.label, conflicts.way_in(program, access.context)
    state = program.types.models.process_state(access.path[0][1]) if access.path[0][0] == "lib" else None
    related: tuple[Any, ...] = ()
    line = f"line {write.pos[0]}"
    if state is not None:
        message = f"`{label}` is set to data of one request {where}; {state.why}"
        seen = f"request A goes on with B's {label}"
    elif reader is None:
        message = f"data of one request is kept in `{label}`, which all requests share and Flask or an extension reads, {where}"
        seen = f"Flask or an extension handles A's request with B's {label}"
    else:
        name = program.name(reader.function)
        message = f"data of one request is kept in `{label}`, which all requests share, {where}; `{name}` reads it in another request"
        related = (program.span(reader.function, reader.record.pos, f"read in `{name}`"),)
        seen = f"request A reads B's data (`{name}`, line {reader.record.pos[0]})"
    return writes.finding(
        program,
        RULE,
        severity,
        access,
        message,
        state.remedy
        if state is not None
        else "keep it in `flask.g` or pass it on as an argument; what must outlive the request belongs to the session or a database",
        related,
        (f"request A writes its data to {label} ({line})", f"request B writes its own ({line})", seen),
        examples.per_request(program, access, reader) if state is None else (),
        own_data.in_g(program, access),
    )


def _default(program: Program, access: Access, made: Finding) -> Finding | None:
    """The same finding at the parameter whose default all calls share."""
    root = access.path[0]
    if root[0] != "v":
        return None
    function = program.index.functions[root[1]]
    at = program.types.parameter_index(function, root[2])
    if at < 0 or not isinstance(function.facts.parameters[at].default, f.Display):
        return None
    span = program.span(root[1], function.facts.parameters[at].pos)
    message = f"the default of `{root[2]}` is made once and kept for all calls; data of one request stays in it, {conflicts.way_in(program, access.context)}"
    return Finding(
        RULE.code, RULE.name, made.severity, message, span, made.symbol, program.qualified(root[1]),
        made.entry_points, made.chain, (made.span,), made.confidence, None,
        f"use `{root[2]}=None` and make the object in the function", made.steps,
        remedies=(OwnDefault(span.path, (span.line, span.column, span.end_line, span.end_column)),),
    )  # fmt: skip
