from __future__ import annotations

import pytest

from ledger.feed import ledger_feed


@pytest.fixture(autouse=True)
def _short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledger_feed, "FIRST_PAUSE", 0.05)
    monkeypatch.setattr(ledger_feed, "LONGEST_PAUSE", 0.2)
