"""What a file says is run, where it says so, and what comes of it for a server."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from flaskglobals_lint.models import Server

_DEVELOPMENT = frozenset(
    {
        *(
            "ci",
            "circleci",
            "cypress",
            "debug",
            "dev",
            "devcontainer",
            "devel",
            "develop",
            "development",
            "e2e",
            "github",
        ),
        *("gitlab", "justfile", "local", "makefile", "override", "test", "testing", "tests", "vagrant"),
    }
)


@dataclass(frozen=True, slots=True)
class Evidence:
    """The line of a file that says it."""

    path: str
    line: int
    text: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}" if self.line else self.path


@dataclass(frozen=True, slots=True)
class Unit:
    """One thing that a file says is run.

    ``words`` are a command's, empty where the image's own command runs. ``image`` is the path of the Dockerfile that the
    unit is built from, "" if that is not said, with the ``stage`` to stop at. ``instances`` is how many of it run, None if
    that cannot be told; without ``counted`` nothing is said about it. ``copies``: what a file of the project is called
    there.
    """

    file: str
    evidence: Evidence
    words: tuple[str, ...] = ()
    variables: Mapping[str, str] = field(default_factory=dict)
    instances: int | None = 1
    counted: Evidence | None = None
    image: str = ""
    stage: str = ""
    copies: Mapping[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Settings:
    """What one command, file or call says about one server; a setting keeps the evidence that it comes from."""

    server: Server
    values: dict[str, tuple[Any, Evidence]] = field(default_factory=dict)
    evidence: list[Evidence] = field(default_factory=list)
    development: bool = False
    """Said by a file that is about development or tests."""

    def take(self, other: Settings) -> None:
        """Settings of another source, which counts for more."""
        self.values.update(other.values)
        self.evidence.extend(item for item in other.evidence if item not in self.evidence)

    def number(self, name: str) -> int | None:
        value = self.values.get(name, (None,))[0]
        return value if isinstance(value, int) and not isinstance(value, bool) else None

    def set(self, what: str, value: Any, evidence: Evidence) -> None:
        """Keep one setting; what cannot be told keeps nothing but the fact that it is not the default."""
        if what == "threads" and isinstance(value, bool):
            value = 0 if value else 1
        if what == "no-preload":
            what, value = "preload", not value
        self.values[what] = (value, evidence)
        if evidence not in self.evidence:
            self.evidence.append(evidence)


def for_development(path: str) -> bool:
    """Whether a file's name or a folder's says that it is about development or tests."""
    return not _DEVELOPMENT.isdisjoint(re.split(r"[/._-]", path.lower()))
