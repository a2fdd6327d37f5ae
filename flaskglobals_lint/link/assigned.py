"""Assignments to attributes, by the class of the object that has them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flaskglobals_lint.link.index import Binding, ScopeId
    from flaskglobals_lint.link.types import Types


class Assigned:
    """Finds what code assigns to an attribute of a class's objects.

    Many classes have attributes of one name. Each assignment is looked at until the classes of its object are sure, and is
    found by them from then on.
    """

    def __init__(self, types: Types) -> None:
        self.types = types
        self._sure: dict[str, dict[ScopeId, set[int]]] = {}
        """By attribute and class: indexes among the assignments to attributes of that name."""
        self._unsure: dict[str, list[int]] = {}
        self._related: dict[ScopeId, tuple[ScopeId, ...]] = {}

    def to(self, name: str, cid: ScopeId) -> list[Binding]:
        """Assignments to that attribute of what can be an object of the class, of one of its bases or subclasses."""
        assigned = self.types.index.attributes.get(name)
        if not assigned:
            return []
        related = self._relatives(cid)
        sure = self._sure.setdefault(name, {})
        found = {at for other in related for at in sure.get(other, ())}
        unsure = []
        for at in self._unsure.get(name, range(len(assigned))):
            target, binding = assigned[at]
            atoms = self.types.of(target.value, binding.scope)
            classes = {atom[1] for atom in self.types.expand(atoms) if atom[0] in ("inst", "class", "super")}
            if not classes.isdisjoint(related):
                found.add(at)
            if self.types.parameters.sure(target.value, binding.scope, atoms):
                for other in classes:
                    sure.setdefault(other, set()).add(at)
            else:
                unsure.append(at)
        self._unsure[name] = unsure
        return [assigned[at][1] for at in sorted(found)]

    def _relatives(self, cid: ScopeId) -> tuple[ScopeId, ...]:
        """The class, its bases and its subclasses, however far."""
        found = self._related.get(cid)
        if found is None:
            bases = (atom[1] for atom in self.types.names.mro(cid) if atom[0] == "class")
            found = self._related[cid] = tuple(dict.fromkeys((*bases, *self.types.names.derived(cid))))
        return found
