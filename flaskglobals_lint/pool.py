"""Extraction of many files, spread over processes that a crash of the native parser cannot leave.

The processes are plain children with a pipe each way: they start alike on every system, whatever threads the caller has, and
never import the caller's main module. A child that loses its parent reads the end of its input and stops.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from functools import cache
from typing import Final, TypeAlias

import msgspec

from flaskglobals_lint import facts

_WORTH_A_PROCESS: Final = 200_000
"""Bytes of source below which starting a process costs more than it saves, and no file takes long."""
_WORTH_MEMORY: Final = 3_000_000
"""Bytes of all sources above which libcst, which takes as much memory as the facts of half of them, gets a process."""
_CHUNK: Final = 60_000
"""Bytes of source that are sent at once, if no single file is longer."""
_LENGTH: Final = 4
_CODE: Final = "import sys; sys.path[:] = sys.argv[1:]; from flaskglobals_lint.extract.worker import main; main()"

Progress = Callable[[int], None]
"""Called with the number of files done."""


_Task: TypeAlias = tuple[bytes, bool]
"""A source, and whether it is to be outlined."""
Answer: TypeAlias = facts.Module | bytes
"""The facts of a source, encoded where they come from another process."""


def decoded(answer: Answer) -> facts.Module:
    return _decoder().decode(answer) if isinstance(answer, bytes) else answer


def encoded(answer: Answer) -> bytes:
    return answer if isinstance(answer, bytes) else msgspec.msgpack.encode(answer)


@cache
def _decoder() -> msgspec.msgpack.Decoder[facts.Module]:
    return msgspec.msgpack.Decoder(facts.Module)


def extract_all(
    sources: Sequence[bytes],
    jobs: int = 1,
    progress: Progress | None = None,
    *,
    outlined: Collection[int] = (),
    isolated: bool | None = None,
) -> list[Answer]:
    """The facts of each source, in the same order, by up to ``jobs`` processes at a time; of the sources with the numbers in
    ``outlined`` only the comments and the problem.

    A source whose analysis ends its process, or takes far too long, gets facts with a problem; the others are not affected.
    Few sources are worked on right here, and so are, if there is to be one process, all that Python's own parser reads –
    unless ``isolated`` asks for processes or, being False, forbids them.
    """
    tasks = [(source, number in outlined) for number, source in enumerate(sources)]
    done: list[Answer | None] = [None] * len(tasks)
    if isolated is None and jobs == 1:
        done = _quickly(tasks, progress)
    rest = [number for number, answer in enumerate(done) if answer is None]
    before = len(tasks) - len(rest)
    if isolated is None and rest and sum(map(len, sources)) > _WORTH_MEMORY:
        isolated = True
    report = (lambda count: progress(before + count)) if progress else None
    for number, answer in zip(rest, _extract([tasks[number] for number in rest], jobs, report, isolated), strict=True):
        done[number] = answer
    return [answer for answer in done if answer is not None]


def _extract(tasks: Sequence[_Task], jobs: int, progress: Progress | None, isolated: bool | None) -> Sequence[Answer]:
    total = sum(len(source) for source, _ in tasks)
    if isolated is None:
        isolated = total > _WORTH_A_PROCESS
    if isolated and sys.executable and tasks:
        try:
            return _Pool(tasks, progress).run(max(1, min(jobs, total // _WORTH_A_PROCESS + 1, len(tasks))))
        except _Unusable:
            pass  # no more processes allowed, or no interpreter that can be started: then without
    return _extract_here(tasks, progress)


def available_cores() -> int:
    """The processors that this process may use."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not Linux
        return os.cpu_count() or 1


def _extract_here(tasks: Sequence[_Task], progress: Progress | None) -> list[facts.Module]:
    from flaskglobals_lint.extract import extract

    done = []
    for task in tasks:
        done.append(extract(*task))
        if progress:
            progress(len(done))
    return done


def _quickly(tasks: Sequence[_Task], progress: Progress | None) -> list[Answer | None]:
    """The facts of the sources that take no concrete tree and are no risk to this process."""
    from flaskglobals_lint.extract.module import quickly

    done: list[Answer | None] = []
    count = 0
    for task in tasks:
        module = quickly(*task) if len(task[0]) <= _WORTH_A_PROCESS else None
        done.append(module)
        count += module is not None
        if progress:
            progress(count)
    return done


class _Unusable(Exception):
    """Workers cannot be started."""


class _Died(Exception):
    """The worker is gone; ``status`` is what it left, negative for a signal."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


class _Worker:
    """One child process."""

    def __init__(self) -> None:
        command = [sys.executable, "-P", "-c", _CODE, *sys.path]
        try:
            # No buffers: a frame is written and read as a whole.
            self._process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
            )
        except OSError as error:
            raise _Unusable from error

    def wait_until_ready(self) -> None:
        try:
            self.answer()
        except _Died as error:
            raise _Unusable from error

    def ask(self, tasks: Sequence[_Task]) -> None:
        request = msgspec.msgpack.encode(tasks)
        stream = self._process.stdin
        assert stream is not None
        try:
            stream.write(len(request).to_bytes(_LENGTH, "little"))
            stream.write(request)
            stream.flush()
        except (OSError, ValueError):
            pass  # it is gone, and the missing answer will tell

    def answer(self) -> bytes:
        """The next frame. Raises _Died."""
        stream = self._process.stdout
        assert stream is not None
        try:
            head = stream.read(_LENGTH)
            length = int.from_bytes(head, "little")
            content = stream.read(length) if len(head) == _LENGTH else b""
        except (OSError, ValueError):
            head, content, length = b"", b"", 0
        if len(head) < _LENGTH or len(content) < length:
            self.kill()
            raise _Died(self._process.wait())
        return content

    def kill(self) -> None:
        self._process.kill()

    def close(self) -> None:
        """End the process, at once if it still works, and free what it held."""
        self._process.kill()
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                with suppress(OSError):  # what was not yet written has no reader
                    stream.close()


class _Pool:
    """Hands out chunks of the sources to workers, each driven by a thread that mostly waits."""

    def __init__(self, tasks: Sequence[_Task], progress: Progress | None) -> None:
        self._tasks = tasks
        self._progress = progress
        self._answers: list[bytes | None] = [None] * len(tasks)
        self._done = 0
        self._chunks = deque(_chunks([source for source, _ in tasks]))
        self._suspects: set[int] = set()
        """Sources that a worker died over once: they are tried again, each alone."""
        self._workers: set[_Worker] = set()
        self._changed = threading.Condition()
        self._running = 0
        self._stopped = False
        self._failure: BaseException | None = None

    def run(self, jobs: int) -> list[bytes]:
        threads = [threading.Thread(target=self._drive, daemon=True) for _ in range(jobs)]
        self._running = jobs
        shown = 0
        try:
            for thread in threads:
                thread.start()
            with self._changed:
                while self._running:
                    # A timeout keeps the main thread open to signals on every system.
                    self._changed.wait(1.0)
                    if self._progress and self._done != shown:
                        shown = self._done
                        self._progress(shown)
        finally:
            self._stop()
            for thread in threads:
                if thread.ident is not None:
                    thread.join()
        if self._failure is not None:
            raise self._failure
        return [answer for answer in self._answers if answer is not None]

    def _stop(self) -> None:
        with self._changed:
            self._stopped = True
            workers = list(self._workers)
        for worker in workers:
            worker.kill()

    def _drive(self) -> None:
        worker: _Worker | None = None
        try:
            while (chunk := self._next()) is not None:
                worker = worker or self._start()
                if not self._work(worker, chunk):
                    self._end(worker)
                    worker = None
        except BaseException as error:
            with self._changed:
                self._failure = self._failure or error
                self._stopped = True
        finally:
            if worker is not None:
                self._end(worker)
            with self._changed:
                self._running -= 1
                self._changed.notify_all()

    def _next(self) -> list[int] | None:
        with self._changed:
            return self._chunks.popleft() if self._chunks and not self._stopped else None

    def _start(self) -> _Worker:
        worker = _Worker()
        with self._changed:
            self._workers.add(worker)
            if self._stopped:
                worker.kill()
        try:
            worker.wait_until_ready()
        except _Unusable:
            self._end(worker)
            raise
        return worker

    def _end(self, worker: _Worker) -> None:
        worker.close()
        with self._changed:
            self._workers.discard(worker)

    def _work(self, worker: _Worker, chunk: list[int]) -> bool:
        """Have a chunk worked on; whether the worker survived. What it left undone goes back to the queue."""
        worker.ask([self._tasks[number] for number in chunk])
        for at, number in enumerate(chunk):
            try:
                answer = worker.answer()
            except _Died as death:
                with self._changed:
                    if self._stopped:
                        return False
                    rest = chunk[at + 1 :]
                    if rest:
                        self._chunks.appendleft(rest)
                    if number in self._suspects or _took_too_long(death.status):
                        self._finish(number, _problem(death.status))
                    else:
                        # It may have been killed for something else: once more, alone.
                        self._suspects.add(number)
                        self._chunks.append([number])
                return False
            with self._changed:
                self._finish(number, answer)
        return True

    def _finish(self, number: int, answer: bytes) -> None:
        self._answers[number] = answer
        self._done += 1
        self._changed.notify_all()


def _chunks(sources: Sequence[bytes]) -> list[list[int]]:
    """Numbers of sources, in chunks of about the same size, the longest sources first: they must not be started last."""
    chunks: list[list[int]] = []
    size = _CHUNK
    for number in sorted(range(len(sources)), key=lambda number: -len(sources[number])):
        if size + len(sources[number]) > _CHUNK:
            chunks.append([])
            size = 0
        chunks[-1].append(number)
        size += len(sources[number])
    return chunks


def _problem(status: int) -> bytes:
    """Facts of a source over which a worker died twice."""
    message = "takes too long to analyse" if _took_too_long(status) else "the parser crashed on this file"
    return msgspec.msgpack.encode(facts.Module((), (), (), (), facts.SyntaxProblem(message, 1, 1)))


def _took_too_long(status: int) -> bool:
    return status < 0 and status == -getattr(signal, "SIGXCPU", 0)
