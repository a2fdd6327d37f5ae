"""What is printed, to the byte."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import get_args

import pytest

from flaskglobals_lint.finding import Edit, EntryPoint, Finding, Fix, Report, Span, Window
from flaskglobals_lint.report import FORMATS, Options
from flaskglobals_lint.report.text import escaped

VIEWS = """\
from app.state import page_views


@app.route("/")
def home():
\tglobal page_views
\tpage_views = save(page_views + 1)
"""
FINDING = Finding(
    code="FGL101",
    name="unlocked-read-modify-write",
    severity="error",
    message="`page_views` is read and written back without a lock in `home` (GET /)",
    span=Span("app/views.py", 7, 2, 7, 35),
    symbol="app.state.page_views",
    function="app.views.home",
    entry_points=(EntryPoint("app.views.home", "route", "GET /", "app/views.py", 5),),
    chain=("app.views.home", "app.store.save"),
    related=(Span("app/state.py", 1, 1, 1, 11, "defined here"),),
    window="call",
    suggestion="Hold one lock from the read to the write.",
    steps=("request 1 reads 0", "request 2 reads 0", "request 1 writes 1", "request 2 writes 1"),
)
REPORT = Report((FINDING,), files=2, sources={"app/views.py": VIEWS, "app/state.py": "page_views = 0\n"})


def text(name: str, *findings: Finding, sources: dict[str, str] | None = None, **options: bool) -> str:
    report = Report(findings, len(findings), sources=sources or {})
    return FORMATS[name](report, Options(**options))


def at(line: int, column: int, end_line: int, end_column: int) -> Finding:
    return replace(
        FINDING,
        span=Span("a.py", line, column, end_line, end_column),
        related=(),
        entry_points=(),
        chain=(),
        steps=(),
        window=None,
    )


def frame(source: str, found: Finding) -> list[str]:
    lines = text("full", found, sources={"a.py": source}).splitlines()
    return lines[1 : lines.index("= help: " + FINDING.suggestion)]


# --- concise ----------------------------------------------------------------------------------------------------------


def test_concise() -> None:
    assert FORMATS["concise"](REPORT, Options()) == (
        "app/views.py:7:2: FGL101 `page_views` is read and written back without a lock in `home` (GET /)\n"
    )


@pytest.mark.parametrize("name", ["concise", "full"])
def test_text_of_nothing_is_nothing(name: str) -> None:
    assert text(name) == ""


@pytest.mark.parametrize("name", ["concise", "full"])
def test_what_cannot_be_seen_is_escaped(name: str) -> None:
    evil = "\x1b[31m\n\r\t\x07\x9b\u202e\u2028\udce9"
    span = Span(f"a{evil}.py", 1, 1, 1, 2, evil)
    entry = EntryPoint(evil, evil, evil, evil, 1)
    found = replace(
        FINDING, message=evil, span=span, suggestion=evil, chain=(evil, evil), steps=(evil,), entry_points=(entry,)
    )
    shown = text(name, replace(found, related=(span,)), sources={span.path: f"x = '{evil}'"})
    assert all(char.isprintable() or char == "\n" for char in shown)
    assert text(name, found).startswith(r"a\x1b[31m\n\r\t\x07\x9b\u202e\u2028\udce9.py:1:1: FGL101 ")
    assert escaped("naïve 漢字 `x` →") == "naïve 漢字 `x` →"


def test_colours_are_asked_for() -> None:
    assert "\x1b[1;31mFGL101\x1b[0m" in text("concise", FINDING, color=True)
    assert "\x1b[1;33mFGL101\x1b[0m" in text("concise", FINDING.at_severity("warning"), color=True)
    assert "\x1b[1;34mFGL101\x1b[0m" in text("full", FINDING.at_severity("info"), color=True)


# --- full -------------------------------------------------------------------------------------------------------------


def test_full() -> None:
    assert FORMATS["full"](REPORT, Options()) == (
        "app/views.py:7:2: FGL101 `page_views` is read and written back without a lock in `home` (GET /)\n"
        "  5 | def home():\n"
        "  6 |     global page_views\n"
        "  7 |     page_views = save(page_views + 1)\n"
        "    |     ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^\n"
        "--> app/state.py:1:1: defined here\n"
        "  1 | page_views = 0\n"
        "    | ^^^^^^^^^^\n"
        "= entry point: app.views.home (route GET /) at app/views.py:5\n"
        "= chain: app.views.home → app.store.save\n"
        "= window: a call in between, at which threads are switched\n"
        "= interleaving:\n"
        "    1. request 1 reads 0\n"
        "    2. request 2 reads 0\n"
        "    3. request 1 writes 1\n"
        "    4. request 2 writes 1\n"
        "= help: Hold one lock from the read to the write.\n"
        "\n"
    )


def test_a_helper_of_many_views_names_three() -> None:
    entries = tuple(EntryPoint(f"v{n}", "route", "GET /", "a.py", n) for n in range(5))
    lines = [
        line for line in text("full", replace(FINDING, entry_points=entries)).splitlines() if "entry point" in line
    ]
    assert lines[0] == "= entry point: v0 (route GET /) at a.py:0"
    assert lines[-1] == "= entry point: and 2 more"
    assert len(lines) == 4


@pytest.mark.parametrize("window", get_args(Window))
def test_each_window_is_told_in_its_own_words(window: Window) -> None:
    def told(window: Window | None) -> list[str]:
        lines = text("full", replace(FINDING, window=window)).splitlines()
        return [line for line in lines if line.startswith("= window: ")]

    others = [told(other) for other in get_args(Window) if other != window]
    assert len(told(window)) == 1
    assert told(window) not in others
    assert told(None) == []


def test_a_short_chain_says_nothing() -> None:
    assert "chain" not in text("full", replace(FINDING, chain=("app.views.home",)))


def test_a_frame_without_its_source_is_left_out() -> None:
    assert frame("", at(9, 1, 9, 2)) == []


def test_a_frame_of_several_lines() -> None:
    assert frame("call(\n    a,\n)\nx\n", at(1, 1, 3, 2)) == [
        "  1 | call(",
        "    | ^^^^^",
        "  2 |     a,",
        "    |     ^^",
        "  3 | )",
        "    | ^",
    ]


def test_a_long_frame_is_cut() -> None:
    lines = frame("x(\n" + "  1,\n" * 50 + ")\n", at(1, 1, 52, 2))
    assert len(lines) == 13
    assert lines[-1] == "    | …"


def test_wide_and_combining_characters_keep_the_carets_in_place() -> None:
    assert frame("漢 = é\u0301; n\n", at(1, 9, 1, 10)) == ["  1 | 漢 = é\u0301; n", "    |         ^"]


def test_a_very_long_line_is_cut_around_the_span() -> None:
    lines = frame("x = [" + "1, " * 5000 + "]\n", at(1, 9001, 1, 9002))
    assert all(len(line) < 230 for line in lines)
    code, carets = lines
    assert code[carets.index("^")] == ("x = [" + "1, " * 5000)[9000]


def test_a_form_feed_is_no_line_end() -> None:
    assert frame("a = 1\x0c\nb = 2\rc = 3\r\nd = 4", at(4, 1, 4, 2)) == [
        "  2 | b = 2",
        "  3 | c = 3",
        "  4 | d = 4",
        "    | ^",
    ]


# --- json -------------------------------------------------------------------------------------------------------------


def test_json() -> None:
    edit = Edit(Span("app/views.py", 7, 2, 7, 35), "with lock:")
    report = replace(REPORT, findings=(replace(FINDING, fix=Fix("safe", (edit,))),), errors=1)
    document = json.loads(FORMATS["json"](report, Options()))
    assert list(document) == ["version", "findings", "files", "errors"]
    assert (document["version"], document["files"], document["errors"]) == ("0.1.0", 2, 1)
    [found] = document["findings"]
    assert found == {
        "code": "FGL101",
        "name": "unlocked-read-modify-write",
        "severity": "error",
        "message": FINDING.message,
        "path": "app/views.py",
        "line": 7,
        "column": 2,
        "end_line": 7,
        "end_column": 35,
        "symbol": "app.state.page_views",
        "function": "app.views.home",
        "entry_points": [
            {"function": "app.views.home", "kind": "route", "detail": "GET /", "path": "app/views.py", "line": 5}
        ],
        "chain": ["app.views.home", "app.store.save"],
        "related": [
            {"path": "app/state.py", "line": 1, "column": 1, "end_line": 1, "end_column": 11, "message": "defined here"}
        ],
        "confidence": "high",
        "window": "call",
        "suggestion": "Hold one lock from the read to the write.",
        "example": None,
        "steps": list(FINDING.steps),
        "fix": {
            "applicability": "safe",
            "edits": [
                {
                    "path": "app/views.py",
                    "line": 7,
                    "column": 2,
                    "end_line": 7,
                    "end_column": 35,
                    "content": "with lock:",
                }
            ],
        },
    }
    assert list(found)[:8] == ["code", "name", "severity", "message", "path", "line", "column", "end_line"]


def test_json_of_nothing_and_of_undecodable_names() -> None:
    document = json.loads(text("json"))
    assert (document["findings"], document["files"]) == ([], 0)
    assert text("json", replace(FINDING, message="\udce9 é \x1b")).isascii()


# --- statistics -------------------------------------------------------------------------------------------------------


def test_statistics() -> None:
    other = replace(FINDING, code="FGL201", name="shared-connection")
    third = replace(FINDING, code="FGL103", name="iterate-while-mutated")
    counted = " 1\tFGL103\titerate-while-mutated\n"
    findings = (other, FINDING, third, *[other] * 10)
    expected = f"11\tFGL201\tshared-connection\n 1\tFGL101\tunlocked-read-modify-write\n{counted}"
    assert text("concise", *findings, statistics=True) == expected
    assert text("full", *findings, statistics=True) == expected
    assert json.loads(text("json", *findings, statistics=True))["statistics"][0] == {
        "code": "FGL201",
        "name": "shared-connection",
        "count": 11,
    }
    assert text("concise", statistics=True) == ""
