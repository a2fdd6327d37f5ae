"""Extraction through Python's own parser: the same facts in a fraction of the time, without the concrete syntax.

libcst keeps every blank and costs ten times as much as ``ast``. The concrete tree is read for the modules this linter is
about – those in which functions change the module's own objects – and wherever ``ast`` does not give the same answer: a
version of Python other than the one that runs, names whose place it does not tell.
"""

from __future__ import annotations

import re
from typing import Final

from flaskglobals_lint import facts
from flaskglobals_lint.extract.positions import Lines
from flaskglobals_lint.extract.quick import trees
from flaskglobals_lint.extract.quick.text import Unplaced
from flaskglobals_lint.extract.quick.walk import QuickWalk

__all__ = ["changes_own_objects", "parses", "quick"]

_GLOBAL: Final = re.compile(r"^[ \t]+global[ \t]", re.MULTILINE)
_OBJECT: Final = re.compile(
    r"^([^\W\d]\w*)[ \t]*(?::[^=\r\n]+)?=[ \t]*(?:[\[{]|(?:[\w.]*\.)?(?:dict|list|set|deque|defaultdict|OrderedDict|Counter)\()",
    re.MULTILINE,
)
_CHANGE: Final = (
    r"(?:\.(?:add|append|appendleft|clear|discard|extend|insert|pop|popitem|popleft|remove|reverse|setdefault|sort|update)\("
    r"|\[[^\]\r\n]{0,200}+\][^=\r\n]{0,3}=(?!=))"
)


def changes_own_objects(source: str) -> bool:
    """Whether the text looks like a module whose functions rebind its names or change its containers."""
    if "global" in source and _GLOBAL.search(source):
        return True
    # Most containers are only read, or changed nowhere: plain searches tell before a slow one is made.
    names = [name for name in set(_OBJECT.findall(source)) if f"{name}." in source or f"{name}[" in source]
    if not names:
        return False
    changed = re.compile(rf"(?<![\w.])(?:{'|'.join(sorted(names))}){_CHANGE}")
    line = at = 0
    for found in changed.finditer(source):
        line = max(line, source.rfind("\n", at, found.start()) + 1, source.rfind("\r", at, found.start()) + 1)
        if source.startswith((" ", "\t"), line):  # in a function, or in another block
            return True
        at = found.start()
    return False


def quick(source: str) -> facts.Module | None:
    """The facts about a module but for its comments, as the walk over the concrete tree gives them.

    None where only that can tell: Python cannot parse ``source``, it is nested too deeply, or a position is not known.
    """
    try:
        return QuickWalk(source).module()
    except (SyntaxError, ValueError, MemoryError, RecursionError, Unplaced):
        return None


def parses(source: str) -> bool:
    """Whether Python can parse a module."""
    try:
        trees.each(source, Lines(source).starts, len)
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        return False
    return True
