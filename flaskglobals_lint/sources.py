"""The files of a program as they were read: once, so that every stage speaks of the same bytes."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from flaskglobals_lint.discover import SourceFile
from flaskglobals_lint.hashing import blake2b

_WORTH_FOLDING: Final = 2_000_000
"""Bytes of all files that are worth the time it takes to compress them."""


class Source:
    """A file and its bytes, with a hash of them; ``problem`` tells why it could not be read."""

    __slots__ = ("_bytes", "_folded", "digest", "file", "problem")

    def __init__(self, file: SourceFile, content: bytes, problem: str = "") -> None:
        self.file = file
        self.problem = problem
        self.digest = digest(content)
        self._bytes = content
        self._folded = False

    @property
    def content(self) -> bytes:
        return zlib.decompress(self._bytes) if self._folded else self._bytes

    @property
    def size(self) -> int:
        """The bytes that it takes in memory."""
        return len(self._bytes)

    def fold(self) -> None:
        """Keep the bytes compressed."""
        if not self._folded:
            self._bytes = zlib.compress(self._bytes, 1)
            self._folded = True


def read(files: Iterable[SourceFile]) -> list[Source]:
    """Every file that is still there."""
    sources = []
    for file in files:
        problem = ""
        try:
            content = file.read()
        except FileNotFoundError:
            continue
        except OSError as error:
            content, problem = b"", f"the file cannot be read: {error.strerror}"
        sources.append(Source(file, content, problem))
    return sources


def fold(sources: Iterable[Source]) -> None:
    """Make room where there are many files: few of their texts are needed once their facts are known."""
    sources = list(sources)
    if sum(source.size for source in sources) > _WORTH_FOLDING:
        for source in sources:
            source.fold()


def digest(content: bytes) -> bytes:
    """What the bytes of a file are known by."""
    return blake2b(content, digest_size=16).digest()


class Contents(Mapping[str, bytes]):
    """The bytes of files by printed path."""

    def __init__(self, sources: Iterable[Source]) -> None:
        self._sources = {source.file.display: source for source in sources}

    def __getitem__(self, path: str) -> bytes:
        return self._sources[path].content

    def __contains__(self, path: object) -> bool:
        return path in self._sources

    def __iter__(self) -> Iterator[str]:
        return iter(self._sources)

    def __len__(self) -> int:
        return len(self._sources)


class Texts(Mapping[str, str]):
    """Texts of files by printed path, each decoded when it is asked for; what is no text is empty."""

    def __init__(self, contents: Mapping[str, bytes]) -> None:
        self._contents = contents
        self._texts: dict[str, str] = {}

    def __getitem__(self, path: str) -> str:
        if path not in self._texts:
            from flaskglobals_lint.extract.source import decode

            text = decode(self._contents[path])
            self._texts[path] = text if isinstance(text, str) else ""
        return self._texts[path]

    def __iter__(self) -> Iterator[str]:
        return iter(self._contents)

    def __len__(self) -> int:
        return len(self._contents)
