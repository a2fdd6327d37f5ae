"""Much code of other people: the standard libraries and the installed packages of every Python that can be found here."""

from __future__ import annotations

import shutil
import sys
import sysconfig
from pathlib import Path

import pytest

from flaskglobals_lint import pool

pytestmark = pytest.mark.slow


def _folders() -> dict[str, Path]:
    """The library folders of the interpreter that runs, and of others beside it and on the search path."""
    found: dict[Path, None] = {Path(sysconfig.get_paths()["stdlib"]): None}
    homes = sorted(Path(sys.base_prefix).parent.iterdir())
    homes += [Path(name).resolve().parent.parent for n in range(11, 16) if (name := shutil.which(f"python3.{n}"))]
    for home in homes:
        found |= dict.fromkeys(path for path in sorted(home.glob("lib/python3.1[1-9]")) if (path / "os.py").is_file())
    packages = Path(sysconfig.get_paths()["purelib"])
    return {"site-packages": packages} | {f"{path.name}-{n}": path for n, path in enumerate(found)}


FOLDERS = _folders()


@pytest.mark.parametrize("folder", FOLDERS.values(), ids=FOLDERS)
def test_no_file_crashes_or_stalls_extraction(folder: Path) -> None:
    paths = [path for path in sorted(folder.rglob("*.py")) if path.is_file()]
    assert len(paths) > 100
    sources = [path.read_bytes() for path in paths]
    modules = [pool.decoded(answer) for answer in pool.extract_all(sources, pool.available_cores())]
    bad = {
        str(path): module.problem.message
        for path, module in zip(paths, modules, strict=True)
        if module.problem is not None and ("crash" in module.problem.message or "takes too" in module.problem.message)
    }
    assert bad == {}
    assert sum(module.problem is not None for module in modules) < len(modules) * 0.02
