"""What a call gives a function's parameters, and what of the function the caller can tell by that."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flaskglobals_lint import facts as f
from flaskglobals_lint.link import keywords
from flaskglobals_lint.link.frame import NOT_GIVEN, Frame, merge
from flaskglobals_lint.link.paths import is_path
from flaskglobals_lint.link.summary import UNSEEN, Path, Value

if TYPE_CHECKING:
    from flaskglobals_lint.link.index import FunctionIndex, ScopeId

MOST_PATHS = 3
NOTHING = Value()
DISPLACES = ("given",)
"""Stands for an argument that takes the place of a parameter's mutable default."""
ANYTHING: list[Value] = []
"""The arguments of a call that a library makes: nobody knows them."""


def arguments(frame: Frame, fid: ScopeId, node: f.Call, values: list[Value], receiver: Value | None) -> list[Value]:
    """The values that a call gives each parameter of a function."""
    parameters = frame.types.index.functions[fid].facts.parameters
    unknown = values is ANYTHING or any(argument.star == 1 for argument in node.arguments)
    spread: frozenset[str] = frozenset()
    for argument in node.arguments:
        if argument.star == 2:
            keys = keywords.passed(frame.types, argument.value, frame.scope)
            unknown, spread = unknown or keys is None, spread | (keys or frozenset())
    given = [NOTHING if unknown or parameter.name in spread else NOT_GIVEN for parameter in parameters]
    at = 0
    if receiver is not None and given:
        given[0], at = receiver, 1
    by_name = {parameter.name: index for index, parameter in enumerate(parameters)}
    rest = next((i for i, p in enumerate(parameters) if p.kind == "*"), -1)
    others = next((i for i, p in enumerate(parameters) if p.kind == "**"), -1)
    for argument, value in zip(node.arguments, values, strict=True):
        if argument.keyword is not None:
            index = by_name.get(argument.keyword, others)
        elif argument.star:
            index = others if argument.star == 2 else rest
        else:
            index = at if at < len(parameters) and parameters[at].kind == "positional" else rest
            at += 1
        if 0 <= index < len(given):
            kept = value if parameters[index].kind not in ("*", "**") else Value((), value.deps, value.flags)
            given[index] = kept if given[index] in (NOTHING, NOT_GIVEN) else merge(given[index], kept)
    return given


def passed(value: Value, parameter: f.Parameter) -> tuple[Any, ...]:
    """References of an argument; marked where it takes the place of a default that all calls share."""
    refs = value.refs[:MOST_PATHS]
    given = isinstance(parameter.default, f.Display) and value is not NOT_GIVEN and value is not NOTHING
    return (*refs, DISPLACES) if given else refs


def seen_key(key: str, function: FunctionIndex, given: list[Value]) -> str:
    """A callee's key as the caller writes it; UNSEEN for one that only the callee knows."""
    if not key or key == UNSEEN or key.startswith("="):
        return key
    for at, parameter in enumerate(function.facts.parameters):
        if parameter.name == key:
            return given[at].key or UNSEEN
    return UNSEEN


def closure(fid: ScopeId, given: list[Value]) -> list[Any]:
    """What a nested function remembers of its maker's arguments: functions and classes."""
    return [
        (fid, at, ref)
        for at, value in enumerate(given)
        for ref in value.refs[:2]
        if not is_path(ref) and ref[0] in ("func", "bound", "class", "inst")
    ]


def substitute(path: Path, fid: ScopeId, given: list[Value]) -> list[Path]:
    """A path of the callee in terms of the caller."""
    root = path[0]
    if root[0] != "p" or root[1] != fid:
        return [path]
    found: list[Path] = []
    for ref in given[root[2]].refs[:MOST_PATHS] if root[2] < len(given) else ():
        if is_path(ref):
            found.append(ref + path[1:])
        elif ref[0] == "class":
            found.append((("k", ref[1]), *path[1:]))
        elif ref[0] == "func":
            found.append((("fn", ref[1]), *path[1:]))
    return found
