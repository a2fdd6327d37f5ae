"""How the application is deployed, as far as the project's own files say: threads, workers, which server."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeAlias

from flaskglobals_lint.config import DEFAULT_EXCLUDE
from flaskglobals_lint.link.commands import SEVERAL
from flaskglobals_lint.link.servers import NOT_DEPLOYED, Evidence, Reader, Settings

if TYPE_CHECKING:
    from flaskglobals_lint.link.types import Types

Kind: TypeAlias = Literal["threads", "processes", "greenlets", "asyncio", "single", "unknown"]

MOST_DEPTH = 4
MOST_FILES = 5_000

_DEVELOPMENT = ("flask_run", "werkzeug", "wsgiref", "flask_socketio")
_ADAPTERS = ("wsgi_to_asgi", "a2wsgi")
_PATCHES = ("patched",)
_TELLING = ("threads", "kind", "greenlets", "workers", "preload")


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


def find(types: Types, root: Path | None, server: str) -> Deployment:
    """The deployment; a ``server`` other than auto is taken at its word."""
    if server != "auto":
        return _told(server)
    reader = Reader(types.models.servers)
    if root is not None:
        prefix = _prefix(types)
        for path in _files(root):
            reader.file(root / path, path, prefix + path)
    reader.calls(types)
    return replace(_combined(reader.found()), renewed=frozenset(reader.renewed))


def _told(server: str) -> Deployment:
    evidence = (Evidence(f"--server {server}", 0, server),)
    match server:
        case "single":
            return Deployment(1, 1, "single", False, evidence)
        case "processes":
            return Deployment(1, SEVERAL, "processes", False, evidence)
        case "greenlets":
            return Deployment(None, None, "greenlets", False, evidence, True)
        case "asyncio":
            return Deployment(None, None, "asyncio", False, evidence)
        case _:
            return Deployment(None, None, "threads", False, evidence)


def _prefix(types: Types) -> str:
    """What stands before a path from the root when it is printed."""
    for module in types.index.modules.values():
        if module.input.path.endswith(module.input.relative):
            return module.input.path.removesuffix(module.input.relative)
    return ""


def _files(root: Path) -> Iterator[str]:
    """Paths below the root of what may tell, nearest first."""
    waiting = [("", 0)]
    seen = 0
    while waiting:
        folder, depth = waiting.pop(0)
        try:
            entries = sorted(os.scandir(root / folder), key=lambda entry: entry.name)
        except OSError:
            continue
        for entry in entries:
            seen += 1
            if seen > MOST_FILES:
                return
            path = f"{folder}/{entry.name}" if folder else entry.name
            if entry.is_dir(follow_symlinks=False):
                if depth < MOST_DEPTH and entry.name not in (*DEFAULT_EXCLUDE, *NOT_DEPLOYED):
                    waiting.append((path, depth + 1))
            elif entry.is_file():
                yield path


def _combined(found: list[Settings]) -> Deployment:
    """One answer from all that was found: production servers count, the development server only where it is alone."""
    adapted = [s for s in found if s.server.id in _ADAPTERS]
    patches = [s for s in found if s.server.id in _PATCHES]
    production = [s for s in found if s.server.id not in (*_DEVELOPMENT, *_ADAPTERS, *_PATCHES)]
    patched = bool(patches) and all(s.server.kind == "greenlets" for s in production)
    if patched:
        production = patches + production  # threads that such a server or the development server starts are greenlets
    if adapted:
        production = adapted + [s for s in production if s.server.kind not in ("asyncio", "threads")]
    chosen = production or [s for s in found if s.server.id in _DEVELOPMENT]
    answers = [_answer(settings) for settings in chosen]
    answers = [answer for answer in answers if answer.kind != "unknown"]
    if not answers:
        return Deployment()
    evidence = tuple(dict.fromkeys(item for answer in answers for item in answer.evidence))
    workers = max((answer.workers for answer in answers if answer.workers is not None), default=None)
    preload = any(answer.preload for answer in answers)
    concurrent = [answer for answer in answers if not answer.one_at_a_time]
    if concurrent:
        kind: Kind = next((a.kind for a in concurrent if a.kind != "greenlets"), "greenlets")
        surely = any(a.sure for a in concurrent) and (patched or all(a.sure or a.stated for a in answers))
        threads = max((answer.threads for answer in concurrent if answer.threads is not None), default=None)
        return Deployment(threads, workers, kind, preload, evidence, surely and kind == "greenlets")
    kind = "processes" if workers is not None and workers > 1 else "single"
    stated = all(answer.stated for answer in answers)
    return Deployment(1 if stated else None, workers, kind, preload, evidence)


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
        kind, threads = _worker_class(settings, chosen, kind, threads)
    elif "kind" in settings.values and server.id == "gunicorn":
        kind = "unknown"
    green = settings.values.get("greenlets", (0,))[0]
    if green or green is None:
        kind, threads = "greenlets", None
    if kind == "processes" and not (workers and workers > 1):
        kind = "single"
    if server.id in _DEVELOPMENT and kind == "single" and threads is None:
        kind = "unknown"
    if server.id == "wsgi_to_asgi":
        kind, threads = "single", 1
    if kind == "single" and workers is not None and workers > 1:
        kind = "processes"
    preload = settings.values.get("preload", (server.preload,))[0]
    several = workers is None or workers > 1
    shown = [item for name, (_, item) in settings.values.items() if name in _TELLING]
    evidence = tuple(dict.fromkeys(shown or settings.evidence))
    sure = kind == "greenlets" and (server.id in ("gunicorn", "uwsgi") or settings.values.get("sure", (False,))[0])
    return Deployment(threads, workers, kind, bool(preload) and several, evidence, bool(sure))


def _worker_class(settings: Settings, chosen: str, kind: Kind, threads: int | None) -> tuple[Kind, int | None]:
    """gunicorn's worker class: sync with several threads is gthread, a greenlet worker ignores ``threads``."""
    name = chosen.removeprefix("gunicorn.workers.").lower()
    if name.startswith(("gevent", "ggevent", "eventlet", "egg:gunicorn#gevent")) or "gevent" in name:
        return "greenlets", None
    if "uvicorn" in name or name == "asgi":
        return "asyncio", None
    if name in ("sync", "gthread", "tornado", "sync.syncworker", "gthread.threadworker"):
        stated = threads if threads is not None else 1 if "threads" not in settings.values else None
        return kind, stated
    return "unknown", None


__all__ = ["Deployment", "Evidence", "find"]
