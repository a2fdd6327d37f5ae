"""What a run is to do: the options, wherever they came from."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, fields
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal

from flaskglobals_lint.patterns import Patterns

SYNTAX_ERROR = "FGL900"
MAX_SOURCE = 20_000_000
"""Bytes of the largest module that is analysed: a larger one is data."""
SERVERS = ("auto", "threads", "processes", "greenlets", "asyncio", "single")
SEVERITIES = ("error", "warning", "info")
DEFAULT_EXCLUDE = (
    *(".bzr", ".direnv", ".eggs", ".flaskglobals_cache", ".git", ".git-rewrite", ".hg", ".ipynb_checkpoints"),
    *(".mypy_cache", ".nox", ".pants.d", ".pyenv", ".pytest_cache", ".pytype", ".ruff_cache", ".svn", ".tox", ".venv"),
    *(".vscode", "__pycache__", "__pypackages__", "_build", "buck-out", "build", "dist", "node_modules"),
    *("site-packages", "venv"),
)

_NEAR = 0.5

_EMPTY: Mapping[str, Any] = MappingProxyType({})


class UsageError(Exception):
    """The run cannot start: a wrong option, a wrong configuration or a missing PATH, told in one line."""


@dataclass(frozen=True, slots=True)
class Config:
    """Every option. A path pattern is absolute or a plain name (``patterns.anchored``); codes are upper case."""

    select: tuple[str, ...] = ("ALL",)
    ignore: tuple[str, ...] = ()
    extend_select: tuple[str, ...] = ()
    extend_ignore: tuple[str, ...] = ()
    min_severity: Literal["error", "warning", "info"] = "warning"
    server: Literal["auto", "threads", "processes", "greenlets", "asyncio", "single"] = "auto"
    exclude: tuple[str, ...] = DEFAULT_EXCLUDE
    extend_exclude: tuple[str, ...] = ()
    force_exclude: bool = False
    respect_gitignore: bool = True
    output_format: str = "concise"
    exit_zero: bool = False
    jobs: int | None = None
    cache: bool = True
    cache_dir: Path | None = None
    baseline: Path | None = None
    ignore_noqa: bool = False
    """Report what ``noqa`` comments silence, too."""
    per_file_ignores: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: _EMPTY)
    entry_points: Mapping[str, Any] = field(default_factory=lambda: _EMPTY)
    locks: Mapping[str, Any] | Sequence[str] = ()
    connections: Mapping[str, Any] | Sequence[str] = ()
    thread_safe: Mapping[str, Any] | Sequence[str] = ()
    file: Path | None = None
    """Where the configuration was read, if anywhere."""

    def selects(self, code: str) -> bool:
        """Whether the rule is on. The longest prefix decides, between equals ``ignore``; ``ALL`` is the shortest.

        A file that cannot be parsed was not judged at all, so FGL900 is on unless something ignores it.
        """
        on = _longest(self.select + self.extend_select, code)
        off = _longest(self.ignore + self.extend_ignore, code)
        return (max(on, 0) if code == SYNTAX_ERROR else on) > off

    def shows(self, severity: str) -> bool:
        """Whether findings of that severity are printed."""
        return SEVERITIES.index(severity) <= SEVERITIES.index(self.min_severity)

    def ignored_in(self, path: str, root: str) -> tuple[str, ...]:
        """The codes and prefixes that ``per-file-ignores`` turns off in a file below ``root``; both absolute, with ``/``."""
        ignores = self.per_file_ignores.items()
        return tuple(code for glob, codes in ignores if _compiled(glob).cover(path, root) for code in codes)

    def model_tables(self) -> dict[str, Any]:
        """The tables that teach the tool a project's own world, by their keys; only those that are there."""
        settings = self.settings()
        return {key: settings[key] for key in ("entry-points", "locks", "connections", "thread-safe") if settings[key]}

    def settings(self) -> dict[str, object]:
        """Every option by its key, for ``--show-settings``."""
        return {item.name.replace("_", "-"): getattr(self, item.name) for item in fields(self)}


@cache
def _compiled(glob: str) -> Patterns:
    return Patterns([glob])


def matches(code: str, prefixes: Collection[str]) -> bool:
    """Whether a code is one of these, or starts with one, or all are meant."""
    return _longest(prefixes, code) >= 0


def _longest(prefixes: Collection[str], code: str) -> int:
    """Length of the longest prefix of the code, 0 for ``ALL``, -1 if there is none."""
    return max((0 if p == "ALL" else len(p) for p in prefixes if p == "ALL" or code.startswith(p)), default=-1)


def nearest(word: str, known: Collection[str]) -> str:
    """``; did you mean `x`?`` – or an empty text where nothing is near. Of several as near, the first."""
    import difflib

    scores = {other: difflib.SequenceMatcher(None, word, other).ratio() for other in known}
    best = max(scores, key=scores.__getitem__, default="")
    return f"; did you mean `{best}`?" if scores.get(best, 0) >= _NEAR else ""
