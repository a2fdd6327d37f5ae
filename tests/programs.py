"""Programs to lint, and the linter run over them: one small application, and the examples of the rule pages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from flaskglobals_lint import catalogue, rulebook
from flaskglobals_lint.catalogue import Example
from flaskglobals_lint.config import Config
from flaskglobals_lint.finding import Finding
from flaskglobals_lint.lint import lint
from flaskglobals_lint.rule import Rule

COUNTER = """\
from flask import Flask

app = Flask(__name__)
n = 0


@app.route("/")
def home():
    global n
    n += 1
    return str(n)
"""
"""The smallest application with a race: line 10 is FGL101."""


@dataclass(frozen=True, slots=True, order=True)
class Mark:
    """One finding, expected or reported, by where it stands."""

    path: str
    line: int
    code: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line} {self.code}"


@dataclass(frozen=True, slots=True)
class Case:
    """One example of one rule's page."""

    rule: Rule
    example: Example

    @property
    def id(self) -> str:
        return f"{self.rule.code}-{self.rule.name}.md-line{self.example.line}"


def cases() -> list[Case]:
    """Every example of every page whose rule is implemented."""
    return [
        Case(rule, example) for rule in rulebook.rules() for example in catalogue.examples(catalogue.page(rule.name))
    ]


def expected(files: Mapping[str, str]) -> set[Mark]:
    """What the sources say must be reported, as far as the rules are implemented."""
    known = rulebook.names()
    return {
        Mark(path, line, code)
        for path, source in files.items()
        for line, codes in catalogue.wanted(source).items()
        for code in codes
        if code in known
    }


def reported(files: Mapping[str, str], folder: Path) -> tuple[Finding, ...]:
    """The findings of a program that is written into a folder, without the comments that say what is expected."""
    for path, source in files.items():
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(catalogue.without_expectations(source), encoding="utf-8")
    return lint([folder], Config(min_severity="info", cache=False, jobs=1), cwd=folder).findings


def mark(finding: Finding) -> Mark:
    """Where a finding stands."""
    return Mark(finding.span.path, finding.span.line, finding.code)


def is_loud(finding: Finding) -> bool:
    """Whether a finding is printed by default."""
    return finding.severity != "info"
