"""The Flake8 plugin: the command's findings, in every editor and CI that runs Flake8.

A race is between two files as often as inside one, so the files of a run are judged together, once, before Flake8 starts
its worker processes. What is reported, and how severe it must be, is configured in ``pyproject.toml`` as for the command;
``noqa``, ``select`` and ``ignore`` are Flake8's.
"""

from __future__ import annotations

import ast
import multiprocessing
import os
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from flaskglobals_lint import __version__
from flaskglobals_lint.config import SYNTAX_ERROR, UsageError

if TYPE_CHECKING:
    from flaskglobals_lint.discover import Stdin

_Place: TypeAlias = tuple[int, int, str]
"""Line, 0-based column, and code with message."""


class Plugin:
    """What Flake8 makes for each file that it can parse."""

    name = "flaskglobals-lint"
    version = __version__
    paths: tuple[str, ...] = ()
    """The PATHs of this run; Flake8 tells them to the class, before it makes the first instance."""
    ignore_noqa = False
    """Flake8's ``--disable-noqa``."""

    def __init__(self, tree: ast.AST, filename: str, lines: Sequence[str]) -> None:
        self._filename = filename
        self._lines = lines

    @classmethod
    def parse_options(cls, manager: object, options: Any, paths: Sequence[str]) -> None:
        """Take the PATHs of the run, and judge them here if workers are going to inherit what this process knows."""
        cls.paths = tuple(path for path in paths if path != "-" and os.path.exists(path))
        cls.ignore_noqa = bool(getattr(options, "disable_noqa", False))
        _judged.cache_clear()  # a process may run Flake8 again, over other texts
        if cls.paths and multiprocessing.parent_process() is None:
            _judged(cls.paths, os.getcwd(), cls.ignore_noqa)

    def run(self) -> Iterator[tuple[int, int, str, type[Plugin]]]:
        """The findings in the file."""
        if self.paths:
            judged = _judged(self.paths, os.getcwd(), self.ignore_noqa)
            found = judged.get(os.path.realpath(self._filename), ())
        else:
            found = _text_judged(self._filename, "".join(self._lines), os.getcwd(), self.ignore_noqa)
        for line, column, text in found:
            yield line, column, text, type(self)


@lru_cache(maxsize=1)
def _judged(paths: tuple[str, ...], cwd: str, ignore_noqa: bool) -> Mapping[str, Sequence[_Place]]:
    """The findings below some PATHs, by the real path of their file."""
    places: dict[str, list[_Place]] = {}
    for path, place in _places(paths, cwd, ignore_noqa):
        places.setdefault(os.path.realpath(os.path.join(cwd, path)), []).append(place)
    return places


def _text_judged(name: str, text: str, cwd: str, ignore_noqa: bool) -> Sequence[_Place]:
    """The findings in a text that Flake8 got on standard input, in place of the file of that name."""
    from flaskglobals_lint.discover import Stdin

    stdin = Stdin(name, text.encode("utf-8", "surrogateescape"))
    return [place for _, place in _places(("-",), cwd, ignore_noqa, stdin)]


def _places(paths: Sequence[str], cwd: str, ignore_noqa: bool, stdin: Stdin | None = None) -> list[tuple[str, _Place]]:
    """Printed path and place of each finding; a file that cannot be parsed is left to Flake8's own E999."""
    from flaskglobals_lint.lint import configure, lint
    from flaskglobals_lint.report.text import escaped

    options = {"ignore-noqa": True} if ignore_noqa else {}
    try:
        config = configure(paths, Path(cwd), options=options, stdin=stdin)
        findings = lint(paths, config, cwd=Path(cwd), stdin=stdin).findings
    except UsageError as error:
        raise _failure(error) from None
    return [
        (item.span.path, (item.span.line, item.span.column - 1, f"{item.code} {escaped(item.message)}"))
        for item in findings
        if item.code != SYNTAX_ERROR
    ]


def _failure(error: UsageError) -> Exception:
    """The exception that makes Flake8 print one line and stop."""
    from flake8.exceptions import ExecutionError  # type: ignore[import-not-found,import-untyped,unused-ignore]

    from flaskglobals_lint.report.text import escaped

    failure: Exception = ExecutionError(f"flaskglobals-lint: {escaped(str(error))}")
    return failure
