"""Running functions in threads of which only one moves at a time, so that a race happens each time or never.

The first thread runs until it reaches a *stop* and is held there. Then each of the others runs to its end, or until it would
block on a lock, and only then does the first one go on. Nothing sleeps, and nothing depends on how fast anything is.

A stop is told where to hold by the positions of instructions in the source. It knows two kinds of points. A *switch point* is
one where CPython 3.11 and newer with a GIL looks whether another thread wants its turn: a function is entered, a call of C
code returns, a loop begins its next round. *Before the write* is any bytecode boundary: there other threads can come between
on a free-threaded build, and could on CPython 3.9 and older, but not on a newer one with a GIL.
"""

from __future__ import annotations

import dis
import functools
import sys
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import CodeType, FrameType, ModuleType
from typing import Any, Literal, Protocol, TypeAlias

from flaskglobals_lint.finding import Span

WATCHDOG = 60.0
"""Seconds after which a thread gives up waiting for its turn, so that a mistake here fails and does not hang."""

Tracer: TypeAlias = Callable[[FrameType, str, Any], "Tracer | None"]
Point: TypeAlias = Literal["switch", "write"]


class Deadlock(RuntimeError):
    """No thread can go on."""


@dataclass(frozen=True, slots=True)
class Position:
    """A stretch of a file, with columns as Python's code objects count them: from 0, in bytes."""

    file: str
    line: int
    column: int
    end_line: int
    end_column: int

    @classmethod
    def of(cls, span: Span, folder: Path) -> Position:
        """The stretch that a finding points at, in a program without any character that is not ASCII."""
        return cls(str(folder / span.path), span.line, span.column - 1, span.end_line, span.end_column - 1)

    @classmethod
    def whole(cls, file: Path) -> Position:
        """All of a file."""
        return cls(str(file), 0, 0, sys.maxsize, 0)

    def is_that_of(self, instruction: dis.Instruction) -> bool:
        """Whether an instruction of this file was compiled from exactly this stretch."""
        where = instruction.positions
        return where is not None and (where.lineno, where.col_offset, where.end_lineno, where.end_col_offset) == (
            self.line,
            self.column,
            self.end_line,
            self.end_column,
        )

    def has_line_of(self, instruction: dis.Instruction) -> bool:
        """Whether an instruction of this file begins on a line of this stretch."""
        line = instruction.positions and instruction.positions.lineno
        return line is not None and self.line <= line <= self.end_line


class Stop(Protocol):
    """Where the first thread is held. It is asked about all that the thread does, in order."""

    def files(self) -> set[str]:
        """The files whose instructions it wants to see."""

    def before(self, frame: FrameType, instruction: dis.Instruction) -> bool:
        """Whether to hold the thread before this instruction."""

    def after(self, frame: FrameType, instruction: dis.Instruction) -> None:
        """This instruction is over."""

    def switch(self, kind: str) -> bool:
        """Whether to hold the thread at this switch point."""


@dataclass(slots=True)
class Between:
    """Holds a thread that has executed the read and has not yet executed the write.

    It holds it at a switch point, the ``turn``-th one, or right before the write. ``passed`` are the kinds of all switch
    points up to where it was held, or up to the write if it was not.
    """

    read: Position
    write: Position
    point: Point
    turn: int = 1
    passed: list[str] = field(default_factory=list)
    has_read: bool = False
    has_written: bool = False

    def files(self) -> set[str]:
        return {self.read.file, self.write.file}

    def before(self, frame: FrameType, instruction: dis.Instruction) -> bool:
        return self.point == "write" and self.has_read and self._writes(frame, instruction)

    def after(self, frame: FrameType, instruction: dis.Instruction) -> None:
        file, operation = frame.f_code.co_filename, instruction.opname
        if self._writes(frame, instruction):
            self.has_written = self.has_written or self.has_read
        elif file == self.read.file and self.read.is_that_of(instruction) and _is_read(operation):
            self.has_read = True

    def switch(self, kind: str) -> bool:
        if not self.has_read or self.has_written:
            return False
        self.passed.append(kind)
        return self.point == "switch" and len(self.passed) == self.turn

    def _writes(self, frame: FrameType, instruction: dis.Instruction) -> bool:
        return (
            frame.f_code.co_filename == self.write.file
            and self.write.is_that_of(instruction)
            and _is_write(instruction.opname)
        )


@dataclass(slots=True)
class Within:
    """Holds a thread at the first switch point after a loop has handed out an item."""

    loop: Position
    asked: FrameType | None = None
    has_item: bool = False

    def files(self) -> set[str]:
        return {self.loop.file}

    def before(self, frame: FrameType, instruction: dis.Instruction) -> bool:
        if frame is self.asked:
            # At its end a loop goes on elsewhere; else the item is stored first.
            self.has_item = self.has_item or instruction.opname.startswith(("STORE_", "UNPACK_"))
            self.asked = None
        elif instruction.opname == "FOR_ITER" and self.loop.has_line_of(instruction):
            self.asked = frame
        elif frame.f_code.co_name == "<lambda>" and self.loop.has_line_of(instruction):
            self.has_item = True  # C code walks the container and gives each item to a function
        return False

    def after(self, frame: FrameType, instruction: dis.Instruction) -> None:
        pass

    def switch(self, kind: str) -> bool:
        return self.has_item


@dataclass(slots=True)
class Outcome:
    """What became of the threads: the value or exception of each, who was held, who had to wait for a lock."""

    results: list[Any]
    was_held: bool
    waited: set[int]


def interleave(functions: Sequence[Callable[[], object]], stop: Stop) -> Outcome:
    """Run the functions in a thread each. The first is held at the stop until no other one can go on."""
    return _Threads(functions, stop).run()


def watched_threading() -> ModuleType:
    """A stand-in for ``threading`` whose locks tell the scheduler when a thread would block."""
    module = ModuleType("threading")
    vars(module).update(vars(threading))
    for name in ("Lock", "RLock", "Semaphore", "BoundedSemaphore"):
        setattr(module, name, functools.partial(_watched, getattr(threading, name)))
    vars(module)["Condition"] = lambda lock=None: threading.Condition(lock or _Watched(threading.RLock()))
    return module


class _Watched:
    """A lock that does not block a thread of the scheduler but has another one go on."""

    def __init__(self, lock: Any) -> None:
        self._lock = lock

    def acquire(self, blocking: bool = True, timeout: float | None = None) -> bool:
        threads = getattr(_mine, "threads", None)
        if threads is None:
            return bool(self._lock.acquire(blocking, *([] if timeout is None else [timeout])))
        while not self._lock.acquire(blocking=False):
            if not blocking:
                return False
            threads.waited.add(_mine.number)
            if timeout is not None and timeout >= 0:
                return False  # as long as this thread has to wait, the one that has the lock is held: time runs out
            threads.block(self)
        return True

    def release(self) -> None:
        self._lock.release()
        if threads := getattr(_mine, "threads", None):
            threads.unblock(self)

    def __enter__(self) -> bool:
        return self.acquire()

    def __exit__(self, *exception: object) -> None:
        self.release()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._lock, name)


def _watched(make: Callable[..., Any], *arguments: Any, **named: Any) -> _Watched:
    return _Watched(make(*arguments, **named))


_mine = threading.local()
"""The scheduler of the current thread and the thread's number in it, if it has one."""

State: TypeAlias = Literal["ready", "held", "blocked", "done"]


class _Threads:
    """The scheduler. A thread moves only while it has the turn, and gives it away itself."""

    def __init__(self, functions: Sequence[Callable[[], object]], stop: Stop) -> None:
        self.waited: set[int] = set()
        self._functions = functions
        self._stop = stop
        self._states: list[State] = ["ready"] * len(functions)
        self._blockers: dict[int, _Watched] = {}
        self._results: list[Any] = [None] * len(functions)
        self._was_held = False
        self._turn: int | None = 0
        self._changed = threading.Condition()

    def run(self) -> Outcome:
        threads = [
            threading.Thread(target=self._work, args=(number,), daemon=True) for number in range(len(self._functions))
        ]
        for thread in threads:
            thread.start()
        self._wait_for_turn(None)
        for thread in threads:
            thread.join(WATCHDOG)
        return Outcome(self._results, self._was_held, self.waited)

    def hold(self) -> None:
        """Let all others go on first."""
        self._was_held = True
        self._give_away("held")

    def block(self, lock: _Watched) -> None:
        """Let others go on until one of them has released the lock."""
        self._blockers[_mine.number] = lock
        self._give_away("blocked")

    def unblock(self, lock: _Watched) -> None:
        """Whoever waits for this lock can try again."""
        for number, blocker in list(self._blockers.items()):
            if blocker is lock:
                del self._blockers[number]
                self._states[number] = "ready"

    def _work(self, number: int) -> None:
        _mine.threads, _mine.number = self, number
        try:
            self._wait_for_turn(number)
            if number == 0:
                # Before settrace: 3.12 and newer look only then whether anybody wants to see instructions.
                sys._getframe().f_trace_opcodes = True
                sys.settrace(_Tracing(self._stop, self.hold).enter)
            self._results[number] = self._functions[number]()
        except Exception as error:
            self._results[number] = error
        finally:
            sys.settrace(None)
            self._states[number] = "done"
            self._pass_on()

    def _give_away(self, state: State) -> None:
        self._states[_mine.number] = state
        self._pass_on()
        self._wait_for_turn(_mine.number)

    def _pass_on(self) -> None:
        """Give the turn to a thread that can go on, to the held one last, to the caller of all when they are done."""
        with self._changed:
            order: tuple[State, ...] = ("ready", "held", "blocked")
            self._turn = next((self._states.index(state) for state in order if state in self._states), None)
            self._changed.notify_all()

    def _wait_for_turn(self, number: int | None) -> None:
        with self._changed:
            if not self._changed.wait_for(lambda: self._turn == number, WATCHDOG):
                raise TimeoutError(f"thread {number} did not get its turn: {self._states}")
        if number is not None:
            if self._blockers.pop(number, None):
                raise Deadlock("every thread waits for a lock")
            self._states[number] = "ready"


class _Tracing:
    """Translates what ``sys.settrace`` tells of a thread into what a stop asks for, until the stop is reached."""

    def __init__(self, stop: Stop, hold: Callable[[], None]) -> None:
        self._stop = stop
        self._files = stop.files()
        self._hold = hold
        self._is_over = False
        self._last: dict[FrameType, dis.Instruction] = {}
        self._entering: set[FrameType] = set()

    def enter(self, frame: FrameType, event: str, argument: object) -> Tracer | None:
        """A function is called."""
        if self._is_over or frame.f_code.co_filename == __file__:
            return None  # a watched lock stands for one that is written in C
        if frame.f_back is not None:
            self._entering.add(frame.f_back)
        self._switch(f"entry of {frame.f_code.co_name}")
        if frame.f_code.co_filename not in self._files:
            return None
        frame.f_trace = self._inside  # 3.13 and newer want it first
        frame.f_trace_opcodes = True
        frame.f_trace_lines = False
        return self._inside

    def _inside(self, frame: FrameType, event: str, argument: object) -> Tracer | None:
        if self._is_over:
            return None
        if event != "opcode":
            return self._inside
        instruction = _instructions(frame.f_code)[frame.f_lasti]
        if last := self._last.get(frame):
            self._stop.after(frame, last)
            if _is_call(last.opname) and frame not in self._entering:
                self._switch("end of a call")
            elif "JUMP_BACKWARD" in last.opname and instruction.offset < last.offset:
                self._switch("next round of a loop")
        self._last[frame] = instruction
        self._entering.discard(frame)
        if not self._is_over and self._stop.before(frame, instruction):
            self._reached()
        return self._inside

    def _switch(self, kind: str) -> None:
        if not self._is_over and self._stop.switch(kind):
            self._reached()

    def _reached(self) -> None:
        self._is_over = True
        self._last.clear()
        self._entering.clear()
        self._hold()


@functools.cache
def _instructions(code: CodeType) -> dict[int, dis.Instruction]:
    return {instruction.offset: instruction for instruction in dis.get_instructions(code)}


def _is_call(operation: str) -> bool:
    return operation in ("CALL", "CALL_KW", "CALL_FUNCTION_EX")


def _is_read(operation: str) -> bool:
    return operation.startswith(("LOAD_", "BINARY_SUBSCR", "BINARY_OP")) or _is_call(operation)


def _is_write(operation: str) -> bool:
    return operation.startswith(("STORE_", "DELETE_")) or _is_call(operation)
