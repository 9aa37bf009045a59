"""The state of an order as Temporal's record tells it."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from temporalio.client import WorkflowExecutionStatus as Status

from operations.reading.order_summary import order_state
from workflows.contract.states import OrderState


@pytest.mark.parametrize(
    ("status", "said", "state"),
    [
        (Status.RUNNING, None, OrderState.ACKNOWLEDGED),
        (Status.RUNNING, "in_progress", OrderState.IN_PROGRESS),
        (Status.COMPLETED, "partial", OrderState.PARTIAL),
        (Status.COMPLETED, None, OrderState.COMPLETED),
        (Status.FAILED, "rejected", OrderState.REJECTED),
        (Status.FAILED, None, OrderState.REJECTED),
        (Status.FAILED, "in_progress", OrderState.FAILED),
        (Status.TERMINATED, "in_progress", OrderState.FAILED),
        (Status.TIMED_OUT, "in_progress", OrderState.FAILED),
        (Status.CANCELED, "in_progress", OrderState.CANCELLED),
    ],
)
def test_reported_state_counts_unless_ended_from_outside(status: Status, said: str | None, state: OrderState) -> None:
    execution: Any = SimpleNamespace(status=status)
    assert order_state(execution, said) is state
