"""Glob patterns for paths, matched as Ruff matches its ``exclude`` and ``per-file-ignores``.

A pattern without ``/`` is matched against the last part of a path, any other against the whole absolute path; ``*`` and
``**`` both cross ``/``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path, PurePath

_TOKEN = re.compile(r"\*\*/|\*+|\?|\[!?\]?[^\]]*\]|\{[^{}]*\}|.", re.DOTALL)
_MAGIC = re.compile(r"[*?\[{!]")
_SPECIAL = re.compile(r"([*?\[{])")


def anchored(pattern: str, base: Path) -> str:
    """The pattern made absolute below ``base`` if it names folders; a plain name is returned as it is."""
    pattern = pattern.strip().removeprefix("./").rstrip("/")
    if "/" not in pattern or PurePath(pattern).is_absolute():
        return pattern
    folder = _SPECIAL.sub(r"[\1]", base.as_posix().rstrip("/"))
    return f"{folder}/{pattern}"


class Patterns:
    """A set of anchored patterns, compiled once. A pattern that starts with ``!`` matches what it does not name."""

    def __init__(self, patterns: Iterable[str]) -> None:
        given = [pattern for pattern in patterns if pattern.strip("!")]
        names = [pattern for pattern in given if "/" not in pattern]
        self._words = frozenset(name for name in names if not _MAGIC.search(name))
        self._names = _compiled(name for name in names if name not in self._words)
        self._paths = _compiled(pattern for pattern in given if "/" in pattern)

    def match(self, path: str) -> bool:
        """Whether a pattern names this very path (absolute, with ``/``)."""
        name = path.rpartition("/")[2]
        return (
            name in self._words
            or any(regex(name) for regex in self._names)
            or any(regex(path) for regex in self._paths)
        )

    def cover(self, path: str, top: str) -> bool:
        """Whether a pattern names this path or a folder above it and below ``top``."""
        while path.strip("/") and path != top:
            if self.match(path):
                return True
            path = path.rpartition("/")[0]
        return False


class _Regex:
    """One compiled pattern, callable with a text."""

    def __init__(self, pattern: str) -> None:
        self._wanted = not pattern.startswith("!")
        pattern = pattern.removeprefix("!")
        try:
            regex = re.compile(_translated(pattern), re.DOTALL)
        except re.error:  # such as the class [z-a]
            regex = re.compile(re.escape(pattern))
        self._fullmatch = regex.fullmatch

    def __call__(self, text: str) -> bool:
        return (self._fullmatch(text) is not None) is self._wanted


def _compiled(patterns: Iterable[str]) -> tuple[_Regex, ...]:
    return tuple(_Regex(pattern) for pattern in patterns)


def _translated(pattern: str) -> str:
    """The pattern as a regular expression; what is no valid class or alternative stands for itself."""
    parts = []
    for token in _TOKEN.findall(pattern):
        if token == "**/":
            parts.append("(?:.*/)?")
        elif token.startswith("*"):
            parts.append(".*")
        elif token == "?":
            parts.append(".")
        elif token.startswith("[") and len(token) > 2:
            inside = token[1:-1].replace("\\", r"\\").replace("[", r"\[").replace("^", r"\^")
            parts.append(f"[^{inside[1:]}]" if inside.startswith("!") else f"[{inside}]")
        elif token.startswith("{"):
            parts.append(f"(?:{'|'.join(_translated(choice) for choice in token[1:-1].split(','))})")
        else:
            parts.append(re.escape(token))
    return "".join(parts)
