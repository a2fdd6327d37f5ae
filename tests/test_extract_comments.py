"""Comments that speak to the linter are found, and only comments."""

from __future__ import annotations

import pytest

from flaskglobals_lint.extract import extract
from flaskglobals_lint.facts import Comment


def comments(source: str) -> tuple[Comment, ...]:
    return extract(source.encode()).comments


@pytest.mark.parametrize(
    ("comment", "names"),
    [
        ("# noqa", ()),
        ("#noqa", ()),
        ("#  NoQA", ()),
        ("# noqa: FGL101", ("FGL101",)),
        ("#noqa:FGL101", ("FGL101",)),
        ("# noqa : FGL101", ("FGL101",)),
        ("# NOQA: fgl101,E501", ("FGL101", "E501")),
        ("# noqa: FGL101, E501 W6", ("FGL101", "E501", "W6")),
        ("# noqa: FGL101 because it is locked", ("FGL101",)),
        ("# noqa: FGL101 # more", ("FGL101",)),
        ("# noqa:", ()),
        ("# noqa: reason", ()),
    ],
)
def test_noqa(comment: str, names: tuple[str, ...]) -> None:
    assert comments(f"y = 0\nx = 1  {comment}\n") == (Comment("noqa", names, 2, 8),)


@pytest.mark.parametrize(
    "comment",
    [
        "# noqaX",
        "# not noqa",
        "noqa",
        "# flake8: noqa",
        "# guarded by: lock",
        "# guarded-by:",
        "# flaskglobals: ignore",
    ],
)
def test_other_comments(comment: str) -> None:
    assert comments(f"x = 1\n#{comment[1:]}\n" if comment[0] == "#" else f"x = 1\n{comment}\n") == ()


@pytest.mark.parametrize(
    "comment", ["# flaskglobals: ignore-file", "#flaskglobals:ignore-file", "# Flaskglobals:  ignore-file"]
)
def test_ignore_file(comment: str) -> None:
    assert comments(f"{comment}\nx = 1\n") == (Comment("ignore-file", (), 1, 1),)


@pytest.mark.parametrize(
    ("comment", "guard"),
    [
        ("# guarded-by: lock", "lock"),
        ("#guarded-by:_LOCK", "_LOCK"),
        ("# guarded-by: self._lock, always", "self._lock"),
        ("# guarded-by: locks.main.", "locks.main"),
        ("# GUARDED-BY: x", "x"),
        ("# guarded-by: größe", "größe"),
    ],
)
def test_guarded_by(comment: str, guard: str) -> None:
    assert comments(f"x = {{}}  {comment}\n") == (Comment("guarded-by", (guard,), 1, 9),)


def test_several_in_one_comment() -> None:
    assert comments("x = {}  # note # guarded-by: lock # noqa: FGL101") == (
        Comment("guarded-by", ("lock",), 1, 16),
        Comment("noqa", ("FGL101",), 1, 35),
    )


def test_text_in_strings_is_no_comment() -> None:
    source = """'''
x = 1  # noqa
'''
a = "# noqa"
b = '\\'# noqa'  # noqa: A1
c = f"{a}# noqa"
d = r'\\\\'; e = "it's"  # noqa: A2
f = (  # noqa: A3
    '''# noqa''' "" '# noqa'
)
# flaskglobals: ignore-file
"""
    assert [(comment.kind, comment.names, comment.line) for comment in comments(source)] == [
        ("noqa", ("A1",), 5),
        ("noqa", ("A2",), 7),
        ("noqa", ("A3",), 8),
        ("ignore-file", (), 11),
    ]


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_lines_and_columns(newline: str) -> None:
    source = newline.join(["s = '''", "'''", "if s:", "\t𝒳 = 1 # noqa: A1", "# noqa", ""])
    assert comments(source) == (Comment("noqa", ("A1",), 4, 8), Comment("noqa", (), 5, 1))
