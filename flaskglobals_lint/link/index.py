"""One pass over all facts: who binds which name, stores which attribute or item, calls what.

Everything is kept by plain strings (``path:qualname``), so that later stages are deterministic and cheap. Nothing is
resolved here; ``names`` does that on demand.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from sys import intern
from typing import Any, Final, TypeAlias, TypeVar

import msgspec

from flaskglobals_lint import facts as f
from flaskglobals_lint.link import namespaces
from flaskglobals_lint.link.atoms import ITEM, key_step
from flaskglobals_lint.link.inputs import LinkInput

_T = TypeVar("_T")

ScopeId: TypeAlias = str
"""``path:qualname`` of a function or class; ``path:`` alone is the module's own code."""


class Binding(msgspec.Struct, frozen=True, gc=False):
    """One way a name gets a value.

    ``how`` is is (the value itself), element (a loop over it), enter (``with``), item (unpacking; ``at`` is the index),
    function, class, import, augmented, annotation or opaque (an exception, a pattern). ``scope`` is the code that does it.
    """

    how: str
    scope: ScopeId
    place: f.Place
    value: f.Expression | None = None
    name: str = ""
    at: int = -1
    imported: f.Import | None = None
    annotation: f.Expression | None = None

    @property
    def pos(self) -> f.Position:
        return f.position(self.place)


class CallSite(msgspec.Struct, frozen=True, gc=False):
    """A call as written, and the code it stands in. A decorator is a call with the decorated definition as argument."""

    scope: ScopeId
    call: f.Call
    decorated: str = ""


class Store(msgspec.Struct, frozen=True, gc=False):
    """``container[key] = value`` or a method that adds ``value``; ``steps`` lead from the container, a name, to the value."""

    scope: ScopeId
    container: f.Expression
    value: f.Expression
    steps: tuple[str, ...]


class ModuleIndex(msgspec.Struct):
    """A module's definitions and names. ``path`` is the path in every ScopeId: a colon in a file's name does not end
    it there. ``inner`` are the variables of comprehensions in its own code. ``imports`` are all import statements anywhere in
    the module, ``stars`` those of everything. ``dynamic`` are objects whose attributes become
    module names at run time (``globals()[name] = getattr(object, name)``)."""

    input: LinkInput
    path: str
    dotted: str
    names: dict[str, Sequence[Binding]] = msgspec.field(default_factory=dict)
    inner: dict[str, Sequence[Binding]] = msgspec.field(default_factory=dict)
    imports: list[f.Import] = msgspec.field(default_factory=list)
    stars: list[f.Import] = msgspec.field(default_factory=list)
    dynamic: list[f.Expression] = msgspec.field(default_factory=list)


class FunctionIndex(msgspec.Struct):
    """A function, its module, and what its own code binds and returns. ``parent`` is the enclosing function's id, ``cls``
    that of the class whose body the definition stands in."""

    id: ScopeId
    module: ModuleIndex
    facts: f.Function
    parent: ScopeId | None
    cls: ScopeId | None
    names: dict[str, Sequence[Binding]] = msgspec.field(default_factory=dict)
    returns: Sequence[f.Expression] = ()
    yields: Sequence[f.Expression] = ()


class ClassIndex(msgspec.Struct):
    """A class, its own names (methods too), and its subclasses (filled by ``names``)."""

    id: ScopeId
    module: ModuleIndex
    facts: f.Class
    names: dict[str, Sequence[Binding]] = msgspec.field(default_factory=dict)
    methods: dict[str, list[ScopeId]] = msgspec.field(default_factory=dict)


class Index(msgspec.Struct):
    """All modules of the program."""

    modules: dict[str, ModuleIndex] = msgspec.field(default_factory=dict)
    functions: dict[ScopeId, FunctionIndex] = msgspec.field(default_factory=dict)
    classes: dict[ScopeId, ClassIndex] = msgspec.field(default_factory=dict)
    attributes: dict[str, list[tuple[f.Attribute, Binding]]] = msgspec.field(default_factory=dict)
    stores: dict[str, list[Store]] = msgspec.field(default_factory=dict)
    calls: dict[str, list[CallSite]] = msgspec.field(default_factory=dict)
    keywords: dict[str, list[tuple[ScopeId, f.Display]]] = msgspec.field(default_factory=dict)
    """Dictionaries that are written out as an argument, by its keyword: the code that passes each, and the dictionary."""

    def module_of(self, scope: ScopeId) -> ModuleIndex:
        return self.modules[scope[: scope.index(":")]]


def dotted_name(relative: str) -> str:
    """``src/app/views.py`` → ``app.views``; a package is named by its folder."""
    parts = relative.removesuffix(".pyw").removesuffix(".py").split("/")
    if parts[0] in ("src", "lib") and len(parts) > 1:
        parts = parts[1:]
    if parts[-1] == "__init__" and len(parts) > 1:
        parts = parts[:-1]
    return ".".join(parts)


def build(inputs: list[LinkInput]) -> Index:
    """Index every module, in the order given."""
    index = Index()
    for item in inputs:
        path = intern(item.relative.replace(":", "\0"))
        module = index.modules[path] = ModuleIndex(item, path, dotted_name(item.relative))
        for function in item.facts.functions:
            scope = intern(f"{path}:{function.qualname}")
            parent = intern(f"{path}:{function.function}") if function.function else None
            owner = intern(f"{path}:{function.cls}") if function.cls else None
            index.functions[scope] = FunctionIndex(scope, module, function, parent, owner)
        for cls in item.facts.classes:
            scope = intern(f"{path}:{cls.qualname}")
            index.classes[scope] = ClassIndex(scope, module, cls)
        _Walker(index, module).module()
    return index


_ADDERS = {"append": 0, "appendleft": 0, "add": 0, "insert": 1, "setdefault": 1, "put": 0, "put_nowait": 0}


def attribute_by_dict(node: f.Item) -> f.Attribute | None:
    """The attribute that ``obj.__dict__["name"]`` is."""
    names = node.value
    if isinstance(names, f.Attribute) and names.name == "__dict__" and isinstance(node.key, f.Constant):
        return f.Attribute(names.value, node.key.text, node.place)
    return None


def last_name(expression: f.Expression) -> str:
    """The last identifier of ``a.b.c`` or ``c``, else empty."""
    if isinstance(expression, f.Attribute):
        return expression.name
    if isinstance(expression, f.Local | f.Global | f.Free | f.ClassName):
        return expression.name
    return ""


def _with(some: Sequence[_T], one: _T) -> Sequence[_T]:
    """``some`` and one more. Most names are bound once, most functions return one value: a list for each takes much memory."""
    if isinstance(some, list):
        some.append(one)
        return some
    return [*some, one] if some else (one,)


def _add(names: dict[str, Sequence[Binding]], name: str, binding: Binding) -> None:
    names[name] = _with(names.get(name, ()), binding)


class _Walker:
    """Fills the index from one module."""

    def __init__(self, index: Index, module: ModuleIndex) -> None:
        self.index = index
        self.module_index = module
        self.scope: ScopeId = intern(f"{module.path}:")
        self.function: FunctionIndex | None = None

    def module(self) -> None:
        item = self.module_index.input.facts
        path = self.module_index.path
        self.block(item.body)
        for function in item.functions:
            scope = intern(f"{path}:{function.qualname}")
            entry = self.index.functions[scope]
            self.scope, self.function = scope, entry
            parent = entry.parent
            self.block(function.body)
            for parameter in function.parameters:
                if parameter.default is not None:
                    self.expression(parameter.default)
            for decorator in function.decorators:
                self.decorator(decorator, scope, parent)
        for cls in item.classes:
            scope = intern(f"{path}:{cls.qualname}")
            outer = intern(f"{path}:{cls.function or ''}")
            self.scope, self.function = outer, self.index.functions.get(outer)
            self.block(cls.body)
            for base in cls.bases:
                self.expression(base)
            for decorator in cls.decorators:
                self.decorator(decorator, scope, outer)

    def decorator(self, decorator: f.Expression, decorated: ScopeId, parent: ScopeId | None) -> None:
        scope = parent or intern(f"{self.module_index.path}:")
        self.expression(decorator)
        place = getattr(decorator, "place", f.NOWHERE)
        name = last_name(decorator)
        if isinstance(decorator, f.Call):
            name = last_name(decorator.function) + "()"
        self.index.calls.setdefault(name, []).append(CallSite(scope, f.Call(decorator, (), place), decorated))

    # -- binding --

    def bind(self, target: f.Expression, binding: Binding) -> None:
        match target:
            case f.Local():
                names = self.function.names if self.function is not None else self.module_index.inner
                _add(names, target.name, binding)
            case f.Global():
                _add(self.module_index.names, target.name, binding)
            case f.Free():
                owner = self.index.functions.get(f"{self.module_index.path}:{target.owner}")
                if owner is not None:
                    _add(owner.names, target.name, binding)
            case f.ClassName():
                cls = self.index.classes.get(f"{self.module_index.path}:{target.owner}")
                if cls is not None:
                    _add(cls.names, target.name, binding)
                    if binding.how == "function":
                        cls.methods.setdefault(target.name, []).append(binding.name)
            case f.Attribute():
                self.index.attributes.setdefault(target.name, []).append((target, binding))
                self.expression(target.value)
            case f.Item():
                self.store(target.value, binding, target.key)
                self.expression(target.value)
                self.expression(target.key)
                named = attribute_by_dict(target)
                if named is not None:
                    self.index.attributes.setdefault(named.name, []).append((named, binding))
                variable = namespaces.item(target)
                if variable is not None:
                    self.bind(variable, binding)
                if (
                    isinstance(target.value, f.Call)
                    and isinstance(target.value.function, f.Global)
                    and target.value.function.name == "globals"
                    and isinstance(binding.value, f.Call)
                    and last_name(binding.value.function) == "getattr"
                    and binding.value.arguments
                ):
                    self.module_index.dynamic.append(binding.value.arguments[0].value)
            case f.Display():
                values = target.values
                for at, value in enumerate(values):
                    inner = value.value if isinstance(value, f.Starred) else value
                    if (
                        binding.how == "is"
                        and isinstance(binding.value, f.Display)
                        and binding.value.kind in ("tuple", "list")
                        and len(binding.value.values) == len(values)
                    ):
                        self.bind(inner, Binding("is", self.scope, binding.place, binding.value.values[at]))
                    else:
                        how = {"is": "item", "element": "element-item"}.get(binding.how, "opaque")
                        self.bind(inner, Binding(how, self.scope, binding.place, binding.value, at=at))
            case f.Starred():
                self.bind(target.value, Binding("opaque", self.scope, binding.place))
            case _:
                pass

    def store(self, container: f.Expression, binding: Binding, key: f.Expression | None = None) -> None:
        steps: tuple[str, ...] = (ITEM if key is None else key_step(key),)
        while isinstance(container, f.Item):
            steps = (key_step(container.key), *steps)
            container = container.value
        name = last_name(container)
        if name and binding.value is not None and binding.how == "is":
            self.index.stores.setdefault(name, []).append(Store(self.scope, container, binding.value, steps))

    # -- statements --

    def block(self, body: tuple[f.Statement, ...]) -> None:
        for statement in body:
            handler = _STATEMENTS.get(type(statement))
            if handler is not None:
                handler(self, statement)

    def value(self, node: f.Evaluate | f.Raise) -> None:
        if node.value is not None:
            self.expression(node.value)

    def assign(self, node: f.Assign) -> None:
        self.expression(node.value)
        for target in node.targets:
            self.bind(target, Binding("is", self.scope, node.place, node.value))

    def augmented(self, node: f.AugmentedAssign) -> None:
        self.expression(node.value)
        self.bind(node.target, Binding("augmented", self.scope, node.place, node.value))

    def annotated(self, node: f.AnnotatedAssign) -> None:
        if node.value is not None:
            self.expression(node.value)
        how = "is" if node.value is not None else "annotation"
        self.bind(node.target, Binding(how, self.scope, node.place, node.value, annotation=node.annotation))

    def returned(self, node: f.Return) -> None:
        if node.value is not None:
            self.expression(node.value)
            if self.function is not None:
                self.function.returns = _with(self.function.returns, node.value)

    def branch(self, node: f.If | f.While) -> None:
        self.expression(node.test)
        self.block(node.body)
        self.block(node.orelse)

    def loop(self, node: f.For) -> None:
        self.expression(node.iterable)
        self.bind(node.target, Binding("element", self.scope, node.place, node.iterable))
        self.block(node.body)
        self.block(node.orelse)

    def attempt(self, node: f.Try) -> None:
        self.block(node.body)
        for handler in node.handlers:
            if handler.name is not None:
                self.bind(handler.name, Binding("opaque", self.scope, node.place))
            self.block(handler.body)
        self.block(node.orelse)
        self.block(node.final)

    def held(self, node: f.With) -> None:
        for item in node.items:
            self.expression(item.value)
            if item.target is not None:
                self.bind(item.target, Binding("enter", self.scope, item.place, item.value))
        self.block(node.body)

    def define(self, node: f.Define) -> None:
        name = intern(f"{self.module_index.path}:{node.function}")
        self.bind(node.target, Binding("function", self.scope, node.place, name=name))

    def define_class(self, node: f.DefineClass) -> None:
        name = intern(f"{self.module_index.path}:{node.cls}")
        self.bind(node.target, Binding("class", self.scope, node.place, name=name))

    def imported(self, node: f.Import) -> None:
        self.module_index.imports.append(node)
        if node.name == "*":
            self.module_index.stars.append(node)
        elif node.target is not None:
            self.bind(node.target, Binding("import", self.scope, node.place, imported=node))

    def match(self, node: f.Match) -> None:
        self.expression(node.subject)
        for case in node.cases:
            for bound in case.names:
                self.bind(bound, Binding("opaque", self.scope, node.place))
            if case.guard is not None:
                self.expression(case.guard)
            self.block(case.body)

    def asserted(self, node: f.Assert) -> None:
        self.expression(node.test)

    def delete(self, node: f.Delete) -> None:
        for target in node.targets:
            if isinstance(target, f.Attribute | f.Item):
                self.expression(target.value)

    # -- expressions: only calls and bindings matter --

    def expression(self, node: f.Expression) -> None:
        handler = _EXPRESSIONS.get(type(node))
        if handler is not None:
            handler(self, node)

    def expressions(self, nodes: Iterable[f.Expression]) -> None:
        for node in nodes:
            handler = _EXPRESSIONS.get(type(node))
            if handler is not None:
                handler(self, node)

    def inner(self, node: f.Attribute | f.Await | f.Starred) -> None:
        inside = node.value
        while type(inside) is f.Attribute:
            inside = inside.value
        self.expression(inside)

    def item(self, node: f.Item) -> None:
        self.expression(node.value)
        self.expression(node.key)

    def display(self, node: f.Display) -> None:
        self.expressions(node.values)

    def operation(self, node: f.Operation | f.Compare | f.Boolean) -> None:
        self.expressions(node.operands)

    def conditional(self, node: f.Conditional) -> None:
        self.expression(node.test)
        self.expression(node.body)
        self.expression(node.orelse)

    def comprehension(self, node: f.Comprehension) -> None:
        for clause in node.clauses:
            self.expression(clause.iterable)
            self.bind(clause.target, Binding("element", self.scope, clause.place, clause.iterable))
            for condition in clause.conditions:
                self.expression(condition)
        if node.key is not None:
            self.expression(node.key)
        self.expression(node.element)

    def yielded(self, node: f.Yield) -> None:
        if node.value is not None:
            self.expression(node.value)
            if self.function is not None:
                self.function.yields = _with(self.function.yields, node.value)

    def walrus(self, node: f.Walrus) -> None:
        self.expression(node.value)
        self.bind(node.target, Binding("is", self.scope, node.place, node.value))

    def call(self, node: f.Call) -> None:
        function = node.function
        name = last_name(function)
        if isinstance(function, f.Call):
            name = last_name(function.function) + "()"
        self.index.calls.setdefault(name, []).append(CallSite(self.scope, node))
        self.expression(function)
        for argument in node.arguments:
            if argument.keyword is not None and isinstance(argument.value, f.Display) and argument.value.keys:
                self.index.keywords.setdefault(argument.keyword, []).append((self.scope, argument.value))
        self.expressions([argument.value for argument in node.arguments])
        member = isinstance(function, f.Attribute)
        if name == ("__setattr__" if member else "setattr") and len(node.arguments) == 3:
            key = node.arguments[1].value
            if isinstance(key, f.Constant) and key.kind == "str":
                target = f.Attribute(node.arguments[0].value, key.text, node.place)
                binding = Binding("is", self.scope, node.place, node.arguments[2].value)
                self.index.attributes.setdefault(key.text, []).append((target, binding))
        elif isinstance(function, f.Attribute):
            at = _ADDERS.get(function.name)
            if at is not None and len(node.arguments) > at:
                binding = Binding("is", self.scope, node.place, node.arguments[at].value)
                self.store(function.value, binding)


_EXPRESSIONS: Final[dict[type, Callable[[_Walker, Any], None]]] = {
    f.Attribute: _Walker.inner,
    f.Await: _Walker.inner,
    f.Starred: _Walker.inner,
    f.Call: _Walker.call,
    f.Item: _Walker.item,
    f.Display: _Walker.display,
    f.Operation: _Walker.operation,
    f.Compare: _Walker.operation,
    f.Boolean: _Walker.operation,
    f.Conditional: _Walker.conditional,
    f.Comprehension: _Walker.comprehension,
    f.Yield: _Walker.yielded,
    f.Walrus: _Walker.walrus,
}
_STATEMENTS: Final[dict[type, Callable[[_Walker, Any], None]]] = {
    f.Evaluate: _Walker.value,
    f.Raise: _Walker.value,
    f.Assign: _Walker.assign,
    f.AugmentedAssign: _Walker.augmented,
    f.AnnotatedAssign: _Walker.annotated,
    f.Return: _Walker.returned,
    f.If: _Walker.branch,
    f.While: _Walker.branch,
    f.For: _Walker.loop,
    f.Try: _Walker.attempt,
    f.With: _Walker.held,
    f.Define: _Walker.define,
    f.DefineClass: _Walker.define_class,
    f.Import: _Walker.imported,
    f.Match: _Walker.match,
    f.Assert: _Walker.asserted,
    f.Delete: _Walker.delete,
}
