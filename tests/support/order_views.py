"""Orders and steps as workflows tell them, made by hand."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from workflows.contract.order_views import OrderView, StepView
from workflows.contract.states import Jeopardy, OrderState, StepState

START = datetime(2026, 12, 1, 8, tzinfo=UTC)


def order_view(state: OrderState = OrderState.IN_PROGRESS, **changes: Any) -> OrderView:
    view = OrderView(
        order_id="HS-1",
        state=state,
        jeopardy=Jeopardy.ON_TRACK,
        forecast=None,
        revision=1,
        customer={},
        priority=3,
        requested_start=None,
        requested_completion=None,
        characteristics={},
        products=["home_security"],
        catalogue_version="sha256:1",
        started_at=START,
    )
    return view.model_copy(update=changes)


def step_view(
    number: int, step_id: str, state: StepState, after: list[str] | None = None, kind: str = "call", **changes: Any
) -> StepView:
    view = StepView(
        number=number,
        id=step_id,
        workstream=step_id.partition(".")[0],
        workstream_name="Camera",
        name="Reserve stock",
        kind=kind,
        summary="Camera · Reserve stock",
        lines=["camera@1"],
        after=after or [],
        state=state,
        started_at=START,
    )
    return view.model_copy(update=changes)
