"""Which paths git ignores, told from the ``.gitignore`` files on the way down to them."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from pathspec import GitIgnoreSpec


@dataclass(frozen=True, slots=True)
class GitIgnore:
    """The rules in force in one folder, the outermost first: each file's folder (ends in ``/``) and its patterns."""

    rules: tuple[tuple[str, GitIgnoreSpec], ...] = ()

    @classmethod
    def above(cls, folder: Path, top: Path) -> GitIgnore:
        """The rules that ``folder`` inherits: from its git repository's top or, where there is none, from ``top``.

        A file that ignores ``folder`` itself does not count: the folder was asked for by name.
        """
        above = (folder, *folder.parents)
        repository = next((parent for parent in above if os.path.lexists(parent / ".git")), None)
        start = repository or (top if top in above else folder)
        rules = cls()
        if repository:
            rules = rules._with(start, start / ".git" / "info" / "exclude")
        for parent in reversed(above[1 : above.index(start) + 1]):
            rules = rules.inside(parent)
        path = folder.as_posix() + "/"
        return cls(tuple((base, spec) for base, spec in rules.rules if not spec.check_file(path[len(base) :]).include))

    def inside(self, folder: Path) -> GitIgnore:
        """The rules in force in a folder below."""
        return self._with(folder, folder / ".gitignore")

    def ignores(self, path: str, is_folder: bool) -> bool:
        """Whether git ignores an entry of the folder; the innermost file that says anything decides."""
        for folder, spec in reversed(self.rules):
            if path.startswith(folder):
                said = spec.check_file(path[len(folder) :] + "/" * is_folder).include
                if said is not None:
                    return said
        return False

    def _with(self, folder: Path, file: Path) -> GitIgnore:
        try:
            if not os.path.isfile(file):
                return self
            lines = file.read_text(encoding="utf-8", errors="surrogateescape").split("\n")
        except OSError:
            return self
        base = folder.as_posix().rstrip("/") + "/"
        return GitIgnore((*self.rules, (base, _spec(line.rstrip("\r") for line in lines))))


def _spec(lines: Iterable[str]) -> GitIgnoreSpec:
    """The patterns that can be compiled; git, too, passes over those that make no sense."""
    lines = list(lines)
    try:
        return GitIgnoreSpec.from_lines(lines)
    except ValueError:
        return GitIgnoreSpec.from_lines(line for line in lines if _valid(line))


def _valid(line: str) -> bool:
    try:
        GitIgnoreSpec.from_lines([line])
    except ValueError:
        return False
    return True


def posix(path: str) -> str:
    """A path of this system with ``/`` between its parts."""
    return path.replace(os.sep, "/") if os.sep != "/" else path
