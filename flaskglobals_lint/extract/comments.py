"""The comments that speak to the linter."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from flaskglobals_lint.extract.positions import Lines
from flaskglobals_lint.extract.tokens import COMMENT, STRING
from flaskglobals_lint.facts import Comment

_TEXT_OR_COMMENT: Final = re.compile(rf"{STRING}|({COMMENT})", re.DOTALL)

# ``noqa`` as flake8 reads it: a colon that no code follows means nothing.
_DIRECTIVE: Final = re.compile(
    r"""\#\s*(?:
        noqa\b (?:\s*:\s*(?P<codes>[A-Z]+[0-9]+\b(?:[,\s]+[A-Z]+[0-9]+\b)*))?
      | (?P<file>flaskglobals:\s*ignore-file\b)
      | guarded-by:\s*(?P<guard>[^\W\d][\w.]*\w|[^\W\d])
    )""",
    re.IGNORECASE | re.VERBOSE,
)


def linter_comments(source: str) -> tuple[Comment, ...]:
    """The linter's comments in ``source``, in the order of the text. What looks like one in a string is none."""
    if _DIRECTIVE.search(source) is None:
        return ()
    return tuple(_comments(source))


def _comments(source: str) -> Iterator[Comment]:
    lines = Lines(source)
    for found in _TEXT_OR_COMMENT.finditer(source):
        if found.lastindex is None:
            continue
        for directive in _DIRECTIVE.finditer(source, found.start(), found.end()):
            line, column = lines.place(directive.start())
            if directive["file"]:
                yield Comment("ignore-file", (), line, column)
            elif directive["guard"]:
                yield Comment("guarded-by", (directive["guard"],), line, column)
            else:
                codes = re.findall(r"[A-Z]+[0-9]+", (directive["codes"] or "").upper())
                yield Comment("noqa", tuple(codes), line, column)
