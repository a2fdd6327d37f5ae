"""Every rule of the tool: those that checks decide, and the two that the pipeline itself reports."""

from __future__ import annotations

from flaskglobals_lint import catalogue
from flaskglobals_lint.checks import RULES
from flaskglobals_lint.config import SYNTAX_ERROR, nearest
from flaskglobals_lint.report import RulePage
from flaskglobals_lint.rule import Rule
from flaskglobals_lint.suppress import UNUSED_SUPPRESSION

UNPARSED = Rule(
    code=SYNTAX_ERROR,
    name="syntax-error",
    severity="error",
    summary="the file cannot be parsed",
)


def rules() -> tuple[Rule, ...]:
    """All rules, by code."""
    by_code = {rule.code: rule for rule in (*RULES, UNPARSED, UNUSED_SUPPRESSION)}
    return tuple(by_code[code] for code in sorted(by_code))


def names() -> dict[str, str]:
    """The names of all rules by their codes."""
    return {rule.code: rule.name for rule in rules()}


def pages() -> tuple[RulePage, ...]:
    """All rules with their pages, by code."""
    return tuple(RulePage(rule, catalogue.page(rule.name)) for rule in rules())


def page(code_or_name: str) -> str:
    """The page of a rule. KeyError, with the nearest rule in its text, if there is no such rule or page."""
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
