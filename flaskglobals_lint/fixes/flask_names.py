"""Flask as a file knows it: its app, and names to import from the package."""

from __future__ import annotations

from dataclasses import dataclass

import libcst as cst

from flaskglobals_lint.fixes import imports
from flaskglobals_lint.fixes.code import Code, Statement
from flaskglobals_lint.fixes.draft import Draft
from flaskglobals_lint.fixes.refused import Refused


@dataclass(frozen=True, slots=True)
class App:
    """Where an app, or a blueprint, is made: the variable and the statement; in a function or in the module's body."""

    name: str
    statement: Statement
    decorator: str
    """What registers a function that is called when the app context ends."""


def app(code: Code) -> App | None:
    """The app that a file makes, or else its blueprint."""
    found: list[App] = []
    waiting = [code.module]
    while waiting:
        block = waiting.pop()
        for statement in block.statements:
            waiting.extend(statement.blocks)
            node = statement.node
            if not isinstance(node, cst.SimpleStatementLine) or not isinstance(
                node.body[0], cst.Assign | cst.AnnAssign
            ):
                continue
            part = node.body[0]
            target = part.targets[0].target if isinstance(part, cst.Assign) else part.target
            if isinstance(part.value, cst.Call) and isinstance(target, cst.Name):
                maker = code.source(part.value.func).split(".")[-1]
                if maker == "Flask":
                    found.append(App(target.value, statement, "teardown_appcontext"))
                elif maker == "Blueprint" and statement.block.owner is None:
                    found.append(App(target.value, statement, "teardown_app_request"))
    found.sort(key=lambda one: (one.decorator, one.statement.block.owner is not None, one.statement.pos))
    return found[0] if found else None


def import_names(code: Code, draft: Draft, module: str, *names: str) -> None:
    """Import names from a library's module: into the import that there is, where they sort. Raises Refused."""
    for node in code.nodes(code.tree):
        if not isinstance(node, cst.ImportFrom) or isinstance(node.names, cst.ImportStar) or node.module is None:
            continue
        if code.source(node.module) != module or node.relative:
            continue
        aliases = [(code.source(alias.name), alias) for alias in node.names]
        for alias in node.names:
            if code.source(alias.name) in names and alias.asname is not None:
                raise Refused(f"`{code.source(alias.name)}` has another name here")
        there = [name for name, _ in aliases]
        is_sorted = there == sorted(there, key=_order)
        for name in sorted(set(names) - set(there), key=_order):
            _free(code, name)
            before = next((alias for other, alias in aliases if is_sorted and _order(other) > _order(name)), None)
            if before is not None:
                at = code.offset(*code.pos(before)[:2])
                draft.replace(at, at, f"{name}, ")
            else:
                at = code.offset(*code.pos(aliases[-1][1].name)[2:])
                draft.replace(at, at, f", {name}")
        return
    for name in names:
        _free(code, name)
    imports.below_the_others(code, draft, module, ", ".join(sorted(names, key=_order)))


def _order(name: str) -> tuple[int, str]:
    """As import sorters do: constants, classes, functions."""
    return (0 if name.isupper() and len(name) > 1 else 1 if name[:1].isupper() else 2, name)


def _free(code: Code, name: str) -> None:
    if any(found.value == name for found in code.names(code.tree)):
        raise Refused(f"`{name}` is something else here")


def spaced(code: Code, draft: Draft, line: int, text: str) -> None:
    """Put definitions before a line, with two empty lines around them."""
    before = 0
    while line - 1 - before >= 1 and not code.line(line - 1 - before).strip():
        before += 1
    after = 0
    while line + after <= len(code.lines.starts) and not code.line(line + after).strip():
        after += 1
    end = line + after > len(code.lines.starts) or (
        line + after == len(code.lines.starts) and not code.line(line + after)
    )
    newline = code.newline
    lines = text.replace("\n", newline)
    draft.insert_line(line, newline * max(0, 2 - before) + lines + ("" if end else newline * max(0, 2 - after)))
