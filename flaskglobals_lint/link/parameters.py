"""What callers pass: the call sites of a function, and the atoms of its parameters."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import TYPE_CHECKING

from flaskglobals_lint import facts as f
from flaskglobals_lint.link.answers import MOST_ATOMS
from flaskglobals_lint.link.given import PARTIAL, passed_on
from flaskglobals_lint.link.index import last_name
from flaskglobals_lint.link.names import unique

if TYPE_CHECKING:
    from flaskglobals_lint.link.atoms import Atom, Atoms
    from flaskglobals_lint.link.index import CallSite, ScopeId
    from flaskglobals_lint.link.types import Types
    from flaskglobals_lint.models import EntryCall

MOST_SITES = 24
MOST_HANDED_ON = 2
"""So many functions between a call and the function that gets what it passes hand that on by ``*args``."""
MOST_POSITIONS = 10_000
_UNKNOWN: list[tuple[CallSite, int]] = []
"""The calls of a function while they are being looked for."""
_ABSTRACT = ("abc.ABC", "typing.Protocol", "typing_extensions.Protocol")


class Parameters:
    """Answers questions about parameters."""

    def __init__(self, types: Types) -> None:
        self.types = types
        self.index = types.index
        self.names = types.names
        self.answers = types.answers
        self._sites: dict[ScopeId, list[tuple[CallSite, int]]] = {}
        self._called: dict[int, dict[ScopeId, int]] = {}
        """What is called, by the ``id`` of the call site, once that is sure."""
        self._same: dict[tuple[tuple[ScopeId, int], ...], dict[ScopeId, int]] = {}
        """One object for all call sites that call the same."""
        self._of_objects: list[CallSite] | None = None
        self._aliases: dict[str, set[str]] = {}
        for module in types.index.modules.values():
            for name, bindings in module.names.items():
                for binding in bindings:
                    node = binding.imported
                    if node is not None and node.name is not None and node.name != name:
                        self._aliases.setdefault(node.name, set()).add(name)

    def expand(self, atoms: Atoms) -> Atoms:
        """Replace symbolic parameters by what callers pass."""
        for atom in atoms:
            if atom[0] == "param":
                break
        else:
            return atoms
        result: list[Atom] = []
        for atom in atoms:
            if atom[0] == "param":
                result.extend(self.parameter(atom[1], atom[2]))
            else:
                result.append(atom)
        return unique(result)[:MOST_ATOMS]

    def parameter(self, fid: ScopeId, at: int) -> Atoms:
        """What callers pass as the ``at``-th parameter; ``self`` is an instance of the class."""
        key = ("parameter", fid, at)
        found = self.answers.known(key)
        if found is None:
            found = self.answers.keep(key, unique(self._parameter(fid, at))[:MOST_ATOMS])
        return found

    def _parameter(self, fid: ScopeId, at: int) -> Atoms:
        function = self.index.functions[fid]
        parameter = function.facts.parameters[at]
        if at == 0 and function.cls is not None:
            kind = self.names.kind(fid)
            if kind == "method":
                if any(atom == ("ext", "type") for atom in self.names.mro(function.cls)):
                    return (("class", function.cls),)
                return (("inst", function.cls),)
            if kind == "classmethod":
                return (("class", function.cls),)
        if parameter.kind == "*":
            return (("cont", "tuple"),)
        if parameter.kind == "**":
            return (("cont", "dict"),)
        result: list[Atom] = []
        if parameter.annotation is not None:
            result.extend(self.types.annotation(parameter.annotation, function.parent or f"{function.module.path}:"))
        if not result or self._abstract(result):
            for value, scope in self.arguments(fid, at):
                result.extend(self.expand(self.types.of(value, scope)))
            for site, offset in self.sites(fid):
                if site.decorated and at == offset:
                    if site.decorated in self.index.classes:
                        result.append(("class", site.decorated))
                    else:
                        result.append(("func", site.decorated, ()))
        if parameter.default is not None and not any(atom[0] != "const" for atom in result):
            result.extend(self.types.of(parameter.default, function.parent or f"{function.module.path}:"))
        return tuple(result)

    def _abstract(self, atoms: list[Atom]) -> bool:
        """Whether an annotation names a class that has no objects of its own: those passed are of others."""
        return any(
            atom[0] == "inst" and any(base in _ABSTRACT for base in self.names.external_bases(atom[1]))
            for atom in atoms
        )

    def arguments(self, fid: ScopeId, at: int) -> list[tuple[f.Expression, ScopeId]]:
        """The expressions that callers pass as the ``at``-th parameter, and where."""
        parameter = self.index.functions[fid].facts.parameters[at]
        found: list[tuple[f.Expression, ScopeId]] = []
        for site, offset in self.sites(fid):
            if not site.decorated:
                found.extend(self._given(site, parameter.name, at - offset))
        return found + self._launched(fid, at) + self.types.constructors.given(fid, parameter.name)

    def _given(self, site: CallSite, name: str, at: int, depth: int = 0) -> Iterator[tuple[f.Expression, ScopeId]]:
        """What a call passes by a name, or as its positional argument of that number, counted from 0."""
        position = 0
        for argument in site.call.arguments:
            if argument.star:
                yield from self._handed_on(argument, site.scope, name, at - position, depth)
                position = MOST_POSITIONS if argument.star == 1 else position
            elif argument.keyword is None:
                if position == at:
                    yield argument.value, site.scope
                position += 1
            elif argument.keyword == name:
                yield argument.value, site.scope

    def _handed_on(
        self, argument: f.Argument, scope: ScopeId, name: str, at: int, depth: int
    ) -> Iterator[tuple[f.Expression, ScopeId]]:
        """The same for ``*args`` and ``**kwargs`` of a function that hands on what it is given."""
        function = self.index.functions.get(scope)
        if function is None or not isinstance(argument.value, f.Local) or depth > MOST_HANDED_ON:
            return
        parameters = function.facts.parameters
        own = self.types.parameter_index(function, argument.value.name)
        if own < 0 or parameters[own].kind != "*" * argument.star:
            return
        positional = sum(parameter.kind == "positional" for parameter in parameters)
        for site, offset in self.sites(scope):
            if site.decorated:
                continue
            if argument.star == 1 and at >= 0:
                yield from self._given(site, "", positional - offset + at, depth + 1)
            elif argument.star == 2:
                yield from self._given(site, name, -1, depth + 1)

    def _launched(self, fid: ScopeId, at: int) -> list[tuple[f.Expression, ScopeId]]:
        """What calls that start the function in a thread, or later, and ``partial`` pass on."""
        function = self.index.functions[fid]
        found: list[tuple[f.Expression, ScopeId]] = []
        for name in sorted({function.facts.name} | self.aliases(function.facts.name)):
            for site, target, registers in self._launches.get(name, ()):
                offset = self._offsets(self.expand(self.types.of(target, site.scope))).get(fid, -1)
                if offset >= 0:
                    passed = passed_on(function, site.call, registers, offset)
                    found.extend((value, site.scope) for index, value in passed if index == at)
        return found

    @cached_property
    def _launches(self) -> dict[str, list[tuple[CallSite, f.Expression, EntryCall]]]:
        """Calls that start something, by the name of what they seem to start."""
        found: dict[str, list[tuple[CallSite, f.Expression, EntryCall]]] = {}
        for name, kinds in (*self.types.models.launching.items(), ("partial", (PARTIAL,))):
            for site in self.index.calls.get(name, ()):
                for registers in kinds:
                    plain = [a.value for a in site.call.arguments if a.keyword is None]
                    targets = [plain[at] for at in registers.positions if at < len(plain)]
                    targets += [a.value for a in site.call.arguments if a.keyword in registers.keywords]
                    for target in targets:
                        found.setdefault(last_name(target), []).append((site, target, registers))
        return found

    def aliases(self, name: str) -> set[str]:
        """Other names that modules import something of that name under."""
        return self._aliases.get(name, set())

    def sites(self, fid: ScopeId) -> list[tuple[CallSite, int]]:
        """Calls of the function, each with the index of the parameter that its first argument is for."""
        found = self._sites.get(fid)
        if found is not None:
            if found is _UNKNOWN:
                self.answers.doubt()
            return found
        self._sites[fid] = _UNKNOWN
        function = self.index.functions[fid]
        name = function.facts.name
        names = {name} | self._aliases.get(name, set())
        cls = function.cls
        if cls is not None and name in ("__init__", "__new__"):
            classes = [cls, *self.names.derived(cls)]
            names = {self.index.classes[c].facts.name for c in classes} | {"cls", "__init__"}
            for c in list(names):
                names |= self._aliases.get(c, set())
        result: list[tuple[CallSite, int]] = []
        parent = function.parent
        if parent is not None:
            names |= {f"{self.index.functions[parent].facts.name}()"} if parent in self.index.functions else set()
        of_objects = cls is not None and name == "__call__"
        for site in self._calls_of_objects() if of_objects else self._calls(names):
            known = self._called.get(id(site))
            offset = known.get(fid, -1) if known is not None else self.offset(fid, site)
            if offset >= 0:
                result.append((site, offset))
        self._sites[fid] = result
        return result

    def _calls(self, names: Iterable[str]) -> list[CallSite]:
        """Calls of anything of these names, as many of each as are looked at."""
        return [site for name in sorted(names) for site in self.index.calls.get(name, ())[:MOST_SITES]]

    def _calls_of_objects(self) -> list[CallSite]:
        """Calls of which it is not sure that they run no ``__call__`` of an object: all at first, but soon few."""
        if self._of_objects is None:
            names = self._names_of_values()
            self._of_objects = [site for site in self._calls(self.index.calls) if _may_be(site.call.function, names)]
        functions = self.index.functions
        self._of_objects = [
            site
            for site in self._of_objects
            if (known := self._called.get(id(site))) is None
            or any(functions[fid].facts.name == "__call__" for fid in known)
        ]
        return self._of_objects

    def _names_of_values(self) -> set[str] | None:
        """What variables of modules and attributes are called that are more than a plain function or class, which a call runs
        no ``__call__`` of an object with; None where a module makes its own names up."""
        index = self.index
        if any(f"{path}:__getattr__" in index.functions for path in index.modules):
            return None
        found = {*index.attributes, *(name for names in self._aliases.values() for name in names)}
        found.update(one.facts.name for one in index.functions.values() if one.facts.decorators)
        found.update(one.facts.name for one in index.classes.values() if one.facts.decorators)
        scopes = [module.names for module in index.modules.values()] + [cls.names for cls in index.classes.values()]
        for names in scopes:
            for name, bindings in names.items():
                if any(binding.how not in ("function", "class", "import") for binding in bindings):
                    found.add(name)
        return found

    def offset(self, fid: ScopeId, site: CallSite) -> int:
        """The parameter that a call's first positional argument is for; -1 if it does not call the function."""
        node = site.call.function
        atoms = self.types.of(node, site.scope)
        called = self._offsets(self.expand(atoms))
        if self.sure(node, site.scope, atoms):
            self._called[id(site)] = self._same.setdefault(tuple(called.items()), called)
        return called.get(fid, -1)

    def sure(self, node: f.Expression, scope: ScopeId, atoms: Atoms) -> bool:
        """Whether the atoms of an expression, and what callers pass for the parameters among them, will not change."""
        final = self.answers.final
        return self.answers.of(node, scope) is not None and all(
            atom[0] != "param" or ("parameter", *atom[1:]) in final for atom in atoms
        )

    def _offsets(self, atoms: Atoms) -> dict[ScopeId, int]:
        """The functions that a call of any of the atoms runs, each with the parameter of the first positional argument."""
        found: dict[ScopeId, int] = {}
        for atom in atoms:
            match atom[0]:
                case "func":
                    found.setdefault(atom[1], 0)
                case "bound":
                    found.setdefault(atom[1], 1)
                case "class" | "inst":
                    for name in ("__init__", "__new__") if atom[0] == "class" else ("__call__",):
                        method = self.names.method(atom[1], name)
                        if method is not None:
                            found.setdefault(method, 1)
        return found


def _may_be(node: f.Expression, names: set[str] | None) -> bool:
    """Whether the expression can be what one of these names stands for."""
    return names is None or not isinstance(node, f.Attribute | f.Global) or node.name in names
