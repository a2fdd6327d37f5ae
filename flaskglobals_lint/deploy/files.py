"""The project's files that may tell how it is run, and those that their commands name."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from fnmatch import translate
from pathlib import Path

from flaskglobals_lint.config import DEFAULT_EXCLUDE
from flaskglobals_lint.models.servers import DeploymentFile

MOST_BYTES = 200_000
MOST_DEPTH = 4
MOST_FILES = 5_000
NOT_DEPLOYED = ("doc", "docs", "example", "examples", "test", "tests")
_EXCLUDED = frozenset((*DEFAULT_EXCLUDE, *NOT_DEPLOYED))
_MARKERS = ("pyproject.toml", "setup.cfg", "setup.py", ".git")


class Files:
    """Paths below the root, nearest first, and their texts."""

    def __init__(self, root: Path, prefix: str, folder: str) -> None:
        """``prefix`` stands before a path from the root when it is printed; ``folder`` is that of the linted modules."""
        self.root = root
        self.prefix = prefix
        self.paths = list(_walk(root, _start(root, folder)))
        self._texts: dict[str, str] = {}
        self._named: dict[str, list[str]] = {}
        for path in self.paths:
            self._named.setdefault(path.rsplit("/", 1)[-1], []).append(path)

    def read(self, path: str) -> str:
        """A file's text; nothing of one that cannot be read or is too large to be written by hand."""
        if path not in self._texts:
            file = self.root / path
            try:
                small = file.stat().st_size <= MOST_BYTES
                self._texts[path] = file.read_text(encoding="utf-8", errors="replace") if small else ""
            except (OSError, ValueError):
                self._texts[path] = ""
        return self._texts[path]

    def telling(self, kinds: Iterable[DeploymentFile]) -> Iterator[tuple[str, DeploymentFile]]:
        """Files that have a name of those kinds; the first kind counts."""
        known = [(re.compile("|".join(translate(p) for p in kind.patterns)), kind) for kind in kinds]
        anything = re.compile("|".join(expression.pattern for expression, _ in known))
        for path in self.paths:
            name = path.rsplit("/", 1)[-1]
            if anything.match(name) is not None:
                yield path, next(kind for expression, kind in known if expression.match(name) is not None)

    def called(self, word: str, near: str) -> str:
        """The file that a command means by a path on the machine it runs on: the one whose path has most of its last
        parts, and among those the nearest to the file that says it; "" if there is none."""
        wanted = [part for part in word.split("/") if part not in ("", ".", "..") and "$" not in part]
        if not wanted or " " in word:
            return ""
        folder = near.rpartition("/")[0].split("/")
        found = self._named.get(wanted[-1], ())

        def rank(path: str) -> tuple[int, int, int]:
            parts = path.split("/")
            return -_shared(parts[::-1], wanted[::-1]), -_shared(parts, folder), len(parts)

        return min(found, key=rank, default="")


def _shared(one: list[str], other: list[str]) -> int:
    """How many parts are the same from the first on."""
    return next((at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))


def _start(root: Path, folder: str) -> str:
    """The root, or the modules' folder where the root is no project of its own but merely lies above."""
    return "" if any((root / marker).exists() for marker in _MARKERS) else folder


def _walk(root: Path, start: str) -> Iterator[str]:
    waiting = [(start, 0)]
    seen = 0
    while waiting:
        folder, depth = waiting.pop(0)
        try:
            entries = sorted(os.scandir(root / folder), key=lambda entry: entry.name)
        except OSError:
            continue
        for entry in entries:
            seen += 1
            if seen > MOST_FILES:
                return
            path = f"{folder}/{entry.name}" if folder else entry.name
            try:
                if entry.is_dir(follow_symlinks=False):
                    # docker/build/ is written by hand, build/ at the top is not.
                    if depth < MOST_DEPTH and (entry.name not in _EXCLUDED or (folder and entry.name == "build")):
                        waiting.append((path, depth + 1))
                elif entry.is_file():
                    yield path
            except OSError:
                continue
