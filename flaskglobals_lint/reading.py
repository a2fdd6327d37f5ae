"""Reading what others wrote, up to a limit: a device never ends, and a file with holes is larger than any memory."""

from __future__ import annotations

import errno
import os


def limited(path: str | os.PathLike[str], most: int) -> bytes:
    """A file's bytes. Raises OSError, also where there are more than ``most``."""
    with open(path, "rb") as file:
        content = file.read(most + 1)
    if len(content) > most:
        raise OSError(errno.EFBIG, os.strerror(errno.EFBIG))
    return content
