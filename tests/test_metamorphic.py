"""What a change to a program must do to its findings, tried on all examples of the rule pages and on the fixtures."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path

import changes
import pytest
from programs import cases, is_loud, reported

from flaskglobals_lint import catalogue
from flaskglobals_lint.finding import Finding

ROOT = Path(__file__).resolve().parent.parent
Change = Callable[[Mapping[str, str]], dict[str, str] | None]

ABOUT_SET_UP = {"FGL202", "FGL203", "FGL303", "FGL403", "FGL502"}
"""Rules about the set-up itself: no request has to reach it."""
ABOUT_LOCKS = {"FGL101", "FGL102", "FGL103", "FGL104", "FGL402"}
"""Rules that one lock around everything satisfies."""


@cache
def programs() -> dict[str, dict[str, dict[str, str]]]:
    """Programs by group (a rule's code, or a folder) and name."""
    groups: dict[str, dict[str, dict[str, str]]] = {}
    for case in cases():
        groups.setdefault(case.rule.code, {})[case.id] = case.example.files
    fixtures = [folder for folder in sorted((ROOT / "tests" / "fixtures").iterdir()) if folder.is_dir()]
    for folder, root in (*((folder, folder) for folder in fixtures), (ROOT / "examples", ROOT)):
        found = (path for path in sorted(folder.rglob("*")) if path.suffix in (".py", ".md") or path.name == "Procfile")
        files = {path.relative_to(root).as_posix(): path.read_text(encoding="utf-8") for path in found}
        groups[folder.name] = {folder.name: files}
    return groups


def changed(change: Change, group: str) -> Iterator[tuple[str, dict[str, str], dict[str, str]]]:
    """Name, files and changed files of the programs of a group that the change applies to."""
    for name, files in programs()[group].items():
        after = change(files)
        if after is not None:
            yield name, files, after


def told(files: Mapping[str, str], findings: tuple[Finding, ...]) -> Counter[tuple[str, str, str]]:
    """What is found, by code, severity and the text of the line."""
    lines = {path: catalogue.without_expectations(source).splitlines() for path, source in files.items()}
    return Counter(
        (finding.code, finding.severity, lines[finding.span.path][finding.span.line - 1].strip())
        for finding in findings
    )


@cache
def _before(group: str, name: str, folder: Path) -> Counter[tuple[str, str, str]]:
    files = programs()[group][name]
    return told(files, reported(files, folder / "before" / group / name))


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the unchanged programs are."""
    return tmp_path_factory.mktemp("programs")


@pytest.mark.parametrize("group", programs())
def test_without_routes_nothing_is_concurrent(group: str, tmp_path: Path) -> None:
    """Code that no request reaches runs at most once at a time."""
    left = {
        name: [finding.message for finding in found]
        for name, _, files in changed(changes.without_routes, group)
        if (found := [item for item in reported(files, tmp_path / name) if _is_about_requests(item)])
    }
    assert left == {}


def _is_about_requests(finding: Finding) -> bool:
    return is_loud(finding) and finding.code not in ABOUT_SET_UP


@pytest.mark.parametrize("group", programs())
def test_under_one_lock_nothing_races(group: str, tmp_path: Path) -> None:
    left = {
        name: [finding.message for finding in found]
        for name, _, files in changed(changes.with_one_lock, group)
        if (found := [item for item in reported(files, tmp_path / name) if is_loud(item) and item.code in ABOUT_LOCKS])
    }
    assert left == {}


@pytest.mark.parametrize("group", programs())
@pytest.mark.parametrize(
    "change",
    [
        changes.with_other_modules,
        changes.in_a_package,
        changes.with_other_identifiers,
        changes.in_two_modules,
        changes.in_a_blueprint,
        changes.in_methods,
    ],
    ids=lambda change: change.__name__,
)
def test_the_findings_follow_their_lines(change: Change, group: str, tmp_path: Path, folder: Path) -> None:
    """Names, modules, blueprints and classes are only ways to write the same program."""
    differences = {}
    for name, _, files in changed(change, group):
        before, after = _before(group, name, folder), told(files, reported(files, tmp_path / name))
        if change is changes.with_other_identifiers:  # the texts differ
            before, after = _without_texts(before), _without_texts(after)
        if before != after:
            differences[name] = {"lost": before - after, "new": after - before}
    assert differences == {}


@pytest.mark.slow
@pytest.mark.parametrize("group", programs())
@pytest.mark.parametrize(
    "change",
    [changes.with_add_url_rule, changes.with_a_decorator, changes.with_acquire, changes.in_a_factory],
    ids=lambda change: change.__name__,
)
def test_the_findings_follow_what_is_written_otherwise(change: Change, group: str, tmp_path: Path) -> None:
    differences = {}
    for name, files, after in changed(change, group):
        unchanged = changes.plain(files)
        assert unchanged is not None
        old = told(unchanged, reported(unchanged, tmp_path / name / "before"))
        new = told(after, reported(after, tmp_path / name / "after"))
        if old != new:
            differences[name] = {"lost": old - new, "new": new - old}
    assert differences == {}


def _without_texts(found: Counter[tuple[str, str, str]]) -> Counter[tuple[str, str, str]]:
    counts: Counter[tuple[str, str, str]] = Counter()
    for (code, severity, _), number in found.items():
        counts[code, severity, ""] += number
    return counts


@pytest.mark.parametrize(
    ("change", "least"),
    [
        (changes.without_routes, 150),
        (changes.with_one_lock, 200),
        (changes.with_other_modules, 200),
        (changes.in_a_package, 200),
        (changes.with_other_identifiers, 200),
        (changes.in_two_modules, 200),
        (changes.in_a_blueprint, 150),
        (changes.in_methods, 150),
        (changes.with_add_url_rule, 150),
        (changes.with_a_decorator, 150),
        (changes.with_acquire, 50),
        (changes.in_a_factory, 150),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_the_changes_apply_to_most_programs(change: Change, least: int) -> None:
    number = sum(files != after for group in programs() for _, files, after in changed(change, group))
    assert number >= least
