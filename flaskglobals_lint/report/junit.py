"""JUnit's XML: a test suite a file, a failed test a finding."""

from __future__ import annotations

from itertools import groupby
from xml.etree import ElementTree

from flaskglobals_lint.finding import Finding, Report
from flaskglobals_lint.report.options import Options
from flaskglobals_lint.report.text import escaped


def render(report: Report, options: Options) -> str:
    """The document. Without findings it has one test, which passed: a suite without tests is an error to some readers."""
    number = str(len(report.findings))
    root = ElementTree.Element("testsuites", name="flaskglobals-lint", tests=number, failures=number, errors="0")
    for path, findings in groupby(report.findings, key=lambda finding: finding.span.path):
        _suite(root, path, list(findings))
    if not report.findings:
        root.set("tests", "1")
        suite = _element(root, "testsuite", name="flaskglobals-lint", tests="1", failures="0", errors="0")
        _element(suite, "testcase", name="no findings", classname="flaskglobals-lint")
    ElementTree.indent(root, " ")
    # ASCII is the same in whatever encoding standard output has.
    text = ElementTree.tostring(root, encoding="us-ascii", xml_declaration=False).decode("ascii")
    return f'<?xml version="1.0" encoding="utf-8"?>\n{text}\n'


def _suite(root: ElementTree.Element, path: str, findings: list[Finding]) -> None:
    number = str(len(findings))
    suite = _element(root, "testsuite", name=path, tests=number, failures=number, errors="0")
    for finding in findings:
        span = finding.span
        name = f"{finding.code} {finding.name} ({span.line}:{span.column})"
        case = _element(suite, "testcase", name=name, classname=path, file=path, line=str(span.line))
        failure = _element(case, "failure", type=finding.severity, message=finding.message)
        lines = [f"{span.path}:{span.line}:{span.column}: {finding.code} {finding.message}"]
        lines += [f"{other.path}:{other.line}:{other.column}: {other.message}" for other in finding.related]
        failure.text = "\n".join(escaped(line) for line in [*lines, finding.suggestion] if line)


def _element(parent: ElementTree.Element, tag: str, **attributes: str) -> ElementTree.Element:
    return ElementTree.SubElement(parent, tag, {key: escaped(value) for key, value in attributes.items()})
