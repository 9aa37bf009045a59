"""Reading orders from their workflows, or from Temporal's record alone."""

from __future__ import annotations

import asyncio

import httpx
import pytest

from operations.client import OrderClient
from operations.errors import NotFound, TimedOut
from tests.support.gateway.http_requests import Json, a_customer, an_order, ended, error_of, read, step_in, submitted
from tests.support.servers.temporal import until_at_rest
from tests.support.workers.gateway_worker import eventually
from workflows.contract.states import OrderState


async def test_order_has_lines_and_states(http: httpx.AsyncClient) -> None:
    order_id = await submitted(http, "parcel", tracking="R-1")
    order = await read(http, order_id)
    assert order["source"] == "worker"
    assert order["state"] == "in_progress"
    assert order["order_lines"][0]["product"] == "parcel"
    assert order["step_count"] == 1
    assert "steps" not in order


async def test_steps_are_read_page_by_page(http: httpx.AsyncClient) -> None:
    order_id = await submitted(http, "shop")
    first = (await http.get(f"/orders/{order_id}/steps", params={"limit": 1})).json()
    assert [step["number"] for step in first["steps"]] == [1]
    second = (await http.get(f"/orders/{order_id}/steps", params={"offset": first["next_offset"]})).json()
    assert [step["number"] for step in second["steps"]] == [2]
    assert second["next_offset"] is None


async def test_steps_are_filtered_by_state(http: httpx.AsyncClient) -> None:
    order_id = await submitted(http, "shop")
    await step_in(http, order_id, "in_progress")
    page = (await http.get(f"/orders/{order_id}/steps", params={"state": ["pending", "ready"]})).json()
    assert [step["number"] for step in page["steps"]] == [2]


async def test_step_shows_attempts_made_by_temporal(http: httpx.AsyncClient) -> None:
    order_id = await submitted(http, "patient")
    step = await step_in(http, order_id, "failed")
    assert step["attempts"] == 1
    assert step["next_attempt_at"]
    assert step["error"]["message"]


async def test_why_names_what_is_waited_for(http: httpx.AsyncClient) -> None:
    order_id = await submitted(http, "shop")
    await step_in(http, order_id, "in_progress")
    answer = (await http.get(f"/orders/{order_id}/why")).json()
    (reason,) = answer["reasons"]
    assert "event opened" in reason["waits_for"]
    assert reason["holds_up"] == 1
    of_second = (await http.get(f"/orders/{order_id}/why", params={"step": "2"})).json()
    assert of_second["reasons"][0]["number"] == 1
    error_of(await http.get(f"/orders/{order_id}/why", params={"step": "9"}), 404)


async def test_without_a_worker_an_order_is_read_from_the_record(
    idle: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("operations.reading.order_details.QUERY_TIMEOUT", 0.3)
    order = an_order("survey")
    await idle.post("/orders", json=order, params={"wait": 0.2})
    path = f"/orders/{order['id']}"
    found, why, steps, of_step = await asyncio.gather(
        read(idle, order["id"]), idle.get(f"{path}/why"), idle.get(f"{path}/steps"), idle.get(f"{path}/why?step=1")
    )
    assert (found["source"], found["state"], found["lines"]) == ("record", "acknowledged", [])
    assert "waits for a worker" in why.json()["reasons"][0]["sentence"]
    for response in (steps, of_step):
        assert error_of(response, 503)["code"] == "no_worker"


async def test_orders_are_listed_newest_first_and_filtered(http: httpx.AsyncClient) -> None:
    ids = [await submitted(http, "parcel", tracking="L") for _ in range(3)]

    async def listed(**criteria: str | int) -> list[Json]:
        response = await http.get("/orders", params={"limit": 1000, **criteria})
        assert response.status_code == 200, response.text
        return list(response.json()["orders"])

    found = await eventually(
        lambda: listed(product="parcel", state="in_progress"),
        lambda orders: set(ids) <= {order["order_id"] for order in orders},
    )
    ours = [order["order_id"] for order in found if order["order_id"] in ids]
    assert ours == list(reversed(ids))
    assert await listed(customer="C-'none'") == []
    assert len(await listed(limit=1)) == 1
    since = next(order["started_at"] for order in found if order["order_id"] == ids[1])
    assert {order["order_id"] for order in await listed(since=since)} >= set(ids[1:])
    assert ids[0] not in {order["order_id"] for order in await listed(since=since)}


async def test_waiting_ends_with_the_order_or_the_timeout(http: httpx.AsyncClient, orders: OrderClient) -> None:
    order_id = await submitted(http, "survey")
    with pytest.raises(TimedOut, match="it continues"):
        await orders.wait_until_ended(order_id, 0.1)
    await step_in(http, order_id, "in_progress")
    await http.post(f"/orders/{order_id}/steps/1/complete", json={"by": "ann", "data": {"answer": "yes"}})
    assert (await orders.wait_until_ended(order_id, 60)).state is OrderState.COMPLETED
    with pytest.raises(NotFound):
        await orders.wait_until_ended("G-none")


async def test_waiting_for_a_rejected_order_ends(orders: OrderClient) -> None:
    order = an_order("parcel")
    submission = await orders.submit(order)
    assert not submission.accepted
    assert (await orders.wait_until_ended(order["id"], 60)).state is OrderState.REJECTED


async def test_order_terminated_with_temporals_tools_counts_as_failed(
    http: httpx.AsyncClient, orders: OrderClient
) -> None:
    order_id = await submitted(http, "survey")
    await orders.client.get_workflow_handle(f"order/{order_id}").terminate("by an operator")
    assert (await orders.wait_until_ended(order_id, 60)).state is OrderState.FAILED
    refused = error_of(await http.post("/orders", json=an_order("survey", order_id)), 410)
    assert (refused["code"], refused["reason"]) == ("ended", "interrupted")
    assert refused["alternatives"][0]["action"] == "recover"


async def test_terminated_order_is_told_and_recovered(http: httpx.AsyncClient, orders: OrderClient) -> None:
    order_id = await submitted(http, "survey")
    await step_in(http, order_id, "in_progress")
    workflow = orders.client.get_workflow_handle(f"order/{order_id}")
    await until_at_rest(workflow)
    await workflow.terminate(reason="by an operator")
    order = await read(http, order_id)
    assert (order["state"], order["interrupted"]["kind"]) == ("failed", "terminated")
    assert order["interrupted"]["reason"] == "by an operator"
    (reason,) = (await http.get(f"/orders/{order_id}/why")).json()["reasons"]
    assert reason["actions"][0]["action"] == "recover"

    async def interrupted() -> list[str]:
        return [each["order_id"] for each in (await http.get("/fallout")).json().get("interrupted", [])]

    await eventually(interrupted, lambda ids: order_id in ids)
    recovered = await http.post(f"/orders/{order_id}/recover", json={"by": "ann", "reason": "by mistake"})
    assert recovered.status_code == 200
    order = await read(http, order_id)
    assert order["state"] == "in_progress"
    assert "interrupted" not in order
    refused = error_of(await http.post(f"/orders/{order_id}/recover", json={"by": "ann"}), 409)
    assert refused["reason"] == "not_interrupted"


async def test_ended_order_can_be_read(http: httpx.AsyncClient) -> None:
    order_id = await submitted(http, "parcel", tracking="R-end")
    await http.post(f"/orders/{order_id}/events", json={"name": "delivered", "key": "R-end"})
    order = await ended(http, order_id)
    assert order["ended_at"]
    steps = (await http.get(f"/orders/{order_id}/steps")).json()["steps"]
    assert [step["state"] for step in steps] == ["completed"]
    answer = (await http.get(f"/orders/{order_id}/why")).json()
    assert answer["reasons"] == []
    assert "completed" in answer["ended"]


@pytest.mark.parametrize(
    ("path", "query", "message"),
    [
        ("/orders", "custommer=C-1", "`custommer`: there is no such parameter; did you mean `customer`?"),
        ("/tasks", "state=open", "`state`: there is no such parameter"),
        ("/orders/G-none", "steps=true", "`steps`: there is no such parameter"),
        ("/orders", "limit=1&limit=2", "`limit`: it is given 2 times, and counts once"),
    ],
)
async def test_query_parameter_is_never_ignored(idle: httpx.AsyncClient, path: str, query: str, message: str) -> None:
    error = error_of(await idle.get(f"{path}?{query}"), 422)
    assert error["code"] == "invalid"
    assert message in error["message"]


async def test_repeated_state_is_a_union(http: httpx.AsyncClient) -> None:
    running, done = await submitted(http, "parcel", tracking="U-1"), await submitted(http, "parcel", tracking="U-2")
    await http.post(f"/orders/{done}/events", json={"name": "delivered", "key": "U-2"})
    await ended(http, done)

    async def listed(*states: str) -> set[str]:
        response = await http.get("/orders", params={"state": list(states), "product": "parcel", "limit": 1000})
        return {order["order_id"] for order in response.json()["orders"]}

    await eventually(lambda: listed("in_progress", "completed"), lambda found: {running, done} <= found)
    assert {running, done} <= await listed("completed", "in_progress")
    assert running not in await listed("completed")


async def test_tasks_are_listed_page_by_page(http: httpx.AsyncClient) -> None:
    customer = a_customer()
    ids = [await submitted(http, "survey", customer=customer) for _ in range(3)]
    for order_id in ids:
        await step_in(http, order_id, "in_progress")
    one: dict[str, str | int] = {"limit": 1, "customer": customer}

    async def pages() -> list[Json]:
        found = [(await http.get("/tasks", params=one)).json()]
        while cursor := found[-1]["next_cursor"]:
            found.append((await http.get("/tasks", params=one | {"cursor": cursor})).json())
        return found

    found = await eventually(
        pages, lambda found: set(ids) <= {task["order_id"] for page in found for task in page["tasks"]}
    )
    assert found[0]["order_count"] == 3
    assert error_of(await http.get("/tasks?cursor=x"), 422)["code"] == "invalid"


async def test_rejected_order_has_ended(http: httpx.AsyncClient, orders: OrderClient) -> None:
    order = an_order("parcel")
    await http.post("/orders", json=order)
    await orders.wait_until_ended(order["id"], 60)
    assert (await read(http, order["id"]))["ended_at"]
