"""What the link stage is given about each module."""

from __future__ import annotations

import msgspec

from flaskglobals_lint import facts


class LinkInput(msgspec.Struct, frozen=True, gc=False):
    """One module: ``path`` is how it is printed, ``relative`` its path from the project root, both with ``/``.

    Findings are wanted in the ``target`` modules only; the others are there to be understood.
    """

    path: str
    relative: str
    facts: facts.Module
    target: bool
