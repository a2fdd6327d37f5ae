"""Enter the app context where it is needed, in place of pushing one for good."""

from __future__ import annotations

from collections.abc import Mapping

import libcst as cst

from flaskglobals_lint.fixes.code import Code, Statement
from flaskglobals_lint.fixes.draft import Draft
from flaskglobals_lint.fixes.refused import Refused
from flaskglobals_lint.remedy import EnterContext

_MOST_GROUPS = 3
_FREE = frozenset(
    {
        "Api", "Blueprint", "CORS", "Flask", "LoginManager", "Migrate", "SQLAlchemy", "SocketIO", "basicConfig", "dict",
        "frozenset", "getLogger", "getenv", "init_app", "int", "join", "len", "list", "load_dotenv", "print", "set", "str",
        "tuple",
    }
)  # fmt: skip
"""Names of calls at start-up that need no context."""
_FREE_MODULES = ("collections", "datetime", "json", "logging", "os", "pathlib", "re", "sys", "threading", "time")


def apply(remedy: EnterContext, drafts: Mapping[str, Draft]) -> bool:
    """Write the remedy into the draft of its file; whether it is safe. Raises Refused."""
    draft = drafts[remedy.path]
    code = draft.code
    chain = code.chain(remedy.push)
    if not chain:
        raise Refused("the context is not pushed where it was")
    statement = chain[-1]
    small = statement.small
    call = small.value if isinstance(small, cst.Expr) else None
    if (
        not isinstance(call, cst.Call)
        or not isinstance(call.func, cst.Attribute)
        or statement.pos[0] != statement.pos[2]
    ):
        raise Refused("the context is kept for something else")
    context, made = _context(code, statement, call.func.value)
    app = context.split(".")[0]
    rest = [s for s in statement.block.statements[statement.index + 1 :] if s is not made]
    groups = _groups(code, rest, app)
    if len(groups) > _MOST_GROUPS:
        raise Refused("too much of the code that follows may need the context")
    if len(statement.block.statements) < 2 + (made is not None) and statement.block.owner is not None:
        raise Refused("nothing else stands there")
    for group in groups:
        if group[0].block is statement.block and group[0].index == statement.index + 1:
            start, end = code.offset(*statement.pos[:2]), code.offset(*statement.pos[2:])
            draft.replace(start, end, f"with {context}:")
            break
    else:
        draft.delete_line(statement.pos[0])
    for group in groups:
        if not (group[0].block is statement.block and group[0].index == statement.index + 1):
            draft.insert_line(group[0].pos[0], f"{code.indent(group[0])}with {context}:")
        draft.step(group[0].pos[0], group[-1].pos[2])
    if made is not None:
        draft.delete_line(made.pos[0])
    return False


def _context(code: Code, statement: Statement, receiver: cst.BaseExpression) -> tuple[str, Statement | None]:
    """The expression that makes the context, and the statement that keeps it in a variable, if that is all it does."""
    if isinstance(receiver, cst.Call):
        return code.source(receiver), None
    name = code.source(receiver)
    for other in statement.block.statements[: statement.index]:
        node = other.node
        if not isinstance(node, cst.SimpleStatementLine) or not isinstance(node.body[0], cst.Assign):
            continue
        assign = node.body[0]
        if code.source(assign.targets[0].target) == name and isinstance(assign.value, cst.Call):
            uses = sum(found.value == name for found in code.names(code.tree))
            if uses == 2 and other.pos[0] == other.pos[2]:
                return code.source(assign.value), other
    raise Refused("the context is kept for something else")


def _groups(code: Code, statements: list[Statement], app: str) -> list[list[Statement]]:
    """Runs of statements that may need the context."""
    groups: list[list[Statement]] = []
    for statement in statements:
        if _is_main(code, statement):
            groups += _groups(code, statement.blocks[0].statements, app)
        elif _needs(code, statement, app):
            if groups and groups[-1][-1].block is statement.block and groups[-1][-1].index == statement.index - 1:
                groups[-1].append(statement)
            else:
                groups.append([statement])
    return groups


def _is_main(code: Code, statement: Statement) -> bool:
    return (
        isinstance(statement.node, cst.If) and "__name__" in code.source(statement.node.test) and bool(statement.blocks)
    )


def _needs(code: Code, statement: Statement, app: str) -> bool:
    node = statement.node
    if isinstance(node, cst.FunctionDef | cst.ClassDef):
        return False
    return any(isinstance(found, cst.Call) and not _free(code, found, app) for found in code.nodes(node))


def _free(code: Code, call: cst.Call, app: str) -> bool:
    text = code.source(call.func)
    return text.split(".")[-1] in _FREE or text.split(".")[0] in (app, *_FREE_MODULES)
