"""Which paths git ignores, told from the ``.gitignore`` files on the way down to them.

What a file says about a path depends on its text and the path alone, so it is kept in the cache: a run over folders that an
earlier one has seen needs no pattern matching.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from flaskglobals_lint.cache import Cache, key, version
from flaskglobals_lint.reading import limited

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec

NAME: Final = ".gitignore"
_MOST_BYTES: Final = 5_000_000

_SAID: Final = {ord("i"): True, ord("k"): False, ord("-"): None}
"""Ignore, keep, nothing."""
_LETTERS: Final = {said: letter for letter, said in _SAID.items()}


class _Rules:
    """One file's patterns; ``base`` is its folder and ends in ``/``."""

    def __init__(self, base: str, content: bytes, store: Cache) -> None:
        self.base = base
        self._content = content
        self._store = store
        self._spec: GitIgnoreSpec | None = None

    def said(self, paths: Sequence[str]) -> list[bool | None]:
        """Whether git ignores each of the paths below the base, None where the file does not say; a folder ends in ``/``."""
        parts = [version("pathspec"), self._content, "\0".join(paths).encode("utf-8", "surrogateescape")]
        name = key("ignored", *parts)
        known = self._store.get(name)
        if known is not None and len(known) == len(paths) and _SAID.keys() >= set(known):
            return [_SAID[letter] for letter in known]
        if self._spec is None:
            self._spec = _spec(self._content)
        said = [self._spec.check_file(path).include for path in paths]
        self._store.put(name, bytes(_LETTERS[include] for include in said))
        return said


@dataclass(frozen=True, slots=True)
class GitIgnore:
    """The rules in force in one folder, those of the outermost file first. What they say is kept in ``store``."""

    store: Cache
    rules: tuple[_Rules, ...] = ()

    @classmethod
    def above(cls, folder: Path, top: Path, store: Cache) -> GitIgnore:
        """The rules that ``folder`` inherits: from its git repository's top or, where there is none, from ``top``.

        A file that ignores ``folder`` itself does not count: the folder was asked for by name.
        """
        above = (folder, *folder.parents)
        repository = next((parent for parent in above if os.path.lexists(parent / ".git")), None)
        start = repository or (top if top in above else folder)
        found = cls(store)
        if repository:
            found = found._with(start, start / ".git" / "info" / "exclude")
        for parent in reversed(above[1 : above.index(start) + 1]):
            found = found.inside(parent)
        path = folder.as_posix() + "/"
        return cls(store, tuple(rules for rules in found.rules if not rules.said([path[len(rules.base) :]])[0]))

    def inside(self, folder: str | Path) -> GitIgnore:
        """The rules in force in a folder below."""
        return self._with(folder, os.path.join(folder, NAME))

    def ignored(self, paths: Iterable[tuple[str, bool]]) -> set[str]:
        """Those of the paths that git ignores, each given with whether it is a folder; the innermost file decides."""
        said: dict[str, bool] = {}
        open_paths: Mapping[str, bool] = dict(paths)
        for rules in reversed(self.rules):
            open_paths = {path: is_folder for path, is_folder in open_paths.items() if path not in said}
            below = [path for path in open_paths if path.startswith(rules.base)]
            if below:
                answers = rules.said([path[len(rules.base) :] + "/" * open_paths[path] for path in below])
                said |= {path: answer for path, answer in zip(below, answers, strict=True) if answer is not None}
        return {path for path, ignored in said.items() if ignored}

    def _with(self, folder: str | Path, file: str | Path) -> GitIgnore:
        try:
            if not os.path.isfile(file):
                return self
            content = limited(file, _MOST_BYTES)
        except OSError:
            return self
        base = posix(str(folder)).rstrip("/") + "/"
        return GitIgnore(self.store, (*self.rules, _Rules(base, content, self.store)))


def _spec(content: bytes) -> GitIgnoreSpec:
    """The patterns that can be compiled; git, too, passes over those that make no sense."""
    from pathspec import GitIgnoreSpec

    text = content.decode("utf-8", "surrogateescape").replace("\r\n", "\n").replace("\r", "\n")
    lines = text.split("\n")
    try:
        return GitIgnoreSpec.from_lines(lines)
    except ValueError:
        return GitIgnoreSpec.from_lines(line for line in lines if _valid(line))


def _valid(line: str) -> bool:
    from pathspec import GitIgnoreSpec

    try:
        GitIgnoreSpec.from_lines([line])
    except ValueError:
        return False
    return True


def posix(path: str) -> str:
    """A path of this system with ``/`` between its parts."""
    return path.replace(os.sep, "/") if os.sep != "/" else path
