"""Which operator actions an order would allow now, and what one of its steps is made of. A worker answers both."""

from __future__ import annotations

from collections.abc import Mapping

from temporalio.client import Client

from operations.temporal.workflow_calls import query_workflow
from workflows.contract.action_checks import (
    QUERY_POSSIBLE_ACTIONS,
    QUERY_STEP_DETAILS,
    ActionCheck,
    PossibleActions,
    PossibleActionsRequest,
    StepDetails,
    StepDetailsRequest,
)
from workflows.contract.order_messages import order_workflow_id

QUERY_TIMEOUT = 5.0
"""Seconds. A worker answers a query at once."""


async def read_possible_actions(
    client: Client, order_id: str, request: PossibleActionsRequest
) -> Mapping[str, ActionCheck]:
    """Action → what the order would answer. Empty for an order that is not compiled. Raises NotFound, NoWorker, and
    OperationError if the worker is of a release without this query."""
    answer = await query_workflow(
        client,
        order_workflow_id(order_id),
        f"Order {order_id}",
        QUERY_POSSIBLE_ACTIONS,
        request,
        PossibleActions,
        QUERY_TIMEOUT,
    )
    return {check.action: check for check in answer.checks}


async def read_step_details(client: Client, order_id: str, step: str) -> StepDetails | None:
    """None for an order that is not compiled. Raises as `read_possible_actions`."""
    return await query_workflow(
        client,
        order_workflow_id(order_id),
        f"Order {order_id}",
        QUERY_STEP_DETAILS,
        StepDetailsRequest(step=step),
        StepDetails | None,  # type: ignore[arg-type]
        QUERY_TIMEOUT,
    )
