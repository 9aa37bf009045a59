"""Positions of charts, which are in percent."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from console.presenting.charts.bars import bar, longest_of
from console.presenting.charts.columns import call_columns, duration_lines
from console.presenting.charts.scales import DurationScale, round_up
from ledger.reports.model.system_report import CallInterval

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "wanted"), [(0, 1), (1, 1), (3, 5), (7, 10), (10, 10), (11, 20), (21, 25), (0.03, 0.05), (999, 1000)]
)
def test_axes_end_at_round_numbers(value: float, wanted: float) -> None:
    assert round_up(value) == pytest.approx(wanted)


def test_durations_are_placed_by_their_order_of_magnitude() -> None:
    scale = DurationScale.of([0.5, 90, 7200])
    assert (scale.shortest, scale.longest) == (0.1, 6 * 3600)
    positions = [scale.position(value) for value in (0, 0.1, 0.5, 90, 7200, 6 * 3600, 10**9)]
    assert positions[:2] == [0, 0]
    assert positions == sorted(positions)
    assert positions[-2:] == [100, 100]
    ticks = scale.ticks()
    assert [tick.label for tick in ticks] == ["0.1 s", "10 s", "10 min", "6 h"]
    assert [tick.position for tick in ticks] == [scale.position(seconds) for seconds in (0.1, 10, 600, 6 * 3600)]
    assert DurationScale.of([]).position(5) > 0


def test_parts_of_a_bar_follow_each_other_and_empty_ones_are_left_out() -> None:
    made = bar([(3, "good", "kept"), (0, "warn", "done late"), (1, "bad", "open")], longest=8)
    assert [(each.x, each.width, each.tone) for each in made.segments] == [(0, 37.5, "good"), (37.5, 12.5, "bad")]
    assert made.label == "3 kept, 1 open"
    assert bar([(0, "good", "kept")], longest_of([])).label == "none"


def test_columns_stand_where_their_part_of_the_period_is_and_failures_on_top() -> None:
    parts = [
        CallInterval(number=0, attempts=8, failed=2, p50=1, p90=2),
        CallInterval(number=1, attempts=10, failed=0, p50=1, p90=4),
        CallInterval(number=3, attempts=1, failed=1, p50=3, p90=3),
    ]
    chart = call_columns(parts, NOON, 3600, 4)
    assert [round(column.x) for column in chart.columns] == [2, 26, 76]
    first = chart.columns[0]
    assert (first.ok_y, first.ok_height, first.failed_y, first.failed_height) == (40, 60, 20, 20)
    assert (first.label, chart.columns[2].since.hour) == ("8 calls, 2 failed", 15)
    assert chart.label == "19 calls, 3 of them failed"
    assert [tick.label for tick in chart.ticks] == ["10", "5"]
    lines = duration_lines(parts, 4)
    assert [line.name for line in lines.lines] == ["p90", "p50"]
    (joined,) = lines.lines[0].segments  # the third part has no neighbour
    assert [(point.x, point.y) for point in joined] == [(12.5, 60), (37.5, 20)]
    assert len(lines.lines[0].points) == 3
