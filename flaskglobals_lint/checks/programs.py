"""Programs of a project that serve no requests and that the application does not load: tools, desktop windows, training."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from flaskglobals_lint import facts as f
from flaskglobals_lint.link.trees import walk

if TYPE_CHECKING:
    from flaskglobals_lint.link.program import Program

_LOADERS = ("__import__", "entry_points", "exec_module", "find_modules", "import_module", "import_string", "iter_entry_points",
            "iter_modules", "load_module", "run_module", "run_path", "walk_packages")  # fmt: skip
"""Calls that load modules whose names only the running program knows."""


def beside(program: Program) -> frozenset[str]:
    """Paths of the modules that no process which serves requests loads, as far as imports tell: neither the modules in which
    requests arrive, nor what imports those, nor what any of them imports. Empty where nothing serves requests.

    Where modules are loaded by names that only the running program knows, only those are told that run as scripts.
    """
    modules = program.index.modules
    serving = {start.function[: start.function.index(":")] for start in program.starts if start.runs == "request"}
    if not serving:
        return frozenset()
    loads = _loads(program)
    loaded_by: dict[str, set[str]] = {path: set() for path in modules}
    for path, others in loads.items():
        for other in others:
            loaded_by.setdefault(other, set()).add(path)
    application = _closure(_closure(serving, loaded_by), loads)
    apart = frozenset(modules) - application
    if any(
        site.scope[: site.scope.index(":")] in application
        for name in _LOADERS
        for site in program.index.calls.get(name, ())
    ):
        scripts = {path for path in apart if _is_script(program, path)}
        apart &= _closure(scripts, loads)
    return frozenset(modules[path].input.path for path in apart)


def _loads(program: Program) -> dict[str, set[str]]:
    """By module, the project's modules that it imports, anywhere in its code, and the packages that they are in."""
    return {path: set(_loaded(program, path, module.imports)) for path, module in program.index.modules.items()}


def _loaded(program: Program, path: str, imports: Iterable[f.Import]) -> Iterator[str]:
    modules = program.types.names.modules
    wanted = {(node.loads, node.level) for node in imports}
    wanted |= {(node.module, node.level) for node in imports}
    wanted |= {(f"{node.module}.{node.name}".lstrip("."), node.level) for node in imports}
    for dotted, level in wanted:
        found = modules.find(path, dotted, level) if dotted else None
        while found and found in program.index.modules:
            yield found
            folder = posixpath.dirname(found)
            package = modules.package(posixpath.dirname(folder) if found.endswith("__init__.py") else folder)
            found = package if package != found else None


def _closure(first: Iterable[str], edges: Mapping[str, set[str]]) -> set[str]:
    found = set(first)
    waiting = list(found)
    while waiting:
        for other in edges.get(waiting.pop(), set()) - found:
            found.add(other)
            waiting.append(other)
    return found


def _is_script(program: Program, path: str) -> bool:
    """Whether the module does something of its own if it is run: ``if __name__ == "__main__":``."""
    tests = (node.test for node in program.index.modules[path].input.facts.body if isinstance(node, f.If))
    return path.endswith("__main__.py") or any(
        isinstance(part, f.Global) and part.name == "__name__" for test in tests for part in walk(test)
    )
