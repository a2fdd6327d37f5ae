"""What other programs read: SARIF, GitHub's commands, GitLab's Code Quality and JUnit."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from flaskglobals_lint import cli, rulebook
from flaskglobals_lint.config import Config
from flaskglobals_lint.finding import Edit, EntryPoint, Finding, Fix, Report, Span
from flaskglobals_lint.lint import lint
from flaskglobals_lint.report import FORMATS, Options

ROOT = Path(__file__).parent.parent
SCHEMA = ROOT / "tests" / "schemas" / "sarif-schema-2.1.0.json"
EVIL = "\x1b[31m\n::error::x%0A\r\t\x07]]><a>&\"'\u202e\ufffe\udce9](1)"
FINDING = Finding(
    code="FGL101",
    name="unlocked-read-modify-write",
    severity="error",
    message="`views[…]` is read and written back",
    span=Span("app/the views.py", 7, 2, 7, 35),
    symbol="app.views",
    function="app.home",
    entry_points=(EntryPoint("app.home", "route", "GET /", "app/views.py", 5),),
    chain=("app.home", "app.save"),
    related=(Span("app/state.py", 1, 1, 2, 11, "defined here"),),
    suggestion="Hold one lock.",
)
APP = """\
from flask import Flask

app = Flask(__name__)
hits = {}
total = 0


@app.route("/<page>")
def show(page):
    global total
    hits[page] = hits[page] + 1
    total = int(total) + 1
    return page
"""
CODE = "def home():\n    x = 1\n    views[k] += 1\n"


def text(name: str, *findings: Finding, sources: dict[str, str] | None = None) -> str:
    options = Options(pages=rulebook.pages)
    return FORMATS[name](Report(findings, len(findings), sources=sources or {}), options)


def run_of(*findings: Finding, sources: dict[str, str] | None = None) -> Any:
    [run] = json.loads(text("sarif", *findings, sources=sources))["runs"]
    return run


def evil() -> Finding:
    span = Span(f"a:,{EVIL}.py", 1, 1, 1, 2, EVIL)
    return replace(FINDING, message=EVIL, span=span, related=(span,), symbol=EVIL, function=EVIL, suggestion=EVIL)


# --- sarif ------------------------------------------------------------------------------------------------------------


def test_sarif_result() -> None:
    [result] = run_of(FINDING)["results"]
    region = {"startLine": 7, "startColumn": 2, "endLine": 7, "endColumn": 35}
    place = {"artifactLocation": {"uri": "app/the%20views.py"}, "region": region}
    assert (result["ruleId"], result["level"], result["message"]) == ("FGL101", "error", {"text": FINDING.message})
    [location] = result["locations"]
    assert location["physicalLocation"] == place
    assert location["logicalLocations"] == [{"fullyQualifiedName": "app.home", "kind": "function"}]
    [related] = result["relatedLocations"]
    assert related["message"] == {"text": "defined here"}
    assert related["physicalLocation"]["region"]["endLine"] == 2
    steps = [step["location"] for step in result["codeFlows"][0]["threadFlows"][0]["locations"]]
    assert [step["message"]["text"] for step in steps] == [
        "route GET / enters `app.home`, by app.home → app.save",
        "defined here",
        FINDING.message,
    ]
    assert steps[0]["physicalLocation"]["region"]["startLine"] == 5
    assert "fixes" not in result


def test_sarif_goes_every_call_of_the_chain() -> None:
    report = lint(["examples"], Config(cache=False, jobs=1, select=("FGL101",)), cwd=ROOT)
    [finding] = [found for found in report.findings if found.function.endswith("count_view")]
    [result] = run_of(finding)["results"]
    first, second, *_, last = (
        (place["artifactLocation"]["uri"], place["region"]["startLine"], step["location"]["message"]["text"])
        for step in result["codeFlows"][0]["threadFlows"][0]["locations"]
        for place in [step["location"]["physicalLocation"]]
    )
    assert first == ("examples/shop/views.py", 11, "route GET / enters `examples.shop.views.home`")
    assert second == ("examples/shop/views.py", 12, "calls `count_view`")
    assert last == ("examples/shop/counters.py", 15, finding.message)


def test_sarif_rules_with_findings_carry_their_pages() -> None:
    run = run_of(FINDING, FINDING.at_severity("info"))
    rules = run["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == [rule.code for rule in rulebook.rules()]
    for rule in rules:
        explained = rulebook.page(rule["id"]) if rule["id"] == "FGL101" else rule["shortDescription"]["text"]
        assert rule["help"] == {"text": explained, "markdown": explained}
    assert [rules[result["ruleIndex"]]["id"] for result in run["results"]] == ["FGL101", "FGL101"]
    assert run["results"][1]["level"] == "note"


def test_sarif_fix() -> None:
    edits = (
        Edit(Span("b.py", 1, 1, 1, 1), "import threading\n"),
        Edit(Span("a.py", 2, 1, 2, 5), ""),
        Edit(Span("b.py", 3, 1, 4, 1), "x\n"),
    )
    [result] = run_of(replace(FINDING, fix=Fix("safe", edits)))["results"]
    [fix] = result["fixes"]
    assert fix["description"] == {"text": "Hold one lock."}
    first, second = fix["artifactChanges"]
    assert first["artifactLocation"] == {"uri": "a.py"}
    assert "insertedContent" not in first["replacements"][0]
    assert [item["insertedContent"]["text"] for item in second["replacements"]] == ["import threading\n", "x\n"]
    assert second["replacements"][0]["deletedRegion"]["endColumn"] == 1


def test_sarif_of_hostile_text() -> None:
    out = text("sarif", evil())
    assert out.isascii()
    [result] = json.loads(out)["runs"][0]["results"]
    assert "](" not in result["message"]["text"]
    assert result["message"]["text"].isprintable()
    assert set(result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]) < set(
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789%-._~/"
    )


def schema_errors(document: Any) -> list[str]:
    """What OASIS's own schema (its text as published) objects to."""
    jsonschema = pytest.importorskip("jsonschema")
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    validator = jsonschema.Draft4Validator(schema, format_checker=jsonschema.Draft4Validator.FORMAT_CHECKER)
    return [error.message for error in validator.iter_errors(document)]


def test_the_official_schema_accepts_the_log() -> None:
    edit = Edit(Span("b.py", 1, 1, 1, 1), "import threading\n")
    found = replace(FINDING, fix=Fix("safe", (edit,)))
    bare = Finding("FGL900", "syntax-error", "error", "no", Span("a.py", 1, 1, 1, 2), "", "")
    for findings in ((), (found, bare, evil())):
        assert schema_errors(json.loads(text("sarif", *findings))) == []
    broken = json.loads(text("sarif", bare))
    del broken["runs"][0]["tool"]["driver"]["name"]
    assert schema_errors(broken)


def test_the_official_schema_accepts_what_the_command_writes(tmp_path: Path) -> None:
    log = tmp_path / "log.sarif"
    words = [
        "--output-format",
        "sarif",
        "--output-file",
        str(log),
        "--exit-zero",
        "--no-cache",
        "--min-severity",
        "info",
    ]
    assert cli.main([*words, "--isolated", str(ROOT / "examples")]) == 0
    document = json.loads(log.read_text(encoding="utf-8"))
    results = document["runs"][0]["results"]
    assert all(any(key in result for result in results) for key in ("relatedLocations", "codeFlows", "fixes"))
    assert schema_errors(document) == []


# --- fingerprints -----------------------------------------------------------------------------------------------------


def prints(*findings: Finding, code: str = CODE) -> list[str]:
    results = run_of(*findings, sources={"a.py": code})["results"]
    return [result["partialFingerprints"]["flaskglobalsLint/v1"] for result in results]


def at(line: int) -> Finding:
    return replace(FINDING, span=Span("a.py", line, 5, line, 18))


def test_a_fingerprint_survives_moved_lines_and_new_indents() -> None:
    before = prints(at(3))
    assert prints(at(5), code=f"import os\n\n{CODE}") == before
    assert prints(at(3), code=CODE.replace("    views", "        views")) == before


def test_a_fingerprint_survives_in_a_real_run(tmp_path: Path) -> None:
    """Lines that move, code around, another working directory and a fix elsewhere: the numbers stay."""
    app = tmp_path / "shop" / "app.py"
    app.parent.mkdir()

    def numbers(source: str, cwd: Path) -> list[str]:
        app.write_text(source, encoding="utf-8")
        report = lint([app], Config(cache=False, jobs=1), cwd=cwd)
        return sorted(
            result["partialFingerprints"]["flaskglobalsLint/v1"]
            for result in run_of(*report.findings, sources=dict(report.sources))["results"]
        )

    before = numbers(APP, tmp_path)
    assert len(before) == 2
    moved = APP.replace("app =", "import os\n\napp =").replace("    return page", "    print(page)\n    return page")
    assert numbers(moved, tmp_path) == before
    assert numbers(moved, app.parent) == before
    [left] = numbers(APP.replace("int(total) + 1", "1"), tmp_path)
    assert left in before


def test_a_fingerprint_tells_findings_apart() -> None:
    same = at(3)
    others = [
        replace(same, code="FGL102"),
        replace(same, symbol="app.other"),
        replace(same, function="app.other"),
    ]
    assert len({*prints(same), *(number for other in others for number in prints(other))}) == 4
    assert prints(same) != prints(same, code=CODE.replace("+= 1", "+= 2"))
    assert len(set(prints(same, same, same))) == 3


def test_findings_without_a_place_are_told_apart_by_file() -> None:
    broken = Finding("FGL900", "syntax-error", "error", "no", Span("a.py", 1, 1, 1, 2), "", "")
    one, two = prints(broken, replace(broken, span=Span("b.py", 1, 1, 1, 2)))
    assert one != two
    assert prints(replace(broken, span=Span("b.py", 1, 1, 1, 2))) == [two]


# --- github -----------------------------------------------------------------------------------------------------------


def test_github() -> None:
    place = "file=app/the views.py,line=7,endLine=7,col=2,endColumn=35"
    assert text("github", FINDING) == (
        f"::error title=FGL101 unlocked-read-modify-write,{place}::"
        "app/the views.py:7:2: FGL101 `views[…]` is read and written back\n"
    )
    assert text("github", FINDING.at_severity("warning")).startswith("::warning ")
    assert text("github", FINDING.at_severity("info")).startswith("::notice ")
    assert text("github") == ""


def test_github_has_no_columns_where_the_span_has_several_lines() -> None:
    out = text("github", replace(FINDING, span=Span("a.py", 1, 2, 3, 1)))
    assert "file=a.py,line=1,endLine=3::" in out


def test_github_text_gives_no_command_of_its_own() -> None:
    out = text("github", evil())
    assert out.count("\n") == 1
    properties = out.removeprefix("::error ").split("::", 1)[0]
    assert dict(pair.split("=", 1) for pair in properties.split(",")).keys() == {
        *("title", "file", "line", "endLine", "col", "endColumn")
    }
    assert "file=a%3A%2C" in properties
    assert "%0A" not in out
    assert "x%250A" in out


# --- gitlab -----------------------------------------------------------------------------------------------------------


def test_gitlab() -> None:
    other = FINDING.at_severity("warning")
    one, two = json.loads(text("gitlab", FINDING, other))
    assert one.pop("fingerprint") != two["fingerprint"]
    assert one == {
        "description": "FGL101 `views[…]` is read and written back",
        "check_name": "unlocked-read-modify-write",
        "severity": "critical",
        "location": {"path": "app/the views.py", "lines": {"begin": 7, "end": 7}},
    }
    assert two["severity"] == "major"
    assert json.loads(text("gitlab")) == []
    assert text("gitlab", evil()).isascii()


# --- junit ------------------------------------------------------------------------------------------------------------


def test_junit() -> None:
    other = replace(FINDING, span=Span("b.py", 1, 1, 1, 2))
    root = ElementTree.fromstring(text("junit", FINDING, FINDING, other))
    assert (root.tag, root.get("tests"), root.get("failures")) == ("testsuites", "3", "3")
    assert [(suite.get("name"), len(suite)) for suite in root] == [("app/the views.py", 2), ("b.py", 1)]
    case = root[0][0]
    assert (case.get("name"), case.get("line")) == ("FGL101 unlocked-read-modify-write (7:2)", "7")
    assert case[0].get("message") == FINDING.message
    assert (case[0].text or "").splitlines() == [
        f"app/the views.py:7:2: FGL101 {FINDING.message}",
        "app/state.py:1:1: defined here",
        "Hold one lock.",
    ]


def test_junit_of_nothing_is_one_test_that_passed() -> None:
    root = ElementTree.fromstring(text("junit"))
    assert (root.get("tests"), root.get("failures"), len(root[0][0])) == ("1", "0", 0)


def test_junit_of_hostile_text_is_xml() -> None:
    failure = ElementTree.fromstring(text("junit", evil()).encode())[0][0][0]
    assert "::error::x%0A\\r\\t\\x07]]><a>&\"'\\u202e\\ufffe\\udce9](1)" in (failure.get("message") or "")


# --- all --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["sarif", "github", "gitlab", "junit"])
def test_the_examples_in_every_format(name: str) -> None:
    report = lint(["examples"], cwd=ROOT)
    assert len(report.findings) > 3
    out = FORMATS[name](report, Options(pages=rulebook.pages))
    assert out == FORMATS[name](report, Options(pages=rulebook.pages))
    if name == "junit":
        assert len(ElementTree.fromstring(out).findall(".//failure")) == len(report.findings)
    elif name == "github":
        assert len(out.splitlines()) == len(report.findings)
    else:
        assert json.loads(out)


def test_a_format_is_imported_when_it_is_used() -> None:
    code = "import sys, flaskglobals_lint.lint; print([n for n in sys.modules if n.startswith('flaskglobals_lint.report.')])"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert "report.options" in out
    assert not any(f"report.{name}'" in out for name in ("sarif", "github", "gitlab", "junit", "json", "full"))
