"""From what files say is run to the servers and their settings.

Commands are followed: through shells and wrappers, into the scripts and configuration files they name, and from a compose
file's service to its image.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from flaskglobals_lint.deploy import commands, formats, images
from flaskglobals_lint.deploy.files import Files
from flaskglobals_lint.deploy.gunicorn import Configuration
from flaskglobals_lint.deploy.images import Image
from flaskglobals_lint.deploy.manifests import Manifest
from flaskglobals_lint.deploy.unit import Evidence, Settings, Unit, for_development
from flaskglobals_lint.models.servers import DeploymentFile, Server, Servers

_MOST_DEPTH = 5
_SHEBANG = re.compile(r"#!.*\bsh\b|#!.*(?:ba|da|z|a)sh\b")
_GOES_ON = re.compile(r"(?:exec|gosu|su-exec|\"?\$@).*\$[@*]|\"?\$@")
_SHELLS = frozenset({"sh", "bash", "ash", "dash", "zsh"})
_ARGUMENTS = frozenset({"$@", "$*", "${@}", "${*}"})
_NO_STARTS = frozenset(
    {
        *(
            "[",
            "[[",
            "apk",
            "apt",
            "apt-get",
            "cat",
            "chmod",
            "chown",
            "command",
            "cp",
            "curl",
            "dnf",
            "docker",
            "echo",
        ),
        *("grep", "install", "journalctl", "kill", "killall", "ln", "ls", "man", "mkdir", "mv", "pgrep", "pip", "pip3"),
        *(
            "pipx",
            "pkill",
            "printf",
            "ps",
            "rm",
            "sed",
            "service",
            "supervisorctl",
            "systemctl",
            "tail",
            "test",
            "touch",
        ),
        *("type", "wget", "which", "yum"),
    }
)
"""Words that start no server, whatever they are given."""
_SUBCOMMANDS = frozenset({"add", "install", "download", "lock"})


class Reader:
    """Reads a project's files into settings."""

    def __init__(self, servers: Servers, files: Files) -> None:
        self.servers = servers
        self.files = files
        self.found: list[Settings] = []
        self.renewed: set[str] = set()
        self._first = {command.split()[0] for server in servers.servers for command in server.commands}
        self._images: dict[str, Image] = {}
        self._units: list[Unit] = []
        self._scripts: list[str] = []
        self._followed: set[str] = set()
        self._configurations: dict[str, Configuration] = {}
        self._used: set[str] = set()
        self._ini: dict[str, formats.Section] = {}
        self._environment: dict[str, str] = {}
        self._starts = [re.compile(line) for kind in servers.files if kind.format == "shell" for line in kind.lines]

    def run(self) -> list[Settings]:
        """The settings of every server that the files start."""
        for path, kind in self.files.telling(self.servers.files):
            self._file(path, kind)
        built = [unit for unit in self._units if not unit.words and not unit.image]
        for image in self._images.values():
            unit = image.unit()
            if unit is not None:
                counted = [other for other in built if other.counted is not None]
                self._run(
                    replace(unit, instances=counted[0].instances, counted=counted[0].counted) if counted else unit
                )
        for unit in self._units:
            self._run(self._in_image(unit))
        for path in self._scripts:
            if path not in self._followed:
                self._script(path, (), Unit(path, Evidence(self._shown(path), 1, "")), 0)
        self._alone()
        return self.found

    # -- files --

    def _shown(self, path: str) -> str:
        return self.files.prefix + path

    def _file(self, path: str, kind: DeploymentFile) -> None:
        text, shown = self.files.read(path), self._shown(path)
        filtered = kind.format in ("manifest", "presence") and kind.lines
        if filtered and not any(re.search(line, text, re.MULTILINE) for line in kind.lines):
            return
        match kind.format:
            case "gunicorn":
                self._configurations[path] = Configuration(text, shown)
            case "dockerfile":
                self._images[path] = images.read(text, path, shown)
            case "procfile":
                self._units.extend(formats.named(text, path, shown))
            case "sections":
                self._sections(text, path)
                self._units.extend(formats.matched(text, path, shown, kind.lines))
            case "shell":
                self._scripts.append(path)
            case "environment":
                self._environment.update(formats.variables(text))
            case "presence":
                self._present(path, kind)
            case _:
                self._units.extend(Manifest(text, path, shown).units())

    def _present(self, path: str, kind: DeploymentFile) -> None:
        """A file that shows by its name what runs the application."""
        server = self.servers.by_id(kind.server)
        if server is not None:
            evidence = Evidence(self._shown(path), 1, path.rsplit("/", 1)[-1])
            settings = Settings(server, evidence=[evidence], development=for_development(path))
            if server.kind == "processes":
                settings.set("workers", commands.SEVERAL, evidence)
            self.found.append(settings)

    def _sections(self, text: str, path: str) -> None:
        self._units.extend(formats.configured(text, path, self._shown(path)))
        for section in formats.sections(text):
            if section.name == "uwsgi":
                self._ini[path] = section

    def _in_image(self, unit: Unit) -> Unit:
        """The unit with what its image adds: variables, an entry point, the command."""
        image = self._images.get(unit.image)
        stage = image.stage(unit.stage) if image is not None else None
        if stage is None:
            return unit
        told = unit.evidence if unit.words else Evidence(self._shown(unit.image), stage.line, stage.text)
        return replace(
            unit,
            file=unit.image if not unit.words else unit.file,
            evidence=told,
            words=stage.words(unit.words),
            variables={**stage.variables, **unit.variables},
            copies=stage.copies,
        )

    # -- commands --

    def _run(self, unit: Unit, depth: int = 0) -> None:
        """All single commands of a unit."""
        if depth > _MOST_DEPTH:
            return
        for variables, words in commands.simple(unit.words):
            self._one(replace(unit, variables={**unit.variables, **variables}) if variables else unit, words, depth)

    def _one(self, unit: Unit, words: list[str], depth: int) -> None:
        names = [word.rsplit("/", 1)[-1] for word in words]
        if names[0] in _NO_STARTS or (len(names) > 1 and names[1] in _SUBCOMMANDS):
            return
        for at, word in enumerate(words):
            if " " in word and ((at and words[at - 1] in ("-c", "-lc", "-ec", "-exc", "-euc")) or names[0] in _SHELLS):
                self._run(replace(unit, words=tuple(commands.split(word))), depth + 1)
                return
        for at, name in enumerate(names):
            server = self._started(name, names[at + 1 :]) if name in self._first else None
            if server is not None:
                self._server(server, unit, words[at + 1 :])
                return
        for at, word in enumerate(words):
            path = self._script_called(word, unit)
            if path:
                self._script(path, tuple(words[at + 1 :]), unit, depth + 1)
                return

    def _started(self, name: str, rest: Sequence[str]) -> Server | None:
        for server in self.servers.servers:
            for command in server.commands:
                first, *others = command.split()
                if first == name and all(word in rest for word in others):
                    return server
        return None

    def _script_called(self, word: str, unit: Unit) -> str:
        """The shell script that a command means by a word."""
        if word.startswith("-") or word in _SHELLS:
            return ""
        word = unit.copies.get(word.rsplit("/", 1)[-1], word)
        path = self.files.called(word, unit.file)
        if not path or path in self._images:
            return ""
        return path if path.endswith(".sh") or _SHEBANG.match(self.files.read(path)) else ""

    def _script(self, path: str, given: tuple[str, ...], unit: Unit, depth: int) -> None:
        """The servers that a script starts, and the command that it is given where it goes on with that."""
        if depth > _MOST_DEPTH:
            return
        self._followed.add(path)
        script = formats.script(self.files.read(path))
        inner = replace(unit, file=path, variables={**unit.variables, **_own(script.variables, unit.variables)})
        for number, line in script.commands:
            evidence = Evidence(self._shown(path), number, line)
            matches = (start.match(line) for start in self._starts)
            match = next((found for found in matches if found is not None), None)
            if match is not None:
                words = [given_to for word in commands.split(match["command"]) for given_to in _passed(word, given)]
                self._run(replace(inner, words=tuple(words), evidence=evidence), depth + 1)
            elif (
                given
                and any(word in line for word in _ARGUMENTS)
                and line.startswith(("exec", '"$@"', "$@", "gosu", "su-exec"))
            ):
                self._run(replace(inner, words=given, evidence=unit.evidence), depth + 1)
            elif not line.startswith(("echo", "#")) and ("/" in line or ".sh" in line):
                for _, words in commands.simple(commands.split(line)):
                    starts = [w for w in words[:3] if self._script_called(w, inner)]
                    if (
                        starts
                        and words[0] not in _NO_STARTS
                        and self._script_called(starts[0], inner) not in self._followed
                    ):
                        self._run(replace(inner, words=tuple(words), evidence=evidence), depth + 1)

    # -- servers --

    def _server(self, server: Server, unit: Unit, words: Sequence[str]) -> None:
        """One server's settings: variables first, then its configuration file, then the command line, which wins."""
        variables = (unit.variables, self._environment)
        result = Settings(server, development=for_development(unit.file))
        line = Settings(server, evidence=[unit.evidence])
        self._options(line, words, unit, variables)
        environment = {**self._environment, **unit.variables}
        told = Settings(server)
        for name, value in environment.items():
            what = server.options.get(name)
            if what == "arguments":
                self._options(told, commands.split(value), unit, variables)
            elif what is not None and name.isupper():
                result.set(what, commands.plain(value, variables), self._variable(unit, name, value))
        for settings in self._configured(server, unit, line, words):
            result.take(settings)
        result.take(told)
        result.take(line)
        result.values.pop("config", None)
        if unit.counted is not None:
            result.values["instances"] = (unit.instances, unit.counted)
            result.evidence.append(unit.counted)
        self.found.append(result)

    def _variable(self, unit: Unit, name: str, value: str) -> Evidence:
        """Where a variable is set: in the unit's own file if that has the line."""
        for number, line in enumerate(self.files.read(unit.file).splitlines(), 1):
            if name in line and value in line:
                return Evidence(self._shown(unit.file), number, line.strip())
        return Evidence(unit.evidence.path, unit.evidence.line, f"{name}={value}")

    def _options(
        self, settings: Settings, words: Sequence[str], unit: Unit, variables: Sequence[Mapping[str, str]]
    ) -> None:
        """The options of a command line."""
        options = settings.server.options
        at = 0
        while at < len(words):
            word, at = words[at], at + 1
            name, equals, value = word.partition("=")
            if name not in options and word[:2] in options and len(word) > 2 and not word.startswith("--"):
                name, equals, value = word[:2], "=", word[2:]
            what = options.get(name)
            if what is None or (name.isupper() and not name.startswith("-")):
                continue
            if not name.startswith("-") and not equals:
                continue
            if what == "preload" or name.startswith(("--with-", "--without-")) or name in ("--master", "--lazy-apps"):
                settings.set(what, not name.startswith("--without-"), unit.evidence)
                continue
            if not equals:
                value, at = (words[at], at + 1) if at < len(words) else ("", at)
            settings.set(what, value if what == "config" else commands.plain(value, variables), unit.evidence)

    def _configured(self, server: Server, unit: Unit, line: Settings, words: Sequence[str]) -> Iterator[Settings]:
        """The configuration file that the command names, or the one the server reads by itself."""
        named = line.values.get("config", ("",))[0]
        if server.id == "gunicorn":
            path = self._configuration(str(named or ""), unit)
            if path:
                self._used.add(path)
                configuration = self._configurations[path]
                environment = {**self._environment, **unit.variables}
                plain = {name: str(commands.plain(value, (environment,))) for name, value in environment.items()}
                yield configuration.settings(server, {n: v for n, v in plain.items() if v != "None"})
        elif server.id == "uwsgi":
            candidates = [str(named or ""), *(word for word in words if word.endswith((".ini", ".yaml", ".yml")))]
            for candidate in candidates:
                path = self.files.called(unit.copies.get(candidate.rsplit("/", 1)[-1], candidate), unit.file)
                if path and path not in self._ini:
                    self._sections(self.files.read(path), path)
                if path in self._ini:
                    self._used.add(path)
                    yield self._uwsgi(path)
                    return

    def _configuration(self, named: str, unit: Unit) -> str:
        """The path of gunicorn's configuration file."""
        if named.startswith("python:"):
            named = named.removeprefix("python:").replace(".", "/") + ".py"
        named = named.removeprefix("file:")
        if named:
            path = self.files.called(unit.copies.get(named.rsplit("/", 1)[-1], named), unit.file)
            if path and path not in self._configurations:
                self._configurations[path] = Configuration(self.files.read(path), self._shown(path))
            if path or "$" not in named:
                return path
        implied = [path for path in self._configurations if path.rsplit("/", 1)[-1] == "gunicorn.conf.py"]
        return self.files.called("gunicorn.conf.py", unit.file) if implied else ""

    def _uwsgi(self, path: str) -> Settings:
        """A section of uWSGI's settings."""
        server = self.servers.by_id("uwsgi")
        assert server is not None
        section = self._ini[path]
        settings = Settings(server, development=for_development(path))
        variables = {name: value for name, value, _ in section.settings}
        for name, value, number in section.settings:
            what = server.options.get(name) or server.options.get(f"--{name}")
            evidence = Evidence(self._shown(path), number, f"{name} = {value}")
            if what is not None:
                settings.set(what, commands.plain(value, (variables, self._environment)), evidence)
            elif not settings.evidence:
                settings.evidence.append(evidence)
        return settings

    def _alone(self) -> None:
        """Configuration files that no command was found for."""
        gunicorn = self.servers.by_id("gunicorn")
        for path, configuration in self._configurations.items():
            self.renewed |= configuration.renewed
            if path not in self._used and gunicorn is not None:
                settings = configuration.settings(gunicorn, self._environment)
                settings.development = for_development(path)
                if settings.values:
                    self.found.append(settings)
        self.found.extend(self._uwsgi(path) for path in self._ini if path not in self._used)


def _own(script: Mapping[str, str], outer: Mapping[str, str]) -> dict[str, str]:
    """A script's variables, those that it gives their own value as default replaced by the value they come with."""
    found: dict[str, str] = {}
    for name, value in script.items():
        said = commands.plain(value, ({k: v for k, v in outer.items() if k == name}, script, outer))
        found[name] = "" if said is None else str(said)
    return {name: value for name, value in found.items() if value}


def _passed(word: str, given: tuple[str, ...]) -> tuple[str, ...]:
    return given if word in _ARGUMENTS else (word,)
