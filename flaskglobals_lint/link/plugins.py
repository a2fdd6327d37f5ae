"""Classes that code finds while it runs: ``issubclass(found, Base)``, ``Base.__subclasses__()``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flaskglobals_lint import facts as f

if TYPE_CHECKING:
    from flaskglobals_lint.link.atoms import Atoms
    from flaskglobals_lint.link.index import Index, ScopeId
    from flaskglobals_lint.link.types import Slot, Types


def tests(index: Index) -> dict[tuple[ScopeId, str], f.Expression]:
    """By the code and the name of a variable, of which classes that code first asks whether it is a subclass."""
    found: dict[tuple[ScopeId, str], f.Expression] = {}
    for site in index.calls.get("issubclass", ()):
        if len(site.call.arguments) == 2:
            asked, base = (argument.value for argument in site.call.arguments)
            if isinstance(asked, f.Global | f.Local):
                found.setdefault((site.scope, asked.name), base)
    return found


def tested(types: Types, slot: Slot) -> Atoms:
    """What a variable of a module or function can be, if that asks whether it is a subclass of a class of the project."""
    kind, owner, name = slot[:3]
    scope = owner if kind == "v" else f"{owner}:"
    base = types.subclass_tests.get((scope, name)) if kind in ("g", "v") else None
    return _below(types, base, scope) if base is not None else ()


def listed(types: Types, node: f.Call, scope: ScopeId) -> Atoms:
    """What a loop over ``Base.__subclasses__()`` yields."""
    called = node.function
    if isinstance(called, f.Attribute) and called.name == "__subclasses__" and not node.arguments:
        return _below(types, called.value, scope)
    return ()


def _below(types: Types, base: f.Expression, scope: ScopeId) -> Atoms:
    """The classes that derive from those that the expression names, and from which none does."""
    nodes = base.values if isinstance(base, f.Display) else (base,)
    atoms = [atom for node in nodes for atom in types.expand(types.of(node, scope))]
    bases = [atom[1] for atom in atoms if atom[0] == "class"]
    names = types.names
    return tuple(("class", cid) for cid in names.derived(*bases) if cid not in names.subclasses)
