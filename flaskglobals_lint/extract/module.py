"""From the source text of one module to its facts: decoding, comments, parsing and the walk."""

from __future__ import annotations

from msgspec import structs

from flaskglobals_lint import facts
from flaskglobals_lint.extract.comments import linter_comments
from flaskglobals_lint.extract.parsing import parse, too_deep
from flaskglobals_lint.extract.source import decode
from flaskglobals_lint.extract.walk import TooDeepError, Walk


def extract(source: bytes) -> facts.Module:
    """The facts about a module, given as the bytes of its file; it never raises for what they may be."""
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
