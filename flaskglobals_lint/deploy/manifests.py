"""YAML, JSON and TOML that describe what runs: compose files, Kubernetes, the platforms' own manifests."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from flaskglobals_lint.deploy import commands
from flaskglobals_lint.deploy.unit import Evidence, Unit

_COMMANDS = ("startCommand", "start_command", "run_command", "run", "start", "cmd", "web", "app", "commandLine")
_COUNTS = (
    *("replicas", "scale", "replicaCount", "numInstances", "instance_count", "numReplicas", "min_machines_running"),
    *("maxReplicas", "maxInstances", "instances"),
)
_ENVIRONMENTS = ("environment", "env", "envVars", "envs", "env_variables", "variables")
_OTHERS = (  # compiled where it is needed: that takes some milliseconds
    r"celery|beat\b|worker|rq\b|redis|postgres|mysql|maria|mongo|rabbit|memcache|nginx|traefik|caddy|haproxy|elastic|kafka|"
    r"influx|grafana|prometheus|frontend|\bui\b|client|selenium|cron|scheduler|minio|adminer|busybox|\bdb\b|database"
)
_MOST_DEPTH = 40
_MOST_NODES = 50_000


@dataclass(frozen=True, slots=True)
class Node:
    """A value of a manifest – a mapping or list of nodes, or a scalar's text – and its line."""

    value: Any
    line: int

    def get(self, name: str) -> Node | None:
        found = self.value.get(name) if isinstance(self.value, dict) else None
        return found if isinstance(found, Node) else None

    @property
    def items(self) -> list[tuple[str, Node]]:
        return list(self.value.items()) if isinstance(self.value, dict) else []

    @property
    def list(self) -> list[Node]:
        return list(self.value) if isinstance(self.value, tuple) else []

    @property
    def text(self) -> str:
        return self.value if isinstance(self.value, str) else ""

    @property
    def words(self) -> tuple[str, ...]:
        """A command: a list of words, or a shell's line."""
        if isinstance(self.value, tuple):
            return tuple(node.text for node in self.list if node.text)
        return tuple(commands.exec_form(self.text)) if self.text else ()


def documents(text: str, name: str) -> list[Node]:
    """The documents of a manifest; none if it cannot be parsed."""
    if name.endswith(".toml"):
        try:
            return [_toml(tomllib.loads(text), text.splitlines(), 0)]
        except (ValueError, RecursionError):  # also numbers of thousands of digits
            return []
    import yaml  # type: ignore[import-untyped]  # costs some milliseconds that few projects need

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        _check_depth(yaml.parse(text, Loader=loader))
        made = _Yaml()
        return [made.node(node, 0) for node in yaml.compose_all(text, Loader=loader) if node is not None]
    except (yaml.YAMLError, RecursionError, ValueError):
        return []


def _check_depth(events: Iterable[Any]) -> None:
    """Raises ValueError where nodes are nested so deeply that composing them would overflow the stack of native code."""
    depth = 0
    for event in events:
        name = type(event).__name__
        depth += name.endswith("StartEvent") - name.endswith("EndEvent")
        if depth > 2 * _MOST_DEPTH:
            raise ValueError("nodes are nested too deeply")


class _Yaml:
    """Makes nodes of PyYAML's, only so many: a few aliases can stand for more than fits into memory."""

    def __init__(self) -> None:
        self._count = 0

    def node(self, node: Any, depth: int, line: int = 0) -> Node:
        """``line`` is where the value's key stands, if it has one. Raises ValueError where there are too many nodes."""
        self._count += 1
        if self._count > _MOST_NODES or depth > _MOST_DEPTH:
            raise ValueError("too many nodes")
        here = node.start_mark.line + 1
        if node.id == "mapping":
            found: dict[str, Node] = {}
            for key, value in node.value:
                if key.id == "scalar" and key.value == "<<" and value.id == "mapping":
                    found = {**self.node(value, depth + 1).value, **found}
                elif key.id == "scalar":
                    found[str(key.value)] = self.node(value, depth + 1, key.start_mark.line + 1)
            return Node(found, here)
        if node.id == "sequence":
            return Node(tuple(self.node(item, depth + 1) for item in node.value), line or here)
        return Node(str(node.value), line or here)


def _toml(value: Any, lines: list[str], after: int) -> Node:
    """Lines are looked up by the key: the first that sets it below the one of the table."""
    if isinstance(value, dict):
        found = {}
        for key, inner in value.items():
            expression = re.compile(rf"\s*(?:\[+\s*(?:[\w.-]+\.)?{re.escape(key)}\s*\]+|\"?{re.escape(key)}\"?\s*=)")
            after = next((at for at in range(after, len(lines)) if expression.match(lines[at])), after)
            found[key] = Node(_toml(inner, lines, after).value, after + 1)
        return Node(found, after + 1)
    if isinstance(value, list):
        return Node(tuple(_toml(item, lines, after) for item in value), after + 1)
    return Node(str(value).lower() if isinstance(value, bool) else str(value), after + 1)


class Manifest:
    """One file's documents as units."""

    def __init__(self, text: str, file: str, shown: str) -> None:
        """``shown`` is how findings name the file."""
        self.file = file
        self.shown = shown
        self.lines = text.splitlines()
        self.name = file.rsplit("/", 1)[-1]
        self.documents = documents(text, self.name)

    def units(self) -> Iterator[Unit]:
        limits = dict(self._autoscalers())
        for document in self.documents:
            kind = document.get("kind")
            if document.get("apiVersion") is not None and kind is not None:
                if kind.text in ("Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "Pod", "Service", "Rollout"):
                    yield from self._pods(document, limits)
            elif (services := document.get("services")) is not None:
                for node in services.list or [node for _, node in services.items]:
                    yield from self._service(node)
            elif document.get("runtime") is not None and self.name.startswith("app"):
                yield from self._app_engine(document)
            elif document.get("replicaCount") is not None:
                count, said = self._count(document)
                yield Unit(self.file, self.evidence(document), instances=count, counted=said)
            else:
                yield from self._platform(document, {})

    def evidence(self, node: Node) -> Evidence:
        return Evidence(
            self.shown, node.line, self.lines[node.line - 1].strip() if node.line <= len(self.lines) else ""
        )

    @staticmethod
    def _title(node: Node) -> str:
        name = node.get("name")
        return name.text if name is not None else ""

    # -- compose files, Render, DigitalOcean --

    def _service(self, node: Node) -> Iterator[Unit]:
        kind = node.get("type")
        if kind is not None and kind.text in ("worker", "cron", "static", "pserv"):
            return
        build, image = node.get("build"), node.get("image")
        entry, command = node.get("entrypoint"), self._command(node)
        words = (*(entry.words if entry is not None else ()), *(command.words if command is not None else ()))
        own = build is not None or node.get("dockerfilePath") is not None or node.get("dockerfile_path") is not None
        if not words and not own:
            return
        if not words and image is not None and build is None and re.search(_OTHERS, image.text.lower()):
            return
        count, said = self._count(node)
        file, stage = self._built(build)
        said_at = command or entry or build or node
        yield Unit(
            self.file,
            self.evidence(said_at),
            words,
            self._variables(node),
            count,
            said,
            file if own and entry is None else "",
            stage,
        )

    def _built(self, build: Node | None) -> tuple[str, str]:
        """The Dockerfile's path and the stage."""
        folder = self.file.rpartition("/")[0]
        if build is None:
            return _path(folder, "Dockerfile"), ""
        context = build.text or (found.text if (found := build.get("context")) is not None else ".")
        dockerfile = found.text if (found := build.get("dockerfile")) is not None else "Dockerfile"
        target = found.text if (found := build.get("target")) is not None else ""
        return _path(folder, f"{context}/{dockerfile}"), target

    def _command(self, node: Node) -> Node | None:
        for name in ("command", *_COMMANDS):
            found = node.get(name)
            if found is not None and found.words:
                return found
        return None

    def _count(self, node: Node) -> tuple[int | None, Evidence | None]:
        """How many of it run, and what says so."""
        for place in (node, node.get("deploy"), node.get("scaling"), node.get("autoscaling"), node.get("spec")):
            for name in _COUNTS:
                found = place.get(name) if place is not None else None
                if found is not None:
                    value = commands.plain(found.text)
                    return (value if isinstance(value, int) and not isinstance(value, bool) else None), self.evidence(
                        found
                    )
        return 1, None

    @staticmethod
    def _variables(node: Node) -> dict[str, str]:
        found: dict[str, str] = {}
        for name in _ENVIRONMENTS:
            given = node.get(name)
            if given is None:
                continue
            for key, value in given.items:
                found[key] = value.text
            for item in given.list:
                key, equals, text = item.text.partition("=")
                if equals:
                    found[key] = text
                title, value_of = item.get("name") or item.get("key"), item.get("value")
                if title is not None and value_of is not None:
                    found[title.text] = value_of.text
        return found

    # -- Kubernetes --

    def _autoscalers(self) -> Iterator[tuple[str, Node]]:
        for document in self.documents:
            kind, spec = document.get("kind"), document.get("spec")
            if kind is None or spec is None or kind.text != "HorizontalPodAutoscaler":
                continue
            target, most = spec.get("scaleTargetRef"), spec.get("maxReplicas")
            if target is not None and most is not None:
                yield self._title(target), most

    def _pods(self, document: Node, limits: Mapping[str, Node]) -> Iterator[Unit]:
        metadata, spec = document.get("metadata"), document.get("spec")
        name = self._title(metadata) if metadata is not None else ""
        template = spec.get("template") if spec is not None else None
        inner = (template.get("spec") if template is not None else None) or spec
        containers = inner.get("containers") if inner is not None else None
        if spec is None or containers is None:
            return
        count, said = self._count(spec)
        if name in limits:
            value = commands.plain(limits[name].text)
            count, said = value if isinstance(value, int) else None, self.evidence(limits[name])
        for node in containers.list:
            entry, given, image = node.get("command"), node.get("args"), node.get("image")
            words = (*(entry.words if entry is not None else ()), *(given.words if given is not None else ()))
            told = f"{name} {self._title(node)} {image.text if image is not None else ''}".lower()
            if re.search(_OTHERS, told) or (not words and node.get("ports") is None):
                continue
            yield Unit(self.file, self.evidence(entry or given or node), words, self._variables(node), count, said)

    # -- platforms --

    def _app_engine(self, document: Node) -> Iterator[Unit]:
        runtime, entry = document.get("runtime"), document.get("entrypoint")
        if runtime is None or not runtime.text.startswith(("python", "custom")):
            return
        count: int | None = commands.SEVERAL
        said = self.evidence(runtime)
        for kind, name in (
            *(("automatic_scaling", "max_instances"), ("automatic_scaling", "max_num_instances")),
            *(("basic_scaling", "max_instances"), ("manual_scaling", "instances")),
        ):
            scaling = document.get(kind)
            found = scaling.get(name) if scaling is not None else None
            if found is not None:
                value = commands.plain(found.text)
                count, said = value if isinstance(value, int) else None, self.evidence(found)
        words = entry.words if entry is not None else ("gunicorn", "$APP_ENGINE")
        yield Unit(self.file, self.evidence(entry or runtime), words, self._variables(document), count, said)

    def _platform(self, node: Node, inherited: Mapping[str, str], depth: int = 0) -> Iterator[Unit]:
        """Any mapping that gives a command one of the usual names."""
        found = {**inherited, **self._variables(node)}
        count, said = self._count(node)
        for name, inner in node.items:
            if name in ("command", "entrypoint", *_COMMANDS) and inner.words:
                yield Unit(self.file, self.evidence(inner), inner.words, found, count, said)
            elif depth < 4 and inner.items and name not in ("scripts", "build"):
                yield from self._platform(inner, found, depth + 1)


def _path(folder: str, path: str) -> str:
    """A path relative to the root, without dots."""
    parts: list[str] = []
    for part in f"{folder}/{path}".split("/"):
        if part == ".." and parts:
            parts.pop()
        elif part not in ("", ".", ".."):
            parts.append(part)
    return "/".join(parts)
