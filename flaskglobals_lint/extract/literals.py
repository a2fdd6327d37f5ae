"""Identifiers, numbers and strings: from their spelling to their value."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING, Final

from flaskglobals_lint.facts import Constant

if TYPE_CHECKING:
    import libcst as cst

TEXT_LIMIT: Final = 200
"""How many characters of a constant are kept."""

_STRING: Final = re.compile(r"([A-Za-z]*)(\"\"\"|'''|\"|')")
_ESCAPE: Final = re.compile(
    r"\\(?:(\r\n?|\n)|([\\'\"abfnrtv])|([0-7]{1,3})|x([0-9A-Fa-f]{2})|u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|N\{([^}]+)\})"
)
_SURROGATE: Final = re.compile("[\ud800-\udfff]")  # halves of a character that no encoding can store
_CONTROLS: Final = dict(zip("\\'\"abfnrtv", "\\'\"\a\b\f\n\r\t\v", strict=True))

NONE: Final = Constant("none", "None")
ELLIPSIS: Final = Constant("ellipsis", "Ellipsis")
KEYWORDS: Final = {"None": NONE, "True": Constant("bool", "True"), "False": Constant("bool", "False")}


def identifier(node: cst.Name) -> str:
    """The name as Python stores it: identifiers that differ only in their Unicode form are the same one."""
    name = node.value
    return name if name.isascii() else unicodedata.normalize("NFKC", name)


def integer(text: str) -> Constant:
    try:
        return Constant("int", str(int(text, 0))[:TEXT_LIMIT])
    except ValueError:  # more digits than Python converts
        return Constant("int", text[:TEXT_LIMIT])


def floating(text: str) -> Constant:
    return Constant("float", str(float(text)))


def imaginary(text: str) -> Constant:
    return Constant("complex", str(complex(text)))


def string(literal: str) -> Constant:
    """The content of a string or bytes literal, given with its prefix and quotes."""
    start = _STRING.match(literal)
    if start is None:
        return Constant("str", literal[:TEXT_LIMIT])
    prefix, quotes = start[1].lower(), start[2]
    # An escape sequence has at most ten characters, but for \N{…}, whose names are shorter than a hundred.
    text = literal[start.end() : -len(quotes)]
    text = text[: TEXT_LIMIT * 10]
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    is_bytes = "b" in prefix
    if "\\" in text and "r" not in prefix:
        text = storable(_ESCAPE.sub(_unescape_byte if is_bytes else _unescape, text))
    return Constant("bytes" if is_bytes else "str", text[:TEXT_LIMIT])


def storable(text: str) -> str:
    """``text`` without halves of characters, which no encoding can store."""
    return _SURROGATE.sub("\ufffd", text)


def joined(parts: list[Constant]) -> Constant:
    """The value of neighbouring literals."""
    return Constant(parts[0].kind, "".join(part.text for part in parts)[:TEXT_LIMIT])


def _unescape(found: re.Match[str]) -> str:
    newline, control, octal, *codes, name = found.groups()
    if newline:
        return ""
    if control:
        return _CONTROLS[control]
    if octal:
        return chr(int(octal, 8))
    if name:
        try:
            return unicodedata.lookup(name)
        except KeyError:
            return found[0]
    code = int(next(code for code in codes if code), 16)
    return chr(code) if code <= 0x10FFFF else found[0]


def _unescape_byte(found: re.Match[str]) -> str:
    # \u, \U and \N are no escapes in bytes.
    return found[0] if found[5] or found[6] or found[7] else _unescape(found)
