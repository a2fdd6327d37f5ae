"""Extraction: from the source text of one module to its facts. The only package that reads syntax trees."""

from __future__ import annotations

from msgspec import structs

from flaskglobals_lint import facts
from flaskglobals_lint.extract.comments import linter_comments
from flaskglobals_lint.extract.parsing import parse, too_deep
from flaskglobals_lint.extract.source import decode
from flaskglobals_lint.extract.walk import TooDeepError, Walk

__all__ = ["extract"]


def extract(source: bytes, filename: str = "<stdin>") -> facts.Module:
    """The facts about a module, given as the bytes of its file.

    It never raises for what a file may hold: one that cannot be decoded or parsed has only a problem and its comments.
    """
    text = decode(source)
    if isinstance(text, facts.SyntaxProblem):
        return facts.Module((), (), (), (), text)
    comments = linter_comments(text)
    tree = parse(text)
    if isinstance(tree, facts.SyntaxProblem):
        return facts.Module((), (), (), comments, tree)
    walk = Walk(text)
    try:
        module = walk.module(tree)
    except (TooDeepError, RecursionError):
        return facts.Module((), (), (), comments, too_deep(text, walk.cursor.at))
    return structs.replace(module, comments=comments)
