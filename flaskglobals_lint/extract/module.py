"""From the source text of one module to its facts: decoding, comments, and the reader that suits it."""

from __future__ import annotations

from msgspec import structs

from flaskglobals_lint import facts
from flaskglobals_lint.config import MAX_SOURCE
from flaskglobals_lint.extract.comments import linter_comments
from flaskglobals_lint.extract.limits import MAX_CONCRETE
from flaskglobals_lint.extract.quick import changes_own_objects, parses, quick
from flaskglobals_lint.extract.source import decode


def extract(source: bytes, outlined: bool = False) -> facts.Module:
    """The facts about a module, given as the bytes of its file; it never raises for what they may be.

    Of one to be ``outlined``, no more is wanted than the linter's comments in it and what is wrong with it, if anything.
    """
    module = quickly(source, outlined)
    if module is None:
        from flaskglobals_lint.extract.concrete import concrete  # libcst takes long to import

        text = decode(source)
        assert isinstance(text, str)
        module = structs.replace(concrete(text), comments=linter_comments(text))
    return module


def quickly(source: bytes, outlined: bool = False) -> facts.Module | None:
    """The same, but None where that takes the concrete tree."""
    if len(source) > MAX_SOURCE:
        return facts.Module((), (), (), (), facts.SyntaxProblem("too large to analyse", 1, 1))
    text = decode(source)
    if isinstance(text, facts.SyntaxProblem):
        return facts.Module((), (), (), (), text)
    if outlined:
        module = facts.Module((), (), (), (), None) if parses(text) else None
    else:
        wanted = len(source) <= MAX_CONCRETE and changes_own_objects(text)
        module = None if wanted else quick(text)
    return None if module is None else structs.replace(module, comments=linter_comments(text))
