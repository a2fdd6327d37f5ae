"""FGL303: an app context pushed for the life of the process, which makes ``g`` shared."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from flaskglobals_lint import facts as f
from flaskglobals_lint.finding import Finding
from flaskglobals_lint.link.index import last_name
from flaskglobals_lint.link.program import Program
from flaskglobals_lint.link.trees import walk
from flaskglobals_lint.remedy import EnterContext
from flaskglobals_lint.rule import by_code

if TYPE_CHECKING:
    from flaskglobals_lint.link.index import CallSite, ScopeId

RULE = by_code("FGL303")

_CONTEXTS = frozenset({"app_context", "request_context", "test_request_context"})
_OTHER_PROCESSES = frozenset({"alembic", "celery", "dramatiq", "huey", "rq"})


def check(program: Program) -> Iterator[Finding]:
    """A finding for each push in start-up code that nothing in the same code undoes."""
    popped = {(site.scope, _receiver(site)) for site in program.index.calls.get("pop", ())}
    for site in program.index.calls.get("push", ()):
        if (
            _pushes_context(program, site)
            and (site.scope, _receiver(site)) not in popped
            and _starts_up(program, site.scope)
        ):
            yield _finding(program, site)


def _receiver(site: CallSite) -> str:
    """The variable whose method is called; the call itself where there is none."""
    function = site.call.function
    return last_name(function.value) if isinstance(function, f.Attribute) else ""


def _pushes_context(program: Program, site: CallSite) -> bool:
    function = site.call.function
    if not isinstance(function, f.Attribute) or site.call.arguments:
        return False
    values: list[f.Expression | None] = [function.value]
    for slot in program.types.slots_of(function.value, site.scope):
        values.extend(binding.value for binding in program.types.bindings(slot))
    return any(isinstance(value, f.Call) and last_name(value.function) in _CONTEXTS for value in values)


def _starts_up(program: Program, scope: ScopeId) -> bool:
    """Whether the code runs on the importing thread before it serves: a module's own, an app factory, what import calls."""
    module = program.index.module_of(scope)
    names = (node.module.split(".")[0] for node in walk(module.input.facts.body) if isinstance(node, f.Import))
    if not _OTHER_PROCESSES.isdisjoint(names):
        return False
    function = program.index.functions.get(scope)
    if function is None:
        return True
    made = program.types.expand(program.types.returns(scope))
    if any(atom[0] == "extinst" and program.types.models.is_flask(atom[1]) for atom in made):
        return True
    sites = program.index.calls.get(function.facts.name, ())
    return any(site.scope.endswith(":") for site in sites)


def _finding(program: Program, site: CallSite) -> Finding:
    return Finding(
        RULE.code,
        RULE.name,
        RULE.severity,
        "this context is pushed for as long as the process lives: all requests on this thread share its `flask.g`",
        program.span(site.scope, site.call.pos),
        "flask.g",
        program.qualified(site.scope),
        suggestion="use `with app.app_context():` around the code that needs it",
        steps=(
            "request A puts its user on `g`",
            "A ends; the context that was pushed here stays, and `g` with it",
            "request B on the same thread finds A's user on `g`",
        ),
        remedies=(EnterContext(program.file(site.scope), site.call.pos),),
    )
