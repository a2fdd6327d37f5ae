"""What is shipped, and that the documents about it are true."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
import zipfile
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

import flaskglobals_lint
from flaskglobals_lint import cli, rulebook
from flaskglobals_lint.lint import lint

ROOT = Path(__file__).resolve().parent.parent
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
README = (ROOT / "README.md").read_text(encoding="utf-8")
MARK = re.compile(r"# (FGL\d{3})$")


def test_one_version() -> None:
    assert PROJECT["project"]["version"] == flaskglobals_lint.__version__
    assert re.findall(r"^  rev: v(.+)$", README, re.MULTILINE) == [flaskglobals_lint.__version__]
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert re.findall(r"^## (\S+)", changelog, re.MULTILINE)[0] == flaskglobals_lint.__version__


def test_the_python_versions_agree() -> None:
    minors = [text.rpartition(" ")[2] for text in PROJECT["project"]["classifiers"] if "Python :: 3." in text]
    assert PROJECT["project"]["requires-python"] == f">={minors[0]}"
    assert PROJECT["tool"]["ruff"]["target-version"] == f"py{minors[0].replace('.', '')}"


def test_the_script_is_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    module, _, name = PROJECT["project"]["scripts"]["flaskglobals-lint"].partition(":")
    monkeypatch.setattr(cli, "main", lambda: 7)
    assert getattr(import_module(module), name)() == 7


def quick_start() -> list[str]:
    section = README.partition("## Quick start\n")[2].partition("\n## ")[0]
    return re.findall(r"```sh\n(.*?)```", section, re.DOTALL)


def test_the_quick_start_is_two_commands() -> None:
    blocks = quick_start()
    assert README.count("```sh") == 2
    assert [block.count("\n") for block in blocks] == [1, 1]
    lint_examples, run_tests = blocks
    assert "-m venv" in lint_examples
    assert lint_examples.endswith("flaskglobals-lint --exit-zero examples/\n")
    assert "-m venv" in run_tests
    assert ".[dev]" in run_tests
    assert run_tests.endswith("-m pytest\n")


def test_the_second_command_is_what_ci_runs() -> None:
    script = ROOT / ".ci" / "run"
    assert os.access(script, os.X_OK)
    line = next(line for line in script.read_text(encoding="utf-8").splitlines() if line.startswith("tests="))
    done = subprocess.run(
        ["bash", "-c", f'{line}; printf "%s\\n" "$tests"'], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout == quick_start()[1]


def test_the_hook_passes_files_to_one_process() -> None:
    text = (ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8")
    hook = dict(re.findall(r"^[- ] (\w+): (.+)$", text, re.MULTILINE))
    assert hook["id"] == "flaskglobals-lint"
    assert hook["language"] == "python"
    assert hook["types"] == "[python]"
    assert hook["require_serial"] == "true"
    assert hook.get("pass_filenames", "true") == "true"
    command, *options = hook["entry"].split()
    assert command in PROJECT["project"]["scripts"]
    assert all(option in {name for parameter in cli.command.params for name in parameter.opts} for option in options)


def test_the_configuration_in_the_readme_is_valid(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = README.partition("```toml\n")[2].partition("```")[0]
    (tmp_path / "pyproject.toml").write_text(text, encoding="utf-8")
    (tmp_path / "app.py").touch()
    monkeypatch.chdir(tmp_path)
    assert lint(["app.py"]).findings == ()


def test_the_sample_in_the_readme_is_what_is_printed(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    sample = README.partition("```text\n")[2].partition("```")[0].splitlines()
    monkeypatch.chdir(ROOT)
    cli.main(["--select", "FGL101", "--output-format", "full", "examples/"])
    printed = capfd.readouterr().out.splitlines()
    assert [line for line in sample if line not in printed] == []


def test_the_examples_are_found_on_the_lines_that_say_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    known = rulebook.names()
    marked = {
        (file.relative_to(ROOT).as_posix(), number, found[1])
        for file in (ROOT / "examples").rglob("*.py")
        for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1)
        if (found := MARK.search(line)) and found[1] in known
    }
    findings = {(item.span.path, item.span.line, item.code) for item in lint(["examples"]).findings}
    assert findings == marked
    assert marked


# --- the wheel --------------------------------------------------------------------------------------------------------


def build(target: str, source: Path, folder: Path) -> Path:
    """Build a wheel or an sdist of ``source`` into ``folder``, without network."""
    pytest.importorskip("hatchling")
    command = [sys.executable, "-m", "hatchling", "build", "--target", target, "--directory", str(folder)]
    subprocess.run(command, cwd=source, check=True, capture_output=True, stdin=subprocess.DEVNULL)
    return next(folder.glob("*.whl" if target == "wheel" else "*.tar.gz"))


def names(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        return {name for name in archive.namelist() if ".dist-info/" not in name}


def expected() -> set[str]:
    package = {path.relative_to(ROOT).as_posix() for path in (ROOT / "flaskglobals_lint").rglob("*") if path.is_file()}
    pages = {f"flaskglobals_lint/{path.relative_to(ROOT).as_posix()}" for path in (ROOT / "rules").iterdir()}
    return {name for name in package if "__pycache__" not in name} | pages


@pytest.mark.slow
def test_the_wheel_holds_the_package_its_models_and_the_pages(tmp_path: Path) -> None:
    wheel = build("wheel", ROOT, tmp_path / "dist")
    assert names(wheel) == expected()
    assert "flaskglobals_lint/py.typed" in names(wheel)
    unpacked = tmp_path / "site"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(unpacked)
    environment = os.environ | {"PYTHONPATH": str(unpacked)}
    for words, start in ((["--explain", "FGL101"], "# FGL101"), (["--version"], "flaskglobals-lint 0.1.0")):
        command = [sys.executable, "-m", "flaskglobals_lint", *words]
        done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=True)
        assert done.stdout.startswith(start)


@pytest.mark.slow
def test_a_wheel_from_the_sdist_is_the_same(tmp_path: Path) -> None:
    sdist = build("sdist", ROOT, tmp_path / "dist")
    subprocess.run(["tar", "-xzf", str(sdist), "-C", str(tmp_path)], check=True)
    source = tmp_path / sdist.name.removesuffix(".tar.gz")
    assert (source / "tests" / "test_packaging.py").is_file()
    assert names(build("wheel", source, tmp_path / "again")) == expected()
