"""The URLs of class-based views: the methods do not say where they are registered, but readers know them by that."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from flaskglobals_lint import facts as f

if TYPE_CHECKING:
    from flaskglobals_lint.link.index import CallSite, ScopeId
    from flaskglobals_lint.link.types import Types


class Urls:
    """The first URL that each class is registered with: ``add_url_rule``, ``add_resource`` or a decorator of the class."""

    def __init__(self, types: Types) -> None:
        self._index = types.index
        self._types = types
        self._found: dict[ScopeId, str] | None = None

    def of(self, cid: ScopeId) -> str:
        """The URL of a class; an empty text if none is written down."""
        if self._found is None:
            self._found = {}
            for known, url in self._registered():
                self._found.setdefault(known, url)
        return self._found.get(cid, "")

    def _registered(self) -> Iterator[tuple[ScopeId, str]]:
        for name in ("add_url_rule", "add_resource"):
            for site in self._index.calls.get(name, ()):
                if url := _first_text(site.call):
                    yield from (
                        (cid, url) for argument in site.call.arguments for cid in self._views(argument.value, site)
                    )
        for site in self._index.calls.get("route()", ()):
            made = site.call.function
            if site.decorated in self._index.classes and isinstance(made, f.Call) and (url := _first_text(made)):
                yield site.decorated, url

    def _views(self, node: f.Expression, site: CallSite) -> Iterator[ScopeId]:
        """The classes that an argument hands over: ``Page``, ``Page.as_view("page")`` or a name for that."""
        if isinstance(node, f.Global):
            bindings = self._index.module_of(site.scope).names.get(node.name, ())
            values = [binding.value for binding in bindings if isinstance(binding.value, f.Call)]
            node = values[0] if len(values) == 1 and values[0] is not None else node
        if isinstance(node, f.Call) and isinstance(node.function, f.Attribute) and node.function.name == "as_view":
            node = node.function.value
        elif not isinstance(node, f.Global | f.Attribute):
            return
        yield from (str(atom[1]) for atom in self._types.of(node, site.scope) if atom[0] == "class")


def _first_text(call: f.Call) -> str:
    """The first argument that is a text: the URL, wherever the class stands."""
    for argument in call.arguments:
        node = argument.value
        if argument.keyword in (None, "rule") and isinstance(node, f.Constant) and node.kind == "str":
            return node.text
    return ""
