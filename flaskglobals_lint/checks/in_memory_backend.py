"""FGL502: an extension that keeps its data in one process's memory, or in one host's files."""

from __future__ import annotations

from collections.abc import Iterator

from flaskglobals_lint import facts as f
from flaskglobals_lint.finding import Finding
from flaskglobals_lint.link.index import CallSite, ScopeId, last_name
from flaskglobals_lint.link.program import Program
from flaskglobals_lint.link.trees import walk
from flaskglobals_lint.rule import by_code

RULE = by_code("FGL502")

_CACHE = ("flask_caching.Cache", "flask_cache.Cache")
_LOCAL_CACHES = frozenset({"simple", "simplecache", "filesystem", "filesystemcache", "threadsafesimplecache"})
_LIMITER = ("flask_limiter.Limiter",)
_LIMITER_KEYS = frozenset({"RATELIMIT_STORAGE_URI", "RATELIMIT_STORAGE_URL"})
_SESSION = ("flask_session.Session",)
_LOCAL_SESSIONS = frozenset({"filesystem", "cachelib"})
_SOCKETS = ("flask_socketio.SocketIO",)
_CONFIGURED = frozenset({*_CACHE, *_LIMITER, *_SESSION})
"""Those whose back end is a setting."""
_OWN_CACHES = ("cachelib.SimpleCache", "cachelib.simple.SimpleCache", "werkzeug.contrib.cache.SimpleCache")
_SETTINGS = frozenset({"CACHE_TYPE", "SESSION_TYPE", *_LIMITER_KEYS})
_MADE_BY = frozenset({"Cache", "Limiter", "Session", "SocketIO", "SimpleCache"})

_SETTING = (f.Assign, f.Display, f.Call)
"""What can give a setting its value."""

_Setting = tuple[str, f.Expression, "ScopeId", f.Position]


def check(program: Program) -> Iterator[Finding]:
    """A note for each back end; ``severity`` raises it where there are several workers."""
    sites = [site for name in sorted(_MADE_BY) for site in program.index.calls.get(name, ()) if not site.decorated]
    made = [(site, dotted) for site in sites for dotted in _dotted(program, site)]
    if not made:
        return
    settings = list(_settings(program)) if any(dotted in _CONFIGURED for _, dotted in made) else []
    for site, dotted in made:
        if dotted in _CACHE:
            yield from _cache(program, site, settings)
        elif dotted in _LIMITER:
            yield from _limiter(program, site, settings)
        elif dotted in _SESSION:
            yield from _session(program, settings)
        elif dotted in _SOCKETS:
            yield from _sockets(program, site)
        elif dotted in _OWN_CACHES:
            yield _finding(
                program, site.scope, site.call.pos, "SimpleCache", "this cache", "RedisCache or MemcachedCache"
            )


def _dotted(program: Program, site: CallSite) -> Iterator[str]:
    for atom in program.types.expand(program.types.of(site.call.function, site.scope)):
        if atom[0] == "ext":
            yield program.types.models.canonical(atom[1])


def _text(node: f.Expression | None) -> str | None:
    return node.text if isinstance(node, f.Constant) and node.kind == "str" else None


def _settings(program: Program) -> Iterator[_Setting]:
    """Assignments of the settings that matter, wherever the project's configuration stands."""
    for module in program.index.modules.values():
        scope = f"{module.path}:"
        bodies: list[tuple[ScopeId, object]] = [(scope, module.input.facts.body)]
        bodies += [(scope, cls.body) for cls in module.input.facts.classes]
        bodies += [(f"{module.path}:{fun.qualname}", fun.body) for fun in module.input.facts.functions]
        for owner, body in bodies:
            for node in walk(body):
                if type(node) in _SETTING:
                    yield from _set_by(node, owner)


def _set_by(node: f.Node, scope: ScopeId) -> Iterator[_Setting]:
    """``config["K"] = v``, ``K = v``, ``{"K": v}`` and ``from_mapping(K=v)``."""
    if isinstance(node, f.Assign):
        for target in node.targets:
            name = _text(target.key) if isinstance(target, f.Item) else last_name(target)
            if name in _SETTINGS:
                yield name, node.value, scope, node.pos
    elif isinstance(node, f.Display) and node.kind == "dict":
        for key, value in zip(node.keys, node.values, strict=True):
            name = _text(key)
            if name in _SETTINGS:
                yield name, value, scope, node.pos
    elif isinstance(node, f.Call):
        for argument in node.arguments:
            if argument.keyword in _SETTINGS:
                yield argument.keyword, argument.value, scope, node.pos


def _cache(program: Program, site: CallSite, settings: list[_Setting]) -> Iterator[Finding]:
    types = [_text(value) for name, value, _, _ in settings if name == "CACHE_TYPE"]
    given = next((a.value for a in site.call.arguments if a.keyword == "config"), None)
    if isinstance(given, f.Display):
        types = [
            _text(value) for key, value in zip(given.keys, given.values, strict=True) if _text(key) == "CACHE_TYPE"
        ]
    local = [text for text in types if text is not None and text.rsplit(".", 1)[-1].lower() in _LOCAL_CACHES]
    if local and len(local) == len(types):
        name = local[0].rsplit(".", 1)[-1]
        yield _finding(program, site.scope, site.call.pos, name, "this cache", '`CACHE_TYPE: "RedisCache"`')


def _limiter(program: Program, site: CallSite, settings: list[_Setting]) -> Iterator[Finding]:
    given = [a.value for a in site.call.arguments if a.keyword in ("storage_uri", "storage_url")]
    given += [value for name, value, _, _ in settings if name in _LIMITER_KEYS]
    if all((_text(value) or "").startswith(("memory:", "async+memory:")) for value in given):
        yield _finding(
            program, site.scope, site.call.pos, "memory://", "this limiter's counts", '`storage_uri="redis://…"`'
        )


def _session(program: Program, settings: list[_Setting]) -> Iterator[Finding]:
    for name, value, scope, pos in settings:
        text = _text(value)
        if name == "SESSION_TYPE" and text in _LOCAL_SESSIONS:
            yield _finding(program, scope, pos, text, "sessions", '`SESSION_TYPE = "redis"`')


def _sockets(program: Program, site: CallSite) -> Iterator[Finding]:
    calls = (site.call, *(other.call for other in program.index.calls.get("init_app", ())))
    keywords = {argument.keyword for call in calls for argument in call.arguments}
    if "message_queue" not in keywords and None not in {a.keyword for a in site.call.arguments if a.star == 2}:
        yield _finding(
            program, site.scope, site.call.pos, "no message queue", "the list of clients", '`message_queue="redis://…"`'
        )


def _finding(program: Program, scope: ScopeId, pos: f.Position, kind: str, what: str, remedy: str) -> Finding:
    where = (
        "in the files of one host"
        if kind.lower().startswith(("filesystem", "cachelib"))
        else "in the memory of one process"
    )
    return Finding(
        RULE.code,
        RULE.name,
        "info",
        f"{what} ({kind}) {'are' if what.endswith('s') and what != 'this' else 'is'} kept {where}; each further worker or host has its own",
        program.span(scope, pos),
        kind,
        program.qualified(scope),
        suggestion=f"use a back end that all workers reach: {remedy}",
        steps=("a request that worker 1 answers changes it", "a request that worker 2 answers does not see the change"),
    )
