"""Where people meet the findings: editors, the GitHub Action, and the recipes of the documentation."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

ROOT = Path(__file__).parent.parent
EDITORS = (ROOT / "docs" / "editors.md").read_text(encoding="utf-8")
LINE = "hits[page] = hits.get(page, 0) + 1"
CODE = f"""\
from flask import Flask

app = Flask(__name__)
hits = {{}}


@app.route("/<page>")
def show(page):
    {LINE}
    return page
"""
FOUND = "app.py:9:5: FGL101 `hits[…]` is read"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "setup.cfg").touch()
    (tmp_path / "app.py").write_text(CODE, encoding="utf-8")
    return tmp_path


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", EDITORS, re.DOTALL | re.MULTILINE)


def environment() -> dict[str, str]:
    """An environment in which the command is found."""
    return os.environ | {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}", "LC_ALL": "C.UTF-8"}


@pytest.mark.slow
@pytest.mark.parametrize("editor", [["vim", "-es", "-N"], ["nvim", "--headless"]], ids=lambda words: str(words[0]))
def test_the_recipe_fills_the_quickfix_list(project: Path, editor: list[str]) -> None:
    if not shutil.which(editor[0]):
        pytest.skip(f"{editor[0]} is not installed")
    [recipe] = blocks("vim")
    script = [
        "filetype on",
        recipe,
        "edit app.py",
        "silent make!",
        'let found = map(getqflist(), \'bufname(v:val.bufnr) .. ":" .. v:val.lnum .. ":" .. v:val.col .. ": " .. v:val.text\')',
        "call writefile(found, 'found.txt')",
        "cfirst",
        "call writefile([getline('.')[col('.') - 1:]], 'line.txt')",
        "qall!",
    ]
    (project / "script.vim").write_text("\n".join(script), encoding="utf-8")
    words = [*editor, "-u", "NONE", "-i", "NONE", "-S", "script.vim"]
    subprocess.run(
        words, cwd=project, env=environment(), stdin=subprocess.DEVNULL, capture_output=True, timeout=60, check=False
    )
    [found] = (project / "found.txt").read_text(encoding="utf-8").splitlines()
    assert found.startswith(FOUND)
    assert (project / "line.txt").read_text(encoding="utf-8") == f"{LINE}\n"


@pytest.mark.slow
def test_flymake_shows_the_line(project: Path) -> None:
    if not shutil.which("emacs"):
        pytest.skip("emacs is not installed")
    [recipe] = blocks("elisp")
    script = f"""
(require 'python)
(require 'flymake)
{recipe}
(find-file "app.py")
(flymake-mode 1)
(flymake-start)
(let ((tries 0))
  (while (and (< tries 300) (null (flymake-diagnostics)))
    (accept-process-output nil 0.1)
    (setq tries (1+ tries))))
(dolist (found (flymake-diagnostics))
  (message "%s|%s|%s" (line-number-at-pos (flymake-diagnostic-beg found)) (flymake-diagnostic-text found)
    (buffer-substring (flymake-diagnostic-beg found) (flymake-diagnostic-end found))))
"""
    (project / "script.el").write_text(script, encoding="utf-8")
    words = ["emacs", "-Q", "--batch", "-l", "script.el"]
    done = subprocess.run(
        words, cwd=project, env=environment(), capture_output=True, encoding="utf-8", timeout=120, check=False
    )
    [found] = [line.split("|") for line in done.stderr.splitlines() if "FGL" in line]
    assert (found[0], found[2]) == ("9", LINE)
    assert found[1].startswith("FGL101 `hits[…]` is read")


@pytest.mark.parametrize(
    "message",
    [
        "FGL101 `hits[…]` is read and written back without a lock in `show` (GET /<page>)",
        "FGL102 `a:1:2: b` and (GET /<int:n>:7:8: x): more",
    ],
)
def test_the_patterns_of_the_other_editors_match_a_line(message: str) -> None:
    """Colons in a message are its own."""
    line = f"web/app.py:9:5: {message}"
    tasks, sublime = map(json.loads, blocks("json"))
    pattern = tasks["tasks"][0]["problemMatcher"]["pattern"]
    matched = re.match(pattern["regexp"], line)
    assert matched
    told = [matched[pattern[name]] for name in ("file", "line", "column", "code", "message")]
    assert told == ["web/app.py", "9", "5", *message.split(" ", 1)]
    matched = re.match(sublime["file_regex"], line)
    assert matched
    assert matched.groups() == ("web/app.py", "9", "5", message)
    [emacs] = re.findall(r"'\(\"(\^.*?)\" 1 2 nil 3\)", blocks("elisp")[0])
    matched = re.match(emacs.replace("\\\\(", "(").replace("\\\\)", ")"), line)
    assert matched
    assert matched.groups() == ("9", "5", message)
    [pycharm] = re.findall(r"`(\$FILE_PATH\$.*?)`", EDITORS)
    expression = re.escape(pycharm)
    for name, group in {"FILE_PATH": ".+?", "LINE": r"\d+", "COLUMN": r"\d+", "MESSAGE": ".*"}.items():
        expression = expression.replace(re.escape(f"${name}$"), f"({group})")
    matched = re.fullmatch(expression, line)
    assert matched
    assert matched.groups() == ("web/app.py", "9", "5", message)


def test_the_action_runs_the_tool_of_its_own_revision() -> None:
    yaml = pytest.importorskip("yaml")
    action = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
    assert set(action) == {"name", "description", "branding", "inputs", "runs"}
    assert action["runs"]["using"] == "composite"
    *_, step = action["runs"]["steps"]
    assert step["shell"] == "bash"
    # What a workflow passes reaches the shell as a variable and never as a part of the script.
    assert "${{" not in step["run"]
    assert set(re.findall(r"inputs\.([\w-]+)", (ROOT / "action.yml").read_text(encoding="utf-8"))) == set(
        action["inputs"]
    )
    assert '"$GITHUB_ACTION_PATH"' in step["run"]


def test_the_recipes_of_the_documentation_are_yaml() -> None:
    yaml = pytest.importorskip("yaml")
    text = (ROOT / "docs" / "ci.md").read_text(encoding="utf-8")
    annotate, scan, gitlab = map(yaml.safe_load, re.findall(r"^```yaml\n(.*?)^```", text, re.DOTALL | re.MULTILINE))
    for workflow in (annotate, scan):
        steps = workflow["jobs"]["flaskglobals-lint"]["steps"]
        assert any("flaskglobals-lint@" in step["uses"] for step in steps)
    job = gitlab["flaskglobals-lint"]
    assert job["artifacts"]["reports"]["codequality"] in job["script"][-1]


@pytest.mark.slow
def test_the_action_annotates(project: Path, tmp_path: Path) -> None:
    """Its step, run as GitHub runs it; pip must be able to get what the package depends on."""
    yaml = pytest.importorskip("yaml")
    bash = shutil.which("bash") or pytest.skip("bash is not installed")
    *_, step = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))["runs"]["steps"]
    action = tmp_path / "the action"
    shutil.copytree(ROOT, action, ignore=shutil.ignore_patterns(".*cache", ".venv", ".git", "__pycache__", "tests"))
    (tmp_path / "the temp").mkdir()

    def run(arguments: str) -> subprocess.CompletedProcess[str]:
        variables = {
            "PYTHON": sys.executable,
            "ARGS": arguments,
            "GITHUB_ACTION_PATH": str(action),
            "RUNNER_TEMP": str(tmp_path / "the temp"),
        }
        words = [bash, "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]]
        return subprocess.run(
            words, cwd=project, env=environment() | variables, capture_output=True, encoding="utf-8", check=False
        )

    done = run("app.py")
    if "No matching distribution" in done.stderr:
        pytest.skip("pip finds no packages")
    assert done.returncode == 1
    assert done.stdout.startswith("::error title=FGL101 unlocked-read-modify-write,file=app.py,line=9,")
    text = (ROOT / "docs" / "ci.md").read_text(encoding="utf-8")
    [arguments] = re.findall(r"args: (.*sarif.*)", text)
    done = run(arguments)
    assert (done.returncode, done.stdout.startswith("::error ")) == (0, True)
    assert json.loads((project / "flaskglobals.sarif").read_text(encoding="utf-8"))["runs"][0]["results"]


def test_the_recipe_for_gitlab_writes_the_report(project: Path) -> None:
    yaml = pytest.importorskip("yaml")
    text = (ROOT / "docs" / "ci.md").read_text(encoding="utf-8")
    job = yaml.safe_load(re.findall(r"^```yaml\n(.*?)^```", text, re.DOTALL | re.MULTILINE)[-1])["flaskglobals-lint"]
    line = job["script"][-1].split()
    assert line[0] == "flaskglobals-lint"
    done = subprocess.run(
        [sys.executable, "-m", "flaskglobals_lint", *line[1:]],
        cwd=project,
        env=environment(),
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert (done.returncode, done.stdout.startswith(FOUND)) == (1, True)
    report = project / job["artifacts"]["reports"]["codequality"]
    [entry] = json.loads(report.read_text(encoding="utf-8"))
    assert entry["location"] == {"path": "app.py", "lines": {"begin": 9, "end": 9}}
    assert {"description", "check_name", "fingerprint", "severity"} < set(entry)


@pytest.mark.parametrize(
    ("schema", "file", "number"),
    [
        ("vendor.github-actions", "action.yml", None),
        ("vendor.github-workflows", "docs/ci.md", 0),
        ("vendor.github-workflows", "docs/ci.md", 1),
        ("vendor.gitlab-ci", "docs/ci.md", 2),
    ],
)
def test_the_schemas_of_github_and_gitlab_accept_our_files(
    schema: str, file: str, number: int | None, tmp_path: Path
) -> None:
    check = pytest.importorskip("check_jsonschema")
    text = (ROOT / file).read_text(encoding="utf-8")
    if number is not None:
        text = re.findall(r"^```yaml\n(.*?)^```", text, re.DOTALL | re.MULTILINE)[number]
    for content, status in ((text, 0), (f"{text}\nruns: 7\njobs: 7\n", 1)):
        copy = tmp_path / "file.yml"
        copy.write_text(content, encoding="utf-8")
        result = CliRunner().invoke(check.main, ["--builtin-schema", schema, str(copy)])
        assert result.exit_code == status, result.output
