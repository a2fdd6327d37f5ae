"""Caches whose every read changes them, used by several threads without a lock: a part of FGL201."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from flaskglobals_lint import facts as f
from flaskglobals_lint.checks import conflicts
from flaskglobals_lint.finding import Finding, Span
from flaskglobals_lint.link.items import key_text
from flaskglobals_lint.link.memo import memoizer
from flaskglobals_lint.link.program import Program, base_key
from flaskglobals_lint.link.summary import Read
from flaskglobals_lint.rule import Rule

if TYPE_CHECKING:
    from flaskglobals_lint.link.atoms import Atoms
    from flaskglobals_lint.link.contexts import Access, Context
    from flaskglobals_lint.link.index import FunctionIndex

_WHY = "it takes no lock, and reading it changes its order or expiry: keys get lost and KeyErrors raised"


def check(program: Program, rule: Rule) -> Iterator[Finding]:
    """A finding for each cache where it is made, and for each decorator that is given one without a lock."""
    groups: dict[tuple[Any, ...], list[Access]] = {}
    reached = program.reached
    for access in (*reached.reads, *reached.writes, *reached.iterations):
        if _of_container(access):
            groups.setdefault(base_key(access.place), []).append(access)
    for key, accesses in groups.items():
        path = accesses[0].path[: len(key)]
        if _changes(program, program.paths.atoms(path)) and not _guarded(program, accesses) and _beside(accesses):
            first = min(accesses, key=lambda a: (program.file(a.function), a.record.pos))
            for binding in program.definitions(path)[:1]:
                span = program.span(binding.scope, binding.pos)
                label = program.paths.label(key[0], tuple(key[1:]))
                yield _finding(program, rule, span, first.context, label, accesses[0].place.symbol)
    for fid, contexts in reached.contexts.items():
        yield from _decorated(program, rule, program.index.functions[fid], contexts)


def _of_container(access: Access) -> bool:
    """Whether it is the container that is looked at or changed, not what it gave."""
    record, depth = access.record, len(access.place.key) - len(base_key(access.place))
    if isinstance(record, Read):
        # What a callee reads is told where it stands, with the locks that it holds.
        return record.remote is None and record.kind != "load" and depth == (record.kind == "element")
    return depth <= 1


def _changes(program: Program, atoms: Atoms) -> bool:
    container = program.types.container(atoms)
    return container is not None and container.reads_write and not container.thread_safe


def _guarded(program: Program, accesses: list[Access]) -> bool:
    """Whether one lock is held at every access, or a comment says so."""
    return program.guarded_by_comment(accesses[0].path) or bool(
        frozenset.intersection(*(access.locks for access in accesses))
    )


def _beside(accesses: list[Access]) -> bool:
    first = accesses[0].context.start
    return any(first.beside(access.context.start) for access in accesses)


def _decorated(program: Program, rule: Rule, function: FunctionIndex, contexts: list[Context]) -> Iterator[Finding]:
    """``@cached(cache=TTLCache(…))`` without ``lock=``."""
    model = memoizer(program.types, function.id) if function.facts.decorators else None
    if model is None or not model.lock_keyword:
        return
    scope = function.parent or f"{function.module.path}:"
    for node in function.facts.decorators:
        if not isinstance(node, f.Call) or not node.arguments:
            continue
        given = {argument.keyword for argument in node.arguments}
        cache = next((a.value for a in node.arguments if a.keyword in (None, "cache")), None)
        if cache is None or given & {model.lock_keyword, "condition"} or len(node.arguments) > 2:
            continue
        context = next((c for c in contexts if any(c.start.beside(other.start) for other in contexts)), None)
        if context is not None and _changes(program, program.types.expand(program.types.of(cache, scope))):
            label = key_text(cache) or f"the cache of {function.facts.name}"
            yield _finding(program, rule, program.span(scope, node.pos), context, label, program.qualified(function.id))


def _finding(program: Program, rule: Rule, span: Span, context: Context, label: str, symbol: str) -> Finding:
    where = conflicts.way_in(program, context)
    return Finding(
        rule.code,
        rule.name,
        rule.severity,
        f"`{label}` is one cache for all threads, used without a lock {where}; {_WHY}",
        span,
        symbol,
        program.qualified(context.function),
        (program.entry_point(context),),
        program.chain(context),
        (),
        "high",
        None,
        "hold one lock around every access, reads too, or pass `lock=threading.Lock()` to `@cached`",
        (
            f"request A reads {label}, which moves the key to the end or drops what has expired",
            f"request B does the same at the same time: the links of {label} no longer fit",
            "either gets a KeyError, or a key is lost",
        ),
    )
