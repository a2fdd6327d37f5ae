"""Applying fixes, several at a time, each result checked before a byte of it is written."""

from __future__ import annotations

import difflib
import logging
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import NamedTuple

from flaskglobals_lint import console
from flaskglobals_lint.config import MAX_SOURCE, SEVERITIES, Config, UsageError
from flaskglobals_lint.extract.source import decode, encoding_of
from flaskglobals_lint.finding import Finding, Fix, Report
from flaskglobals_lint.fixes import Fixer
from flaskglobals_lint.fixes.batch import Batch, together
from flaskglobals_lint.lint import lint
from flaskglobals_lint.reading import limited
from flaskglobals_lint.report.text import escaped

log = logging.getLogger(__name__)

_KEPT = "the fix would not remove it"


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
            self.before[path] = limited(self.cwd / path, MAX_SOURCE)
        return self.changed.get(path, self.before[path])

    def text(self, path: str) -> str | None:
        try:
            text = decode(self.content(path))
        except OSError:
            return None
        return text if isinstance(text, str) else None

    def with_fix(self, fix: Fix) -> dict[str, bytes] | None:
        """The new contents once a fix is applied, in the encoding of each file; None where that lacks a character or
        would change others."""
        result = dict(self.changed)
        for path in {edit.span.path for edit in fix.edits}:
            text = self.text(path)
            if text is None:
                return None
            before = self.content(path)
            encoding = encoding_of(before)
            try:
                after = apply(text, path, fix).encode(encoding)
                if text.encode(encoding) != before:  # as of UTF-7, where one text has several forms
                    return None
            except UnicodeError:
                return None
            result[path] = after
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
    return _Repair(paths, config, cwd, unsafe).outcome()


class _Attempt(NamedTuple):
    """A fix that is tried for a finding."""

    finding: Finding
    fix: Fix


class _Repair:
    """Rounds of fixes. Those of one round do not meet, and are judged together; what does not hold is found by halves."""

    def __init__(self, paths: Sequence[str], config: Config, cwd: Path, unsafe: bool) -> None:
        self.paths = paths
        self.config = config
        self.every = replace(config, min_severity="info")
        self.cwd = cwd
        self.unsafe = unsafe
        self.files = Files(cwd)
        self.fixer = Fixer(self.files.text)
        self.report = self._judge({})
        self.failed: dict[tuple[object, ...], str] = {}
        self.reasons: dict[tuple[str, ...], str] = {}
        self.fixed = 0

    def outcome(self) -> Outcome:
        for _ in range(len(self.report.findings) + 1):  # each round leaves fewer
            if not self._round():
                break
        shown = tuple(finding for finding in self.report.findings if self.config.shows(finding.severity))
        return Outcome(
            replace(self.report, findings=shown),
            self.fixed,
            {path: new for path, new in sorted(self.files.changed.items()) if new != self.files.before[path]},
            self.files.before,
            [(finding, self.reasons.get(_name(finding), "")) for finding in shown],
        )

    def _judge(self, overlay: Mapping[str, bytes]) -> Report:
        return lint(self.paths, self.every, cwd=self.cwd, overlay=overlay)

    def _round(self) -> bool:
        """Try the best fix that is left for each finding; whether anything could be tried."""
        batch = Batch(self.files.text)
        attempts = []
        for finding in self.report.findings:
            fix = self._best(finding) if self.config.shows(finding.severity) else None
            if fix is not None and batch.takes(finding, fix):
                attempts.append(_Attempt(finding, fix))
        done: list[_Attempt] = []
        waiting = [attempts] if attempts else []
        while waiting:
            part = waiting.pop()
            log.info("fixes: %d tried beside %d", len(part), len(done))
            overlay = self.files.with_fix(together([attempt.fix for attempt in (*done, *part)]))
            after = self._judge(overlay) if overlay is not None else None
            reason, guilty = _problem(self.report, after, [attempt.finding for attempt in part])
            if after is not None and not reason:
                self.fixed += len(self.report.findings) - len(after.findings)
                self.report = after
                done += part
                continue
            # What a fix leaves as it is among others it would leave alone, too.
            useless = part if len(part) == 1 else _alone(part, guilty) if reason == _KEPT else []
            self.failed.update((_again(attempt), reason) for attempt in useless)
            rest = [attempt for attempt in part if attempt not in useless]
            waiting += _split(rest, guilty) if rest == part else [rest] if rest else []
        if done:
            self.files.changed = self.files.with_fix(together([attempt.fix for attempt in done])) or {}
        return bool(attempts)

    def _best(self, finding: Finding) -> Fix | None:
        """The best fix of a finding that has not failed; where there is none, it is noted why."""
        fixes, reason = self.fixer.fixes(finding)
        for fix in fixes:
            if fix.applicability == "unsafe" and not self.unsafe:
                reason = "the fix may change what the code does; `--unsafe-fixes` applies it"
            elif (known := self.failed.get(_again(_Attempt(finding, fix)))) is not None:
                reason = known
            else:
                return fix
        self.reasons[_name(finding)] = reason
        return None


def _alone(part: list[_Attempt], guilty: Sequence[Finding]) -> list[_Attempt]:
    """The guilty ones that nothing else of the part looks like."""
    counts = Counter(_key(attempt.finding) for attempt in part)
    return [attempt for attempt in part if attempt.finding in guilty and counts[_key(attempt.finding)] == 1]


def _split(part: list[_Attempt], guilty: Sequence[Finding]) -> list[list[_Attempt]]:
    """Two parts to be judged one after the other, the last first: without and with what seems to be to blame, or halves."""
    bad = [attempt for attempt in part if attempt.finding in guilty]
    if bad and len(bad) < len(part):
        return [bad, [attempt for attempt in part if attempt.finding not in guilty]]
    middle = len(part) // 2
    return [part[middle:], part[:middle]]


def _key(finding: Finding) -> tuple[str, ...]:
    """What stays the same of a finding while lines move."""
    return (finding.code, finding.span.path, finding.symbol, finding.function)


def _name(finding: Finding) -> tuple[str, ...]:
    return (*_key(finding), finding.message)


def _again(attempt: _Attempt) -> tuple[object, ...]:
    """What stays the same of an attempt while lines move: there is no use in making it again."""
    return (*_name(attempt.finding), *((edit.span.path, edit.content) for edit in attempt.fix.edits))


def _problem(before: Report, after: Report | None, findings: Sequence[Finding]) -> tuple[str, list[Finding]]:
    """Why fixes of findings are not applied, and for which of them that is known; empty if they remove the findings and
    bring nothing new."""
    if after is None:
        return "the file's encoding does not allow it", []
    if after.errors > before.errors:
        return "the result could not be parsed", []
    old, new = Counter(map(_key, before.findings)), Counter(map(_key, after.findings))
    wanted = Counter(map(_key, findings))
    if kept := [finding for finding in findings if new[key := _key(finding)] > max(0, old[key] - wanted[key])]:
        return _KEPT, kept
    grave = Counter((*_key(item), SEVERITIES.index(item.severity)) for item in before.findings)
    reason, guilty = "", list[Finding]()
    for item in after.findings:
        cause = [finding for finding in findings if item.symbol == finding.symbol or item.function == finding.function]
        if item.severity == "info" and any(item.code == finding.code for finding in cause or findings):
            continue  # the rule's own note on what remains
        where = f"{item.code} on line {item.span.line} of {item.span.path}"
        if new[_key(item)] > old[_key(item)]:
            reason = reason or f"the fix would bring {where}"
            guilty += cause
        elif not any(grave[(*_key(item), level)] for level in range(SEVERITIES.index(item.severity), len(SEVERITIES))):
            reason = reason or f"the fix would make {where} worse"
            guilty += cause
    return reason, guilty


def write(outcome: Outcome, cwd: Path) -> None:
    """Write the new contents, all files or none; mode and links are kept. Raises UsageError, before anything is written, if a
    file is read-only or somebody else has changed it since it was read."""
    for path in outcome.changed:
        try:
            now, writable = limited(cwd / path, MAX_SOURCE), console.is_writable(cwd / path)
        except OSError as error:
            raise UsageError(f"`{path}` cannot be read again: {error.strerror}; nothing is written") from None
        if now != outcome.before[path]:
            raise UsageError(f"`{path}` has changed since it was read; nothing is written")
        if not writable:
            raise UsageError(f"`{path}` is read-only; nothing is written")
    console.replace_files({cwd / path: outcome.changed[path] for path in _in_order(outcome)})


_NAME = re.compile(rb"\w+")
_MADE = re.compile(rb"(\w+)[ \t]*(?::[^=\n]+)?=(?!=)")


def _in_order(outcome: Outcome) -> list[str]:
    """The changed files, each after those that make the names it is going to use: who kills the process between two of them
    is left with a program that runs."""
    made: dict[str, set[bytes]] = {}
    used: dict[str, set[bytes]] = {}
    for path, content in outcome.changed.items():
        new = b"\n".join(set(_lines(content)).difference(_lines(outcome.before[path])))
        made[path] = set(_MADE.findall(new))
        used[path] = set(_NAME.findall(new)) - made[path]
    waiting, ordered = sorted(outcome.changed), list[str]()
    while waiting:
        ready = (path for path in waiting if not any(used[path] & made[other] for other in waiting if other != path))
        ordered.append(next(ready, waiting[0]))
        waiting.remove(ordered[-1])
    return ordered


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
