"""Threads that each run a method of an object made for it: ``worker = Worker(n); Thread(target=worker.work).start()``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from flaskglobals_lint import facts as f
from flaskglobals_lint.link.trees import blocks, walk

if TYPE_CHECKING:
    from flaskglobals_lint.link.index import ScopeId
    from flaskglobals_lint.link.program import Program
    from flaskglobals_lint.link.starts import Start


def given(program: Program, start: Start) -> bool:
    """Whether the code that starts the thread makes the object whose method it hands over, each time anew."""
    index = program.index
    if start.runs != "background" or start.spawned_in not in index.functions or start.function not in index.functions:
        return False
    function = index.functions[start.function]
    return function.cls is not None and program.once(_hands_over_new, start.spawned_in, start.line, function.facts.name)


def _hands_over_new(program: Program, scope: ScopeId, line: int, method: str) -> bool:
    receivers = [
        (argument.value.value, node)
        for node in walk(program.index.functions[scope].facts.body)
        if isinstance(node, f.Call) and node.pos[0] == line
        for argument in node.arguments
        if isinstance(argument.value, f.Attribute) and argument.value.name == method
    ]
    return bool(receivers) and all(_is_new(program, value, scope, at, 1) for value, at in receivers)


def _is_new(program: Program, node: f.Expression, scope: ScopeId, at: f.Node, calls: int) -> bool:
    """Whether the value, where it is used ``at``, is an object that the function, or one that it calls, has just made."""
    if isinstance(node, f.Local):
        made = _assigned(program.index.functions[scope].facts.body, node.name, at)
        return made is not None and _is_new(program, made.value, scope, made, calls)
    if not isinstance(node, f.Call):
        return False
    called = program.types.expand(program.types.of(node.function, scope))
    return bool(called) and all(
        atom[0] == "class" or (calls > 0 and atom[0] in ("func", "bound") and _makes(program, atom[1], calls - 1))
        for atom in called
    )


def _makes(program: Program, fid: ScopeId, calls: int) -> bool:
    """Whether a function returns nothing but None and objects that it has made."""
    returns = (node for node in walk(program.index.functions[fid].facts.body) if isinstance(node, f.Return))
    made = [
        (node.value, node)
        for node in returns
        if node.value is not None and not (isinstance(node.value, f.Constant) and node.value.kind == "none")
    ]
    return bool(made) and all(_is_new(program, value, fid, at, calls) for value, at in made)


def _assigned(body: tuple[f.Statement, ...], name: str, at: f.Node) -> f.Assign | None:
    """The assignment that gives a variable the value that it has at a node: the last one, on every way there."""
    found: f.Assign | None = None
    for statement in body:
        inside = list(walk(statement))
        binds = any(isinstance(part, f.Local) and part.name == name for part in _targets(inside))
        if any(part is at for part in inside):
            for block in blocks(statement):
                if any(part is at for one in block for part in walk(one)):
                    return _assigned(block, name, at) or (None if binds else found)
            return None if binds else found
        if isinstance(statement, f.Assign) and [getattr(t, "name", None) for t in statement.targets] == [name]:
            found = statement
        elif binds:
            found = None
    return found


def _targets(nodes: list[f.Node]) -> Iterator[f.Node]:
    """What assignments and loops bind."""
    for node in nodes:
        if isinstance(node, f.Assign):
            yield from (part for target in node.targets for part in walk(target))
        elif isinstance(node, f.For):
            yield from walk(node.target)
