"""The rules by their names, and their pages. Pages are looked for when they are asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flaskglobals_lint.config import nearest
from flaskglobals_lint.rule import RULES, Rule

if TYPE_CHECKING:
    from flaskglobals_lint.report import RulePage


def rules() -> tuple[Rule, ...]:
    """All rules, by code."""
    return RULES


def names() -> dict[str, str]:
    """The names of all rules by their codes."""
    return {rule.code: rule.name for rule in RULES}


def pages() -> tuple[RulePage, ...]:
    """All rules with their pages, by code."""
    from flaskglobals_lint import catalogue
    from flaskglobals_lint.report import RulePage

    return tuple(RulePage(rule, catalogue.page(rule.name)) for rule in RULES)


def page(code_or_name: str) -> str:
    """The page of a rule. KeyError, with the nearest rule in its text, if there is no such rule or page."""
    from flaskglobals_lint import catalogue

    word = code_or_name.strip().lower()
    known = names()
    name = known.get(word.upper(), word)
    if name in known.values():
        try:
            return catalogue.page(name)
        except KeyError:
            pass
    near = nearest(word.upper(), known) or nearest(word, known.values())
    raise KeyError(f"unknown rule `{code_or_name}`{near}")
