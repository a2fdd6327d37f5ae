"""How many threads run what is handed to them: executors with one worker, threads that a loop starts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from msgspec.structs import replace

from flaskglobals_lint import facts as f
from flaskglobals_lint.link.atoms import BASE
from flaskglobals_lint.link.trees import blocks, walk

if TYPE_CHECKING:
    from flaskglobals_lint.link.index import CallSite, ScopeId
    from flaskglobals_lint.link.types import Types
    from flaskglobals_lint.models import EntryCall

_ONE_AT_A_TIME = frozenset({"is_alive", "join"})
"""Calls in a loop that wait for its thread, or look whether it has ended."""


def registered(types: Types, call: f.Call, scope: ScopeId, registers: EntryCall) -> EntryCall:
    """What becomes of a function that this call hands to a thread: tasks of an executor with one worker run one after the
    other, each executor's on a lane."""
    function = call.function
    if registers.entry.kind != "thread" or not isinstance(function, f.Attribute):
        return registers
    for slot in types.slots_of(function.value, scope):
        made = [binding.value for binding in types.bindings(slot) if binding.how == "is"] if len(slot) == BASE else []
        if len(made) == 1 and isinstance(made[0], f.Call) and _has_one_worker(made[0]):
            return replace(registers, entry=replace(registers.entry, repeated=False, lane=f"executor {slot[:BASE]!r}"))
    return registers


def _has_one_worker(made: f.Call) -> bool:
    for at, argument in enumerate(made.arguments):
        if argument.keyword in ("max_workers", "processes") or (at == 0 and argument.keyword is None):
            return isinstance(argument.value, f.Constant) and argument.value.text == "1"
    return False


def repeated(types: Types, site: CallSite, registers: EntryCall) -> bool:
    """Whether what the call registers runs beside itself: a task of an executor does, unless it is handed over once, by a
    constructor or a module's own code, or awaited at once."""
    entry = registers.entry
    if entry.kind != "thread":
        return entry.repeated
    if _awaited(types, site):
        return False
    if entry.repeated and registers.passes == "rest" and _runs_once(site.scope):
        return any(node is site.call for loop in _loops(types, site) for node in walk(loop))
    return entry.repeated or _in_loop(types, site)


def _awaited(types: Types, site: CallSite) -> bool:
    """Whether the coroutine that makes the call waits for what it has started: the next one comes after this one."""
    function = types.index.functions.get(site.scope)
    if function is None or not function.facts.is_async:
        return False
    return any(isinstance(node, f.Await) and node.value is site.call for node in walk(function.facts.body))


def _runs_once(scope: ScopeId) -> bool:
    """Whether it is the code of a module or of a constructor."""
    return scope.endswith((":", ".__init__"))


def _loops(types: Types, site: CallSite) -> Iterator[f.For | f.While | f.Comprehension]:
    """The loops in the code that a call stands in."""
    function = types.index.functions.get(site.scope)
    body = function.facts.body if function is not None else types.index.module_of(site.scope).input.facts.body
    return (node for node in walk(body) if isinstance(node, f.For | f.While | f.Comprehension))


def made_in_loop(types: Types, cid: ScopeId) -> bool:
    """Whether a loop makes objects of a thread's class, and waits for none of them."""
    sites = types.index.calls.get(types.index.classes[cid].facts.name, ())
    return any(("class", cid) in types.of(site.call.function, site.scope) and _again(types, site, []) for site in sites)


def _in_loop(types: Types, site: CallSite) -> bool:
    """Whether a loop makes a call again and again for one and the same function, and waits for none of the threads."""
    targets = [argument.value for argument in site.call.arguments if argument.keyword == "target"]
    return bool(targets) and _again(types, site, targets)


def _again(types: Types, site: CallSite, targets: list[f.Expression]) -> bool:
    """Whether a loop runs a call again and again that does not take its ``targets`` from the loop."""
    for loop in _loops(types, site):
        inside = list(walk(loop))
        if not any(node is site.call for node in inside):
            continue
        calls = [node.function for node in inside if isinstance(node, f.Call)]
        if any(isinstance(called, f.Attribute) and called.name in _ONE_AT_A_TIME for called in calls):
            continue
        if any(_leaves_after(block, site.call) for node in inside for block in blocks(node)):
            continue
        bound = {_name(node) for part in inside for node in _bound(part)}
        if not any(_name(node) in bound for target in targets for node in walk(target)):
            return True
    return False


def _leaves_after(block: tuple[f.Statement, ...], call: f.Call) -> bool:
    """Whether the statements that follow the one with the call end the loop."""
    for at, statement in enumerate(block):
        if any(node is call for node in walk(statement)):
            later = block[at + 1 :]
            return any(
                isinstance(s, f.Return | f.Raise) or (isinstance(s, f.Jump) and s.kind == "break") for s in later
            )
    return False


def _bound(node: f.Node) -> list[f.Node]:
    """What a loop's head or an assignment binds."""
    match node:
        case f.For(target=target) | f.Clause(target=target):
            return list(walk(target))
        case f.Assign(targets=targets):
            return list(targets)
    return []


def _name(node: f.Node) -> str | None:
    return node.name if isinstance(node, f.Local | f.Global | f.Free) else None
