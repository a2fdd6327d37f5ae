"""What library names mean: import paths, base classes, the types of results, and context-local proxies."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from flaskglobals_lint.models import tables


class Types(msgspec.Struct, frozen=True):
    """Knowledge about library types. Every name given to a method may be written by any of its import paths."""

    aliases: Mapping[str, str]
    """Other import path → the one the tables use."""

    moved: Mapping[str, tuple[tuple[str, str], ...]]
    """First part of a dotted name → starts of such names and what they stand for: ``flask.ext.`` → ``flask_``."""

    bases: Mapping[str, tuple[str, ...]]
    calls: Mapping[str, str]
    results: Mapping[tuple[str, str], str]
    proxies: Mapping[str, str]
    objects: Mapping[str, str]
    request_data: frozenset[str]
    parsed: frozenset[str]
    known: dict[str, tuple[str, ...]] = msgspec.field(default_factory=dict)
    """Ancestries that were asked for."""

    def canonical(self, dotted: str) -> str:
        """The import path by which the tables know ``dotted``; an unknown name is its own."""
        return self.ancestry(dotted)[0]

    def _canonical(self, dotted: str) -> str:
        seen = {dotted}
        while True:
            longer = self.aliases.get(dotted) or self._moved(dotted)
            if longer is None or longer in seen:
                return dotted
            dotted = longer
            seen.add(dotted)

    def _moved(self, dotted: str) -> str | None:
        for start, new in self.moved.get(dotted.partition(".")[0], ()):
            if dotted.startswith(start):
                return new + dotted[len(start) :]
        return None

    def supertypes(self, dotted: str) -> tuple[str, ...]:
        """The library classes that the library class ``dotted`` derives from directly."""
        return self.bases.get(self.canonical(dotted), ())

    def ancestry(self, dotted: str) -> tuple[str, ...]:
        """The canonical name, then every class it derives from, nearest first."""
        found = self.known.get(dotted)
        if found is None:
            queue = [self._canonical(dotted)]
            for name in queue:
                queue.extend(base for base in self.bases.get(name, ()) if base not in queue)
            found = self.known[dotted] = tuple(queue)
        return found

    def returns(self, dotted: str) -> str | None:
        """The class of what calling the library function ``dotted`` returns, where it is not a class itself."""
        return self.calls.get(self.canonical(dotted))

    def instance(self, dotted: str) -> str | None:
        """The class of an object that a library keeps in its module (``flask.current_app`` → ``flask.Flask``)."""
        return self.objects.get(self.canonical(dotted))

    def result(self, dotted: str, member: str) -> str | None:
        """The type of ``instance.member()`` or, for an attribute, ``instance.member`` of a library type."""
        for name in self.ancestry(dotted):
            found = self.results.get((name, member))
            if found is not None:
                return found
        return None


def load_types() -> Types:
    """The table ``types.toml``."""
    data = tables.read("types")
    moved: dict[str, tuple[tuple[str, str], ...]] = {}
    for row in data["moved"]:
        for start in row["from"]:
            top = start.partition(".")[0]
            moved[top] = (*moved.get(top, ()), (start, row["to"]))
    return Types(
        aliases={other: row["name"] for row in data["alias"] for other in row["also"]},
        moved=moved,
        bases={name: tuple(row["bases"]) for row in data["class"] for name in row["names"]},
        calls={name: row["type"] for row in data["call"] for name in row["names"]},
        results={
            (name, member): result
            for row in data["result"]
            for name in row["types"]
            for member, result in row["members"].items()
        },
        proxies={name: row["scope"] for row in data["proxy"] for name in row["names"]},
        request_data=frozenset(name for row in data["request_data"] for name in row["names"]),
        parsed=frozenset(name for row in data["parsed"] for name in row["names"]),
        objects={name: row["type"] for row in data["object"] for name in row["names"]},
    )
