"""A fixed program answers every route as it did before.

Two rules are not asked: what they report is that requests see, or wait for, what an earlier one left.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from programs import Case, cases
from test_evidence import Program, sources

from flaskglobals_lint.config import Config
from flaskglobals_lint.repair import repair

RULES = ("FGL101", "FGL102", "FGL103", "FGL201", "FGL401", "FGL402", "FGL404")
FORM = "name=ann email=ann cents=5 sid=1 code=1 word=1 n=1 amount=5"
BAD = [case for case in cases() if case.rule.code in RULES and not case.example.good and "app.py" in case.example.files]


def answers(files: dict[str, str], folder: Path) -> list[tuple[str, object]]:
    """What every route answers, twice in turn, or what its view raises; ids and times of day are left out."""
    program = Program(files, folder, "")
    found: list[tuple[str, object]] = []
    for rule in [*program.app.url_map.iter_rules()] * 2:
        target = re.sub(r"<[^>]*>", "7", rule.rule)
        if rule.endpoint == "static":
            continue
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            result = program.act(f"{method} {target} {FORM}")
            text = f"{result!r}" if isinstance(result, Exception) else result.get_data(as_text=True)  # type: ignore[attr-defined]
            found.append(
                (
                    f"{method} {target}",
                    (getattr(result, "status_code", 0), re.sub(r"\d{5,}[.\d]*|0x\w+|[\w-]{20,}", "", text)),
                )
            )
    return found


@pytest.mark.parametrize("case", BAD, ids=lambda case: case.id)
def test_a_fixed_example_answers_as_before(case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    files = sources(case.example.files)
    for path, source in files.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(source, encoding="utf-8")
    outcome = repair([str(tmp_path)], Config(cache=False, jobs=1), tmp_path, unsafe=True)
    if not outcome.changed:
        pytest.skip("there is no fix")
    try:
        before = answers(files, tmp_path)
    except Exception as error:  # a library that is not installed, or a program that needs more than a page shows
        pytest.skip(f"the example does not run by itself: {error!r}")
    fixed = {path: outcome.changed[path].decode() if path in outcome.changed else files[path] for path in files}
    for path in tmp_path.glob("*.db"):
        path.unlink()
    assert answers(fixed, tmp_path) == before
