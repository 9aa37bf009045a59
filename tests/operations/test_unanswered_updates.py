"""Actions that no worker answers in time. Temporal is real, and its worker stops and comes back."""

from __future__ import annotations

import pytest
from temporalio.testing import WorkflowEnvironment

from operations.actions.perform_action import execute_order_update
from operations.errors import NoWorker, UnansweredUpdate
from tests.support.workflows.order_runner import ANN, desk_on
from workflows.contract import actions
from workflows.contract.order_messages import ActionResult, AmendOrder, AmendResult, OrderAction, StepAction

pytestmark = pytest.mark.asyncio(loop_scope="session")
TASK = {"a": {"manual": {"queue": "care"}}}
TIMEOUT = 1.0


async def test_an_action_that_no_worker_answered_is_carried_out_later_and_the_error_says_so(
    temporal: WorkflowEnvironment,
) -> None:
    async with desk_on(temporal.client) as desk:
        order = await desk.submit(TASK)
        await order.until_state(a="in_progress")
    request = StepAction(step="camera.a@1", actor=ANN)
    with pytest.raises(UnansweredUpdate) as raised:
        await execute_order_update(
            temporal.client, order.id, actions.COMPLETE.name, request, ActionResult, timeout_seconds=TIMEOUT
        )
    assert raised.value.code == "no_worker"
    assert "no worker answered; what was asked may still be carried out when a worker is back" in str(raised.value)
    assert [alternative.action for alternative in raised.value.alternatives] == ["start_worker", "history"]
    assert raised.value.alternatives[1].parameters == {"order_id": order.id}
    async with desk_on(temporal.client, task_queue=desk.task_queue, script=desk.script):
        await order.ended()


async def test_a_dry_run_that_no_worker_answered_changes_nothing_later(temporal: WorkflowEnvironment) -> None:
    async with desk_on(temporal.client) as desk:
        order = await desk.submit(TASK)
        await order.until_state(a="in_progress")
    request = AmendOrder(order={"id": order.id}, actor=ANN, dry_run=True)
    with pytest.raises(NoWorker) as raised:
        await execute_order_update(
            temporal.client, order.id, actions.AMEND.name, request, AmendResult, timeout_seconds=TIMEOUT
        )
    assert not isinstance(raised.value, UnansweredUpdate)
    assert "may still be" not in str(raised.value)


async def test_an_assessment_that_no_worker_answered_changes_nothing_later(temporal: WorkflowEnvironment) -> None:
    async with desk_on(temporal.client) as desk:
        order = await desk.submit(TASK)
        await order.until_state(a="in_progress")
    request = OrderAction(actor=ANN, assess=True)
    with pytest.raises(NoWorker) as raised:
        await execute_order_update(
            temporal.client, order.id, actions.CANCEL.name, request, ActionResult, timeout_seconds=TIMEOUT
        )
    assert not isinstance(raised.value, UnansweredUpdate)
    assert "may still be" not in str(raised.value)
