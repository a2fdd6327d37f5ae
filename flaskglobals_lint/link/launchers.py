"""Classes of the project that inherit a library class which runs what its constructor is given: ``class Job(Thread)``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from flaskglobals_lint import facts as f
from flaskglobals_lint.link.trees import walk

if TYPE_CHECKING:
    from flaskglobals_lint.link.index import CallSite, ScopeId
    from flaskglobals_lint.link.types import Types
    from flaskglobals_lint.models import EntryCall

_CONSTRUCTOR = "__init__"
_RUN = "run"


def calls(types: Types) -> set[str]:
    """Names under which such classes, and the constructors of their bases, are called."""
    classes = [cls for cid, cls in types.index.classes.items() if _inherited(types, cid) is not None]
    found = {cls.facts.name for cls in classes}
    for name in list(found):
        found |= types.parameters.aliases(name)
    return found | {_CONSTRUCTOR} if classes else set()


def registering(types: Types, site: CallSite) -> EntryCall | None:
    """What becomes of the functions that a call gives such a class: ``Job(target=f)``, or that the class gives its base:
    ``super().__init__(target=self.work)``, ``Thread.__init__(self, target=self.work)``."""
    function = site.call.function
    if isinstance(function, f.Attribute) and function.name == _CONSTRUCTOR:
        owner = types.index.functions[site.scope].cls if site.scope in types.index.functions else None
        registers = _inherited(types, owner) if owner is not None else None
        if registers is None:
            return None
        if any(atom[0] == "super" for atom in types.of(function.value, site.scope)):
            return registers
        named = any(atom[0] == "ext" for atom in types.of(function.value, site.scope))
        return replace(registers, positions=tuple(at + 1 for at in registers.positions)) if named else None
    for atom in types.of(function, site.scope):
        if atom[0] == "class":
            return _passed_on(types, atom[1])
    return None


def thread(types: Types, cid: ScopeId) -> ScopeId | None:
    """The method that each object of a class runs in a thread of its own, once; None if the class is no thread's."""
    bases = (types.models.base(dotted) for dotted in types.names.external_bases(cid))
    if any(base is not None and base.entry.kind == "thread" for base in bases):
        return types.names.method(cid, _RUN)
    return None


def _inherited(types: Types, cid: ScopeId) -> EntryCall | None:
    """What the library base of a class makes of what it is given, unless the class runs something else."""
    for dotted in types.names.external_bases(cid):
        registers = types.models.call("", dotted)
        if registers is not None:
            return registers if _runs_it(types, cid) else None
    return None


def _runs_it(types: Types, cid: ScopeId) -> bool:
    """Whether the class keeps its base's ``run``, or calls it."""
    own = types.names.method(cid, _RUN)
    if own is None:
        return True
    called = (node.function for node in walk(types.index.functions[own].facts.body) if isinstance(node, f.Call))
    return any(isinstance(node, f.Attribute) and node.name == _RUN for node in called)


def _passed_on(types: Types, cid: ScopeId) -> EntryCall | None:
    """The same for a class whose constructor hands on what it does not know itself."""
    registers = _inherited(types, cid)
    constructor = types.names.method(cid, _CONSTRUCTOR)
    if registers is None or constructor is None:
        return registers
    parameters = types.index.functions[constructor].facts.parameters[1:]
    named = {parameter.name for parameter in parameters}
    if not any(parameter.kind == "**" for parameter in parameters):
        return None
    return replace(
        registers,
        positions=registers.positions if parameters[0].kind == "*" else (),
        keywords=tuple(name for name in registers.keywords if name not in named),
    )
