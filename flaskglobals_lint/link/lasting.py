"""Classes whose objects all live as long as the program."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flaskglobals_lint.link.index import ScopeId
    from flaskglobals_lint.link.types import Types


def made_by_modules(types: Types, cid: ScopeId) -> bool:
    """Whether only modules' own code makes objects of the class."""
    found = types.lasting.get(cid)
    if found is None:
        name = types.index.classes[cid].facts.name
        names = {name, *types.parameters.aliases(name)}
        sites = [site for one in sorted(names) for site in types.index.calls.get(one, ())]
        makers = [site for site in sites if ("class", cid) in types.of(site.call.function, site.scope)]
        found = types.lasting[cid] = bool(makers) and all(site.scope.endswith(":") for site in makers)
    return found
