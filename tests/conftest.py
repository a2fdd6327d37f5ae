"""What holds for all tests."""

from __future__ import annotations

import pytest

from flaskglobals_lint.link.failures import Failures


@pytest.fixture(autouse=True)
def _defects_show(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """An error of ours ends the test, and is not told as a finding that few tests look for; but where that is tested."""
    if "tolerant" not in request.fixturenames:

        def judge(self: Failures, error: Exception) -> None:
            raise error

        monkeypatch.setattr(Failures, "_judge", judge)


@pytest.fixture
def tolerant() -> None:
    """Errors of ours are told as findings."""
