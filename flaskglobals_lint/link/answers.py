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
        """Answers to be given for now: nothing, for questions that are being answered or depend on one that is."""
        self._open: dict[tuple[Any, ...], int] = {}
        """Questions that are being answered, from the outermost on."""
        self._depends: list[int] = []
        """For each of them the outermost one that its answer depends on so far."""
        self._same: dict[Atoms, Atoms] = {}
        """One object for all answers that are equal: there are many questions and few answers."""

    @property
    def busy(self) -> bool:
        """Whether a question is being answered, so that other answers may be incomplete."""
        return bool(self._depends)

    def known(self, key: tuple[Any, ...]) -> Atoms | None:
        """The answer to a question asked before; nothing for one that is being answered; None for a new one."""
        found = self.final.get(key)
        if found is None:
            found = self._tentative.get(key)
            depends = self._depends
            if found is None:
                self._tentative[key] = ()
                self._open[key] = len(depends)
                depends.append(len(depends))
            else:
                on = self._open.get(key, 0)
                if on < depends[-1]:
                    depends[-1] = on
        return found

    def doubt(self) -> None:
        """Whatever is being answered depends on something that is not known yet."""
        if self._depends:
            self._depends[-1] = 0

    def of(self, node: f.Expression, scope: str) -> Atoms | None:
        """The answer about an expression that will not change, if there is one."""
        known = self.expressions.get(scope)
        return None if known is None else known.get(id(node))

    def keep(self, key: tuple[Any, ...], answer: Atoms) -> Atoms:
        """Keep an answer. An empty one that may be due to a question which is still being answered is kept only until the
        outermost one is answered."""
        depends = self._depends
        on = depends.pop()
        del self._open[key]
        answer = self._same.setdefault(answer, answer)
        if answer or on >= len(depends):
            if key[0] == OF:
                self.expressions.setdefault(key[2], {})[key[1]] = answer
            else:
                self.final[key] = answer
        if not depends:
            self._tentative.clear()
        elif on < len(depends) and on < depends[-1]:
            depends[-1] = on
        return answer
