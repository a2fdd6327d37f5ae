"""Which modules of a project share a program with the given ones, told from a cheap scan for import statements.

The scan may name too many modules, which costs time, but should not miss one, which costs findings.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from typing import NamedTuple

_LINE = r"[^\n;#\\]*(?:\\\n[^\n;#\\]*)*"
_MODULE = r"(?P<level>\.*+)[ \t]*+(?P<module>(?:(?!import\b)[\w.]++)?+)"
_FROM = rf"from[ \t]+{_MODULE}[ \t]*\bimport\b[ \t]*(?P<names>\([^)]*\)|{_LINE})"
_IMPORT = rf"import[ \t]+(?P<modules>{_LINE})"
_DYNAMIC = r"(?:import_module|import_string|__import__)\(\s*[\"'](?P<dynamic>[\w.]+)"
_STATEMENT = re.compile(rf"(?:^|[;:])[ \t]*(?:{_FROM}|{_IMPORT})|{_DYNAMIC}", re.MULTILINE)
_COMMENT = re.compile(r"#[^\n]*")
_WORD = re.compile(r"\w+")
_MOST_PARTS = 100
"""Of a module's name: no package lies deeper."""
_TEST_FOLDERS = frozenset({"test", "tests"})


class Imported(NamedTuple):
    """One import statement: ``from <level dots><module> import <names>``, or ``import <module>`` without names."""

    level: int
    module: str
    names: tuple[str, ...] = ()


def related(targets: Collection[str], files: Collection[str], read: Callable[[str], bytes]) -> set[str]:
    """The files, besides the targets, that a process which runs a target can run, too.

    Paths are relative to the project root, with ``/``. Those are the modules that import a target, directly or not, and
    whatever they or the targets import. A test that imports a target is not the program.
    """
    known = frozenset(files) | frozenset(targets)
    edges = {path: set(_imported_files(path, imports(_text(read(path))), known)) for path in sorted(known)}
    importers: dict[str, set[str]] = {}
    for path, imported in edges.items():
        for other in imported:
            if not is_test(path, other):
                importers.setdefault(other, set()).add(path)
    return _reached(_reached(targets, importers), edges) - frozenset(targets)


def imports(text: str) -> Iterator[Imported]:
    """Every import statement of a module, and some text that looks like one."""
    for match in _STATEMENT.finditer(text):
        if match["names"] is not None:
            parts = _COMMENT.sub("", match["names"]).split(",")
            names = tuple(word[0] for part in parts if (word := _WORD.search(part)))
            yield Imported(len(match["level"]), match["module"], names)
        elif match["dynamic"]:
            module = match["dynamic"].lstrip(".")
            # ``import_string("shop.views.index")`` names an object of the module.
            parent, _, last = module.rpartition(".")
            yield Imported(0, parent, (last,))
        else:
            for part in match["modules"].replace("\\", " ").split(","):
                if words := part.split():
                    yield Imported(0, words[0])


def is_test(path: str, imported: str) -> bool:
    """Whether a file is a test of what it imports; fixtures that import each other inside a test folder are not."""
    parts, other = path.split("/"), imported.split("/")
    while len(parts) > 1 and len(other) > 1 and parts[0] == other[0]:
        parts, other = parts[1:], other[1:]
    name = parts[-1].rpartition(".")[0]
    named = name.startswith("test_") or name.endswith("_test") or name == "conftest"
    return named or not _TEST_FOLDERS.isdisjoint(parts[:-1])


def _imported_files(path: str, statements: Iterable[Imported], known: Collection[str]) -> Iterator[str]:
    """The files that a module's imports can mean. A package's own ``__init__`` is imported with each of its modules."""
    folders = path.split("/")[:-1]
    for depth in range(len(folders), -1, -1):
        init = "/".join((*folders[:depth], "__init__.py"))
        if init not in known:
            break
        yield init
    above = ["/".join(folders[:depth]) for depth in range(len(folders), -1, -1)]
    for statement in statements:
        bases = above[statement.level - 1 : statement.level] if statement.level else [*above, "src"]
        for base in bases:
            yield from _candidates(base, statement, known)


def _candidates(base: str, statement: Imported, known: Collection[str]) -> Iterator[str]:
    """The module, the packages it lies in, and those of the imported names that are modules themselves."""
    module = base
    for part in statement.module.split(".", _MOST_PARTS)[:_MOST_PARTS] if statement.module else ():
        module = f"{module}/{part}" if module else part
        yield from _files(module, known)
    if not statement.module:
        yield from _files(module, known)
    for name in statement.names:
        yield from _files(f"{module}/{name}" if module else name, known)


def _files(module: str, known: Collection[str]) -> Iterator[str]:
    for file in (f"{module}.py", f"{module}/__init__.py" if module else "__init__.py", f"{module}.pyw"):
        if file in known:
            yield file


def _reached(start: Iterable[str], edges: Mapping[str, Iterable[str]]) -> set[str]:
    """Everything that can be reached over the edges, the start included."""
    seen = set(start)
    waiting = list(seen)
    while waiting:
        for other in edges.get(waiting.pop(), ()):
            if other not in seen:
                seen.add(other)
                waiting.append(other)
    return seen


def _text(source: bytes) -> str:
    """Enough of a decoding to find names."""
    return source.decode("utf-8", "replace").replace("\r\n", "\n").replace("\r", "\n")
