"""What could not be analysed because of a defect of the linter's own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from flaskglobals_lint.link.index import ScopeId


@dataclass
class Failures:
    """Functions and rules that were left out, by why; unless ``tolerated``, the first error ends the analysis."""

    tolerated: bool = False
    functions: dict[ScopeId, Exception] = field(default_factory=dict)
    rules: dict[str, Exception] = field(default_factory=dict)

    def function(self, fid: ScopeId, error: Exception) -> None:
        """The function, or the code of a class or module, could not be analysed. Raises the error unless errors are tolerated."""
        self._judge(error)
        self.functions.setdefault(fid, error)

    def attempt(self, scope: ScopeId, work: Callable[..., None], *arguments: Any) -> None:
        """Do something for a function, or for a class's or module's own code, or leave it out."""
        try:
            work(*arguments)
        except Exception as error:
            self.function(scope, error)

    def rule(self, code: str, error: Exception) -> None:
        """The rule could not be checked to its end. Raises the error unless errors are tolerated."""
        self._judge(error)
        self.rules[code] = error

    def _judge(self, error: Exception) -> None:
        if not self.tolerated or isinstance(error, MemoryError):
            raise error
