"""What memoized functions and cached properties give: an object that is made once and shared by all who ask."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flaskglobals_lint import facts as f
from flaskglobals_lint.link.summary import Path, Value

if TYPE_CHECKING:
    from flaskglobals_lint.link.atoms import Atoms
    from flaskglobals_lint.link.frame import Frame
    from flaskglobals_lint.link.index import ScopeId
    from flaskglobals_lint.link.types import Types
    from flaskglobals_lint.models import Memoizer

RESULT = "()"
"""The step from a function to the one result that it keeps; of one for each argument the step is ``[]``."""
_OBJECTS = ("inst", "extinst", "conn", "cont")


def memoizer(types: Types, fid: ScopeId) -> Memoizer | None:
    """The model of the decorator that keeps the function's results, if there is one."""
    function = types.index.functions[fid]
    scope = function.parent or f"{function.module.path}:"
    for decorator in function.facts.decorators:
        node = decorator.function if isinstance(decorator, f.Call) else decorator
        for atom in types.of(node, scope):
            found = types.models.memoizer(atom[1]) if atom[0] == "ext" else None
            if found is not None:
                return found
    return None


def results(types: Types, path: Path) -> Atoms:
    """What a path to the results of a memoized function holds; nothing for any other path."""
    if len(path) == 2 and path[0][0] == "fn" and path[1] in (RESULT, "[]") and path[0][1] in types.index.functions:
        return types.expand(types.returns(path[0][1]))
    return ()


def shared(frame: Frame, fid: ScopeId, given: list[Value], refs: list[Any]) -> list[Any]:
    """A call's references: where the function keeps what it made, that is one object for all."""
    types = frame.types
    function = types.index.functions[fid]
    if not function.facts.decorators or any(
        isinstance(ref[0], tuple) and ref[0][0] not in ("new", "p") for ref in refs
    ):
        return refs
    model = memoizer(types, fid)
    if model is None or not any(atom[0] in _OBJECTS for atom in types.expand(types.returns(fid))):
        return refs
    parameters = len(function.facts.parameters)
    if function.cls is None or types.names.kind(fid) == "staticmethod":
        return [(("fn", fid), "[]" if parameters else RESULT)]
    if types.names.kind(fid) == "classmethod":
        return [(("fn", fid), "[]" if parameters > 1 else RESULT)]
    if model.scope == "instance" and parameters == 1:
        owners = [ref for ref in given[0].refs if isinstance(ref[0], tuple) and ref[0][0] != "new"]
        return [(*ref, f".{function.facts.name}") for ref in owners] or refs
    return refs
