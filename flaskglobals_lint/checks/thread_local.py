"""FGL601: thread-local data set only in the importing thread, or left on a pooled thread."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import msgspec

from flaskglobals_lint import facts as f
from flaskglobals_lint.checks import conflicts
from flaskglobals_lint.finding import Finding, Span
from flaskglobals_lint.link.contexts import Context
from flaskglobals_lint.link.program import Program
from flaskglobals_lint.link.summary import TOLD, Path, Read, Write
from flaskglobals_lint.link.trees import walk
from flaskglobals_lint.rule import by_code

RULE = by_code("FGL601")

_LOCAL = ("threading.local", "_threading_local.local", "_thread._local")


class _Attribute(msgspec.Struct):
    """Who sets, clears and reads one attribute of one thread-local object."""

    imported: list[tuple[str, Write]] = msgspec.field(default_factory=list)
    writes: list[tuple[Context, Write]] = msgspec.field(default_factory=list)
    reads: list[tuple[Context, Read]] = msgspec.field(default_factory=list)
    sure: list[tuple[Context, Read]] = msgspec.field(default_factory=list)
    """Reads that fail where there is no value."""

    elsewhere: list[tuple[Context, Read]] = msgspec.field(default_factory=list)
    """Such reads in threads that requests start."""


def check(program: Program) -> Iterator[Finding]:
    """Findings where an attribute is set and where it is read."""
    found: dict[Path, _Attribute] = {}
    cleared: set[Path] = set()
    for fid in sorted(program.serving):
        context = next(c for c in program.reached.contexts[fid] if c.start.runs == "request")
        summary = program.evaluator.summary(fid)
        for write in summary.writes:
            for end in range(1, len(write.path)):
                if _local(program, write.path[:end]):
                    if write.kind == "set" and len(write.path) == end + 1:
                        found.setdefault(write.path, _Attribute()).writes.append((context, write))
                    elif write.kind == "delete":
                        cleared.add(write.path[:end] if write.path[end] == ".__dict__" else write.path)
        for read in _loads(program, fid):
            attribute = found.setdefault(read.path, _Attribute())
            attribute.reads.append((context, read))
            if not _asks(program, fid, read):
                attribute.sure.append((context, read))
    # What import-time code does is asked only where it matters: it takes long to find out.
    unset = {path for path, attribute in found.items() if attribute.reads and not attribute.writes}
    for module in program.index.modules if unset else ():
        for write in program.evaluator.module(module).writes:
            if write.kind == "set" and write.path in unset and _local(program, write.path[:-1]):
                found[write.path].imported.append((f"{module}:", write))
    _add_threads(program, found)
    for path, attribute in found.items():
        yield from _in_threads(program, path, attribute)
        if path not in cleared and path[:-1] not in cleared:
            yield from _judge(program, path, attribute)


def _loads(program: Program, fid: str) -> Iterator[Read]:
    """Reads of attributes of thread-local objects; what a callee reads is told where it stands."""
    for read in program.evaluator.summary(fid).reads:
        if read.remote is None and read.kind == "load" and len(read.path) > 1 and _local(program, read.path[:-1]):
            yield read


def _add_threads(program: Program, found: dict[Path, _Attribute]) -> None:
    """Reads in threads of attributes that requests set and no thread does."""
    wanted = {path for path, attribute in found.items() if attribute.writes}
    if not wanted:
        return
    threads = _threads(program)
    for fid in threads:
        wanted -= {write.path for write in program.evaluator.summary(fid).writes if write.kind == "set"}
    for fid in sorted(threads) if wanted else ():
        for read in _loads(program, fid):
            if read.path in wanted and not _asks(program, fid, read):
                found[read.path].elsewhere.append((threads[fid], read))


def _threads(program: Program) -> dict[str, Context]:
    """Functions that threads run, those too that requests run as well."""
    found: dict[str, Context] = {}
    for contexts in program.reached.contexts.values():
        found.update({context.function: context for context in contexts if context.start.kind == "thread"})
    queue = list(found.values())
    while queue:
        context = queue.pop()
        for edge in program.evaluator.summary(context.function, context.constants).edges:
            if edge.kind == "call" and edge.callee in program.index.functions and edge.callee not in found:
                inner = msgspec.structs.replace(
                    context, function=edge.callee, parent=context, pos=edge.pos, constants=edge.constants
                )
                found[edge.callee] = inner
                queue.append(inner)
    return found


def _in_threads(program: Program, path: Path, attribute: _Attribute) -> Iterator[Finding]:
    label = program.paths.label(path[0], path[1:])
    for context, read in _first_in_each(attribute.elsewhere):
        message = f"`{label}` is set by the threads that serve requests only; it is missing {conflicts.way_in(program, context)}"
        yield _here(program, path, context, read.pos, message, "pass the value on as an argument")


def _local(program: Program, path: Path) -> bool:
    """Whether the object is thread-local and starts empty in every thread."""
    if path[0][0] not in ("g", "k", "v", "inst", "app"):
        return False
    for atom in program.paths.atoms(path):
        if atom[0] == "extinst" and atom[1] in _LOCAL:
            return True
        bases = program.types.names.external_bases(atom[1]) if atom[0] == "inst" else ()
        if any(dotted in _LOCAL for dotted in bases) and not program.types.names.method(atom[1], "__init__"):
            return True
    return False


def _asks(program: Program, fid: str, read: Read) -> bool:
    """Whether the function is ready for the attribute to be missing: it asks ``hasattr``, or has another value for it."""
    name = read.path[-1][1:]
    for node in walk(program.index.functions[fid].facts.body):
        if isinstance(node, f.Try) and any(_is_attribute_error(handler.type) for handler in node.handlers):
            if any(getattr(part, "pos", None) == read.pos for part in walk(node.body)):
                return True
        elif isinstance(node, f.Call) and isinstance(node.function, f.Global) and len(node.arguments) > 1:
            asked = node.arguments[1].value
            otherwise = node.function.name == "getattr" and len(node.arguments) == 3 and node.pos == read.pos
            if isinstance(asked, f.Constant) and asked.text == name and (node.function.name == "hasattr" or otherwise):
                return True
    return False


def _is_attribute_error(node: f.Expression | None) -> bool:
    nodes = node.values if isinstance(node, f.Display) else (node,)
    return any(isinstance(one, f.Global) and one.name in ("AttributeError", "Exception") for one in nodes)


def _judge(program: Program, path: Path, attribute: _Attribute) -> Iterator[Finding]:
    label = program.paths.label(path[0], path[1:])
    if attribute.imported and not attribute.writes:
        yield from (_on_one_thread(program, finding) for finding in _imported(program, path, attribute, label))
    reads = _first_in_each(attribute.reads)
    if not attribute.writes or not reads:
        return
    hooks = all(context.start.kind == "hook" and not _is_async(program, context) for context, _ in attribute.writes)
    if hooks:
        for context, read in reads:
            if _is_async(program, context) and context.start.kind != "hook":
                message = f"`{label}` is set in another thread than the one that runs this async view {conflicts.way_in(program, context)}"
                yield _here(
                    program, path, context, read.pos, message, "use `flask.g`, which is carried into async views"
                )
    if all(_conditional(program, context, write) for context, write in attribute.writes):
        asked = {context.function for context, read in attribute.reads if _asks(program, context.function, read)}
        for context, write in attribute.writes:
            # Whoever sets it only where it is missing finds next time what the last request left.
            seen = context.function in asked or any(other.function != context.function for other, _ in reads)
            if seen and context.flagged(write.flags) & TOLD:
                message = f"`{label}` is set only under a condition {conflicts.way_in(program, context)}; other requests find what an earlier one left on their thread"
                left = _here(
                    program, path, context, write.pos, message, "use `flask.g`, or clear it in `teardown_request`"
                )
                yield _on_greenlets(program, left)


def _imported(program: Program, path: Path, attribute: _Attribute, label: str) -> Iterator[Finding]:
    """What only the importing thread sets: where it does, and where other threads want it."""
    reads = _first_in_each(attribute.sure)
    for scope, write in attribute.imported if reads else ():
        span = program.span(scope, write.pos)
        message = f"`{label}` is set in the importing thread only; the threads that serve requests have none"
        yield _finding(
            program,
            path,
            span,
            scope,
            reads[0][0],
            message,
            "set it where it is missing, or in the `__init__` of a subclass of `threading.local`",
        )
    for context, read in reads:
        message = f"`{label}` is set in the importing thread only; it is missing in other threads {conflicts.way_in(program, context)}"
        yield _here(program, path, context, read.pos, message, "set it in the thread that reads it, or use `flask.g`")


def _on_one_thread(program: Program, finding: Finding) -> Finding:
    """A note where the files say that requests are served by the thread that imports the application."""
    deployment = program.deployment
    if not (deployment.on_main and deployment.stated):
        return finding
    reason = f"not as deployed: the one thread of a worker in {deployment.where('thread', 'worker_class', '-k')} is that thread"
    return replace(finding, severity="info", message=f"{finding.message} ({reason})")


def _on_greenlets(program: Program, finding: Finding) -> Finding:
    """A note where the files say that each connection has a greenlet, and so thread-locals, of its own."""
    deployment = program.deployment
    if not (deployment.kind == "greenlets" and deployment.sure):
        return finding
    where = deployment.where("patch", "gevent", "eventlet", "greenlets")
    reason = f"as deployed by {where} only on a connection that is kept alive: each has a greenlet of its own"
    return replace(finding, severity="info", message=f"{finding.message} ({reason})")


def _first_in_each(reads: list[tuple[Context, Read]]) -> list[tuple[Context, Read]]:
    found: dict[str, tuple[Context, Read]] = {}
    for context, read in sorted(reads, key=lambda item: item[1].pos):
        found.setdefault(context.function, (context, read))
    return list(found.values())


def _is_async(program: Program, context: Context) -> bool:
    return program.index.functions[context.function].facts.is_async


def _conditional(program: Program, context: Context, write: Write) -> bool:
    """Whether the write stands in a branch."""
    facts = program.index.functions[context.function].facts
    return any(
        isinstance(node, f.If | f.Match) and any(getattr(part, "pos", None) == write.pos for part in walk(node))
        for node in walk(facts.body)
    )


def _here(program: Program, path: Path, context: Context, pos: f.Position, message: str, remedy: str) -> Finding:
    """A finding at an access in the function that makes it."""
    return _finding(program, path, program.span(context.function, pos), context.function, context, message, remedy)


def _finding(
    program: Program, path: Path, span: Span, scope: str, context: Context, message: str, suggestion: str
) -> Finding:
    symbol: Any = program.paths.symbol(path[0], path[1:])
    return Finding(
        RULE.code,
        RULE.name,
        RULE.severity,
        message,
        span,
        symbol,
        program.qualified(scope),
        conflicts.entry_points(program, (context,)),
        program.chain(context),
        suggestion=suggestion,
    )
