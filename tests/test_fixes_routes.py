"""All fixes of the fixtures and of the example shop: every route answers as before."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import test_fixtures

from flaskglobals_lint.config import Config
from flaskglobals_lint.repair import repair

ROOT = Path(__file__).resolve().parent.parent
MODULES = dict.fromkeys(test_fixtures.APPS, ("", "app")) | {
    "depot": ("web", "app"),
    "shop": ("examples", "shop"),
    "storefront": ("src", "storefront"),
    "telemetry": ("", "main"),
}
"""Where the module that makes the app is imported from, and its name."""


def answered(folder: Path, module: str) -> list[list[object]]:
    command = [sys.executable, str(ROOT / "tests" / "answers.py"), str(folder), module]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    if "ModuleNotFoundError" in done.stderr:
        pytest.skip(done.stderr.strip().splitlines()[-1])
    assert done.returncode == 0, done.stderr
    found: list[list[object]] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize("app", sorted(MODULES))
def test_every_route_answers_as_before(app: str, tmp_path: Path) -> None:
    before, after = tmp_path / "before", tmp_path / "after"
    if app == "shop":
        shutil.copytree(ROOT / "examples", before / "examples")
    else:
        test_fixtures.written(app, before)
    shutil.copytree(before, after)
    outcome = repair(["."], Config(cache=False, jobs=1), after, unsafe=True)
    if not outcome.changed:
        pytest.skip("there is no fix")
    for path, content in outcome.changed.items():
        compile(content, path, "exec")
        (after / path).write_bytes(content)
    place, module = MODULES[app]
    assert answered(after / place, module) == answered(before / place, module)
