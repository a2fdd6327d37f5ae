"""Findings as bytes for the cache, and back: JSON, each value checked against the type that it must have.

A dataclass or a named tuple becomes a list of its name and its fields.
"""

from __future__ import annotations

import json
import typing
from collections.abc import Callable, Sequence
from dataclasses import fields, is_dataclass
from functools import cache
from types import NoneType, UnionType
from typing import Any, Literal, NamedTuple, TypeAlias

from flaskglobals_lint.finding import Chain, Finding, Span

_Convert: TypeAlias = Callable[[Any], Any]


class Result(NamedTuple):
    """What a program's analysis found: findings in all of its modules, and the printed paths of those it cannot parse."""

    findings: tuple[Finding, ...]
    broken: tuple[str, ...]

    def tells_of(self, path: str) -> bool:
        """Whether a printed path is in it anywhere."""
        return json.dumps(path)[1:-1].encode("ascii") in encode(self)


def encode(result: Result) -> bytes:
    """The result as bytes."""
    return json.dumps([_plain(result.findings), result.broken], separators=(",", ":")).encode("ascii")


def decode(content: bytes) -> Result:
    """The result again. Raises ValueError for what ``encode`` cannot have written."""
    try:
        findings, broken = json.loads(content)
        return Result(_converter(tuple[Finding, ...])(findings), _converter(tuple[str, ...])(broken))
    except (TypeError, LookupError, RecursionError) as error:
        raise ValueError("no result") from error


def _plain(value: object) -> object:
    if isinstance(value, Chain):
        return [Chain.__name__, list(value), _plain(value.calls)]
    kind: Any = type(value)
    if _is_record(kind):
        return [kind.__name__, *(_plain(getattr(value, name)) for name in _names(kind))]
    return [_plain(item) for item in value] if isinstance(value, tuple) else value


def _is_record(kind: Any) -> bool:
    return is_dataclass(kind) or hasattr(kind, "_fields")


@cache
def _names(kind: Any) -> tuple[str, ...]:
    return tuple(field.name for field in fields(kind)) if is_dataclass(kind) else kind._fields


@cache
def _converter(kind: Any) -> _Convert:
    """What makes a value of that type from its plain form. It raises ValueError, TypeError or LookupError."""
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin is tuple and arguments[1:] == (...,):
        return _sequence(_converter(arguments[0]))
    if origin is tuple:
        return _row(tuple, [_converter(argument) for argument in arguments])
    if origin is Literal:
        return _one_of(arguments)
    if origin in (UnionType, typing.Union):
        return _any_of(arguments)
    if kind is Chain:
        made = _row(list, [_one_of((Chain.__name__,)), _converter(tuple[str, ...]), _converter(tuple[Span, ...])])
        return lambda value: Chain.of(*made(value)[1:])
    if _is_record(kind):
        return _instance(kind)
    return _exactly(kind)


def _exactly(kind: type) -> _Convert:
    def convert(value: Any) -> Any:
        if type(value) is not kind:
            raise ValueError
        return value

    return convert


def _one_of(known: Sequence[Any]) -> _Convert:
    def convert(value: Any) -> Any:
        return known[known.index(value)]

    return convert


def _sequence(item: _Convert) -> _Convert:
    def convert(value: Any) -> Any:
        if type(value) is not list:
            raise ValueError
        return tuple(map(item, value))

    return convert


def _row(make: Callable[[Any], Any], items: Sequence[_Convert]) -> _Convert:
    def convert(value: Any) -> Any:
        if type(value) is not list or len(value) != len(items):
            raise ValueError
        return make(item(part) for item, part in zip(items, value, strict=True))

    return convert


def _instance(kind: Any) -> _Convert:
    hints = typing.get_type_hints(kind)
    items = [_one_of((kind.__name__,)), *(_converter(hints[name]) for name in _names(kind))]
    return _row(lambda values: kind(*list(values)[1:]), items)


def _any_of(kinds: Sequence[Any]) -> _Convert:
    """None, what tells its class by the name that comes first, or anything else."""
    by_name: dict[object, Any] = {}
    others = []
    for kind in kinds:
        if kind is Chain or _is_record(kind):
            by_name[kind.__name__] = kind
        elif kind is not NoneType:
            others.append(kind)

    def convert(value: Any) -> Any:
        if value is None and NoneType in kinds:
            return None
        if type(value) is list and value and type(value[0]) is str and value[0] in by_name:
            return _converter(by_name[value[0]])(value)
        return _converter(others[0])(value)

    return convert
