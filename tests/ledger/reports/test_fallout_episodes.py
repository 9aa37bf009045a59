"""How fallout of a step ended, by the history of its order."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from ledger.reports.fallout_episodes import FalloutEntry, find_episodes
from ledger.reports.model.fallout_report import Resolution

BEGAN = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
STEP, OTHER_STEP = "stock.reserve@1", "visit.book@1"


def at(minutes: int) -> datetime:
    return BEGAN + timedelta(minutes=minutes)


def entry(
    minutes: int, what: str, step_id: str | None = STEP, *, is_open: bool = False, ended: int | None = None
) -> FalloutEntry:
    return FalloutEntry(at(minutes), what, step_id, "inventory", 3, is_open, None if ended is None else at(ended))


@pytest.mark.parametrize(
    ("what", "resolution"),
    [
        ("retried", Resolution.RETRIED),
        ("retried with sku=A-1", Resolution.RETRIED),
        ("retried automatically", Resolution.RETRIED_AUTOMATICALLY),
        ("completed", Resolution.COMPLETED),
        ("skipped", Resolution.SKIPPED),
        ("redone from here: 2 steps", Resolution.REDONE),
    ],
)
def test_an_entry_about_the_step_ends_it(what: str, resolution: Resolution) -> None:
    history = [entry(0, "in fallout: timeout"), entry(5, "claimed"), entry(9, what, OTHER_STEP), entry(30, what)]
    (found,) = list(find_episodes(history))
    assert (found.resolution, found.began_at, found.ended_at) == (resolution, at(0), at(30))
    assert (found.system, found.code, found.attempts) == ("inventory", "timeout", 3)


@pytest.mark.parametrize(
    ("what", "resolution"),
    [
        ("cancelled", Resolution.CANCELLED),
        ("rolled back line 1", Resolution.ROLLED_BACK),
        ("amended to revision 2: 1 undone", Resolution.OTHER),
    ],
)
def test_an_entry_about_the_order_ends_it_if_the_step_is_not_in_fallout_any_more(
    what: str, resolution: Resolution
) -> None:
    history = [entry(0, "in fallout: timeout"), entry(12, what, None)]
    assert [(each.resolution, each.ended_at) for each in find_episodes(history)] == [(resolution, at(12))]
    still = [each._replace(is_open=True) for each in history]
    assert [(each.resolution, each.ended_at) for each in find_episodes(still)] == [(Resolution.OPEN, None)]


def test_a_step_can_be_in_fallout_several_times_and_so_can_its_undo() -> None:
    history = [
        entry(0, "in fallout: timeout"),
        entry(10, "retried"),
        entry(11, "in fallout: out_of_stock"),
        entry(40, "cancelled", None),
        entry(41, "its undo in fallout: refused", is_open=True),
    ]
    assert [(each.code, each.resolution, each.ended_at) for each in find_episodes(history)] == [
        ("timeout", Resolution.RETRIED, at(10)),
        ("out_of_stock", Resolution.CANCELLED, at(40)),
        ("refused", Resolution.OPEN, None),
    ]


def test_what_ended_without_an_entry_lasted_until_the_step_ended() -> None:
    """A late callback completes a step in fallout."""
    (found,) = find_episodes([entry(0, "in fallout: timeout", ended=25)])
    assert (found.resolution, found.ended_at) == (Resolution.OTHER, at(25))
    (unknown,) = find_episodes([entry(0, "in fallout: timeout")])
    assert (unknown.resolution, unknown.ended_at) == (Resolution.OTHER, None)
