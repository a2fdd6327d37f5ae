"""The terminal: what is written where, and what happens when nobody reads it."""

from __future__ import annotations

import errno
import logging
import os
import stat
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, TextIO

import click

from flaskglobals_lint.config import UsageError

if TYPE_CHECKING:
    from click._termui_impl import ProgressBar

_MANY = 50
_LONG = 1.0


def write(text: str) -> None:
    """Write to standard output, and flush; a character that its encoding lacks is escaped.

    A reader that has gone away is no error: what is left is dropped. Raises UsageError where it cannot be written.
    """
    _write(text, sys.stdout)


def tell(text: str) -> None:
    """Write to standard error. Where that cannot be written, nobody can be told."""
    with suppress(UsageError):
        _write(text, sys.stderr)


def _write(text: str, stream: TextIO | None) -> None:
    if stream is None:  # closed by the caller, as in ``>&-``
        return
    encoding = stream.encoding or "utf-8"
    try:
        stream.write(text.encode(encoding, "backslashreplace").decode(encoding))
        stream.flush()
    except BrokenPipeError:
        discard(stream)
    except OSError as error:
        discard(stream)
        raise UsageError(f"the output cannot be written: {error.strerror}") from None


def write_bytes(content: bytes, escape: Callable[[str], str]) -> None:
    """Write to standard output what a program may read, byte for byte; to a terminal as text, each line escaped."""
    stream = sys.stdout
    if is_terminal(stream) or not hasattr(stream, "buffer"):
        lines = content.decode("utf-8", "surrogateescape").split("\n")
        write("\n".join("    ".join(map(escape, line.split("\t"))) for line in lines))
        return
    try:
        stream.flush()
        stream.buffer.write(content)
        stream.buffer.flush()
    except BrokenPipeError:
        discard(stream)
    except OSError as error:
        discard(stream)
        raise UsageError(f"the output cannot be written: {error.strerror}") from None


def discard(stream: TextIO) -> None:
    """Send what a stream still holds, and all that follows, nowhere."""
    try:
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, stream.fileno())
        os.close(null)
    except (OSError, ValueError):  # not a real stream, or closed
        pass


def write_file(path: Path, text: str) -> None:
    """Replace a file by the text, whole or not at all. Raises UsageError."""
    replace_file(path, text.encode("utf-8", "backslashreplace"))


def replace_file(path: Path, content: bytes) -> None:
    """Replace a file's content, whole or not at all; its mode is kept, and a link stays one. Raises UsageError."""
    replace_files({path: content})


def replace_files(contents: Mapping[Path, bytes]) -> None:
    """Replace the contents of files: all of them or, if one cannot be written, none. Raises UsageError."""
    staged: list[tuple[str, Path]] = []
    old: dict[Path, bytes] = {}
    path = Path()
    try:
        for path, content in contents.items():
            if (name := _staged(path, content)) is not None:
                staged.append((name, Path(os.path.realpath(path))))
        while staged:
            name, path = staged[0]
            if len(contents) > 1 and path.exists():
                old[path] = path.read_bytes()
            os.replace(name, path)
            del staged[0]
    except BaseException as error:
        for name, _ in staged:
            with suppress(FileNotFoundError):
                os.unlink(name)
        for other, content in old.items():
            with suppress(OSError, UsageError):
                if other.read_bytes() != content:
                    replace_file(other, content)
        if isinstance(error, OSError):
            raise UsageError(f"`{path}` cannot be written: {error.strerror}") from None
        raise


def _staged(path: Path, content: bytes) -> str | None:
    """A file beside the target that holds the content and has its mode; None if the target is a device or a pipe, which is
    written at once."""
    import tempfile

    old = path.stat() if path.exists() else None
    if old is not None and not stat.S_ISREG(old.st_mode):
        with suppress(BrokenPipeError):
            path.write_bytes(content)  # by its own name: what /dev/stdout leads to may have none
        return None
    target = Path(os.path.realpath(path))
    if old is not None and not is_writable(target):
        raise PermissionError(errno.EACCES, "it is read-only")
    handle, name = tempfile.mkstemp(prefix=".flaskglobals-lint.", dir=target.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        if old is not None and hasattr(os, "chown"):
            with suppress(OSError):
                os.chown(name, old.st_uid, old.st_gid)
        os.chmod(name, stat.S_IMODE(old.st_mode) if old is not None else 0o666 & ~_umask())
    except BaseException:
        os.unlink(name)
        raise
    return name


def is_writable(path: Path) -> bool:
    """Whether a file may be written, as its mode says even to those whom the system lets do anything."""
    return os.access(path, os.W_OK) and bool(path.stat().st_mode & 0o222)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def is_terminal(stream: TextIO | None) -> bool:
    """Whether somebody is looking."""
    try:
        return stream is not None and stream.isatty()
    except ValueError:  # closed
        return False


def wants_color(choice: str) -> bool:
    """Whether standard output gets colours: as told, or if it is a terminal and nothing in the environment objects."""
    if choice != "auto":
        return choice == "always"
    if os.environ.get("NO_COLOR"):
        return False
    return bool(os.environ.get("FORCE_COLOR")) or (is_terminal(sys.stdout) and os.environ.get("TERM") != "dumb")


class Progress:
    """A bar on standard error for a long run that somebody watches; nothing otherwise."""

    def __init__(self, wanted: bool) -> None:
        self._wanted = wanted and is_terminal(sys.stderr)
        self._start = monotonic()
        self._bar: ProgressBar[int] | None = None

    def __call__(self, done: int, total: int) -> None:
        if not self._wanted:
            return
        if self._bar is None and done < total and (total > _MANY or monotonic() - self._start > _LONG):
            self._bar = click.progressbar(length=total, label="reading", file=sys.stderr)
            self._bar.render_progress()
        if self._bar is not None:
            self._bar.update(done - self._bar.pos)

    def close(self) -> None:
        """Leave the line of the bar."""
        if self._bar is not None:
            self._bar.render_finish()
            self._bar = None


def fail(message: str, escape: Callable[[str], str] = str) -> None:
    """One line on standard error."""
    tell(f"flaskglobals-lint: {escape(' '.join(message.split()))}\n")


class _OneLine(logging.Formatter):
    """A record on one line: it may hold the names of other people's files."""

    def format(self, record: logging.LogRecord) -> str:
        from flaskglobals_lint.report.text import escaped

        return escaped(super().format(record))


@contextmanager
def logging_to_stderr() -> Iterator[None]:
    """Print what the package logs."""
    logger = logging.getLogger("flaskglobals_lint")
    handler = logging.StreamHandler()
    handler.setFormatter(_OneLine("flaskglobals-lint: %(message)s"))
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    try:
        yield
    finally:
        logger.removeHandler(handler)
        logger.setLevel(logging.NOTSET)
