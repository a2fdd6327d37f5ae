"""Which calls of a function may run code that nobody knows: they make a section longer than it looks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flaskglobals_lint import facts as f
from flaskglobals_lint.link.trees import walk

if TYPE_CHECKING:
    from flaskglobals_lint.link.index import ScopeId
    from flaskglobals_lint.link.program import Program

_FUNCTIONS = frozenset(
    {
        "abs", "all", "any", "bool", "bytearray", "bytes", "chr", "dict", "divmod", "enumerate", "float", "frozenset",
        "getattr", "hasattr", "hash", "hex", "id", "int", "isinstance", "issubclass", "iter", "len", "list", "max", "min",
        "next", "object", "ord", "pow", "range", "repr", "reversed", "round", "set", "setattr", "slice", "sorted", "str",
        "sum", "super", "tuple", "type", "zip", "vars",
    }
)  # fmt: skip
_METHODS = frozenset(
    {
        "add", "append", "appendleft", "capitalize", "clear", "copy", "count", "difference", "discard", "encode", "endswith",
        "extend", "format", "get", "getlist", "hexdigest", "index", "insert", "intersection", "isdigit", "isoformat", "items",
        "join", "keys", "lower", "lstrip", "most_common", "move_to_end", "partition", "pop", "popitem", "popleft", "remove",
        "replace", "reverse", "rsplit", "rstrip", "setdefault", "split", "splitlines", "startswith", "strftime", "strip",
        "timestamp", "title", "to_dict", "total_seconds", "union", "update", "upper", "values",
    }
)  # fmt: skip
_LIBRARY = frozenset(
    {
        "collections.Counter", "collections.OrderedDict", "collections.defaultdict", "collections.deque", "copy.copy",
        "datetime.date.today", "datetime.datetime.fromtimestamp", "datetime.datetime.now", "datetime.datetime.utcnow",
        "datetime.timedelta", "flask.abort", "flask.jsonify", "random.choice", "random.randint", "random.random",
        "secrets.token_hex", "secrets.token_urlsafe", "time.monotonic", "time.perf_counter", "time.time", "uuid.uuid4",
        "werkzeug.exceptions.abort",
    }
)  # fmt: skip


def unknown_calls(program: Program, fid: ScopeId) -> tuple[f.Position, ...]:
    """Positions of the calls in a function's own body that are neither built in nor methods of containers and texts."""
    body = program.index.functions[fid].facts.body
    return tuple(node.pos for node in walk(body) if isinstance(node, f.Call) and not _known(program, fid, node))


def stops(program: Program, fid: ScopeId) -> tuple[f.Position, ...]:
    """Positions of awaits and yields, where other code runs while a section is held."""
    body = program.index.functions[fid].facts.body
    return tuple(
        node.pos
        for node in walk(body)
        if isinstance(node, f.Await | f.Yield) or (isinstance(node, f.For | f.With) and node.is_async)
    )


def _known(program: Program, fid: ScopeId, node: f.Call) -> bool:
    function, types = node.function, program.types
    if isinstance(function, f.Global) and function.name in _FUNCTIONS:
        module = program.index.module_of(fid)
        return function.name not in module.names
    atoms = types.expand(types.of(function, fid))
    if any(atom[0] == "ext" and atom[1] in _LIBRARY for atom in atoms):
        return True
    if any(atom[0] in ("func", "bound", "class", "inst") for atom in atoms):
        return False
    if not isinstance(function, f.Attribute) or function.name not in _METHODS:
        return False
    receiver = types.expand(types.of(function.value, fid))
    for atom in receiver:
        if atom[0] in ("inst", "class", "module", "ext", "conn"):
            return False
        if atom[0] == "extinst" and types.container((atom,)) is None and not _harmless(atom[1]):
            return False
    return True


def _harmless(dotted: str) -> bool:
    """Whether a library's object is a plain value: of the standard library, a request's data, a configuration."""
    return dotted.split(".")[0] in ("collections", "datetime", "flask", "werkzeug", "builtins", "pathlib", "decimal")
