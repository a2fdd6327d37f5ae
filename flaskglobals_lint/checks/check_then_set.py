"""FGL102: an earlier look at a shared place decides a write of it, and another thread can come between."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from flaskglobals_lint import facts as f
from flaskglobals_lint.checks import (
    claims,
    conflicts,
    defects,
    lazies,
    refills,
    repairs,
    transitions,
    warmed,
    wording,
    writes,
)
from flaskglobals_lint.checks.conflicts import Race
from flaskglobals_lint.finding import Finding, Severity, Span
from flaskglobals_lint.link.frame import ENDED
from flaskglobals_lint.link.pairs import found
from flaskglobals_lint.link.program import Program, base_key
from flaskglobals_lint.link.summary import Pair
from flaskglobals_lint.link.trees import walk
from flaskglobals_lint.rule import by_code

if TYPE_CHECKING:
    from flaskglobals_lint.facts import Position
    from flaskglobals_lint.link.index import ScopeId

RULE = by_code("FGL102")

_NOTHING = (None, "False", "None", "0", "")


def check(program: Program) -> Iterator[Finding]:
    """A finding for each such write."""
    found: dict[tuple[Span, str], tuple[Finding, bool]] = {}
    loud: set[tuple[ScopeId, Position]] = set()
    for race in sorted(program.once(conflicts.races)["control"], key=lambda race: race.pair.companion):
        if lazies.never_missing(program, race) or warmed.warmed(program, race):
            continue
        finding = _finding(program, race)
        decision = (race.context.function, race.pair.read.pos)
        if not race.pair.companion:
            loud |= {decision} if finding.severity != "info" else set()
        elif decision not in loud:
            # What a harmless check decides beside its own variable is as harmless.
            finding = replace(finding, severity="info")
        found.setdefault((finding.span, finding.symbol), (finding, race.pair.early))
    once: set[tuple[str, str, int, bool]] = set()
    for finding, early in sorted(found.values(), key=lambda item: item[0].sort_key):
        # What one check decides about one object in one branch is one defect, however many lines the branch has.
        line = finding.related[0].line if finding.related else 0
        token = (finding.function, finding.symbol.split("[")[0], line, early)
        if token not in once:
            once.add(token)
            yield finding


def _finding(program: Program, race: Race) -> Finding:
    pair, place, context = race.pair, race.conflict.place, race.context
    where = conflicts.way_in(program, context)
    function, _ = acts(race)
    line = f"{pair.read.pos[0]}"
    if program.file(function) != program.file(context.function):
        line += f" of {program.file(context.function)}"
    actors = wording.actors(race)
    if pair.read.kind == ENDED:
        message = f"`{place.label}` is ended on line {line} and replaced here without a lock {where}; {actors} can both end the old one, and one of the two new ones is lost while it runs"
    elif pair.companion:
        message = f"`{place.label}` is set here because of the check on line {line}, without a lock {where}; {actors} can both pass the check"
    elif wording.split_section(race):
        message = f"`{place.label}` is checked on line {line} and changed here {where}, but the lock is let go in between; {actors} can both pass the check"
    elif pair.write.sections and not pair.read.sections:
        message = f"`{place.label}` is checked on line {line} before the lock is taken and not again under it {where}; {actors} can both pass the check"
    else:
        message = f"`{place.label}` is checked on line {line} and changed here without a lock {where}; {actors} can both pass the check"
    if not wording.split_section(race):
        message += wording.unlucky(race, "3.11")
    return defects.finding(
        program, race, RULE, severity(program, race), acts(race), message, _suggestion(program, race), _steps(race)
    )


def acts(race: Race) -> tuple[ScopeId, Position]:
    """Where the place is changed: in a callee that knows it, or in the call of one that changes what it is given."""
    write = race.pair.write
    return (race.context.function, write.pos) if write.remote is None or write.handed else write.remote


def severity(program: Program, race: Race) -> Severity:
    """Storing a fresh value after a check that only leaves early is a last-writer-wins, not a lost update, unless the check asked
    whether there is none; and setting a flag twice does nothing more than setting it once."""
    pair = race.pair
    early = pair.early and not lazies.answers_from_it(program, race)
    early = early and not claims.claims(program, race)
    if early and pair.write.via == "=" and not pair.write.constant:
        return "warning" if writes.runs(program, pair.write) else "info"
    if found(pair):
        return "info"
    if pair.looped and pair.write.kind == "delete":
        # Whoever empties a container over a copy of its keys finds one gone at worst; both wanted it gone.
        return "warning" if _by_position(program, race) else "info"
    if refills.makes_again(program, race):
        return "info"
    if transitions.is_step(program, race):
        return "warning"
    if not early and lazies.repeatable(program, race) and not lazies.made_under_lock(program, race):
        return "info"
    if lazies.normalises(program, race) or lazies.told_once(program, race) or repairs.repairs(program, race):
        return "info"
    if pair.write.constant and not early and _marks_work(program, race):
        return "warning"
    if pair.write.constant and (_flag_only(pair) or pair.write.remote is not None or lazies.only_marks(program, race)):
        return "info"
    if pair.write.kind == "set" and _is_cache(program, race):
        # A miss, then a fill, each under the lock: the price is a second computation.
        return "info"
    if not early and _fills(program, race):
        # A lazy initialisation or cache fill, or one entry more: made twice, one of two is dropped or doubled.
        return "warning"
    if pair.write.constant and early and _set_once(program, race) and conflicts.window(pair) == "call":
        return "warning"
    if pair.write.via in ("del", ".pop()") and conflicts.window(pair) == "call" and not _by_position(program, race):
        # Both want it gone: the second gets an exception, and nothing is lost.
        return "warning"
    return "warning" if conflicts.window(pair) == "none" else RULE.severity


def _by_position(program: Program, race: Race) -> bool:
    """Whether an item of a list is removed by its number, which may be another item's by then."""
    path, write = race.conflict.path, race.pair.write
    of_item = write.via == "del" or (write.via == ".pop()" and str(path[-1]).startswith("["))
    path = path[:-1] if of_item else path
    container = (
        program.types.container(program.paths.atoms(path)) if path and (write.key or write.via == "del") else None
    )
    return container is not None and container.kind == "sequence"


def _marks_work(program: Program, race: Race) -> bool:
    """Whether the function that is called if nothing runs yet says that something does, and then waits or starts a thread:
    called twice, that is done twice. What is never taken back says that something was made ready, once for all."""
    remote = race.pair.write.remote
    if remote is None:
        return False
    summary = program.evaluator.summary(remote[0])
    if not summary.blocks and all(edge.kind != "thread" for edge in summary.edges):
        return False
    bindings = [b for b in program.paths.bindings(race.conflict.path) if not b.scope.endswith(("__init__", ":"))]
    later = {b.scope: b.value.text for b in bindings if isinstance(b.value, f.Constant)}
    return later.get(remote[0]) not in _NOTHING and len(set(later.values())) > 1


def _flag_only(pair: Pair) -> bool:
    """Whether nothing but flags is set because of the check, or what the check found to differ, to what it was compared
    with."""
    return not pair.write.acts and pair.write.via == "=" and (conflicts.window(pair) == "none" or not pair.early)


def _set_once(program: Program, race: Race) -> bool:
    """Whether nothing else changes the mark that says that something has been done: it is done twice, and no more."""
    others = program.writes.get(base_key(race.conflict.place), ())
    return all(other.record.pos == race.pair.write.pos for other in others)


def _is_cache(program: Program, race: Race) -> bool:
    """Whether the container is made to forget, an LRU or TTL cache, and looked at and filled under a lock, the code's or its own."""
    path = race.conflict.path[:-1]
    container = program.types.container(program.paths.atoms(path)) if path else None
    return container is not None and container.bounded and (container.thread_safe or wording.split_section(race))


def _fills(program: Program, race: Race) -> bool:
    """Whether the write only adds what the check found missing, and what it adds is not made of what was there."""
    write = race.pair.write
    if write.via in (".put()", ".put_nowait()"):
        return True
    if lazies.sets(write):
        behind = writes.reads_behind(program, race.context, write.values)
        return not any(read.kind not in ("truth", "lack") and read.path == write.path for read in behind)
    return write.via in (".append()", ".add()") and not write.acts


def _suggestion(program: Program, race: Race) -> str:
    pair, label = race.pair, race.conflict.place.label
    if pair.write.sections and not pair.read.sections:
        return f"check `{label}` again after taking the lock, before the write on line {pair.write.pos[0]}"
    advice = wording.lock_suggestion(program, race)
    if pair.write.kind == "delete" and pair.write.via in ("del", ".pop()"):
        base = label.rsplit("[", 1)[0]
        return f"use `{base}.pop(key, None)` and act on its result, or {advice}"
    fills = lazies.answers_from_it if pair.early else _fills_gap
    if pair.write.via == "[…] =" and fills(program, race):
        base = label.rsplit("[", 1)[0]
        return f"{advice}; if making the value twice does no harm, `{base}.setdefault(key, value)` keeps the first"
    return advice


def _fills_gap(program: Program, race: Race) -> bool:
    """Whether the value is stored because there is none yet: no test stands before the write, or one that asks for that."""
    if lazies.branch_of(program, race, lambda test: True) is None:
        return True
    return lazies.branch_of(program, race, lambda test: any(map(_asks_for_missing, walk(test)))) is not None


def _asks_for_missing(test: f.Node) -> bool:
    if isinstance(test, f.Compare) and test.operators == ("not in",):
        return True
    return isinstance(test, f.Compare | f.Operation) and lazies.asks_for_nothing(test)


def _steps(race: Race) -> tuple[str, ...]:
    label = race.conflict.place.label
    read, write = race.pair.read.pos[0], race.pair.write.pos[0]
    last = {
        "delete": f"B removes it, too (line {write}): it is already gone, or somebody else's is removed",
    }.get(race.pair.write.kind, f"B changes it, too (line {write}): what A did is repeated or replaced")
    return (
        f"request A checks {label} (line {read}): the check passes",
        f"request B checks {label} (line {read}): it passes, too",
        f"A changes {label} (line {write})",
        last,
    )
