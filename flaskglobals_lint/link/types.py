"""Flow-insensitive types on demand: which atoms an expression, variable, attribute or container element can be.

Nothing is computed before somebody asks; answers are kept. A question that depends on itself is answered with nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flaskglobals_lint import facts as f
from flaskglobals_lint.link.atoms import Atom, Atoms
from flaskglobals_lint.link.index import Binding, CallSite, FunctionIndex, Index, ScopeId
from flaskglobals_lint.link.names import Names, unique

if TYPE_CHECKING:
    from flaskglobals_lint.models import Connection, Container, Models

Slot = tuple[str, ...]
"""``("g", path, name)``, ``("v", function, name)``, ``("k", class, name)``, ``("a", class, name)``; then "[]" per item."""

MOST_ATOMS = 8
MOST_SITES = 60
MOST_STEPS = 6
"""Length of a slot: an item of an item of an item."""

BUILTIN_CONTAINERS = {"list": "list", "dict": "dict", "set": "set", "tuple": "tuple", "frozenset": "tuple", "sorted": "list"}
ELEMENT_METHODS = {"get", "pop", "setdefault", "popleft", "popitem", "__getitem__", "peek", "get_nowait"}
SAME_ELEMENTS = {"values", "copy", "keys", "items"}
COPIES = {"list", "sorted", "tuple", "set", "reversed", "iter", "deepcopy", "copy", "dict"}


class Types:
    """Answers questions about atoms."""

    def __init__(self, index: Index, names: Names, models: Models) -> None:
        self.index = index
        self.names = names
        self.models = models
        self._answers: dict[tuple[Any, ...], Atoms] = {}
        self._tentative: dict[tuple[Any, ...], Atoms] = {}
        self._busy = 0
        self._alive: list[f.Expression] = []
        """Nodes that answers are kept by the ``id`` of: it must not be used again."""
        self._decorated: dict[ScopeId, Atoms] = {}
        self._sites: dict[ScopeId, list[tuple[CallSite, int]]] = {}
        self._aliases: dict[str, set[str]] = {}
        for module in index.modules.values():
            for name, bindings in module.names.items():
                for binding in bindings:
                    node = binding.imported
                    if node is not None and node.name is not None and node.name != name:
                        self._aliases.setdefault(node.name, set()).add(name)

    # -- expressions --

    def of(self, node: f.Expression, scope: ScopeId) -> Atoms:
        """Atoms of an expression in the code of ``scope``; parameters stay symbolic."""
        if isinstance(node, f.Constant):
            return (("const", node.kind),)
        key = ("of", id(node), scope)
        found = self._known(key)
        if found is None:
            self._alive.append(node)
            found = self._keep(key, unique(self._of(node, scope))[:MOST_ATOMS])
        return found

    def _known(self, key: tuple[Any, ...]) -> Atoms | None:
        """The answer to a question asked before; nothing for one that is being answered; None for a new one."""
        found = self._answers.get(key)
        if found is None:
            found = self._tentative.get(key)
            if found is None:
                self._tentative[key] = ()
                self._busy += 1
        return found

    def _keep(self, key: tuple[Any, ...], answer: Atoms) -> Atoms:
        """Keep an answer. An empty one that was found inside another question may be due to that question, and is kept
        only until that one is answered."""
        self._busy -= 1
        if answer or not self._busy:
            self._answers[key] = answer
        else:
            self._tentative[key] = answer
        if not self._busy:
            self._tentative.clear()
        return answer

    def _of(self, node: f.Expression, scope: ScopeId) -> Atoms:
        match node:
            case f.Global():
                found = self.names.lookup(scope[: scope.index(":")], node.name)
                if found is None:
                    return (("ext", node.name),)
                return self.places(found)
            case f.Local():
                return self.variable(scope, node.name)
            case f.Free():
                return self.variable(f"{scope[: scope.index(':')]}:{node.owner}", node.name)
            case f.ClassName():
                return self.slot(("k", f"{scope[: scope.index(':')]}:{node.owner}", node.name))
            case f.Attribute():
                return self.step(self.of(node.value, scope), node.name)
            case f.Item():
                return self.item(node, scope)
            case f.Call():
                return self.call(node, scope)
            case f.Display() | f.Comprehension():
                return (("cont", node.kind),)
            case f.Constant():
                return (("const", node.kind),)
            case f.Boolean():
                return tuple(atom for operand in node.operands for atom in self.of(operand, scope))
            case f.Conditional():
                return self.of(node.body, scope) + self.of(node.orelse, scope)
            case f.Await() | f.Starred():
                return self.of(node.value, scope)
            case f.Walrus():
                return self.of(node.value, scope)
            case f.Lambda():
                return (("func", f"{scope[: scope.index(':')]}:{node.function}", ()),)
            case f.Compare():
                return (("const", "bool"),)
            case f.Operation():
                if node.operator == "fstring":
                    return (("const", "str"),)
                first = self.of(node.operands[0], scope) if node.operands else ()
                return tuple(atom for atom in first if atom[0] in ("const", "cont"))
            case _:
                return ()

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
        for at, parameter in enumerate(function.facts.parameters):
            if parameter.name == name:
                return at
        return -1

    # -- slots --

    def slot(self, slot: Slot) -> Atoms:
        if len(slot) > MOST_STEPS:
            return ()
        found = self._known(slot)
        if found is None:
            found = self._keep(slot, unique(self._slot(slot))[:MOST_ATOMS])
        return found

    def _slot(self, slot: Slot) -> Atoms:
        if slot[-1] == "[]":
            return self.elements(slot[:-1])
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
        return tuple(result)

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
        kind, owner, name = slot[0], slot[1], slot[2]
        if kind == "g":
            module = self.index.modules.get(owner)
            found = list(module.names.get(name, ())) if module is not None else []
            return found + self.outside(("module", owner), name)
        if kind == "v":
            function = self.index.functions.get(owner)
            return function.names.get(name, []) if function is not None else []
        if kind == "x":
            return [
                binding
                for target, binding in self.index.attributes.get(name, ())
                if any(a in (("ext", owner), ("extinst", owner)) for a in self.expand(self.of(target.value, binding.scope)))
            ]
        found = []
        for atom in self.names.mro(owner) if owner in self.index.classes else ():
            if atom[0] == "class":
                found.extend(self.index.classes[atom[1]].names.get(name, ()))
        for target, binding in self.index.attributes.get(name, ()):
            if self.receives(target, binding.scope, owner):
                found.append(binding)
        return found

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

    def receives(self, target: f.Attribute, scope: ScopeId, cid: ScopeId) -> bool:
        """Whether ``target.value`` can be an instance of the class (or the class itself)."""
        for atom in self.expand(self.of(target.value, scope)):
            if atom[0] in ("inst", "class", "super"):
                other = atom[1]
                if other == cid or ("class", cid) in self.names.mro(other) or ("class", other) in self.names.mro(cid):
                    return True
        return False

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
            result.extend(self.unpacked(value, binding.at, scope))
        elif binding.how == "enter":
            result.extend(self.entered(value, scope))
        elif binding.how == "item":
            result.extend(self.returned_item(value, binding.at, scope))
        return tuple(result)

    def unpacked(self, value: f.Expression, at: int, scope: ScopeId) -> Atoms:
        """The ``at``-th part of each item of an iterable: ``enumerate``, ``.items()``, ``zip``."""
        if isinstance(value, f.Call):
            function = value.function
            if isinstance(function, f.Attribute) and function.name == "items" and at == 1:
                return self.element_of(function.value, scope)
            if isinstance(function, f.Global) and value.arguments:
                if function.name in ("list", "sorted", "tuple") and at >= 0:
                    return self.unpacked(value.arguments[0].value, at, scope)
                if function.name == "enumerate" and at == 1:
                    return self.element_of(value.arguments[0].value, scope)
                if function.name == "zip" and 0 <= at < len(value.arguments):
                    return self.element_of(value.arguments[at].value, scope)
        return ()

    def returned_item(self, value: f.Expression, at: int, scope: ScopeId) -> Atoms:
        """``a, b = f()`` where f returns a tuple display."""
        if not isinstance(value, f.Call):
            return ()
        result: list[Atom] = []
        for fid in self.callees(value, scope):
            for node in self.index.functions[fid].returns:
                if isinstance(node, f.Display) and 0 <= at < len(node.values):
                    result.extend(self.expand(self.of(node.values[at], fid)))
        return tuple(result)

    def entered(self, value: f.Expression, scope: ScopeId) -> Atoms:
        """What ``with value as x`` binds: ``__enter__``'s result, a context manager function's yield, or the object."""
        result: list[Atom] = []
        if isinstance(value, f.Call):
            for fid in self.callees(value, scope):
                function = self.index.functions[fid]
                for node in function.yields:
                    result.extend(self.expand(self.of(node, fid)))
        if result:
            return tuple(result)
        for atom in self.of(value, scope):
            if atom[0] == "inst":
                enter = self.names.method(atom[1], "__enter__")
                result.extend(self.substitute(self.returns(enter), [(atom,)], enter) if enter else ())
            else:
                result.append(atom)
        return tuple(result)

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
                elif last not in ("any", "object", "callable", "none", "type", "typevar", "iterable", "sequence", "mapping"):
                    result.append(("extinst", atom[1]))
        return tuple(result)

    # -- containers --

    def slots_of(self, node: f.Expression, scope: ScopeId, depth: int = 0) -> list[Slot]:
        """Slots whose value the expression denotes (the live object, not a copy)."""
        if depth > 6 or isinstance(node, f.Constant | f.Display | f.Comprehension | f.Operation):
            return []
        key = ("slots", id(node), scope)
        found = self._known(key)
        if found is None:
            self._alive.append(node)
            found = self._keep(key, tuple(dict.fromkeys(self._slots_of(node, scope, depth))))
        return list(found)

    def _slots_of(self, node: f.Expression, scope: ScopeId, depth: int) -> list[Slot]:
        path = scope[: scope.index(":")]
        match node:
            case f.Global():
                found = self.names.lookup(path, node.name) or ()
                return [("g", atom[1], atom[2]) for atom in found if atom[0] == "place"]
            case f.Local():
                return [("v", scope, node.name)]
            case f.Free():
                return [("v", f"{path}:{node.owner}", node.name)]
            case f.ClassName():
                return [("k", f"{path}:{node.owner}", node.name)]
            case f.Attribute():
                result: list[Slot] = []
                for atom in self.expand(self.of(node.value, scope)):
                    if atom[0] in ("inst", "class"):
                        getter = self.names.method(atom[1], node.name)
                        if getter is not None and self.names.is_property(getter):
                            for value in self.index.functions[getter].returns:
                                result.extend(self.slots_of(value, getter, depth + 1))
                        else:
                            result.append(("a", atom[1], node.name))
                    elif atom[0] == "module":
                        found = self.names.lookup(atom[1], node.name) or ()
                        result.extend(("g", a[1], a[2]) for a in found if a[0] == "place")
                return result
            case f.Item():
                if isinstance(node.key, f.Constant) and isinstance(node.value, f.Local):
                    passed = self.keyword_arguments(scope, node.value.name, node.key.text)
                    if passed:
                        return [slot for value, where in passed for slot in self.slots_of(value, where, depth + 1)]
                return [(*slot, "[]") for slot in self.slots_of(node.value, scope, depth + 1)]
            case f.Boolean() | f.Conditional():
                operands = node.operands if isinstance(node, f.Boolean) else (node.body, node.orelse)
                return [slot for operand in operands for slot in self.slots_of(operand, scope, depth + 1)]
            case f.Call():
                function = node.function
                if isinstance(function, f.Attribute):
                    if function.name in ELEMENT_METHODS:
                        containers = [
                            slot
                            for slot in self.slots_of(function.value, scope, depth + 1)
                        ]
                        if containers and not self.callees(node, scope):
                            return [(*slot, "[]") for slot in containers]
                    elif function.name in SAME_ELEMENTS and not self.callees(node, scope):
                        return self.slots_of(function.value, scope, depth + 1)
                if node.arguments and isinstance(function, f.Global | f.Attribute) and function.name in COPIES:
                    return self.slots_of(node.arguments[0].value, scope, depth + 1)
                result = []
                for fid in self.callees(node, scope)[:3]:
                    for value in self.index.functions[fid].returns[:4]:
                        result.extend(self.slots_of(value, fid, depth + 1))
                return result
            case _:
                return []

    def elements(self, slot: Slot) -> Atoms:
        """What a container holds, by what is put into it anywhere."""
        base, depth = slot, 1
        while base[-1] == "[]":
            base, depth = base[:-1], depth + 1
        result: list[Atom] = []
        for binding in self.bindings(base):
            if binding.annotation is not None:
                result.extend(self.element_annotation(binding.annotation, binding.scope, depth))
            if binding.value is None:
                continue
            if binding.how == "is":
                result.extend(self.inside(binding.value, binding.scope, depth))
            elif binding.how == "element":
                for other in self.slots_of(binding.value, binding.scope):
                    result.extend(self.slot((*other, "[]", *("[]",) * depth)))
            elif binding.how == "element-item" and binding.at == 1:
                call = binding.value
                if isinstance(call, f.Call) and isinstance(call.function, f.Attribute):
                    for other in self.slots_of(call.function.value, binding.scope):
                        result.extend(self.slot((*other, "[]", *("[]",) * depth)))
        if base[0] == "v":
            function = self.index.functions.get(base[1])
            at = self.parameter_index(function, base[2]) if function is not None else -1
            if function is not None and at >= 0:
                annotation = function.facts.parameters[at].annotation
                if annotation is not None:
                    result.extend(self.element_annotation(annotation, base[1], depth))
                for value, scope in self.arguments(base[1], at):
                    result.extend(self.inside(value, scope, depth))
        for store in self.index.stores.get(base[2], ()):
            if store.depth == depth and base in self.slots_of(store.container, store.scope):
                result.extend(self.expand(self.of(store.value, store.scope)))
            elif store.depth < depth and base in self.slots_of(store.container, store.scope):
                result.extend(self.inside(store.value, store.scope, depth - store.depth))
        if base[0] == "a":
            for store in self.index.stores.get(base[2], ()):
                if store.depth == depth and any(
                    s[0] == "a" and s[2:] == base[2:] and self.related(s[1], base[1])
                    for s in self.slots_of(store.container, store.scope)
                ):
                    result.extend(self.expand(self.of(store.value, store.scope)))
        return tuple(result)

    def related(self, one: ScopeId, other: ScopeId) -> bool:
        return ("class", one) in self.names.mro(other) or ("class", other) in self.names.mro(one)

    def inside(self, node: f.Expression, scope: ScopeId, depth: int) -> Atoms:
        """Elements ``depth`` levels down in the value of an expression."""
        if isinstance(node, f.Display):
            result: list[Atom] = []
            for value in node.values:
                result.extend(self.expand(self.of(value, scope)) if depth == 1 else self.inside(value, scope, depth - 1))
            return tuple(result)
        if isinstance(node, f.Comprehension):
            return self.expand(self.of(node.element, scope)) if depth == 1 else self.inside(node.element, scope, depth - 1)
        if isinstance(node, f.Call) and isinstance(node.function, f.Global | f.Attribute):
            if node.function.name == "defaultdict" and node.arguments:
                made = self.call(f.Call(node.arguments[0].value, (), node.pos), scope)
                if depth == 1:
                    return self.expand(made)
        result = []
        for other in self.slots_of(node, scope):
            result.extend(self.slot((*other, *("[]",) * depth)))
        return tuple(result)

    def element_annotation(self, node: f.Expression, scope: ScopeId, depth: int) -> Atoms:
        """``dict[str, Game]`` → Game; nested for greater depths."""
        for _ in range(depth):
            if isinstance(node, f.Item):
                name = node.value.name if isinstance(node.value, f.Attribute | f.Global) else ""
                if name in ("Optional", "ClassVar", "Final"):
                    node = node.key
                    if not isinstance(node, f.Item):
                        return ()
                node = node.key.values[-1] if isinstance(node.key, f.Display) and node.key.values else node.key
            else:
                return ()
        return self.annotation(node, scope)

    def element_of(self, node: f.Expression, scope: ScopeId) -> Atoms:
        """What a loop over the expression yields."""
        result: list[Atom] = []
        if isinstance(node, f.Display | f.Comprehension):
            return self.inside(node, scope, 1)
        for slot in self.slots_of(node, scope):
            result.extend(self.slot((*slot, "[]")))
        if not result and isinstance(node, f.Call):
            for fid in self.callees(node, scope):
                function = self.index.functions[fid]
                for value in function.yields:
                    result.extend(self.expand(self.of(value, fid)))
                for value in function.returns:
                    if isinstance(value, f.Display | f.Comprehension):
                        result.extend(self.inside(value, fid, 1))
        return tuple(result)

    def item(self, node: f.Item, scope: ScopeId) -> Atoms:
        """``value[key]``"""
        result: list[Atom] = []
        if isinstance(node.key, f.Constant) and node.key.kind == "str" and isinstance(node.value, f.Local):
            result.extend(self.keyword(scope, node.value.name, node.key.text))
        for slot in self.slots_of(node, scope):
            result.extend(self.slot(slot))
        if not result:
            for atom in self.expand(self.of(node.value, scope)):
                if atom[0] == "inst":
                    getter = self.names.method(atom[1], "__getitem__")
                    if getter is not None:
                        result.extend(self.substitute(self.returns(getter), [(atom,)], getter))
        return tuple(result)

    def keyword(self, fid: ScopeId, name: str, key: str) -> Atoms:
        """``kwargs["key"]`` in a function whose ``**`` parameter is ``kwargs``."""
        return tuple(
            atom
            for value, scope in self.keyword_arguments(fid, name, key)
            for atom in self.expand(self.of(value, scope))
        )

    def keyword_arguments(self, fid: ScopeId, name: str, key: str) -> list[tuple[f.Expression, ScopeId]]:
        """What callers pass as keyword ``key``, also through ``resource_class_kwargs={"key": …}`` of Flask-RESTful."""
        function = self.index.functions.get(fid)
        at = self.parameter_index(function, name) if function is not None else -1
        if function is None or at < 0 or function.facts.parameters[at].kind != "**":
            return []
        found: list[tuple[f.Expression, ScopeId]] = []
        for site, _ in self.sites(fid):
            found.extend((a.value, site.scope) for a in site.call.arguments if a.keyword == key)
        if function.facts.name == "__init__" and function.cls is not None:
            for site in self.index.calls.get("add_resource", ()):
                found.extend(self._resource_arguments(site, function.cls, key))
        return found

    def _resource_arguments(self, site: CallSite, cid: ScopeId, key: str) -> list[tuple[f.Expression, ScopeId]]:
        arguments = site.call.arguments
        if not arguments or ("class", cid) not in self.of(arguments[0].value, site.scope):
            return []
        found: list[tuple[f.Expression, ScopeId]] = []
        for argument in arguments:
            if argument.keyword == "resource_class_kwargs" and isinstance(argument.value, f.Display):
                for name, value in zip(argument.value.keys, argument.value.values, strict=False):
                    if isinstance(name, f.Constant) and name.text == key:
                        found.append((value, site.scope))
        return found

    # -- members --

    def step(self, atoms: Atoms, name: str) -> Atoms:
        """Attribute ``name`` of any of the atoms."""
        result: list[Atom] = []
        for atom in self.expand(atoms):
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
                return self.slot(("k", atom[1], name))
            case "module":
                found = self.names.lookup(atom[1], name)
                if found is None:
                    return self.dynamic(atom[1], name)
                return self.places(found)
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
            if self.names.is_property(method):
                return self.substitute(self.returns(method), [(atom,)], method)
            kind = self.names.kind(method)
            if kind == "staticmethod":
                return (("func", method, ()),)
            receiver = ("class", cid) if kind == "classmethod" else atom
            found_atoms = self.decorated(method)
            if found_atoms != (("func", method, ()),):
                return tuple(("bound", a[1], receiver, a[2]) if a[0] == "func" else a for a in found_atoms)
            return (("bound", method, receiver),)
        found_slot = self.slot(("a", cid, name))
        if found_slot:
            return found_slot
        for dotted in self.names.external_bases(cid):
            made = self.models.result(dotted, name)
            if made:
                return (("extinst", made),)
        overrides = self.names.overrides(cid, name)
        return tuple(("bound", fid, atom) for fid in overrides)

    # -- calls --

    def call(self, node: f.Call, scope: ScopeId) -> Atoms:
        """What a call gives."""
        function = node.function
        special = self.special(node, scope)
        if special is not None:
            return special
        if isinstance(function, f.Attribute) and function.name in ELEMENT_METHODS | {"copy"}:
            slots = self.slots_of(node, scope)
            found = [atom for slot in slots for atom in self.slot(slot)]
            if found:
                return tuple(found)
        result: list[Atom] = []
        for atom in self.expand(self.of(function, scope)):
            result.extend(self.called(atom, node, scope))
        return tuple(result)

    def special(self, node: f.Call, scope: ScopeId) -> Atoms | None:
        """Builtins that the analysis knows."""
        function = node.function
        if isinstance(function, f.Attribute) and function.name == "__new__" and node.arguments:
            made = self.expand(self.of(node.arguments[0].value, scope))
            return tuple(("inst", atom[1]) for atom in made if atom[0] == "class")
        if isinstance(function, f.Global) and self.names.lookup(scope[: scope.index(":")], function.name) is None:
            name, arguments = function.name, node.arguments
            if name in BUILTIN_CONTAINERS:
                return (("cont", BUILTIN_CONTAINERS[name]),)
            if name == "super":
                fid: ScopeId | None = scope
                while fid is not None and fid in self.index.functions:
                    owner = self.index.functions[fid].cls
                    if owner is not None:
                        return (("super", owner),)
                    fid = self.index.functions[fid].parent
                return ()
            if name == "type" and len(arguments) == 1:
                return self.step(self.of(arguments[0].value, scope), "__class__")
            if name == "getattr" and len(arguments) >= 2 and isinstance(arguments[1].value, f.Constant):
                return self.step(self.of(arguments[0].value, scope), arguments[1].value.text)
            if name in ("iter", "reversed", "next") and arguments:
                return self.element_of(arguments[0].value, scope) if name == "next" else (("cont", "generator"),)
            if name in ("len", "int", "str", "float", "bool", "repr", "sum", "min", "max", "abs", "round", "hash", "id"):
                return (("const", "value"),)
        return None

    def called(self, atom: Atom, node: f.Call, scope: ScopeId) -> Atoms:
        match atom[0]:
            case "class":
                return (("inst", atom[1]),)
            case "func":
                return self.substitute(self.returns(atom[1]), self.positions(atom[1], node, scope, None), atom[1], atom[2])
            case "bound":
                bindings = atom[3] if len(atom) > 3 else ()
                given = self.positions(atom[1], node, scope, (atom[2],))
                return self.substitute(self.returns(atom[1]), given, atom[1], bindings)
            case "inst":
                method = self.names.method(atom[1], "__call__")
                if method is not None:
                    return self.substitute(self.returns(method), self.positions(method, node, scope, (atom,)), method)
                return ()
            case "ext":
                return self.library(atom[1], node, scope)
            case "extinst" | "conn":
                return self.library_method(atom, "__call__")
            case "extm":
                owner = ("conn", atom[1][5:]) if atom[1].startswith("conn:") else ("extinst", atom[1])
                return self.library_method(owner, atom[2])
            case _:
                return ()

    def library(self, dotted: str, node: f.Call, scope: ScopeId) -> Atoms:
        """Calling a library's name."""
        if dotted in ("functools.partial", "flask.copy_current_request_context") and node.arguments:
            return self.of(node.arguments[0].value, scope)
        if dotted in ("copy.copy", "copy.deepcopy") and node.arguments:
            return self.of(node.arguments[0].value, scope)
        if dotted in ("importlib.import_module", "import_module", "__import__") and node.arguments:
            return self.imported_module(node.arguments[0].value, scope)
        if dotted == "object":
            return (("extinst", "object"),)
        keywords = [f"{a.keyword}={_text(a.value)}" for a in node.arguments if a.keyword]
        connection = self.models.connection(dotted, keywords)
        if connection is not None:
            return (("conn", connection.id, dotted),)
        if dotted.endswith("Semaphore") and node.arguments:
            first = node.arguments[0].value
            if not (isinstance(first, f.Constant) and first.text == "1"):
                return (("extinst", f"{dotted}(n)"),)
        return (("extinst", self.models.returns(dotted) or dotted),)

    def library_method(self, owner: Atom, name: str) -> Atoms:
        """Calling a method of a library object."""
        if owner[0] == "conn":
            connection = self.models.connection_by_id(owner[1])
            made = connection.methods.get(name) if connection is not None else None
            if made:
                product = self.models.connection_by_id(made)
                return (("conn", made, product.type if product is not None else ""),)
            result = self.models.result(owner[2], name) if len(owner) > 2 else None
            return (("extinst", result or f"{owner[1]}.{name}()"),)
        result = self.models.result(owner[1], name)
        return (("extinst", result),) if result else (("extinst", f"{owner[1]}.{name}()"),)

    def imported_module(self, node: f.Expression, scope: ScopeId) -> Atoms:
        """``import_module("name")``; of ``"prefix_" + x`` all project modules that begin so."""
        if isinstance(node, f.Constant):
            path = self.names.modules.find(scope[: scope.index(":")], node.text, 0)
            return (("module", path),) if path else (("ext", node.text),)
        if isinstance(node, f.Operation) and node.operands and isinstance(node.operands[0], f.Constant):
            prefix = node.operands[0].text
            if len(prefix) > 1:
                return tuple(("module", m.path) for m in self.index.modules.values() if m.dotted.startswith(prefix))
        return ()

    def callees(self, node: f.Call, scope: ScopeId) -> list[ScopeId]:
        """Functions of the project that a call runs (constructors excluded)."""
        found: list[ScopeId] = []
        for atom in self.expand(self.of(node.function, scope)):
            if atom[0] in ("func", "bound"):
                found.append(atom[1])
        return list(dict.fromkeys(found))

    def returns(self, fid: ScopeId) -> Atoms:
        """What a function returns, its parameters symbolic."""
        key = ("returns", fid)
        found = self._known(key)
        if found is not None:
            return found
        function = self.index.functions[fid]
        result: list[Atom] = []
        if function.facts.is_generator and not self.is_context_manager(fid):
            result.append(("cont", "generator"))
        else:
            if function.facts.returns is not None:
                result.extend(self.annotation(function.facts.returns, fid))
            for node in function.returns:
                result.extend(self.of(node, fid))
        return self._keep(key, unique(result)[:MOST_ATOMS])

    def is_context_manager(self, fid: ScopeId) -> bool:
        return any(n in ("contextmanager", "asynccontextmanager") for n in self.names.decorator_names(fid))

    def substitute(self, atoms: Atoms, given: list[Atoms], fid: ScopeId, bindings: tuple[Atom, ...] = ()) -> Atoms:
        """Replace the function's symbolic parameters by what was passed; closures remember it."""
        result: list[Atom] = []
        for atom in atoms:
            if atom[0] == "param":
                if atom[1] == fid:
                    result.extend(given[atom[2]] if atom[2] < len(given) and given[atom[2]] else (atom,))
                else:
                    bound = [b[2] for b in bindings if (b[0], b[1]) == (atom[1], atom[2])]
                    result.extend(bound or (atom,))
            elif atom[0] == "func":
                held = list(bindings)
                for at, values in enumerate(given):
                    held.extend((fid, at, v) for v in values[:2] if v[0] in ("func", "bound", "class", "inst"))
                nested = self.index.functions[atom[1]].parent
                if nested is not None and held and not atom[2]:
                    result.append(("func", atom[1], tuple(held[:6])))
                else:
                    result.append(atom)
            else:
                result.append(atom)
        return tuple(result)

    def positions(self, fid: ScopeId, node: f.Call, scope: ScopeId, receiver: Atoms | None) -> list[Atoms]:
        """Atoms passed for each parameter of a function by a call."""
        parameters = self.index.functions[fid].facts.parameters
        given: list[Atoms] = [() for _ in parameters]
        at = 0
        if receiver is not None and given:
            given[0], at = receiver, 1
        by_name = {p.name: i for i, p in enumerate(parameters)}
        for argument in node.arguments:
            if argument.keyword is not None:
                index = by_name.get(argument.keyword, -1)
            elif argument.star:
                continue
            else:
                index, at = at, at + 1
            if 0 <= index < len(parameters) and parameters[index].kind in ("positional", "keyword"):
                given[index] = self.of(argument.value, scope)
        return given

    def decorated(self, fid: ScopeId) -> Atoms:
        """What a definition's name is bound to once its decorators have run; an unknown decorator changes nothing."""
        found = self._decorated.get(fid)
        if found is not None:
            return found
        plain: Atoms = (("func", fid, ()),)
        self._decorated[fid] = plain
        function = self.index.functions[fid]
        if function.facts.decorators:
            self._decorated[fid] = self.apply_decorators(fid, len(function.facts.decorators))
        return self._decorated[fid]

    def apply_decorators(self, fid: ScopeId, count: int) -> Atoms:
        """The value after the ``count`` decorators nearest to the definition."""
        function = self.index.functions[fid]
        scope = function.parent or f"{function.module.path}:"
        current: Atoms = (("func", fid, ()),)
        decorators = function.facts.decorators
        for decorator in reversed(decorators[len(decorators) - count :]):
            result: list[Atom] = []
            for atom in self.expand(self.of(decorator, scope)):
                if atom[0] == "func":
                    if self.index.functions[atom[1]].parent is None and atom[1] == fid:
                        continue
                    given: list[Atoms] = [current]
                    result.extend(self.substitute(self.returns(atom[1]), given, atom[1], atom[2]))
                elif atom[0] == "bound":
                    result.extend(self.substitute(self.returns(atom[1]), [(atom[2],), current], atom[1]))
            functions = tuple(atom for atom in result if atom[0] in ("func", "bound"))
            if functions:
                current = unique(functions)
        return current

    # -- parameters --

    def expand(self, atoms: Atoms, depth: int = 0) -> Atoms:
        """Replace symbolic parameters by what callers pass."""
        if not any(atom[0] == "param" for atom in atoms):
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
        found = self._known(key)
        if found is None:
            found = self._keep(key, unique(self._parameter(fid, at))[:MOST_ATOMS])
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
            result.extend(self.annotation(parameter.annotation, function.parent or f"{function.module.path}:"))
        if not result:
            for value, scope in self.arguments(fid, at):
                result.extend(self.expand(self.of(value, scope)))
            for site, offset in self.sites(fid):
                if site.decorated and at == offset:
                    if site.decorated in self.index.classes:
                        result.append(("class", site.decorated))
                    else:
                        result.append(("func", site.decorated, ()))
        if parameter.default is not None and not any(atom[0] != "const" for atom in result):
            result.extend(self.of(parameter.default, function.parent or f"{function.module.path}:"))
        return tuple(result)

    def arguments(self, fid: ScopeId, at: int) -> list[tuple[f.Expression, ScopeId]]:
        """The expressions that callers pass as the ``at``-th parameter, and where."""
        parameter = self.index.functions[fid].facts.parameters[at]
        found: list[tuple[f.Expression, ScopeId]] = []
        for site, offset in self.sites(fid):
            if site.decorated:
                continue
            position = offset
            for argument in site.call.arguments:
                if argument.keyword is not None:
                    if argument.keyword == parameter.name:
                        found.append((argument.value, site.scope))
                elif argument.star:
                    position = 10_000
                else:
                    if position == at:
                        found.append((argument.value, site.scope))
                    position += 1
        return found

    def sites(self, fid: ScopeId) -> list[tuple[CallSite, int]]:
        """Calls of the function, each with the index of the parameter that its first argument is for."""
        found = self._sites.get(fid)
        if found is not None:
            return found
        self._sites[fid] = []
        function = self.index.functions[fid]
        name = function.facts.name
        names = {name} | self._aliases.get(name, set())
        cls = function.cls
        if cls is not None and name in ("__init__", "__new__"):
            classes = [cls, *self.subtree(cls)]
            names = {self.index.classes[c].facts.name for c in classes} | {"cls", "__init__"}
            for c in list(names):
                names |= self._aliases.get(c, set())
        if cls is not None and name == "__call__":
            names = set(self.index.calls)
        result: list[tuple[CallSite, int]] = []
        parent = function.parent
        if parent is not None:
            names |= {f"{self.index.functions[parent].facts.name}()"} if parent in self.index.functions else set()
        for called in sorted(names):
            for site in self.index.calls.get(called, ())[:MOST_SITES]:
                offset = self.offset(fid, site)
                if offset >= 0:
                    result.append((site, offset))
        self._sites[fid] = result
        return result

    def subtree(self, cid: ScopeId) -> list[ScopeId]:
        found: list[ScopeId] = []
        pending = list(self.names.subclasses.get(cid, ()))
        while pending:
            sub = pending.pop(0)
            if sub not in found:
                found.append(sub)
                pending.extend(self.names.subclasses.get(sub, ()))
        return found

    def offset(self, fid: ScopeId, site: CallSite) -> int:
        """The parameter that a call's first positional argument is for; -1 if it does not call the function."""
        function = self.index.functions[fid]
        for atom in self.expand(self.of(site.call.function, site.scope)):
            if atom[0] == "func" and atom[1] == fid:
                return 0
            if atom[0] == "bound" and atom[1] == fid:
                return 1
            if atom[0] == "class" and function.cls is not None and function.facts.name in ("__init__", "__new__"):
                if self.names.method(atom[1], function.facts.name) == fid:
                    return 1
            if atom[0] == "inst" and function.facts.name == "__call__" and self.names.method(atom[1], "__call__") == fid:
                return 1
        return -1

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


def _text(node: f.Expression) -> str:
    """A keyword argument's value as the models write it: a constant's text or a dotted name."""
    if isinstance(node, f.Constant):
        return node.text
    if isinstance(node, f.Attribute):
        return f"{_text(node.value)}.{node.name}"
    return node.name if isinstance(node, f.Global | f.Local | f.Free) else ""
