"""Expected times of a plan in words."""

from __future__ import annotations

from datetime import timedelta

from compiler.plan.plan import Plan
from compiler.plan.schedule import PlanSchedule
from views.shared.time_format import format_elapsed, format_time

MIN_DURATION_SHOWN = 60.0
"""Seconds: a step that is expected to take less is shown without its duration."""


def usual_duration(schedule: PlanSchedule, position: int) -> str:
    """`2 d`; empty for steps that take no time worth mentioning."""
    duration = schedule.ends[position] - schedule.starts[position]
    return format_elapsed(duration) if duration >= MIN_DURATION_SHOWN else ""


def expected_duration_text(plan: Plan, schedule: PlanSchedule) -> str:
    """`3 d 10 min`, and with a requested start `…, until 2026-12-04 08:10:15 UTC`."""
    text, begin = format_elapsed(schedule.duration), plan.order.requested_start
    if begin is None:
        return text
    try:
        return f"{text}, until {format_time(begin + timedelta(seconds=schedule.duration))}"
    except OverflowError:
        return text
