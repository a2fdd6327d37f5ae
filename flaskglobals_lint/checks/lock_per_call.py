"""FGL401: a lock that every call or every request makes for itself, so that holding it keeps nobody out."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from flaskglobals_lint import facts as f
from flaskglobals_lint.checks import conflicts, remedies, writes
from flaskglobals_lint.finding import Finding, Span
from flaskglobals_lint.link.program import Program
from flaskglobals_lint.link.trees import walk
from flaskglobals_lint.remedy import HoldLock, OneStep, Remedy
from flaskglobals_lint.rule import by_code

if TYPE_CHECKING:
    from flaskglobals_lint.link.contexts import Context
    from flaskglobals_lint.link.index import ScopeId
    from flaskglobals_lint.link.summary import Section

RULE = by_code("FGL401")


def check(program: Program) -> Iterator[Finding]:
    """A finding for each such lock, at the line that makes it."""
    reported: set[tuple[ScopeId, int]] = set()
    instances = _made_per_request(program)
    for fid, contexts in program.reached.contexts.items():
        for section in program.evaluator.summary(fid).sections:
            if section.kind != "lock" or section.lock is None:
                continue
            for scope, span in _made(program, fid, section, instances):
                if (scope, span.line) not in reported:
                    reported.add((scope, span.line))
                    yield _finding(program, min(contexts, key=lambda c: len(c.chain)), section, scope, span)


def _made_per_request(program: Program) -> set[ScopeId]:
    """Classes of which each request gets an instance of its own."""
    found: set[ScopeId] = set()
    for start in program.starts:
        function = program.index.functions[start.function]
        if start.runs == "request" and start.arguments and start.arguments[0] == (("fresh",),) and function.cls:
            found.add(function.cls)
    return found


def _made(program: Program, fid: ScopeId, section: Section, instances: set[ScopeId]) -> Iterator[tuple[ScopeId, Span]]:
    """Where a lock is made that only one call or one request has."""
    assert section.lock is not None
    root, *steps = section.lock
    if root[0] == "new":
        line, column, scope = root[1]
        if not steps and scope in program.index.functions and not _leaves(program, fid, (line, column)):
            yield scope, _call(program, scope, line, column)
    elif root[0] == "v" and not steps and root[1] in program.reached.contexts:
        if _guards_shared(program, fid, section):
            for binding in program.definitions(section.lock):
                yield binding.scope, program.span(binding.scope, binding.pos)
    elif root[0] == "proxy" and root[1] != "app":
        for binding in program.paths.bindings(section.lock):
            yield binding.scope, program.span(binding.scope, binding.pos)
    elif root[0] == "p" and root[2] == 0 and len(steps) == 1:
        own = program.index.functions[fid].cls in instances
        if own or (_guards_shared(program, fid, section) and _fresh(program, fid, set())):
            for binding in program.definitions(section.lock):
                if binding.scope in program.index.functions and (own or isinstance(binding.value, f.Call)):
                    yield binding.scope, program.span(binding.scope, binding.pos)


def _fresh(program: Program, fid: ScopeId, seen: set[ScopeId]) -> bool:
    """Whether all who call the method have made the object for it."""
    seen.add(fid)
    contexts = program.reached.contexts.get(fid, [])
    if not contexts or program.index.functions[fid].cls is None:
        return False
    for context in contexts:
        caller = context.parent
        if caller is None:
            return False
        edges = program.evaluator.summary(caller.function, caller.constants).edges
        given = [ref for e in edges if (e.callee, e.pos) == (fid, context.pos) for ref in e.arguments[0]]
        passed_on = (("p", caller.function, 0),)
        if not given or any(ref != passed_on and not writes.made(ref) for ref in given):
            return False
        if passed_on in given and caller.function not in seen and not _fresh(program, caller.function, seen):
            return False
    return True


def _leaves(program: Program, fid: ScopeId, site: tuple[int, int]) -> bool:
    """Whether a function hands the lock it made to anybody: as an argument, into a container, to a nested function."""
    function = program.index.functions[fid]
    names = {
        node.targets[0].name
        for node in walk(function.facts.body)
        if isinstance(node, f.Assign)
        and isinstance(node.targets[0], f.Local)
        and isinstance(node.value, f.Call)
        and node.value.pos[:2] == site
    }
    if not names:
        return False
    held = {id(node.value) for node in walk(function.facts.body) if isinstance(node, f.WithItem | f.Attribute)} | {
        id(target) for node in walk(function.facts.body) if isinstance(node, f.Assign) for target in node.targets
    }
    for node in walk(function.facts.body):
        if isinstance(node, f.Local) and node.name in names and id(node) not in held:
            return True
    qualname = function.facts.qualname
    return any(
        isinstance(node, f.Free) and node.owner == qualname and node.name in names
        for nested in program.index.functions.values()
        if nested.module is function.module and nested.facts.qualname.startswith(f"{qualname}.")
        for node in walk(nested.facts.body)
    )


def _guards_shared(program: Program, fid: ScopeId, section: Section) -> bool:
    """Whether the lock is held around a place that other requests see, too."""
    return any(access.function == fid and section in access.record.sections for access in program.reached.writes)


def _call(program: Program, scope: ScopeId, line: int, column: int) -> Span:
    """The span of the call that stands there."""
    for node in walk(program.index.functions[scope].facts.body):
        if isinstance(node, f.Call) and node.pos[:2] == (line, column):
            return program.span(scope, node.pos)
    return program.span(scope, (line, column, line, column + 1))


def _finding(program: Program, context: Context, section: Section, scope: ScopeId, span: Span) -> Finding:
    where = conflicts.way_in(program, context)
    message = f"this lock is made anew for every call, so the section on line {section.pos[0]} {where} keeps nobody out"
    return Finding(
        RULE.code,
        RULE.name,
        RULE.severity,
        message,
        span,
        program.qualified(scope),
        program.qualified(scope),
        (program.entry_point(context),),
        program.chain(context),
        (program.span(context.function, section.pos, "held here"),),
        "high",
        None,
        "make one lock where the state that it guards is made, and hold that one",
        (
            "request A makes a lock and takes it",
            "request B makes another lock and takes that one",
            f"both are inside the section on line {section.pos[0]}",
        ),
        remedies=_remedies(program, context, section),
    )


def _remedies(program: Program, context: Context, section: Section) -> tuple[Remedy, ...]:
    """Hold one lock for all calls around what this one guards."""
    for races in program.once(conflicts.races).values():
        for race in races:
            if race.context.function == context.function and section in race.pair.write.sections:
                cures = remedies.of_race(program, race)
                return tuple(_in_place_of(section, cure) for cure in cures if not isinstance(cure, OneStep))
    return ()


def _in_place_of(section: Section, cure: Remedy) -> Remedy:
    """The new section takes the place of the one that helps nobody."""
    if isinstance(cure, HoldLock) and section.pos not in cure.idle:
        return cure._replace(idle=(*cure.idle, section.pos))
    return cure
