"""The search attribute `Queues` on a real server, replayed at every task."""

from __future__ import annotations

from typing import Any

from temporalio.api.enums.v1 import EventType

from tests.support.core.plans import call
from tests.support.workers.deployment import until
from tests.support.workflows.order_runner import Desk, Order
from tests.support.workflows.scripted_activities import failure
from workflows.contract.order_messages import SearchAttributes
from workflows.shell.search_attributes import QUEUES_PATCH


async def shown_queues(order: Order) -> list[str] | None:
    description = await order.handle.describe()
    shown: dict[str, Any] = {pair.key.name: pair.value for pair in description.typed_search_attributes}
    return shown.get(SearchAttributes.QUEUES)


async def until_shown(order: Order, queues: list[str]) -> None:
    """A query may be answered just before the server has stored the attribute of the same workflow task."""

    async def are_shown() -> bool:
        return (await shown_queues(order) or []) == queues

    await until(are_shown)


async def test_order_shows_the_queues_of_its_tasks_and_fallout(desk: Desk) -> None:
    desk.script.answers["camera.a@1"] = [failure("out_of_stock")]
    parked = call(on_failure=[{"do": "fallout", "queue": "dispatch"}])
    order = await desk.submit(
        {"a": parked, "b": {"manual": {"queue": "care"}}, "c": {"event": {"name": "go"}, "after": ["b"]}}
    )
    await order.until_state(a="fatally_failed", b="in_progress")
    await until_shown(order, ["care", "dispatch"])
    await order.act("complete", "b", {})
    await order.until_state(b="completed")
    await until_shown(order, ["dispatch"])
    await order.act("skip", "a")
    await order.until_state(a="skipped")
    await until_shown(order, [])
    await order.event("go")
    assert await order.ended() == "completed"


async def test_order_without_work_for_people_pays_nothing_for_it(desk: Desk) -> None:
    order = await desk.submit({"a": call()})
    assert await order.ended() == "completed"
    assert await order.events(EventType.EVENT_TYPE_MARKER_RECORDED) == [
        event for event in await order.events(EventType.EVENT_TYPE_MARKER_RECORDED) if not _is_patch(event)
    ]


def _is_patch(event: Any) -> bool:
    return QUEUES_PATCH.encode() in event.SerializeToString()
