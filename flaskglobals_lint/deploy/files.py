"""The project's files that may tell how it is run, and those that their commands name."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING

from flaskglobals_lint.config import DEFAULT_EXCLUDE
from flaskglobals_lint.hashing import blake2b

if TYPE_CHECKING:
    from flaskglobals_lint.models.servers import DeploymentFile

MOST_BYTES = 200_000
MOST_DEPTH = 4
MOST_FILES = 5_000
NOT_DEPLOYED = ("doc", "docs", "example", "examples", "test", "tests")
_EXCLUDED = frozenset((*DEFAULT_EXCLUDE, *NOT_DEPLOYED))
_OF_A_PROJECT = re.compile(
    r"pyproject\.toml|setup\.(?:cfg|py)|\.git|requirements.*|Pipfile|README.*|LICENSE.*|Procfile.*|.*Dockerfile.*|"
    r"Containerfile|package\.json|Makefile|.*compose.*\.ya?ml",
    re.IGNORECASE,
)
_SPECIAL = re.compile(r"[*?]|\[.*")


class Files:
    """Paths below the root, nearest first, and their texts.

    What is asked of them is noted in ``asked``, in order: as long as ``answer`` says the same to each, nothing has changed.
    """

    def __init__(self, root: Path, prefix: str, folder: str) -> None:
        """``prefix`` stands before a path from the root when it is printed; ``folder`` is that of the linted modules."""
        self.root = root
        self.prefix = prefix
        self.asked: dict[str, bytes] = {}
        self._paths = list(_walk(root, _start(root, folder)))
        self._texts: dict[str, str] = {}
        self._named: dict[str, list[str]] = {}
        for path in self._paths:
            self._named.setdefault(path.rsplit("/", 1)[-1], []).append(path)

    @classmethod
    def beside(cls, modules: Iterable[tuple[str, str]], root: Path) -> Files:
        """The files of the project that modules belong to, each given as it is printed and by its path from the root."""
        modules = list(modules)
        prefix = next((shown.removesuffix(path) for shown, path in modules if shown.endswith(path)), "")
        return cls(root, prefix, _common([path.split("/")[:-1] for _, path in modules]))

    def answer(self, question: str) -> bytes:
        """A hash of the answer to a question that was asked before, by this process or another."""
        if question not in self.asked:
            kind, _, text = question.partition(":")
            if kind == "text":
                answer = self._text(text)
            elif kind == "named":
                answer = "\0".join(self._named.get(text, ()))
            else:
                answer = "\0".join(self._matching(text))
            self.asked[question] = blake2b(answer.encode("utf-8", "surrogatepass"), digest_size=16).digest()
        return self.asked[question]

    def read(self, path: str) -> str:
        """A file's text; nothing of one that cannot be read or is too large to be written by hand."""
        self.answer(f"text:{path}")
        return self._text(path)

    def telling(self, kinds: Iterable[DeploymentFile]) -> Iterator[tuple[str, DeploymentFile]]:
        """Files that have a name of those kinds; the first kind counts."""
        known = [(_Names(kind.patterns), kind) for kind in kinds]
        anything = "\n".join(pattern for names, _ in known for pattern in names.patterns)
        self.answer(f"match:{anything}")
        for path in self._matching(anything):
            name = path.rsplit("/", 1)[-1]
            yield path, next(kind for names, kind in known if names.match(name))

    def called(self, word: str, near: str) -> str:
        """The file that a command means by a path on the machine it runs on: the one whose path has most of its last
        parts, and among those the nearest to the file that says it; "" if there is none."""
        wanted = [part for part in word.split("/") if part not in ("", ".", "..") and "$" not in part]
        if not wanted or " " in word:
            return ""
        folder = near.rpartition("/")[0].split("/")
        self.answer(f"named:{wanted[-1]}")
        found = self._named.get(wanted[-1], ())

        def rank(path: str) -> tuple[int, int, int]:
            parts = path.split("/")
            return -_shared(parts[::-1], wanted[::-1]), -_shared(parts, folder), len(parts)

        return min(found, key=rank, default="")

    def _text(self, path: str) -> str:
        if path not in self._texts:
            self._texts[path] = ""
            file = self.root / path
            if path in self._named.get(path.rsplit("/", 1)[-1], ()):
                with suppress(OSError, ValueError):
                    if file.stat().st_size <= MOST_BYTES:
                        self._texts[path] = file.read_text(encoding="utf-8", errors="replace")
        return self._texts[path]

    def _matching(self, patterns: str) -> Iterator[str]:
        names = _Names(patterns.split("\n"))
        return (path for path in self._paths if names.match(path.rsplit("/", 1)[-1]))


class _Names:
    """Glob patterns for file names. Few need a regular expression, which takes longer to compile than to match."""

    def __init__(self, patterns: Iterable[str]) -> None:
        self.patterns = tuple(patterns)
        self._whole: set[str] = set()
        self._ends: tuple[str, ...] = ()
        self._inside: tuple[str, ...] = ()
        self._others: list[tuple[str, str, str]] = []
        for pattern in self.patterns:
            parts = _SPECIAL.split(pattern)
            if len(parts) == 1:
                self._whole.add(pattern)
            elif pattern == f"*{parts[-1]}":
                self._ends += (parts[-1],)
            elif pattern == f"*{parts[1]}*":
                self._inside += (parts[1],)
            else:
                self._others.append((parts[0], parts[-1], pattern))

    def match(self, name: str) -> bool:
        """Whether one of the patterns is for this name."""
        return (
            name in self._whole
            or name.endswith(self._ends)
            or any(part in name for part in self._inside)
            or any(
                name.startswith(start) and name.endswith(end) and fnmatchcase(name, pattern)
                for start, end, pattern in self._others
            )
        )


def _common(folders: list[list[str]]) -> str:
    """The folder that all of them lie in."""
    if not folders:
        return ""
    first, last = min(folders), max(folders)
    same = next((at for at, part in enumerate(first) if at >= len(last) or part != last[at]), len(first))
    return "/".join(first[:same])


def _shared(one: list[str], other: list[str]) -> int:
    """How many parts are the same from the first on."""
    return next((at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))


def _start(root: Path, folder: str) -> str:
    """The root, or the modules' folder where the root is no project but merely the folder that a package lies in."""
    top = folder.split("/")[0]
    if not top or not (root / top / "__init__.py").exists():
        return ""
    try:
        return "" if any(_OF_A_PROJECT.fullmatch(name) for name in os.listdir(root)) else folder
    except OSError:
        return folder


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
