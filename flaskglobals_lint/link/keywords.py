"""Which keywords a call passes on by ``**``, where the dictionary behind it is spelled out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flaskglobals_lint import facts as f
from flaskglobals_lint.link.atoms import BASE

if TYPE_CHECKING:
    from flaskglobals_lint.link.index import ScopeId
    from flaskglobals_lint.link.types import Slot, Types

_NAMES = (f.Attribute, f.Free, f.Global, f.Local)
MOST_NAMES = 3
"""So many names in a row may stand for one dictionary."""

_UPDATES = frozenset({"setdefault", "update"})
"""Methods that may put further keys into a dictionary."""


def passed(types: Types, node: f.Expression, scope: ScopeId, depth: int = 0) -> frozenset[str] | None:
    """The keys of a dictionary, by all that is ever bound to the name or attribute that it is known by; None if they cannot
    be told."""
    own = _keys(node)
    if own is not None:
        return own
    slots = types.slots_of(node, scope) if isinstance(node, _NAMES) and depth < MOST_NAMES else []
    found: set[str] = set()
    for slot in slots:
        bindings = [binding for binding in types.bindings(slot) if binding.how != "annotation"]
        if len(slot) != BASE or not bindings or _changed(types, slot):
            return None
        for binding in bindings:
            if binding.how != "is" or binding.value is None:
                return None
            keys = passed(types, binding.value, binding.scope, depth + 1)
            if keys is None:
                return None
            found |= keys
    return frozenset(found) if slots else None


def _keys(node: f.Expression) -> frozenset[str] | None:
    """The keys of ``{"key": …}`` or ``dict(key=…)``."""
    if isinstance(node, f.Display) and node.kind == "dict":
        keys = [key.text for key in node.keys if isinstance(key, f.Constant) and key.kind == "str"]
        return frozenset(keys) if len(keys) == len(node.keys) else None
    if isinstance(node, f.Call) and isinstance(node.function, f.Global) and node.function.name == "dict":
        names = [argument.keyword for argument in node.arguments if argument.keyword is not None]
        return frozenset(names) if len(names) == len(node.arguments) else None
    return None


def _changed(types: Types, slot: Slot) -> bool:
    """Whether some code puts further keys into a dictionary of that name."""
    local = slot[1] if slot[0] == "v" else ""
    for store in types.index.stores.get(slot[2], ()):
        if local in ("", store.scope):
            return True
    for method in _UPDATES:
        for site in types.index.calls.get(method, ()):
            function = site.call.function
            owner = function.value if isinstance(function, f.Attribute) else None
            if local in ("", site.scope) and isinstance(owner, _NAMES) and owner.name == slot[2]:
                return True
    return False
