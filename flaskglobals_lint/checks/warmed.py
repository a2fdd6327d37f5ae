"""Values that set-up code has made before the first request asks for them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flaskglobals_lint import facts as f
from flaskglobals_lint.checks.conflicts import races
from flaskglobals_lint.checks.lazies import asks_for_nothing, branch_of
from flaskglobals_lint.link.program import base_key
from flaskglobals_lint.link.trees import walk

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from flaskglobals_lint.checks.conflicts import Race
    from flaskglobals_lint.link.index import ScopeId
    from flaskglobals_lint.link.program import Program
    from flaskglobals_lint.link.summary import Edge

_SETS_UP = frozenset({"init_app", "register_blueprint"})
"""Methods that a function calls to set up an application."""
_NO_APPLICATION = (f.Constant, f.Display, f.Comprehension, f.Compare, f.Operation, f.Lambda)
"""Expressions whose value is none."""


def only_at_setup(program: Program, function: ScopeId, pos: f.Position) -> bool:
    """Whether code stands below the check of a lazy value that is there before the first request."""
    return pos in program.once(_bodies).get(function, ())


def _bodies(program: Program) -> dict[ScopeId, set[f.Position]]:
    """Positions of the code that makes such values, by the functions that it stands in."""
    found: dict[ScopeId, set[f.Position]] = {}
    for race in program.once(races)["control"]:
        if warmed(program, race):
            branch = branch_of(program, race, asks_for_nothing)
            assert branch is not None
            inside = (getattr(part, "pos", f.NOWHERE) for part in walk(branch.body))
            found.setdefault(race.context.function, set()).update(inside)
    return found


def warmed(program: Program, race: Race) -> bool:
    """Whether the function that fills a place where it is empty is called by set-up code, too, and nothing empties the
    place while requests are served."""
    pair, function = race.pair, race.context.function
    if pair.read.remote is not None or pair.write.remote is not None or pair.write.kind != "set":
        return False
    if any(not str(step).startswith(".") for step in race.conflict.path[1:]):
        return False
    writes = program.writes.get(base_key(race.conflict.place), ())
    if any(access.record.pos != pair.write.pos for access in writes):
        return False
    return branch_of(program, race, asks_for_nothing) is not None and program.once(_SetUp).calls(function)


class _SetUp:
    """Code that runs before the first request: modules' own, app factories, what they call. Far most of it is of no
    interest, so it is followed only until it is seen to call the function that is asked about."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self._roots = _roots(program)
        self._found: set[ScopeId] = set()

    def calls(self, fid: ScopeId) -> bool:
        """Whether such code calls a function."""
        while fid not in self._found:
            edges = next(self._roots, None)
            if edges is None:
                return False
            self._follow(list(edges))
        return True

    def _follow(self, edges: list[Edge]) -> None:
        while edges:
            edge = edges.pop()
            if edge.kind == "call" and edge.callee and edge.callee not in self._found:
                self._found.add(edge.callee)
                edges.extend(self._program.evaluator.summary(edge.callee, edge.constants).edges)


def _roots(program: Program) -> Iterator[Sequence[Edge]]:
    """The calls of each part of the code that is run first."""
    for path in program.index.modules:
        yield program.evaluator.module(path).edges
    # Factories make an application, or register things with one.
    busy = {site.scope for name in _SETS_UP for site in program.index.calls.get(name, ()) if not site.decorated}
    for fid in program.index.functions:
        if fid in program.serving:
            continue
        if fid in busy or _makes_app(program, fid):
            yield program.evaluator.summary(fid).edges


def _makes_app(program: Program, fid: ScopeId) -> bool:
    function = program.index.functions[fid]
    if function.facts.returns is None and all(isinstance(value, _NO_APPLICATION) for value in function.returns):
        return False
    made = program.types.expand(program.types.returns(fid))
    return any(atom[0] == "extinst" and program.types.models.is_flask(atom[1]) for atom in made)
