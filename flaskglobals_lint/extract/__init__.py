"""Extraction: from the source text of one module to its facts. The only package that reads syntax trees.

Syntax trees are imported with the first file that needs one.
"""

from __future__ import annotations

from flaskglobals_lint import facts

__all__ = ["extract"]


def extract(source: bytes, outlined: bool = False) -> facts.Module:
    """The facts about a module, given as the bytes of its file; if ``outlined``, no more than its comments and its problem.

    It never raises for what a file may hold: one that cannot be decoded or parsed has only a problem and its comments.
    """
    from flaskglobals_lint.extract.module import extract as extract_module

    return extract_module(source, outlined)
