"""The events of late orders and steps, and of escalations."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from activity_contract.notifications import NotificationEvent, NotificationFilter
from compiler.plan.expected_duration import HOUR
from tests.support.core.dated_plans import at, manual
from tests.support.core.order_driver import START, OrderDriver
from tests.support.core.plans import plan_of
from workflows.core.notifications import order_events
from workflows.core.queries.work_queues import count_open_tasks


def watched(steps: dict[str, Any], asked: datetime | None = None) -> OrderDriver:
    """An order whose happenings the receiver `crm` wants to hear."""
    driven = OrderDriver(plan_of(steps, requested_completion=asked))
    order_events.start_events(driven.run, NotificationFilter(events=["order.*", "step.*"], receivers=["crm"]), 1)
    return driven


def told(driven: OrderDriver, passed: float) -> list[NotificationEvent]:
    """What is told within so many seconds."""
    driven.wait(passed)
    order_events.emit_events(driven.run)
    assert driven.run.outgoing_events is not None
    return driven.run.outgoing_events.pending


def test_at_risk_event_names_the_critical_step() -> None:
    driven = watched({"a": manual(expected="2h"), "b": manual(expected="3h", after=["a"])}, at(10 * HOUR))
    (warning,) = [event for event in told(driven, 7 * HOUR + 1) if event.type == "order.at_risk"]
    assert warning.at == START + 7 * HOUR + 1
    assert (warning.data["step"], warning.data["requested_completion"]) == (
        "camera.a@1",
        at(10 * HOUR).isoformat().replace("+00:00", "Z"),
    )
    assert warning.data["forecast"] > warning.data["requested_completion"]
    assert [event.type for event in told(driven, 3 * HOUR)][-1] == "order.late"


@pytest.mark.parametrize(("to", "kind", "tasks"), [("crm", "receiver", 0), ("leads", "queue", 1)])
def test_late_step_is_escalated_to_a_receiver_or_a_queue(to: str, kind: str, tasks: int) -> None:
    waiting = {"event": {"name": "paid"}, "sla": {"duration": "10h", "warn": "2h", "escalate": to}}
    driven = watched({"a": waiting})
    assert "step.at_risk" in [event.type for event in told(driven, 8 * HOUR)]
    late, escalated = told(driven, 2 * HOUR)[-2:]
    assert (late.type, late.data["late_at"]) == ("step.late", at(10 * HOUR).isoformat().replace("+00:00", "Z"))
    assert (escalated.type, escalated.data[kind]) == ("step.escalated", to)
    view = driven.view("a")
    assert (view.escalated_to, view.queue) == (to, to if kind == "queue" else None)
    assert count_open_tasks(driven.run) == tasks
