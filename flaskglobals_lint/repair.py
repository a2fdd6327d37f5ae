"""Applying fixes: one after the other, each result checked before a byte of it is written."""

from __future__ import annotations

import difflib
import io
import tokenize
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from flaskglobals_lint import console
from flaskglobals_lint.config import SEVERITIES, Config, UsageError
from flaskglobals_lint.extract.source import decode
from flaskglobals_lint.finding import Finding, Fix, Report
from flaskglobals_lint.fixes import Fixer
from flaskglobals_lint.lint import lint
from flaskglobals_lint.report.text import escaped

_BOM = b"\xef\xbb\xbf"


@dataclass(slots=True)
class Outcome:
    """What became of a run with fixes: what is still found, how many fixes were made, new contents by printed path and
    those they replace, and why findings were left alone."""

    report: Report
    fixed: int = 0
    changed: dict[str, bytes] = field(default_factory=dict)
    before: dict[str, bytes] = field(default_factory=dict)
    left: list[tuple[Finding, str]] = field(default_factory=list)


class Files:
    """The files as they will be: those on the disk, and what fixes have made of some."""

    def __init__(self, cwd: Path) -> None:
        self.cwd = cwd
        self.changed: dict[str, bytes] = {}
        self.before: dict[str, bytes] = {}

    def content(self, path: str) -> bytes:
        """The bytes of a file. Raises OSError."""
        if path not in self.before:
            self.before[path] = (self.cwd / path).read_bytes()
        return self.changed.get(path, self.before[path])

    def text(self, path: str) -> str | None:
        try:
            text = decode(self.content(path))
        except OSError:
            return None
        return text if isinstance(text, str) else None

    def with_fix(self, fix: Fix) -> dict[str, bytes] | None:
        """The new contents once a fix is applied, in the encoding of each file; None where that lacks a character."""
        result = dict(self.changed)
        for path in {edit.span.path for edit in fix.edits}:
            text = self.text(path)
            if text is None:
                return None
            before = self.content(path)
            encoding, _ = tokenize.detect_encoding(io.BytesIO(before).readline)
            try:
                after = apply(text, path, fix).encode("utf-8" if encoding == "utf-8-sig" else encoding)
            except UnicodeEncodeError:
                return None
            result[path] = (_BOM if before.startswith(_BOM) else b"") + after
        return result


def apply(text: str, path: str, fix: Fix) -> str:
    """The text of one file with the edits of a fix."""
    from flaskglobals_lint.extract.positions import Lines

    starts = Lines(text).starts
    for edit in sorted(fix.edits, key=lambda e: (e.span.line, e.span.column, e.span.end_line), reverse=True):
        if edit.span.path == path:
            begin = starts[edit.span.line - 1] + edit.span.column - 1
            end = starts[edit.span.end_line - 1] + edit.span.end_column - 1
            text = text[:begin] + edit.content + text[end:]
    return text


def repair(paths: Sequence[str], config: Config, cwd: Path, unsafe: bool) -> Outcome:
    """Fix what can be fixed, in memory; ``unsafe`` allows fixes that may change more than the race. Raises UsageError."""
    files = Files(cwd)
    every = replace(config, min_severity="info")

    def judge(overlay: Mapping[str, bytes]) -> Report:
        return lint(paths, every, cwd=cwd, overlay=overlay)

    report = judge({})
    outcome = Outcome(report)
    refused: dict[tuple[str, ...], str] = {}
    while True:
        fixer = Fixer(files.text)
        for finding in report.findings:
            if not config.shows(finding.severity) or (*_key(finding), finding.message) in refused:
                continue
            fixes, reason = fixer.fixes(finding)
            for fix in fixes:
                if fix.applicability == "unsafe" and not unsafe:
                    reason = "the fix may change what the code does; `--unsafe-fixes` applies it"
                    continue
                overlay = files.with_fix(fix)
                if overlay is None:
                    continue
                after = judge(overlay)
                reason = _problem(report, after, finding)
                if not reason:
                    break
            else:
                refused[(*_key(finding), finding.message)] = reason
                continue
            outcome.fixed += len(report.findings) - len(after.findings)
            files.changed, report = overlay, after
            break
        else:
            break
    shown = tuple(finding for finding in report.findings if config.shows(finding.severity))
    outcome.report = replace(report, findings=shown)
    outcome.before = files.before
    outcome.changed = {path: new for path, new in files.changed.items() if new != files.before[path]}
    outcome.left = [(finding, refused.get((*_key(finding), finding.message), "")) for finding in shown]
    return outcome


def _key(finding: Finding) -> tuple[str, ...]:
    """What stays the same of a finding while lines move."""
    return (finding.code, finding.span.path, finding.symbol, finding.function)


def _problem(before: Report, after: Report, finding: Finding) -> str:
    """Why a fix is not applied; empty if it removes the finding and brings nothing new."""
    if after.errors > before.errors:
        return "the result could not be parsed"
    old, new = Counter(map(_key, before.findings)), Counter(map(_key, after.findings))
    if new[_key(finding)] >= old[_key(finding)]:
        return "the fix would not remove it"
    grave = Counter((*_key(item), SEVERITIES.index(item.severity)) for item in before.findings)
    for item in after.findings:
        if item.severity == "info" and item.code == finding.code:
            continue  # the rule's own note on what remains
        if new[_key(item)] > old[_key(item)]:
            return f"the fix would bring {item.code} on line {item.span.line} of {item.span.path}"
        if not any(grave[(*_key(item), level)] for level in range(SEVERITIES.index(item.severity), len(SEVERITIES))):
            return f"the fix would make {item.code} on line {item.span.line} of {item.span.path} worse"
    return ""


def write(outcome: Outcome, cwd: Path) -> None:
    """Write the new contents, each file whole or not at all; mode and links are kept. Raises UsageError, before anything is
    written, if a file is read-only or somebody else has changed it since it was read."""
    for path in outcome.changed:
        try:
            now, writable = (cwd / path).read_bytes(), console.is_writable(cwd / path)
        except OSError as error:
            raise UsageError(f"`{path}` cannot be read again: {error.strerror}; nothing is written") from None
        if now != outcome.before[path]:
            raise UsageError(f"`{path}` has changed since it was read; nothing is written")
        if not writable:
            raise UsageError(f"`{path}` is read-only; nothing is written")
    for path, content in outcome.changed.items():
        console.replace_file(cwd / path, content)


def diff(outcome: Outcome) -> bytes:
    """A unified diff of all changes, each file in its own encoding, so that ``patch -p0`` and ``git apply -p0`` take it."""
    parts: list[bytes] = []
    for path, after in sorted(outcome.changed.items()):
        name = _diff_name(path)
        # Lines end where patch sees them end.
        lines = difflib.diff_bytes(difflib.unified_diff, _lines(outcome.before[path]), _lines(after), name, name)
        parts += [line if line.endswith(b"\n") else line + b"\n\\ No newline at end of file\n" for line in lines]
    return b"".join(parts)


def _lines(content: bytes) -> list[bytes]:
    return [line + b"\n" for line in content.split(b"\n")[:-1]] + [last for last in content.split(b"\n")[-1:] if last]


def _diff_name(path: str) -> bytes:
    """A name in the head of a diff: as C writes a string where it would not be read back."""
    name = path.encode("utf-8", "surrogateescape")
    if all(byte >= 0x20 and byte not in b'"\\\x7f' for byte in name) and escaped(path) == path:
        return name + b"\t" * (b" " in name)
    return b'"%s"' % b"".join(
        bytes([byte]) if 0x20 <= byte < 0x7F and byte not in b'"\\' else b"\\%03o" % byte for byte in name
    )
