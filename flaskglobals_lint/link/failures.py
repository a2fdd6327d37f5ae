"""What could not be analysed because of a defect of the linter's own."""

from __future__ import annotations

from dataclasses import dataclass, field

from flaskglobals_lint.link.index import ScopeId


@dataclass
class Failures:
    """Functions and rules that were left out, by why; unless ``tolerated``, the first error ends the analysis."""

    tolerated: bool = False
    functions: dict[ScopeId, Exception] = field(default_factory=dict)
    rules: dict[str, Exception] = field(default_factory=dict)

    def function(self, fid: ScopeId, error: Exception) -> None:
        """The function could not be summarised. Raises the error unless errors are tolerated."""
        self._judge(error)
        self.functions.setdefault(fid, error)

    def rule(self, code: str, error: Exception) -> None:
        """The rule could not be checked to its end. Raises the error unless errors are tolerated."""
        self._judge(error)
        self.rules[code] = error

    def _judge(self, error: Exception) -> None:
        if not self.tolerated or isinstance(error, MemoryError):
            raise error
