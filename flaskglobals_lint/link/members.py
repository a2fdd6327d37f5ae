"""Attributes of what an expression can be: methods, properties, instance and class variables, library objects."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flaskglobals_lint.link.atoms import Atom, Atoms
    from flaskglobals_lint.link.types import Types


class Members:
    """Answers questions about attributes."""

    def __init__(self, types: Types) -> None:
        self.types = types
        self.index = types.index
        self.names = types.names
        self.models = types.models

    def step(self, atoms: Atoms, name: str) -> Atoms:
        """Attribute ``name`` of any of the atoms."""
        result: list[Atom] = []
        for atom in self.types.expand(atoms):
            result.extend(self.attribute(atom, name))
        return tuple(result)

    def attribute(self, atom: Atom, name: str) -> Atoms:
        match atom[0]:
            case "inst" | "super":
                return self.instance_attribute(atom, name)
            case "class":
                method = self.names.method(atom[1], name)
                if method is not None:
                    if self.names.kind(method) == "classmethod":
                        return (("bound", method, atom),)
                    return (("func", method, ()),)
                if name == "__class__":
                    return ()
                return self.types.slot(("k", atom[1], name))
            case "module":
                found = self.names.lookup(atom[1], name)
                if found is None:
                    return self.types.dynamic(atom[1], name)
                return self.types.places(found)
            case "ext":
                return (("ext", self.models.canonical(f"{atom[1]}.{name}")),)
            case "extinst":
                made = self.models.result(atom[1], name)
                return (("extinst", made),) if made else (("extm", atom[1], name),)
            case "proxy":
                return (("extm", "flask.Flask", name),) if atom[1] == "app" else ()
            case "conn":
                connection = self.models.connection_by_id(atom[1])
                held = connection.attributes.get(name) if connection is not None else None
                return (("conn", held, ""),) if held else (("extm", f"conn:{atom[1]}", name),)
            case "cont":
                return (("extm", atom[1], name),)
            case "func" | "bound":
                return ()
            case _:
                return ()

    def instance_attribute(self, atom: Atom, name: str) -> Atoms:
        cid = atom[1]
        if name == "__class__":
            return (("class", cid),)
        if name == "__dict__":
            return (("cont", "dict"),)
        mro = self.names.mro(cid)
        if atom[0] == "super":
            for base in mro[1:]:
                if base[0] == "class":
                    found = self.index.classes[base[1]].methods.get(name)
                    if found:
                        return (("bound", found[-1], ("inst", cid)),)
            return ()
        method = self.names.method(cid, name)
        if method is not None:
            fillers = self.names.fillers(cid, method)
            if fillers:
                return tuple(found for sub in fillers for found in self.instance_attribute(("inst", sub), name))
            if self.names.is_property(method):
                return self.types.substitute(self.types.returns(method), [(atom,)], method)
            kind = self.names.kind(method)
            if kind == "staticmethod":
                return (("func", method, ()),)
            receiver = ("class", cid) if kind == "classmethod" else atom
            found_atoms = self.types.decorated(method)
            if found_atoms != (("func", method, ()),):
                return tuple(("bound", a[1], receiver, a[2]) if a[0] == "func" else a for a in found_atoms)
            return (("bound", method, receiver),)
        found_slot = self.types.slot(("a", cid, name))
        if found_slot:
            return found_slot
        for dotted in self.names.external_bases(cid):
            made = self.models.result(dotted, name)
            if made:
                return (("extinst", made),)
        overrides = self.names.overrides(cid, name)
        return tuple(("bound", fid, atom) for fid in overrides)
