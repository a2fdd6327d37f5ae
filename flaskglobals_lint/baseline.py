"""Findings that are known and not to be told again: a file with a line for each of them.

A line says what the finding is about and not where it stands, so it holds when lines move. The lines are sorted and no
line is there twice, so git can merge the file by lines (``merge=union``): a line that two branches bring counts once,
and one that should be gone is told as fixed.
"""

from __future__ import annotations

import json
import os
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Hashable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from flaskglobals_lint.config import SYNTAX_ERROR, UsageError
from flaskglobals_lint.finding import Finding
from flaskglobals_lint.reading import limited
from flaskglobals_lint.report.fingerprint import code_line
from flaskglobals_lint.report.frame import lines_of

_FORMAT = "flaskglobals-lint baseline"
_HEADER = {_FORMAT: 1}
"""The first line; the number is the format's version."""
_KEYS = ("path", "code", "symbol", "function", "text")
_COUNT = "count"
"""How many findings a line stands for, if more than one."""


@dataclass(frozen=True, slots=True, order=True)
class Known:
    """A finding as the file tells it: ``path`` is relative to the file's folder, ``text`` the code of the line."""

    path: str
    code: str
    symbol: str
    function: str
    text: str

    def __str__(self) -> str:
        where = f" in {self.function}" if self.function else ""
        return f"{self.code} `{self.text}`{where} ({self.path})"


_MOST = 10_000
"""Findings a line may stand for."""
_MOST_BYTES = 100_000_000

_Key: TypeAlias = Callable[[Known], Hashable]

# From the surest to the faintest resemblance; a finding and a line pair at the first that fits.
_SAME: tuple[_Key, ...] = (
    lambda known: known,
    lambda known: (known.code, known.symbol, known.function, known.text),  # the file moved, its module did not
    lambda known: (known.path, known.code, known.symbol, known.function),  # the line was edited
    lambda known: (known.path, known.code, known.symbol, known.text),  # the function was renamed
)
_SAME_IN_RENAMED_FILE: tuple[_Key, ...] = (
    lambda known: (known.code, _tail(known.symbol), _tail(known.function), known.text),
)


@dataclass(frozen=True, slots=True)
class Matched:
    """The findings that are new, and the lines that no finding belongs to any more."""

    new: tuple[Finding, ...]
    fixed: tuple[Known, ...]


class Baseline:
    """The known findings of one file, and how to compare others with them."""

    def __init__(self, file: Path, known: Iterable[Known] = ()) -> None:
        self.file = file
        self._folder = Path(os.path.abspath(file)).parent
        self._known = sorted(known)

    @classmethod
    def replaced(cls, file: Path) -> Baseline:
        """What the file knows that is about to be written anew; nothing if there is none, or if it is broken.

        Raises UsageError for a file that was never a baseline: it holds something else.
        """
        try:
            return cls.read(file)
        except UsageError:
            with suppress(OSError):
                content = limited(file, _MOST_BYTES)
                if content.strip() and _FORMAT.encode() not in content:
                    raise UsageError(f"`{_shown(file)}` is no baseline; it is not written over") from None
            return cls(file)

    @classmethod
    def read(cls, file: Path) -> Baseline:
        """The file's content. Raises UsageError, with the line, for what is no baseline."""
        name = _shown(file)
        try:
            lines = limited(file, _MOST_BYTES).decode().split("\n")
        except FileNotFoundError:
            raise UsageError(f"the baseline `{name}` does not exist; --write-baseline writes it") from None
        except OSError as error:
            raise UsageError(f"the baseline `{name}` cannot be read: {error.strerror}") from None
        except UnicodeDecodeError:
            raise UsageError(f"the baseline `{name}` is not UTF-8") from None
        if _object(lines[0]) != _HEADER:
            raise UsageError(f"{name}:1: is no baseline that this version can read")
        counts: Counter[Known] = Counter()
        for number, line in enumerate(lines[1:], 2):
            if line.strip():
                values = _object(line)
                count = values.pop(_COUNT, 1)
                if set(values) != set(_KEYS) or not all(isinstance(value, str) for value in values.values()):
                    raise UsageError(f"{name}:{number}: is no finding of a baseline")
                if type(count) is not int or not 0 < count <= _MOST:
                    raise UsageError(f"{name}:{number}: is no finding of a baseline")
                known = Known(**{key: str(value) for key, value in values.items()})
                counts[known] = max(counts[known], count)  # a merge may bring a line twice
        return cls(file, counts.elements())

    def text(
        self,
        findings: Iterable[Finding],
        sources: Mapping[str, str],
        cwd: Path,
        is_judged: Callable[[str, str], bool] = lambda path, code: True,
    ) -> str:
        """The file that makes these findings known.

        What this baseline knows of files and rules that were not looked at stays; ``is_judged`` tells it by a path
        relative to the baseline's folder and a code.
        """
        kept = (item for item in self._known if not is_judged(item.path, item.code))
        counts = Counter([*self._entries(findings, sources, cwd), *kept])
        lines: list[dict[str, object]] = [dict(_HEADER)]
        for item, count in sorted(counts.items()):
            line: dict[str, object] = {key: getattr(item, key) for key in _KEYS}
            lines.append(line | {_COUNT: count} if count > 1 else line)
        return "".join(f"{json.dumps(line)}\n" for line in lines)

    def path(self, path: str, cwd: Path) -> str:
        """A printed path as the file tells it."""
        whole = os.path.normpath(cwd / path)
        try:
            return os.path.relpath(whole, self._folder).replace(os.sep, "/")
        except ValueError:  # another drive
            return whole.replace(os.sep, "/")

    def match(
        self, findings: Sequence[Finding], sources: Mapping[str, str], judged: Collection[str], cwd: Path
    ) -> Matched:
        """Compare findings with the known ones; ``judged`` are the printed paths of the files that were looked at."""
        entries = dict(enumerate(self._entries(findings, sources, cwd)))
        known = dict(enumerate(self._known))
        gone = {item.path for item in self._known if not os.path.exists(self._folder / item.path)}
        for key in _SAME:
            _pair(entries, known, key)
        renamed = {number: item for number, item in known.items() if item.path in gone}
        for key in _SAME_IN_RENAMED_FILE:
            for number in _pair(entries, renamed, key):
                del known[number]
        seen = gone | {self.path(path, cwd) for path in judged}
        comparable = [finding for finding in findings if finding.code != SYNTAX_ERROR]
        new = {id(comparable[number]) for number in entries}
        return Matched(
            new=tuple(item for item in findings if item.code == SYNTAX_ERROR or id(item) in new),
            fixed=tuple(item for item in known.values() if item.path in seen),
        )

    def _entries(self, findings: Iterable[Finding], sources: Mapping[str, str], cwd: Path) -> list[Known]:
        """The findings as the file tells them. A file that cannot be parsed was not judged, so it is never known."""
        lines = {path: lines_of(text) for path, text in sources.items()}
        return [
            Known(
                path=self.path(finding.span.path, cwd),
                code=finding.code,
                symbol=finding.symbol,
                function=finding.function,
                text=code_line(finding, lines.get(finding.span.path, [])),
            )
            for finding in findings
            if finding.code != SYNTAX_ERROR
        ]


def _object(line: str) -> dict[str, object]:
    """The JSON object in a line; an empty one if there is none."""
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def _pair(entries: dict[int, Known], known: dict[int, Known], key: _Key) -> list[int]:
    """Take out of both what has the same key, one for one; the numbers of the known ones that were taken."""
    waiting: dict[Hashable, list[int]] = defaultdict(list)
    for number, item in reversed(known.items()):
        waiting[key(item)].append(number)
    taken = []
    for number, item in list(entries.items()):
        if same := waiting.get(key(item)):
            taken.append(same.pop())
            del entries[number], known[taken[-1]]
    return taken


def _tail(name: str) -> str:
    """The last part of a qualified name."""
    return name.rpartition(".")[2]


def _shown(file: Path) -> str:
    """The path as short as it can be printed."""
    try:
        return file.relative_to(Path.cwd()).as_posix()
    except (ValueError, OSError):
        return file.as_posix()
