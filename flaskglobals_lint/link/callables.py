"""What calls give: builtins, functions of the project and their decorators, library names and methods."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from flaskglobals_lint import facts as f
from flaskglobals_lint.link.answers import MOST_ATOMS
from flaskglobals_lint.link.elements import ELEMENT_METHODS
from flaskglobals_lint.link.names import unique

if TYPE_CHECKING:
    from flaskglobals_lint.link.atoms import Atom, Atoms
    from flaskglobals_lint.link.index import ScopeId
    from flaskglobals_lint.link.types import Types

MOST_CLOSURES = 24
"""So many decorators, or other makers of closures, around one function are followed."""
BUILTIN_CONTAINERS = {
    "list": "list",
    "dict": "dict",
    "set": "set",
    "tuple": "tuple",
    "frozenset": "tuple",
    "sorted": "list",
}
TEXT_METHODS = {
    "capitalize", "format", "hexdigest", "isoformat", "join", "lower", "lstrip", "rstrip", "strftime", "strip", "title",
    "upper", "zfill",
}  # fmt: skip
"""Methods that give a text, whatever it is that has them."""
BUILTIN_VALUES = {"len", "int", "str", "float", "bool", "repr", "sum", "min", "max", "abs", "round", "hash", "id"}


class Callables:
    """Answers questions about calls."""

    def __init__(self, types: Types) -> None:
        self.types = types
        self.index = types.index
        self.names = types.names
        self.models = types.models
        self.answers = types.answers
        self._decorated: dict[ScopeId, Atoms] = {}
        self._decorating: set[ScopeId] = set()

    def call(self, node: f.Call, scope: ScopeId) -> Atoms:
        """What a call gives."""
        function = node.function
        special = self.special(node, scope)
        if special is not None:
            return special
        if isinstance(function, f.Attribute) and function.name in ELEMENT_METHODS | {"copy"}:
            slots = self.types.slots_of(node, scope)
            found = [atom for slot in slots for atom in self.types.slot(slot)]
            if found:
                return tuple(found)
        result: list[Atom] = []
        for atom in self.types.expand(self.types.of(function, scope)):
            result.extend(self.called(atom, node, scope))
        if not result and isinstance(function, f.Attribute) and function.name in TEXT_METHODS:
            return (("const", "str"),)
        return tuple(result)

    def special(self, node: f.Call, scope: ScopeId) -> Atoms | None:
        """Builtins that the analysis knows."""
        function = node.function
        if isinstance(function, f.Attribute) and function.name == "__new__" and node.arguments:
            made = self.types.expand(self.types.of(node.arguments[0].value, scope))
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
                return self.types.step(self.types.of(arguments[0].value, scope), "__class__")
            if name == "getattr" and len(arguments) >= 2 and isinstance(arguments[1].value, f.Constant):
                return self.types.step(self.types.of(arguments[0].value, scope), arguments[1].value.text)
            if name in ("iter", "reversed", "next") and arguments:
                return self.types.element_of(arguments[0].value, scope) if name == "next" else (("cont", "generator"),)
            if name in BUILTIN_VALUES:
                return (("const", "str" if name in ("str", "repr") else "value"),)
        return None

    def called(self, atom: Atom, node: f.Call, scope: ScopeId) -> Atoms:
        match atom[0]:
            case "class":
                return (("inst", atom[1]),)
            case "func":
                given = self.positions(atom[1], node, scope, None)
                return self.substitute(self.returns(atom[1]), given, atom[1], atom[2])
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
                return (atom,) if self.is_result(atom, node, scope) else self.library_method(atom, "__call__")
            case "extm":
                owner = ("conn", atom[1][5:]) if atom[1].startswith("conn:") else ("extinst", atom[1])
                return self.library_method(owner, atom[2])
            case _:
                return ()

    def library(self, dotted: str, node: f.Call, scope: ScopeId) -> Atoms:
        """Calling a library's name."""
        if dotted in ("functools.partial", "flask.copy_current_request_context") and node.arguments:
            return self.types.of(node.arguments[0].value, scope)
        if dotted in ("copy.copy", "copy.deepcopy") and node.arguments:
            return self.types.of(node.arguments[0].value, scope)
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

    def is_result(self, atom: Atom, node: f.Call, scope: ScopeId) -> bool:
        """Whether the object is what the called method of a library object returns, not what is called."""
        function = node.function
        if atom[0] != "extinst" or not isinstance(function, f.Attribute):
            return False
        owners = self.types.expand(self.types.of(function.value, scope))
        return any(o[0] == "extinst" and self.models.result(o[1], function.name) == atom[1] for o in owners)

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
        called = self.types.expand(self.types.of(node.function, scope))
        return list(dict.fromkeys(atom[1] for atom in called if atom[0] in ("func", "bound")))

    def returns(self, fid: ScopeId) -> Atoms:
        """What a function returns, its parameters symbolic."""
        key = ("returns", fid)
        found = self.answers.known(key)
        if found is not None:
            return found
        function = self.index.functions[fid]
        result: list[Atom] = []
        if function.facts.is_generator and not self.is_context_manager(fid):
            result.append(("cont", "generator"))
        else:
            if function.facts.returns is not None:
                result.extend(self.types.annotation(function.facts.returns, fid))
            for node in function.returns:
                result.extend(self.types.of(node, fid))
        return self.answers.keep(key, unique(result)[:MOST_ATOMS])

    def returned_item(self, value: f.Expression, at: int, scope: ScopeId) -> Atoms:
        """``a, b = f()`` where f returns a tuple display."""
        if not isinstance(value, f.Call):
            return ()
        result: list[Atom] = []
        for fid in self.callees(value, scope):
            for node in self.index.functions[fid].returns:
                if isinstance(node, f.Display) and 0 <= at < len(node.values):
                    result.extend(self.types.expand(self.types.of(node.values[at], fid)))
        return tuple(result)

    def entered(self, value: f.Expression, scope: ScopeId) -> Atoms:
        """What ``with value as x`` binds: ``__enter__``'s result, a context manager function's yield, or the object."""
        result: list[Atom] = []
        if isinstance(value, f.Call):
            for fid in self.callees(value, scope):
                function = self.index.functions[fid]
                for node in function.yields:
                    result.extend(self.types.expand(self.types.of(node, fid)))
        if result:
            return tuple(result)
        for atom in self.types.of(value, scope):
            if atom[0] == "inst":
                enter = self.names.method(atom[1], "__enter__")
                result.extend(self.substitute(self.returns(enter), [(atom,)], enter) if enter else ())
            else:
                result.append(atom)
        return tuple(result)

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
                if nested is not None and held and not atom[2] and not too_many(held):
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
                given[index] = self.types.of(argument.value, scope)
        return given

    def decorated(self, fid: ScopeId) -> Atoms:
        """What a definition's name is bound to once its decorators have run; an unknown decorator changes nothing."""
        found = self._decorated.get(fid)
        if found is not None:
            if fid in self._decorating:
                self.answers.doubt()
            return found
        plain: Atoms = (("func", fid, ()),)
        self._decorated[fid] = plain
        function = self.index.functions[fid]
        if function.facts.decorators:
            self._decorating.add(fid)
            self._decorated[fid] = self.apply_decorators(fid, len(function.facts.decorators))
            self._decorating.remove(fid)
        return self._decorated[fid]

    def apply_decorators(self, fid: ScopeId, count: int) -> Atoms:
        """The value after the ``count`` decorators nearest to the definition."""
        function = self.index.functions[fid]
        scope = function.parent or f"{function.module.path}:"
        current: Atoms = (("func", fid, ()),)
        decorators = function.facts.decorators
        for decorator in reversed(decorators[len(decorators) - count :]):
            result: list[Atom] = []
            for atom in self.types.expand(self.types.of(decorator, scope)):
                if atom[0] == "func":
                    if self.index.functions[atom[1]].parent is None and atom[1] == fid:
                        continue
                    given: list[Atoms] = [current]
                    result.extend(self.substitute(self.returns(atom[1]), given, atom[1], atom[2]))
                elif atom[0] == "bound":
                    result.extend(self.substitute(self.returns(atom[1]), [(atom[2],), current], atom[1]))
                elif atom[0] == "inst" and (method := self.names.method(atom[1], "__call__")) is not None:
                    result.extend(self.substitute(self.returns(method), [(atom,), current], method))
                elif atom[0] == "class" and self.names.method(atom[1], "__call__") is not None:
                    # The name is bound to an object that is made at the definition, and called in its place.
                    result.append(("inst", atom[1]))
            functions = tuple(atom for atom in result if atom[0] in ("func", "bound", "inst"))
            if functions:
                current = unique(functions)
        return current


def too_many(bindings: Iterable[Atom]) -> bool:
    """Whether closures are given closures that are given closures, more in all than are followed."""
    waiting, count = list(bindings), 0
    while waiting:
        value = waiting.pop()[2]
        if value[0] == "func":
            waiting += value[2]
            count += 1
            if count > MOST_CLOSURES:
                return True
    return False


def _text(node: f.Expression) -> str:
    """A keyword argument's value as the models write it: a constant's text or a dotted name."""
    if isinstance(node, f.Constant):
        return node.text
    if isinstance(node, f.Attribute):
        return f"{_text(node.value)}.{node.name}"
    return node.name if isinstance(node, f.Global | f.Local | f.Free) else ""
