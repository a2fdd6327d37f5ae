"""The lists that the repository keeps agree, and nothing is in it that should not be."""

from __future__ import annotations

import ast
import re
import subprocess
from pathlib import Path

import pytest

from flaskglobals_lint import rulebook
from flaskglobals_lint.config import Config
from flaskglobals_lint.finding import SEVERITIES
from flaskglobals_lint.report import FORMATS

ROOT = Path(__file__).resolve().parent.parent
MODULES = sorted((ROOT / "flaskglobals_lint").rglob("*.py"))
MOST_BYTES = 24 * 1024
"""A module that is longer is one that nobody wants to read."""


def text(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def module_id(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def tracked() -> list[Path]:
    """The files of the repository: those that git knows or would add; all, where there is no git."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    try:
        done = subprocess.run(command, cwd=ROOT, capture_output=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("not a checkout")
    paths = [ROOT / name for name in done.stdout.decode().split("\0") if name]
    return [path for path in paths if path.is_file()]


@pytest.mark.parametrize("rule", rulebook.rules(), ids=lambda rule: rule.code)
def test_every_rule_is_in_the_readme_and_the_changelog(rule: rulebook.Rule) -> None:
    assert f"\n| {rule.code} | {rule.name} | " in text("README.md")
    assert f"\n* {rule.code} `{rule.name}`\n" in text("CHANGELOG.md")


def test_the_readme_and_the_changelog_list_the_same_rules_in_order() -> None:
    table = re.findall(r"^\| (FGL\d{3}) \| ([a-z-]+) \|", text("README.md"), re.MULTILINE)
    assert table == re.findall(r"^\* (FGL\d{3}) `([a-z-]+)`$", text("CHANGELOG.md"), re.MULTILINE)
    assert table == sorted(set(table))


def test_rules_are_well_formed() -> None:
    rules = rulebook.rules()
    assert [rule.code for rule in rules] == sorted({rule.code for rule in rules})
    for rule in rules:
        assert re.fullmatch(r"FGL\d{3}", rule.code)
        assert re.fullmatch(r"[a-z]+(-[a-z]+)*", rule.name)
        assert rule.severity in SEVERITIES
        assert rule.summary
        assert rule.summary == rule.summary.strip()
        assert "\n" not in rule.summary


def test_every_check_is_registered() -> None:
    """The modules that define a rule are those that the tuple names."""
    defined = {
        match[1]
        for path in MODULES
        for match in re.finditer(r"^\s*(?:code=)?\"(FGL\d{3})\",$", path.read_text(encoding="utf-8"), re.MULTILINE)
    }
    assert defined <= {rule.code for rule in rulebook.rules()}


@pytest.mark.parametrize("path", MODULES, ids=module_id)
def test_a_module_is_short_and_says_what_it_is_for(path: Path) -> None:
    source = path.read_text(encoding="utf-8")
    assert len(source.encode()) <= MOST_BYTES
    assert ast.get_docstring(ast.parse(source))


@pytest.mark.parametrize("path", MODULES, ids=module_id)
def test_no_module_keeps_state_of_its_own(path: Path) -> None:
    """We would report it."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    assert not [node.lineno for node in ast.walk(tree) if isinstance(node, ast.Global)]


def test_rules_is_data() -> None:
    """An importable top-level ``rules`` would overwrite the package of that name."""
    assert {path.suffix for path in (ROOT / "rules").iterdir()} == {".md"}


def test_no_generated_or_private_file_is_tracked() -> None:
    generated = re.compile(
        r"\.(pyc|whl|sqlite3|log|orig|rej)$|(^|/)(\.venv|build|dist|__pycache__|\.env)(/|$)|\.DS_Store$"
    )
    assert [path for path in map(module_id, tracked()) if generated.search(path)] == []


def test_no_file_names_a_private_path() -> None:
    home = re.compile(rb"/(?:home|Users)/[a-z][\w.-]*/|file:///|\bC:\\Users\\")
    mine = Path(__file__)
    assert [module_id(path) for path in tracked() if path != mine and home.search(path.read_bytes())] == []


def test_the_contributing_guide_names_modules_that_exist() -> None:
    named = set(re.findall(r"`([a-z_]+\.py|[a-z_]+/)`", text("CONTRIBUTING.md")))
    assert [name for name in named if not (ROOT / "flaskglobals_lint" / name).exists()] == []


def test_the_floors_in_the_guide_are_those_that_are_checked() -> None:
    guide = text("CONTRIBUTING.md").partition("## Floors")[2].partition("\n## ")[0]
    told = [line.strip() for line in guide.splitlines() if line.startswith("    ")]
    checked = text("pyproject.toml").partition("layers = [")[2].partition("]")[0]
    assert told == re.findall(r'"(.+)"', checked)


def test_the_formats_are_told_in_the_help() -> None:
    help_text = text("flaskglobals_lint/options.py")
    assert Config().output_format in FORMATS
    assert all(name in help_text for name in FORMATS)
