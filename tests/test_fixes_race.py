"""What is fixed loses nothing: the race rules' bad examples, as `--unsafe-fixes` leaves them, under every interleaving.

The first of two threads is held before each bytecode at which a line begins, a function is called or a value is stored or
removed, one after the other, and the second one handles its whole request meanwhile. What can be seen afterwards must be what
the two requests make of it one after the other.
"""

from __future__ import annotations

import dis
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
from interleave import interleave
from test_evidence import BYTECODES, LOOPS, SWITCHES, Program, Row, by_id, example, one_after_the_other, sources

from flaskglobals_lint.config import Config
from flaskglobals_lint.repair import repair

NOT_FIXED = {"FGL101-acquire-with-a-timeout-may-fail": "the function takes the lock by `acquire` as well"}
"""Examples without a fix, by their ids, and why."""

_POINTS = ("STORE_", "DELETE_", "CALL", "FOR_ITER")


@dataclass(slots=True)
class At:
    """Holds a thread at the point of that number."""

    code: set[str]
    number: int
    passed: int = 0

    def files(self) -> set[str]:
        return self.code

    def before(self, frame: FrameType, instruction: dis.Instruction) -> bool:
        begins = instruction.starts_line is not None and instruction.starts_line is not False
        if not begins and not instruction.opname.startswith(_POINTS):
            return False
        self.passed += 1
        return self.passed == self.number

    def after(self, frame: FrameType, instruction: dis.Instruction) -> None:
        pass

    def switch(self, kind: str) -> bool:
        return False


def fixed(row: Row, folder: Path) -> dict[str, str]:
    """An example as all fixes leave it."""
    files = sources(example(row, good=False).files)
    for path, source in files.items():
        (folder / path).write_text(source, encoding="utf-8")
    outcome = repair([str(folder)], Config(cache=False, jobs=1, select=(row.id[:6],)), folder, unsafe=True)
    left = {reason for finding, reason in outcome.left if finding.code == row.id[:6]}
    assert left == {NOT_FIXED[row.id]} if row.id in NOT_FIXED else not left
    return {path: outcome.changed[path].decode() if path in outcome.changed else files[path] for path in files}


def in_turn(row: Row, files: Mapping[str, str], folder: Path) -> list[object]:
    """What can be seen after the two requests, in either order."""
    program = Program(files, folder, row.setup)
    second = program.act(row.requests[1])
    results: list[Any] = [program.act(row.requests[0]), second]
    return [one_after_the_other(row, files, folder), program.look(row.look, results)]


@pytest.mark.parametrize("row", [row for row in [*SWITCHES, *BYTECODES, *LOOPS] if row.id not in NOT_FIXED], ids=by_id)
def test_a_fixed_example_loses_nothing(row: Row, tmp_path: Path) -> None:
    files = fixed(row, tmp_path)
    allowed = in_turn(row, files, tmp_path)
    code = {str(tmp_path / path) for path in files}
    number, held = 0, True
    while held:
        number += 1
        program = Program(files, tmp_path, row.setup)
        outcome = interleave(
            [lambda request=request, program=program: program.act(request) for request in row.requests],
            At(code, number),
        )
        held = outcome.was_held
        assert program.look(row.look, outcome.results) in allowed, f"held at point {number}"
    assert number > 3


@pytest.mark.parametrize("row", [row for row in [*SWITCHES, *BYTECODES, *LOOPS] if row.id in NOT_FIXED], ids=by_id)
def test_the_rest_is_left_alone(row: Row, tmp_path: Path) -> None:
    assert fixed(row, tmp_path) == sources(example(row, good=False).files)
