"""From a file's text to its tree, or to the reason why it has none."""

from __future__ import annotations

import ast
import re
import warnings
from typing import Final

import libcst as cst

from flaskglobals_lint.extract.guard import deep_nesting
from flaskglobals_lint.extract.positions import Lines
from flaskglobals_lint.facts import SyntaxProblem

_PARSER_PLACE: Final = re.compile(r"error at (\d+):(\d+)")


def parse(source: str) -> cst.Module | SyntaxProblem:
    """The tree of ``source``."""
    offset = deep_nesting(source)
    if offset is not None:
        return too_deep(source, offset)
    try:
        return cst.parse_module(source)
    except cst.ParserSyntaxError as error:
        return _python_problem(source) or _parser_problem(error)
    except RecursionError:
        return too_deep(source, 0)
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:  # a panic of the native parser is no Exception; the other files must go on
        return SyntaxProblem(f"this file cannot be parsed ({type(error).__name__})", 1, 1)


def too_deep(source: str, offset: int) -> SyntaxProblem:
    """The problem of code that is too deeply nested from ``offset`` on."""
    return SyntaxProblem("too deeply nested to analyse", *Lines(source).place(offset))


def _python_problem(source: str) -> SyntaxProblem | None:
    """What Python itself says: its messages and positions are better than libcst's."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ast.parse(source)
    except SyntaxError as error:
        line = max(1, error.lineno or 1)
        return SyntaxProblem(_one_line(error.msg), line, max(1, error.offset or 1))
    except (ValueError, MemoryError, RecursionError):
        pass
    return None


def _parser_problem(error: cst.ParserSyntaxError) -> SyntaxProblem:
    """libcst's own complaint about code that the running Python accepts."""
    place = _PARSER_PLACE.search(error.message)
    line, column = (int(place[1]), int(place[2])) if place else (error.editor_line, error.editor_column)
    return SyntaxProblem("this syntax is not supported", max(1, line), max(1, column))


def _one_line(message: str) -> str:
    return " ".join(message.split())
