"""What the comments in the code and ``per-file-ignores`` say about findings.

Nothing is dropped unseen: a ``noqa`` that suppresses nothing becomes a finding itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from flaskglobals_lint.config import matches
from flaskglobals_lint.finding import Finding, Span
from flaskglobals_lint.rule import by_code

if TYPE_CHECKING:
    from flaskglobals_lint.facts import Comment

UNUSED_SUPPRESSION = by_code("FGL901")


@dataclass(frozen=True, slots=True)
class FileNotes:
    """What speaks about one file: its comments, and the codes that ``per-file-ignores`` turns off in it."""

    comments: tuple[Comment, ...] = ()
    ignored: tuple[str, ...] = ()


def suppress(
    findings: Iterable[Finding], files: Mapping[str, FileNotes], selects: Callable[[str], bool]
) -> list[Finding]:
    """The findings that nothing suppresses, and one for each ``noqa`` that names a code of ours in vain.

    ``files`` has the notes by printed path. A code that ``selects`` turns away, or that is ignored in the file, was not
    looked for, so a ``noqa`` for it is not in vain.
    """
    by_file: dict[str, list[Finding]] = {path: [] for path in files}
    for finding in findings:
        by_file.setdefault(finding.span.path, []).append(finding)
    kept = []
    for path, found in by_file.items():
        kept += _in_file(path, found, files.get(path, FileNotes()), selects)
    return kept


def _in_file(path: str, findings: list[Finding], notes: FileNotes, selects: Callable[[str], bool]) -> list[Finding]:
    if any(comment.kind == "ignore-file" for comment in notes.comments):
        return []
    noqas = [comment for comment in notes.comments if comment.kind == "noqa"]
    used: set[tuple[Comment, str]] = set()
    kept = []
    for finding in findings:
        if matches(finding.code, notes.ignored):
            continue
        silencing = [noqa for noqa in noqas if _silences(noqa, finding)]
        used.update((noqa, name) for noqa in silencing for name in noqa.names if finding.code.startswith(_code(name)))
        if not silencing:
            kept.append(finding)
    if selects(UNUSED_SUPPRESSION.code) and not matches(UNUSED_SUPPRESSION.code, notes.ignored):
        for noqa in noqas:
            wanted = [name for name in noqa.names if selects(_code(name)) and not matches(_code(name), notes.ignored)]
            if vain := [name for name in wanted if _is_ours(name) and (noqa, name) not in used]:
                unused = _unused(path, noqa, vain)
                kept += [] if any(_silences(other, unused) for other in noqas) else [unused]
    return kept


def _silences(noqa: Comment, finding: Finding) -> bool:
    """Whether a comment stands where it can silence the finding, and means it."""
    if noqa.line not in (finding.span.line, finding.span.end_line):
        return False
    if not noqa.names:
        return finding.code != UNUSED_SUPPRESSION.code
    return any(finding.code.startswith(_code(name)) for name in noqa.names)


def _unused(path: str, noqa: Comment, names: list[str]) -> Finding:
    codes = ", ".join(_code(name) for name in names)
    return Finding(
        code=UNUSED_SUPPRESSION.code,
        name=UNUSED_SUPPRESSION.name,
        severity=UNUSED_SUPPRESSION.severity,
        message=f"`noqa` for {codes} suppresses nothing",
        span=Span(path, noqa.line, noqa.column, noqa.line, noqa.column + 1),
        symbol="",
        function="",
        suggestion=f"Remove {codes} from the comment.",
    )


def _code(name: str) -> str:
    return name.upper()


def _is_ours(name: str) -> bool:
    """Whether a code is one of this tool's; FGL901 itself is there to silence this very report."""
    return _code(name).startswith("FGL") and _code(name) != UNUSED_SUPPRESSION.code
