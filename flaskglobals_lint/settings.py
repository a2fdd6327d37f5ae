"""Reading the options: the command line's laid over ``[tool.flaskglobals-lint]``.

A key of the file and an option of the command line have one name and one check. An option replaces the key of that name;
``extend-…`` adds to it.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from flaskglobals_lint.config import SERVERS, SEVERITIES, Config, UsageError, nearest
from flaskglobals_lint.patterns import anchored
from flaskglobals_lint.reading import limited

TABLE = "flaskglobals-lint"

_MOST_BYTES = 5_000_000

_NOTHING: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The words that higher stages define: rule names by code, and output formats."""

    rules: Mapping[str, str]
    formats: Collection[str]


def load(
    vocabulary: Vocabulary,
    start: Path,
    cwd: Path,
    options: Mapping[str, object] = _NOTHING,
    file: Path | None = None,
    isolated: bool = False,
) -> Config:
    """The configuration for a run whose first PATH is ``start``.

    ``options`` are those given on the command line, by their keys. ``file`` is read in place of the nearest
    ``pyproject.toml`` that has our table. Raises UsageError.
    """
    if file and isolated:
        raise UsageError("--config and --isolated exclude each other")
    if file:
        text, table = _read(file)
        # As Ruff: the patterns of a file named on the command line are relative to where the command runs.
        base = cwd
    else:
        file, text, table = (None, "", {}) if isolated else _nearest_file(start)
        base = file.parent if file else cwd
    source = _File(text, file) if file else _CommandLine()
    values = _checked(table or {}, source, _Check(base, vocabulary))
    given = _checked(options, _CommandLine(), _Check(cwd, vocabulary))
    # A code selected by name on the command line beats the file's ``ignore`` of the same name.
    asked = given.get("select", ())
    for key in ("ignore", "extend_ignore"):
        values[key] = tuple(code for code in values.get(key, ()) if code not in asked)
    for key in ("extend_select", "extend_ignore", "extend_exclude"):
        given[key] = (*values.get(key, ()), *given.get(key, ()))
    return Config(**{**values, **given, "file": file})


def where(config: Config, key: str) -> str:
    """``pyproject.toml:12: `` for a key of the configuration that turned out wrong later, or an empty text."""
    if not config.file:
        return ""
    try:
        return _File(limited(config.file, _MOST_BYTES).decode("utf-8-sig"), config.file).place(key)
    except (OSError, UnicodeDecodeError):
        return f"{config.file}: "


def toml(value: object) -> str:
    """A setting as TOML has it."""
    if isinstance(value, Mapping):
        return f"{{ {', '.join(f'{toml(key)} = {toml(item)}' for key, item in value.items())} }}" if value else "{}"
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(map(toml, value))}]"
    return json.dumps(value if isinstance(value, (bool, int)) else str(value), ensure_ascii=False)


class _CommandLine:
    """How to speak of an option of the command line."""

    def name(self, key: str) -> str:
        return f"--{key}"

    def place(self, key: str, word: str = "") -> str:
        """Nothing: the name says it."""
        return ""


class _File:
    """How to speak of a key of the configuration file, and where it stands."""

    def __init__(self, text: str, path: Path) -> None:
        self._lines = text.split("\n")
        self._path = path

    def name(self, key: str) -> str:
        return f"`{key}`"

    def place(self, key: str, word: str = "") -> str:
        """File and line of a key, or of a word below it, as far as they can be told."""
        header = rf"^\s*\[tool\.[\"']?{TABLE}[\"']?"
        line = self._find(header, 0)
        if line is not None:  # a key that is written in some other way is below it, at least
            own = self._find(rf"^\s*[\"']?{re.escape(key)}[\"']?\s*[=.]|{header}\.[\"']?{re.escape(key)}\b", line)
            line = line if own is None else own
        if line is not None and word:
            line = self._find(rf"[\"']{re.escape(word)}[\"']|\b{re.escape(word)}\s*=", line) or line
        return f"{_shown(self._path)}:{line + 1}: " if line is not None else f"{_shown(self._path)}: "

    def _find(self, pattern: str, start: int) -> int | None:
        regex = re.compile(pattern, re.IGNORECASE)
        return next((n for n in range(start, len(self._lines)) if regex.search(self._lines[n])), None)


def _shown(path: Path) -> str:
    """The path as short as it can be printed."""
    try:
        return path.relative_to(Path.cwd()).as_posix()
    except (ValueError, OSError):
        return path.as_posix()


def _nearest_file(start: Path) -> tuple[Path | None, str, dict[str, Any]]:
    """The nearest ``pyproject.toml`` at or above ``start`` that has our table."""
    for folder in (start, *start.parents):
        file = folder / "pyproject.toml"
        if os.path.isfile(file):
            text, table = _read(file)
            if table is not None:
                return file, text, table
    return None, "", {}


def _read(file: Path) -> tuple[str, Any]:
    """The file's text and our table in it, None if it has none."""
    import tomllib

    try:
        text = limited(file, _MOST_BYTES).decode("utf-8-sig")
        document = tomllib.loads(text)
    except OSError as error:
        raise UsageError(f"{_shown(file)}: cannot be read: {error.strerror}") from None
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise UsageError(f"{_shown(file)}:{line}: is not UTF-8") from None
    except tomllib.TOMLDecodeError as error:
        found = re.search(r"\s*\(at line (\d+), column \d+\)", str(error))
        place = f":{found[1]}" if found else ""
        raise UsageError(f"{_shown(file)}{place}: {str(error).replace(found[0] if found else '', '')}") from None
    except (RecursionError, ValueError):  # brackets in brackets, or a number of thousands of digits
        raise UsageError(f"{_shown(file)}: is too deeply nested, or holds a number that is too long") from None
    tool = document.get("tool")
    table = tool.get(TABLE) if isinstance(tool, dict) else None
    if table is not None and not isinstance(table, dict):
        raise UsageError(f"{_shown(file)}: tool.{TABLE} must be a table")
    return text, table


# --- checks of values -------------------------------------------------------------------------------------------------


class _Wrong(Exception):
    """A value that will not do; ``{key}`` in the text stands for the key, ``word`` is what to look for in the file."""

    def __init__(self, text: str, word: str = "") -> None:
        super().__init__(text)
        self.text = text
        self.word = word


@dataclass(frozen=True, slots=True)
class _Check:
    """Checks of values, each of which returns what Config keeps. ``base`` is where relative paths start."""

    base: Path
    vocabulary: Vocabulary

    def strings(self, value: object) -> tuple[str, ...]:
        if isinstance(value, (list, tuple)) and all(isinstance(item, str) for item in value):
            return tuple(value)
        raise _Wrong("{key} must be a list of strings")

    def codes(self, value: object) -> tuple[str, ...]:
        """Codes, prefixes and ``ALL`` in upper case; a rule's name is replaced by its code."""
        rules = self.vocabulary.rules
        by_name = {name: code for code, name in rules.items()}
        words = [item.strip() for item in self.strings(value)]
        codes = [by_name.get(word.lower(), word.upper()) for word in words if word]
        for code in codes:
            if code != "ALL" and not any(known.startswith(code) for known in rules):
                word = next(word for word in words if word.upper() == code)
                near = nearest(code, rules) or nearest(word.lower(), by_name)
                raise _Wrong(f"unknown rule `{word}` in {{key}}{near}", word)
        return tuple(codes)

    def globs(self, value: object) -> tuple[str, ...]:
        return tuple(self._anchored(glob) for glob in self.strings(value) if glob.strip())

    def ignores(self, value: object) -> Mapping[str, tuple[str, ...]]:
        return {self._anchored(glob): self.codes(codes) for glob, codes in self.table(value).items()}

    def flag(self, value: object) -> bool:
        if isinstance(value, bool):
            return value
        raise _Wrong("{key} must be true or false")

    def count(self, value: object) -> int:
        if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
            return value
        raise _Wrong("{key} must be a number, 0 for all cores")

    def path(self, value: object) -> Path:
        if isinstance(value, (str, Path)) and str(value) and "\0" not in str(value):
            return self.base / value
        raise _Wrong("{key} must be a path")

    def table(self, value: object) -> Mapping[str, Any]:
        if isinstance(value, Mapping):
            return value
        raise _Wrong("{key} must be a table")

    def names(self, value: object) -> Mapping[str, Any] | tuple[str, ...]:
        return value if isinstance(value, Mapping) else self.strings(value)

    def severity(self, value: object) -> str:
        return _one_of(value, SEVERITIES)

    def server(self, value: object) -> str:
        return _one_of(value, SERVERS)

    def format(self, value: object) -> str:
        return _one_of(value, self.vocabulary.formats)

    def _anchored(self, glob: str) -> str:
        negated = "!" if glob.startswith("!") else ""
        return negated + anchored(glob.removeprefix("!"), self.base)


def _one_of(value: object, known: Collection[str]) -> str:
    if isinstance(value, str) and value in known:
        return value
    text = f"{{key}} must be one of {', '.join(known)}, not `{value}`{nearest(str(value), known)}"
    raise _Wrong(text, str(value))


_KEYS: Mapping[str, Callable[[_Check, Any], Any]] = {
    "select": _Check.codes,
    "ignore": _Check.codes,
    "extend-select": _Check.codes,
    "extend-ignore": _Check.codes,
    "min-severity": _Check.severity,
    "server": _Check.server,
    "exclude": _Check.globs,
    "extend-exclude": _Check.globs,
    "force-exclude": _Check.flag,
    "respect-gitignore": _Check.flag,
    "output-format": _Check.format,
    "exit-zero": _Check.flag,
    "jobs": _Check.count,
    "cache": _Check.flag,
    "cache-dir": _Check.path,
    "baseline": _Check.path,
    "ignore-noqa": _Check.flag,
    "per-file-ignores": _Check.ignores,
    "entry-points": _Check.table,
    "locks": _Check.names,
    "connections": _Check.names,
    "thread-safe": _Check.names,
}
"""Every key of the table and, where the command line has it, the option of that name."""


def _checked(table: Mapping[str, Any], source: _File | _CommandLine, check: _Check) -> dict[str, Any]:
    """The values by the names of Config's fields. Raises UsageError."""
    values = {}
    for key, value in table.items():
        if key not in _KEYS:
            raise UsageError(f"{source.place(key)}unknown key `{key}` in [tool.{TABLE}]{nearest(key, _KEYS)}")
        try:
            values[key.replace("-", "_")] = _KEYS[key](check, value)
        except _Wrong as error:
            raise UsageError(source.place(key, error.word) + error.text.replace("{key}", source.name(key))) from None
    return values
