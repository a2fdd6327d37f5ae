"""The facts of every file of a program: those of earlier runs, and of the others by the pool's processes."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from time import perf_counter
from typing import NamedTuple, TypeAlias

from flaskglobals_lint import facts
from flaskglobals_lint.cache import Cache, code, key
from flaskglobals_lint.config import Config
from flaskglobals_lint.pool import Answer, available_cores, encoded, extract_all
from flaskglobals_lint.sources import Source, digest
from flaskglobals_lint.testcode import only_tests

Progress: TypeAlias = Callable[[int, int], None]
"""Called with the number of files done and of all files."""

log = logging.getLogger(__name__)


class Extracted(NamedTuple):
    """The facts of each source, the keys they are kept under, and a hash of each; no hashes where nothing is kept. ``aside``
    are the numbers of those that are no part of the program: tests of it, which have but comments and problems."""

    answers: list[Answer]
    names: list[bytes]
    digests: list[bytes]
    aside: frozenset[int]


def extracted(sources: Sequence[Source], config: Config, store: Cache, progress: Progress | None) -> Extracted:
    """The facts of each source, in the same order. What comes from the cache was not looked into."""
    start = perf_counter()
    known = code("facts.py", "extract") if store.keeps else b""
    tests = only_tests({source.file.relative: source.content for source in sources})
    aside = frozenset(at for at, source in enumerate(sources) if source.file.relative in tests)
    names = [key("outline" if at in aside else "facts", known, one.digest) for at, one in enumerate(sources)]
    answers: list[Answer | None] = [
        _unreadable(source) if source.problem else store.get(name) for source, name in zip(sources, names, strict=True)
    ]
    wanted = [at for at, answer in enumerate(answers) if answer is None]
    hits = len(sources) - len(wanted)
    report = (lambda done: progress(hits + done, len(sources))) if progress else None
    outlined = {number for number, at in enumerate(wanted) if at in aside}
    contents = [sources[at].content for at in wanted]
    found = extract_all(contents, config.jobs or available_cores(), report, outlined=outlined)
    for at, answer in zip(wanted, found, strict=True):
        answers[at] = answer
    digests = []
    new = set(wanted)
    for at in range(len(sources)) if store.keeps else ():
        content = encoded(answers[at] or b"")
        digests.append(hashed(content, at in aside))
        if at in new and sources[at].file.text is None:  # what an editor holds changes with each key
            store.put(names[at], content)
    store.save()
    if progress:
        progress(len(sources), len(sources))
    log.info("extract: %d files, %d known, %.2f s", len(sources), hits, perf_counter() - start)
    return Extracted([answer for answer in answers if answer is not None], names, digests, aside)


def hashed(content: bytes, aside: bool) -> bytes:
    """A hash of the facts of a module, and of whether it is no part of the program."""
    return digest(b"aside" + content if aside else content)


def _unreadable(source: Source) -> facts.Module:
    return facts.Module((), (), (), (), facts.SyntaxProblem(source.problem, 1, 1))
