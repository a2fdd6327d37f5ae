"""Dockerfiles: the stages, what each of them runs with which variables, and what its copies are called."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass, field

from flaskglobals_lint.deploy import commands
from flaskglobals_lint.deploy.unit import Evidence, Unit, for_development

_INSTRUCTION = re.compile(r"\s*(?P<name>FROM|CMD|ENTRYPOINT|ENV|ARG|COPY|ADD)\s+(?P<rest>.*)", re.IGNORECASE)
_FROM = re.compile(r"(?:--\S+\s+)*(?P<base>\S+)(?:\s+AS\s+(?P<name>\S+))?", re.IGNORECASE)
_ENV_OF_ONE = re.compile(r"(?P<name>[A-Za-z_]\w*)\s+(?P<value>[^=]*)")


@dataclass(slots=True)
class Stage:
    """One stage of a Dockerfile, with what it takes over from the stage it is based on."""

    name: str
    variables: dict[str, str] = field(default_factory=dict)
    copies: dict[str, str] = field(default_factory=dict)
    entry: tuple[str, ...] = ()
    command: tuple[str, ...] = ()
    line: int = 0
    text: str = ""
    shell: bool = False
    """The entry point is a shell's line: the command is not appended."""

    def words(self, command: tuple[str, ...] = ()) -> tuple[str, ...]:
        """The whole command line, with another command than the stage's own if one is given."""
        return self.entry if self.shell else (*self.entry, *(command or self.command))


@dataclass(frozen=True, slots=True)
class Image:
    """A Dockerfile."""

    file: str
    shown: str
    stages: tuple[Stage, ...]

    def stage(self, name: str = "") -> Stage | None:
        """The stage of that name; without one the last that is not about development."""
        if name:
            return next((stage for stage in self.stages if stage.name == name.lower()), None)
        made = [stage for stage in self.stages if not for_development(stage.name) and stage.words()]
        last = self.stages[-1] if self.stages else None
        return made[-1] if last is not None and for_development(last.name) and made else last

    def unit(self, name: str = "") -> Unit | None:
        """What a container runs that says nothing else."""
        stage = self.stage(name)
        if stage is None or not stage.words():
            return None
        evidence = Evidence(self.shown, stage.line, stage.text)
        return Unit(self.file, evidence, stage.words(), stage.variables, copies=stage.copies)


def read(text: str, file: str, shown: str) -> Image:
    """A Dockerfile's stages; ``shown`` is how findings name the file."""
    return Image(file, shown, tuple(_stages(text)))


def _stages(text: str) -> Iterator[Stage]:
    stages: dict[str, Stage] = {}
    stage: Stage | None = None
    arguments: dict[str, str] = {}
    for number, line in commands.joined(text):
        match = _INSTRUCTION.match(line)
        if match is None:
            continue
        name, rest = match["name"].upper(), match["rest"].strip()
        if name == "FROM":
            if stage is not None:
                yield stage
            stage = _based(rest, stages, arguments)
            continue
        if stage is None:
            if name == "ARG":
                arguments.update(_variables(rest))
                continue
            stage = Stage("", dict(arguments))
        _instruct(stage, name, rest, Evidence("", number, line.strip()))
    if stage is not None:
        yield stage


def _based(rest: str, stages: dict[str, Stage], arguments: dict[str, str]) -> Stage:
    """A new stage: an earlier one's copy, or an empty one."""
    match = _FROM.match(rest)
    base = stages.get(match["base"].lower()) if match is not None else None
    name = (match["name"] or "").lower() if match is not None else ""
    stage = Stage(name, dict(arguments))
    if base is not None:
        stage = Stage(
            name, dict(base.variables), dict(base.copies), base.entry, base.command, base.line, base.text, base.shell
        )
    if name:
        stages[name] = stage
    return stage


def _instruct(stage: Stage, name: str, rest: str, evidence: Evidence) -> None:
    match name:
        case "CMD":
            stage.command = tuple(commands.exec_form(rest))
        case "ENTRYPOINT":
            stage.entry, stage.command, stage.shell = tuple(commands.exec_form(rest)), stage.command, False
            stage.shell = not rest.startswith("[")
        case "ENV" | "ARG":
            stage.variables.update(_variables(rest))
        case _:
            stage.copies.update(_copies(rest))
    if name in ("CMD", "ENTRYPOINT"):
        stage.line, stage.text = evidence.line, evidence.text


def _variables(rest: str) -> dict[str, str]:
    """``A=1 B="2"`` or ``A 1``."""
    alone = _ENV_OF_ONE.fullmatch(rest)
    if alone is not None:
        return {alone["name"]: alone["value"].strip()}
    try:
        words = shlex.split(rest)
    except ValueError:
        words = rest.split()
    return {name: value for name, equals, value in (word.partition("=") for word in words) if equals}


def _copies(rest: str) -> dict[str, str]:
    """Where a file gets another name: its new name → the project's path."""
    words = [word for word in commands.exec_form(rest) if not word.startswith("--")]
    if len(words) != 2 or "--from" in rest or words[1].endswith("/"):
        return {}
    return {words[1].rsplit("/", 1)[-1]: words[0].removeprefix("./")}
