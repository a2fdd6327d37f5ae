"""The program that the last run judged: where this one differs from it in layout only, what was found may still hold."""

from __future__ import annotations

from typing import Final, NamedTuple

from flaskglobals_lint.cache import Cache, key
from flaskglobals_lint.extraction import Extracted, hashed
from flaskglobals_lint.layout import only_moved
from flaskglobals_lint.pool import decoded

_MOST: Final = 8
"""So many changed files are compared with what they were."""
_HASH: Final = 16
"""Length of a key, and of a hash of facts, in bytes."""


def remember(store: Cache, program: bytes, known: Extracted) -> None:
    """Keep which facts the files of a program had."""
    store.put(key("judged", program), b"".join(known.names + known.digests))


class Last(NamedTuple):
    """The hashes of the facts that the files had then, and the numbers of those that have changed since: in layout only."""

    digests: list[bytes]
    changed: list[int]


def recall(store: Cache, program: bytes, known: Extracted) -> Last | None:
    """What ``remember`` kept of a program, if nothing but lines has moved since then, as far as can be told.

    Nothing is believed that does not match its hash.
    """
    number = len(known.digests)
    content = store.get(key("judged", program)) or b""
    if len(content) != 2 * number * _HASH:
        return None
    kept = [content[at : at + _HASH] for at in range(0, len(content), _HASH)]
    names, digests = kept[:number], kept[number:]
    changed = [at for at in range(number) if digests[at] != known.digests[at]]
    if len(changed) > _MOST:
        return None
    for at in changed:
        before = store.get(names[at])
        if before is None or hashed(before, at in known.aside) != digests[at]:
            return None
        if not only_moved(decoded(before), decoded(known.answers[at])):
            return None
    return Last(digests, changed)
