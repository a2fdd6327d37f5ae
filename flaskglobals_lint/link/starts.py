"""Starts: the functions that run first, and what is said of the registrations that make them so."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from flaskglobals_lint import facts as f
from flaskglobals_lint.link.index import ScopeId, last_name

if TYPE_CHECKING:
    from flaskglobals_lint.link.atoms import Atom
    from flaskglobals_lint.models import Entry

MIDDLEWARE = "WSGI middleware"
"""What is said of a function that stands before the application and is given the WSGI environment."""

ONCE = "once"
"""Begins the lane of a thread that is started only while a variable says that none runs."""

VERBS = ("get", "post", "put", "patch", "delete", "head", "options")


class Start(msgspec.Struct, frozen=True, gc=False):
    """One way into the code: the function that runs first, and how it gets to run.

    ``arguments`` are references by parameter, e.g. the one instance that serves all requests. ``spawned_in`` is the code
    that starts a background thread. Starts with one ``lane`` run one after the other.
    """

    function: ScopeId
    bindings: tuple[Atom, ...]
    kind: str
    detail: str
    runs: str
    repeated: bool
    path: str
    line: int
    arguments: tuple[tuple[Any, ...], ...] = ()
    spawned_in: ScopeId = ""
    lane: str = ""

    @property
    def tasks(self) -> bool:
        """Whether other runs of it, which take turns with this one, go on while it awaits."""
        return bool(self.lane) and not self.lane.startswith(ONCE)

    @property
    def often(self) -> bool:
        """Whether it runs again before it has ended: beside itself, or while it waits for something."""
        return self.repeated or self.runs == "request"

    def beside(self, other: Start) -> bool:
        """Whether both can run at once; a start beside itself if it is repeated. What runs once does so before the first
        request or after the last."""
        if self is other:
            return self.repeated
        if self.kind == "thread" and (self.function, self.path, self.line) == (other.function, other.path, other.line):
            # One line starts both: once where it stands, and again as each caller reaches it.
            return self.repeated or other.repeated
        return "once" not in (self.runs, other.runs) and (not self.lane or self.lane != other.lane)


def tells_startup(call: f.Expression, entry: Entry) -> bool:
    """Whether a registration names an event that comes while the application is set up: ``listens_for(Base, "…")``."""
    arguments = call.arguments if entry.startup and isinstance(call, f.Call) else ()
    return any(isinstance(a.value, f.Constant) and a.value.text in entry.startup for a in arguments)


def describe(node: f.Expression, name: str) -> str:
    """``GET, POST /path`` of a registration, or the name of the hook."""
    if not isinstance(node, f.Call):
        return last_name(node) or name
    method = last_name(node.function)
    first = node.arguments[0].value if node.arguments and node.arguments[0].keyword is None else None
    for argument in node.arguments:
        if argument.keyword == "rule":
            first = argument.value
    if not isinstance(first, f.Constant) or first.kind != "str":
        return method or name
    verbs = method.upper() if method in VERBS else ""
    for argument in node.arguments:
        if argument.keyword == "methods" and isinstance(argument.value, f.Display):
            verbs = ", ".join(value.text for value in argument.value.values if isinstance(value, f.Constant))
    if method in ("route", "add_url_rule") and not verbs:
        verbs = "GET"
    return f"{verbs} {first.text}" if verbs else f"{method} {first.text}" if method else first.text
