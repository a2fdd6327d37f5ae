"""The linked program: what checks are given."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar, TypeVarTuple

from flaskglobals_lint import facts as f
from flaskglobals_lint.finding import Chain, EntryPoint, Span
from flaskglobals_lint.link.contexts import Access, Conflict, Context, Reached
from flaskglobals_lint.link.deployment import Deployment
from flaskglobals_lint.link.paths import Paths, Place
from flaskglobals_lint.link.trees import Order

if TYPE_CHECKING:
    from flaskglobals_lint.link.evaluate import Evaluator
    from flaskglobals_lint.link.index import Binding, Index, ScopeId
    from flaskglobals_lint.link.starts import Start
    from flaskglobals_lint.link.types import Types


_Answer = TypeVar("_Answer")
_About = TypeVarTuple("_About")


@dataclass
class Program:
    """All modules, their entry points and what they do to shared places at request time."""

    index: Index
    types: Types
    paths: Paths
    evaluator: Evaluator
    starts: list[Start]
    reached: Reached
    deployment: Deployment = field(default_factory=Deployment)
    _once: dict[tuple[Any, ...], Any] = field(default_factory=dict)

    @cached_property
    def writes(self) -> dict[tuple[object, ...], list[Access]]:
        """Request-time writes by the key of the container or variable they change."""
        found: dict[tuple[object, ...], list[Access]] = {}
        for access in self.reached.writes:
            found.setdefault(base_key(access.place), []).append(access)
        return found

    @cached_property
    def reads(self) -> dict[tuple[object, ...], list[Access]]:
        """Request-time reads by the key of the container or variable."""
        found: dict[tuple[object, ...], list[Access]] = {}
        for access in self.reached.reads:
            found.setdefault(base_key(access.place), []).append(access)
        return found

    @cached_property
    def handed(self) -> dict[tuple[object, ...], list[Access]]:
        """Where shared objects are passed on as a whole, by the key of the container or variable."""
        found: dict[tuple[object, ...], list[Access]] = {}
        for access in self.reached.handed:
            found.setdefault(base_key(access.place), []).append(access)
        return found

    @cached_property
    def loops(self) -> dict[tuple[object, ...], list[Access]]:
        """Loops over shared containers, by the key of the container or variable."""
        found: dict[tuple[object, ...], list[Access]] = {}
        for access in self.reached.iterations:
            found.setdefault(base_key(access.place), []).append(access)
        return found

    @cached_property
    def uses(self) -> dict[tuple[object, ...], list[Access]]:
        """Uses of connections by the key of the place that holds them."""
        found: dict[tuple[object, ...], list[Access]] = {}
        for access in self.reached.uses:
            found.setdefault(access.place.key, []).append(access)
        return found

    @cached_property
    def _writes_below(self) -> dict[tuple[object, ...], list[Access]]:
        found: dict[tuple[object, ...], list[Access]] = {}
        for access in self.reached.writes:
            key = access.place.key
            found.setdefault(key, []).append(access)
            if len(key) > 1:
                found.setdefault(key[:-1], []).append(access)
        return found

    def writes_at(self, key: tuple[object, ...]) -> list[Access]:
        """Writes of exactly that place, and of its direct items and attributes."""
        return self._writes_below.get(key, [])

    @cached_property
    def serving(self) -> set[ScopeId]:
        """Functions that run while a request is served."""
        return {
            fid for fid, contexts in self.reached.contexts.items() if any(c.start.runs == "request" for c in contexts)
        }

    def once(self, question: Callable[[Program, *_About], _Answer], *about: *_About) -> _Answer:
        """The answer of a function of the program and of hashable values, computed when it is first asked for."""
        key = (question, *about)
        if key not in self._once:
            self._once[key] = question(self, *about)
        answer: _Answer = self._once[key]
        return answer

    def order(self, function: ScopeId) -> Order:
        """The code of a function in order."""
        return self.once(_order, function)

    def distinct(self, one: Access | Conflict, other: Access | Conflict) -> bool:
        """Whether two accesses of places with one key cannot be accesses of the same thing."""
        roots = (one.path[0], other.path[0])
        return (roots[0] != roots[1] and all(self._made_here(root) for root in roots)) or self.apart(one, other)

    def apart(self, one: Access | Conflict, other: Access | Conflict) -> bool:
        """Whether two accesses of places with one key lead to different objects: also attributes of ``self`` in methods of
        classes of which no object is an instance at once."""
        if self.paths.apart(one.path, other.path):
            return True
        first, second = self._class_of_self(one), self._class_of_self(other)
        return first is not None and second is not None and self.once(_disjoint, first, second)

    def _class_of_self(self, access: Access | Conflict) -> ScopeId | None:
        """The class of the method that gets at an attribute of its own object: the object is one of that class."""
        function = self.index.functions[access.context.function]
        record = access.pair.write if isinstance(access, Conflict) else access.record
        root, *steps = record.path
        own = root == ("p", function.id, 0) and self.types.names.kind(function.id) == "method"
        return function.cls if own and tuple(steps[:1]) == access.place.key[1:2] else None

    def _made_here(self, root: object) -> bool:
        if not isinstance(root, tuple) or root[0] != "g":
            return False
        bindings = self.types.bindings(root)
        return len(bindings) == 1 and isinstance(bindings[0].value, f.Call) and self.types.slot(root)[:1] != ()

    # -- for messages --

    def file(self, scope: ScopeId) -> str:
        """The printed path of the code's file."""
        return self.index.module_of(scope).input.path

    def span(self, scope: ScopeId, pos: f.Position, message: str = "") -> Span:
        return Span(self.file(scope), *pos, message)

    def qualified(self, scope: ScopeId) -> str:
        """``app.views.index``"""
        module = self.index.module_of(scope)
        name = scope[scope.index(":") + 1 :]
        return f"{module.dotted}.{name}" if name else module.dotted

    def name(self, scope: ScopeId) -> str:
        """``index`` or ``Store.add``: as short as a reader still recognises."""
        function = self.index.functions.get(scope)
        if function is None:
            return "the module"
        parts = function.facts.qualname.split("#")[0].split(".")
        return ".".join(parts[-2:]) if function.cls is not None else parts[-1]

    def entry_point(self, context: Context) -> EntryPoint:
        start = context.start
        return EntryPoint(self.qualified(start.function), start.kind, start.detail, start.path, start.line)

    def chain(self, context: Context) -> Chain:
        calls = []
        inner = context
        while (outer := inner.parent) is not None:
            if inner.pos is not None and outer.function != inner.function:
                calls.append(self.span(outer.function, inner.pos, f"calls `{self.name(inner.function)}`"))
            inner = outer
        return Chain.of(map(self.qualified, context.chain), reversed(calls))

    def definitions(self, access_path: tuple[object, ...]) -> list[Binding]:
        """Where the variable or attribute below which the path lies is bound, import-time code first."""
        base = access_path
        while len(base) > 1 and str(base[-1]).startswith("["):
            base = base[:-1]
        found = self.paths.bindings(base)
        return sorted(found, key=lambda b: (b.scope[-1] != ":", b.how != "is"))

    def guarded_by_comment(self, access_path: tuple[object, ...]) -> bool:
        """Whether a ``# guarded-by:`` comment stands on a definition of the place."""
        for binding in self.definitions(access_path):
            module = self.index.module_of(binding.scope)
            for comment in module.input.facts.comments:
                if comment.kind == "guarded-by" and binding.pos[0] <= comment.line <= binding.pos[2]:
                    return True
        return False


def _order(program: Program, function: ScopeId) -> Order:
    return Order(program.index.functions[function].facts.body)


def base_key(place: Place) -> tuple[object, ...]:
    """The key without its item steps: all items of one container together."""
    return place.base


def _disjoint(program: Program, one: ScopeId, other: ScopeId) -> bool:
    """Whether no class is, or inherits from, both."""
    below = [{one, *program.types.names.derived(one)}, {other, *program.types.names.derived(other)}]
    return below[0].isdisjoint(below[1])
