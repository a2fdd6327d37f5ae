"""Text that is safe to print: names and messages come from other people's files."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

# Control characters, line separators, what reorders or hides text, undecodable bytes and what XML cannot hold.
_UNSAFE = re.compile(
    "[\x00-\x1f\x7f-\x9f\xad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ufffe\uffff\ud800-\udfff"
    "\U000e0000-\U000e007f]"
)
# A line of a log is a command with ``::`` before anything else, or with ``##[``, ``##vso[`` and the like anywhere.
_COMMAND_AT_START = re.compile(r"\A(\s*):(?=:)")
_COMMAND = re.compile(r"(?<=#)#(?=\w*\[)")


def escaped(text: str) -> str:
    r"""The text on one line, what cannot be seen or commands a CI service written as ``\xNN`` or ``\uNNNN``."""
    text = _COMMAND_AT_START.sub(r"\g<1>\\x3a", _UNSAFE.sub(_escape, text))
    return _COMMAND.sub(r"\\x23", text) if "##" in text else text


def characters(text: str) -> list[str]:
    """Each character of a part of a line as it is printed there."""
    printed = [_UNSAFE.sub(_escape, char) for char in text]
    for found in _COMMAND.finditer(text):
        printed[found.start()] = r"\x23"
    return printed


def _escape(match: re.Match[str]) -> str:
    code = ord(match[0])
    named = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}
    return named.get(match[0]) or (
        f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
    )


def json_text(value: object) -> str:
    """JSON in ASCII, with a line end; nothing in it commands a CI service whose log it is printed to."""
    return _COMMAND.sub(r"\\u0023", json.dumps(value, indent=1)) + "\n"


@dataclass(frozen=True, slots=True)
class Style:
    """Terminal colours, or none."""

    enabled: bool

    def bold(self, text: str) -> str:
        return self._in("1", text)

    def red(self, text: str) -> str:
        return self._in("1;31", text)

    def yellow(self, text: str) -> str:
        return self._in("1;33", text)

    def blue(self, text: str) -> str:
        return self._in("1;34", text)

    def cyan(self, text: str) -> str:
        return self._in("36", text)

    def by_severity(self, severity: str, text: str) -> str:
        """Red for an error, yellow for a warning, blue for a note."""
        paint = {"error": self.red, "warning": self.yellow}.get(severity, self.blue)
        return paint(text)

    def _in(self, code: str, text: str) -> str:
        return f"\x1b[{code}m{text}\x1b[0m" if self.enabled and text else text
