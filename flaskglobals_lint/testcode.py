"""Which files of a project only test the others: no server runs them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from flaskglobals_lint.context import imported_files, imports, module_paths, rough_text

_TEST_FILE: Final = re.compile(r"(^|/)(tests?/|test_[^/]*$|[^/]*_test\.pyw?$|conftest\.py$)")

_FRAMEWORKS: Final = (b"flask", b"Flask", b"quart")


def is_test(path: str) -> bool:
    """Whether a file is a test by pytest's conventions."""
    return _TEST_FILE.search(path) is not None


def only_tests(contents: Mapping[str, bytes]) -> frozenset[str]:
    """The tests among the files, by path relative to their root, but for those that other code imports, directly or not.

    None where there are only tests, or where they alone speak of a web framework: those are what was asked about.
    """
    tests = {path for path in contents if is_test(path)}
    serving = {path for path, source in contents.items() if any(name in source for name in _FRAMEWORKS)}
    if len(tests) == len(contents) or (serving and serving <= tests):
        return frozenset()
    modules = module_paths(contents)
    # Whoever imports a test must write its name.
    waiting = [path for path, source in contents.items() if path not in tests and b"test" in source]
    while waiting:
        path = waiting.pop()
        for other in imported_files(path, imports(rough_text(contents[path])), contents, modules):
            if other in tests:
                tests.remove(other)
                waiting.append(other)
    return frozenset(tests)
