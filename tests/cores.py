"""Spreading a long test over the cores."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import TypeVar

from flaskglobals_lint.pool import available_cores

_Part = TypeVar("_Part")
_Answer = TypeVar("_Answer")


def spread(function: Callable[[_Part], _Answer], parts: Iterable[_Part]) -> list[_Answer]:
    """What a function of a test module answers to each part, in new processes."""
    with ProcessPoolExecutor(available_cores(), get_context("spawn")) as processes:
        return list(processes.map(function, parts))
