"""What a change to a program must do to its findings, tried on the bad examples of the race rules."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path, PurePosixPath

import pytest
from programs import Case, Mark, cases, is_loud, mark, reported

RACES = ("FGL101", "FGL102")
BAD = [case for case in cases() if case.rule.code in RACES and not case.example.good]

_HOOKS = "before_request|after_request|teardown_request|before_app_request|after_app_request|teardown_appcontext"
_REGISTRATION = re.compile(rf"^[ \t]*@\w+\.(?:route|get|post|put|patch|delete|{_HOOKS})\b.*\n", re.MULTILINE)
_OTHER_ENTRY = re.compile(r"\badd_url_rule\(|\bThread\(|\bTimer\(|\.connect\(|\.submit\(|\.add_job\(")


@pytest.mark.parametrize("case", BAD, ids=lambda case: case.id)
def test_without_routes_nothing_is_concurrent(case: Case, tmp_path: Path) -> None:
    """Code that no request reaches runs at most once at a time."""
    files = case.example.files
    if found := next((match for source in files.values() if (match := _OTHER_ENTRY.search(source))), None):
        pytest.skip(f"the program has another entry point: {found[0]}")
    if not any(_REGISTRATION.search(source) for source in files.values()):
        pytest.skip("the program registers nothing by a decorator")
    stripped = {path: _REGISTRATION.sub("", source) for path, source in files.items()}
    assert not [str(mark(finding)) for finding in reported(stripped, tmp_path) if is_loud(finding)]


def renamed(path: str, names: Mapping[str, str]) -> str:
    """``store.py`` becomes ``other_store.py``."""
    file = PurePosixPath(path)
    return str(file.with_name(f"{names[file.stem]}.py"))


def with_other_names(files: Mapping[str, str]) -> tuple[dict[str, str], dict[str, str]]:
    """The program with all its modules renamed, and the new path of each file."""
    names = {PurePosixPath(path).stem: f"other_{PurePosixPath(path).stem}" for path in files}
    paths = {path: renamed(path, names) for path in files}
    return {paths[path]: _imports(source, lambda name: names.get(name, name)) for path, source in files.items()}, paths


def in_a_package(files: Mapping[str, str]) -> tuple[dict[str, str], dict[str, str]]:
    """The program moved into a package, and the new path of each file."""
    own = {PurePosixPath(path).stem for path in files}
    paths = {path: f"shop/{path}" for path in files}
    moved = {
        paths[path]: _imports(source, lambda name: f"shop.{name}" if name in own else name)
        for path, source in files.items()
    }
    return {"shop/__init__.py": "", **moved}, paths


@pytest.mark.parametrize("change", [with_other_names, in_a_package], ids=["renamed", "package"])
@pytest.mark.parametrize("case", BAD, ids=lambda case: case.id)
def test_names_of_modules_mean_nothing(
    case: Case, change: Callable[[Mapping[str, str]], tuple[dict[str, str], dict[str, str]]], tmp_path: Path
) -> None:
    """The findings follow their files."""
    files = case.example.files
    if not all(PurePosixPath(path).suffix == ".py" and "/" not in path for path in files):
        pytest.skip("a file whose name means something to a server, or a package of its own")
    changed, paths = change(files)
    (tmp_path / "before").mkdir()
    before = {mark(finding) for finding in reported(files, tmp_path / "before")}
    (tmp_path / "after").mkdir()
    after = {mark(finding) for finding in reported(changed, tmp_path / "after")}
    assert after == {Mark(paths[place.path], place.line, place.code) for place in before}


def _imports(source: str, name: Callable[[str], str]) -> str:
    """The source with the modules that it imports renamed; the names that it binds stay."""
    source = re.sub(r"^from (\w+) import ", lambda found: f"from {name(found[1])} import ", source, flags=re.MULTILINE)
    return re.sub(
        r"^import (\w+)$",
        lambda found: found[0] if name(found[1]) == found[1] else f"import {name(found[1])} as {found[1]}",
        source,
        flags=re.MULTILINE,
    )
