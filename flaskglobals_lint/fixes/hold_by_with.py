"""Hold a lock by ``with``, or let it go in ``finally:`` where ``acquire`` may come back without it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import libcst as cst

from flaskglobals_lint.fixes.code import Block, Code, Statement
from flaskglobals_lint.fixes.draft import Draft
from flaskglobals_lint.fixes.refused import Refused
from flaskglobals_lint.remedy import HoldByWith

_LEAVING = (cst.Return, cst.Raise)


def apply(remedy: HoldByWith, drafts: Mapping[str, Draft]) -> bool:
    """Write the remedy into the draft of its file; whether it is safe. Raises Refused."""
    draft = drafts[remedy.path]
    chain = draft.code.chain(remedy.taken)
    if not chain:
        raise Refused("the lock is not taken where it was")
    return _Change(draft, chain[-1], remedy).apply()


class _Change:
    def __init__(self, draft: Draft, statement: Statement, remedy: HoldByWith) -> None:
        self.draft = draft
        self.code: Code = draft.code
        self.statement = statement
        self.call = next(
            node
            for node in self.code.expressions(remedy.taken)
            if isinstance(node, cst.Call) and isinstance(node.func, cst.Attribute)
        )
        assert isinstance(self.call.func, cst.Attribute)
        self.lock = self.code.source(self.call.func.value)
        if self.call.func.attr.value != "acquire":
            raise Refused("only a lock of its own kind can be held in this way")

    def apply(self) -> bool:
        small = self.statement.small
        value = small.value if isinstance(small, cst.Expr) else None
        awaited = isinstance(value, cst.Await)
        if isinstance(value, cst.Await):
            value = value.expression
        if value is self.call and not self.call.args:
            return self._with("async with" if awaited else "with")
        return self._after_test()

    # -- with --

    def _with(self, keyword: str) -> bool:
        block, at = self.statement.block, self.statement.index
        end = self._end(block, at + 1)
        inside = block.statements[at + 1 : end.index if end is not None else None]
        if end is None and block.owner is not None and not isinstance(block.owner.node, cst.FunctionDef):
            raise Refused("it cannot be told where the lock is to be let go")
        sure = end is not None
        for number in range(self.statement.pos[0] + 1, (inside[-1].pos[2] if inside else 0) + 1):
            self.draft.step(number, number)
        if end is not None and isinstance(end.node, cst.Try):
            self._without_release(end)
        elif end is not None:
            self._delete(end.pos[0], end.pos[2])
        if not inside and not (end is not None and isinstance(end.node, cst.Try)):
            raise Refused("nothing is done with the lock")
        for statement in inside:
            sure &= self._let_go_inside(statement)
        start, stop = self.code.offset(*self.statement.pos[:2]), self.code.offset(*self.statement.pos[2:])
        self.draft.replace(start, stop, f"{keyword} {self.lock}:")
        return sure

    def _end(self, block: Block, at: int) -> Statement | None:
        """The statement that lets the lock go: the call itself, or the ``try`` whose ``finally`` does."""
        for statement in block.statements[at:]:
            if self._releases(statement):
                return statement
            last = statement.blocks[-1].statements if statement.blocks else []
            if (
                isinstance(statement.node, cst.Try)
                and statement.node.finalbody is not None
                and any(map(self._releases, last))
            ):
                return statement
        return None

    def _releases(self, statement: Statement) -> bool:
        node = statement.node
        if not isinstance(node, cst.SimpleStatementLine) or len(node.body) != 1:
            return False
        return self.code.source(node.body[0]) == f"{self.lock}.release()"

    def _without_release(self, statement: Statement) -> None:
        """``try … finally: lock.release()`` inside the ``with`` that now does that."""
        node = statement.node
        assert isinstance(node, cst.Try)
        final = statement.blocks[-1].statements
        alone = len(final) == 1
        for number in range(self.statement.pos[0] + 1, statement.pos[0]):
            if self.code.line(number).lstrip().startswith("#"):
                self.draft.step(number, number)
        if alone and not node.handlers and node.orelse is None:
            body = statement.blocks[0].statements
            if body[0].pos[0] == statement.pos[0]:
                raise Refused("the `try` stands on one line")
            self._delete(statement.pos[0], body[0].pos[0] - 1)
            self._delete(body[-1].pos[2] + 1, final[0].pos[2])
        else:
            at = next(inner for inner in final if self._releases(inner))
            first = statement.blocks[-2].statements[-1].pos[2] + 1 if alone else at.pos[0]
            self.draft.step(statement.pos[0], first - 1)
            self._delete(first, at.pos[2])
            self.draft.step(at.pos[2] + 1, statement.pos[2])
        for inner in (s for block in statement.blocks[:-1] for s in block.statements):
            self._let_go_inside(inner)

    def _let_go_inside(self, statement: Statement) -> bool:
        """Take away calls of ``release`` on ways out of the section; whether there were none."""
        sure = True
        for block in statement.blocks:
            for inner in block.statements:
                if self._releases(inner):
                    rest = block.statements[inner.index + 1 :]
                    if not rest or not _leaves(rest[0]):
                        raise Refused("the lock is let go and taken again on the way")
                    self._delete(inner.pos[0], inner.pos[2])
                    sure = False
                else:
                    sure &= self._let_go_inside(inner)
        return sure

    def _delete(self, first: int, last: int) -> None:
        for number in range(first, last + 1):
            if "#" in self.code.line(number):
                raise Refused("a comment would be lost")
            self.draft.delete_line(number)

    # -- finally --

    def _after_test(self) -> bool:
        """``if lock.acquire(timeout=1):`` and its like: what follows goes into ``try``, the release into ``finally``."""
        inside = self._where_held()
        if not inside:
            raise Refused("it cannot be told where the lock is held")
        end = next((statement for statement in inside if self._releases(statement)), None)
        body = inside[: inside.index(end)] if end is not None else []
        if end is None or not body:
            raise Refused("it cannot be told where the lock is to be let go")
        for statement in body:
            self._let_go_inside(statement)
        indent = self.code.indent(body[0])
        self.draft.insert_line(body[0].pos[0], f"{indent}try:")
        self.draft.step(body[0].pos[0], end.pos[2])
        self.draft.insert_line(end.pos[0], f"{indent}finally:")
        return False

    def _where_held(self) -> Sequence[Statement]:
        """The statements that run with the lock, once the answer of ``acquire`` was looked at."""
        node, test = self.statement, self.call
        block, text = node.block, self.code.source(test)
        if isinstance(node.node, cst.SimpleStatementLine) and isinstance(node.node.body[0], cst.Assign):
            text = self.code.source(node.node.body[0].targets[0].target)
            if node.node.body[0].value is not test or node.index + 1 >= len(block.statements):
                raise Refused("it cannot be told where the lock is held")
            node = block.statements[node.index + 1]
        if not isinstance(node.node, cst.If) or not node.blocks:
            raise Refused("it cannot be told where the lock is held")
        asked = self.code.source(node.node.test)
        if asked == text and node.node.orelse is None:
            return node.blocks[0].statements
        if asked == f"not {text}" and node.node.orelse is None and _leaves(node.blocks[0].statements[-1]):
            return block.statements[node.index + 1 :]
        raise Refused("it cannot be told where the lock is held")


def _leaves(statement: Statement) -> bool:
    node = statement.node
    if isinstance(node, cst.SimpleStatementLine):
        if isinstance(node.body[-1], _LEAVING):
            return True
        last = node.body[-1]
        if isinstance(last, cst.Expr) and isinstance(last.value, cst.Call) and isinstance(last.value.func, cst.Name):
            return last.value.func.value == "abort"
    return False
