"""The files of a program as they were read: once, so that every stage speaks of the same bytes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from hashlib import blake2b

from flaskglobals_lint.discover import SourceFile


@dataclass(frozen=True, slots=True)
class Source:
    """A file and its bytes, with a hash of them; ``problem`` tells why it could not be read."""

    file: SourceFile
    content: bytes
    digest: bytes
    problem: str = ""


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
        sources.append(Source(file, content, digest(content), problem))
    return sources


def digest(content: bytes) -> bytes:
    """What the bytes of a file are known by."""
    return blake2b(content, digest_size=16).digest()


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
