"""What earlier runs found out, kept by content: facts by the bytes of their file, results by all that went into them.

A key is a hash of everything that an answer depends on, the program's own code included, so an entry never becomes wrong,
only useless. (One kind of entry is a hint, which is tried before it is believed; see ``earlier``.) Entries lie in packs, files
that are written once and never changed: runs at the same time do not disturb each other, a killed one leaves at most a
temporary file, and the folders of several machines are merged by copying them together. Nothing here is needed: whatever is
missing, damaged or forbidden costs time and no more.
"""

from __future__ import annotations

import errno
import logging
import os
import stat
import struct
import sys
import time
from collections.abc import Iterable
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import BinaryIO, Final, NamedTuple
from zlib import crc32

from flaskglobals_lint.hashing import blake2b

FOLDER: Final = ".flaskglobals_cache"

_MAGIC: Final = b"flaskglobals-lint pack 1\n"
_HEAD: Final = struct.Struct("<II")
"""Number of entries, checksum of the table."""
_ROW: Final = struct.Struct("<16sIII")
"""Key, length, checksum, day of last use. The contents follow the table in its order."""
_SUFFIX: Final = ".pack"
_TEMPORARY: Final = ".tmp"

_MOST_PACKS: Final = 12
_MOST_DAYS: Final = 14
_SPARE_BYTES: Final = 64_000_000
"""So much of what the present run did not use is kept, if it was used lately; or as much as the run did use."""
_MUCH: Final = 4_000_000
"""Bytes of new entries that are written before the end of the run."""
_DAY: Final = 86_400
_ABANDONED: Final = 3_600
"""Seconds after which a temporary file has no writer any more."""

_IGNORE: Final = "# Made by flaskglobals-lint.\n*\n"
_TAG: Final = (
    "Signature: 8a477f597d28d172789f06886806bc55\n"
    "# This folder is a cache of flaskglobals-lint: it can be deleted, and need not be backed up.\n"
    "# https://bford.info/cachedir/\n"
)
_TOLD: Final = {".gitignore": _IGNORE, "CACHEDIR.TAG": _TAG}

log = logging.getLogger(__name__)


def key(kind: str, *parts: bytes) -> bytes:
    """The key of an entry: a hash over its kind and, each for itself, all parts that its content depends on."""
    digest = blake2b(kind.encode(), digest_size=16)
    for part in parts:
        digest.update(len(part).to_bytes(8, "little"))
        digest.update(part)
    return digest.digest()


class _Entry(NamedTuple):
    pack: _Pack
    offset: int
    length: int
    checksum: int
    day: int


class _Pack(NamedTuple):
    path: str
    file: BinaryIO
    size: int


class Cache:
    """The entries of one folder. ``get`` and ``put`` work in memory and on open files; ``close`` writes what is new."""

    def __init__(self, folder: Path | None) -> None:
        """Without a folder nothing is found and nothing kept."""
        self._folder = folder
        self._entries: dict[bytes, _Entry] = {}
        self._packs: list[_Pack] = []
        self._used: set[bytes] = set()
        self._new: dict[bytes, bytes] = {}
        if folder is not None:
            for path in sorted(_listed(folder, _SUFFIX), key=_written):
                self._open(path)

    @property
    def keeps(self) -> bool:
        """Whether what is put here is kept at all."""
        return self._folder is not None

    def get(self, name: bytes) -> bytes | None:
        """The content of an entry, if there is one and it is whole."""
        entry = self._entries.get(name)
        content = _content(entry) if entry is not None else None
        if content is not None:
            self._used.add(name)
        return content

    def put(self, name: bytes, content: bytes) -> None:
        """Keep an entry."""
        if self._folder is not None:
            self._new[name] = content

    def save(self) -> None:
        """Write the new entries already if they take much memory. Never raises OSError."""
        if self._folder is None or sum(map(len, self._new.values())) < _MUCH:
            return
        try:
            _prepare(self._folder)
            _write_pack(self._folder, _of_today(self._new))
        except OSError as error:
            log.info("cache: not written: %s", error)
        else:
            self._new.clear()

    def close(self) -> None:
        """Write the new entries as one file, and drop old ones where there are too many. Never raises OSError."""
        try:
            if self._new and self._folder is not None:
                self._write(self._folder)
        except OSError as error:
            log.info("cache: not written: %s", error.strerror or error)
        finally:
            for pack in self._packs:
                pack.file.close()
            self._packs.clear()
            self._entries.clear()

    def _open(self, path: str) -> None:
        """Add the entries of a pack; one that is not as we write them is passed over."""
        file = None
        try:
            # Neither a link nor something that waits for a writer.
            flags = (
                os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
            )
            file = os.fdopen(os.open(path, flags), "rb", buffering=0)
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode):
                raise ValueError("not a file")
            pack = _Pack(path, file, status.st_size)
            self._entries |= _entries(pack)
            self._packs.append(pack)
        except (OSError, ValueError, struct.error) as error:
            log.info("cache: %s: %s", os.path.basename(path), error)
            if file is not None:
                file.close()

    def _write(self, folder: Path) -> None:
        _prepare(folder)
        new = _of_today(self._new)
        if len(self._packs) < _MOST_PACKS:
            _write_pack(folder, new)
            return
        written = _write_pack(folder, self._kept(_today()) | new)
        for pack in self._packs:
            if os.path.basename(pack.path) != written:
                with suppress(OSError):
                    pack.file.close()
                    os.unlink(pack.path)
        for path in _listed(folder, _TEMPORARY):
            with suppress(OSError):
                if _is_temporary(os.path.basename(path)) and os.lstat(path).st_mtime < time.time() - _ABANDONED:
                    os.unlink(path)

    def _kept(self, today: int) -> dict[bytes, tuple[bytes, int]]:
        """The entries to keep besides the new ones, and the day each was last used."""
        kept: dict[bytes, tuple[bytes, int]] = {}
        used = 0
        for name in self._used:
            content = _content(self._entries[name])
            if content is not None:
                kept[name] = (content, today)
                used += len(content)
        spare = max(_SPARE_BYTES, used)
        others = sorted(
            (item for item in self._entries.items() if item[0] not in self._used), key=lambda item: -item[1].day
        )
        for name, entry in others:
            spare -= entry.length
            if spare < 0 or not today - _MOST_DAYS <= entry.day <= today:
                continue
            content = _content(entry)
            if content is not None:
                kept[name] = (content, entry.day)
        return kept


def _of_today(entries: dict[bytes, bytes]) -> dict[bytes, tuple[bytes, int]]:
    today = _today()
    return {name: (content, today) for name, content in entries.items()}


def _today() -> int:
    return int(time.time()) // _DAY


def _written(path: str) -> int:
    """When a pack was written: of two entries with one key the later one counts."""
    try:
        return os.lstat(path).st_mtime_ns
    except OSError:
        return 0


def _listed(folder: Path, suffix: str) -> list[str]:
    try:
        with os.scandir(folder) as entries:
            return sorted(entry.path for entry in entries if entry.name.endswith(suffix))
    except OSError:
        return []


def _entries(pack: _Pack) -> dict[bytes, _Entry]:
    """The table of a pack. Raises ValueError if that cannot be the one that was written."""
    file, size = pack.file, pack.size
    start = len(_MAGIC) + _HEAD.size
    head = file.read(start)
    if len(head) < start or not head.startswith(_MAGIC):
        raise ValueError("another format")
    count, checksum = _HEAD.unpack_from(head, len(_MAGIC))
    length = count * _ROW.size
    table = file.read(length) if start + length <= size else b""
    if len(table) != length or crc32(table) != checksum:
        raise ValueError("damaged")
    found = {}
    offset = start + length
    for name, length, checksum, day in _ROW.iter_unpack(table):
        found[name] = _Entry(pack, offset, length, checksum, day)
        offset += length
    if offset != size:
        raise ValueError("cut short")
    return found


def _content(entry: _Entry) -> bytes | None:
    try:
        entry.pack.file.seek(entry.offset)
        content = entry.pack.file.read(entry.length)
    except (OSError, ValueError):
        return None
    return content if len(content) == entry.length and crc32(content) == entry.checksum else None


def _write_pack(folder: Path, entries: dict[bytes, tuple[bytes, int]]) -> str:
    """Write a pack under the name of its content, all at once, and return that name."""
    table = b"".join(_ROW.pack(name, len(content), crc32(content), day) for name, (content, day) in entries.items())
    parts = [_MAGIC, _HEAD.pack(len(entries), crc32(table)), table, *(content for content, _ in entries.values())]
    name = key("pack", table).hex() + _SUFFIX
    temporary = folder / f"{name}.{os.getpid()}{_TEMPORARY}"
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    with suppress(FileNotFoundError):
        os.unlink(temporary)
    handle = os.open(temporary, flags, 0o666)
    try:
        with os.fdopen(handle, "wb") as file:
            file.writelines(parts)
        os.replace(temporary, folder / name)
    except BaseException:
        with suppress(OSError):
            os.unlink(temporary)
        raise
    return name


def _is_temporary(name: str) -> bool:
    """Whether a file is one that ``_write_pack`` has not finished: the folder may hold temporary files of others, too."""
    pack, _, rest = name.partition(f"{_SUFFIX}.")
    return len(pack) == 32 and rest.endswith(_TEMPORARY) and rest.removesuffix(_TEMPORARY).isdigit()


def _prepare(folder: Path) -> None:
    """Make the folder, and tell git and backups to pass it over if it holds nothing else. Raises OSError."""
    try:
        os.makedirs(folder, exist_ok=True)
    except RecursionError:  # it goes up one folder at a time
        raise OSError(errno.ENAMETOOLONG, os.strerror(errno.ENAMETOOLONG)) from None
    if not all(name in _TOLD or name.endswith(_SUFFIX) or _is_temporary(name) for name in os.listdir(folder)):
        return
    for name, text in _TOLD.items():
        try:
            handle = os.open(folder / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
        except FileExistsError:
            continue
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(text)


# --- what an answer depends on besides its input ----------------------------------------------------------------------


def folder_for(root: Path, given: Path | None, wanted: bool) -> Path | None:
    """The folder of the cache: the given one, or the usual one of a project; None for no cache.

    The usual one must be a folder of the project itself: a link there could lead anywhere.
    """
    if not wanted:
        return None
    if given is not None:
        return given
    folder = root / FOLDER
    if root == root.parent or os.path.islink(folder):
        return None
    return folder


@cache
def code(*names: str) -> bytes:
    """A hash over the code and the tables of this package, or of the named modules and packages in it.

    Together with the versions of the interpreter and of the parsers: whoever changes one gets no old answers.
    """
    top = os.path.dirname(os.path.abspath(__file__))
    digest = blake2b(digest_size=16)
    digest.update(f"{sys.implementation.cache_tag} {sys.hexversion}\n".encode())
    for path in _files(os.path.join(top, name) for name in names or ("",)):
        with suppress(OSError), open(path, "rb", buffering=0) as file:
            content = file.read()
            digest.update(f"{path[len(top) :]} {len(content)}\n".encode())
            digest.update(content)
    for library in ("libcst", "yaml"):
        digest.update(version(library))
    return digest.digest()


def _files(paths: Iterable[str]) -> Iterable[str]:
    for path in paths:
        if path.endswith((".py", ".toml")):
            yield path
            continue
        try:
            with os.scandir(path) as entries:
                inside = sorted(entry.path for entry in entries if entry.name != "__pycache__")
        except OSError:
            continue
        yield from _files(
            path for path in inside if path.endswith((".py", ".toml")) or "." not in path.rsplit(os.sep, 1)[-1]
        )


@cache
def version(library: str) -> bytes:
    """What tells the version of a library apart, without importing it: that takes long."""
    from importlib.util import find_spec

    spec = find_spec(library)
    if spec is None or spec.origin is None:
        return b""
    for file in (Path(spec.origin).with_name("_version.py"), Path(spec.origin)):
        with suppress(OSError):
            return file.read_bytes()
    return b""
