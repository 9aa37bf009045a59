"""What Temporal's record says about an order without a worker: search attributes, status, times."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from temporalio.client import WorkflowExecution, WorkflowExecutionStatus

from ledger.reconciliation.interruptions import interruption_kind
from workflows.contract.order_messages import SearchAttributes, order_workflow_id
from workflows.contract.order_summary import OrderSummary
from workflows.contract.states import Jeopardy, OrderState

STATE_BY_STATUS: Mapping[WorkflowExecutionStatus | None, OrderState] = {
    WorkflowExecutionStatus.COMPLETED: OrderState.COMPLETED,
    WorkflowExecutionStatus.FAILED: OrderState.REJECTED,
    WorkflowExecutionStatus.TERMINATED: OrderState.FAILED,
    WorkflowExecutionStatus.CANCELED: OrderState.CANCELLED,
    WorkflowExecutionStatus.TIMED_OUT: OrderState.FAILED,
}
"""The state of an order that reported none. No worker has run it yet, or it was ended with Temporal's own tools."""

FORCED_END_STATUSES = {
    WorkflowExecutionStatus.TERMINATED,
    WorkflowExecutionStatus.CANCELED,
    WorkflowExecutionStatus.TIMED_OUT,
}


def order_state(execution: WorkflowExecution, reported_state: str | None) -> OrderState:
    """The state that the order reported, unless it reported none or was ended from outside."""
    if reported_state is None or execution.status in FORCED_END_STATUSES:
        return STATE_BY_STATUS.get(execution.status, OrderState.ACKNOWLEDGED)
    if execution.status is WorkflowExecutionStatus.FAILED and reported_state != OrderState.REJECTED:
        return OrderState.FAILED  # the engine could not go on; every other failed run is a rejected order
    return OrderState(reported_state)


def order_summary(execution: WorkflowExecution) -> OrderSummary:
    names = SearchAttributes
    attributes: dict[str, Any] = {pair.key.name: pair.value for pair in execution.typed_search_attributes}
    reported_state = attributes.get(names.ORDER_STATE)
    return OrderSummary(
        order_id=execution.id.removeprefix(order_workflow_id("")),
        workflow_id=execution.id,
        run_id=execution.run_id,
        state=order_state(execution, reported_state),
        jeopardy=Jeopardy(attributes.get(names.JEOPARDY, Jeopardy.ON_TRACK)),
        fallout=int(attributes.get(names.FALLOUT_COUNT, 0)),
        open_tasks=int(attributes.get(names.OPEN_TASKS, 0)),
        customer_id=attributes.get(names.CUSTOMER_ID),
        products=list(attributes.get(names.PRODUCTS, [])),
        catalogue_version=attributes.get(names.CATALOGUE_VERSION),
        requested_completion=attributes.get(names.REQUESTED_COMPLETION),
        started_at=execution.start_time,
        ended_at=execution.close_time,
        interrupted=interruption_kind(execution, reported_state),
    )
