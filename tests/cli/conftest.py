from __future__ import annotations

import pytest

from tests.cli.calling import ROOT


@pytest.fixture(autouse=True)
def _at_the_root(monkeypatch: pytest.MonkeyPatch) -> None:
    """Default paths (definitions/, orders/) are relative; no Temporal of the developer's own is met."""
    monkeypatch.chdir(ROOT)
    for name in ("TEMPORAL_ADDRESS", "TEMPORAL_NAMESPACE", "TEMPORAL_PROFILE", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
