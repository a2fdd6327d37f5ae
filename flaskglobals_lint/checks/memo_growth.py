"""Memoized functions that keep a result for whatever requests ask, without a limit: a part of FGL302."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from flaskglobals_lint import facts as f
from flaskglobals_lint.checks import conflicts
from flaskglobals_lint.finding import Finding, Severity
from flaskglobals_lint.link.memo import memoizer
from flaskglobals_lint.link.program import Program
from flaskglobals_lint.link.summary import RANDOM, REQUEST, UNIQUE
from flaskglobals_lint.link.trees import walk
from flaskglobals_lint.rule import Rule

if TYPE_CHECKING:
    from flaskglobals_lint.link.contexts import Context
    from flaskglobals_lint.link.index import FunctionIndex


def check(program: Program, rule: Rule) -> Iterator[Finding]:
    """A finding for each such function, at its decorator."""
    for fid, contexts in program.reached.contexts.items():
        function = program.index.functions[fid]
        decorator = _unlimited(program, function) if function.facts.decorators else None
        context = next((context for context in contexts if _by_request(context)), None)
        if decorator is None or context is None:
            continue
        name = program.name(fid)
        where = conflicts.way_in(program, context.parent or context)
        yield Finding(
            rule.code,
            rule.name,
            _severity(rule, function),
            f"`{name}` keeps a result for each argument that requests give it {where}, and its cache has no limit: it grows until the process ends",
            program.span(function.parent or f"{function.module.path}:", getattr(decorator, "pos", f.NOWHERE)),
            program.qualified(fid),
            program.qualified(fid),
            (program.entry_point(context),),
            program.chain(context),
            (),
            "medium",
            None,
            "give the cache a limit: `@lru_cache(maxsize=1000)`",
        )


def _by_request(context: Context) -> bool:
    """Whether a request decides with which arguments the function is called."""
    given = any(flags & (REQUEST | UNIQUE | RANDOM) for flags in context.flags)
    return given and context.start.runs == "request" and context.parent is not None


def _unlimited(program: Program, function: FunctionIndex) -> f.Expression | None:
    """The decorator that keeps all results for as long as the process lives."""
    model = memoizer(program.types, function.id)
    if model is None or model.scope != "process" or model.lock_keyword:
        return None
    for decorator in function.facts.decorators:
        if not model.bounded:
            return decorator
        for at, argument in enumerate(decorator.arguments if isinstance(decorator, f.Call) else ()):
            limits = argument.keyword == model.bound_keyword or (at == 0 and argument.keyword is None)
            if limits and isinstance(argument.value, f.Constant) and argument.value.kind == "none":
                return decorator
    return None


def _severity(rule: Rule, function: FunctionIndex) -> Severity:
    """A note where the function fails for what does not exist: errors are not kept."""
    fails = any(isinstance(node, f.Raise | f.Item | f.With) for node in walk(function.facts.body))
    return "info" if fails else rule.severity
