"""Two runs print the same bytes, whatever the hash seed and the number of processes."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from itertools import cycle, repeat
from pathlib import Path

import pytest

from flaskglobals_lint import cli
from flaskglobals_lint.pool import available_cores

FIXTURES = Path(__file__).parent / "fixtures"
COPIES = 2
"""Of all fixtures."""

# Processes are used for little code, too.
CODE = """
import sys
from flaskglobals_lint import cli, pool
pool._WORTH_A_PROCESS = pool._CHUNK = 10_000
sys.exit(cli.main())
"""


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One large program: the fixtures, several times over, each a package that imports the next."""
    folder = tmp_path_factory.mktemp("large")
    (folder / "pyproject.toml").touch()
    apps = sorted(path for path in FIXTURES.iterdir() if path.is_dir())
    for number in range(COPIES):
        for at, app in enumerate(apps):
            copy = folder / f"part{number}_{at}"
            shutil.copytree(app, copy, ignore=shutil.ignore_patterns("__pycache__", ".flaskglobals_cache", "tests"))
            after = f"part{number}_{(at + 1) % len(apps)}"
            with open(copy / "__init__.py", "a", encoding="utf-8") as file:
                file.write(
                    f"\nimport {after}\nhits = {{}}\n\n\ndef hit(k):\n    hits[k] = {after}.hit(k)\n    return hits\n"
                )
    return folder


def printed(folder: Path, seed: int, jobs: int) -> bytes:
    """What one run prints, in the format that says most."""
    environment = {**os.environ, "PYTHONHASHSEED": str(seed), "PYTHONPATH": str(Path(cli.__file__).parent.parent)}
    command = [sys.executable, "-c", CODE, "--output-format", "json", "--min-severity", "info", "--no-cache"]
    done = subprocess.run(
        [*command, "--jobs", str(jobs)], cwd=folder, env=environment, capture_output=True, check=False
    )
    assert (done.returncode, done.stderr) == (1, b"")
    return done.stdout


def test_two_runs() -> None:
    first = printed(FIXTURES, 1, 1)
    assert first.count(b'"code"') > 100
    assert printed(FIXTURES, 2, 3) == first


@pytest.mark.slow
def test_twenty_runs(program: Path) -> None:
    with ThreadPoolExecutor(available_cores()) as runs:
        outputs = set(runs.map(printed, repeat(program), range(20), cycle((1, 2, 4))))
    assert len(outputs) == 1
