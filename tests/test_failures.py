"""A defect of the linter's own costs the function or the rule that shows it, and no more."""

from __future__ import annotations

from pathlib import Path

import pytest
from programs import reported
from test_link_cases import program

from flaskglobals_lint.checks import thread_local
from flaskglobals_lint.link.entries import Entries
from flaskglobals_lint.link.evaluate import Evaluator
from flaskglobals_lint.link.reach import Reach

TEXT = """
n = {"a": 0, "b": 0}

def broken():
    n["a"] = n["a"] + 1

@app.route("/")
def home():
    broken()
    n["b"] = n["b"] + 1
    return "home"
"""


pytestmark = pytest.mark.usefixtures("tolerant")


def told(folder: Path) -> list[tuple[str, str]]:
    return [(finding.code, finding.message) for finding in reported(program(TEXT), folder)]


def test_a_function_that_cannot_be_analysed_is_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    both = [code for code, _ in told(tmp_path)].count("FGL101")
    real = Evaluator._evaluate

    def evaluate(self: Evaluator, fid: str, constants: tuple[object, ...]) -> object:
        if fid.endswith("broken"):
            raise IndexError("tuple index out of range")
        return real(self, fid, constants)  # type: ignore[arg-type]

    monkeypatch.setattr(Evaluator, "_evaluate", evaluate)
    (failed,) = [finding for finding in reported(program(TEXT), tmp_path) if finding.code == "FGL900"]
    assert failed.message == (
        "internal error (IndexError: tuple index out of range): `broken` is left out; please report it with this file"
    )
    assert TEXT.splitlines()[failed.span.line - len(program("")["app.py"].splitlines())] == "def broken():"
    assert [code for code, _ in told(tmp_path)].count("FGL101") == both - 1


@pytest.mark.parametrize(
    ("owner", "name", "left_out"),
    [(Entries, "decorated", "home"), (Entries, "registered", "app"), (Reach, "_visit", "home")],
)
def test_what_cannot_be_followed_is_left_out(
    owner: type, name: str, left_out: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = TEXT + "\napp.add_url_rule('/more', view_func=home)\n"

    def fail(self: object, *arguments: object) -> None:
        raise IndexError("0")

    monkeypatch.setattr(owner, name, fail)
    found = reported(program(text), tmp_path)
    assert [one.message for one in found if one.code == "FGL900"] == [
        f"internal error (IndexError: 0): `{left_out}` is left out; please report it with this file"
    ]


def test_a_rule_that_fails_takes_no_other_with_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = told(tmp_path)

    def check(program: object) -> None:
        raise KeyError("a")

    monkeypatch.setattr(thread_local, "check", check)
    after = told(tmp_path)
    assert [one for one in after if one not in before] == [
        ("FGL900", "internal error (KeyError: 'a'): FGL601 is not checked to its end; please report it with this file")
    ]
    assert set(before) <= set(after)


def test_no_memory_is_no_defect(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def check(program: object) -> None:
        raise MemoryError

    monkeypatch.setattr(thread_local, "check", check)
    with pytest.raises(MemoryError):
        told(tmp_path)
