"""What containers hold: the slots that an expression denotes, and what is put into them anywhere."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from flaskglobals_lint import facts as f
from flaskglobals_lint.link import plugins
from flaskglobals_lint.link.atoms import ITEM, key_step, may_be_same

if TYPE_CHECKING:
    from flaskglobals_lint.link.atoms import Atom, Atoms
    from flaskglobals_lint.link.index import ScopeId, Store
    from flaskglobals_lint.link.types import Slot, Types

ELEMENT_METHODS = {"get", "pop", "setdefault", "popleft", "popitem", "__getitem__", "peek", "get_nowait"}
KEYED = {"get", "pop", "setdefault", "__getitem__"}
"""Methods of mappings whose first argument is the key."""

SAME_ELEMENTS = {"values", "copy", "keys", "items"}
COPIES = {"list", "sorted", "tuple", "set", "reversed", "iter", "deepcopy", "copy", "dict"}
_KINDS: dict[type, str] = {f.Local: "v", f.Free: "v", f.Global: "g", f.ClassName: "k"}
"""Names, and the kind of slot that each denotes."""

MOST_CALLEES = 3
MOST_RETURNS = 4
MOST_SLOTS = 16
"""Ways that branch lead to many places: so many are followed."""
"""So many functions that a call can mean, and so many of their results, are looked into."""

APP = "flask.Flask"


def _copies(node: f.Expression) -> bool:
    """``list(d)``, ``copy.deepcopy(d)``: a new container."""
    if not isinstance(node, f.Call) or not node.arguments:
        return False
    return isinstance(node.function, f.Global | f.Attribute) and node.function.name in COPIES


class Elements:
    """Answers questions about containers."""

    def __init__(self, types: Types) -> None:
        self.types = types
        self.index = types.index
        self.names = types.names
        self.answers = types.answers
        self._by_step: dict[str, dict[str, list[Store]]] = {}

    def is_app(self, atom: Atom) -> bool:
        """Whether it is the Flask application or the proxy that stands for it."""
        models = self.types.models
        if atom[0] == "ext":
            return models.proxies.get(atom[1]) == "app"
        return atom[0] == "extinst" and models.is_flask(atom[1])

    def slots_of(self, node: f.Expression, scope: ScopeId) -> list[Slot]:
        """Slots whose value the expression denotes (the live object, not a copy)."""
        if isinstance(node, f.Constant | f.Display | f.Comprehension | f.Operation):
            return []
        if isinstance(node, f.Local):
            return [("v", scope, node.name)]
        key = ("slots", id(node), scope)
        found = self.answers.known(key)
        if found is None:
            self.answers.alive.append(node)
            found = self.answers.keep(key, tuple(dict.fromkeys(self._slots_of(node, scope)))[:MOST_SLOTS])
        return list(found)

    def _slots_of(self, node: f.Expression, scope: ScopeId) -> list[Slot]:
        path = scope[: scope.index(":")]
        match node:
            case f.Global():
                found = self.names.lookup(path, node.name) or ()
                return [("g", atom[1], atom[2]) for atom in found if atom[0] == "place"]
            case f.Free():
                return [("v", f"{path}:{node.owner}", node.name)]
            case f.ClassName():
                return [("k", f"{path}:{node.owner}", node.name)]
            case f.Attribute():
                result: list[Slot] = []
                for atom in self.types.expand(self.types.of(node.value, scope)):
                    if atom[0] in ("inst", "class"):
                        getter = self.names.method(atom[1], node.name)
                        if getter is not None and self.names.is_property(getter):
                            for value in self.index.functions[getter].returns:
                                result.extend(self.slots_of(value, getter))
                        else:
                            result.append(("a", atom[1], node.name))
                    elif atom[0] == "module":
                        found = self.names.lookup(atom[1], node.name) or ()
                        result.extend(("g", a[1], a[2]) for a in found if a[0] == "place")
                    elif self.is_app(atom):
                        result.append(("x", APP, node.name))
                return result
            case f.Item():
                if isinstance(node.key, f.Constant) and isinstance(node.value, f.Local):
                    passed = self.keyword_arguments(scope, node.value.name, node.key.text)
                    if passed:
                        return [slot for value, where in passed for slot in self.slots_of(value, where)]
                return [(*slot, key_step(node.key)) for slot in self.slots_of(node.value, scope)]
            case f.Boolean() | f.Conditional():
                operands = node.operands if isinstance(node, f.Boolean) else (node.body, node.orelse)
                return [slot for operand in operands for slot in self.slots_of(operand, scope)]
            case f.Call():
                function = node.function
                if isinstance(function, f.Attribute):
                    if function.name in ELEMENT_METHODS:
                        containers = self.slots_of(function.value, scope)
                        if containers and not self.types.callees(node, scope):
                            first = node.arguments[0].value if node.arguments and function.name in KEYED else None
                            step = ITEM if first is None else key_step(first)
                            return [(*slot, step) for slot in containers]
                    elif function.name in SAME_ELEMENTS and not self.types.callees(node, scope):
                        return self.slots_of(function.value, scope)
                if _copies(node):
                    return self.slots_of(node.arguments[0].value, scope)
                result = []
                for fid in self.types.callees(node, scope)[:MOST_CALLEES]:
                    for value in self.index.functions[fid].returns[:MOST_RETURNS]:
                        result.extend(self.slots_of(value, fid))
                return result
            case _:
                return []

    def makes_copy(self, node: f.Expression, scope: ScopeId) -> bool:
        """Whether the expression is a copy of what ``slots_of`` says it holds the elements of."""
        if not isinstance(node, f.Call):
            return False
        if _copies(node) or (isinstance(node.function, f.Attribute) and node.function.name == "copy"):
            return True
        returned = (
            v for fid in self.types.callees(node, scope)[:MOST_CALLEES] for v in self.index.functions[fid].returns
        )
        return any(_copies(value) for value in returned)

    def elements(self, base: Slot, steps: Slot) -> Atoms:
        """What a container holds where ``steps`` lead, by what is put into it anywhere."""
        result: list[Atom] = []
        for binding in self.types.bindings(base):
            if binding.annotation is not None:
                result.extend(self.element_annotation(binding.annotation, binding.scope, len(steps)))
            if binding.value is None:
                continue
            if binding.how == "is":
                result.extend(self.inside(binding.value, binding.scope, steps))
            elif binding.how == "element":
                for other in self.slots_of(binding.value, binding.scope):
                    result.extend(self.types.slot((*other, ITEM, *steps)))
            elif binding.how == "element-item" and binding.at == 1:
                call = binding.value
                if isinstance(call, f.Call) and isinstance(call.function, f.Attribute):
                    for other in self.slots_of(call.function.value, binding.scope):
                        result.extend(self.types.slot((*other, ITEM, *steps)))
        if base[0] == "v":
            function = self.index.functions.get(base[1])
            at = self.types.parameter_index(function, base[2]) if function is not None else -1
            if function is not None and at >= 0:
                annotation = function.facts.parameters[at].annotation
                if annotation is not None:
                    result.extend(self.element_annotation(annotation, base[1], len(steps)))
                for value, scope in self.types.arguments(base[1], at):
                    result.extend(self.inside(value, scope, steps))
        for store in self._stores(base, steps[0]):
            rest = len(steps) - len(store.steps)
            if rest < 0 or not all(map(may_be_same, store.steps, steps)):
                continue
            containers = self.slots_of(store.container, store.scope)
            if base in containers or (
                base[0] == "a"
                and not rest
                and any(s[0] == "a" and s[2:] == base[2:] and self.types.related(s[1], base[1]) for s in containers)
            ):
                result.extend(self._held(store.value, store.scope, steps[len(store.steps) :]))
        return tuple(result)

    def _stores(self, base: Slot, step: str) -> Iterator[Store]:
        """What is put into containers that go by the name of this one and can be it, where the step can lead."""
        for store in self._leading(base[2], step):
            kind = type(store.container)
            if kind is f.Attribute or (_KINDS[kind] == base[0] and (kind is not f.Local or store.scope == base[1])):
                yield store

    def _leading(self, name: str, step: str) -> list[Store]:
        """What is put into containers of that name, where the step can lead."""
        stores = self.index.stores.get(name, [])
        if step == ITEM or not stores:
            return stores
        by_step = self._by_step.get(name)
        if by_step is None:
            by_step = self._by_step[name] = {}
            for store in stores:
                by_step.setdefault(store.steps[0], []).append(store)
        return by_step.get(step, []) + by_step.get(ITEM, [])

    def inside(self, node: f.Expression, scope: ScopeId, steps: Slot) -> Atoms:
        """What is found along ``steps`` in the value of an expression."""
        if isinstance(node, f.Display):
            result: list[Atom] = []
            for at, value in enumerate(node.values):
                key = node.keys[at] if node.kind == "dict" else node
                if key is None:
                    result.extend(self.inside(value, scope, steps))
                elif node.kind != "dict" or may_be_same(key_step(key), steps[0]):
                    result.extend(self._held(value, scope, steps[1:]))
            return tuple(result)
        if isinstance(node, f.Comprehension):
            return self._held(node.element, scope, steps[1:])
        if (
            isinstance(node, f.Call)
            and isinstance(node.function, f.Global | f.Attribute)
            and node.function.name == "defaultdict"
            and node.arguments
        ):
            made = self.types.call(f.Call(node.arguments[0].value, (), node.pos), scope)
            if len(steps) == 1:
                return self.types.expand(made)
        result = []
        for other in self.slots_of(node, scope):
            result.extend(self.types.slot((*other, *steps)))
        if isinstance(node, f.Call):
            for fid in self.types.callees(node, scope)[:MOST_CALLEES]:
                for value in self.index.functions[fid].returns[:MOST_RETURNS]:
                    if isinstance(value, f.Display | f.Comprehension):
                        result.extend(self.inside(value, fid, steps))
        return tuple(result)

    def _held(self, node: f.Expression, scope: ScopeId, steps: Slot) -> Atoms:
        """A value that is written there, or what is found along ``steps`` in it."""
        return self.inside(node, scope, steps) if steps else self.types.expand(self.types.of(node, scope))

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
        return self.types.annotation(node, scope)

    def element_of(self, node: f.Expression, scope: ScopeId) -> Atoms:
        """What a loop over the expression yields."""
        result: list[Atom] = []
        if isinstance(node, f.Display | f.Comprehension):
            return self.inside(node, scope, (ITEM,))
        for slot in self.slots_of(node, scope):
            result.extend(self.types.slot((*slot, ITEM)))
        if not result and isinstance(node, f.Call):
            result.extend(plugins.listed(self.types, node, scope))
            for fid in self.types.callees(node, scope):
                function = self.index.functions[fid]
                for value in function.yields:
                    result.extend(self.types.expand(self.types.of(value, fid)))
                for value in function.returns:
                    if isinstance(value, f.Display | f.Comprehension):
                        result.extend(self.inside(value, fid, (ITEM,)))
        return tuple(result)

    def item(self, node: f.Item, scope: ScopeId) -> Atoms:
        """``value[key]``"""
        result: list[Atom] = []
        if isinstance(node.key, f.Constant) and node.key.kind == "str" and isinstance(node.value, f.Local):
            result.extend(self.keyword(scope, node.value.name, node.key.text))
        for slot in self.slots_of(node, scope):
            result.extend(self.types.slot(slot))
        if not result:
            for atom in self.types.expand(self.types.of(node.value, scope)):
                if atom[0] == "inst":
                    getter = self.names.method(atom[1], "__getitem__")
                    if getter is not None:
                        result.extend(self.types.substitute(self.types.returns(getter), [(atom,)], getter))
        return tuple(result)

    def keyword(self, fid: ScopeId, name: str, key: str) -> Atoms:
        """``kwargs["key"]`` in a function whose ``**`` parameter is ``kwargs``."""
        return tuple(
            atom
            for value, scope in self.keyword_arguments(fid, name, key)
            for atom in self.types.expand(self.types.of(value, scope))
        )

    def keyword_arguments(self, fid: ScopeId, name: str, key: str) -> list[tuple[f.Expression, ScopeId]]:
        """What callers pass as keyword ``key``, also through ``resource_class_kwargs={"key": …}`` of Flask-RESTful."""
        function = self.index.functions.get(fid)
        at = self.types.parameter_index(function, name) if function is not None else -1
        if function is None or at < 0 or function.facts.parameters[at].kind != "**":
            return []
        found: list[tuple[f.Expression, ScopeId]] = []
        for site, _ in self.types.sites(fid):
            found.extend((a.value, site.scope) for a in site.call.arguments if a.keyword == key)
        return found + self.types.constructors.given(fid, key)

    def rows(self, value: f.Expression, scope: ScopeId) -> list[f.Display]:
        """The rows of a table written as a list or tuple of tuples, here or in the one place that binds its name."""
        if isinstance(value, f.Global | f.Local | f.Free):
            bound = [binding for slot in self.slots_of(value, scope) for binding in self.types.bindings(slot)]
            if len(bound) != 1 or bound[0].how != "is" or bound[0].value is None or bound[0].scope != scope:
                return []
            value = bound[0].value
        if not isinstance(value, f.Display) or value.kind == "dict":
            return []
        return [row for row in value.values if isinstance(row, f.Display) and row.kind in ("tuple", "list")]

    def unpacked(self, value: f.Expression, at: int, scope: ScopeId) -> Atoms:
        """The ``at``-th part of each item of an iterable: a table of rows, ``enumerate``, ``.items()``, ``zip``."""
        rows = self.rows(value, scope)
        if rows:
            parts = [row.values[at] for row in rows if 0 <= at < len(row.values)]
            return tuple(atom for part in parts for atom in self.types.expand(self.types.of(part, scope)))
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
        step = key_step(f.Constant("int", str(at)))
        return tuple(atom for slot in self.slots_of(value, scope) for atom in self.types.slot((*slot, ITEM, step)))
