"""What a project's own proxies stand for: ``LocalProxy(function)`` is whatever the function returns at each use."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flaskglobals_lint import facts as f
from flaskglobals_lint.link import calls
from flaskglobals_lint.link.summary import Value

if TYPE_CHECKING:
    from flaskglobals_lint.link.atoms import Atom
    from flaskglobals_lint.link.frame import Frame
    from flaskglobals_lint.link.index import ScopeId

PROXY = "werkzeug.local.LocalProxy"


def target(frame: Frame, variable: Atom, pos: f.Position) -> Value | None:
    """What a module's variable stands for, if it is a proxy made of a function of the project."""
    function = _function(frame, variable)
    if function is None:
        return None
    found = calls.invoke(frame, function, (), [], pos)
    return found if found.refs else None


def _function(frame: Frame, variable: Atom) -> ScopeId | None:
    types = frame.types
    module = types.index.modules.get(variable[1])
    bindings = module.names.get(variable[2], ()) if module is not None else ()
    if len(bindings) != 1 or not isinstance(bindings[0].value, f.Call) or not bindings[0].value.arguments:
        return None
    made, scope = bindings[0].value, bindings[0].scope
    if not any(atom == ("ext", PROXY) for atom in types.of(made.function, scope)):
        return None
    first = made.arguments[0]
    for atom in types.expand(types.of(first.value, scope)) if first.keyword is None else ():
        if atom[0] == "func" and not types.index.functions[atom[1]].facts.parameters:
            return str(atom[1])
    return None
