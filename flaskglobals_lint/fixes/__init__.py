"""From remedies to edits of the text: one module a remedy, shared by all rules that need it.

Like extraction this works on libcst's trees, which tell where everything stands; what changes is written into the text, so
that all else keeps every byte.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Literal

from flaskglobals_lint.finding import Finding, Fix
from flaskglobals_lint.fixes import (
    connect,
    enter_context,
    hold_by_with,
    hold_lock,
    keep_in_g,
    one_step,
    own_default,
    pool,
    thread_lock,
    walk_copy,
)
from flaskglobals_lint.fixes.code import Code
from flaskglobals_lint.fixes.draft import Draft
from flaskglobals_lint.fixes.refused import Refused
from flaskglobals_lint.remedy import (
    ConnectPerRequest,
    Declined,
    DropArguments,
    EnterContext,
    HoldByWith,
    HoldLock,
    KeepInG,
    OneStep,
    OwnDefault,
    Remedy,
    ScopedSession,
    ThreadLock,
    ThreadSafeClass,
    WalkCopy,
)

Source = Callable[[str], str | None]
"""The text of a file by its printed path; None if it cannot be had."""

NO_REMEDY = "there is no edit for this; see the suggestion"


class Fixer:
    """Makes the fixes of the files as they are; keeps the trees of those that stay the same."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._codes: dict[str, Code] = {}

    def fixes(self, finding: Finding) -> tuple[list[Fix], str]:
        """The possible fixes of a finding, the best first, and why there is none where there is none."""
        found: list[Fix] = []
        reason = NO_REMEDY
        for remedy in finding.remedies:
            try:
                fix = self._fix(remedy)
            except Refused as refusal:
                reason = str(refusal)
                continue
            if fix.edits and fix not in found:
                found.append(fix)
        return found, reason

    def _fix(self, remedy: Remedy) -> Fix:
        drafts = _Drafts(self)
        match remedy:
            case HoldLock():
                safe = hold_lock.apply(remedy, drafts)
            case OneStep():
                safe = one_step.apply(remedy, drafts)
            case WalkCopy():
                safe = walk_copy.apply(remedy, drafts)
            case HoldByWith():
                safe = hold_by_with.apply(remedy, drafts)
            case EnterContext():
                safe = enter_context.apply(remedy, drafts)
            case ThreadLock():
                safe = thread_lock.apply(remedy, drafts)
            case ConnectPerRequest():
                safe = connect.apply(remedy, drafts)
            case ScopedSession():
                safe = connect.scope(remedy, drafts)
            case ThreadSafeClass():
                safe = pool.change_class(remedy, drafts)
            case DropArguments():
                safe = pool.drop_arguments(remedy, drafts)
            case OwnDefault():
                safe = own_default.apply(remedy, drafts)
            case KeepInG():
                safe = keep_in_g.apply(remedy, drafts)
            case Declined():
                raise Refused(remedy.why)
        edits = tuple(edit for draft in drafts.values() for edit in draft.edits())
        applicability: Literal["safe", "unsafe"] = "safe" if safe else "unsafe"
        return Fix(applicability, tuple(sorted(edits, key=lambda e: (e.span.path, e.span.line, e.span.column))))

    def code(self, path: str) -> Code:
        """The tree of a file. Raises Refused."""
        text = self._source(path)
        if text is None:
            raise Refused(f"{path} cannot be changed")
        known = self._codes.get(path)
        if known is None or known.text != text:
            known = self._codes[path] = Code(path, text)
        return known


class _Drafts(dict[str, Draft], Mapping[str, Draft]):
    """The drafts of one fix, begun when first asked for."""

    def __init__(self, fixer: Fixer) -> None:
        super().__init__()
        self._fixer = fixer

    def __missing__(self, path: str) -> Draft:
        self[path] = draft = Draft(self._fixer.code(path))
        return draft
