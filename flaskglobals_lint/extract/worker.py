"""The child's side of ``pool``: a process that extracts one file after another until nobody asks any more.

Both ways go frames: four bytes with the length, little-endian, and so many bytes. A request is a list of sources, each
with whether it is to be outlined; the answer is one frame of facts for each. The first frame of all is empty and says that
the worker is ready.
"""

from __future__ import annotations

import gc
import os
import signal
import sys
import time
from typing import BinaryIO

import msgspec

from flaskglobals_lint.extract.module import extract

LENGTH = 4
CPU_SECONDS = 20
"""What any file may cost."""
BYTES_A_SECOND = 50_000
"""And a second more for so many bytes of it: about a tenth of the usual speed."""


def main() -> None:
    """Serve requests on standard input until it ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent gets it, too, and decides
    requests = sys.stdin.buffer
    # What is printed by whatever code of others must not get between the frames.
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    gc.disable()  # trees hold no cycles
    encode = msgspec.msgpack.Encoder().encode
    tasks = msgspec.msgpack.Decoder(list[tuple[bytes, bool]])
    _no_core_file()
    try:
        _answer(answers, b"")
        while request := _request(requests):
            for source, outlined in tasks.decode(request):
                _limit(len(source))
                _answer(answers, encode(extract(source, outlined)))
    except (BrokenPipeError, EOFError):
        pass
    # Nothing is left to be tidied up, and freeing the last tree takes time.
    os._exit(0)


def _request(stream: BinaryIO) -> bytes:
    length = int.from_bytes(stream.read(LENGTH), "little")
    return stream.read(length)


def _answer(stream: BinaryIO, content: bytes) -> None:
    stream.write(len(content).to_bytes(LENGTH, "little"))
    stream.write(content)
    stream.flush()


def _no_core_file() -> None:
    if sys.platform != "win32":
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))


def _limit(size: int) -> None:
    """End this process if the next file takes much longer than any file should. Processor time, so load does not count."""
    if sys.platform != "win32":
        import resource

        hard = resource.getrlimit(resource.RLIMIT_CPU)[1]
        soft = int(time.process_time()) + 1 + CPU_SECONDS + size // BYTES_A_SECOND
        if hard == resource.RLIM_INFINITY or soft < hard:
            resource.setrlimit(resource.RLIMIT_CPU, (soft, hard))
