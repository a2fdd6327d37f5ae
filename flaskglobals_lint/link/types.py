"""Flow-insensitive types on demand: which atoms an expression, variable, attribute or container element can be.

Nothing is computed before somebody asks; answers are kept. A question that depends on itself is answered with nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from flaskglobals_lint import facts as f
from flaskglobals_lint.link import plugins
from flaskglobals_lint.link.annotations import Annotations
from flaskglobals_lint.link.answers import MOST_ATOMS, OF, Answers
from flaskglobals_lint.link.assigned import Assigned
from flaskglobals_lint.link.atoms import BASE, ITEM
from flaskglobals_lint.link.callables import Callables
from flaskglobals_lint.link.elements import Elements
from flaskglobals_lint.link.handed import Constructors
from flaskglobals_lint.link.members import Members
from flaskglobals_lint.link.names import Names, unique
from flaskglobals_lint.link.parameters import Parameters

if TYPE_CHECKING:
    from flaskglobals_lint.link.atoms import Atom, Atoms
    from flaskglobals_lint.link.index import Binding, FunctionIndex, Index, ScopeId
    from flaskglobals_lint.models import Connection, Container, Models

Slot = tuple[str, ...]
"""``("g", path, name)``, ``("v", function, name)``, ``("k", class, name)``, ``("a", class, name)``; then a step per
item, as in paths: "[]", or '["key"]' for a constant key."""
MOST_STEPS = 6
"""Length of a slot: an item of an item of an item."""

EXACT_STEPS = 4
"""Length up to which the steps of a slot are told apart: what is in an item is looked for in all items of that item, lest
every key of nested dictionaries is asked for in every other variable that may hold them."""
_ITEMS = (ITEM,) * MOST_STEPS

MOST_GUESSED = 64
"""A container into which more is put is a table: its other items tell nothing of one."""


class Types:
    """Answers questions about atoms; each part knows one kind of question and asks here for the others."""

    def __init__(self, index: Index, names: Names, models: Models) -> None:
        self.index = index
        self.names = names
        self.models = models
        self.answers = Answers()
        self._expressions = self.answers.expressions
        self.constructors = Constructors(index, names)
        self.lasting: dict[ScopeId, bool] = {}
        self.subclass_tests = plugins.tests(index)
        self._bindings: dict[Slot, list[Binding]] = {}
        self._parameters: dict[ScopeId, dict[str, int]] = {}
        """Where each parameter of a function stands."""
        self.annotation = Annotations(self).annotation
        self.elements = Elements(self)
        self.slots_of = self.elements.slots_of
        self.element_of = self.elements.element_of
        self.members = Members(self)
        self.step = self.members.step
        self.attribute = self.members.attribute
        self.instance_attribute = self.members.instance_attribute
        self.callables = Callables(self)
        self.call = self.callables.call
        self.called = self.callables.called
        self.callees = self.callables.callees
        self.returns = self.callables.returns
        self.is_context_manager = self.callables.is_context_manager
        self.substitute = self.callables.substitute
        self.decorated = self.callables.decorated
        self.apply_decorators = self.callables.apply_decorators
        self.parameters = Parameters(self)
        self.assigned = Assigned(self)
        self.expand = self.parameters.expand
        self.arguments = self.parameters.arguments
        self.sites = self.parameters.sites

    # -- expressions --

    def of(self, node: f.Expression, scope: ScopeId) -> Atoms:
        """Atoms of an expression in the code of ``scope``; parameters stay symbolic."""
        if type(node) is f.Constant:
            return (("const", node.kind),)
        known = self._expressions.get(scope)
        found = None if known is None else known.get(id(node))
        if found is None:
            key = (OF, id(node), scope)
            found = self.answers.known(key)
            if found is None:
                self.answers.alive.append(node)
                found = self.answers.keep(key, unique(self._of(node, scope))[:MOST_ATOMS])
        return found

    def _of(self, node: f.Expression, scope: ScopeId) -> Atoms:
        ask = _KINDS.get(type(node))
        return ask(self, node, scope) if ask is not None else ()

    def _global(self, node: f.Global, scope: ScopeId) -> Atoms:
        found = self.names.lookup(scope[: scope.index(":")], node.name)
        return (("ext", node.name),) if found is None else self.places(found)

    def _free(self, node: f.Free, scope: ScopeId) -> Atoms:
        return self.variable(f"{scope[: scope.index(':')]}:{node.owner}", node.name)

    def _operation(self, node: f.Operation, scope: ScopeId) -> Atoms:
        if node.operator == "fstring":
            return (("const", "str"),)
        first = self.of(node.operands[0], scope) if node.operands else ()
        return tuple(atom for atom in first if atom[0] in ("const", "cont"))

    def places(self, found: Atoms) -> Atoms:
        """Replace module variables and decorated functions by what they hold."""
        result: list[Atom] = []
        for atom in found:
            if atom[0] == "place":
                result.extend(self.slot(("g", atom[1], atom[2])))
            elif atom[0] == "func" and not atom[2]:
                result.extend(self.decorated(atom[1]))
            else:
                result.append(atom)
        return tuple(result)

    def variable(self, fid: ScopeId, name: str) -> Atoms:
        """A local variable or parameter of a function."""
        return self.slot(("v", fid, name))

    def parameter_index(self, function: FunctionIndex, name: str) -> int:
        known = self._parameters.get(function.id)
        if known is None:
            names = [parameter.name for parameter in function.facts.parameters]
            known = self._parameters[function.id] = {name: at for at, name in enumerate(names)}
        return known.get(name, -1)

    # -- slots --

    def slot(self, slot: Slot) -> Atoms:
        if len(slot) > EXACT_STEPS:
            if len(slot) > MOST_STEPS:
                return ()
            slot = (*slot[:EXACT_STEPS], *_ITEMS[EXACT_STEPS : len(slot)])
        found = self.answers.known(slot)
        if found is None:
            found = self.answers.keep(slot, unique(self._slot(slot))[:MOST_ATOMS])
        return found

    def _slot(self, slot: Slot) -> Atoms:
        if len(slot) > BASE:
            base, steps = slot[:BASE], slot[BASE:]
            found = self.elements.elements(base, steps)
            plain = all(atom[0] in ("cont", "const") for atom in found)
            if not (found and plain) and len(self.index.stores.get(base[2], ())) <= MOST_GUESSED:
                # A container is of one kind; of objects, and of keys of which nothing is known, all items are a better guess.
                others = (*base, *(ITEM for _ in steps))
                found = self.slot(others) if others != slot else found
            return found
        result: list[Atom] = []
        if slot[0] == "v":
            function = self.index.functions.get(slot[1])
            if function is not None:
                at = self.parameter_index(function, slot[2])
                if at >= 0:
                    result.append(("param", slot[1], at))
        for binding in self.bindings(slot):
            result.extend(self.binding(binding))
        if slot[0] == "g" and not result:
            result.extend(self.dynamic(slot[1], slot[2]))
        return tuple(result) or plugins.tested(self, slot)

    def dynamic(self, path: str, name: str) -> Atoms:
        """A module name that exists only at run time."""
        module = self.index.modules.get(path)
        if module is None:
            return ()
        result: list[Atom] = []
        for node in module.dynamic:
            result.extend(self.step(self.of(node, f"{path}:"), name))
        getter = f"{path}:__getattr__"
        if not result and name not in module.names and getter in self.index.functions:
            result.extend(self.returns(getter))
        return tuple(result)

    def bindings(self, slot: Slot) -> list[Binding]:
        """Everything the project's code binds to a variable or attribute."""
        key = slot[:BASE]
        found = self._bindings.get(key)
        if found is None:
            busy = self.answers.busy
            found = self._collected(key)
            if not busy:
                self._bindings[key] = found
        return found

    def _collected(self, slot: Slot) -> list[Binding]:
        kind, owner, name = slot[0], slot[1], slot[2]
        if kind == "g":
            module = self.index.modules.get(owner)
            found = list(module.names.get(name, ())) if module is not None else []
            return found + self.outside(("module", owner), name)
        if kind == "v":
            function = self.index.functions.get(owner)
            module = self.index.modules.get(owner[:-1])
            names = function.names if function is not None else module.inner if module is not None else {}
            return list(names.get(name, ()))
        if kind == "x":
            return [
                binding
                for target, binding in self.index.attributes.get(name, ())
                if any(
                    atom in (("ext", owner), ("extinst", owner))
                    for atom in self.expand(self.of(target.value, binding.scope))
                )
            ]
        found = []
        for atom in self.names.mro(owner) if owner in self.index.classes else ():
            if atom[0] == "class":
                found.extend(self.index.classes[atom[1]].names.get(name, ()))
        return found + self.assigned.to(name, owner)

    def outside(self, atom: Atom, name: str) -> list[Binding]:
        """Assignments to a module's variable from other modules: ``module.name = value``."""
        found = []
        for target, binding in self.index.attributes.get(name, ()):
            if isinstance(target.value, f.Global | f.Attribute | f.Local):
                receiver = self.names.simple(
                    target.value, self.index.module_of(binding.scope), binding.scope[binding.scope.index(":") + 1 :]
                )
                if atom in receiver:
                    found.append(binding)
        return found

    def related(self, one: ScopeId, other: ScopeId) -> bool:
        return ("class", one) in self.names.mro(other) or ("class", other) in self.names.mro(one)

    def binding(self, binding: Binding) -> Atoms:
        """Atoms that one binding gives its target."""
        scope = binding.scope
        result: list[Atom] = []
        if binding.annotation is not None:
            result.extend(self.annotation(binding.annotation, scope))
        value = binding.value
        if binding.how == "function":
            return self.decorated(binding.name)
        if binding.how == "class":
            return (("class", binding.name),)
        if binding.how == "import" and binding.imported is not None:
            return self.places(self.names.imported(scope[: scope.index(":")], binding.imported) or ())
        if value is None:
            return tuple(result)
        if binding.how in ("is", "augmented"):
            result.extend(self.of(value, scope))
        elif binding.how == "element":
            result.extend(self.element_of(value, scope))
        elif binding.how == "element-item":
            result.extend(self.elements.unpacked(value, binding.at, scope))
        elif binding.how == "enter":
            result.extend(self.callables.entered(value, scope))
        elif binding.how == "item":
            result.extend(self.callables.returned_item(value, binding.at, scope))
        return tuple(result)

    # -- what the models say --

    def connection(self, atoms: Atoms) -> Connection | None:
        """The connection model of the first atom that has one."""
        for atom in atoms:
            if atom[0] == "conn":
                return self.models.connection_by_id(atom[1])
        return None

    def is_mapping(self, atoms: Atoms) -> bool:
        """Whether a loop over the value yields keys."""
        found = self.container(atoms)
        return found is not None and found.kind in ("mapping", "counter")

    def untold(self, atoms: Atoms) -> bool:
        """Whether nothing tells which container a value is: literals, parameters and what was read from a file do not."""
        return all(
            atom[0] in ("const", "param") or (atom[0] == "extinst" and self.models.parsed(atom[1])) for atom in atoms
        )

    def container(self, atoms: Atoms) -> Container | None:
        """The container model of the first atom that has one."""
        for atom in atoms:
            dotted = atom[2] if atom[0] == "conn" else atom[1] if atom[0] in ("cont", "extinst") else ""
            if dotted:
                found = self.models.container(dotted)
                if found is not None:
                    return found
            elif atom[0] == "inst":
                for dotted in self.names.external_bases(atom[1]):
                    found = self.models.container(dotted)
                    if found is not None:
                        return found
        return None


_KINDS: dict[type, Callable[[Types, Any, ScopeId], Atoms]] = {
    f.Global: Types._global,
    f.Local: lambda types, node, scope: types.variable(scope, node.name),
    f.Free: Types._free,
    f.ClassName: lambda types, node, scope: types.slot(("k", f"{scope[: scope.index(':')]}:{node.owner}", node.name)),
    f.Attribute: lambda types, node, scope: types.step(types.of(node.value, scope), node.name),
    f.Item: lambda types, node, scope: types.elements.item(node, scope),
    f.Call: lambda types, node, scope: types.call(node, scope),
    f.Display: lambda types, node, scope: (("cont", node.kind),),
    f.Comprehension: lambda types, node, scope: (("cont", node.kind),),
    f.Boolean: lambda types, node, scope: tuple(atom for one in node.operands for atom in types.of(one, scope)),
    f.Conditional: lambda types, node, scope: types.of(node.body, scope) + types.of(node.orelse, scope),
    f.Await: lambda types, node, scope: types.of(node.value, scope),
    f.Starred: lambda types, node, scope: types.of(node.value, scope),
    f.Walrus: lambda types, node, scope: types.of(node.value, scope),
    f.Lambda: lambda types, node, scope: (("func", f"{scope[: scope.index(':')]}:{node.function}", ()),),
    f.Compare: lambda types, node, scope: (("const", "bool"),),
    f.Operation: Types._operation,
}
"""How each kind of expression is answered; nothing is known of the others."""
