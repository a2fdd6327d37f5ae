"""Calls of builtins and libraries: copies, loops in C, callbacks, threads."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flaskglobals_lint import facts as f
from flaskglobals_lint.link import calls, expressions, holding, items, operators, passing, workers
from flaskglobals_lint.link.frame import ZIPPED, merge
from flaskglobals_lint.link.given import passed_on
from flaskglobals_lint.link.paths import is_path
from flaskglobals_lint.link.summary import MEASURED, NAMES_ONE, RANDOM, REQUEST, THREAD_ID, UNIQUE, Edge, Path, Value

if TYPE_CHECKING:
    from flaskglobals_lint.link.frame import Frame
    from flaskglobals_lint.link.index import ScopeId
    from flaskglobals_lint.models import EntryCall

SNAPSHOTS = {"list": "list", "tuple": "tuple", "set": "set", "frozenset": "tuple", "dict": "dict", "sorted": "list"}
WALKS = {"len", "any", "all", "sum", "min", "max", "str", "repr", "bool"}
_MEASURES = {"len", "max", "min"}
_TELLS_NOTHING = {"len", "any", "all", "bool"}
"""Walks whose result shows next to nothing of what was walked over."""
VIEWS = {"enumerate": "pair", "reversed": "", "iter": "", "zip": "", "map": "", "filter": ""}
_UNIQUE = {
    "uuid.uuid4", "uuid.uuid1", "secrets.token_hex", "secrets.token_urlsafe", "secrets.token_bytes", "os.urandom",
}  # fmt: skip
_RANDOM = ("random.", "secrets.", "numpy.random.", "uuid.uuid1", "uuid.uuid4", "uuid.uuid6", "uuid.uuid7")
_NOTATIONS = {
    "decode", "digest", "encode", "format", "hex", "hexdigest", "join", "lower", "lstrip", "replace", "rstrip", "strip",
    "upper",
}  # fmt: skip
"""Methods that give the whole of a text or number in another form, or within a longer text."""
_NEVER_RETURN = {"flask.abort", "werkzeug.exceptions.abort", "flask_restful.abort", "flask_restx.abort", "flask_smorest.abort",
                 "sys.exit", "exit", "quit", "os._exit"}  # fmt: skip
_THREAD = {
    "threading.get_ident", "threading.current_thread", "threading.currentThread", "_thread.get_ident",
    "threading.get_native_id", "greenlet.getcurrent", "gevent.getcurrent",
}  # fmt: skip


_CALLS_AT_ONCE = (
    "functools.",
    "itertools.",
    "re.",
    "heapq.",
    "operator.",
    "contextlib.",
    "copy.",
    "bisect.",
    "asyncio.run",
)


def builtin(frame: Frame, node: f.Call, callee: Value) -> Value | None:
    """Calls that need their arguments unevaluated or treated in a way of their own; None for all others."""
    if len(callee.refs) != 1 or is_path(callee.refs[0]) or callee.refs[0][0] != "ext":
        return None
    name = callee.refs[0][1]
    arguments = node.arguments
    method = frame.models.as_method(name)
    if method and arguments and arguments[0].keyword is None and not arguments[0].star:
        return _as_method(frame, node, method)
    if name == "vars" and len(arguments) == 1:
        return expressions.evaluate(frame, f.Attribute(arguments[0].value, "__dict__", node.pos))
    if name in ("getattr", "hasattr") and len(arguments) >= 2 and isinstance(arguments[1].value, f.Constant):
        target = f.Attribute(arguments[0].value, arguments[1].value.text, node.pos)
        value = expressions.evaluate(frame, target)
        for argument in arguments[2:]:
            value = Value(value.refs, value.deps | expressions.evaluate(frame, argument.value).deps, value.flags)
        frame.calls += 1
        return value if name == "getattr" else Value((), value.deps, 0)
    if name == "getattr" and len(arguments) >= 2:
        methods = _named_methods(frame, arguments[0].value, arguments[1].value)
        if methods:
            return Value(methods)
    if name in ("setattr", "object.__setattr__") and len(arguments) == 3:
        value = expressions.evaluate(frame, arguments[2].value)
        key = arguments[1].value
        if isinstance(key, f.Constant):
            frame.evaluator.assignments.store(
                frame, f.Attribute(arguments[0].value, key.text, node.pos), value, node.pos
            )
        else:
            expressions.evaluate(frame, arguments[0].value)
            expressions.evaluate(frame, key)
        return Value()
    if name in SNAPSHOTS and arguments:
        return _snapshot(frame, node, name)
    if name in WALKS and arguments:
        return _walk(frame, node, name)
    if name in VIEWS and arguments:
        values = [expressions.evaluate(frame, argument.value) for argument in arguments]
        deps = flags = 0
        for value in values:
            deps |= value.deps
            flags |= value.flags
        if name in ("map", "filter"):
            callback(frame, node, values[:1])
            if any(is_path(ref) or ref[0] in ("func", "bound") for ref in values[0].refs):
                for value in values[1:]:
                    frame.iterate(value, node.pos, f"{name}() with a Python function")
            return Value(values[-1].refs if name == "filter" else (), deps, flags, values[-1].view)
        if name == "zip":
            zipped = Value((), deps, flags, ZIPPED)
            zipped.parts = tuple(values)
            return zipped
        return Value(values[0].refs, deps, flags, "enumerated" if name == "enumerate" else values[0].view)
    if name == "next" and arguments and isinstance(arguments[0].value, f.Comprehension):
        values = [expressions.evaluate(frame, argument.value) for argument in arguments]
        value = items.elements(frame, values[0], node.pos)
        for other in values[1:]:
            value = merge(value, other)
        return Value(value.refs, value.deps | values[0].deps, value.flags)
    if name == "next" and arguments:
        value = expressions.evaluate(frame, arguments[0].value)
        if ("extinst", "itertools.count") in frame.atoms(value, arguments[0].value):
            # Whoever takes the next number has it alone.
            return Value((), value.deps, value.flags | UNIQUE)
        found = operators.special(frame, value, "__next__", node.pos)
        if found is not None:
            return Value(found.refs, value.deps | found.deps, value.flags | found.flags)
        for ref in value.refs:
            if frame.recorded(ref) and operators.generator(frame, ref):
                # It must not run twice at a time: that is an error, not a wait.
                read = frame.read(ref, "content", node.pos)
                frame.calls += 1
                frame.write(ref, "mutate", "next()", node.pos, Value((), read))
    if name == "type" and len(arguments) == 1:
        value = expressions.evaluate(frame, arguments[0].value)
        atoms = frame.atoms(value, arguments[0].value)
        return Value(tuple((("k", atom[1]),) for atom in atoms if atom[0] == "inst"), value.deps)
    if name == "isinstance" and arguments:
        return Value((), expressions.evaluate(frame, arguments[0].value).deps)
    registers = frame.models.call("", name)
    if registers is not None and registers.entry.lane and registers.positions == (0,):
        # asyncio.run_coroutine_threadsafe(work(), loop): what is called here runs there.
        before, frame.elsewhere = frame.elsewhere, registers.entry
        values = [expressions.evaluate(frame, argument.value) for argument in arguments]
        frame.elsewhere = before
        return library_call(frame, node, callee.refs[0], values)
    if name == "super":
        frame.types.of(node, frame.scope)
        return Value(tuple(_super(frame, node)))
    return None


def _named_methods(frame: Frame, owner: f.Expression, name: f.Expression) -> tuple[Any, ...]:
    """``getattr(self, "do_" + action)``: the methods whose names begin so."""
    first = name.operands[0] if isinstance(name, f.Operation) and name.operator in ("+", "fstring") else None
    if not isinstance(first, f.Constant) or first.kind != "str" or not first.text:
        return ()
    found: list[Any] = []
    for ref in expressions.evaluate(frame, owner).refs:
        for atom in frame.paths.atoms(ref) if is_path(ref) else ():
            for base in frame.types.names.mro(atom[1]) if atom[0] == "inst" else ():
                methods = frame.types.index.classes[base[1]].methods if base[0] == "class" else {}
                found.extend(("bound", fids[-1], ref) for own, fids in methods.items() if own.startswith(first.text))
    return tuple(dict.fromkeys(found))


def _as_method(frame: Frame, node: f.Call, method: str) -> Value:
    """``heapq.heappush(queue, job)``, as if it were a method of the queue."""
    receiver, *rest = node.arguments
    if method == "__setitem__" and len(rest) == 2:
        value = expressions.evaluate(frame, rest[1].value)
        target = f.Item(receiver.value, rest[0].value, node.pos)
        frame.evaluator.assignments.store_item(frame, target, value, constant=False)
        return Value()
    return calls.call(frame, f.Call(f.Attribute(receiver.value, method, node.pos), tuple(rest), node.pos))


def _super(frame: Frame, node: f.Call) -> list[Any]:
    """``super()``: the first parameter, seen as an instance of the bases."""
    found: list[Any] = []
    for atom in frame.types.of(node, frame.scope):
        if atom[0] == "super":
            found.append(atom)
    return found


def _snapshot(frame: Frame, node: f.Call, name: str) -> Value:
    """``list(d)``, ``sorted(d)``, ``dict(d)``: an atomic copy of a container."""
    values = [expressions.evaluate(frame, argument.value) for argument in node.arguments]
    deps = flags = 0
    origin = Value()
    for argument, value in zip(node.arguments, values, strict=True):
        if argument.keyword is None:
            origin = origin if origin.refs else value
            deps |= items.content(frame, value, node.pos)
        else:
            # ``dict(name=value)`` holds the value itself.
            frame.hand_out(value, node.pos)
            deps |= value.deps
        flags |= value.flags
    callback(frame, node, [v for a, v in zip(node.arguments, values, strict=True) if a.keyword == "key"])
    return copied(frame, origin, node.pos, SNAPSHOTS[name], deps, flags)


def copied(frame: Frame, value: Value, pos: f.Position, kind: str, deps: int, flags: int) -> Value:
    """A new container that holds the same objects as the one it was copied from."""
    frame.hand_out(value, pos)
    origins = [
        ref
        for ref in value.refs
        if frame.recorded(ref) and (kind == "dict" or value.view or not frame.types.is_mapping(frame.paths.atoms(ref)))
    ]
    view = "copied-items" if value.view == "items" else ""
    if not origins or value.view == "keys":
        return Value(((("new", (*pos[:2], frame.scope), ("cont", kind)),),), deps, flags)
    made = tuple((("new", (*pos[:2], frame.scope), ("cont", kind), origin),) for origin in origins[:2])
    return Value(made, deps, flags, view)


def _walk(frame: Frame, node: f.Call, name: str) -> Value:
    """``len(d)``, ``sum(d.values())``: one pass in C, unless a Python function is called for each item."""
    values = [expressions.evaluate(frame, argument.value) for argument in node.arguments]
    deps = flags = 0
    keyed = [v for a, v in zip(node.arguments, values, strict=True) if a.keyword == "key"]
    python = any(not is_path(ref) and ref[0] in ("func", "bound") for value in keyed for ref in value.refs)
    for value in values:
        deps |= items.content(frame, value, node.pos)
        flags |= value.flags if name not in _TELLS_NOTHING else 0
    if name in ("len", "bool"):
        deps |= operators.length(frame, values[0], node.pos)
    if name in _MEASURES:
        flags |= MEASURED
    started, paused = len(frame.summary.iterations), frame.pauses
    if python and values:
        frame.iterate(values[0], node.pos, f"{name}() with a Python key")
    frame.calls += frame.models.call_switches(name)
    callback(frame, node, keyed)
    frame.walked(started, paused)
    one = len([argument for argument in node.arguments if argument.keyword is None]) == 1
    refs = items.elements(frame, values[0], node.pos).refs if name in ("min", "max") and one else ()
    return Value(refs, deps, flags)


def callback(frame: Frame, node: f.Call, functions: list[Value], later: bool = False) -> None:
    """Functions that a library calls back: during the call or, if ``later``, whenever and wherever it likes."""
    before = frame.called_back
    frame.called_back = later
    _call_back(frame, node, functions)
    frame.called_back = before


def _call_back(frame: Frame, node: f.Call, functions: list[Value]) -> None:
    bare = f.Call(node.function, (), node.pos)
    for value in functions:
        for ref in value.refs:
            if is_path(ref):
                if ref[0][0] in ("p", "v") and len(ref) == 1 and _callable(frame, ref):
                    # A decorator hands on the function that it wraps: it is called as the view is.
                    before, frame.called_back = frame.called_back, False
                    calls.dispatch(frame, bare, Value((ref,)), passing.ANYTHING)
                    frame.called_back = before
                    continue
                targets = frame.paths.atoms(ref)
            else:
                targets = (ref,)
            for target in targets:
                if target[0] in ("func", "bound"):
                    calls.dispatch(frame, bare, Value((target,)), passing.ANYTHING)


def _callable(frame: Frame, ref: Path) -> bool:
    return any(atom[0] in ("func", "bound") for atom in frame.paths.atoms(ref))


def unknown(frame: Frame, node: f.Call, values: list[Value]) -> Value:
    """A call of something unknown: its result depends on every argument, functions passed to it may be called."""
    deps = flags = 0
    for value in values:
        deps |= value.deps
        flags |= value.flags & kept(node)
    _hand_out(frame, node, values)
    callback(frame, node, values, later=True)
    return Value((), deps, flags)


LOGS = frozenset({"critical", "debug", "error", "exception", "info", "log", "warn", "warning"})
"""Methods of loggers."""


def _hand_out(frame: Frame, node: f.Call, values: list[Value]) -> None:
    """What is called can read from its arguments, unless it only prints them or writes them to a log."""
    if isinstance(node.function, f.Attribute) and node.function.name in LOGS:
        return
    if isinstance(node.function, f.Global) and node.function.name == "print":
        return
    for value in values:
        frame.hand_out(value, node.pos)


def kept(node: f.Call) -> int:
    """The flags of a value that hold for what a method makes of it, too: one in another notation still names one."""
    method = node.function.name if isinstance(node.function, f.Attribute) else ""
    return ~0 if method in _NOTATIONS else ~NAMES_ONE


_COPY = ("copy.copy", "copy.deepcopy")
"""What gives an object like its argument, and never the argument itself."""


def library_call(frame: Frame, node: f.Call, target: Any, values: list[Value]) -> Value:
    """Calling a library's function, class or method."""
    dotted, method, owner = _names(frame, target)
    frame.calls += frame.models.call_switches(dotted) if not owner else 1
    if frame.models.blocking(dotted) or (method and frame.models.blocking_method(method)):
        frame.blocking += 1
    frame.pauses += not frame.models.quiet(dotted)
    deps = flags = 0
    for value in values:
        deps |= value.deps
        flags |= value.flags
    _hand_out(frame, node, values)
    frame.write_library(dotted, "call", Value((), deps, flags), node.pos)
    if not owner and holding.on_file(frame, node, dotted):
        return Value((), deps, flags)
    if dotted == "copy.deepcopy" and values:
        frame.iterate(values[0], node.pos, "copy.deepcopy()")
    if dotted in _UNIQUE:
        flags |= UNIQUE
    if dotted.startswith(_RANDOM):
        flags |= RANDOM
    if dotted in _THREAD:
        flags |= THREAD_ID
    registers = frame.models.call(owner, method) if owner else frame.models.call("", dotted)
    if registers is not None:
        _register(frame, node, registers, values)
    else:
        callback(frame, node, values, later=not dotted.startswith(_CALLS_AT_ONCE))
    if dotted in _NEVER_RETURN:
        return Value((("never",),))
    made = frame.types.called(target, node, frame.scope)
    refs: list[Any] = []
    for atom in made:
        if atom[0] in ("extinst", "conn", "inst", "cont"):
            refs.append((("new", (*node.pos[:2], frame.scope), atom),))
        elif atom[0] != "param" or dotted not in _COPY:
            refs.append(atom)
    if dotted.startswith("flask.") and dotted.rsplit(".", 1)[-1] in ("request", "session"):
        flags |= REQUEST
    return Value(tuple(refs[:3]), deps, flags)


def _names(frame: Frame, target: Any) -> tuple[str, str, str]:
    """Dotted name, method and the type it belongs to."""
    match target[0]:
        case "ext":
            return target[1], "", ""
        case "extm":
            owner = target[1]
            if owner.startswith("conn:"):
                connection = frame.models.connection_by_id(owner[5:])
                owner = (connection.type or connection.id) if connection is not None else owner
            return f"{owner}.{target[2]}", target[2], owner
        case _:
            owner = target[2] if target[0] == "conn" and len(target) > 2 and target[2] else target[1]
            return f"{owner}.__call__", "__call__", owner


def _register(frame: Frame, node: f.Call, registers: EntryCall, values: list[Value]) -> None:
    """A call that hands a function to a thread, an executor or a scheduler."""
    if registers.entry.runs in ("other-process", "cli"):
        return
    registers = workers.registered(frame.types, node, frame.scope, registers)
    keywords = registers.keywords
    at = 0
    for argument, value in zip(node.arguments, values, strict=True):
        if argument.keyword is None:
            wanted = at in registers.positions
            at += 1
        else:
            wanted = argument.keyword in keywords
        if not wanted:
            continue
        for ref in value.refs:
            origin = calls.parameter(frame, ref) if is_path(ref) else None
            for target in frame.paths.atoms(ref) if is_path(ref) else (ref,):
                if target[0] in ("func", "bound"):
                    _spawn(frame, node, registers, target, values, origin)


def _spawn(
    frame: Frame,
    node: f.Call,
    registers: EntryCall,
    target: Any,
    values: list[Value],
    origin: tuple[ScopeId, int] | None,
) -> None:
    """Record the thread; its function gets the arguments that the call passes on. ``origin`` is the parameter that the
    function was given as."""
    function = frame.types.index.functions[target[1]]
    given: list[tuple[Any, ...]] = [() for _ in function.facts.parameters]
    flags = [0 for _ in given]
    first = 0
    if target[0] == "bound" and given:
        receiver = target[2]
        given[0], first = (receiver if is_path(receiver) else (("new", (0, 0, ""), receiver),),), 1
    known = {id(argument.value): value for argument, value in zip(node.arguments, values, strict=True)}
    for at, passed in passed_on(function, node, registers, first):
        value = known[id(passed)] if id(passed) in known else expressions.evaluate(frame, passed)
        given[at], flags[at] = value.refs[:3], value.flags
    bindings = target[2] if target[0] == "func" else ()
    frame.call(
        Edge(target[1], bindings, tuple(given), node.pos, (), "thread", origin, tuple(flags), (), registers.entry)
    )
