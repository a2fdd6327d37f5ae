"""Where the outside world gets in: routes, hooks, callbacks, background threads."""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from flaskglobals_lint import facts as f
from flaskglobals_lint.link import launchers, workers
from flaskglobals_lint.link.given import handed_over, is_partial
from flaskglobals_lint.link.index import CallSite, FunctionIndex, Index, ScopeId, last_name
from flaskglobals_lint.link.starts import MIDDLEWARE, VERBS, Start, describe, tells_startup
from flaskglobals_lint.link.urls import Urls

if TYPE_CHECKING:
    from flaskglobals_lint.link.atoms import Atom, Atoms
    from flaskglobals_lint.link.failures import Failures
    from flaskglobals_lint.link.types import Types
    from flaskglobals_lint.models import Entry, EntryBase, EntryCall

_TEMPLATE_TABLES = ("filters", "globals", "tests")
"""Attributes of a Jinja environment that hold functions which templates call."""


class Entries:
    """Finds all starts of a program."""

    def __init__(self, types: Types, failures: Failures) -> None:
        self.types = types
        self.failures = failures
        self.index: Index = types.index
        self.models = types.models
        self.found: dict[tuple[Any, ...], Start] = {}
        self.urls = Urls(types)
        self.holders: set[ScopeId] | None = None

    def find(self) -> list[Start]:
        """Starts in the order of the code."""
        attempt = self.failures.attempt
        for fid, function in self.index.functions.items():
            if function.facts.decorators:
                attempt(fid, self.decorated, function)
        for cid, cls in self.index.classes.items():
            attempt(cid, self.based, cid)
            if cls.facts.decorators:
                attempt(cid, self.decorated_class, cid)
        methods = self.models.registering_methods | launchers.calls(self.types)
        for name, sites in self.index.calls.items():
            if name in methods:
                for site in sites:
                    if not site.decorated:
                        attempt(site.scope, self.registered, site, name)
        for name, sites in self.index.calls.items():
            if name.endswith("()"):
                for site in sites:
                    attempt(site.scope, self.by_hand, site)
        for name in ("update", "append", "insert", "setdefault"):
            for site in self.index.calls.get(name, ()):
                attempt(site.scope, self.updated, site)
        self.set_by_attribute()
        self.assigned()
        self.template_names()
        return list(self.found.values())

    def template_names(self) -> None:
        """Functions that a context processor gives to the templates, which call them while they are rendered."""
        for start in list(self.found.values()):
            if "context_processor" not in start.detail:
                continue
            function = self.index.functions[start.function]
            entry = self.models.by_method_name["context_processor"].entry
            for value in function.returns:
                given: list[f.Expression] = list(value.values) if isinstance(value, f.Display) else []
                if isinstance(value, f.Call) and last_name(value.function) == "dict":
                    given = [argument.value for argument in value.arguments]
                for node in given:
                    for atom in self.types.expand(self.types.of(node, function.id)):
                        if atom[0] in ("func", "bound"):
                            self.add(atom, entry, "template", function, function.facts.pos)

    def add(
        self,
        target: Atom,
        entry: Entry,
        detail: str,
        where: FunctionIndex | None,
        pos: f.Position,
        site: CallSite | None = None,
        arguments: tuple[tuple[Any, ...], ...] = (),
    ) -> None:
        """Register a function or bound method as a start."""
        if entry.runs in ("other-process", "cli", "startup") or target[0] not in ("func", "bound"):
            return
        fid = target[1]
        function = self.index.functions.get(fid)
        if function is None:
            return
        if target[0] == "bound" and not arguments:
            receiver = target[2]
            arguments = (((receiver,),),) if receiver[0] == "inst" else ()
        bindings = target[2] if target[0] == "func" else ()
        where = where or function
        runs = entry.runs
        entry = _as_run(entry, function)
        start = Start(
            fid,
            bindings,
            entry.kind,
            detail,
            runs,
            entry.repeated,
            where.module.input.path if site is None else self.index.module_of(site.scope).input.path,
            pos[0],
            arguments,
            site.scope if site is not None and runs != "request" else "",
            entry.lane,
        )
        self.found.setdefault((fid, bindings, runs, arguments), start)

    # -- decorators --

    def decorated(self, function: FunctionIndex) -> None:
        decorators = function.facts.decorators
        scope = function.parent or f"{function.module.path}:"
        for below, decorator in enumerate(reversed(decorators)):
            entry = self.entry_of(decorator, scope)
            if entry is None or tells_startup(decorator, entry):
                continue
            entry = _as_run(entry, function)
            targets: Atoms = (("func", function.id, ()),)
            if function.cls is not None and self.types.names.kind(function.id) == "method":
                targets = (("bound", function.id, ("inst", function.cls)),)
            if below:
                applied = self.types.apply_decorators(function.id, below)
                targets = applied if function.cls is None else targets
            detail = describe(decorator, function.facts.name)
            for target in targets:
                self.add(target, entry, detail, function, function.facts.pos)

    def decorated_class(self, cid: ScopeId) -> None:
        """``@api.route("/")`` before a class: its methods are named for the verbs, each request has an instance."""
        cls = self.index.classes[cid]
        for decorator in cls.facts.decorators:
            entry = self.entry_of(decorator, f"{cls.module.path}:{cls.facts.function or ''}")
            if entry is None or entry.kind != "route":
                continue
            for name, fids in self.methods_of(cid):
                if name in VERBS:
                    function = self.index.functions[fids[-1]]
                    target = ("bound", function.id, ("inst", cid))
                    detail = f"{name.upper()} {cls.facts.name}"
                    self.add(target, entry, detail, function, function.facts.pos, None, ((("fresh",),),))

    def entry_of(self, decorator: f.Expression, scope: ScopeId) -> Entry | None:
        """The entry that a decorator makes, if any."""
        call = decorator if isinstance(decorator, f.Call) else None
        node = call.function if call is not None else decorator
        if isinstance(node, f.Attribute):
            receivers = self.types.expand(self.types.of(node.value, scope))
            known = False
            loop = ""
            for dotted in self.library_types(receivers):
                loop = self.models.loop(dotted)
                entry = self.models.decorator(dotted, node.name)
                if entry is not None:
                    return replace(entry, loop=loop)
                registers = self.models.call(dotted, node.name)
                if registers is not None and call is None:
                    return replace(registers.entry, loop=loop)
                known = known or self.models.is_application(dotted)
            for atom in self.types.of(node, scope):
                if atom[0] == "ext":
                    entry = self.models.decorator("", atom[1])
                    if entry is not None:
                        return entry
            if known:
                return None
            named = self.models.by_method_name.get(node.name)
            if named is not None and (not named.path_first or self.has_path(call)):
                if any(atom[0] in ("cont", "func") for atom in receivers):
                    return None
                return replace(named.entry, loop=loop)
            return None
        for atom in self.types.expand(self.types.of(node, scope)):
            if atom[0] == "ext":
                entry = self.models.decorator("", atom[1])
                if entry is not None:
                    return entry
        return None

    @staticmethod
    def has_path(call: f.Call | None) -> bool:
        if call is None or not call.arguments:
            return False
        first = call.arguments[0].value
        return isinstance(first, f.Constant) and first.kind == "str" and first.text.startswith("/")

    @staticmethod
    def known(atoms: Atoms) -> bool:
        """Whether anything is known of an object's type."""
        return any(atom[0] in ("inst", "cont", "class", "extinst", "conn", "module") for atom in atoms)

    def library_types(self, atoms: Atoms) -> list[str]:
        """Dotted names of the library types that an object is or derives from."""
        found: list[str] = []
        for atom in atoms:
            if atom[0] == "extinst":
                found.append(atom[1])
            elif atom[0] == "conn":
                found.append(atom[2] if len(atom) > 2 and atom[2] else atom[1])
            elif atom[0] == "inst":
                found.extend(self.types.names.external_bases(atom[1]))
            elif atom[0] == "proxy" or (atom[0] == "ext" and self.models.proxies.get(atom[1]) == "app"):
                found.append("flask.Flask")
            elif atom[0] == "ext":
                kept = self.models.instance(atom[1])
                if kept is not None:
                    found.append(kept)
        return found

    # -- base classes --

    def based(self, cid: ScopeId) -> None:
        """Methods that a library calls because of a base class."""
        cls = self.index.classes[cid]
        for dotted in self.types.names.external_bases(cid):
            base = self.models.base(dotted)
            if base is None or base.entry.runs in ("other-process", "cli", "startup"):
                continue
            shared = base.shared or self.shared_by_attribute(cid, base)
            for name, fids in self.methods_of(cid):
                fid = fids[-1]
                if not self.matches(fid, name, base.methods):
                    continue
                kind = self.types.names.kind(fid)
                arguments: tuple[tuple[Any, ...], ...] = ()
                if kind == "method" and (shared or (base.entry.runs == "background" and self.kept_instance(cid))):
                    arguments = (((("inst", cid),),),)
                elif kind == "method":
                    arguments = ((("fresh",),),)
                detail = f"{cls.facts.name}.{name}"
                if base.entry.kind == "route" and name in VERBS:
                    detail = f"{name.upper()} {self.urls.of(cid) or cls.facts.name}"
                function = self.index.functions[fid]
                if arguments and [p.name for p in function.facts.parameters[1:2]] == ["app"]:
                    arguments = (*arguments, ((("app",),),))
                entry = _as_run(replace(base.entry, loop=self.models.loop(dotted)), function)
                start = Start(
                    fid, (), entry.kind, detail, entry.runs, entry.repeated,
                    function.module.input.path, function.facts.pos[0], arguments, lane=entry.lane,
                )  # fmt: skip
                self.found.setdefault((fid, (), base.entry.runs, arguments), start)
                if base.entry.kind == "thread" and workers.made_in_loop(self.types, cid):
                    # Each of several threads has its own ``self``; what else they use they share.
                    arguments = ((("fresh",),),)
                    self.found[fid, (), base.entry.runs, arguments] = replace(start, repeated=True, arguments=arguments)
            return

    def kept_instance(self, cid: ScopeId) -> bool:
        """Whether a module or an object keeps an instance of the class, so that others than its thread see it."""
        if self.holders is None:
            self.holders = {
                atom[1]
                for scope, value in self.kept_values()
                for atom in self.types.expand(self.types.of(value, scope))
                if atom[0] == "inst"
            }
        return cid in self.holders

    def kept_values(self) -> Iterator[tuple[ScopeId, f.Expression]]:
        """Everything that is assigned to a module's variable or to an attribute, and the code that does it."""
        for module in self.index.modules.values():
            for bindings in module.names.values():
                yield from ((one.scope, one.value) for one in bindings if one.how == "is" and one.value is not None)
        for targets in self.index.attributes.values():
            yield from ((one.scope, one.value) for _, one in targets if one.how == "is" and one.value is not None)

    def methods_of(self, cid: ScopeId) -> list[tuple[str, list[ScopeId]]]:
        """The methods of a class and of its project bases."""
        found: dict[str, list[ScopeId]] = {}
        for atom in self.types.names.mro(cid):
            if atom[0] == "class":
                for name, fids in self.index.classes[atom[1]].methods.items():
                    found.setdefault(name, fids)
        return list(found.items())

    def matches(self, fid: ScopeId, name: str, patterns: tuple[str, ...]) -> bool:
        for pattern in patterns:
            if pattern.startswith("@"):
                if pattern[1:] in self.types.names.decorator_names(fid):
                    return True
            elif pattern == "*":
                if not name.startswith("_"):
                    return True
            elif fnmatchcase(name, pattern):
                return True
        return False

    def shared_by_attribute(self, cid: ScopeId, base: EntryBase) -> bool:
        if not base.shared_if:
            return False
        name, _, wanted = base.shared_if.partition("=")
        for binding in self.types.bindings(("a", cid, name)):
            if isinstance(binding.value, f.Constant) and binding.value.text == wanted:
                return True
        return False

    # -- registering calls --

    def registered(self, site: CallSite, name: str) -> None:
        """``app.add_url_rule(…, view_func=f)``, ``Thread(target=f)``, ``signal.connect(f)`` …"""
        function = site.call.function
        registers: EntryCall | None = None
        loop = ""
        if isinstance(function, f.Attribute):
            receivers = self.types.expand(self.types.of(function.value, site.scope))
            for dotted in self.library_types(receivers):
                loop = self.models.loop(dotted)
                registers = self.models.call(dotted, name)
                if registers is not None:
                    break
            if registers is None and not self.known(receivers):
                registers = self.models.call_by_method_name.get(name)
        if registers is None:
            for atom in self.types.of(function, site.scope):
                if atom[0] == "ext":
                    registers = self.models.call("", atom[1])
                    if registers is not None:
                        break
        if registers is None:
            registers = launchers.registering(self.types, site)
        if registers is None:
            return
        registers = workers.registered(self.types, site.call, site.scope, registers)
        repeated = workers.repeated(self.types, site, registers)
        if tells_startup(site.call, registers.entry):
            return
        registers = replace(registers, entry=replace(registers.entry, repeated=repeated, loop=loop))
        detail = describe(site.call, name)
        at = 0
        for argument in site.call.arguments:
            if argument.keyword is None:
                wanted = at in registers.positions
                at += 1
            else:
                wanted = argument.keyword in registers.keywords
            values = [argument.value] if wanted else []
            if registers.passes == "args" and argument.keyword == "args" and isinstance(argument.value, f.Display):
                # Thread(target=asyncio.run, args=(main(),)): the coroutine is what runs.
                values = [value for value in argument.value.values if isinstance(value, f.Call)]
            for value in values:
                for target in self.targets(value, site.scope):
                    is_async = self.index.functions[target[1]].facts.is_async
                    if not wanted and not is_async:
                        continue
                    entry, told = registers.entry, detail
                    if wanted and is_async and entry.kind == "thread" and not isinstance(value, f.Call):
                        # A thread would only make the coroutine; what runs it has a loop.
                        entry = replace(entry, repeated=False, lane="event loop")
                    if entry.kind == "thread" and detail == name:
                        told = self.index.functions[target[1]].facts.name
                    passed = handed_over(self.types, target, site.call, site.scope, registers, value)
                    self.add(target, entry, told, None, site.call.pos, site, passed)

    def targets(self, node: f.Expression, scope: ScopeId) -> Atoms:
        """Functions that an argument denotes; a view class stands for its methods, a coroutine for its function."""
        if isinstance(node, f.Call) and is_partial(node):
            return self.targets(node.arguments[0].value, scope)
        if isinstance(node, f.Call) and last_name(node.function) == "as_view":
            return ()
        if isinstance(node, f.Display):
            return tuple(atom for value in node.values for atom in self.targets(value, scope))
        if isinstance(node, f.Call):
            made = [atom for atom in self.types.of(node.function, scope) if atom[0] in ("func", "bound")]
            coroutines = tuple(atom for atom in made if self.index.functions[atom[1]].facts.is_async)
            if coroutines:
                return coroutines
        return tuple(atom for atom in self.types.expand(self.types.of(node, scope)) if atom[0] in ("func", "bound"))

    def by_hand(self, site: CallSite) -> None:
        """``app.route("/")(f)``: what makes a decorator is called, and its result is called with the function."""
        maker, given = site.call.function, site.call.arguments
        if site.decorated or not isinstance(maker, f.Call) or len(given) != 1:
            return
        entry = self.entry_of(maker, site.scope)
        if entry is None:
            return
        for target in self.targets(given[0].value, site.scope):
            self.add(target, entry, describe(maker, last_name(maker.function)), None, site.call.pos, site)

    def updated(self, site: CallSite) -> None:
        """``app.jinja_env.globals.update(name=f)``, ``app.before_request_funcs.setdefault(None, []).append(f)``"""
        function = site.call.function
        if site.decorated or not isinstance(function, f.Attribute):
            return
        table: f.Expression = function.value
        while not (isinstance(table, f.Attribute) and table.name in self.models.callable_attributes):
            if isinstance(table, f.Call):
                table = table.function
            elif isinstance(table, f.Attribute | f.Item):
                table = table.value
            else:
                return
        entry = self.kept(table, site.scope)
        if entry is None:
            return
        for argument in site.call.arguments:
            values = argument.value.values if isinstance(argument.value, f.Display) else (argument.value,)
            for value in values:
                for target in self.targets(value, site.scope):
                    self.add(target, entry, table.name, None, site.call.pos, site)

    def kept(self, table: f.Attribute, scope: ScopeId) -> Entry | None:
        """What becomes of a function that a library's object is given by this attribute."""
        for dotted in self.library_types(self.types.expand(self.types.of(table.value, scope))):
            entry = self.models.assigned(dotted, table.name)
            if entry is not None:
                return entry
        named_so = table.name in _TEMPLATE_TABLES and last_name(table.value) == "jinja_env"
        return self.models.assigned("jinja2.Environment", table.name) if named_so else None

    def set_by_attribute(self) -> None:
        """``client.on_message = f``, ``app.layout = f``"""
        for name in sorted(self.models.callable_attributes - {"wsgi_app"}):
            for target, binding in self.index.attributes.get(name, ()):
                if binding.value is None:
                    continue
                functions = self.targets(binding.value, binding.scope)
                entry = self.kept(target, binding.scope) if functions else None
                if entry is None:
                    continue
                for atom in functions:
                    site = CallSite(binding.scope, f.Call(target, (), binding.pos))
                    self.add(atom, entry, name, None, binding.pos, site)

    def assigned(self) -> None:
        """``app.wsgi_app = Middleware(…)``, ``app.view_functions[x] = f``, ``app.jinja_env.filters[x] = f``."""
        route = self.models.by_method_name["before_request"].entry
        for _, binding in self.index.attributes.get("wsgi_app", ()):
            if binding.value is None:
                continue
            for atom in self.types.expand(self.types.of(binding.value, binding.scope)):
                method = self.types.names.method(atom[1], "__call__") if atom[0] == "inst" else None
                if method is not None:
                    target = ("bound", method, atom)
                    self.add(target, route, MIDDLEWARE, self.index.functions[method], binding.pos)
        for name in ("view_functions", *_TEMPLATE_TABLES):
            for store in self.index.stores.get(name, ()):
                if (
                    name != "view_functions"
                    and last_name(getattr(store.container, "value", f.Constant("", ""))) != "jinja_env"
                ):
                    continue
                for atom in self.types.expand(self.types.of(store.value, store.scope)):
                    if atom[0] in ("func", "bound"):
                        function = self.index.functions[atom[1]]
                        self.add(atom, route, name, function, function.facts.pos)


def _as_run(entry: Entry, function: FunctionIndex) -> Entry:
    """When the function runs, given whether it is async: on the loop of its application, if that has one."""
    return replace(entry, repeated=False, lane=entry.loop) if entry.loop and function.facts.is_async else entry
