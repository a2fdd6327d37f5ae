"""What proxies stand for: ``LocalProxy(function)`` is whatever the function returns at each use, and an attribute of
``flask.g`` belongs to its request, though what hooks keep there may be an object that all requests share."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flaskglobals_lint import facts as f
from flaskglobals_lint.link import calls
from flaskglobals_lint.link.paths import SHARED_ROOTS, is_path
from flaskglobals_lint.link.summary import Value

if TYPE_CHECKING:
    from flaskglobals_lint.link.atoms import Atom
    from flaskglobals_lint.link.frame import Frame
    from flaskglobals_lint.link.index import ScopeId
    from flaskglobals_lint.link.summary import Path

PROXY = "werkzeug.local.LocalProxy"


def target(frame: Frame, variable: Atom, pos: f.Position) -> Value | None:
    """What a module's variable stands for, if it is a proxy made of a function of the project."""
    function = _function(frame, variable)
    if function is None:
        return None
    found = calls.invoke(frame, function, (), [], pos)
    return found if found.refs else None


def keep(frame: Frame, name: str, value: Value) -> None:
    """Note what a function keeps in an attribute of ``flask.g``."""
    frame.evaluator.kept.setdefault((frame.scope, name), []).extend(value.refs or (None,))


def kept(frame: Frame, name: str) -> tuple[Path, ...]:
    """The shared objects that an attribute of ``flask.g`` can be, if whoever sets it keeps one of those there."""
    found: dict[Path, None] = {}
    for binding in frame.types.bindings(("x", "flask.g", name)):
        if isinstance(binding.value, f.Constant):
            continue
        if binding.scope != frame.scope and binding.scope in frame.types.index.functions:
            frame.evaluator.summary(binding.scope)
        refs = frame.evaluator.kept.get((binding.scope, name))
        if not refs or not all(ref is not None and is_path(ref) and ref[0][0] in SHARED_ROOTS for ref in refs):
            return ()
        found.update(dict.fromkeys(refs))
    return tuple(found)


def looked_up(frame: Frame, node: f.Call) -> tuple[Path, ...]:
    """The same for ``g.get("name")``."""
    first = node.arguments[0].value if node.arguments else None
    return kept(frame, first.text) if isinstance(first, f.Constant) and first.kind == "str" else ()


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
