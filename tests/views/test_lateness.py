"""What is late, or will be, catches the eye wherever an order is shown."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from rich.console import Console

from compiler.language.steps import StartDefinition, StepDefinition
from operations.reading.order_details import OrderDetails
from tests.support.order_views import START, order_view, step_view
from tests.views.shipped_plans import of_arrows
from views.order.order_page import render_order as shown
from views.order.progress_picture import step_row
from views.order.step_remark import step_remark
from views.plan.step_text import start_conditions
from workflows.contract.order_views import LineView
from workflows.contract.states import Jeopardy, OrderState, StepState

NOW = START + timedelta(hours=1)
DUE = START + timedelta(minutes=30)


def text_of(**changes: Any) -> str:
    console = Console(width=160, record=True, file=open("/dev/null", "w"))  # noqa: SIM115
    for part in shown(OrderDetails(order_view(**changes), ()), NOW):
        console.print(part)
    return console.export_text()


def test_late_step_shows_since_when_and_escalation() -> None:
    step = step_view(
        1, "camera.visit@1", StepState.IN_PROGRESS, jeopardy=Jeopardy.LATE, late_at=DUE, escalated_to="leads",
        waits_for="a person in field",
    )  # fmt: skip
    assert step_remark(step, NOW) == "late since 08:30:00, escalated to leads, waits for a person in field"
    assert step_row(step, NOW).remark.style == "bold red"


def test_step_at_risk_shows_when_it_will_be_late() -> None:
    step = step_view(1, "camera.visit@1", StepState.IN_PROGRESS, jeopardy=Jeopardy.AT_RISK, late_at=DUE)
    assert step_remark(step, NOW) == "at risk, late at 08:30:00, running"


def test_settled_step_only_shows_that_it_was_late() -> None:
    late: dict[str, Any] = {"late_at": DUE, "jeopardy": Jeopardy.LATE}
    assert step_remark(step_view(1, "c.v@1", StepState.COMPLETED, **late), NOW) == "was late"
    assert step_remark(step_view(1, "c.v@1", StepState.COMPLETED, late_at=DUE, jeopardy=Jeopardy.AT_RISK), NOW) == ""


def test_late_order_shows_forecast_and_cause() -> None:
    forecast = datetime(2026, 12, 20, 8, tzinfo=UTC)
    text = text_of(forecast=forecast, jeopardy=Jeopardy.AT_RISK, held_up_by="camera.visit@1")
    assert "forecast     2026-12-20 08:00:00 UTC, held up by camera.visit@1" in text
    on_track = text_of(forecast=forecast, held_up_by="camera.visit@1")
    assert "forecast     2026-12-20 08:00:00 UTC\n" in on_track


def test_line_with_own_date_shows_its_jeopardy() -> None:
    line = LineView(
        id="1", product="home", name="Home", quantity=1, action="add", attributes={}, state=OrderState.IN_PROGRESS,
        sources=[], requested_completion=DUE, forecast=NOW, jeopardy=Jeopardy.LATE,
    )  # fmt: skip
    text = text_of(order_lines=[line])
    assert "Requested  Forecast  Jeopardy" in text
    assert "08:30:00   09:00:00  late" in text
    undated = line.model_copy(update={"requested_completion": None, "jeopardy": Jeopardy.ON_TRACK})
    assert "Forecast" not in text_of(order_lines=[undated])


def test_latest_start_depends_on_a_requested_completion() -> None:
    plan = of_arrows([[]])
    step = StepDefinition(milestone=True, start=StartDefinition(latest=True))
    assert list(start_conditions(plan, step)) == ["not delayed, since no completion is requested"]
    dated = replace(plan, order=replace(plan.order, requested_completion=START))
    assert list(start_conditions(dated, step)) == ["as late as the requested completion allows"]
