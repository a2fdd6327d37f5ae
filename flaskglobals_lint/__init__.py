"""A linter for shared state that concurrent requests of a Flask application can corrupt, leak or lose.

``lint(paths)`` is the whole tool as a function; it returns a ``Report`` of ``Finding`` values.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flaskglobals_lint.finding import Finding
    from flaskglobals_lint.lint import lint

__version__ = "0.1.0"
__all__ = ["Finding", "__version__", "lint"]


def __getattr__(name: str) -> object:
    # Lazy, so that ``--version`` does not pay for the parser.
    if name == "Finding":
        return import_module("flaskglobals_lint.finding").Finding
    if name == "lint":
        return import_module("flaskglobals_lint.lint").lint
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
