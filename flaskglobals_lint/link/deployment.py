"""How the application is deployed, as far as the project's own files and code say: threads, workers, which server."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal, TypeAlias

from flaskglobals_lint.deploy.commands import SEVERAL
from flaskglobals_lint.deploy.reader import Reader
from flaskglobals_lint.deploy.unit import Evidence, Settings
from flaskglobals_lint.link import servers

if TYPE_CHECKING:
    from flaskglobals_lint.deploy.files import Files
    from flaskglobals_lint.link.types import Types

Kind: TypeAlias = Literal["threads", "processes", "greenlets", "asyncio", "single", "unknown"]

_DEVELOPMENT = ("flask_run", "werkzeug", "wsgiref", "flask_socketio")
_ADAPTERS = ("wsgi_to_asgi", "a2wsgi")
_PATCHES = ("patched",)
_TELLING = ("threads", "kind", "greenlets")
"""Settings that tell whether requests run at once, shown before all others."""


@dataclass(frozen=True, slots=True)
class Deployment:
    """``kind`` is what the server does with two requests of one process; "processes" is "single" with several workers.

    ``threads`` and ``workers`` are numbers that are written down, None where only a server's default is known. ``preload``:
    the application is imported before the workers are forked.
    """

    threads: int | None = None
    workers: int | None = None
    kind: Kind = "unknown"
    preload: bool = False
    evidence: tuple[Evidence, ...] = ()
    sure: bool = False
    """With greenlets: every way to run it that was found makes requests greenlets, and none is a guess."""

    renewed: frozenset[str] = frozenset()
    """Names that a hook of the server mentions which runs in each worker after the fork."""

    many: Evidence | None = None
    """What says that there are several workers."""

    on_main: bool = False
    """Requests are served by the thread that imports the application, not by one of a pool."""

    def __str__(self) -> str:
        """``threads (4 threads, 2 workers), told by Procfile:1``"""
        numbers = {"thread": self.threads, "worker": self.workers}
        said = [f"{number} {name}{'s' if number != 1 else ''}" for name, number in numbers.items() if number]
        told = ", ".join(dict.fromkeys(str(item) for item in self.evidence))
        many = f" ({', '.join(said)})" if said else ""
        return f"{self.kind}{many}, told by {told}" if told else self.kind

    @property
    def one_at_a_time(self) -> bool:
        """Whether no process ever handles two requests at once."""
        return self.kind in ("single", "processes")

    @property
    def stated(self) -> bool:
        """Whether that is written down, and not only a server's default."""
        return self.threads == 1 or self.sure

    def where(self, *words: str) -> str:
        """The place that says it: the first that mentions one of the words."""
        for item in self.evidence:
            if any(word in item.text for word in words):
                return str(item)
        return str(self.evidence[0]) if self.evidence else "the deployment"


def find(types: Types, files: Files | None, server: str) -> Deployment:
    """The deployment; a ``server`` other than auto is taken at its word.

    Files about production count for more than those about development and tests, any server for more than the development
    server. Of several ways to run it the worst counts: requests that run at once, the most workers.
    """
    if server != "auto":
        return _told(server)
    said: list[Settings] = []
    renewed: set[str] = set()
    if files is not None:
        reader = Reader(types.models.servers, files)
        said = reader.run()
        renewed = reader.renewed
    return replace(_combined(said, list(servers.started(types))), renewed=frozenset(renewed))


def _told(server: str) -> Deployment:
    evidence = Evidence(f"--server {server}", 0, server)
    match server:
        case "single":
            return Deployment(1, 1, "single", False, (evidence,), on_main=True)
        case "processes":
            return Deployment(1, SEVERAL, "processes", False, (evidence,), many=evidence, on_main=True)
        case "greenlets":
            return Deployment(None, None, "greenlets", False, (evidence,), True)
        case "asyncio":
            return Deployment(None, None, "asyncio", False, (evidence,))
        case _:
            return Deployment(None, None, "threads", False, (evidence,))


def _combined(said: list[Settings], started: list[Settings]) -> Deployment:
    """One answer from what files say and what the code starts."""
    found = said + started
    adapted = [s for s in found if s.server.id in _ADAPTERS]
    patches = [s for s in found if s.server.id in _PATCHES]
    serving = [s for s in found if s.server.id not in (*_DEVELOPMENT, *_ADAPTERS, *_PATCHES)]
    production = [s for s in serving if not s.development] or serving
    if production and not any(s in said for s in production):
        # One of several ways that the code knows: threads that it asks for are no accident of development.
        production += [s for s in started if s.server.id in _DEVELOPMENT and s.number("threads") not in (None, 1)]
    patched = bool(patches) and all(s.server.kind == "greenlets" for s in production)
    if patched:
        production = patches + production  # threads that such a server or the development server starts are greenlets
    if adapted:
        production = adapted + [s for s in production if s.server.kind not in ("asyncio", "threads")]
    chosen = production or [s for s in found if s.server.id in _DEVELOPMENT]
    answers = [_answer(settings) for settings in chosen]
    answers = [answer for answer in answers if answer.kind != "unknown" or answer.many is not None]
    if not answers:
        return Deployment()
    evidence = tuple(dict.fromkeys(item for answer in answers for item in answer.evidence))
    most = max(answers, key=lambda answer: answer.workers or 0)
    told = Deployment(None, most.workers, "unknown", any(a.preload for a in answers), evidence, many=most.many)
    concurrent = [answer for answer in answers if not answer.one_at_a_time]
    if concurrent:
        kind: Kind = next((a.kind for a in concurrent if a.kind != "greenlets"), "greenlets")
        surely = any(a.sure for a in concurrent) and (patched or all(a.sure or a.stated for a in answers))
        threads = max((answer.threads for answer in concurrent if answer.threads is not None), default=None)
        return replace(told, threads=threads, kind=kind, sure=surely and kind == "greenlets")
    kind = "processes" if told.workers is not None and told.workers > 1 else "single"
    stated = all(answer.stated for answer in answers)
    return replace(told, threads=1 if stated else None, kind=kind, on_main=all(answer.on_main for answer in answers))


def _answer(settings: Settings) -> Deployment:
    """What one server's settings come to."""
    server = settings.server
    threads, workers = settings.number("threads"), settings.number("workers")
    kind: Kind = server.kind
    chosen = settings.values.get("kind", (None,))[0]
    if "threads" in settings.values and threads is None:
        kind = "unknown" if kind in ("single", "processes") else kind
    elif server.kind in ("single", "threads", "processes") and threads is not None:
        kind = "single" if threads == 1 else "threads"
    if isinstance(chosen, str) and server.id == "gunicorn":
        kind, threads = _worker_class(chosen, kind, threads, "threads" in settings.values)
    elif "kind" in settings.values and server.id == "gunicorn":
        kind = "unknown"
    elif server.id == "uvicorn" and chosen == "wsgi":
        kind = "threads"
    green = settings.values.get("greenlets", (0,))[0]
    if green or green is None:
        kind, threads = "greenlets", None
    if kind == "processes" and not (workers and workers > 1):
        kind = "single"
    if server.id in _DEVELOPMENT and kind == "single" and threads is None:
        kind = "unknown"
    if server.id == "wsgi_to_asgi":
        kind, threads = "single", 1
    workers, many = _workers(settings, workers)
    if kind == "single" and workers is not None and workers > 1:
        kind = "processes"
    preload = settings.values.get("preload", (server.preload,))[0]
    several = workers is None or workers > 1
    shown = [settings.values[name][1] for name in _TELLING if name in settings.values]
    evidence = tuple(dict.fromkeys((*shown, *settings.evidence)))
    sure = kind == "greenlets" and (server.id == "gunicorn" or any(_true(settings, n) for n in ("sure", "patched")))
    on_main = server.kind in ("single", "processes") or server.id in _DEVELOPMENT
    on_main = on_main and kind in ("single", "processes") and "gthread" not in str(chosen)
    return Deployment(threads, workers, kind, bool(preload) and several, evidence, sure, many=many, on_main=on_main)


def _true(settings: Settings, name: str) -> bool:
    return bool(settings.values.get(name, (False,))[0])


def _workers(settings: Settings, workers: int | None) -> tuple[int | None, Evidence | None]:
    """Processes of all instances, and what says that there are several."""
    instances = settings.number("instances")
    if instances is not None and instances > 1:
        return (workers or 1) * instances, settings.values["instances"][1]
    return workers, settings.values["workers"][1] if workers is not None and workers > 1 else None


def _worker_class(chosen: str, kind: Kind, threads: int | None, given: bool) -> tuple[Kind, int | None]:
    """gunicorn's worker class: sync with several threads is gthread, a greenlet worker ignores ``threads``.

    ``given``: something is said about the number of threads.
    """
    name = chosen.removeprefix("gunicorn.workers.").lower()
    if name.startswith(("gevent", "ggevent", "eventlet", "geventlet", "egg:gunicorn#gevent")) or "gevent" in name:
        return "greenlets", None
    if "uvicorn" in name or name == "asgi":
        return "asyncio", None
    if name in ("sync", "gthread", "tornado", "sync.syncworker", "gthread.threadworker"):
        return kind, threads if threads is not None or given else 1
    return "unknown", None


__all__ = ["Deployment", "Evidence", "find"]
