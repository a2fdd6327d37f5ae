"""gunicorn's configuration files and the literals in them: Python that is read, never run."""

from __future__ import annotations

import ast
import math
import warnings
from collections.abc import Iterator, Mapping
from typing import Any

from flaskglobals_lint.deploy.commands import SEVERAL, plain
from flaskglobals_lint.deploy.unit import Evidence, Settings
from flaskglobals_lint.models import Server

NAMES: Mapping[str, str] = {
    "workers": "workers",
    "threads": "threads",
    "worker_class": "kind",
    "preload_app": "preload",
    "config": "config",
}
_HOOKS = ("post_fork", "post_worker_init")
_MOST_DEPTH = 8


class _Unknown:
    """A value that cannot be told."""


_UNKNOWN = _Unknown()


class Configuration:
    """A configuration file: its settings, given the variables of the environment, and the names its hooks mention."""

    def __init__(self, text: str, shown: str) -> None:
        """``shown`` is how findings name the file. A text that cannot be parsed says nothing."""
        self._shown = shown
        self._lines = text.splitlines()
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                self._tree = ast.parse(text)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            self._tree = ast.parse("")

    @property
    def renewed(self) -> frozenset[str]:
        """Names that a hook mentions which runs in each worker after the fork."""
        found: set[str] = set()
        for node in self._tree.body:
            if isinstance(node, ast.FunctionDef) and node.name in _HOOKS:
                for part in ast.walk(node):
                    if isinstance(part, ast.Name):
                        found.add(part.id)
                    elif isinstance(part, ast.Attribute):
                        found.add(part.attr)
        return frozenset(found)

    def settings(self, server: Server, environment: Mapping[str, str]) -> Settings:
        settings = Settings(server)
        values = Values(environment)
        for node in _statements(self._tree.body):
            if isinstance(node, ast.FunctionDef):
                values.functions[node.name] = node
                continue
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            if node.value is None:
                continue
            for target in targets:
                if not isinstance(target, ast.Name):
                    continue
                values.names[target.id] = node.value
                if target.id in NAMES:
                    evidence = Evidence(self._shown, node.lineno, self._lines[node.lineno - 1].strip())
                    settings.set(NAMES[target.id], values.literal(node.value), evidence)
        return settings


def _statements(body: list[ast.stmt]) -> Iterator[ast.Assign | ast.AnnAssign | ast.FunctionDef]:
    """A module's own statements that give names a value, whichever way its conditions go."""
    for node in body:
        if isinstance(node, ast.Assign | ast.AnnAssign | ast.FunctionDef):
            yield node
        elif isinstance(node, ast.If | ast.Try):
            yield from _statements(node.body)
            yield from _statements(node.orelse)


class Values:
    """What expressions come to, as far as literals, defaults of environment variables and arithmetic say."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self.environment = environment
        self.names: dict[str, ast.expr] = {}
        self.functions: dict[str, ast.FunctionDef] = {}

    def literal(self, node: ast.expr) -> Any:
        """The value, None if it cannot be told."""
        value = self._value(node, 0)
        return None if value is _UNKNOWN else value

    def _value(self, node: ast.expr, depth: int) -> Any:
        if depth > _MOST_DEPTH:
            return _UNKNOWN
        match node:
            case ast.Constant():
                return node.value
            case ast.Name() if node.id in self.names:
                return self._value(self.names[node.id], depth + 1)
            case ast.BinOp():
                left, right = self._value(node.left, depth + 1), self._value(node.right, depth + 1)
                if not isinstance(left, int | float) or not isinstance(right, int | float):
                    return _UNKNOWN
                return _ARITHMETIC.get(type(node.op), lambda one, other: _UNKNOWN)(left, right)
            case ast.BoolOp():
                return self._either(node, depth)
            case ast.IfExp():
                chosen = self._value(node.test, depth + 1)
                return _UNKNOWN if chosen is _UNKNOWN else self._value(node.body if chosen else node.orelse, depth + 1)
            case ast.Subscript(value=ast.Attribute(attr="environ"), slice=ast.Constant(value=str() as name)):
                return plain(self.environment[name]) if name in self.environment else _UNKNOWN
            case ast.Call():
                return self._call(node, depth)
            case _:
                return _UNKNOWN

    def _either(self, node: ast.BoolOp, depth: int) -> Any:
        value: Any = _UNKNOWN
        for part in node.values:
            value = self._value(part, depth + 1)
            if value is _UNKNOWN or bool(value) == isinstance(node.op, ast.Or):
                return value
        return value

    def _call(self, node: ast.Call, depth: int) -> Any:
        name = (
            node.func.attr
            if isinstance(node.func, ast.Attribute)
            else node.func.id
            if isinstance(node.func, ast.Name)
            else ""
        )
        if name in ("get", "getenv") and node.args:
            variable = self._value(node.args[0], depth + 1)
            if isinstance(variable, str) and variable in self.environment:
                return self.environment[variable]
            return self._value(node.args[1], depth + 1) if len(node.args) > 1 else None
        if name in ("cpu_count", "process_cpu_count"):
            return SEVERAL
        if name in self.functions:
            returns = [part for part in ast.walk(self.functions[name]) if isinstance(part, ast.Return)]
            alone = returns[0].value if len(returns) == 1 else None
            return self._value(alone, depth + 1) if alone is not None else _UNKNOWN
        values = [self._value(arg, depth + 1) for arg in node.args]
        return _UNKNOWN if _UNKNOWN in values else _applied(name, values)


def _applied(name: str, values: list[Any]) -> Any:
    """What a built-in function makes of the values."""
    try:
        match name, values:
            case "int", [value]:
                return int(float(value)) if not isinstance(value, bool) else int(value)
            case "bool", [value]:
                return bool(value)
            case "str" | "float" | "strip" | "abs", [value]:
                return value
            case "round", [value, *_]:
                return round(value)
            case "ceil" | "floor", [value]:
                return math.ceil(value) if name == "ceil" else math.floor(value)
            case "max" | "min", [_, _, *_]:
                return (max if name == "max" else min)(values)
    except (TypeError, ValueError, OverflowError):
        pass
    return _UNKNOWN


_ARITHMETIC: Mapping[type, Any] = {
    ast.Add: lambda one, other: one + other,
    ast.Sub: lambda one, other: one - other,
    ast.Mult: lambda one, other: one * other if abs(one) < 10_000 and abs(other) < 10_000 else _UNKNOWN,
    ast.FloorDiv: lambda one, other: one // other if other else _UNKNOWN,
    ast.Div: lambda one, other: one / other if other else _UNKNOWN,
}
