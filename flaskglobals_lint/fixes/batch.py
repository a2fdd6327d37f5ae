"""Fixes of one state of the files that do not meet, so that one judgement does for all of them."""

from __future__ import annotations

import re
from collections.abc import Callable

from flaskglobals_lint.finding import Edit, Finding, Fix

_WORD = re.compile(r"\w+")
_COMMON = frozenset({"threading", "Lock", "RLock", "with", "import", "from", "list", "flask", "g"})
"""Words that any fix may bring."""


class Batch:
    """Fixes that leave each other's lines and names alone. ``text`` gives what a file holds now."""

    def __init__(self, text: Callable[[str], str | None]) -> None:
        self._text = text
        self._words: dict[str, frozenset[str]] = {}
        self._edits: dict[str, list[Edit]] = {}
        self._fixes: set[Fix] = set()
        self._names: dict[tuple[str, str], str] = {}
        self._functions: set[tuple[str, str]] = set()

    def takes(self, finding: Finding, fix: Fix) -> bool:
        """Whether the fix goes with those taken before; if so it is taken, too."""
        if fix in self._fixes:
            return True
        where = (finding.symbol, finding.function)
        new = self._new_names(fix)
        if where in self._functions:
            return False
        brought = [name for name in new if name in self._names]
        if any(self._names[name] != finding.symbol or not self._shares(fix, *name) for name in brought):
            return False
        if any(_meet(edit, other) for edit in fix.edits for other in self._edits.get(edit.span.path, ())):
            return False
        for edit in fix.edits:
            self._edits.setdefault(edit.span.path, []).append(edit)
        self._fixes.add(fix)
        self._functions.add(where)
        self._names.update(dict.fromkeys(new, finding.symbol))
        return True

    def _shares(self, fix: Fix, path: str, word: str) -> bool:
        """Whether a fix makes a word that another one has brought in the same way at the same place, or only uses it: made
        twice, a lock is two locks."""
        makes = re.compile(rf"\b{word}\s*=(?!=)|\bimport\b.*\b{word}\b")
        known = self._edits.get(path, [])
        return all(edit in known for edit in fix.edits if edit.span.path == path and makes.search(edit.content))

    def _new_names(self, fix: Fix) -> set[tuple[str, str]]:
        """Words that a fix brings into a file."""
        found: set[tuple[str, str]] = set()
        for edit in fix.edits:
            path = edit.span.path
            if path not in self._words:
                self._words[path] = frozenset(_WORD.findall(self._text(path) or ""))
            words = set(_WORD.findall(edit.content)) - self._words[path] - _COMMON
            found.update((path, word) for word in words)
        return found


def together(fixes: list[Fix]) -> Fix:
    """One fix of several that do not meet; what more than one of them does is done once."""
    edits = dict.fromkeys(edit for fix in fixes for edit in fix.edits)
    safe = all(fix.applicability == "safe" for fix in fixes)
    return Fix("safe" if safe else "unsafe", tuple(edits))


def _meet(one: Edit, other: Edit) -> bool:
    """Whether two edits change the same text, or put something different at the same place."""
    if one == other:
        return False
    (start, end), (begin, stop) = _ends(one), _ends(other)
    return (start < stop and begin < end) or start == begin


def _ends(edit: Edit) -> tuple[tuple[int, int], tuple[int, int]]:
    span = edit.span
    return (span.line, span.column), (span.end_line, span.end_column)
