"""What runs while requests are served: contexts, spread from the entry points along the calls, and their accesses."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from flaskglobals_lint import facts as f
from flaskglobals_lint.link import captured
from flaskglobals_lint.link.contexts import Access, Conflict, Context, Reached
from flaskglobals_lint.link.passing import DISPLACES
from flaskglobals_lint.link.paths import SHARED_ROOTS, Paths, Place, is_path
from flaskglobals_lint.link.starts import MIDDLEWARE, ONCE, Start
from flaskglobals_lint.link.summary import (
    REQUEST,
    Edge,
    Path,
    Section,
    Summary,
    Write,
)

if TYPE_CHECKING:
    from flaskglobals_lint.link.evaluate import Evaluator
    from flaskglobals_lint.link.index import ScopeId

MOST_CONTEXTS = 8
_FIXED = SHARED_ROOTS - {"v"}
"""Roots of paths that mean the same in every context."""
SHARED = "shared"
"""First part of the identity of a lock that several readers hold at once."""
_INSIDE_HOOKS = ("route", "template")
"""Kinds of starts that run after ``before_request`` and before ``teardown_request``."""
_GIVEN_REQUEST_DATA = ("route", "socket", "callback", "hook")
"""Kinds of starts whose arguments the client chooses, or that tell of one request: who is logged in, what is answered."""
_GIVEN_ERRORS = ("error", "teardown", "unauthorized", "needs_refresh")
"""In the names of hooks that are told what went wrong."""


class Reach:
    """Spreads contexts from the starts."""

    def __init__(self, evaluator: Evaluator, paths: Paths) -> None:
        self.evaluator = evaluator
        self._alike: dict[tuple[ScopeId, tuple[Any, ...]], list[Context]] = {}
        """The contexts of a function with the same bindings."""
        self.paths = paths
        self.result = Reached()
        self._queue: deque[Context] = deque()
        self._fixed: dict[Path, list[tuple[Path, Place]]] = {}
        """Where paths lead in every context."""

    def run(self, starts: list[Start]) -> Reached:
        """Visit everything that the starts reach, nearest first."""
        around = self._around(starts)
        for start in sorted(starts, key=lambda s: s.runs != "request"):
            function = self.paths.types.index.functions[start.function]
            arguments = list(start.arguments[: len(function.facts.parameters)])
            arguments += [()] * (len(function.facts.parameters) - len(arguments))
            cleaned = tuple(tuple(ref for ref in refs if ref != ("fresh",)) for refs in arguments)
            flags = self._request_data(start, arguments)
            held = around if start.kind in _INSIDE_HOOKS else frozenset()
            self._push(Context(start.function, cleaned, start.bindings, held, start, None, None, flags))
        while self._queue:
            context = self._queue.popleft()
            self.evaluator.failures.attempt(context.function, self._visit, context)
        self._collect()
        return self.result

    def _around(self, starts: list[Start]) -> frozenset[Any]:
        """The keys of the locks that the application takes before each request and lets go after it."""
        taken: set[Any] = set()
        given: set[Any] = set()
        for start in starts:
            if start.kind != "hook" or not start.detail.startswith(("before_", "after_", "teardown_")):
                continue
            summary = self.evaluator.summary(start.function)
            context = Context(start.function, (), (), frozenset(), start, None, None)
            if start.detail in ("before_request", "before_app_request") and self._for_all(start):
                taken |= self.lock_keys(tuple(s for s in summary.acquired if s.kind != "shared"), context)
            else:
                given |= {key for path in summary.released if (key := self._path_key(path)) is not None}
        return frozenset(key for key in taken if key in given)

    def _for_all(self, start: Start) -> bool:
        """Whether the hook is the application's: a blueprint's own stands before the blueprint's views alone."""
        if start.detail == "before_app_request":
            return True
        types = self.paths.types
        function = types.index.functions[start.function]
        scope = function.parent or f"{function.module.path}:"
        return any(
            atom[0] == "proxy" or (atom[0] == "extinst" and types.models.is_flask(atom[1]))
            for node in function.facts.decorators
            if isinstance(node, f.Attribute)
            for atom in types.expand(types.of(node.value, scope))
        )

    def _path_key(self, path: Path) -> Any:
        place = self.paths.place(path) if path[0][0] in SHARED_ROOTS else None
        return self.paths.exact(place) if place is not None else None

    def _request_data(self, start: Start, arguments: list[tuple[Any, ...]]) -> tuple[int, ...]:
        """Flags of a start's parameters: what a view or an event's handler is given comes from the request."""
        function = self.paths.types.index.functions[start.function]
        told_errors = start.kind == "hook" and any(word in start.detail for word in _GIVEN_ERRORS)
        own = (start.kind in _GIVEN_REQUEST_DATA and not told_errors) or start.detail == MIDDLEWARE
        method = function.cls is not None and self.paths.types.names.kind(start.function) != "staticmethod"
        return tuple(
            REQUEST if own and not refs and not (method and at == 0) else 0 for at, refs in enumerate(arguments)
        )

    def _push(self, context: Context) -> None:
        known = self._alike.setdefault((context.function, context.bindings), [])
        background = context.start.runs != "request"
        for other in known:
            if (
                other.arguments == context.arguments
                and other.constants in ((), context.constants)
                and other.held <= context.held
                and other.once in ("", context.once)
                and all(one | new == one for one, new in zip(other.flags, context.flags, strict=True))
                and (
                    (other.start.runs == "request" and other.start.lane in ("", context.start.lane))
                    or (background and other.start is context.start)
                )
            ):
                return
        same = (context.flags, context.constants)
        if sum((o.flags, o.constants) == same for o in known) >= MOST_CONTEXTS:
            return
        known.append(context)
        self.result.contexts.setdefault(context.function, []).append(context)
        self._queue.append(context)

    def _visit(self, context: Context) -> None:
        summary = self.evaluator.summary(context.function, context.constants)
        for edge in summary.edges:
            if edge.origin is not None:
                own = edge.origin[0] == context.function
                given = self._passed(edge.origin, context)
                if edge.callee == "":
                    self._given(edge, given, context)
                if edge.kind == "thread":
                    # A helper starts what this caller has given it, not what others have.
                    if given and all(value[1] != edge.callee for value in given):
                        continue
                elif edge.callee == "" or given or own:
                    continue
            arguments = tuple(self._arguments(refs, context) if refs else () for refs in edge.arguments)
            if self._overridden(edge, arguments, summary):
                continue
            held = context.held if edge.kind == "call" else frozenset()
            if edge.sections:
                held |= self.lock_keys(edge.sections, context)
            start = context.start
            if edge.kind == "start" and not context.start.often:
                # Code that runs once starts one thread, which is known.
                continue
            once = self._once(edge, context)
            if edge.kind in ("thread", "callback", "start"):
                start, once = self._later(edge, context, once), ""
            flags = tuple(context.flagged(given) for given in edge.flags) or (0,) * len(arguments)
            self._push(
                Context(
                    edge.callee,
                    arguments,
                    edge.bindings,
                    held,
                    start,
                    context,
                    edge.pos,
                    flags,
                    edge.constants,
                    once,
                )
            )

    def _overridden(self, edge: Edge, arguments: tuple[tuple[Any, ...], ...], summary: Summary) -> bool:
        """Whether the object that the method is called on here is of a class with another method of that name, which the
        same call reaches, too: ``self.method()`` in a base class."""
        types = self.paths.types
        callee = types.index.functions[edge.callee]
        if callee.cls is None or edge.kind != "call" or not arguments or not arguments[0]:
            return False
        atoms = [atom for ref in arguments[0] if is_path(ref) for atom in self.paths.atoms(ref)]
        methods = {types.names.method(atom[1], callee.facts.name) for atom in atoms if atom[0] == "inst"}
        if not methods or edge.callee in methods:
            return False
        return methods <= {other.callee for other in summary.edges if other.pos == edge.pos}

    def _once(self, edge: Edge, context: Context) -> str:
        """What all requests share and the call is made for only while it is missing. There may be many entries of a container,
        and so many calls."""
        for one in edge.once:
            for path in self.resolve(one, context):
                if path[0][0] in SHARED_ROOTS and "[]" not in path:
                    return f"{ONCE} {path!r}"
        return context.once

    def _later(self, edge: Edge, context: Context, once: str) -> Start:
        """A start of its own for code that runs beside its caller: each request starts its own thread unless it does so
        ``once``; nobody knows how a library calls back."""
        index = self.paths.types.index
        function = index.functions[context.function]
        name = index.functions[edge.callee].facts.name
        lane = edge.entry.lane if edge.entry is not None else ""
        if index.functions[edge.callee].facts.is_async:
            # A coroutine that is handed on is awaited on the loop that it came from.
            lane = lane or context.start.lane
        repeated = context.start.often and edge.kind in ("thread", "start") and not lane and not once
        runs = "once" if edge.entry is not None and edge.entry.runs == "once" else "background"
        kind = edge.entry.kind if edge.entry is not None and lane else edge.kind.replace("start", "thread")
        return Start(
            edge.callee, edge.bindings, kind, name, runs, repeated,
            function.module.input.path, edge.pos[0], (), context.function, lane or once,
        )  # fmt: skip

    def _passed(self, origin: tuple[ScopeId, int], context: Context) -> list[Any]:
        """The functions that this context was given as one of its parameters, or its closure as one of its maker's."""
        owner, at = origin
        if owner == context.function:
            values = context.arguments[at] if at < len(context.arguments) else ()
        else:
            values = tuple(b[2] for b in context.bindings if (b[0], b[1]) == origin)
        return [value for value in values if not is_path(value) and value[0] in ("func", "bound")]

    def _given(self, edge: Edge, given: list[Any], context: Context) -> None:
        """A call of a closure's parameter: go where this closure was given it."""
        held = context.held | self.lock_keys(edge.sections, context)
        own = self.paths.types.index.functions[context.function]
        for atom in given:
            function = self.paths.types.index.functions[atom[1]]
            arguments: list[tuple[Any, ...]] = [() for _ in function.facts.parameters]
            if atom[0] == "bound" and is_path(atom[2]) and arguments:
                arguments[0] = (atom[2],)
            elif arguments and context.arguments and function.cls is not None:
                arguments[0] = context.arguments[0]
            bindings = atom[2] if atom[0] == "func" else ()
            handed = 0
            for parameter, one in zip(own.facts.parameters, context.flags, strict=True):
                handed |= one if parameter.kind in ("*", "**") else 0
            flags = tuple(handed if at or function.cls is None else 0 for at in range(len(arguments)))
            self._push(Context(atom[1], tuple(arguments), bindings, held, context.start, context, edge.pos, flags))

    def _arguments(self, refs: tuple[Any, ...], context: Context) -> tuple[Any, ...]:
        """References of a call's argument in terms of the whole program: shared paths and functions only."""
        found: list[Any] = []
        for ref in refs:
            if is_path(ref):
                found.extend(path for path in self.resolve(ref, context) if path[0][0] in SHARED_ROOTS)
            elif ref[0] == "bound" and is_path(ref[2]):
                found.extend(
                    ("bound", ref[1], path) for path in self.resolve(ref[2], context)[:1] or [(("new", (), ()),)]
                )
            elif ref[0] in ("func", "bound", "class"):
                found.append((("k", ref[1]),) if ref[0] == "class" else ref)
        given = (DISPLACES,) if DISPLACES in refs else ()
        return (*tuple(dict.fromkeys(found))[:3], *given)

    def resolve(self, path: Path, context: Context, *, bound: bool = False) -> list[Path]:
        """A function's path in terms of the whole program; nothing for what is not shared, nor for an attribute of what is not
        that is only ``bound``: what it refers to stays as it is."""
        root = path[0]
        if root[0] == "v":
            above = captured.behind(self.evaluator, path, context)
            return [found for one, where in above for found in self.resolve(one, where) if found[0] != root][:3] or [
                path
            ]
        if root[0] != "p":
            return [path] if root[0] in SHARED_ROOTS else []
        if root[1] != context.function:
            return []
        found: list[Path] = []
        arguments = context.arguments[root[2]] if root[2] < len(context.arguments) else ()
        for ref in arguments:
            if is_path(ref):
                found.append(ref + path[1:] if len(ref) + len(path) < 12 else ref)
        if not found and self._default(root) and DISPLACES not in arguments:
            found.append((("v", root[1], self._default(root)), *path[1:]))
        if not found:
            found.extend(self.paths.aliased(path, bound=bound))
        return found

    def _default(self, root: Any) -> str:
        """The parameter's name if its default is a mutable display, which all calls share."""
        parameter = self.paths.types.index.functions[root[1]].facts.parameters[root[2]]
        return parameter.name if isinstance(parameter.default, f.Display) and parameter.default.kind != "tuple" else ""

    def lock_keys(self, sections: tuple[Section, ...], context: Context) -> frozenset[Any]:
        """The identities of the sections' locks, without those whose holding keeps nobody else out.

        A lock for readers and writers has one that readers hold, ``("shared", key)``; a writer holds that one, too.
        """
        found: set[Any] = set()
        for section in sections:
            key = self._lock_key(section, context)
            if key is not None:
                if section.kind in ("exclusive", "shared"):
                    found.add((SHARED, key))
                if section.kind != "shared":
                    found.add(key)
        return frozenset(found)

    def _lock_key(self, section: Section, context: Context) -> Any | None:
        if section.lock is None or (section.kind == "async" and not context.start.tasks):
            # A lock of asyncio keeps those out who run on the same event loop.
            return None
        if section.kind == "path":
            return ("path", section.lock)
        root = section.lock[0]
        if root[0] in ("new", "proxy"):
            return None
        resolved = self.resolve(section.lock, context)
        if not resolved:
            return ("unknown", section.lock) if root[0] == "p" and not self._fresh(root) else None
        place = self.paths.place(resolved[0])
        if place is None:
            return ("unknown", section.lock)
        key = self._closure(self.paths.exact(place), context)
        return (*key[:-1], f"[{section.key}]") if section.key.startswith("=") else key

    @staticmethod
    def _closure(key: Any, context: Context) -> Any:
        """The identity of a decorator's own lock: each function that it decorates gets another one."""
        root = key[0]
        if isinstance(root, tuple) and root[0] == "v":
            given = next((b[2] for b in context.bindings if b[0] == root[1] and b[2][0] in ("func", "bound")), None)
            if given is not None:
                return ((*root, given[1]), *key[1:])
        return key

    def _fresh(self, root: Any) -> bool:
        """Whether the parameter is ``self`` of an object made for this request."""
        function = self.paths.types.index.functions[root[1]]
        return root[2] == 0 and function.cls is not None

    # -- accesses --

    def _collect(self) -> None:
        serving = {
            fid
            for fid, contexts in self.result.contexts.items()
            if any(context.start.runs in ("request", "once") for context in contexts)
        }
        for fid, contexts in self.result.contexts.items():
            for context in contexts:
                self._record(self.evaluator.summary(fid, context.constants), context, serving)
        self._unify()

    def _record(self, summary: Summary, context: Context, serving: set[ScopeId]) -> None:
        """Note what a function does to shared places in one of its contexts."""
        result = self.result
        # Most records are of few paths.
        known: dict[bool, dict[Path, list[tuple[Path, Place]]]] = {False: {}, True: {}}
        for records, into, alone in (
            (summary.reads, result.reads, False),
            (summary.writes, result.writes, True),
            (summary.iterations, result.iterations, False),
            (summary.uses, result.uses, True),
            (summary.handed, result.handed, False),
        ):
            for record in records:
                bound = alone and isinstance(record, Write) and record.via == "="
                places = known[bound].get(record.path)
                if places is None:
                    places = known[bound][record.path] = self._places(record.path, bound, serving, context)
                for path, place in places:
                    locks = context.held
                    if locks or record.sections:
                        locks = self._held(record.sections, context, path, alone)
                    into.append(Access(place, path, record, locks, context))
        for pair in summary.pairs:
            bound = pair.write.via == "="
            places = known[bound].get(pair.write.path)
            for path, place in places or self._places(pair.write.path, bound, serving, context):
                guards = self._held(pair.covers, context, path, True)
                result.conflicts.append(Conflict(place, path, pair, guards, context))

    def _places(self, path: Path, bound: bool, serving: set[ScopeId], context: Context) -> list[tuple[Path, Place]]:
        """The shared places that a function's path leads to, each with the way to it; as for ``resolve``."""
        if path[0][0] in _FIXED:
            known = self._fixed.get(path)
            if known is None:
                place = self.paths.place(path)
                known = self._fixed[path] = [(path, place)] if place is not None else []
            return known
        found = ((one, self.paths.place(one)) for one in self._shared(path, serving, context, bound=bound))
        return [(one, place) for one, place in found if place is not None]

    def _unify(self) -> None:
        """Take the locks of a class's objects for one where some way leads to an object that cannot be told."""
        result = self.result
        accesses = (result.reads, result.writes, result.iterations, result.uses, result.handed)
        keys = {key for found in accesses for access in found for key in access.locks}
        plain = {key: _plain(key) for key in keys}
        vague = {key: other for key, other in plain.items() if key != other and other in keys}
        if not vague:
            return
        for found in accesses:
            for at, access in enumerate(found):
                if not access.locks.isdisjoint(vague):
                    locks = frozenset(vague.get(key, key) for key in access.locks)
                    found[at] = replace(access, locks=locks)
        for at, conflict in enumerate(result.conflicts):
            if not conflict.guards.isdisjoint(vague):
                guards = frozenset(vague.get(key, key) for key in conflict.guards)
                result.conflicts[at] = replace(conflict, guards=guards)

    def _held(self, sections: tuple[Section, ...], context: Context, path: Path, alone: bool) -> frozenset[Any]:
        """The keys of the locks that guard an access; ``alone``: it takes a lock that nobody else holds meanwhile."""
        keys = self.lock_keys(sections, context) | context.held if sections else context.held
        if not keys:
            return keys
        single = path[0][0] != "inst" and "[]" not in path
        return frozenset(
            key
            for key in keys
            if not self._per_request(key)
            and not (alone and key[0] == SHARED and key[1] not in keys)
            # One lock out of a table keeps only those out who want the same item.
            and not (single and key[-1] == "[]")
        )

    def _per_request(self, key: Any) -> bool:
        """Whether the lock is a variable of code that runs once for each request: no other request has it."""
        root = key[0]
        return (
            isinstance(root, tuple)
            and root[0] == "v"
            and any(context.start.runs == "request" for context in self.result.contexts.get(root[1], ()))
        )

    def _shared(self, path: Path, serving: set[ScopeId], context: Context, *, bound: bool) -> Iterator[Path]:
        """The path in terms of the whole program; nothing where it starts in a variable of code that each request, or each
        of several like threads, runs for itself, unless that is another name of something shared."""
        for found in self.resolve(path, context, bound=bound):
            root = found[0]
            if root[0] == "v" and (root[1] in serving or _runs_below(root[1], context)) and not self._is_default(root):
                behind = self.paths.other_name_of(root)
                if behind is not None:
                    yield (*behind, *found[1:])
            else:
                yield found

    def _is_default(self, root: Any) -> bool:
        function = self.paths.types.index.functions[root[1]]
        at = self.paths.types.parameter_index(function, root[2])
        return at >= 0 and bool(self._default(("p", root[1], at)))


def made_for(key: Any) -> ScopeId | None:
    """The function for which a decorator made the lock of that identity."""
    root = key[0]
    return root[3] if isinstance(root, tuple) and root[0] == "v" and len(root) > 3 else None


def _plain(key: Any) -> Any:
    """The identity of a lock without the object that it belongs to."""
    if key[0] == SHARED:
        return (SHARED, _plain(key[1]))
    root = key[0]
    return (root[:2], *key[1:]) if isinstance(root, tuple) and root[0] == "a" and len(root) > 2 else key


def _runs_below(owner: ScopeId, context: Context) -> bool:
    """Whether the context belongs to one of several runs of a function, each with variables of its own: threads run it, or
    requests have it run."""
    above, below = context.parent, False
    while above is not None:
        below = below or above.function == owner
        if below and above.start.often:
            return True
        above = above.parent
    return False
