"""Reading command lines as text: words, what stands between separators, values with variables."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

SEVERAL = 2
"""A number that depends on the machine's processors, or on the platform, counts as this."""

UNKNOWN = "$UNKNOWN"
"""Stands for the output of a command that nobody can tell."""

_VARIABLE = re.compile(
    r"\$\{(?P<name>\w+)(?::?[-=](?P<default>(?:\$\{[^}]*\}|[^}])*))?\}|\$\((?P<uwsgi>\w+)\)|\$(?P<plain>\w+)"
    r"|%\((?:ENV_)?(?P<setting>[\w-]+)\)s?"
)
_OUTPUT = re.compile(
    r"\$\(\((?P<sum>[^\n]*?)\)\)|\$\((?P<command>[^()\n]*(?:\([^()\n]*\)[^()\n]*)*)\)|`(?P<old>[^`\n]*)`"
)
_PROCESSORS = ("nproc", "cpu_count", "NPROCESSORS", "cpuinfo", "%k")
_SEPARATORS = frozenset({"&&", "||", ";", "|", "&"})
_KEYWORDS = frozenset({"if", "then", "else", "elif", "do", "while", "until", "!", "{", "(", "time"})
_ASSIGNMENT = re.compile(r"(?P<name>[A-Za-z_]\w*)=(?P<value>.*)", re.DOTALL)
MOST_DEPTH = 8


_NUMBER = re.compile(r"-?[0-9]{1,9}")
"""Nobody starts more workers; what is longer is no number of anything here."""


def joined(text: str) -> list[tuple[int, str]]:
    """Numbered lines without comments, those that a backslash continues joined."""
    result: list[tuple[int, str]] = []
    held, start = "", 0
    for number, line in enumerate(text.splitlines(), 1):
        if line.lstrip().startswith("#"):
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


def exec_form(text: str) -> list[str]:
    """The words of a command: a JSON list or a shell's line."""
    text = text.strip()
    if text.startswith("["):
        try:
            parsed = json.loads(text)
        except (ValueError, RecursionError):
            parsed = None
        if isinstance(parsed, list):
            return [str(word) for word in parsed]
        text = text.strip("[]").replace(",", " ")
    if len(text) > 1 and text[0] == text[-1] and text[0] in "\"'" and text[0] not in text[1:-1]:
        text = text[1:-1]
    return split(text)


def split(text: str) -> list[str]:
    """The words of a shell's lines; the output of a command counts as unknown unless it counts processors."""
    text = _OUTPUT.sub(_output, "\n".join(line for line in text.splitlines() if not line.lstrip().startswith("#")))
    text = text.replace("\\\n", " ").replace("\n", " ; ")
    for separator in ("&&", "||", ";"):
        text = text.replace(separator, f" {separator} ")
    try:
        return shlex.split(text, comments=True)
    except ValueError:
        return text.split()


def _output(match: re.Match[str]) -> str:
    inner = match["sum"] or match["command"] or match["old"] or ""
    if any(word in inner for word in _PROCESSORS):
        return str(SEVERAL)
    # $(NAME) is uWSGI's and Kubernetes' way to write a variable.
    return match[0] if match["command"] and inner.isidentifier() and inner.isupper() else UNKNOWN


def simple(words: Sequence[str]) -> Iterator[tuple[dict[str, str], list[str]]]:
    """Each single command among the words, and the variables that are set for it alone."""
    part: list[str] = []
    for word in (*words, ";"):
        if word not in _SEPARATORS:
            part.append(word)
            continue
        variables: dict[str, str] = {}
        while part:
            found = _ASSIGNMENT.fullmatch(part[0])
            if found is not None:
                variables[found["name"]] = found["value"]
            elif part[0] not in _KEYWORDS and part[0] not in ("env", "export"):
                break
            part.pop(0)
        if part:
            yield variables, part
        part = []


def assigned(line: str) -> tuple[str, str] | None:
    """Name and value where a line of a shell script sets a variable."""
    match = re.fullmatch(r"\s*(?:export\s+|readonly\s+|local\s+)?([A-Za-z_]\w*)=(\S*|\"[^\"]*\"|'[^']*')\s*", line)
    if match is None:
        match = re.fullmatch(r"\s*:\s*\"?\$\{(\w+):=([^}]*)\}\"?\s*", line)
    if match is None:
        return None
    return match[1], _OUTPUT.sub(_output, match[2]).strip("\"'")


def plain(
    text: str, variables: Sequence[Mapping[str, str]] = (), seen: frozenset[tuple[int, str]] = frozenset()
) -> Any:
    """A number, a truth, a word; a variable counts by what the first mapping that has it says, else by its default, else
    as None. One that is defined by itself counts as the next mapping says."""
    text = text.strip().strip("\"'")
    match = _VARIABLE.search(text)
    if match is not None:
        if match[0] != text or len(seen) > MOST_DEPTH:
            return None
        name = match["name"] or match["plain"] or match["uwsgi"] or match["setting"]
        value = None
        for at, mapping in enumerate(variables):
            if name in mapping and (at, name) not in seen:
                value = plain(mapping[name], variables, seen | {(at, name)})
                break
        if value is None and match["default"] is not None:
            value = plain(match["default"], variables, seen | {(-len(seen) - 1, name)})
        return value
    if "%k" in text:
        return SEVERAL
    if _NUMBER.fullmatch(text):
        return int(text)
    return {"true": True, "false": False, "yes": True, "no": False, "none": None}.get(text.lower(), text or None)
