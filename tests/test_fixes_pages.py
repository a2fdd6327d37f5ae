"""What the rule pages show as a fix is what the command makes of their own bad examples.

A ``diff`` fence under "How to fix" is the whole output of ``--unsafe-fixes --diff`` on the bad example that it begins in.
``python tests/test_fixes_pages.py CODE TITLE`` prints it for the bad example whose title begins so.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from flaskglobals_lint import catalogue, rulebook
from flaskglobals_lint.catalogue import Example
from flaskglobals_lint.config import Config
from flaskglobals_lint.repair import diff, repair

_FENCE = re.compile(r"^```diff\n(.*?)^```$", re.DOTALL | re.MULTILINE)
SHOWN = [(rule.name, fence) for rule in rulebook.rules() for fence in _FENCE.findall(catalogue.page(rule.name))]
FIXED = {
    "unlocked-read-modify-write",
    "check-then-set",
    "await-between-read-and-write",
    "iterate-while-mutated",
    "shared-connection",
    "unsafe-pool",
    "request-data-in-global",
    "pushed-app-context",
    "lock-per-call",
    "inconsistent-lock",
    "lock-not-released",
    "asyncio-lock-across-requests",
}
"""Rules with a remedy."""


def fixed(example: Example, folder: Path) -> str:
    """The difference that all fixes make to an example."""
    for path, source in example.files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(catalogue.without_expectations(source), encoding="utf-8")
    return diff(repair([str(folder)], Config(cache=False, jobs=1), folder, unsafe=True)).decode()


def is_of(fence: str, example: Example) -> bool:
    """Whether all lines that a difference takes as they were are an example's."""
    lines = {line for source in example.files.values() for line in catalogue.without_expectations(source).splitlines()}
    old = [line[1:] for line in fence.splitlines() if line[:1] in (" ", "-") and not line.startswith("---")]
    return all(line in lines for line in old if line)


def test_every_rule_with_a_remedy_shows_it() -> None:
    assert {name for name, _ in SHOWN} == FIXED


@pytest.mark.parametrize(("name", "fence"), SHOWN, ids=[f"{name}-{at}" for at, (name, _) in enumerate(SHOWN)])
def test_a_page_shows_what_the_command_does(name: str, fence: str, tmp_path: Path) -> None:
    bad = [
        example for example in catalogue.examples(catalogue.page(name)) if not example.good and is_of(fence, example)
    ]
    found = []
    for at, example in enumerate(bad):
        (tmp_path / str(at)).mkdir()
        found.append(fixed(example, tmp_path / str(at)))
    assert fence in found


if __name__ == "__main__":
    rule = next(rule for rule in rulebook.rules() if rule.code == sys.argv[1])
    for example in catalogue.examples(catalogue.page(rule.name)):
        if not example.good and example.title.startswith(sys.argv[2] if len(sys.argv) > 2 else ""):
            with TemporaryDirectory() as folder:
                sys.stdout.write(f"{example.title}\n```diff\n{fixed(example, Path(folder))}```\n\n")
