"""Putting an import into a module."""

from __future__ import annotations

import libcst as cst

from flaskglobals_lint.fixes.code import Code
from flaskglobals_lint.fixes.draft import Draft
from flaskglobals_lint.fixes.refused import Refused


def below_the_others(code: Code, draft: Draft, module: str, names: str) -> None:
    """Import names, with commas, below the last import at the margin. Raises Refused if there is none."""
    statements = [
        statement
        for statement in code.module.statements
        if isinstance(statement.node, cst.SimpleStatementLine)
        and isinstance(statement.node.body[0], cst.Import | cst.ImportFrom)
    ]
    if not statements:
        raise Refused(f"{code.path} imports nothing")
    draft.insert_line(statements[-1].pos[2] + 1, f"from {module} import {names}")
