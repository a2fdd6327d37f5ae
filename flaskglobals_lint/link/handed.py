"""What a registration hands on to the constructor of a view class, of which each request gets an instance."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import msgspec

from flaskglobals_lint import facts as f

if TYPE_CHECKING:
    from flaskglobals_lint.link.index import CallSite, Index, ScopeId
    from flaskglobals_lint.link.names import Names


class Handed(msgspec.Struct, frozen=True, gc=False):
    """The constructor's own arguments in one registration, and the code that it stands in."""

    values: tuple[f.Expression, ...]
    keywords: dict[str, f.Expression]
    scope: ScopeId


class Constructors:
    """Answers questions about the constructors of view classes."""

    def __init__(self, index: Index, names: Names) -> None:
        self.index = index
        self.names = names

    def given(self, fid: ScopeId, name: str) -> list[tuple[f.Expression, ScopeId]]:
        """What registrations pass as the constructor's parameter, or as that key of its ``**`` parameter."""
        found: list[tuple[f.Expression, ScopeId]] = []
        for one in self._handed.get(fid, ()):
            names = [parameter.name for parameter in self.index.functions[fid].facts.parameters[1:]]
            at = names.index(name) if name in names else len(one.values)
            value = one.values[at] if at < len(one.values) else one.keywords.get(name)
            if value is not None:
                found.append((value, one.scope))
        return found

    def makes(self, value: f.Expression) -> bool:
        """Whether the expression is a call that stands in a registration, and so runs once for all requests."""
        return isinstance(value, f.Call) and id(value) in self._made

    @cached_property
    def _made(self) -> frozenset[int]:
        handed = [one for several in self._handed.values() for one in several]
        return frozenset(id(value) for one in handed for value in (*one.values, *one.keywords.values()))

    @cached_property
    def _handed(self) -> dict[ScopeId, list[Handed]]:
        found: dict[ScopeId, list[Handed]] = {}
        for site in self.index.calls.get("as_view", ()):
            function = site.call.function
            if isinstance(function, f.Attribute) and not site.decorated:
                plain = tuple(a.value for a in site.call.arguments if a.keyword is None and not a.star)
                keywords = {a.keyword: a.value for a in site.call.arguments if a.keyword}
                self._add(found, function.value, site, plain[1:], keywords)
        for site in self.index.calls.get("add_resource", ()):
            values: tuple[f.Expression, ...] = ()
            keywords = {}
            for argument in site.call.arguments:
                value = argument.value
                if not isinstance(value, f.Display):
                    continue
                if argument.keyword == "resource_class_args":
                    values = value.values
                elif argument.keyword == "resource_class_kwargs":
                    keywords = {
                        key.text: item
                        for key, item in zip(value.keys, value.values, strict=False)
                        if isinstance(key, f.Constant)
                    }
            if site.call.arguments:
                self._add(found, site.call.arguments[0].value, site, values, keywords)
        return found

    def _add(
        self,
        found: dict[ScopeId, list[Handed]],
        view: f.Expression,
        site: CallSite,
        values: tuple[f.Expression, ...],
        keywords: dict[str, f.Expression],
    ) -> None:
        if not values and not keywords:
            return
        function = site.scope[site.scope.index(":") + 1 :] or None
        for atom in self.names.simple(view, self.index.module_of(site.scope), function):
            made_by = self.names.method(atom[1], "__init__") if atom[0] == "class" else None
            if made_by is not None:
                found.setdefault(made_by, []).append(Handed(values, keywords, site.scope))
