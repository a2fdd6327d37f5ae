"""Formats of lines: a Procfile, configuration files with sections, shell scripts, files of variables."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from flaskglobals_lint.deploy import commands
from flaskglobals_lint.deploy.unit import Evidence, Unit

_NO_SERVERS = frozenset(["beat", "clock", "console", "cron", "release", "scheduler", "worker", "workers"])
_SECTION = re.compile(r"\s*\[(?P<name>[^\]]+)\]\s*")
_SETTING = re.compile(r"\s*(?P<name>[\w.-]+)\s*=\s*(?P<value>.*)")
_VARIABLE = re.compile(r"\s*(?:export\s+)?(?P<name>[A-Za-z_]\w*)\s*=\s*(?P<value>.*)")
_PARTS = re.compile(r"&&|\|\||;|\bthen\b|\bdo\b|\belse\b|\|(?!\|)")


@dataclass(slots=True)
class Section:
    """``[name]`` and its settings, each with its line."""

    name: str
    settings: list[tuple[str, str, int]] = field(default_factory=list)

    def all(self, name: str) -> list[tuple[str, int]]:
        return [(value, line) for key, value, line in self.settings if key.lower() == name]


def sections(text: str) -> list[Section]:
    """The sections of a configuration file; what stands before the first has no name."""
    found = [Section("")]
    last = ""
    for number, line in commands.joined(text):
        if found[-1].settings and line[:1].isspace() and line.strip() and not last[:1].isspace():
            # Supervisor's settings go on in lines that are indented.
            name, value, at = found[-1].settings[-1]
            found[-1].settings[-1] = (name, f"{value} {line.strip()}", at)
            continue
        last = line
        start = _SECTION.fullmatch(line.split(" ;")[0])
        if start is not None:
            found.append(Section(start["name"].strip()))
            continue
        match = _SETTING.match(line)
        if match is not None and not line.lstrip().startswith(";"):
            found[-1].settings.append((match["name"], match["value"].split(" ;")[0].strip(), number))
    return found


def configured(text: str, file: str, shown: str) -> Iterator[Unit]:
    """Commands of a systemd unit and of Supervisor's programs."""
    for section in sections(text):
        if section.name == "Service":
            variables = _pairs(value for value, _ in section.all("environment"))
            for value, line in (*section.all("execstart"), *section.all("exec")):
                evidence = Evidence(shown, line, f"ExecStart={value}")
                yield Unit(file, evidence, tuple(commands.split(value.lstrip("-@:+!"))), variables)
        elif section.name.startswith(("program:", "watcher:")):
            variables = _pairs(value.replace(",", " ") for value, _ in section.all("environment"))
            counted = next(iter(section.all("numprocs")), None)
            number = commands.plain(counted[0]) if counted is not None else 1
            for value, line in (*section.all("command"), *section.all("cmd")):
                yield Unit(
                    file,
                    Evidence(shown, line, f"command={value}"),
                    tuple(commands.split(value)),
                    variables,
                    number if isinstance(number, int) else 1,
                    Evidence(shown, counted[1], f"numprocs={counted[0]}") if counted is not None else None,
                )


def _pairs(values: Iterable[str]) -> dict[str, str]:
    """``A=1 "B=2"`` as variables."""
    words = [word for value in values for word in commands.split(value)]
    return {name: value for name, equals, value in (word.partition("=") for word in words) if equals}


def named(text: str, file: str, shown: str) -> Iterator[Unit]:
    """A Procfile's processes, those aside that serve no requests."""
    for number, line in commands.joined(text):
        name, colon, command = line.partition(":")
        if colon and re.fullmatch(r"[\w-]+", name) and _NO_SERVERS.isdisjoint(re.split(r"[-_]", name.lower())):
            yield Unit(file, Evidence(shown, number, line.strip()), tuple(commands.split(command)))


def matched(text: str, file: str, shown: str, patterns: Iterable[str]) -> Iterator[Unit]:
    """Lines whose pattern has a group ``command``."""
    lines = commands.joined(text)
    for pattern in patterns:
        expression = re.compile(pattern)
        for number, line in lines:
            match = expression.match(line)
            if match is not None:
                words = tuple(commands.exec_form(match["command"]))
                yield Unit(file, Evidence(shown, number, line.strip()), words)


def variables(text: str) -> dict[str, str]:
    """A file of variables, or a shell script's own."""
    found: dict[str, str] = {}
    for _, line in commands.joined(text):
        match = _VARIABLE.fullmatch(line)
        if match is not None:
            found[match["name"]] = match["value"].strip().strip("\"'")
    return found


@dataclass(frozen=True, slots=True)
class Script:
    """A shell script: the variables it sets, and the single commands in it, each with its line."""

    variables: Mapping[str, str]
    commands: tuple[tuple[int, str], ...]


def script(text: str) -> Script:
    found: dict[str, str] = {}
    parts: list[tuple[int, str]] = []
    for number, line in commands.joined(text):
        variable = commands.assigned(line)
        if variable is not None:
            found[variable[0]] = variable[1]
        elif line.lstrip().startswith(("echo ", "printf ")):
            continue
        else:
            parts.append((number, line.strip()))
            # What follows on the same line is a command, too; a quoted separator makes a part that no pattern knows.
            pieces = [piece.strip() for piece in _PARTS.split(line)]
            parts.extend((number, piece) for piece in pieces[1:] if piece)
    return Script(found, tuple(parts))
