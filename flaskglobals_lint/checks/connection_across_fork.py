"""FGL203: a connection that is open when the server forks its workers, which then all talk over the same socket."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from flaskglobals_lint import facts as f
from flaskglobals_lint.checks import conflicts
from flaskglobals_lint.finding import Finding
from flaskglobals_lint.link.index import last_name
from flaskglobals_lint.link.program import Program
from flaskglobals_lint.link.summary import Use
from flaskglobals_lint.link.trees import walk
from flaskglobals_lint.rule import by_code

if TYPE_CHECKING:
    from flaskglobals_lint.link.contexts import Access
    from flaskglobals_lint.link.index import Binding
    from flaskglobals_lint.models import Connection

RULE = by_code("FGL203")

_OPENED_LATER = ("sqlalchemy.Engine",)
"""Classes of objects that open their connections on first use."""


def check(program: Program) -> Iterator[Finding]:
    """A finding where such a connection is made."""
    if not program.deployment.preload:
        return
    renewed = _renewed(program)
    used_at_import = _used_at_import(program)
    seen: set[tuple[str, f.Position]] = set()
    for access in program.reached.uses:
        assert isinstance(access.record, Use)
        for binding in program.definitions(access.path):
            at = (binding.scope, binding.pos)
            model = _model(program, binding)
            if model is None or at in seen or _names(access) & renewed:
                continue
            if model.type in _OPENED_LATER and at not in used_at_import:
                continue
            seen.add(at)
            yield _finding(program, access, binding, model)


def _model(program: Program, binding: Binding) -> Connection | None:
    """What import-time code makes there, if a process that forked must not go on using it."""
    if binding.value is None or not binding.scope.endswith(":"):
        return None
    model = program.types.connection(program.types.of(binding.value, binding.scope))
    return model if model is not None and model.fork_safe is False else None


def _names(access: Access) -> set[str]:
    """The variable and the attributes that lead to the object."""
    root, *steps = access.path
    return {str(step).lstrip(".") for step in steps} | ({str(root[2])} if root[0] == "g" else set())


def _used_at_import(program: Program) -> set[tuple[str, f.Position]]:
    """Definitions of the objects that modules use while they are imported."""
    found: set[tuple[str, f.Position]] = set()
    for path in program.index.modules:
        for use in program.evaluator.module(path).uses:
            found.update((binding.scope, binding.pos) for binding in program.definitions(use.path))
    return found


def _renewed(program: Program) -> set[str]:
    """Names that a hook which runs in each worker after the fork mentions."""
    found = set(program.deployment.renewed)
    for function in program.index.functions.values():
        hooks = [last_name(d.function if isinstance(d, f.Call) else d) for d in function.facts.decorators]
        registered = any(
            isinstance(argument.value, f.Global | f.Local) and argument.value.name == function.facts.name
            for site in program.index.calls.get("register_at_fork", ())
            for argument in site.call.arguments
        )
        if registered or "postfork" in hooks:
            found.update(
                node.name for node in walk(function.facts.body) if isinstance(node, f.Global | f.Local | f.Attribute)
            )
    return found


def _finding(program: Program, access: Access, binding: Binding, model: Connection) -> Finding:
    shown = program.deployment.where("preload")
    label = access.place.label
    made = (
        "is used while the module is imported" if model.type in _OPENED_LATER else "is open as soon as it is made here"
    )
    message = (
        f"`{label}` {made}, before the server forks its workers ({shown}), and they use it "
        f"{conflicts.way_in(program, access.context)}: all of them then write to one socket"
    )
    return Finding(
        RULE.code,
        RULE.name,
        RULE.severity,
        message,
        program.span(binding.scope, binding.pos),
        access.place.symbol,
        program.qualified(binding.scope),
        (program.entry_point(access.context),),
        program.chain(access.context),
        (program.span(access.function, access.record.pos, "used here, after the fork"),),
        "medium",
        None,
        model.remedy if model.type in _OPENED_LATER else "open it after the fork: on first use, or in post_fork",
        (
            f"the master imports the module and opens {label}",
            "it forks workers A and B, which share the socket",
            "A sends a query, B reads its answer",
        ),
    )
