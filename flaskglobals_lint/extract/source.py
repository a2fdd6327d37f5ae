"""From a file's bytes to its text."""

from __future__ import annotations

import codecs
import tokenize

from flaskglobals_lint.extract.positions import Lines
from flaskglobals_lint.facts import SyntaxProblem


def decode(source: bytes) -> str | SyntaxProblem:
    """The text of a Python file, by its byte order mark, its PEP 263 cookie, or UTF-8; without the mark."""
    try:
        encoding = encoding_of(source)
    except SyntaxError as error:
        return _declaration_problem(source, str(error.msg))
    if encoding == "utf-8-sig":
        source, encoding = source.removeprefix(codecs.BOM_UTF8), "utf-8"
    try:
        text = source.decode(encoding)
    except UnicodeDecodeError as error:
        return _invalid_byte(source, error.start, encoding)
    except (UnicodeError, LookupError, ValueError):
        return SyntaxProblem(f"the file is not text in {encoding}", 1, 1)
    null = text.find("\0")
    if null >= 0:
        return SyntaxProblem("the file holds a null byte", *Lines(text).place(null))
    return text


def encoding_of(source: bytes) -> str:
    """The encoding of a Python file, ``utf-8-sig`` where it has a byte order mark. Raises SyntaxError."""
    lines = iter(source.splitlines(keepends=True))
    return tokenize.detect_encoding(lambda: next(lines, b""))[0]


def _declaration_problem(source: bytes, message: str) -> SyntaxProblem:
    """Why the encoding could not even be found out."""
    source = source.removeprefix(codecs.BOM_UTF8)
    try:
        source.decode("utf-8")
    except UnicodeDecodeError as error:
        return _invalid_byte(source, error.start, "utf-8")
    if message.startswith("unknown encoding"):
        return SyntaxProblem(message, 1, 1)
    return SyntaxProblem("the declared encoding contradicts the byte order mark", 1, 1)


def _invalid_byte(source: bytes, offset: int, encoding: str) -> SyntaxProblem:
    before = source[:offset].decode("latin-1")
    line, _ = Lines(before).place(offset)
    start = max(before.rfind("\n"), before.rfind("\r")) + 1
    column = len(source[start:offset].decode("utf-8", "replace")) + 1
    return SyntaxProblem(f"the file is not valid {encoding}", line, column)
