"""Annotations read as types."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flaskglobals_lint import facts as f

if TYPE_CHECKING:
    from flaskglobals_lint.link.atoms import Atom, Atoms
    from flaskglobals_lint.link.index import ScopeId
    from flaskglobals_lint.link.types import Types
VAGUE = {"any", "object", "callable", "none", "type", "typevar", "iterable", "sequence", "mapping"}
"""Last names, in lower case, of annotations that do not tell what an object can do."""


class Annotations:
    """Answers questions about annotations."""

    def __init__(self, types: Types) -> None:
        self.index = types.index
        self.names = types.names

    def annotation(self, node: f.Expression, scope: ScopeId) -> Atoms:
        """Atoms of an annotation read as a type; strings, unions and Optional included."""
        if isinstance(node, f.Constant):
            if node.kind != "str":
                return ()
            name = node.text.strip().split("[")[0]
            parts = name.split(".")
            current: f.Expression = f.Global(parts[0], f.NOWHERE)
            if not all(part.isidentifier() for part in parts):
                return ()
            for part in parts[1:]:
                current = f.Attribute(current, part, f.NOWHERE)
            node = current
        if isinstance(node, f.Operation) and node.operator == "|":
            return tuple(atom for operand in node.operands for atom in self.annotation(operand, scope))
        if isinstance(node, f.Item):
            base = node.value
            name = base.name if isinstance(base, f.Attribute | f.Global) else ""
            if name in ("Optional", "Union", "Annotated", "ClassVar", "Final"):
                keys = node.key.values if isinstance(node.key, f.Display) else (node.key,)
                return tuple(atom for key in keys for atom in self.annotation(key, scope))
            node = base
        function = scope[scope.index(":") + 1 :] or None
        result: list[Atom] = []
        for atom in self.names.simple(node, self.index.module_of(scope), function):
            if atom[0] == "class":
                result.append(("inst", atom[1]))
            elif atom[0] == "ext":
                last = atom[1].rsplit(".", 1)[-1].lower()
                if last in ("list", "dict", "set", "tuple"):
                    result.append(("cont", last))
                elif last in ("str", "int", "float", "bool", "bytes"):
                    result.append(("const", last))
                elif last not in VAGUE:
                    result.append(("extinst", atom[1]))
        return tuple(result)
