"""Reads and the later writes of the same place that depend on them."""

from __future__ import annotations

from flaskglobals_lint.link.atoms import ITEM
from flaskglobals_lint.link.locks import common, fits
from flaskglobals_lint.link.summary import CONTENT, EMPTIED, UNSEEN, Pair, Path, Read, Summary, Write, bits

_FILLS = frozenset({".append()", ".extend()"})
_FLAGS = frozenset({"|=", "&="})


def find(summary: Summary, first_read: int, parameters: tuple[str, ...] = ()) -> list[Pair]:
    """All pairs of a function with these ``parameters``, the worst read of each write: at most one of each kind."""
    found: list[Pair] = []
    seen: set[tuple[object, ...]] = set()
    near = _by_place(summary.reads)
    made = [write for write in summary.writes if write.via in ("=", "[…] =") and write.remote is None]
    for write in summary.writes:
        close = near.get(write.path[:2], 0) | near.get((*write.path[:1], None), 0)
        for kind, mask in (("control", write.control), ("value", write.values)):
            reads = mask >> first_read & close
            pair = _worst(summary, write, kind, reads, first_read, parameters, made) if reads else None
            if pair is not None:
                token = (kind, write.path, write.pos, write.sections)
                if token not in seen:
                    seen.add(token)
                    found.append(pair)
    return found + _companions(summary, found, first_read) + _refills(summary, found)


def _by_place(reads: list[Read]) -> dict[Path, int]:
    """Bit sets of the reads that can concern a path: by its root, by its root and first step, and, with None for the first
    step, those of the root alone."""
    found: dict[Path, int] = {}
    for at, read in enumerate(reads):
        path = read.path
        for key in (path[:1], path[:2] if len(path) > 1 else (*path, None)):
            found[key] = found.get(key, 0) | 1 << at
    return found


def _refills(summary: Summary, found: list[Pair]) -> list[Pair]:
    """Lists that the function empties and fills again, where all can see them: who does so at the same time fills the same
    list, and everything is there twice."""
    result: list[Pair] = []
    paired = {(pair.write.path, pair.write.pos) for pair in found}
    for emptied in summary.writes:
        if emptied.remote is not None or not (emptied.via == ".clear()" or (emptied.via == "=" and emptied.constant)):
            continue
        read = Read(emptied.path, EMPTIED, emptied.key, emptied.pos, emptied.sections, emptied.clock)
        for write in summary.writes:
            if (
                write.path == emptied.path
                and write.via in _FILLS
                and write.remote is None
                and write.pos > emptied.pos
                and not emptied.branch & ~write.branch
                and (write.path, write.pos) not in paired
            ):
                paired.add((write.path, write.pos))
                result.append(Pair("value", read, write, common(read.sections, write.sections)))
    return result


def _companions(summary: Summary, found: list[Pair], first_read: int) -> list[Pair]:
    """Other variables and attributes that the same check decides, in the same branch: a value beside its timestamp."""
    result: list[Pair] = []
    paired = {(pair.write.path, pair.write.pos) for pair in found}
    for pair in found:
        if pair.kind != "control" or pair.early or pair.read.remote is not None or pair.write.remote is not None:
            continue
        bit = 1 << (first_read + summary.reads.index(pair.read))
        for write in summary.writes:
            if (
                write.branch & bit
                and (write.via == "=" or _beside(write, pair.write))
                and write.remote is None
                and not write.constant
                and len(write.path) == len(pair.write.path)
                and write.path[0][0] == pair.write.path[0][0]
                and (write.path, write.pos) not in paired
            ):
                paired.add((write.path, write.pos))
                result.append(
                    Pair("control", pair.read, write, common(pair.read.sections, write.sections), companion=True)
                )
    return result


def _beside(write: Write, other: Write) -> bool:
    """Whether it is another item of the same record: ``best["name"]`` beside ``best["score"]``."""
    steps = (write.path[-1], other.path[-1])
    return write.via == "[…] =" and write.path[:-1] == other.path[:-1] and ITEM not in steps


def _worst(
    summary: Summary,
    write: Write,
    kind: str,
    reads: int,
    first_read: int,
    parameters: tuple[str, ...],
    made: list[Write],
) -> Pair | None:
    """The pair of the write with the one of the reads that is guarded least; ``made`` are the assignments before it and after.

    For a check it is enough that one check stands in the write's own section (double-checked locking); a value is stale
    if any read of it stands outside.
    """
    best: Pair | None = None
    if _again(summary, write):
        return None
    for at in bits(reads):
        read = summary.reads[at]
        one_call = write.remote is not None and read.remote == write.remote
        if (
            related(read, write)
            and not _vague(read, write)
            and not one_call
            and not _made_before(made, read, write)
            and not _set_before(summary, made, first_read, read, write, kind)
            and not (kind == "control" and _either_way(summary, write, 1 << (first_read + at)))
        ):
            early = kind == "control" and not write.branch >> first_read >> at & 1
            decides = kind == "control" or write.kind == "delete"
            looped = decides and bool(summary.looped >> first_read >> at & 1)
            held = common(read.sections, write.sections)
            covers = tuple(one for one in held if fits(one, write.path, write.key, parameters)) if held else ()
            pair = Pair(kind, read, write, covers, early, looped)
            if best is None or _worse(pair, best):
                best = pair
    return best


def _worse(pair: Pair, best: Pair) -> bool:
    """Whether the pair says more about the write than the best one so far."""
    if pair.kind == "control":
        return _control_rank(pair) > _control_rank(best)
    return len(pair.covers) < len(best.covers)


def _vague(read: Read, write: Write) -> bool:
    """Whether read and write are calls away from each other and agree only in unknown keys, two levels deep, or in one that
    each of two callees makes for itself."""
    if read.remote is not None and write.remote is not None and read.item == write.item == UNSEEN:
        return True
    far = read.remote is not None or write.remote is not None
    return far and write.path[-1] == "[]" == read.path[-1] and write.path.count("[]") > 1


def _again(summary: Summary, write: Write) -> bool:
    """Whether the write only stores the object that is there already (``obj = d[k]; …; d[k] = obj``), or one that the function
    which looks it up makes where there is none; or gives a list back what was taken from it."""
    if write.via == ".append()":
        return write.refs == ((*write.path, "[]"),)
    others = [ref for ref in write.refs if ref != write.path]
    return len(others) < len(write.refs) and all(
        ref[0][0] == "new" and ref[0][2][0] == "inst" and ref[0][1][2] != summary.function for ref in others
    )


def found(pair: Pair) -> bool:
    """Whether the check only gets the object that is changed then, or asks whether it is there: that tells nothing of what the
    object holds."""
    own = len(pair.read.path) <= len(pair.write.path)  # and not one of its items
    return own and pair.write.kind == "mutate" and pair.read.kind in ("element", "lack" if pair.early else "truth")


def _made_before(assigned: list[Write], read: Read, write: Write) -> bool:
    """Whether both concern a part of an object that the function made and stored itself just before: nobody knew it."""
    for made in assigned:
        if (
            len(made.path) < len(read.path)
            and read.path[: len(made.path)] == made.path
            and made.pos < read.pos
            and "[]" not in made.path
            and made.refs
            and all(ref[0][0] == "new" for ref in made.refs)
            and not made.branch & ~write.branch
        ):
            return True
    return False


def _set_before(summary: Summary, assigned: list[Write], first_read: int, read: Read, write: Write, kind: str) -> bool:
    """Whether the read sees what the function itself has just stored, in any case and whatever was there: to look at that and set
    it right is no check of what others left, and to set flags in it at once is no update of theirs."""
    for made in assigned:
        if (
            made is not write
            and made.path == read.path == write.path
            and made.via == "="
            and made.pos < read.pos
            and read.remote is None
            and not made.branch & ~write.branch
            and (kind == "control" or (write.via in _FLAGS and made.clock == read.clock and not made.constant))
            and not any(summary.reads[at].path == made.path for at in bits(made.values >> first_read))
        ):
            return True
    return False


def _either_way(summary: Summary, write: Write, bit: int) -> bool:
    """Whether the same statement of a callee writes the place again later, whichever way the check went: it decides nothing of
    what the place holds in the end."""
    if write.remote is None or not write.branch & bit:
        return False
    same_write = (write.remote, write.path, write.key)
    return any(
        (other.remote, other.path, other.key) == same_write and other.pos > write.pos and not other.branch & bit
        for other in summary.writes
    )


def _control_rank(pair: Pair) -> tuple[int, bool, bool, bool, bool]:
    """A check under the write's lock first, then one of what the object holds, then a test before a loop, then one whose
    branch the write stands in, then one in this function."""
    return (len(pair.covers), not found(pair), not pair.looped, not pair.early, pair.read.remote is None)


def related(read: Read, write: Write) -> bool:
    """Whether the write changes what was read.

    A container's own variable is not its content: loading ``d`` to store ``d[k]`` reads nothing that the store changes.
    """
    if read.path[0] != write.path[0]:
        return False
    if not same(read.path, write.path, read.key, write.key) or _other_item(read, write):
        return False
    shorter = len(read.path) - len(write.path)
    if write.kind in ("mutate", "delete") and not item(write.path, write):
        return (shorter == 0 and read.kind != "load") or (shorter == 1 and read.path[-1].startswith("["))
    if shorter == 0:
        return True
    if shorter > 0:
        return all(step.startswith("[") for step in read.path[len(write.path) :])
    if shorter != -1 or read.kind not in CONTENT or not write.path[-1].startswith("["):
        return False
    # Whether a record is there or empty says nothing of one field; whether a field is there does.
    return write.path[-1] == "[]" or read.key == write.key


def _other_item(read: Read, write: Write) -> bool:
    """Whether the read concerns a part of an item under another constant key than the one that is written."""
    last = len(write.path) - 1
    below = read.path[last + 1 : -1]
    return (
        len(read.path) > len(write.path)
        and write.path[-1] == "[]" == read.path[last]
        and "[]" not in below
        and read.item[:1] == "=" == write.key[:1]
        and read.item != write.key
    )


def item(path: Path, write: Write) -> bool:
    """Whether the write concerns one item (``del d[k]``, ``d.pop(k)``) rather than the whole container."""
    return write.via in ("del", ".pop()") and path[-1] != path[0] and str(path[-1]).startswith("[")


def same(one: Path, other: Path, one_key: str, other_key: str) -> bool:
    """Whether two paths can agree as far as both go; two different names as keys are two different items."""
    shared = min(len(one), len(other))
    for at in range(1, shared):
        a, b = one[at], other[at]
        if a == b:
            if a == "[]" and at == len(one) - 1 == len(other) - 1 and one_key and other_key and one_key != other_key:
                return False
            continue
        return False
    return True
