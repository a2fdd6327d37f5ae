"""Answers that are kept. A question that depends on itself is answered with nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from flaskglobals_lint import facts as f
    from flaskglobals_lint.link.atoms import Atoms

MOST_ATOMS = 8
OF = "of"
"""Kind of a question about an expression; its key goes on with the node's ``id`` and the code it stands in."""


class Answers:
    """Answers by question: a tuple that names what is asked about what."""

    def __init__(self) -> None:
        self.alive: list[f.Expression] = []
        """Nodes that answers are kept by the ``id`` of: it must not be used again."""
        self.final: dict[tuple[Any, ...], Atoms] = {}
        """Answers that will not change."""
        self.expressions: dict[str, dict[int, Atoms]] = {}
        """Those about expressions, which are most: by the code they stand in and the ``id`` of the node."""
        self._tentative: dict[tuple[Any, ...], Atoms] = {}
        self._same: dict[Atoms, Atoms] = {}
        """One object for all answers that are equal: there are many questions and few answers."""
        self._busy = 0

    @property
    def busy(self) -> bool:
        """Whether a question is being answered, so that other answers may be incomplete."""
        return self._busy > 0

    def known(self, key: tuple[Any, ...]) -> Atoms | None:
        """The answer to a question asked before; nothing for one that is being answered; None for a new one."""
        found = self.final.get(key)
        if found is None:
            found = self._tentative.get(key)
            if found is None:
                self._tentative[key] = ()
                self._busy += 1
        return found

    def of(self, node: f.Expression, scope: str) -> Atoms | None:
        """The answer about an expression that will not change, if there is one."""
        known = self.expressions.get(scope)
        return None if known is None else known.get(id(node))

    def keep(self, key: tuple[Any, ...], answer: Atoms) -> Atoms:
        """Keep an answer. An empty one that was found inside another question may be due to that question, and is kept
        only until that one is answered."""
        self._busy -= 1
        answer = self._same.setdefault(answer, answer)
        if answer or not self._busy:
            if key[0] == OF:
                self.expressions.setdefault(key[2], {})[key[1]] = answer
            else:
                self.final[key] = answer
        else:
            self._tentative[key] = answer
        if not self._busy:
            self._tentative.clear()
        return answer
