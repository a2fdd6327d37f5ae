"""What a registration hands on to the function that it registers: ``Thread(args=…)``, ``partial(f, …)``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flaskglobals_lint import facts as f
from flaskglobals_lint.link.index import FunctionIndex, ScopeId, last_name
from flaskglobals_lint.link.trees import walk
from flaskglobals_lint.models.entrypoints import Entry, EntryCall

if TYPE_CHECKING:
    from flaskglobals_lint.link.atoms import Atom
    from flaskglobals_lint.link.types import Types

FRESH = ("fresh",)
"""Stands for something given that no one else has."""

PARTIAL = EntryCall(Entry("callback", "request", False), (0,), (), "rest")
"""How ``functools.partial`` passes on what it is given."""


def positional(call: f.Call, registers: EntryCall) -> list[f.Expression]:
    """The positional arguments of the registered function; ``Timer(5, f, [a])`` has them in a list."""
    plain = [argument.value for argument in call.arguments if argument.keyword is None]
    later = plain[registers.positions[0] + 1 :] if registers.positions else []
    if registers.passes == "rest":
        return later
    if registers.passes != "args":
        return []
    named = [argument.value for argument in call.arguments if argument.keyword == "args"]
    for value in (*named, *later):
        if isinstance(value, f.Display) and value.kind in ("tuple", "list"):
            return list(value.values)
    return []


def passed_on(
    function: FunctionIndex, call: f.Call, registers: EntryCall, first: int
) -> list[tuple[int, f.Expression]]:
    """What the call passes the registered function: the index of a parameter, from ``first`` on, and the value."""
    indexes = range(first, len(function.facts.parameters))
    return [*zip(indexes, positional(call, registers), strict=False), *_keywords(function, call, registers)]


def _keywords(function: FunctionIndex, call: f.Call, registers: EntryCall) -> list[tuple[int, f.Expression]]:
    """``Thread(target=f, kwargs={"name": value})``, ``spawn(f, name=value)``"""
    names = {parameter.name: at for at, parameter in enumerate(function.facts.parameters)}
    if registers.passes == "rest":
        own = registers.keywords
        return [(names[a.keyword], a.value) for a in call.arguments if a.keyword in names and a.keyword not in own]
    if registers.passes != "args":
        return []
    return [
        (names[key.text], value)
        for argument in call.arguments
        if argument.keyword == "kwargs" and isinstance(argument.value, f.Display) and argument.value.kind == "dict"
        for key, value in zip(argument.value.keys, argument.value.values, strict=True)
        if isinstance(key, f.Constant) and key.text in names
    ]


def is_partial(node: f.Expression) -> bool:
    """``partial(f, …)``"""
    return isinstance(node, f.Call) and last_name(node.function) == "partial" and bool(node.arguments)


def handed_over(
    types: Types, target: Atom, call: f.Call, scope: ScopeId, registers: EntryCall, value: f.Expression
) -> tuple[tuple[Any, ...], ...]:
    """References for the parameters of a registered function: the shared objects that the call gives a thread's function,
    and what ``value``, the function as it is written there, holds for it."""
    thread, held = registers.entry.runs != "request", is_partial(value)
    if not (thread or held):
        return ()
    function = types.index.functions[target[1]]
    parameters = function.facts.parameters
    given: list[tuple[Any, ...]] = [() for _ in parameters]
    at = 0
    if target[0] == "bound" and given:
        given[0], at = ((target[2],),) if target[2][0] == "inst" else (), 1
    values: list[f.Expression] = []
    slots: list[tuple[int, f.Expression]] = []
    if held:
        assert isinstance(value, f.Call)
        names = {parameter.name: at for at, parameter in enumerate(parameters)}
        values = [argument.value for argument in value.arguments[1:] if argument.keyword is None]
        slots = [(names[a.keyword], a.value) for a in value.arguments if a.keyword in names]
    if thread:
        slots += passed_on(function, call, registers, at + len(values))
    slots += zip(range(at, len(given)), values, strict=False)
    for at, one in slots:
        refs = _shared(types, one, scope)
        given[at] = refs or ((FRESH,) if held else ())
    return tuple(given)


def _shared(types: Types, value: f.Expression, scope: ScopeId) -> tuple[Any, ...]:
    """What an argument refers to: an instance, or an object that a variable or attribute holds."""
    atoms = types.expand(types.of(value, scope))
    if _own(types, value, scope):
        return ()
    instances = tuple((atom,) for atom in atoms if atom[0] == "inst")
    if instances or not any(atom[0] in ("cont", "extinst", "conn") for atom in atoms):
        return instances[:2]
    found: list[Any] = []
    for slot in types.slots_of(value, scope):
        if slot[0] == "a":
            found.append((("inst", slot[1]), f".{slot[2]}", *slot[3:]))
        elif slot[0] in ("g", "v"):
            found.append((slot[:3], *slot[3:]))
    return tuple(found[:2])


def _own(types: Types, value: f.Expression, scope: ScopeId) -> bool:
    """Whether a function makes an object for what it starts, and for nobody else: in the call, or as a variable that it
    gives nothing else and keeps nowhere."""
    function = types.index.functions.get(scope)
    if function is None or function.facts.name == "__init__":
        return False
    if isinstance(value, f.Call):
        return any(atom[0] == "class" for atom in types.of(value.function, scope))
    if not isinstance(value, f.Local):
        return False
    made = [binding.value for binding in types.bindings(("v", scope, value.name))]
    if not made or not all(isinstance(one, f.Call) and _own(types, one, scope) for one in made):
        return False
    parts = list(walk(function.facts.body))
    asked = {id(part.value) for part in parts if isinstance(part, f.Attribute)}
    bound = {id(target) for part in parts if isinstance(part, f.Assign) for target in part.targets}
    uses = [part for part in parts if isinstance(part, f.Local) and part.name == value.name]
    return len([one for one in uses if id(one) not in asked | bound]) == 1
