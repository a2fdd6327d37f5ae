"""Values that are made when they are first asked for, and whether making them twice does any harm."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from flaskglobals_lint import facts as f
from flaskglobals_lint.checks import writes
from flaskglobals_lint.link import items
from flaskglobals_lint.link.library import LOGS
from flaskglobals_lint.link.program import base_key
from flaskglobals_lint.link.summary import CONTENT, RANDOM, TOLD, UNIQUE, Pair, Read, Write
from flaskglobals_lint.link.trees import walk

if TYPE_CHECKING:
    from flaskglobals_lint.checks.conflicts import Race
    from flaskglobals_lint.link.contexts import Conflict
    from flaskglobals_lint.link.index import ScopeId
    from flaskglobals_lint.link.program import Program

_PLAIN = frozenset({("cont", "list"), ("cont", "dict"), ("cont", "set"), ("cont", "tuple"), ("const", "str"), ("const", "bool"), ("const", "none")})  # fmt: skip
"""Data of which two equal copies are as good as one: no numbers, which mostly count something."""
_OBJECTS = frozenset({"object", "abc.ABC", "typing.Generic", "typing.Protocol"})
"""Bases outside the project that add no state."""
_PARSED = frozenset({"json.load", "yaml.safe_load", "yaml.load", "tomllib.load", "toml.load"})
"""What gives the data that a file holds."""
_FIXED = ("importlib.metadata.version", "open.", "os.environ.get", "os.getenv", "pathlib.Path.read_text", "platform.", "shutil.which", "socket.gethostname")  # fmt: skip
"""What gives texts that stay the same as long as the process lives: of files, of the machine, of the environment."""
_CLOCKS = frozenset({"time.monotonic", "time.perf_counter", "time.time", "datetime.datetime.now", "datetime.datetime.utcnow"})  # fmt: skip
_CONVERTS = frozenset({"bool", "bytes", "dict", "float", "frozenset", "int", "list", "set", "str", "tuple"})
_TRIMS = frozenset({"casefold", "lower", "lstrip", "rstrip", "strip", "title", "upper"})
_STORES = frozenset({".hset()", ".mset()", ".put()", ".set()", ".setex()"})
"""Methods of stores that keep what they are given."""


def repeatable(program: Program, race: Race) -> bool:
    """Whether whoever is second makes the same plain data again, or an object that holds no more than that, which nobody
    changes after it was stored: two requests do the work twice, and nothing is lost."""
    write, conflict = race.pair.write, race.conflict
    if race.pair.companion or write.kind != "set" or write.via not in ("=", "[…] =") or write.constant:
        return False
    if race.context.flagged(write.flags) & (TOLD | UNIQUE | RANDOM):
        return False
    atoms = program.paths.atoms(conflict.path)
    stored = any(atom != ("const", "none") for atom in atoms)
    belongs = (
        len(conflict.path) > 1 and conflict.path[0][0] != "k"
    )  # to an object: one for the whole program is no helper
    plain = all(
        atom in _PLAIN
        or (atom[0] == "extinst" and _is_fixed(atom[1]))
        or (atom[0] == "inst" and belongs and program.once(_is_stateless, atom[1]))
        for atom in atoms
    )
    return (
        stored
        and plain
        and not _dated(program, race)
        and _kept(program, race)
        and not _from_changing_state(program, race)
    )


def _dated(program: Program, race: Race) -> bool:
    """Whether the value stands in a tuple beside the time when it was made: it is made again when it is old, and then differs."""
    node = assignment(program, race)
    if node is None or not isinstance(node.value, f.Display) or node.value.kind != "tuple":
        return False
    scope = race.context.function
    return any(
        atom[0] == "extinst" and atom[1] in _CLOCKS
        for part in node.value.values
        for atom in program.types.of(part, scope)
    )


def _is_stateless(program: Program, cid: ScopeId) -> bool:
    """Whether objects of a class of the project only keep what they were given, and no request changes that: two of them,
    made of the same, are as good as one."""
    names = program.types.names
    init = names.method(cid, "__init__")
    if init is None or not _OBJECTS.issuperset(names.external_bases(cid)):
        return False
    function = program.index.functions[init].facts
    stored = [node for node in function.body if isinstance(node, f.Assign)]
    others = (node for node in function.body if not isinstance(node, f.Assign))
    return (
        bool(stored)
        and all(isinstance(node.value, f.Local) for node in stored)
        and all(isinstance(node, f.Evaluate | f.Return) and not isinstance(node.value, f.Call) for node in others)
        and not any(access.place.key[0] == ("a", cid) and access.function != init for access in program.reached.writes)
    )


def made_under_lock(program: Program, race: Race) -> bool:
    """Whether the value is made while a lock is held that the check does not hold: it was meant to be made once."""
    write = race.pair.write
    if not write.sections or race.pair.read.sections or write.remote is not None:
        return False
    node = assignment(program, race)
    return node is not None and any(isinstance(part, f.Call) for part in walk(node.value))


def assignment(program: Program, race: Race) -> f.Assign | None:
    """The assignment of the function that is the race's write."""
    for node in program.once(_assignments, race.context.function):
        if any(getattr(target, "pos", None) == race.pair.write.pos for target in node.targets):
            return node
    return None


def _is_fixed(dotted: str) -> bool:
    """Whether a library gives the same plain data whenever it is asked."""
    return dotted in _PARSED or dotted.startswith(_FIXED)


def answers_from_it(program: Program, race: Race | Conflict) -> bool:
    """Whether the early exit returns what was found (``if key in cache: return cache[key]``, ``if self.token and not old():
    return self.token``): a cache, which is filled otherwise, and no refusal."""
    pair = race.pair
    return pair.early and sets(pair.write) and program.once(_answers_from, race.context.function, pair)


def _answers_from(program: Program, function: ScopeId, pair: Pair) -> bool:
    nodes = list(walk(program.index.functions[function].facts.body))
    if pair.write.via.endswith("()") or pair.read.remote is not None:
        # What is found is given by a call: of the store, or of a function that looks for it.
        kept = {
            target.name
            for node in nodes
            if isinstance(node, f.Assign)
            and any(getattr(part, "pos", None) == pair.read.pos for part in walk(node.value))
            for target in node.targets
            if isinstance(target, f.Local)
        }
    else:
        # Beside it the same check may decide a time stamp: what is returned may be either.
        kept = {
            items.key_text(target.value if isinstance(target, f.Item) else target)
            for node in nodes
            if isinstance(node, f.Assign) and node.pos >= pair.read.pos
            for target in node.targets
            if isinstance(target, f.Item | f.Attribute | f.Global | f.Free)
        }
    for node in nodes:
        if isinstance(node, f.Assign | f.Walrus) and node.pos < pair.write.pos and _mentions(node.value, kept):
            targets = node.targets if isinstance(node, f.Assign) else (node.target,)
            kept.update(one.name for one in targets if isinstance(one, f.Local))
    return any(
        isinstance(last, f.Return) and last.value is not None and _mentions(last.value, kept)
        for node in nodes
        if isinstance(node, f.If) and node.pos < pair.write.pos
        for last in node.body[-1:]
    )


def sets(write: Write) -> bool:
    """Whether a write stores a value: in a variable or an item, or by a method of a store (``redis.set``, ``cache.set``)."""
    return write.kind == "set" and (write.via in ("=", "[…] =", ".setdefault()") or write.via in _STORES)


def only_marks(program: Program, race: Race) -> bool:
    """Whether the function does nothing after the check that may leave early but test and store a constant: whoever stores
    it a second time does no more than the first."""
    pair = race.pair
    if not pair.early or not pair.write.constant or pair.read.remote is not None or pair.write.remote is not None:
        return False
    body = program.index.functions[race.context.function].facts.body
    tested = {part for node in walk(body) if isinstance(node, f.If) for part in walk(node.test)}
    writes = program.evaluator.summary(race.context.function, race.context.constants).writes
    acts = (n for n in walk(body) if isinstance(n, f.Call | f.With | f.Await) and n.pos > pair.read.pos)
    stores = (write for write in writes if write.pos > pair.read.pos and write.pos != pair.write.pos)
    return all(node in tested for node in acts) and not any(stores)


def normalises(program: Program, race: Race) -> bool:
    """Whether the place is set to itself in another form, which doing it twice does not change: ``if not isinstance(x, str):
    x = str(x)``."""
    node = assignment(program, race)
    if node is None or getattr(node.targets[0], "pos", None) != race.pair.write.pos:
        return False
    value, target = node.value, items.key_text(node.targets[0])
    if not isinstance(value, f.Call) or not target:
        return False
    called = value.function
    if isinstance(called, f.Global) and called.name in _CONVERTS and len(value.arguments) == 1:
        return items.key_text(value.arguments[0].value) == target
    if isinstance(called, f.Attribute) and called.name in _TRIMS and not value.arguments:
        return items.key_text(called.value) == target
    return False


def told_once(program: Program, race: Race) -> bool:
    """Whether the branch writes a line to a log and notes that it did, in a list that is only asked what it holds: at worst
    the line is written twice."""
    write = race.pair.write
    if write.via not in (".append()", ".add()") or write.remote is not None:
        return False
    key = base_key(race.conflict.place)
    reads = (access.record for access in program.reads.get(key, ()))
    kinds = {read.kind for read in reads if isinstance(read, Read)}
    if kinds - {*CONTENT, "load"} or program.loops.get(key) or program.handed.get(key):
        return False
    if any(access.record.pos != write.pos for access in program.writes.get(key, ())):
        return False
    branch = branch_of(program, race, lambda test: True)
    calls = [part for part in walk(branch.body) if isinstance(part, f.Call) and part.pos != write.pos] if branch else []
    return branch is not None and all(
        isinstance(call.function, f.Attribute) and call.function.name in LOGS for call in calls
    )


def _mentions(node: f.Expression, names: set[str]) -> bool:
    """Whether one of the variables or attributes is used, wherever they stand; they are told by their text."""
    return bool(names) and any(
        items.key_text(part) in names
        for part in walk(node)
        if isinstance(part, f.Local | f.Global | f.Free | f.Attribute)
    )


def never_missing(program: Program, race: Race) -> bool:
    """Whether the check asks for None, and the place has an object from the start that nobody takes away."""
    pair, path = race.pair, race.conflict.path
    if pair.read.remote is not None or pair.write.remote is not None or branch_of(program, race, asks_for_none) is None:
        return False
    bindings = [binding for binding in program.paths.bindings(path) if binding.how != "annotation"]
    first = [binding for binding in bindings if binding.scope.endswith((":", ".__init__"))]
    return bool(first) and all(b.how == "is" and _is_object(program, b.value, b.scope) for b in bindings)


def branch_of(program: Program, race: Race, asks: Callable[[f.Expression], bool]) -> f.If | None:
    """The first ``if`` whose test is such a one, and below which the write stands."""
    function, pos = race.context.function, race.pair.write.pos
    order = program.order(function)
    around = (node for node in program.once(_branches, function) if order.holds(node.body, pos))
    return next((node for node in around if asks(node.test)), None)


def _branches(program: Program, function: ScopeId) -> tuple[f.If, ...]:
    return tuple(node for node in walk(program.index.functions[function].facts.body) if isinstance(node, f.If))


def _assignments(program: Program, function: ScopeId) -> tuple[f.Assign, ...]:
    return tuple(node for node in walk(program.index.functions[function].facts.body) if isinstance(node, f.Assign))


def asks_for_none(test: f.Expression) -> bool:
    """``… is None``"""
    other = test.operands[1] if isinstance(test, f.Compare) and test.operators == ("is",) else None
    return isinstance(other, f.Constant) and other.kind == "none"


def asks_for_nothing(test: f.Expression) -> bool:
    """``… is None``, ``not …``, ``len(…) == 0`` or one of these or another"""
    match test:
        case f.Boolean(operator="or"):
            return all(map(asks_for_nothing, test.operands))
        case f.Compare(operators=("==",), operands=(f.Call(function=f.Global(name="len")), f.Constant(text="0"))):
            return True
        case _:
            return asks_for_none(test) or (isinstance(test, f.Operation) and test.operator == "not")


def _is_object(program: Program, node: f.Expression | None, scope: str) -> bool:
    """Whether the value is a display, or made by calling a class: never None."""
    if isinstance(node, f.Display):
        return True
    if not isinstance(node, f.Call):
        return False
    called = program.types.expand(program.types.of(node.function, scope))
    return bool(called) and all(
        atom[0] == "class" or (atom[0] == "ext" and atom[1].rsplit(".", 1)[-1][:1].isupper()) for atom in called
    )


def _kept(program: Program, race: Race) -> bool:
    """Whether nobody writes the place but the code that fills it, and who forgets the value."""
    own = race.pair.write
    for access in program.writes.get(base_key(race.conflict.place), ()):
        write = access.record
        assert isinstance(write, Write)
        same = access.function == race.context.function or write.pos == (own.remote[1] if own.remote else own.pos)
        fills = same and write.kind == "set" and len(access.place.key) == len(race.conflict.place.key)
        if not fills and not write.constant and write.kind != "delete":
            return False
    return True


def _from_changing_state(program: Program, race: Race) -> bool:
    """Whether the value is made of other state that requests change, so that the second may differ from the first."""
    changed = program.once(_changed)
    behind = writes.reads_behind(program, race.context, race.pair.write.values)
    steps = (read.path[-1] for read in behind if read.path != race.pair.read.path)
    own = race.pair.write.path
    return any(step in changed and step not in own for step in steps)


def _changed(program: Program) -> set[object]:
    """Names of variables and attributes that requests or threads write."""
    return {base_key(access.place)[-1] for access in program.reached.writes}
