"""FGL103: a loop in Python code over a live container that other request-time or background code changes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from flaskglobals_lint import facts as f
from flaskglobals_lint.checks import conflicts, known_keys, remedies
from flaskglobals_lint.finding import Finding, Severity
from flaskglobals_lint.link.atoms import ITEM
from flaskglobals_lint.link.program import Program
from flaskglobals_lint.link.summary import SORT, Iteration, Read, Write
from flaskglobals_lint.link.trees import walk
from flaskglobals_lint.remedy import Remedy, WalkCopy
from flaskglobals_lint.rule import by_code

if TYPE_CHECKING:
    from flaskglobals_lint.link.contexts import Access
    from flaskglobals_lint.link.paths import Place

RULE = by_code("FGL103")

_MOST_RELATED = 3
_MOST_CHANGES = 100
"""More only generated code has, where each loop would meet each change."""
_ACTS = (f.AugmentedAssign, f.Await, f.Delete, f.Evaluate, f.Try, f.With, f.Yield)
"""What does more than look at an item."""
_ELSEWHERE = (f.Await, f.Delete, f.Raise, f.Try, f.With, f.Yield)
"""What does more than collect."""
_RAISES = ("mapping", "set", "queue")
"""Containers whose loops raise if they change meanwhile."""
_CATCHES = frozenset({"BaseException", "Exception", "RuntimeError"})
_REACH_OUT = (
    "broadcast", "close", "commit", "delete", "emit", "execute", "kill", "notify", "post", "publish", "put", "send", "start", "stop",
    "submit", "write",
)  # fmt: skip
"""How methods begin that others see the effect of, whatever object they belong to."""

_ITEMS = ("del", "[…] =", ".setdefault()")
_ORDERED = (".append()", ".extend()", ".insert()", ".sort()", ".reverse()")
LIST_METHODS = (*_ORDERED, "+=")
_NO_MAPPING = (*_ORDERED, ".remove()")
"""Methods of lists that no dictionary has: what they are called on is none."""


def check(program: Program) -> Iterator[Finding]:
    """A finding for each loop, at its first context that somebody can come between."""
    seen: set[tuple[Any, ...]] = set()
    for access in program.reached.iterations:
        token = (access.function, access.record.pos)
        if token in seen or access.path[-1] == ".__dict__" or program.guarded_by_comment(access.path):
            continue
        changes = _changes(program, access)
        if changes:
            seen.add(token)
            yield _finding(program, access, changes)


def _changes(program: Program, access: Access) -> list[Access]:
    """Writes that change the container's structure while the loop runs, each line once."""
    kind = _kind(program, access)
    if kind == "value":
        return []
    found: dict[tuple[Any, ...], Access] = {}
    loop = access.record
    assert isinstance(loop, Iteration)
    if loop.via.startswith(SORT):
        return _beside_sort(program, access)
    deep = loop.via.startswith("copy.deepcopy")
    for other in program.reached.writes if deep else program.writes_at(access.place.key):
        write = other.record
        assert isinstance(write, Write)
        if deep and (other.place.key[: len(access.place.key)] != access.place.key or _in_list(program, other, write)):
            continue
        if other.locks & access.locks:
            continue
        if not _structural(write, other, access, kind) and not (kind == "mapping" and _creates(program, access, other)):
            continue
        if not _beside(access, other) or program.distinct(access, other):
            continue
        if program.once(known_keys.replaces, other.function, write):
            continue
        found.setdefault((other.function, write.pos), other)
        if len(found) == _MOST_CHANGES:
            break
    return sorted(found.values(), key=_clearest)


def _creates(program: Program, access: Access, other: Access) -> bool:
    """Whether a change of an item may make it first: ``groups[key].append(x)`` in a ``defaultdict(list)``."""
    container = program.types.container(program.paths.atoms(access.path))
    below = other.place.key[len(access.place.key) :]
    return (
        container is not None and container.creates and below[:1] == (ITEM,) and other.record.pos != access.record.pos
    )


def _in_list(program: Program, other: Access, write: Write) -> bool:
    """Whether a write changes a list: a copy of it never raises, and has the items of one moment or of the next."""
    if write.via in _NO_MAPPING and other.place.key[-1] != ITEM:
        return True
    changed = other.path[:-1] if write.via in (*_ITEMS, ".pop()") and other.path[-1].startswith("[") else other.path
    container = program.types.container(program.paths.atoms(changed))
    if container is not None:
        return container.kind in ("sequence", "list")
    return write.via in (".remove()", *LIST_METHODS)


def _clearest(access: Access) -> bool:
    """Removals and methods first: an item store may only replace what is there."""
    return isinstance(access.record, Write) and access.record.kind == "set"


def _beside_sort(program: Program, access: Access) -> list[Access]:
    """Whatever looks at or changes a list while ``sort`` with a Python key runs: the list is empty meanwhile."""
    found: dict[tuple[Any, ...], Access] = {}
    for other in (*program.writes_at(access.place.key), *program.reads.get(access.place.key, ())):
        record = other.record
        if other.locks & access.locks or record.pos[:2] == access.record.pos[:2] or not _beside(access, other):
            continue
        if isinstance(record, Write):
            # Another list under the same name is not the one being sorted.
            replaced = record.kind == "set" and len(other.place.key) == len(access.place.key)
        else:
            replaced = isinstance(record, Read) and record.kind == "load"
        if not replaced:
            found.setdefault((other.function, record.pos), other)
    return list(found.values())


def _kind(program: Program, access: Access) -> str:
    """mapping, set, list or, where nothing is known of it, any; value for what cannot change."""
    atoms = program.paths.atoms(access.path)
    container = program.types.container(atoms)
    if ("extinst", "collections.deque") in atoms:
        return "queue"
    kind: str = container.kind if container is not None else "any" if program.types.untold(atoms) else "value"
    kind = {"sequence": "list", "counter": "mapping"}.get(kind, kind)
    return "list" if kind in ("mapping", "any") and _used_as_list(program, access.place) else kind


def _used_as_list(program: Program, place: Place) -> bool:
    """Whether somebody calls a method that no mapping has; of items under unknown keys one may be a list, another none."""
    return place.key[-1] != ITEM and any(
        isinstance(write.record, Write) and write.record.via in _NO_MAPPING and write.place.key == place.key
        for write in program.writes_at(place.key)
    )


def _structural(write: Write, other: Access, access: Access, kind: str) -> bool:
    """Whether a write changes what a loop over the container walks along.

    A list only misbehaves when items are removed or inserted before the loop's position; appending to it does no harm. Of
    an unknown container, only what no list can do proves that the loop may fail.
    """
    depth = len(other.place.key) - len(access.place.key)
    last = str(other.place.key[-1])
    if depth == 0 and write.via in ("del", ".pop()") and last.startswith("["):
        # That removes the element from its container; the element itself stays as it is.
        return False
    if write.kind == "set" and last.startswith('["'):
        # A constant key names a field of a record: it is there from the start.
        return False
    if depth > 1:
        return True
    if depth == 1:
        if not last.startswith("["):
            return False
        if write.kind == "set":
            loop = access.record
            assert isinstance(loop, Iteration)
            return kind not in ("list", "any", "queue") or (kind == "any" and bool(loop.view))
        return write.kind == "delete"
    if kind == "list" or (kind == "any" and write.via in LIST_METHODS):
        return write.kind == "delete" or write.via == ".insert()"
    return write.kind in ("mutate", "delete")


def _beside(access: Access, other: Access) -> bool:
    """Whether the write can happen during the loop: one single background thread does not run beside itself."""
    return access.context.start.beside(other.context.start)


def _severity(program: Program, access: Access, kind: str) -> Severity:
    """A list never raises: what only counts, picks or collects, or looks for one of its items, is at worst a little off; what
    acts on each of its items leaves one out. Where the exception is caught, what the loop was for is not done that time."""
    loop = access.record
    assert isinstance(loop, Iteration)
    if kind != "list" or loop.via.startswith(SORT):
        return "warning" if kind in _RAISES and _caught(program, access) else RULE.severity
    return "info" if not loop.via.startswith("a for loop") or _only_looks(program, access) else "warning"


def _caught(program: Program, access: Access) -> bool:
    """Whether the function catches what the loop raises, and raises nothing itself then."""
    for node in walk(program.index.functions[access.function].facts.body):
        if isinstance(node, f.Try) and any(getattr(part, "pos", None) == access.record.pos for part in walk(node.body)):
            for handler in node.handlers:
                if handler.type is None or _CATCHES.intersection(
                    getattr(part, "name", "") for part in walk(handler.type)
                ):
                    return not any(isinstance(part, f.Raise) for part in walk(handler.body))
    return False


def _only_looks(program: Program, access: Access) -> bool:
    """Whether a loop does nothing but look for an item, where that is found it is left, or collect into objects that the
    function has for itself."""
    for node in walk(program.index.functions[access.function].facts.body):
        if isinstance(node, f.For) and node.pos == access.record.pos:
            parts = list(walk(node.body))
            ends = any(
                isinstance(part, f.Return) or (isinstance(part, f.Jump) and part.kind == "break") for part in parts
            )
            if not all(map(_keeps, parts)):
                return False
            return (ends and not any(isinstance(part, _ACTS) for part in parts)) or _collects(program, access, node)
    return False


def _collects(program: Program, access: Access, loop: f.For) -> bool:
    """Whether all that a loop does is to call methods of the function's own objects, and neither of the items nor of anything
    that others know."""
    parts = list(walk(loop.body))
    items = {part.name for part in walk(loop.target) if isinstance(part, f.Local)}
    for part in parts:
        if isinstance(part, f.Assign | f.For) and any(
            isinstance(used, f.Local) and used.name in items
            for used in walk(part.value if isinstance(part, f.Assign) else part.iterable)
        ):
            targets = part.targets if isinstance(part, f.Assign) else (part.target,)
            items.update(target.name for target in walk(targets) if isinstance(target, f.Local))
    function = program.index.functions[access.function]
    known = {parameter.name for parameter in function.facts.parameters[: function.facts.cls is not None]} | items
    inside = {part.pos for part in parts if isinstance(part, f.Placed)}
    if any(write.record.pos in inside and write.function == access.function for write in program.reached.writes):
        return False
    return not any(isinstance(part, _ELSEWHERE) for part in parts) and all(
        isinstance(called := getattr(part.value, "function", None), f.Attribute)
        and isinstance(called.value, f.Local)
        and called.value.name not in known
        and not called.name.startswith(_REACH_OUT)
        for part in parts
        if isinstance(part, f.Evaluate)
    )


def _keeps(part: f.Node) -> bool:
    """Whether a statement stores nothing but in variables of the function."""
    targets = part.targets if isinstance(part, f.Assign) else ()
    return all(isinstance(target, f.Local) or isinstance(getattr(target, "value", None), f.Local) for target in targets)


def _finding(program: Program, access: Access, changes: list[Access]) -> Finding:
    loop = access.record
    assert isinstance(loop, Iteration)
    place, context = access.place, access.context
    other = changes[0]
    kind = _kind(program, access)
    outcome = (
        "the list is empty while it is sorted"
        if loop.via.startswith(SORT)
        else {
            "list": "items are skipped or seen twice",
            "any": "RuntimeError, or items are skipped",
            "set": "RuntimeError: Set changed size during iteration",
            "queue": "RuntimeError: deque mutated during iteration",
        }.get(kind, "RuntimeError: dictionary changed size during iteration")
    )
    if kind in _RAISES and _caught(program, access):
        outcome += ", which is caught here: what the loop is for is not done that time"
    message = (
        f"{loop.via} walks `{place.label}` {conflicts.way_in(program, context)} while"
        f" `{program.name(other.function)}` ({program.file(other.function)}:{other.record.pos[0]}) can change it: {outcome}"
    )
    spans = [
        program.span(change.function, change.record.pos, f"changed here in `{program.name(change.function)}`")
        for change in changes[:_MOST_RELATED]
    ]
    for binding in program.definitions(access.path)[:1]:
        spans.append(program.span(binding.scope, binding.pos, "defined here"))
    items = "" if kind == "list" else ".items()"
    return Finding(
        RULE.code,
        RULE.name,
        _severity(program, access, kind),
        message[0].upper() + message[1:] if loop.via.startswith("a ") else message,
        program.span(access.function, loop.pos),
        place.symbol,
        program.qualified(access.function),
        (program.entry_point(context),),
        program.chain(context),
        tuple(spans),
        "high" if kind != "any" else "medium",
        None,
        f"walk over a copy made in one step, `list({place.label}{items})`, or hold one lock around the loop and every change",
        (
            f"request A starts to walk {place.label} (line {loop.pos[0]})",
            f"request B changes it ({program.file(other.function)}:{other.record.pos[0]})",
            f"A takes the next step: {outcome}",
        ),
        uninterrupted=loop.uninterrupted,
        remedies=_remedies(program, access, changes, kind),
    )


def _remedies(program: Program, access: Access, changes: list[Access], kind: str) -> tuple[Remedy, ...]:
    """Walk over a copy, or hold one lock around the loop and every change."""
    grows = any(change.function == access.function for change in changes) and kind == "list"
    copy = WalkCopy(program.file(access.function), access.record.pos, kind != "any", grows)
    return (copy, *remedies.together(program, [access, *changes]))
