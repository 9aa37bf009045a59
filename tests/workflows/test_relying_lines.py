"""On a real server: an access is replaced by another kind, and the old one stays if the new one does not work."""

from __future__ import annotations

from operations.blockers.step_blocker import blocker_text
from tests.support.workflows.order_runner import Desk
from tests.support.workflows.scripted_activities import failure
from tests.workflows.core.compensation.test_relying_lines import swap_plan


async def test_the_old_access_is_not_ceased_when_the_new_one_is_rolled_back(desk: Desk) -> None:
    desk.script.answers["camera.test@1"] = [failure("http_409")]
    order = await desk.submit(swap_plan())
    steps = await order.until_state(cease="fatally_failed", build="cancelled")
    assert steps["cease"].error is not None
    assert steps["cease"].error.code == "relied_on_failed"
    assert desk.script.keys("camera.cease@1") == []
    why = blocker_text(await order.view(), steps["cease"])
    assert why.waits_for == "does not start: line 2, on which line 1 relies, was rolled back"
    assert [action.action for action in why.actions] == ["proceed", "skip"]
    await order.act("proceed", "cease")
    assert await order.ended() == "partial"
    assert len(desk.script.keys("camera.cease@1")) == 1
