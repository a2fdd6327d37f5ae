"""Reading a module's concrete syntax tree."""

from __future__ import annotations

from flaskglobals_lint import facts
from flaskglobals_lint.extract.parsing import parse, too_deep
from flaskglobals_lint.extract.walk import TooDeepError, Walk


def concrete(source: str) -> facts.Module:
    """The facts about a module but for its comments; one that cannot be parsed has only a problem."""
    tree = parse(source)
    if isinstance(tree, facts.SyntaxProblem):
        return facts.Module((), (), (), (), tree)
    walk = Walk(source)
    try:
        return walk.module(tree)
    except (TooDeepError, RecursionError):
        return facts.Module((), (), (), (), too_deep(source, walk.cursor.at))
