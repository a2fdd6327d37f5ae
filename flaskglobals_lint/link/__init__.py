"""Linking: all modules' facts and the models become one program."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from flaskglobals_lint.link import deployment
from flaskglobals_lint.link.entries import Entries
from flaskglobals_lint.link.evaluate import Evaluator
from flaskglobals_lint.link.failures import Failures
from flaskglobals_lint.link.index import build
from flaskglobals_lint.link.inputs import LinkInput
from flaskglobals_lint.link.names import Names
from flaskglobals_lint.link.paths import Paths
from flaskglobals_lint.link.program import Program
from flaskglobals_lint.link.reach import Reach
from flaskglobals_lint.link.types import Types

if TYPE_CHECKING:
    from flaskglobals_lint.config import Config
    from flaskglobals_lint.deploy.files import Files
    from flaskglobals_lint.models import Models

_RECURSION_LIMIT = 20_000
"""Call chains of the linted program are followed recursively; pure Python frames cost no C stack since 3.11."""


def link(
    modules: Sequence[LinkInput],
    models: Models,
    config: Config | None = None,
    *,
    files: Files | None = None,
    tolerant: bool = False,
) -> Program:
    """Resolve names, find entry points, summarise what they reach; ``files`` may tell how the application is run. One that is
    ``tolerant`` leaves out, and notes, what cannot be analysed for an error of ours."""
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(max(limit, _RECURSION_LIMIT))
    try:
        index = build(list(modules))
        names = Names(index, models)
        types = Types(index, names, models)
        paths = Paths(types)
        failures = Failures(tolerant)
        evaluator = Evaluator(types, paths, failures)
        starts = Entries(types, failures).find()
        reached = Reach(evaluator, paths).run(starts)
    finally:
        sys.setrecursionlimit(limit)
    deployed = deployment.find(types, files, config.server if config is not None else "auto")
    return Program(index, types, paths, evaluator, starts, reached, deployed)


__all__ = ["LinkInput", "Program", "link"]
