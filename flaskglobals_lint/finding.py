"""What a check reports."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal, TypeAlias

from flaskglobals_lint.remedy import Remedy

Severity: TypeAlias = Literal["error", "warning", "info"]
Confidence: TypeAlias = Literal["high", "medium", "low"]
Window: TypeAlias = Literal["none", "call", "io", "await"]

SEVERITIES: tuple[Severity, ...] = ("info", "warning", "error")
"""From the mildest to the gravest."""


@dataclass(frozen=True, slots=True)
class Span:
    """A place in a file that a finding points at. Lines and columns are 1-based, the end is exclusive."""

    path: str
    line: int
    column: int
    end_line: int
    end_column: int
    message: str = ""


@dataclass(frozen=True, slots=True)
class EntryPoint:
    """How the outside world gets into the code: ``kind`` is route, hook, thread …, ``detail`` e.g. ``GET /``."""

    function: str
    kind: str
    detail: str
    path: str
    line: int


class Chain(tuple[str, ...]):
    """The functions from the entry point to the finding, and the calls that lead from each to the next."""

    calls: tuple[Span, ...] = ()

    @classmethod
    def of(cls, functions: Iterable[str], calls: Iterable[Span]) -> Chain:
        """A chain with its calls, each of which says what it calls."""
        chain = cls(functions)
        chain.calls = tuple(calls)
        return chain


@dataclass(frozen=True, slots=True)
class Edit:
    """Replace the text of a span by ``content``."""

    span: Span
    content: str


@dataclass(frozen=True, slots=True)
class Fix:
    """Edits that remove the cause of a finding; ``safe`` ones cannot change what the program does otherwise."""

    applicability: Literal["safe", "unsafe"]
    edits: tuple[Edit, ...]


@dataclass(frozen=True, slots=True)
class Finding:
    """One defect at one place.

    ``symbol`` is the shared place and ``function`` the function the finding stands in, both fully qualified. ``chain``
    leads from the entry point to ``function``. ``related`` are the other spans that matter, the other side of the
    conflict among them. ``steps`` tell the interleaving, one line a step. ``window`` says what lies between read and
    write (None where that does not apply).
    """

    code: str
    name: str
    severity: Severity
    message: str
    span: Span
    symbol: str
    function: str
    entry_points: tuple[EntryPoint, ...] = ()
    chain: Chain | tuple[str, ...] = ()
    related: tuple[Span, ...] = ()
    confidence: Confidence = "high"
    window: Window | None = None
    suggestion: str = ""
    steps: tuple[str, ...] = ()
    fix: Fix | None = None
    uninterrupted: bool = False
    """Nothing between the read and the write waits: under greenlets nobody comes between."""
    remedies: tuple[Remedy, ...] = ()
    """What would remove the cause, the best first."""

    example: tuple[str, ...] = ()
    """Lines of code to write where no edit is right, with the names of this program."""

    @property
    def sort_key(self) -> tuple[str, int, int, str, str]:
        """Findings are printed by path, line, column, code."""
        return (self.span.path, self.span.line, self.span.column, self.code, self.message)

    def at_severity(self, severity: Severity) -> Finding:
        """The same finding at another severity."""
        return replace(self, severity=severity)


@dataclass(frozen=True, slots=True)
class Report:
    """The outcome of one run: what was found, in how many files, and how many of those could not be parsed."""

    findings: tuple[Finding, ...]
    files: int
    errors: int = 0
    sources: Mapping[str, str] = field(default_factory=dict)
    """Text of the files that findings point at, by printed path; for formats that show code."""
    fixed: tuple[str, ...] = ()
    """The findings of the baseline that are no more, each described in a line."""
