"""Servers that the code starts: ``app.run(threaded=False)``, ``waitress.serve(app)``, gunicorn's application classes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from flaskglobals_lint import facts as f
from flaskglobals_lint.deploy import commands
from flaskglobals_lint.deploy.files import NOT_DEPLOYED
from flaskglobals_lint.deploy.gunicorn import NAMES
from flaskglobals_lint.deploy.unit import Evidence, Settings
from flaskglobals_lint.link.trees import walk

if TYPE_CHECKING:
    from flaskglobals_lint.link.index import ModuleIndex
    from flaskglobals_lint.link.types import Types
    from flaskglobals_lint.models import Server

_GREENLETS = ("gevent", "gevent_uwsgi", "eventlet")


def started(types: Types) -> Iterator[Settings]:
    """The settings of each server that the modules start, tests and examples aside."""
    yield from _called(types)
    for module in types.index.modules.values():
        if any(node.module.startswith("gunicorn.app") for node in module.imports) and _deployed(module):
            yield from _gunicorn(types, module)


def _deployed(module: ModuleIndex) -> bool:
    return set(module.input.relative.split("/")[:-1]).isdisjoint(NOT_DEPLOYED)


def _called(types: Types) -> Iterator[Settings]:
    starting = {name: server for server in types.models.servers.servers for name in server.calls}
    for name in sorted({dotted.rsplit(".", 1)[-1] for dotted in starting}):
        for site in types.index.calls.get(name, ()):
            server = _server(types, site.call, site.scope, starting)
            module = types.index.module_of(site.scope)
            if server is None or site.decorated or not _deployed(module):
                continue
            evidence = Evidence(module.input.path, site.call.pos[0], f"{name}()")
            settings = Settings(server, evidence=[evidence])
            if server.id == "patched":
                if any(a.keyword == "thread" and _text(a.value, module) == "False" for a in site.call.arguments):
                    continue
                settings.values["sure"] = (_by_default(module.input.facts.body, site.call), evidence)
            for argument in site.call.arguments:
                what = server.options.get(argument.keyword or "")
                if what is not None:
                    text = _text(argument.value, module)
                    said = Evidence(module.input.path, argument.pos[0], f"{argument.keyword}={text}")
                    settings.set(what, commands.plain(text), said)
            if server.id == "flask_socketio":
                _mode(types, settings)
            yield settings


def _server(types: Types, call: f.Call, scope: str, starting: Mapping[str, Server]) -> Server | None:
    function = call.function
    models = types.models
    if isinstance(function, f.Attribute):
        for atom in types.expand(types.of(function.value, scope)):
            dotted = (
                atom[1] if atom[0] == "extinst" else "flask.Flask" if atom[0] == "proxy" and atom[1] == "app" else ""
            )
            for name in models.ancestry(dotted) if dotted else ():
                if f"{name}.{function.name}" in starting:
                    return starting[f"{name}.{function.name}"]
    for atom in types.of(function, scope):
        if atom[0] == "ext":
            return starting.get(atom[1]) or starting.get(models.canonical(atom[1]))
    return None


def _text(node: f.Expression, module: ModuleIndex) -> str:
    """A literal's text, also of a name that the module binds once to one."""
    if isinstance(node, f.Global):
        bindings = module.names.get(node.name, ())
        values = [binding.value for binding in bindings if binding.how == "is"]
        node = values[0] if len(bindings) == 1 and values and values[0] is not None else node
    return node.text if isinstance(node, f.Constant) else ""


def _mode(types: Types, settings: Settings) -> None:
    """``SocketIO(async_mode=…)``: threads unless it names greenlets; not given, whatever is installed decides."""
    for site in (*types.index.calls.get("SocketIO", ()), *types.index.calls.get("init_app", ())):
        module = types.index.module_of(site.scope)
        for argument in site.call.arguments:
            text = _text(argument.value, module) if argument.keyword == "async_mode" else ""
            if text in _GREENLETS:
                said = Evidence(module.input.path, argument.pos[0], f"async_mode={text}")
                settings.set("greenlets", True, said)


def _by_default(body: tuple[f.Statement, ...], call: f.Call) -> bool:
    """Whether importing the module makes the call: nothing decides it but, maybe, an environment variable that is not set."""
    for statement in body:
        if isinstance(statement, f.Evaluate) and statement.value == call:
            return True
        if isinstance(statement, f.If) and isinstance(statement.test, f.Operation) and statement.test.operator == "not":
            asked = statement.test.operands[0]
            name = asked.function.name if isinstance(asked, f.Call) and isinstance(asked.function, f.Attribute) else ""
            if name in ("getenv", "get") and _by_default(statement.body, call):
                return True
    return False


def _gunicorn(types: Types, module: ModuleIndex) -> Iterator[Settings]:
    """gunicorn started from Python: ``options = {"workers": 4}`` or ``cfg.set("threads", 2)`` beside its application class."""
    server = types.models.servers.by_id("gunicorn")
    if server is None:
        return
    settings = Settings(server)
    for body in (module.input.facts.body, *(function.body for function in module.input.facts.functions)):
        for node in walk(body):
            for key, value, line in _pairs(node):
                if isinstance(key, f.Constant) and key.text in NAMES and NAMES[key.text] != "config":
                    text = _text(value, module)
                    said = Evidence(module.input.path, line, f"{key.text}: {text}")
                    settings.set(NAMES[key.text], commands.plain(text), said)
    if settings.values:
        yield settings


def _pairs(node: f.Node) -> Iterator[tuple[f.Expression | None, f.Expression, int]]:
    """Keys and values of a dict, or of ``.set(key, value)``, with the line."""
    if isinstance(node, f.Display) and node.kind == "dict":
        yield from ((key, value, node.pos[0]) for key, value in zip(node.keys, node.values, strict=True))
    elif isinstance(node, f.Call) and isinstance(node.function, f.Attribute) and node.function.name == "set":
        for key, value in zip(node.arguments[:1], node.arguments[1:2], strict=False):
            yield key.value, value.value, node.pos[0]
