"""Corrected input, data entered by hand, and claims, on a real server."""

from __future__ import annotations

from typing import Any

import pytest
from temporalio.client import WorkflowUpdateFailedError

from tests.support.core.plans import call
from tests.support.workflows.order_runner import DEADLINE, Desk
from tests.support.workflows.scripted_activities import failure
from workflows.contract.order_messages import ActionResult, Actor, OrderAction, StepAction

SHIP: dict[str, Any] = {
    "call": {"system": "shop", "post": "/x", "body": {"address": "${attributes.address}"}},
    "fail_when": [{"if": "response.body.lost == true", "code": "lost", "message": "lost"}],
}
READER = {"call": {"system": "shop", "post": "/y", "body": {"it": "${steps.a.output.id}"}}, "after": ["a"]}


async def test_a_correction_is_sent_again_by_a_redo(desk: Desk) -> None:
    desk.script.answers["camera.a@1"] = [failure("unknown_address"), {"id": 1}]
    order = await desk.submit({"a": SHIP, "b": {"event": {"name": "end"}}}, attributes={"address": "Mill Lnae 9"})
    await order.until_state(a="fatally_failed")
    with pytest.raises(WorkflowUpdateFailedError) as refused:
        await order.act("retry", "a", {"adress": "Mill Lane 9"})
    assert "did you mean `address`?" in str(refused.value.cause)
    await order.act("retry", "a", {"address": "Mill Lane 9"})
    await order.until_state(a="completed")
    redo = OrderAction(step="camera.a@1", actor=Actor(by="ann"))
    await order.handle.execute_update("redo", redo, result_type=ActionResult, rpc_timeout=DEADLINE)
    await order.until(lambda steps: steps["a"].state == "completed" and len(desk.script.made["camera.a@1"]) == 3)
    assert [made.body["address"] for made in desk.script.made["camera.a@1"]] == ["Mill Lnae 9", *["Mill Lane 9"] * 2]
    await order.event("end")
    assert await order.ended() == "completed"


async def test_what_another_holds_is_taken_over_and_what_is_entered_is_judged(desk: Desk) -> None:
    desk.script.answers["camera.a@1"] = [failure("out_of_stock")]
    order = await desk.submit({"a": SHIP, "b": READER, "c": call()}, attributes={"address": "x"})
    await order.until_state(a="fatally_failed")
    claim = StepAction(step="1", actor=Actor(by="kim"))
    await order.handle.execute_update("claim", claim, result_type=ActionResult, rpc_timeout=DEADLINE)
    for data, options, why in (
        ({"id": "R-1"}, {}, "is kim's"),
        ({"no": "R-1"}, {"take_over": True}, "`id` is missing, which camera.b@1 reads"),
    ):
        with pytest.raises(WorkflowUpdateFailedError) as refused:
            await order.act("complete", "a", data, **options)
        assert why in str(refused.value.cause)
    result = await order.act("complete", "a", {"lost": True}, take_over=True)
    assert result.message == "Step 1 (camera.a@1) is in fallout: lost: lost"
    await order.act("complete", "a", {"id": "R-1"})
    assert await order.ended() == "completed"
