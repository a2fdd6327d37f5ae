"""What a fix keeps: every byte that it does not concern, and the files themselves, whatever happens meanwhile."""

from __future__ import annotations

import os
from difflib import SequenceMatcher
from pathlib import Path

import pytest

from flaskglobals_lint import cli
from flaskglobals_lint.config import Config, UsageError
from flaskglobals_lint.finding import Edit, Finding, Fix, Span
from flaskglobals_lint.fixes import Fixer
from flaskglobals_lint.repair import repair, write

STORE = "hits = {}   # by page ;  odd   spacing\nrest = [1,\n2]\n"
APP = """\
from flask import Flask
import store as s

app = Flask( __name__ )

@app.route('/<page>')
def home( page ):
    s.hits[page] = s.hits.get(page, 0) + 1  ;  x = ( page )   # "why"
    return page
"""
CONFIG = Config(cache=False, jobs=1)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "app.py").write_text(APP, encoding="utf-8")
    (tmp_path / "store.py").write_text(STORE, encoding="utf-8")
    return tmp_path


def contents(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in folder.iterdir()}


def crlf(content: bytes) -> bytes:
    return content.replace(b"\n", b"\r\n")


def mixed(content: bytes) -> bytes:
    first, *others = content.split(b"\n")
    return first + b"\r\n" + b"\n".join(others)


def without_last_end(content: bytes) -> bytes:
    return content.rstrip(b"\n")


def with_mark(content: bytes) -> bytes:
    return b"\xef\xbb\xbf" + content


def with_tabs(content: bytes) -> bytes:
    return content.replace(b"    ", b"\t")


def in_latin_1(content: bytes) -> bytes:
    return b"# -*- coding: latin-1 -*-\n# \xe9\n" + content


def with_form_feeds(content: bytes) -> bytes:
    return content.replace(b"\n\n@", b"\n\x0c\n@")


def in_latin_1_with_cr(content: bytes) -> bytes:
    return in_latin_1(content).replace(b"\n", b"\r")


SHAPES = [crlf, mixed, without_last_end, with_mark, with_tabs, in_latin_1, in_latin_1_with_cr, with_form_feeds]


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.__name__)
def test_lines_that_a_fix_does_not_concern_keep_every_byte(shape: object, folder: Path) -> None:
    assert callable(shape)
    before = {name: shape(content) for name, content in contents(folder).items()}
    for name, content in before.items():
        (folder / name).write_bytes(content)
    outcome = repair([str(folder)], CONFIG, folder, unsafe=False)
    assert outcome.fixed == 1
    assert set(outcome.changed) == set(before)
    for name, after in outcome.changed.items():
        mark = b"\xef\xbb\xbf"
        assert after.startswith(mark) == before[name].startswith(mark)
        old, new = (content.removeprefix(mark).splitlines(keepends=True) for content in (before[name], after))
        changes = [code for code in SequenceMatcher(None, old, new, autojunk=False).get_opcodes() if code[0] != "equal"]
        replaced = [line for _, start, end, _, _ in changes for line in old[start:end]]
        assert all(b"s.hits[page] =" in line or not line.endswith(b"\n") or b"return" in line for line in replaced)
        for _, start, end, begin, stop in changes:
            added = b"".join(new[begin:stop])
            for line in old[start:end]:
                assert line.strip() in added
        compile(after, name, "exec")
        (folder / name).write_bytes(after)
    assert repair([str(folder)], CONFIG, folder, unsafe=True).changed == {}


def test_a_file_whose_bytes_would_change_elsewhere_is_left_alone(folder: Path) -> None:
    """In UTF-7, a character may be written in several ways."""
    (folder / "store.py").write_bytes(b"# coding: utf-7\n# +AGE-\n" + STORE.encode())
    outcome = repair([str(folder)], CONFIG, folder, unsafe=False)
    assert (outcome.changed, [reason for _, reason in outcome.left]) == ({}, ["the file's encoding does not allow it"])


def test_all_files_of_a_run_or_none(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = contents(folder)
    outcome = repair([str(folder)], CONFIG, folder, unsafe=False)
    assert len(outcome.changed) == 2
    replace, made = os.replace, []

    def full(source: str, target: object) -> None:
        made.append(target)
        if len(made) == 2:
            raise OSError(28, "No space left on device")
        replace(source, str(target))

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(UsageError, match="cannot be written: No space left on device"):
        write(outcome, folder)
    assert len(made) > 1
    assert contents(folder) == before


def test_between_two_files_the_program_runs_as_well(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever kills the process there leaves one of them new and the other old: what makes the lock comes first."""
    outcome = repair([str(folder)], CONFIG, folder, unsafe=False)
    assert b"hits_lock" in outcome.changed["app.py"]
    replace, seen = os.replace, []

    def watch(source: str, target: object) -> None:
        seen.append(contents(folder))
        replace(source, str(target))

    monkeypatch.setattr(os, "replace", watch)
    write(outcome, folder)
    before, between = seen
    assert between["app.py"] == before["app.py"]
    assert between["store.py"] == outcome.changed["store.py"]
    assert contents(folder) == outcome.changed


def test_a_link_to_the_same_file_elsewhere_keeps_what_it_had(folder: Path) -> None:
    """As in a cache of packages: a hard link is no part of the project."""
    os.link(folder / "store.py", folder / "kept.txt")
    write(repair([str(folder)], CONFIG, folder, unsafe=False), folder)
    assert (
        (folder / "kept.txt").read_text(encoding="utf-8") == STORE != (folder / "store.py").read_text(encoding="utf-8")
    )


def test_no_file_is_written_if_one_was_changed_meanwhile(folder: Path) -> None:
    outcome = repair([str(folder)], CONFIG, folder, unsafe=False)
    with (folder / "store.py").open("a") as file:
        file.write("mine = 1\n")
    before = contents(folder)
    with pytest.raises(UsageError, match=r"`store\.py` has changed since it was read; nothing is written"):
        write(outcome, folder)
    assert contents(folder) == before


@pytest.mark.parametrize(
    ("line", "text", "reason"),
    [
        (8, "    s.hits[page] = (\n", "the result could not be parsed"),
        (8, "    s.hits[page] = s.hits.get(page, 0) + 2\n", "the fix would not remove it"),
        (8, "    s.rest.append(s.rest.pop() + len(s.rest))\n", "the fix would bring "),
    ],
)
def test_a_fix_that_does_harm_is_not_made(
    line: int, text: str, reason: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wrong = Fix("safe", (Edit(Span("app.py", line, 1, line + 1, 1), text),))

    def fixes(fixer: Fixer, finding: Finding) -> tuple[list[Fix], str]:
        return [wrong], ""

    monkeypatch.setattr(Fixer, "fixes", fixes)
    outcome = repair([str(folder)], CONFIG, folder, unsafe=False)
    assert (outcome.fixed, outcome.changed) == (0, {})
    assert outcome.left[0][1].startswith(reason)


def test_the_reason_is_said(folder: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(folder)
    monkeypatch.setattr(Fixer, "fixes", lambda fixer, finding: ([], "it is as it is"))
    assert cli.main(["--fix"]) == 1
    assert "app.py:8: FGL101 left alone: it is as it is\n" in capfd.readouterr().err
