"""Where the lock of a place belongs: beside the definition of the place."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flaskglobals_lint import facts as f
from flaskglobals_lint.link.items import key_text
from flaskglobals_lint.link.program import base_key
from flaskglobals_lint.link.trees import walk
from flaskglobals_lint.remedy import Home

if TYPE_CHECKING:
    from flaskglobals_lint.link.index import Binding, ScopeId
    from flaskglobals_lint.link.paths import Place
    from flaskglobals_lint.link.program import Program

_PLAIN_BASES = ("flask.views.", "flask_restful.Resource", "flask_restx.Resource", "threading.Thread", "builtins.object")


def home(program: Program, place: Place, path: tuple[Any, ...], function: ScopeId) -> Home | None:
    """Where a lock for a place is to be made that ``function`` accesses by ``path``."""
    key: tuple[Any, ...] = base_key(place)
    root, *steps = key
    names = [str(step)[1:] for step in steps if str(step).startswith(".")]
    match root[0]:
        case "g":
            return _of_variable(program, root) or _before(program, function, root[2])
        case "k":
            return _of_class(program, root[1], names[0], function) if names else None
        case "a" | "inst":
            return _of_instance(program, root[1], names[0], function) if names else None
        case "v":
            return _of_closure(program, root)
        case "fn":
            function_name = program.index.functions[root[1]].facts.name
            return _before(program, root[1], "_".join([function_name, *names[:1]]))
        case "app":
            for binding in program.definitions(path):
                if binding.scope == f"{program.index.functions[function].module.path}:":
                    return _home(program, binding.scope, "module", "", names[-1] if names else "app", binding.pos[0])
            return _before(program, function, names[-1] if names else "app")
        case _:
            return _before(program, function, names[-1] if names else "state")


def owners(program: Program, function: ScopeId, keys: set[tuple[Any, ...]]) -> tuple[str, ...]:
    """What a function calls the objects that the places of some keys are attributes of: variables and their attributes."""
    classes = frozenset(key[0][1] for key in keys if isinstance(key[0], tuple) and key[0][0] in ("a", "inst", "k"))
    return program.once(_holding, function, classes) if classes else ()


def _holding(program: Program, function: ScopeId, classes: frozenset[ScopeId]) -> tuple[str, ...]:
    """What a function calls objects of one of the classes."""
    found: dict[str, None] = {}
    for node in walk(program.index.functions[function].facts.body):
        if isinstance(node, f.Local | f.Free | f.Global | f.Attribute):
            # Where it is None, the place cannot be reached by it.
            atoms = set(program.types.expand(program.types.of(node, function))) - {("const", "none")}
            if atoms and all(atom[0] == "inst" and atom[1] in classes for atom in atoms):
                found[key_text(node)] = None
    return tuple(found)


def lock_home(program: Program, key: tuple[Any, ...]) -> Home | None:
    """Where an existing lock is defined, by its place's key; None if other code has no name for it."""
    root, *steps = key
    if not isinstance(root, tuple):
        return None
    if root[0] == "g" and not steps:
        return _home(program, f"{root[1]}:", "module", "", root[2], 0) if root[1] in program.index.modules else None
    if root[0] == "v" and not steps and root[1] in program.index.functions:
        return _home(program, root[1], "function", program.index.functions[root[1]].facts.qualname, root[2], 0)
    if root[0] in ("k", "a") and len(steps) == 1:
        owner = program.index.classes[root[1]].facts.qualname
        return _home(program, root[1], "class" if root[0] == "k" else "instance", owner, str(steps[0])[1:], 0)
    return None


def _home(program: Program, scope: ScopeId, kind: Any, owner: str, name: str, line: int) -> Home:
    module = program.index.module_of(scope)
    return Home(module.input.path, module.dotted, kind, owner, name, line)


def _first(bindings: list[Binding], scope: ScopeId) -> int:
    """The line of the first binding by that code; 0 if there is none."""
    lines = [b.pos[0] for b in bindings if b.scope == scope and b.how in ("is", "annotation", "item", "enter")]
    return min(lines, default=0)


def _of_variable(program: Program, root: Any) -> Home | None:
    scope = f"{root[1]}:"
    if root[1] not in program.index.modules:
        return None
    line = _first(program.types.bindings(root), scope)
    return _home(program, scope, "module", "", root[2], line) if line else None


def _of_class(program: Program, cid: ScopeId, name: str, function: ScopeId) -> Home | None:
    cls = program.index.classes[cid]
    if _shapes_its_body(program, cid):
        return _before(program, function, f"{cls.facts.name}_{name}")
    lines = [binding.pos[0] for binding in cls.names.get(name, ())]
    return _home(program, cid, "class", cls.facts.qualname, name, min(lines, default=0))


def _of_instance(program: Program, cid: ScopeId, name: str, function: ScopeId) -> Home | None:
    cls = program.index.classes[cid]
    slots = "__slots__" in cls.names or any("dataclass" in str(decorator) for decorator in cls.facts.decorators)
    if not slots:
        for fid in cls.methods.get("__init__", ()):
            line = _first(program.types.bindings(("a", cid, name)), fid)
            if line:
                return _home(program, fid, "instance", cls.facts.qualname, name, line)
    return _of_class(program, cid, name, function)


def _shapes_its_body(program: Program, cid: ScopeId) -> bool:
    """Whether a library's base class makes something of what the class's body holds (columns, fields, members)."""
    bases = program.types.names.external_bases(cid)
    return any(not base.startswith(_PLAIN_BASES) for base in bases)


def _of_closure(program: Program, root: Any) -> Home | None:
    function = program.index.functions.get(root[1])
    if function is None:
        return None
    if program.types.parameter_index(function, root[2]) >= 0:
        return _before(program, root[1], f"{function.facts.name}_{root[2]}")
    line = _first(program.types.bindings(root), root[1])
    return _home(program, root[1], "function", function.facts.qualname, root[2], line) if line else None


def _before(program: Program, function: ScopeId, name: str) -> Home | None:
    """Before the definition that the function is part of."""
    found = program.index.functions.get(function)
    if found is None or found.facts.pos == f.NOWHERE:
        return None
    return _home(program, function, "before", "", name, found.facts.pos[0])
