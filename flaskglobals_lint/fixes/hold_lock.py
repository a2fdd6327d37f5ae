"""Hold one lock from the first read to the last write."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping

import libcst as cst

from flaskglobals_lint.fixes import await_first, names
from flaskglobals_lint.fixes.code import Code, Statement
from flaskglobals_lint.fixes.draft import Draft
from flaskglobals_lint.fixes.names import lock_name
from flaskglobals_lint.fixes.refused import Refused
from flaskglobals_lint.remedy import HoldLock, Home, Position, Site

MOST_LINES = 40
"""A longer section is no fix: what it needs belongs into a function of its own."""


def apply(remedy: HoldLock, drafts: Mapping[str, Draft]) -> bool:
    """Write the remedy into the drafts of its files; whether it is safe. Raises Refused."""
    home = remedy.lock or remedy.home
    name = remedy.lock.name if remedy.lock is not None else lock_name(home)
    main = _Section(remedy, remedy.site, home, name, drafts)
    safe = main.apply(remedy.idle, remedy.made)
    again = main.again or remedy.held
    sections = [main]
    for site in sorted(remedy.others, key=lambda site: (site.path, site.accesses)):
        if any(section.site.path == site.path and section.meets(site.accesses) for section in sections):
            continue
        try:
            other = _Section(HoldLock(remedy.label, remedy.home, remedy.lock, site), site, home, name, drafts)
        except Refused:  # what it leaves behind counts: the result is judged as a whole
            safe = False
            continue
        safe &= other.apply()
        sections.append(other)
        again |= other.again
    draft = drafts[home.path]
    if remedy.lock is None:
        names.define(draft.code, draft, home, "RLock" if again else "Lock")
    elif again:
        names.take_again(draft.code, draft, home)
    return safe and not again and not _copied(remedy, drafts)


def _copied(remedy: HoldLock, drafts: Mapping[str, Draft]) -> bool:
    """Whether the new attribute may show where objects are copied, pickled or turned into dicts."""
    if remedy.lock is not None or remedy.home.scope != "instance":
        return False
    text = drafts[remedy.home.path].code.text
    return re.search(r"\b(?:pickle|deepcopy|__dict__|vars\(|__getstate__|multiprocessing|joblib)", text) is not None


class _Section:
    """Making one section in one function."""

    def __init__(self, remedy: HoldLock, site: Site, home: Home, name: str, drafts: Mapping[str, Draft]) -> None:
        self.remedy = remedy
        self.site = site
        self.draft = draft = drafts[site.path]
        self.code: Code = draft.code
        self.lines = range(0)
        self.again = False
        self.lock = names.refer(self.code, draft, _for_reference(remedy, home), name, site, drafts[home.path].code)
        if home.scope in ("module", "before", "function") and "." not in self.lock:
            self._not_shadowed(self.lock)

    def _not_shadowed(self, name: str) -> None:
        function = self.code.function(self.site.accesses[0]).node
        for node in self.code.nodes(function):
            if isinstance(node, cst.Param) and node.name.value == name:
                raise Refused(f"`{name}` is a parameter here")

    def meets(self, accesses: tuple[Position, ...]) -> bool:
        """Whether the section that was made covers accesses. Raises Refused where it covers only some."""
        covered = {pos[0] in self.lines and pos[2] in self.lines for pos in accesses}
        if len(covered) > 1:
            raise Refused("two sections would meet")
        return covered == {True}

    def apply(self, idle: tuple[Position, ...] = (), made: tuple[Position, ...] = ()) -> bool:
        """Wrap the statements; whether nothing in them can change what the code does."""
        first, last = self.code.stretch(self.site.accesses)
        if f"{self.lock}.acquire(" in self.code.source(self.code.function(self.site.accesses[0]).node):
            raise Refused("the function takes the lock by `acquire` as well")
        first, last = self._lifted(first, last, idle)
        self._enterable(first, self.site.accesses)
        if self._inside(self.site.stops, first, last):
            self._not_twice(first, last)
            self._await_first(first, last)
            return False
        block = first.block
        if self.remedy.lazy and first is last and self._second_check(first, idle):
            self._not_twice(first, last)
            return not self._inside(self.site.calls, first, last)
        start, end, captured = self._extended(first, last)
        if self._inside(self.site.stops, start, end):
            raise Refused(await_first.NEEDS)
        if self._leaves_loop_with_lock(start, end):
            raise Refused("the section would have no end")
        if end.pos[2] - start.pos[0] >= MOST_LINES:
            raise Refused(f"the section would be {end.pos[2] - start.pos[0] + 1} lines long; make it shorter first")
        self._not_twice(start, end)
        indent = self.code.indent(start)
        made_first = self._made_first(start, end)
        dissolved = self._dissolve(start, end, idle)
        self.lines = range(start.pos[0], end.pos[2] + 1)
        self.draft.insert_line(start.pos[0], f"{indent}with {self.lock}:")
        for number in self.lines:
            self.draft.step(number, number, 1 - dissolved[number])
        for line in captured:
            self.draft.insert_line(end.pos[2] + 1, f"{indent}{self.code.unit}{line}")
        self._drop(made, block)
        return made_first or not self._inside(self.site.calls, start, end)

    def _made_first(self, first: Statement, last: Statement) -> bool:
        """Whether all that may take long in a mere store is the value, which now is made in front of the section."""
        code, small = self.code, first.small
        if first is not last or not isinstance(small, cst.Assign) or len(small.targets) != 1:
            return False
        target, value = code.pos(small.targets[0].target), code.pos(small.value)
        calls = [call for call in self.site.calls if first.holds(call)]
        if not calls or not all(_covers(value, call) for call in calls) or self.again or small.value.lpar:
            return False
        taken = {name.value for name in code.names(code.function(first.pos).node)}
        name = next((name for name in ("value", "new_value") if name not in taken), "")
        if not name or not all(_covers(target, pos) for pos in self.site.accesses):
            return False
        start, end = code.offset(*value[:2]), code.offset(*value[2:])
        self.draft.insert_line(first.pos[0], f"{code.indent(first)}{name} = {code.text[start:end]}")
        self.draft.replace(start, end, name)
        return True

    def _await_first(self, first: Statement, last: Statement) -> None:
        """Make a section behind what is awaited."""
        code, draft, lock, site = self.code, self.draft, self.lock, self.site
        node = first.node
        if first is last and isinstance(node, cst.If) and node.orelse is None and first.blocks:
            test = code.source(node.test)
            if not _PLAIN_TEST.fullmatch(test):
                raise Refused(await_first.NEEDS)
            self.lines = await_first.fill(code, draft, lock, site, first, test)
        else:
            self.lines = await_first.hold(code, draft, lock, site, first.block.statements[first.index : last.index + 1])

    def _lifted(self, first: Statement, last: Statement, idle: tuple[Position, ...]) -> tuple[Statement, Statement]:
        """The statements, or the ``with`` statement that holds them under this lock or one that helps nobody."""
        owner = first.block.owner
        while owner is not None and self._replaceable(owner, idle):
            first = last = owner
            owner = owner.block.owner
        while owner is not None and not isinstance(owner.node, cst.FunctionDef):
            if self._holds(owner.node):
                raise Refused("the lock is held here already, together with something else")
            owner = owner.block.owner
        return first, last

    def _holds(self, node: cst.CSTNode) -> bool:
        """Whether a ``with`` statement takes this lock."""
        return isinstance(node, cst.With) and any(self.code.source(item.item) == self.lock for item in node.items)

    def _replaceable(self, statement: Statement, idle: tuple[Position, ...]) -> bool:
        """Whether it is a ``with`` statement for nothing but this lock, or for one that keeps nobody out."""
        node = statement.node
        if not isinstance(node, cst.With) or len(node.items) != 1 or not statement.blocks:
            return False
        if node.items[0].asname is not None or statement.blocks[0].statements[0].pos[0] == statement.pos[0]:
            return False
        return self._holds(node) or any(self.code.pos(node.items[0].item)[:2] == pos[:2] for pos in idle)

    def _enterable(self, statement: Statement, accesses: tuple[Position, ...]) -> None:
        if isinstance(statement.node, cst.FunctionDef | cst.ClassDef):
            raise Refused("the accesses stand in different functions")
        for node in self.code.nodes(statement.node):
            if isinstance(node, cst.Lambda) and any(_covers(self.code.pos(node), pos) for pos in accesses):
                raise Refused("the access stands in a lambda")

    def _not_twice(self, first: Statement, last: Statement) -> None:
        """See which locks the calls in the section take."""
        if self._inside(self.site.clash, first, last):
            raise Refused("code called between read and write may wait for a lock of somebody who waits for this one")
        self.again = self._inside(self.site.again, first, last)

    def _inside(self, positions: tuple[Position, ...], first: Statement, last: Statement) -> bool:
        return any(first.pos[:2] <= pos[:2] and pos[2:] <= last.pos[2:] for pos in positions)

    def _leaves_loop_with_lock(self, first: Statement, last: Statement) -> bool:
        """Whether a loop without end would stand in the section."""
        for statement in first.block.statements[first.index : last.index + 1]:
            for node in self.code.nodes(statement.node):
                if isinstance(node, cst.While) and self.code.source(node.test) in ("True", "1"):
                    return True
        return False

    # -- what is used right after --

    def _extended(self, first: Statement, last: Statement) -> tuple[Statement, Statement, list[str]]:
        """The section with the statements that read the place right after it, or with what those read as variables."""
        block, end = first.block, last
        captured: list[str] = []
        later = [pos for pos in self.site.later if pos > last.pos]
        later = [pos for pos in later if not any(_covers(other, pos) for other in later if other != pos)]
        for pos in later:
            if end.holds(pos):
                continue
            target = block.find(pos)
            if target is None or target.index < end.index:
                continue
            between = block.statements[end.index + 1 : target.index + 1]
            if not any(self._heavy(statement) for statement in between) and (self.remedy.exact or len(between) == 1):
                end = target
            elif self.remedy.exact:
                captured += self._capture(target, pos)
        return first, end, captured

    def _heavy(self, statement: Statement) -> bool:
        if isinstance(statement.node, cst.FunctionDef | cst.ClassDef):
            return True
        barred = (*self.site.calls, *self.site.stops, *self.site.again, *self.site.clash)
        return self._inside(barred, statement, statement)

    def _capture(self, target: Statement, pos: Position) -> list[str]:
        """Take the value into a variable inside the section, and use that one in the later statement."""
        code = self.code
        node = next((node for node in code.expressions(pos) if code.pos(node) == pos), None)
        if node is None or isinstance(target.node, cst.FunctionDef | cst.ClassDef):
            raise Refused("the place is read again after the section")
        text = code.source(node)
        item = re.search(r"""\[["']([a-z]\w*)["']\]$""", text)
        base = item[1] if item else text.split("[")[0].split(".")[-1].split("(")[0].strip("_") or "value"
        function = code.function(pos).node
        taken = {name.value for name in code.names(function)}
        name = base if (item or isinstance(node, cst.Attribute)) and base not in taken else f"{base}_now"
        if name in taken:
            raise Refused("the place is read again after the section")
        self.draft.replace(code.offset(*pos[:2]), code.offset(*pos[2:]), name)
        return [f"{name} = {text}"]

    # -- sections that are there already --

    def _dissolve(self, first: Statement, last: Statement, idle: tuple[Position, ...]) -> Counter[int]:
        """Take away the heads of ``with`` statements that hold this lock, or none that helps; how many for each line."""
        kept: Counter[int] = Counter()
        for statement in first.block.statements[first.index : last.index + 1]:
            for inner in self._below(statement):
                if not self._replaceable(inner, idle):
                    if self._holds(inner.node):
                        raise Refused("the lock is taken in the section, together with something else")
                    continue
                for number in range(inner.pos[0], inner.blocks[0].statements[0].pos[0]):
                    if not self.code.line(number).lstrip().startswith("#"):
                        self.draft.delete_line(number)
                kept.update(range(inner.pos[0], inner.pos[2] + 1))
        return kept

    def _below(self, statement: Statement) -> list[Statement]:
        found = [statement]
        for block in statement.blocks:
            for inner in block.statements:
                found += self._below(inner)
        return found

    def _drop(self, made: tuple[Position, ...], block: object) -> None:
        """Remove ``lock = threading.Lock()`` where each call made one of its own, if nothing else uses that."""
        for pos in made:
            chain = self.code.chain(pos)
            if not chain:
                continue
            statement = chain[-1]
            node = statement.node
            if not isinstance(node, cst.SimpleStatementLine) or not isinstance(node.body[0], cst.Assign):
                continue
            target = node.body[0].targets[0].target
            if not isinstance(target, cst.Name) or len(node.body) > 1:
                continue
            function = self.code.function(pos).node
            uses = [name for name in self.code.names(function) if name.value == target.value]
            if len(uses) == 1 + len(self.remedy.idle) and len(statement.block.statements) > 1:
                for number in range(statement.pos[0], statement.pos[2] + 1):
                    self.draft.delete_line(number)

    # -- lazy values --

    def _second_check(self, statement: Statement, idle: tuple[Position, ...]) -> bool:
        """Check again under the lock, where making the value takes long and the first check alone is enough for readers."""
        node = statement.node
        if not isinstance(node, cst.If) or node.orelse is not None or not statement.blocks or idle:
            return False
        body = statement.blocks[0].statements
        test = self.code.source(node.test)
        if not _PLAIN_TEST.fullmatch(test) or node.body.children == () or body[0].pos[0] == statement.pos[0]:
            return False
        inner = body[-1]
        indent = self.code.indent(body[0])
        unit = self.code.unit
        if len(body) == 1 and isinstance(inner.node, cst.With) and inner.blocks:
            item = inner.node.items[0]
            held = inner.blocks[0].statements
            if len(inner.node.items) == 1 and self.code.source(item.item) == self.lock and self._stores(held[-1]):
                self.draft.insert_line(held[0].pos[0], f"{indent}{unit}if {test}:")
                self.draft.step(held[0].pos[0], inner.pos[2])
                return True
            return False
        if not self._stores(inner) or not self._inside(self.site.calls, body[0], inner):
            return False
        if self._inside(self.site.stops, statement, statement):
            return False
        newline = self.code.newline
        self.draft.insert_line(body[0].pos[0], f"{indent}with {self.lock}:{newline}{indent}{unit}if {test}:")
        self.draft.step(body[0].pos[0], inner.pos[2], 2)
        return True

    def _stores(self, statement: Statement) -> bool:
        """Whether a statement is the store itself, so that nobody sees what is not finished."""
        if not isinstance(statement.node, cst.SimpleStatementLine):
            return False
        return any(statement.holds(pos) for pos in self.site.accesses)


_PLAIN_TEST = re.compile(r"not [\w.]+|[\w.]+ is None|[\w.\[\]\"']+ not in [\w.]+|\w+\.get\([\w.\"']+\) is None")


def _covers(outer: Position, inner: Position) -> bool:
    return outer[:2] <= inner[:2] and inner[2:] <= outer[2:]


def _for_reference(remedy: HoldLock, home: Home) -> Home:
    """Where the lock is looked up; an existing one of the same object is named beside the place."""
    if remedy.lock is None or home.scope not in ("class", "instance"):
        return home
    if remedy.home.owner == home.owner and remedy.home.scope in ("class", "instance"):
        return remedy.home
    return home


__all__ = ["apply", "lock_name"]
