"""What commands, configuration files and calls of a project say about the servers that run it.

Commands are found in a Procfile, a Dockerfile, compose files, systemd units, shell scripts and the like, settings in
gunicorn's and uWSGI's configuration files – read as text, never run – and in calls such as ``app.run(threaded=False)``.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flaskglobals_lint import facts as f
from flaskglobals_lint.link import commands

if TYPE_CHECKING:
    from flaskglobals_lint.link.types import Types
    from flaskglobals_lint.models import Server, Servers

MOST_BYTES = 200_000
NOT_DEPLOYED = ("doc", "docs", "example", "examples", "test", "tests")

_HOOKS = ("post_fork", "post_worker_init")
_SEPARATORS = ("&&", "||", ";", "|", "&")
_GUNICORN_NAMES = {"workers": "workers", "threads": "threads", "worker_class": "kind", "preload_app": "preload"}


@dataclass(frozen=True, slots=True)
class Evidence:
    """The line of a file that says it."""

    path: str
    line: int
    text: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}" if self.line else self.path


@dataclass(slots=True)
class Settings:
    """What one command, file or call says about one server; a setting keeps the evidence that it comes from."""

    server: Server
    values: dict[str, tuple[Any, Evidence]] = field(default_factory=dict)
    evidence: list[Evidence] = field(default_factory=list)

    def take(self, other: Settings) -> None:
        """Settings of another source, which counts for more."""
        self.values.update(other.values)
        self.evidence.extend(other.evidence)

    def number(self, name: str) -> int | None:
        value = self.values.get(name, (None,))[0]
        return value if isinstance(value, int) and not isinstance(value, bool) else None


def _false(node: f.Expression) -> bool:
    return isinstance(node, f.Constant) and node.text == "False"


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


class Reader:
    """Reads files and calls into settings."""

    def __init__(self, servers: Servers) -> None:
        self.servers = servers
        self.commands: list[Settings] = []
        self.configured: list[Settings] = []
        self.environment: list[Settings] = []
        self.called: list[Settings] = []
        self.renewed: set[str] = set()

    def found(self) -> list[Settings]:
        """One record a server: configuration files first, then the environment, then the command line, which wins."""
        result: list[Settings] = []
        for command in self.commands:
            whole = Settings(command.server)
            for other in (*self.configured, *self.environment):
                if other.server.id == command.server.id:
                    whole.take(other)
            whole.take(command)
            result.append(whole)
        started = {command.server.id for command in self.commands}
        alone = [other for other in self.configured if other.server.id not in started]
        return result + alone + self.called

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
        lines = commands.joined(text)
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
                        if name.lower().startswith(("dockerfile", "containerfile")) or name.lower().endswith(
                            "dockerfile"
                        ):
                            last[line.split()[0]] = (number, named["command"])
                        else:
                            self.command(
                                commands.folded(named["command"], number, lines), Evidence(shown, number, line.strip())
                            )
                    elif "uwsgi" in name.lower():
                        self.uwsgi(named["name"], named["value"], Evidence(shown, number, line.strip()))
                    elif named.get("name"):
                        self.variable(named["name"], named["value"], Evidence(shown, number, line.strip()))
        if last:
            number = max(number for number, _ in last.values())
            words = [word for key in ("ENTRYPOINT", "CMD") if key in last for word in commands.exec_form(last[key][1])]
            text = next(line.strip() for at, line in lines if at == number)
            self.words(words, Evidence(shown, number, text))

    def gunicorn(self, text: str, shown: str) -> None:
        """Settings of a gunicorn configuration file, as far as they are literals."""
        server = self.servers.by_id("gunicorn")
        try:
            tree = ast.parse(text)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return
        settings = Settings(server) if server is not None else None
        lines = text.splitlines()
        for node in tree.body:
            if isinstance(node, ast.FunctionDef) and node.name in _HOOKS:
                self.renewed.update(part.id for part in ast.walk(node) if isinstance(part, ast.Name))
                self.renewed.update(part.attr for part in ast.walk(node) if isinstance(part, ast.Attribute))
            targets = (
                node.targets
                if isinstance(node, ast.Assign)
                else [node.target]
                if isinstance(node, ast.AnnAssign)
                else []
            )
            for target in targets:
                if settings is None or not isinstance(target, ast.Name) or target.id not in _GUNICORN_NAMES:
                    continue
                value = (
                    commands.literal(node.value)
                    if isinstance(node, ast.Assign | ast.AnnAssign) and node.value
                    else None
                )
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
            settings = Settings(server)
            self.configured.append(settings)
        what = server.options.get(name)
        if what is not None:
            self.set(settings, what, commands.plain(value.strip().strip("\"'")), evidence)

    def variable(self, name: str, value: str, evidence: Evidence) -> None:
        """An environment variable."""
        value = value.strip().strip("\"'")
        for server in self.servers.servers:
            what = server.options.get(name)
            if what is None or not server.commands:
                continue
            settings = Settings(server)
            if what == "arguments":
                self.options(settings, commands.split(value), evidence)
            else:
                self.set(settings, what, commands.plain(value), evidence)
            self.environment.append(settings)

    # -- commands --

    def command(self, text: str, evidence: Evidence) -> None:
        """A command line, or several."""
        self.words(commands.exec_form(text), evidence)

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
                    settings = Settings(server, evidence=[evidence])
                    self.options(settings, words[names.index(first) + 1 :], evidence)
                    self.commands.append(settings)
                    return

    def options(self, settings: Settings, words: list[str], evidence: Evidence) -> None:
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
            self.set(settings, what, commands.plain(value), evidence)

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
                if set(module.input.relative.split("/")[:-1]) & set(NOT_DEPLOYED):
                    continue
                evidence = Evidence(module.input.path, site.call.pos[0], f"{name}()")
                settings = Settings(server, evidence=[evidence])
                if server.id == "patched":
                    if any(a.keyword == "thread" and _false(a.value) for a in site.call.arguments):
                        continue
                    settings.values["sure"] = (_by_default(module.input.facts.body, site.call), evidence)
                for argument in site.call.arguments:
                    what = server.options.get(argument.keyword or "")
                    if what is not None:
                        text = argument.value.text if isinstance(argument.value, f.Constant) else ""
                        said = Evidence(module.input.path, argument.pos[0], f"{argument.keyword}={text}")
                        self.set(settings, what, commands.plain(text), said)
                self.called.append(settings)

    @staticmethod
    def _server(types: Types, call: f.Call, scope: str, starting: Mapping[str, Server]) -> Server | None:
        function = call.function
        models = types.models
        if isinstance(function, f.Attribute):
            for atom in types.expand(types.of(function.value, scope)):
                dotted = (
                    atom[1]
                    if atom[0] == "extinst"
                    else "flask.Flask"
                    if atom[0] == "proxy" and atom[1] == "app"
                    else ""
                )
                for name in models.ancestry(dotted) if dotted else ():
                    if f"{name}.{function.name}" in starting:
                        return starting[f"{name}.{function.name}"]
        for atom in types.of(function, scope):
            if atom[0] == "ext":
                return starting.get(atom[1]) or starting.get(models.canonical(atom[1]))
        return None

    def set(self, settings: Settings, what: str, value: Any, evidence: Evidence) -> None:
        """Keep one setting; what cannot be told keeps nothing but the fact that it is not the default."""
        if what == "threads" and isinstance(value, bool):
            value = 0 if value else 1
        if what == "no-preload":
            what, value = "preload", not value
        settings.values[what] = (value, evidence)
        if evidence not in settings.evidence:
            settings.evidence.append(evidence)
