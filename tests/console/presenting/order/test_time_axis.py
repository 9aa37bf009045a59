from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.presenting.order.time_axis import MAX_SHARE, TimeAxis, time_axis

BEGIN = datetime(2026, 12, 1, 8, tzinfo=UTC)


def at(seconds: float) -> datetime:
    return BEGIN + timedelta(seconds=seconds)


def axis_of(*seconds: float, is_true: bool = False) -> TimeAxis:
    return time_axis([at(each) for each in seconds], is_true=is_true)


def test_a_late_retry_does_not_squeeze_what_came_before() -> None:
    axis = axis_of(0, 1, 2, 3, 4, 5, 6, 200_000, 200_001)
    assert [each.text for each in axis.breaks] == ["2 d 7 h"]
    left, width = axis.span(at(2), at(3))
    assert width > 8
    assert axis.place(at(200_001)) == 100
    assert axis_of(0, 1, 2, 3, 4, 5, 6, 200_000, 200_001, is_true=True).span(at(2), at(3))[1] < 0.01
    assert left < axis.breaks[0].begin


def test_time_without_long_stretches_is_true_to_scale() -> None:
    axis = axis_of(0, 10, 25, 30, 47, 60)
    assert axis.breaks == []
    assert axis.place(at(30)) == pytest.approx(50)


def test_one_moment_has_an_axis() -> None:
    assert axis_of(0).place(at(0)) == 0


@given(st.lists(st.floats(0, 1e7, allow_nan=False), min_size=1, max_size=40))
def test_the_axis_ascends_and_no_break_takes_much_room(seconds: Sequence[float]) -> None:
    axis = axis_of(*seconds)
    places = [axis.place(at(each)) for each in sorted(seconds)]
    assert places == sorted(places)
    assert places[0] >= 0
    assert places[-1] <= 100.0001
    for each in axis.breaks:
        assert 0 < each.end - each.begin <= 100 * MAX_SHARE + 0.01
    for tick, following in zip(axis.ticks, axis.ticks[1:], strict=False):
        assert tick.at < following.at
        assert following.place - tick.place >= 6.9
    for tick in axis.ticks:
        assert not any(each.begin + 1e-6 < tick.place < each.end - 1e-6 for each in axis.breaks)
        assert axis.place(tick.at) == pytest.approx(tick.place, abs=0.01)


def test_what_takes_less_than_a_minute_is_never_drawn_short() -> None:
    assert axis_of(0, 0.1, 0.2, 0.3, 2, 40).breaks == []


def test_several_idle_stretches_are_drawn_short_and_leave_half_of_the_width() -> None:
    hours = [3600.0 * number for number in range(1, 9)]
    axis = axis_of(*(begin + second for begin in hours for second in (0, 4, 9, 20)))
    assert [each.text for each in axis.breaks] == ["59 min 40 s"] * 7
    assert sum(each.end - each.begin for each in axis.breaks) <= 50.01


def test_a_long_wait_beside_an_instant_stays_true_to_scale() -> None:
    assert axis_of(0, 0.03, 3600).breaks == []
