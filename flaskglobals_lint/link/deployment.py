"""How the application is deployed, as far as the project's own files say: threads, workers, which server.

Commands are found in a Procfile, a Dockerfile, compose files, systemd units, shell scripts and the like, settings in
gunicorn's and uWSGI's configuration files – read as text, never run – and in calls such as ``app.run(threaded=False)``.
"""

from __future__ import annotations

import ast
import json
import os
import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from flaskglobals_lint import facts as f
from flaskglobals_lint.config import DEFAULT_EXCLUDE

if TYPE_CHECKING:
    from flaskglobals_lint.link.types import Types
    from flaskglobals_lint.models import Server, Servers

Kind: TypeAlias = Literal["threads", "processes", "greenlets", "asyncio", "single", "unknown"]

MOST_DEPTH = 4
MOST_FILES = 5_000
MOST_BYTES = 200_000

_NOT_DEPLOYED = ("doc", "docs", "example", "examples", "test", "tests")
_DEVELOPMENT = ("flask_run", "werkzeug", "wsgiref", "flask_socketio")
_ADAPTERS = ("wsgi_to_asgi", "a2wsgi")
_SEPARATORS = ("&&", "||", ";", "|", "&")
_GUNICORN_NAMES = {"workers": "workers", "threads": "threads", "worker_class": "kind", "preload_app": "preload"}
_VARIABLE = re.compile(r"\$(?:\{(?P<name>\w+)(?::?-(?P<default>[^}]*))?\}|\((?P<uwsgi>\w+)\)|(?P<plain>\w+))")
_SEVERAL = 2
"""A number that depends on the machine's processors counts as this."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """The line of a file that says it."""

    path: str
    line: int
    text: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}" if self.line else self.path


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

    @property
    def one_at_a_time(self) -> bool:
        """Whether no process ever handles two requests at once."""
        return self.kind in ("single", "processes")

    @property
    def stated(self) -> bool:
        """Whether that is written down, and not only a server's default."""
        return self.threads == 1


@dataclass(slots=True)
class _Settings:
    """What one command, file or call says about one server; a setting keeps the evidence that it comes from."""

    server: Server
    values: dict[str, tuple[Any, Evidence]] = field(default_factory=dict)
    evidence: list[Evidence] = field(default_factory=list)

    def take(self, other: _Settings) -> None:
        """Settings of another source, which counts for more."""
        self.values.update(other.values)
        self.evidence.extend(other.evidence)

    def number(self, name: str) -> int | None:
        value = self.values.get(name, (None,))[0]
        return value if isinstance(value, int) and not isinstance(value, bool) else None


def find(types: Types, root: Path | None, server: str) -> Deployment:
    """The deployment; a ``server`` other than auto is taken at its word."""
    if server != "auto":
        return _told(server)
    reader = _Reader(types.models.servers)
    if root is not None:
        prefix = _prefix(types)
        for path in _files(root):
            reader.file(root / path, path, prefix + path)
    reader.calls(types)
    return _combined(reader.found())


def _told(server: str) -> Deployment:
    evidence = (Evidence(f"--server {server}", 0, server),)
    match server:
        case "single":
            return Deployment(1, 1, "single", False, evidence)
        case "processes":
            return Deployment(1, _SEVERAL, "processes", False, evidence)
        case "greenlets":
            return Deployment(None, None, "greenlets", False, evidence)
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
                if depth < MOST_DEPTH and entry.name not in (*DEFAULT_EXCLUDE, *_NOT_DEPLOYED):
                    waiting.append((path, depth + 1))
            elif entry.is_file():
                yield path


class _Reader:
    """Reads files and calls into settings."""

    def __init__(self, servers: Servers) -> None:
        self.servers = servers
        self.commands: list[_Settings] = []
        self.configured: list[_Settings] = []
        self.environment: list[_Settings] = []
        self.called: list[_Settings] = []

    def found(self) -> list[_Settings]:
        """One record a server: configuration files first, then the environment, then the command line, which wins."""
        result: list[_Settings] = []
        for command in self.commands:
            whole = _Settings(command.server)
            for other in (*self.configured, *self.environment):
                if other.server.id == command.server.id:
                    whole.take(other)
            whole.take(command)
            result.append(whole)
        started = {command.server.id for command in self.commands}
        for other in self.configured:
            if other.server.id not in started:
                result.append(other)
        return result + self.called

    # -- files --

    def file(self, file: Path, path: str, shown: str) -> None:
        """Read one file if its name is one of those that tell."""
        name = path.rsplit("/", 1)[-1]
        kinds = [kind for kind in self.servers.files if any(fnmatchcase(name, pattern) for pattern in kind.patterns)]
        if not kinds:
            return
        try:
            if file.stat().st_size > MOST_BYTES:
                return
            text = file.read_text(encoding="utf-8", errors="replace")
        except OSError:
            return
        if name.endswith(".py"):
            self.gunicorn(text, shown)
            return
        lines = _joined(text)
        last: dict[str, tuple[int, str]] = {}
        for kind in kinds:
            for pattern in kind.lines:
                expression = re.compile(pattern)
                for number, line in lines:
                    match = expression.match(line)
                    if match is None:
                        continue
                    named = match.groupdict()
                    if named.get("command") is not None:
                        if name.lower().startswith(("dockerfile", "containerfile")) or name.endswith("Dockerfile"):
                            last[line.split()[0]] = (number, named["command"])
                        else:
                            self.command(_folded(named["command"], number, lines), Evidence(shown, number, line.strip()))
                    elif "uwsgi" in name.lower():
                        self.uwsgi(named["name"], named["value"], Evidence(shown, number, line.strip()))
                    elif named.get("name"):
                        self.variable(named["name"], named["value"], Evidence(shown, number, line.strip()))
        if last:
            number = max(number for number, _ in last.values())
            words = [word for key in ("ENTRYPOINT", "CMD") if key in last for word in _exec_form(last[key][1])]
            text = next(line.strip() for at, line in lines if at == number)
            self.words(words, Evidence(shown, number, text))

    def gunicorn(self, text: str, shown: str) -> None:
        """Settings of a gunicorn configuration file, as far as they are literals."""
        server = self.servers.by_id("gunicorn")
        try:
            tree = ast.parse(text)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return
        settings = _Settings(server) if server is not None else None
        lines = text.splitlines()
        for node in tree.body:
            targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
            for target in targets:
                if settings is None or not isinstance(target, ast.Name) or target.id not in _GUNICORN_NAMES:
                    continue
                value = literal(node.value) if isinstance(node, ast.Assign | ast.AnnAssign) and node.value else None
                evidence = Evidence(shown, node.lineno, lines[node.lineno - 1].strip())
                self.set(settings, _GUNICORN_NAMES[target.id], value, evidence)
        if settings is not None and settings.values:
            self.configured.append(settings)

    def uwsgi(self, name: str, value: str, evidence: Evidence) -> None:
        """One setting of a uWSGI configuration file."""
        server = self.servers.by_id("uwsgi")
        if server is None:
            return
        settings = next((s for s in self.configured if s.server is server), None)
        if settings is None:
            settings = _Settings(server)
            self.configured.append(settings)
        what = server.options.get(name)
        if what is not None:
            self.set(settings, what, _plain(value.strip().strip("\"'")), evidence)

    def variable(self, name: str, value: str, evidence: Evidence) -> None:
        """An environment variable."""
        value = value.strip().strip("\"'")
        for server in self.servers.servers:
            what = server.options.get(name)
            if what is None or not server.commands:
                continue
            settings = _Settings(server)
            if what == "arguments":
                self.options(settings, _split(value), evidence)
            else:
                self.set(settings, what, _plain(value), evidence)
            self.environment.append(settings)

    # -- commands --

    def command(self, text: str, evidence: Evidence) -> None:
        """A command line, or several."""
        self.words(_exec_form(text), evidence)

    def words(self, words: list[str], evidence: Evidence) -> None:
        """The words of a command line; what stands between ``&&`` or ``;`` is a command of its own."""
        part: list[str] = []
        for word in [*words, ";"]:
            if word in _SEPARATORS:
                self.one(part, evidence)
                part = []
            elif " " in word and any(f" {name} " in f" {word} " for name in self._first_words()):
                self.command(word, evidence)
            else:
                part.append(word)

    def _first_words(self) -> set[str]:
        return {command.split()[0] for server in self.servers.servers for command in server.commands}

    def one(self, words: list[str], evidence: Evidence) -> None:
        """A single command."""
        names = [word.rsplit("/", 1)[-1] for word in words]
        for server in self.servers.servers:
            for command in server.commands:
                first, *rest = command.split()
                if first in names and all(word in names[names.index(first) :] for word in rest):
                    settings = _Settings(server, evidence=[evidence])
                    self.options(settings, words[names.index(first) + 1 :], evidence)
                    self.commands.append(settings)
                    return

    def options(self, settings: _Settings, words: list[str], evidence: Evidence) -> None:
        """The options of a command line."""
        options = settings.server.options
        at = 0
        while at < len(words):
            word, at = words[at], at + 1
            name, equals, value = word.partition("=")
            if name not in options and word[:2] in options and len(word) > 2 and not word.startswith("--"):
                name, equals, value = word[:2], "=", word[2:]
            what = options.get(name)
            if what is None:
                continue
            if what == "preload" or name.startswith(("--with-", "--without-")):
                self.set(settings, what, not name.startswith("--without-"), evidence)
                continue
            if not equals:
                value, at = (words[at], at + 1) if at < len(words) else ("", at)
            self.set(settings, what, _plain(value), evidence)

    # -- calls --

    def calls(self, types: Types) -> None:
        """Servers that the code starts."""
        starting = {name: server for server in self.servers.servers for name in server.calls}
        for name in sorted({dotted.rsplit(".", 1)[-1] for dotted in starting}):
            for site in types.index.calls.get(name, ()):
                server = self._server(types, site.call, site.scope, starting)
                if server is None or site.decorated:
                    continue
                module = types.index.module_of(site.scope)
                if set(module.input.relative.split("/")[:-1]) & set(_NOT_DEPLOYED):
                    continue
                evidence = Evidence(module.input.path, site.call.pos[0], "")
                settings = _Settings(server, evidence=[evidence])
                for argument in site.call.arguments:
                    what = server.options.get(argument.keyword or "")
                    if what is not None:
                        value = _plain(argument.value.text) if isinstance(argument.value, f.Constant) else None
                        self.set(settings, what, value, Evidence(module.input.path, argument.pos[0], ""))
                self.called.append(settings)

    @staticmethod
    def _server(types: Types, call: f.Call, scope: str, starting: Mapping[str, Server]) -> Server | None:
        function = call.function
        models = types.models
        if isinstance(function, f.Attribute):
            for atom in types.expand(types.of(function.value, scope)):
                dotted = atom[1] if atom[0] == "extinst" else "flask.Flask" if atom[0] == "proxy" and atom[1] == "app" else ""
                for name in models.ancestry(dotted) if dotted else ():
                    if f"{name}.{function.name}" in starting:
                        return starting[f"{name}.{function.name}"]
        for atom in types.of(function, scope):
            if atom[0] == "ext":
                return starting.get(atom[1]) or starting.get(models.canonical(atom[1]))
        return None

    def set(self, settings: _Settings, what: str, value: Any, evidence: Evidence) -> None:
        """Keep one setting; what cannot be told keeps nothing but the fact that it is not the default."""
        if what == "threads" and isinstance(value, bool):
            value = 0 if value else 1
        if what == "no-preload":
            what, value = "preload", not value
        settings.values[what] = (value, evidence)
        if evidence not in settings.evidence:
            settings.evidence.append(evidence)


# -- what it comes to --


def _combined(found: list[_Settings]) -> Deployment:
    """One answer from all that was found: production servers count, the development server only where it is alone."""
    adapted = [s for s in found if s.server.id in _ADAPTERS]
    production = [s for s in found if s.server.id not in (*_DEVELOPMENT, *_ADAPTERS)]
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
        threads = max((answer.threads for answer in concurrent if answer.threads is not None), default=None)
        return Deployment(threads, workers, concurrent[0].kind, preload, evidence)
    kind: Kind = "processes" if workers is not None and workers > 1 else "single"
    stated = all(answer.stated for answer in answers)
    return Deployment(1 if stated else None, workers, kind, preload, evidence)


def _answer(settings: _Settings) -> Deployment:
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
    shown = [item for name, (_, item) in settings.values.items() if name in ("threads", "kind", "greenlets", "workers")]
    return Deployment(threads, workers, kind, bool(preload) and several, tuple(dict.fromkeys(shown or settings.evidence)))


def _worker_class(settings: _Settings, chosen: str, kind: Kind, threads: int | None) -> tuple[Kind, int | None]:
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


# -- text --


def _joined(text: str) -> list[tuple[int, str]]:
    """Numbered lines without comments, those that a backslash continues joined."""
    result: list[tuple[int, str]] = []
    held, start = "", 0
    for number, line in enumerate(text.splitlines(), 1):
        if line.lstrip().startswith("#") and not held:
            continue
        if held == "":
            start = number
        if line.rstrip().endswith("\\"):
            held += line.rstrip()[:-1] + " "
            continue
        result.append((start, held + (line.strip() if held else line)))
        held = ""
    if held:
        result.append((start, held))
    return result


def _folded(text: str, number: int, lines: list[tuple[int, str]]) -> str:
    """A YAML value that goes on in the lines below: a folded block or a list."""
    if text.strip() not in ("", ">", "|", ">-", "|-"):
        return text
    at = next(index for index, (start, _) in enumerate(lines) if start == number)
    depth = _indent(lines[at][1])
    parts = []
    for _, line in lines[at + 1 :]:
        if line.strip() and _indent(line) < depth + (not line.lstrip().startswith("-")):
            break
        parts.append(line.strip().removeprefix("- ").strip("\"'"))
    return " ".join(parts)


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())


def _exec_form(text: str) -> list[str]:
    """The words of a command: a JSON list or a shell's line."""
    text = text.strip()
    if text.startswith("["):
        try:
            parsed = json.loads(text)
        except ValueError:
            parsed = None
        if isinstance(parsed, list):
            words = [str(word) for word in parsed]
            return words
        text = text.strip("[]").replace(",", " ")
    if len(text) > 1 and text[0] == text[-1] and text[0] in "\"'":
        text = text[1:-1]
    return _split(text)


def _split(text: str) -> list[str]:
    for separator in ("&&", "||", ";"):
        text = text.replace(separator, f" {separator} ")
    try:
        return shlex.split(text, comments=True)
    except ValueError:
        return text.split()


def _plain(text: str) -> Any:
    """A number, a truth, a word; a variable counts by its default, without one as None."""
    match = _VARIABLE.search(text)
    if match is not None:
        if match["default"] is None or match[0] != text:
            return None
        text = match["default"]
    if "%(" in text or "%k" in text:
        return None
    if text.lstrip("-").isdigit():
        return int(text)
    return {"true": True, "false": False, "yes": True, "no": False, "none": None}.get(text.lower(), text or None)


def literal(node: ast.expr) -> Any:
    """The value of a setting: a literal, the default of an environment variable, simple arithmetic; else None."""
    match node:
        case ast.Constant():
            return node.value
        case ast.BinOp():
            left, right = literal(node.left), literal(node.right)
            if not isinstance(left, int) or not isinstance(right, int):
                return None
            return _ARITHMETIC.get(type(node.op), lambda one, other: None)(left, right)
        case ast.BoolOp(op=ast.Or()):
            return literal(node.values[-1])
        case ast.Call(func=func, args=args):
            name = func.attr if isinstance(func, ast.Attribute) else func.id if isinstance(func, ast.Name) else ""
            if name in ("int", "str", "float", "bool") and args:
                value = literal(args[0])
                return int(value) if name == "int" and str(value).isdigit() else value
            if name in ("get", "getenv") and len(args) == 2:
                return literal(args[1])
            if name in ("max", "min") and args:
                values = [literal(arg) for arg in args]
                numbers = [value for value in values if isinstance(value, int)]
                return (max if name == "max" else min)(numbers) if len(numbers) == len(values) else None
            return _SEVERAL if name in ("cpu_count", "process_cpu_count") else None
        case _:
            return None


_ARITHMETIC: Mapping[type, Any] = {
    ast.Add: lambda one, other: one + other,
    ast.Sub: lambda one, other: one - other,
    ast.Mult: lambda one, other: one * other,
    ast.FloorDiv: lambda one, other: one // other if other else None,
}

__all__ = ["Deployment", "Evidence", "find", "literal"]
