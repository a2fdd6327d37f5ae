"""The rule catalogue: one page a rule, which is documentation, ``--explain`` text and test suite at once.

A page is ``rules/<rule-name>.md``. Under its headings *Bad* and *Good* stand example programs: prose, then a fenced block,
or several fences in a row each named by a line such as ```store.py`:``. A block without a name is ``app.py``. A line that
ends in ``# want: FGL101`` is one on which that finding must be reported; no other line may have one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path

from flaskglobals_lint.rule import Rule

HEADINGS: tuple[str, ...] = (
    "What it finds",
    "Why it matters",
    "Conditions checked",
    "Bad",
    "Good",
    "How to fix",
    "When to ignore",
    "Sources",
)
"""The headings of every page, in order."""

INDEX = "README.md"
"""The generated table of all rules, beside the pages."""

_PLANNED = "Status: planned"
_UNNAMED = "app.py"

_TITLE = re.compile(r"# (FGL\d{3}): ([a-z0-9]+(?:-[a-z0-9]+)*)")
_FILE = re.compile(r"`([^`]+)`:")
_FENCE = re.compile(r"```(\w*)")
_WANT = re.compile(r"[ \t]*# want: (FGL\d{3}(?:, FGL\d{3})*)[ \t]*$", re.MULTILINE)
_SENTENCE = re.compile(r"(?:\.|:)(?: |$)")


class MalformedPage(ValueError):
    """A page does not follow the format; the message says where."""


@dataclass(frozen=True, slots=True)
class Example:
    """One example program of a page.

    ``title`` is the first sentence of the prose before it. ``files`` maps a path relative to the program's root to its
    source, expectations included. ``line`` is the line of the page on which its first fence opens.
    """

    title: str
    good: bool
    files: dict[str, str]
    line: int


@dataclass(slots=True)
class _Reader:
    """What has been read of a page's examples so far."""

    examples: list[Example] = field(default_factory=list)
    prose: list[str] = field(default_factory=list)
    name: str = ""

    def read(self, line: str) -> None:
        """Take one line that stands outside a fence."""
        if match := _FILE.fullmatch(line):
            self.name = match[1]
        elif line:
            self.prose.append(line)
        elif self.prose and self.prose[-1]:
            self.prose.append("")

    def add(self, language: str, source: str, line: int, good: bool) -> None:
        """Take one fence that opens on ``line``; one that is neither named nor Python is an illustration."""
        name, self.name = self.name, ""
        if not name and language != "python":
            return
        if self.prose:
            self.examples.append(Example(_title(self.prose), good, {}, line))
            self.prose = []
        elif not name or not self.examples or self.examples[-1].good != good:
            raise MalformedPage(f"line {line}: an example needs prose before it")
        files = self.examples[-1].files
        if (name or _UNNAMED) in files:
            raise MalformedPage(f"line {line}: {name or _UNNAMED} stands twice in one example")
        files[name or _UNNAMED] = source


def page(name: str) -> str:
    """The text of a rule's page; KeyError if there is none."""
    file = _folder().joinpath(f"{name}.md")
    if not file.is_file():
        raise KeyError(name)
    return file.read_text(encoding="utf-8")


def pages() -> dict[str, str]:
    """All pages by rule name, in the order of their codes."""
    texts = [
        file.read_text(encoding="utf-8")
        for file in _folder().iterdir()
        if file.name.endswith(".md") and file.name != INDEX
    ]
    return {name: text for _, name, text in sorted((*title(text), text) for text in texts)}


def title(text: str) -> tuple[str, str]:
    """The code and the name that a page is about."""
    first = text.partition("\n")[0]
    if not (match := _TITLE.fullmatch(first)):
        raise MalformedPage(f"line 1: {first!r} is not of the form '# FGL101: rule-name'")
    return match[1], match[2]


def is_planned(text: str) -> bool:
    """Whether a page describes a rule that no check decides yet."""
    return any(line == _PLANNED for line in text.split("\n", 4)[1:4])


def summary(text: str) -> str:
    """The one line that a page opens with, below its title."""
    for line in text.splitlines()[1:]:
        if line and line != _PLANNED:
            return line
    raise MalformedPage("the page has no summary")


def headings(text: str) -> tuple[str, ...]:
    """A page's second-level headings, in order."""
    return tuple(line[3:] for _, line in _outside(text) if line.startswith("## "))


def examples(text: str) -> list[Example]:
    """The example programs of a page, in order."""
    reader = _Reader()
    section = ""
    fence: list[str] | None = None
    language, opened = "", 0
    for number, line in enumerate(text.splitlines(), 1):
        if fence is not None:
            if line != "```":
                fence.append(line)
                continue
            if section in ("Bad", "Good"):
                reader.add(language, "".join(f"{code}\n" for code in fence), opened, section == "Good")
            fence = None
        elif match := _FENCE.fullmatch(line):
            fence, language, opened = [], match[1], number
        elif line.startswith("## "):
            section = line[3:]
            reader.prose = []
        else:
            reader.read(line)
    if fence is not None:
        raise MalformedPage(f"line {opened}: the fence is not closed")
    return reader.examples


def wanted(source: str) -> dict[int, frozenset[str]]:
    """The codes that must be reported, by line."""
    found = {}
    for number, line in enumerate(source.splitlines(), 1):
        if match := _WANT.search(line):
            found[number] = frozenset(match[1].split(", "))
    return found


def without_expectations(source: str) -> str:
    """The source as a user would write it: every ``# want:`` comment removed, every line in its place."""
    return _WANT.sub("", source)


def index(rules: Iterable[Rule]) -> str:
    """The text of the index: a table of the rules that are checked, and a list of those that are planned."""
    lines = [
        "# Rules",
        "",
        "One page a rule. Every example program on a page is run as a test: a bad one must be reported on the lines that end in",
        "`# want: <code>` and nowhere else, a good one must give no warning and no error. `flaskglobals-lint --explain <code>`",
        "prints a page. This file is generated: `python tests/test_rules.py`.",
        "",
        "| code | name | severity | what it finds |",
        "|---|---|---|---|",
        *(
            f"| {rule.code} | [{rule.name}]({rule.name}.md) | {rule.severity} | {rule.summary} |"
            for rule in _by_code(rules)
        ),
    ]
    planned = [text for text in pages().values() if is_planned(text)]
    if planned:
        lines += ["", "Planned, with their pages written and not yet checked:", ""]
        for text in planned:
            code, name = title(text)
            lines.append(f"* {code} [{name}]({name}.md): {summary(text)}")
    return "\n".join(lines) + "\n"


def _by_code(rules: Iterable[Rule]) -> list[Rule]:
    return sorted(rules, key=lambda rule: rule.code)


def _folder() -> Traversable:
    """Where the pages are: inside the installed package, or beside it in a checkout."""
    installed = resources.files("flaskglobals_lint").joinpath("rules")
    return installed if installed.is_dir() else Path(__file__).resolve().parent.parent / "rules"


def _outside(text: str) -> Iterator[tuple[int, str]]:
    """The numbered lines that stand in no fence."""
    inside = False
    for number, line in enumerate(text.splitlines(), 1):
        if line.startswith("```"):
            inside = not inside
        elif not inside:
            yield number, line


def _title(prose: list[str]) -> str:
    """The first sentence of the last paragraph."""
    paragraphs = "\n".join(prose).strip("\n").split("\n\n")
    return _SENTENCE.split(" ".join(paragraphs[-1].splitlines()), maxsplit=1)[0]
