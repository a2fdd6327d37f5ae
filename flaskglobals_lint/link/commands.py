"""Reading deployment files as text: command lines, values with variables, literals of a Python configuration file."""

from __future__ import annotations

import ast
import json
import re
import shlex
from collections.abc import Mapping
from typing import Any

_VARIABLE = re.compile(r"\$(?:\{(?P<name>\w+)(?::?-(?P<default>[^}]*))?\}|\((?P<uwsgi>\w+)\)|(?P<plain>\w+))")
SEVERAL = 2
"""A number that depends on the machine's processors counts as this."""


def joined(text: str) -> list[tuple[int, str]]:
    """Numbered lines without comments, those that a backslash continues joined."""
    result: list[tuple[int, str]] = []
    held, start = "", 0
    for number, line in enumerate(text.splitlines(), 1):
        if line.lstrip().startswith("#") and not held:
            continue
        if held == "":
            start = number
        if line.rstrip().endswith("\\"):
            held += line.rstrip()[:-1] + " "
            continue
        result.append((start, held + (line.strip() if held else line)))
        held = ""
    if held:
        result.append((start, held))
    return result


def folded(text: str, number: int, lines: list[tuple[int, str]]) -> str:
    """A YAML value that goes on in the lines below: a folded block or a list."""
    if text.strip() not in ("", ">", "|", ">-", "|-"):
        return text
    at = next(index for index, (start, _) in enumerate(lines) if start == number)
    depth = _indent(lines[at][1])
    parts = []
    for _, line in lines[at + 1 :]:
        if line.strip() and _indent(line) < depth + (not line.lstrip().startswith("-")):
            break
        parts.append(line.strip().removeprefix("- ").strip("\"'"))
    return " ".join(parts)


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())


def exec_form(text: str) -> list[str]:
    """The words of a command: a JSON list or a shell's line."""
    text = text.strip()
    if text.startswith("["):
        try:
            parsed = json.loads(text)
        except ValueError:
            parsed = None
        if isinstance(parsed, list):
            return [str(word) for word in parsed]
        text = text.strip("[]").replace(",", " ")
    if len(text) > 1 and text[0] == text[-1] and text[0] in "\"'":
        text = text[1:-1]
    return split(text)


def split(text: str) -> list[str]:
    for separator in ("&&", "||", ";"):
        text = text.replace(separator, f" {separator} ")
    try:
        return shlex.split(text, comments=True)
    except ValueError:
        return text.split()


def plain(text: str) -> Any:
    """A number, a truth, a word; a variable counts by its default, without one as None."""
    match = _VARIABLE.search(text)
    if match is not None:
        if match["default"] is None or match[0] != text:
            return None
        text = match["default"]
    if "%(" in text or "%k" in text:
        return None
    if text.lstrip("-").isdigit():
        return int(text)
    return {"true": True, "false": False, "yes": True, "no": False, "none": None}.get(text.lower(), text or None)


def literal(node: ast.expr) -> Any:
    """The value of a setting: a literal, the default of an environment variable, simple arithmetic; else None."""
    match node:
        case ast.Constant():
            return node.value
        case ast.BinOp():
            left, right = literal(node.left), literal(node.right)
            if not isinstance(left, int) or not isinstance(right, int):
                return None
            return _ARITHMETIC.get(type(node.op), lambda one, other: None)(left, right)
        case ast.BoolOp(op=ast.Or()):
            return literal(node.values[-1])
        case ast.Call(func=func, args=args):
            name = func.attr if isinstance(func, ast.Attribute) else func.id if isinstance(func, ast.Name) else ""
            if name in ("int", "str", "float", "bool") and args:
                value = literal(args[0])
                return int(value) if name == "int" and str(value).isdigit() else value
            if name in ("get", "getenv") and len(args) == 2:
                return literal(args[1])
            if name in ("max", "min") and args:
                values = [literal(arg) for arg in args]
                numbers = [value for value in values if isinstance(value, int)]
                return (max if name == "max" else min)(numbers) if len(numbers) == len(values) else None
            return SEVERAL if name in ("cpu_count", "process_cpu_count") else None
        case _:
            return None


_ARITHMETIC: Mapping[type, Any] = {
    ast.Add: lambda one, other: one + other,
    ast.Sub: lambda one, other: one - other,
    ast.Mult: lambda one, other: one * other,
    ast.FloorDiv: lambda one, other: one // other if other else None,
}
