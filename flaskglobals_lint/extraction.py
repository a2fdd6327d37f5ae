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

Progress: TypeAlias = Callable[[int, int], None]
"""Called with the number of files done and of all files."""

log = logging.getLogger(__name__)


class Extracted(NamedTuple):
    """The facts of each source, and a hash of each; none where nothing is kept."""

    answers: list[Answer]
    digests: list[bytes]


def extracted(sources: Sequence[Source], config: Config, store: Cache, progress: Progress | None) -> Extracted:
    """The facts of each source, in the same order. What comes from the cache was not looked into."""
    start = perf_counter()
    known = code("facts.py", "extract") if store.keeps else b""
    names = [key("facts", known, source.digest) for source in sources]
    answers: list[Answer | None] = [
        _unreadable(source) if source.problem else store.get(name) for source, name in zip(sources, names, strict=True)
    ]
    wanted = [at for at, answer in enumerate(answers) if answer is None]
    hits = len(sources) - len(wanted)
    report = (lambda done: progress(hits + done, len(sources))) if progress else None
    found = extract_all([sources[at].content for at in wanted], config.jobs or available_cores(), report)
    for at, answer in zip(wanted, found, strict=True):
        answers[at] = answer
    digests = []
    new = set(wanted)
    for at in range(len(sources)) if store.keeps else ():
        content = encoded(answers[at] or b"")
        digests.append(digest(content))
        if at in new and sources[at].file.text is None:  # what an editor holds changes with each key
            store.put(names[at], content)
    store.save()
    if progress:
        progress(len(sources), len(sources))
    log.info("extract: %d files, %d known, %.2f s", len(sources), hits, perf_counter() - start)
    return Extracted([answer for answer in answers if answer is not None], digests)


def _unreadable(source: Source) -> facts.Module:
    return facts.Module((), (), (), (), facts.SyntaxProblem(source.problem, 1, 1))
