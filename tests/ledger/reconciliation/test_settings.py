"""What the environment may say about reconciliation."""

from __future__ import annotations

from datetime import timedelta

import pytest

from ledger.reconciliation.settings import InvalidReconciliationSettings, read_settings


def test_nothing_set_means_every_minute() -> None:
    settings = read_settings({})
    assert (settings.interval, settings.requests_per_second) == (timedelta(minutes=1), 20.0)
    assert settings.time_limit < settings.interval


def test_a_run_ends_before_the_next_one_is_due() -> None:
    settings = read_settings({"ORDO_LEDGER_RECONCILE_EVERY": "12", "ORDO_LEDGER_RECONCILE_PACE": "0.5"})
    assert (settings.interval, settings.requests_per_second) == (timedelta(seconds=12), 0.5)
    assert settings.time_limit == timedelta(seconds=10)


@pytest.mark.parametrize("text", ["often", "0", "-1", "inf", "nan", "0.9"])
def test_a_wrong_interval_is_refused(text: str) -> None:
    with pytest.raises(InvalidReconciliationSettings, match="ORDO_LEDGER_RECONCILE_EVERY is"):
        read_settings({"ORDO_LEDGER_RECONCILE_EVERY": text})


@pytest.mark.parametrize("text", ["fast", "0", "inf"])
def test_a_wrong_pace_is_refused(text: str) -> None:
    with pytest.raises(InvalidReconciliationSettings, match=r"at least 0\.1"):
        read_settings({"ORDO_LEDGER_RECONCILE_PACE": text})
