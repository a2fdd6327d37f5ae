"""From a file's bytes to its text."""

from __future__ import annotations

import codecs
import io
import re
import tokenize
from typing import Final

from flaskglobals_lint.facts import SyntaxProblem

_BOM: Final = "\ufeff"
_LINE_END: Final = re.compile(rb"\r\n?|\n")


def decode(source: bytes) -> str | SyntaxProblem:
    """The text of a Python file, by its byte order mark, its PEP 263 cookie, or UTF-8; without the mark."""
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(source).readline)
    except SyntaxError as error:
        return _cookie_problem(source, str(error.msg))
    try:
        text, _ = codecs.lookup(encoding).decode(source, "strict")
    except UnicodeDecodeError as error:
        line, column = _place(source, error.start)
        return SyntaxProblem(f"the file is not valid {encoding}", line, column)
    except (UnicodeError, LookupError, ValueError):
        return SyntaxProblem(f"the file is not valid {encoding}", 1, 1)
    if not isinstance(text, str):
        return SyntaxProblem(f"{encoding} is not a text encoding", 1, 1)
    null = text.find("\0")
    if null >= 0:
        before = text[:null]
        line_start = max(before.rfind("\n"), before.rfind("\r")) + 1
        line = 1 + len(re.findall(r"\r\n?|\n", before))
        return SyntaxProblem("the file holds a null byte", line, null - line_start + 1)
    return text.removeprefix(_BOM)


def _cookie_problem(source: bytes, message: str) -> SyntaxProblem:
    """Say what is wrong where the encoding could not even be found out."""
    if "unknown encoding" in message:
        cookie = message.rpartition(":")[2].strip()
        return SyntaxProblem(f"unknown encoding {cookie!r}", 1, 1)
    if "BOM" in message or "utf8" in message:
        return SyntaxProblem("the file starts with a UTF-8 byte order mark, but declares another encoding", 1, 1)
    try:
        source.decode("utf-8")
    except UnicodeDecodeError as error:
        line, column = _place(source, error.start)
        return SyntaxProblem("the file is not valid utf-8", line, column)
    return SyntaxProblem("the encoding declaration is invalid", 1, 1)


def _place(source: bytes, offset: int) -> tuple[int, int]:
    """Line and column of a byte."""
    line, start = 1, 0
    for newline in _LINE_END.finditer(source, 0, offset):
        line, start = line + 1, newline.end()
    return line, len(source[start:offset].decode("utf-8", "replace")) + 1
