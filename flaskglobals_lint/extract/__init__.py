"""Extraction: from the source text of one module to its facts. The only package that reads syntax trees."""

from __future__ import annotations

import libcst as cst

from flaskglobals_lint import facts
from flaskglobals_lint.extract.source import decode
from flaskglobals_lint.extract.walk import Walk


def extract(source: bytes, filename: str = "<stdin>") -> facts.Module:
    """The facts about a module, given as the bytes of its file."""
    text = decode(source)
    if isinstance(text, facts.SyntaxProblem):
        return facts.Module((), (), (), (), text)
    try:
        tree = cst.parse_module(text)
    except cst.ParserSyntaxError as error:
        return facts.Module((), (), (), (), facts.SyntaxProblem("invalid syntax", error.editor_line, error.editor_column))
    return Walk(text).module(tree)
