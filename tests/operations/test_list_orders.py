"""Lists and counts of orders, on a real server without a worker."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from temporalio.client import Client, WorkflowHandle
from temporalio.common import SearchAttributeKey, SearchAttributePair, TypedSearchAttributes
from temporalio.testing import WorkflowEnvironment

from ledger.reading.filters.order_filter import OrderFilter
from operations.errors import OperationRefused
from operations.reading.list_orders import OrderPage, count_orders, list_orders
from workflows.contract.order_messages import ORDER_WORKFLOW_TYPE, SearchAttributes, order_workflow_id
from workflows.contract.states import OrderState

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def start(client: Client, order_id: str, customer: str, state: OrderState | None) -> WorkflowHandle[Any, Any]:
    pairs = [SearchAttributePair(SearchAttributeKey.for_keyword(SearchAttributes.CUSTOMER_ID), customer)]
    if state:
        pairs.append(SearchAttributePair(SearchAttributeKey.for_keyword(SearchAttributes.ORDER_STATE), state.value))
    return await client.start_workflow(
        ORDER_WORKFLOW_TYPE,
        id=order_workflow_id(order_id),
        task_queue=f"tests-{uuid.uuid4().hex[:8]}",
        search_attributes=TypedSearchAttributes(pairs),
    )


async def until(read: Callable[[], Awaitable[bool]]) -> None:
    """Visibility lags about a second."""
    for _ in range(100):
        if await read():
            return
        await asyncio.sleep(0.1)
    raise AssertionError("visibility did not catch up")


def ids(page: OrderPage) -> list[str]:
    return [order.order_id for order in page.orders]


@pytest.fixture
def list_calls(temporal: WorkflowEnvironment, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The page size of each visibility call."""
    sizes: list[int] = []
    service = temporal.client.workflow_service
    original = service.list_workflow_executions

    async def counted(request: Any, **options: Any) -> Any:
        sizes.append(request.page_size)
        return await original(request, **options)

    monkeypatch.setattr(service, "list_workflow_executions", counted)
    return sizes


async def test_open_orders_come_newest_first_then_ended_ones_last_ended_first(
    temporal: WorkflowEnvironment, list_calls: list[int]
) -> None:
    client = temporal.client
    handles = {name: await start(client, name, "P-1", OrderState.IN_PROGRESS) for name in ("P-a", "P-b", "P-c", "P-d")}
    await handles["P-c"].terminate()
    await handles["P-a"].terminate()
    wanted = OrderFilter(customer="P-1")
    expected = ["P-d", "P-b", "P-a", "P-c"]

    async def caught_up() -> bool:
        return ids(await list_orders(client, wanted)) == expected

    await until(caught_up)
    list_calls.clear()
    first = await list_orders(client, OrderFilter(customer="P-1", limit=3))
    second = await list_orders(client, OrderFilter(customer="P-1", limit=3), first.next_cursor)
    assert (ids(first), ids(second)) == (expected[:3], expected[3:])
    assert list_calls == [3, 3]
    assert second.next_cursor is None


async def test_an_earlier_revision_leaves_room_that_one_more_call_fills(
    temporal: WorkflowEnvironment, list_calls: list[int]
) -> None:
    client = temporal.client
    await (await start(client, "R-old", "P-2", OrderState.IN_PROGRESS)).terminate()
    await (await start(client, "R-1", "P-2", OrderState.IN_PROGRESS)).terminate()
    latest = await start(client, "R-1", "P-2", OrderState.IN_PROGRESS)

    async def caught_up() -> bool:
        return ids(await list_orders(client, OrderFilter(customer="P-2"))) == ["R-1", "R-old"]

    await until(caught_up)
    list_calls.clear()
    page = await list_orders(client, OrderFilter(customer="P-2", limit=2))
    assert ids(page) == ["R-1", "R-old"]
    assert page.orders[0].run_id == latest.first_execution_run_id
    assert list_calls == [2, 1]


async def test_a_state_filter_fits_the_state_that_is_listed(temporal: WorkflowEnvironment) -> None:
    client = temporal.client
    await start(client, "S-waiting", "P-3", None)
    await start(client, "S-running", "P-3", OrderState.IN_PROGRESS)
    await (await start(client, "S-killed", "P-3", OrderState.IN_PROGRESS)).terminate()
    expected = {OrderState.ACKNOWLEDGED: 1, OrderState.IN_PROGRESS: 1, OrderState.FAILED: 1}

    async def caught_up() -> bool:
        return await count_orders(client, OrderFilter(customer="P-3")) == expected

    await until(caught_up)
    for state, name in zip(expected, ("S-waiting", "S-running", "S-killed"), strict=True):
        page = await list_orders(client, OrderFilter(customer="P-3", states=(state,)))
        assert [(order.order_id, order.state) for order in page.orders] == [(name, state)]
    assert await count_orders(client, OrderFilter(customer="P-3", states=(OrderState.FAILED,))) == {
        OrderState.FAILED: 1
    }


@pytest.mark.parametrize("cursor", ["not base64!", "bm9uc2Vuc2U="])
async def test_an_unknown_cursor_is_refused(temporal: WorkflowEnvironment, cursor: str) -> None:
    with pytest.raises(OperationRefused) as refused:
        await list_orders(temporal.client, OrderFilter(), cursor)
    assert refused.value.code == "invalid"
