"""Python's scopes: what a name refers to, decided from the tree alone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import Enum
from typing import Final, NamedTuple, TypeAlias

from flaskglobals_lint import facts

LAMBDA: Final = "<lambda>"
"""The name of every lambda."""


class Kind(Enum):
    """What opens a scope. A comprehension and a list of type parameters run inside the code around them."""

    MODULE = "module"
    FUNCTION = "function"
    CLASS = "class"
    COMPREHENSION = "comprehension"
    TYPE_PARAMETERS = "type parameters"


class Bindings(NamedTuple):
    """The names that a body binds and those it declares, as written."""

    bound: set[str]
    globals: set[str]
    nonlocals: set[str]


class Reference(NamedTuple):
    """A resolved name, still without its position."""

    kind: type[facts.Local | facts.Free | facts.Global | facts.ClassName]
    name: str
    owner: str

    def at(self, place: facts.Place) -> Name:
        if self.kind is facts.Global:
            return facts.Global(self.name, place)
        if self.kind is facts.Local:
            return facts.Local(self.name, place)
        return (facts.Free if self.kind is facts.Free else facts.ClassName)(self.name, self.owner, place)


Name: TypeAlias = facts.Local | facts.Free | facts.Global | facts.ClassName


class Scope:
    """One scope.

    ``qualname`` is that of the function or class (empty: the module). ``frame`` is the module, function or class whose
    code this scope's code belongs to: the scope itself but for comprehensions and type parameters.
    """

    def __init__(
        self,
        kind: Kind,
        qualname: str,
        parent: Scope | None,
        bindings: Bindings,
        private: str | None = None,
    ) -> None:
        self.kind = kind
        self.qualname = qualname
        self.parent = parent
        self.private: str = private if private is not None else parent.private if parent is not None else ""
        self.is_generator = False
        inline = kind is Kind.COMPREHENSION or kind is Kind.TYPE_PARAMETERS
        # A reference to itself would keep it from being freed, as the collector of cycles is off.
        self._frame: Scope | None = parent.frame if inline and parent is not None else None
        self.renamed: Mapping[str, str] = {}
        self._numbers = 0
        self._references: dict[str, Reference] = {}
        declared = bindings.globals | bindings.nonlocals
        self.globals = self._mangle_all(bindings.globals)
        bound = self._mangle_all(bindings.bound - declared if declared else bindings.bound)
        if inline:
            number = self.frame.next_number()
            self.renamed = {name: f"{name}'{number}" for name in bound}
            bound = set()
        self.bound = bound

    @property
    def frame(self) -> Scope:
        return self if self._frame is None else self._frame

    def next_number(self) -> int:
        """A number that sets a comprehension's variables apart from all others of this frame."""
        self._numbers += 1
        return self._numbers

    def mangle(self, name: str) -> str:
        """``name`` as a class body around it makes it: ``__x`` in a class ``C`` is ``_C__x``."""
        if name[:2] != "__" or not self.private or name[-2:] == "__":
            return name
        return f"_{self.private}{name}"

    def _mangle_all(self, names: Iterable[str]) -> set[str]:
        return {self.mangle(name) for name in names} if self.private else set(names)

    def resolve(self, name: str) -> Reference:
        """What ``name``, used in this scope, refers to."""
        reference = self._references.get(name)
        if reference is None:
            reference = self._references[name] = self._find(self.mangle(name))
        return reference

    def resolve_walrus(self, name: str) -> Reference:
        """What ``name := …`` binds here: comprehensions hand it on to the code around them."""
        return self.frame.resolve(name)

    def enclosing_function(self) -> str | None:
        """The qualified name of the innermost function that holds this scope's code."""
        scope: Scope | None = self
        while scope is not None and scope.kind is not Kind.FUNCTION:
            scope = scope.parent
        return scope.qualname if scope is not None else None

    def enclosing_class(self) -> str | None:
        """The qualified name of the class whose body this scope's code is."""
        return self.frame.qualname if self.frame.kind is Kind.CLASS else None

    def _find(self, name: str) -> Reference:
        scope: Scope | None = self
        class_visible = True
        while scope is not None:
            if name in scope.globals and (scope.kind is not Kind.CLASS or class_visible):
                break
            if name in scope.renamed:
                kind = facts.Local if scope.frame is self.frame else facts.Free
                return Reference(kind, scope.renamed[name], scope.frame.qualname)
            if name in scope.bound:
                if scope.kind is Kind.FUNCTION:
                    kind = facts.Local if scope is self.frame else facts.Free
                    return Reference(kind, name, scope.qualname)
                if scope.kind is Kind.CLASS and class_visible:
                    return Reference(facts.ClassName, name, scope.qualname)
            # A class body's names are visible in the body itself, not in the scopes inside it.
            class_visible = class_visible and scope.kind is Kind.TYPE_PARAMETERS
            scope = scope.parent
        return Reference(facts.Global, name, "")
