"""Which modules of a project share a program with the given ones, told from a cheap scan for import statements.

The scan may name too many modules, which costs time, but should not miss one, which costs findings.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from typing import NamedTuple

from flaskglobals_lint.cache import Cache, code, key

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


def related(
    targets: Collection[str], files: Collection[str], read: Callable[[str], bytes], store: Cache | None = None
) -> set[str]:
    """The files, besides the targets, that a process which runs a target can run, too.

    Paths are relative to the project root, with ``/``. Those are the modules that import a target, directly or not, and
    whatever they or the targets import. A test that imports a target is not the program. The answer is kept in
    ``store`` and, for the next one, the imports of each file.
    """
    store = store or Cache(None)
    known = sorted({*files, *targets})
    contents = {path: read(path) for path in known}
    parts = [code("context.py"), "\0".join([*sorted(targets), "", *known]).encode("utf-8", "surrogatepass")]
    name = key("related", *parts, *contents.values())
    kept = store.get(name)
    if kept is not None:
        return set(kept.decode("utf-8", "surrogatepass").split("\0")) & contents.keys()
    found = _related(targets, contents, _Statements(store))
    store.put(name, "\0".join(sorted(found)).encode("utf-8", "surrogatepass"))
    return found


def _related(targets: Collection[str], contents: Mapping[str, bytes], statements: _Statements) -> set[str]:
    modules = module_paths(contents)
    edges = {path: set(imported_files(path, statements.of(text), contents, modules)) for path, text in contents.items()}
    importers: dict[str, set[str]] = {}
    for path, imported in edges.items():
        for other in imported:
            if not is_test(path, other):
                importers.setdefault(other, set()).add(path)
    return _reached(_reached(targets, importers), edges) - frozenset(targets)


class _Statements:
    """The import statements of modules, kept by content."""

    def __init__(self, store: Cache) -> None:
        self._store = store
        self._code = code("context.py")

    def of(self, source: bytes) -> list[Imported]:
        name = key("imports", self._code, source)
        kept = self._store.get(name)
        if kept is not None:
            try:
                return [_checked(*row) for row in json.loads(kept)]
            except (ValueError, TypeError, RecursionError):
                pass
        found = list(dict.fromkeys(imports(rough_text(source))))
        self._store.put(name, json.dumps(found, separators=(",", ":")).encode())
        return found


def _checked(level: object, module: object, names: object) -> Imported:
    """A statement as it was kept. Raises ValueError for what cannot be one."""
    if not (isinstance(level, int) and isinstance(module, str) and isinstance(names, list)):
        raise ValueError
    return Imported(level, module, tuple(map(str, names)))


def imports(text: str) -> Iterator[Imported]:
    """Every import statement of a module, and some text that looks like one."""
    for match in _statements(text):
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


def _statements(text: str) -> Iterator[re.Match[str]]:
    """What the expression for statements finds, which looks at few lines so: each match begins in one that says import."""
    at = 0
    while (word := text.find("import", at)) >= 0:
        match = _STATEMENT.search(text, max(at, text.rfind("\n", 0, word) + 1))
        if match is None:
            return
        yield match
        at = match.end()


def is_test(path: str, imported: str) -> bool:
    """Whether a file is a test of what it imports; fixtures that import each other inside a test folder are not."""
    parts, other = path.split("/"), imported.split("/")
    while len(parts) > 1 and len(other) > 1 and parts[0] == other[0]:
        parts, other = parts[1:], other[1:]
    name = parts[-1].rpartition(".")[0]
    named = name.startswith("test_") or name.endswith("_test") or name == "conftest"
    return named or not _TEST_FOLDERS.isdisjoint(parts[:-1])


def imported_files(
    path: str, statements: Iterable[Imported], known: Collection[str], modules: Collection[str]
) -> Iterator[str]:
    """The files among the ``known`` that a module's imports can mean; ``modules`` are the ``module_paths`` of those. A package's
    own ``__init__`` is imported with each of its modules."""
    folders = path.split("/")[:-1]
    for depth in range(len(folders), -1, -1):
        init = "/".join((*folders[:depth], "__init__.py"))
        if init not in known:
            break
        yield init
    above = ["/".join(folders[:depth]) for depth in range(len(folders), -1, -1)]
    for statement in statements:
        bases = above[statement.level - 1 : statement.level] if statement.level else [*above, "src"]
        first = statement.module.partition(".")[0]
        for base in bases:
            # Most of what is imported is not in the project at all.
            if not first or (f"{base}/{first}" if base else first) in modules:
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


def module_paths(files: Iterable[str]) -> set[str]:
    """The paths of all modules, and of the folders that they lie in."""
    found: set[str] = set()
    for path in files:
        module = path.rpartition(".")[0]
        while module and module not in found:
            found.add(module)
            module = module.rpartition("/")[0]
    return found


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


def rough_text(source: bytes) -> str:
    """Enough of a decoding to find names."""
    return source.decode("utf-8", "replace").replace("\r\n", "\n").replace("\r", "\n")
