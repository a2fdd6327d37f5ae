"""What comments and ``per-file-ignores`` do to findings."""

from __future__ import annotations

from collections.abc import Callable

from flaskglobals_lint.facts import Comment
from flaskglobals_lint.finding import Finding, Span
from flaskglobals_lint.suppress import FileNotes, suppress


def finding(code: str = "FGL101", line: int = 3, end_line: int | None = None, path: str = "a.py") -> Finding:
    return Finding(code, "name", "error", "message", Span(path, line, 5, end_line or line, 9), "symbol", "function")


def noqa(*codes: str, line: int = 3) -> Comment:
    return Comment("noqa", codes, line, 20)


def everything(code: str) -> bool:
    return True


def left(
    findings: list[Finding],
    *comments: Comment,
    ignored: tuple[str, ...] = (),
    selects: Callable[[str], bool] = everything,
) -> list[tuple[str, int]]:
    kept = suppress(findings, {"a.py": FileNotes(comments, ignored)}, selects)
    return [(item.code, item.span.line) for item in kept]


def test_nothing_to_suppress() -> None:
    assert left([finding()]) == [("FGL101", 3)]
    assert left([]) == []


def test_noqa_on_the_line() -> None:
    assert left([finding()], noqa("FGL101")) == []
    assert left([finding()], noqa()) == []
    assert left([finding()], noqa("E501", "fgl101")) == []
    assert left([finding()], noqa("FGL1")) == []


def test_noqa_on_the_last_line_of_the_span() -> None:
    assert left([finding(line=3, end_line=6)], noqa("FGL101", line=6)) == []
    assert left([finding(line=3, end_line=6)], noqa("E501", line=5)) == [("FGL101", 3)]


def test_noqa_elsewhere_or_for_another_code_does_not_count() -> None:
    assert left([finding()], noqa("FGL101", line=4)) == [("FGL101", 3), ("FGL901", 4)]
    assert left([finding()], noqa("FGL102")) == [("FGL101", 3), ("FGL901", 3)]
    assert left([finding()], noqa("E501")) == [("FGL101", 3)]


def test_one_noqa_silences_every_finding_of_its_line() -> None:
    assert left([finding("FGL101"), finding("FGL301")], noqa("FGL101", "FGL301")) == []


def test_an_unused_noqa_names_its_unused_codes_only() -> None:
    [unused] = suppress([finding()], {"a.py": FileNotes((noqa("FGL101", "E501", "FGL102"),))}, everything)
    assert (unused.code, unused.severity) == ("FGL901", "info")
    assert unused.message == "`noqa` for FGL102 suppresses nothing"
    assert (unused.span.line, unused.span.column) == (3, 20)


def test_a_bare_noqa_is_never_unused() -> None:
    assert left([], noqa()) == []
    assert left([], noqa("E501")) == []


def test_a_code_that_was_not_looked_for_is_not_unused() -> None:
    assert left([], noqa("FGL101"), selects=lambda code: code != "FGL101") == []
    assert left([], noqa("FGL101"), ignored=("FGL1",)) == []


def test_unused_noqa_is_itself_a_rule() -> None:
    assert left([], noqa("FGL101"), selects=lambda code: code != "FGL901") == []
    assert left([], noqa("FGL101"), ignored=("FGL901",)) == []
    assert left([], noqa("FGL101", "FGL901")) == []
    assert left([], noqa("FGL901")) == []


def test_ignore_file_silences_everything() -> None:
    assert left([finding()], Comment("ignore-file", (), 1, 1), noqa("FGL102")) == []


def test_a_guard_comment_is_no_suppression() -> None:
    assert left([finding()], Comment("guarded-by", ("lock",), 3, 1)) == [("FGL101", 3)]


def test_per_file_ignores() -> None:
    assert left([finding("FGL101"), finding("FGL201")], ignored=("FGL1",)) == [("FGL201", 3)]
    assert left([finding()], ignored=("ALL",)) == []


def test_a_file_without_notes_keeps_its_findings() -> None:
    assert len(suppress([finding(path="b.py")], {"a.py": FileNotes((noqa(),))}, everything)) == 1
