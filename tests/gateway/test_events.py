"""Events: early, repeated, late, ambiguous and unknown ones, with and without a worker."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import httpx
import pytest
from temporalio.testing import WorkflowEnvironment

from operations.client import OrderClient
from operations.temporal.connection import server_address
from tests.support.gateway.http_requests import an_order, ended, error_of, read, step, step_in, submitted
from tests.support.gateway.process import BEARER, GatewayProcess, gateway_over
from tests.support.servers.desk_system import Desk
from tests.support.workers.gateway_worker import WorkerProcess, eventually


async def delivered(http: httpx.AsyncClient, order_id: str, status: int = 200, **event: object) -> object:
    """The status of the delivery."""
    response = await http.post(f"/orders/{order_id}/events", json=event)
    assert response.status_code == status, response.text
    return response.json()["status"]


async def by_key(http: httpx.AsyncClient, status: int = 200, **event: object) -> dict[str, object]:
    response = await http.post("/events", json={"name": "delivered", **event})
    assert response.status_code == status, response.text
    return dict(response.json())


async def test_event_completes_the_step_that_waits_for_it(http: httpx.AsyncClient) -> None:
    order_id = await submitted(http, "parcel", tracking="T-1")
    await step_in(http, order_id, "in_progress")
    response = await http.post(
        f"/orders/{order_id}/events", json={"name": "delivered", "key": "T-1", "payload": {"to": "Elm"}}
    )
    assert response.json() == {"status": "completed", "order_id": order_id, "step": (await step(http, order_id))["id"]}
    assert (await ended(http, order_id))["state"] == "completed"
    assert (await step(http, order_id))["output"] == {"to": "Elm"}


async def test_event_before_its_order_is_kept(http: httpx.AsyncClient) -> None:
    order = an_order("parcel", tracking="T-early")
    assert await delivered(http, order["id"], 202, name="delivered", key="T-early") == "kept"
    assert await delivered(http, order["id"], 200, name="delivered", key="T-early") == "duplicate"
    assert (await http.post("/orders", json=order)).status_code == 201
    assert (await ended(http, order["id"]))["state"] == "completed"


async def test_event_for_a_rejected_order_is_kept_for_the_corrected_one(http: httpx.AsyncClient) -> None:
    wrong = an_order("parcel")
    error_of(await http.post("/orders", json=wrong), 422)
    assert await delivered(http, wrong["id"], 202, name="delivered", key="T-corrected-later") == "kept"
    await http.post("/orders", json=an_order("parcel", wrong["id"], tracking="T-corrected-later"))
    assert (await ended(http, wrong["id"]))["state"] == "completed"


async def test_event_before_its_step_is_kept(http: httpx.AsyncClient) -> None:
    order_id = await submitted(http, "shop")
    assert await delivered(http, order_id, 202, name="closed") == "kept"
    assert await delivered(http, order_id, name="closed") == "duplicate"
    assert await delivered(http, order_id, name="opened") == "completed"
    assert (await ended(http, order_id))["state"] == "completed"


async def test_event_id_counts_once_whatever_the_content(http: httpx.AsyncClient) -> None:
    order_id = await submitted(http, "shop")
    assert await delivered(http, order_id, name="opened", event_id="e-1") == "completed"
    assert await delivered(http, order_id, name="opened", event_id="e-1", payload={"again": True}) == "duplicate"
    assert await delivered(http, order_id, name="opened", event_id="e-2") == "late"


async def test_event_that_fits_two_steps_must_name_one(http: httpx.AsyncClient) -> None:
    order_id = await submitted(http, "contract")
    await step_in(http, order_id, "in_progress", 2)
    response = await http.post(f"/orders/{order_id}/events", json={"name": "signed"})
    error = error_of(response, 409)
    assert error["code"] == "ambiguous"
    steps = [(await step(http, order_id, number))["id"] for number in (1, 2)]
    assert all(name in error["message"] for name in steps)
    assert await delivered(http, order_id, name="signed", step=steps[1]) == "completed"
    assert (await step(http, order_id, 1))["state"] == "in_progress"
    assert await delivered(http, order_id, name="signed", step="1") == "completed"
    assert (await ended(http, order_id))["state"] == "completed"


async def test_event_that_no_step_waits_for_is_refused(http: httpx.AsyncClient) -> None:
    order_id = await submitted(http, "shop")
    error = error_of(await http.post(f"/orders/{order_id}/events", json={"name": "opend"}), 404)
    assert "opened" in error["message"]


async def test_event_for_an_ended_order_is_refused(http: httpx.AsyncClient) -> None:
    order_id = await submitted(http, "parcel", tracking="T-end")
    await delivered(http, order_id, name="delivered", key="T-end")
    await ended(http, order_id)
    error = error_of(await http.post(f"/orders/{order_id}/events", json={"name": "delivered"}), 410)
    assert error["code"] == "ended"


async def test_repeated_event_of_an_ended_order_is_a_duplicate(http: httpx.AsyncClient) -> None:
    order_id = await submitted(http, "parcel", tracking="T-again")
    assert await delivered(http, order_id, name="delivered", key="T-again", event_id="e-1") == "completed"
    await ended(http, order_id)
    assert await delivered(http, order_id, name="delivered", key="T-again", event_id="e-1") == "duplicate"


async def test_events_by_key_complete_equal_steps_one_after_the_other(
    http: httpx.AsyncClient, orders: OrderClient
) -> None:
    order = an_order("letter")
    order["lines"] = [{**order["lines"][0], "id": str(number)} for number in (1, 2, 3)]
    assert (await http.post("/orders", json=order)).status_code == 201
    box = orders.client.get_workflow_handle(f"mailbox/key/posted/{order['id']}")
    await eventually(lambda: subscribers(box), lambda found: found == {order["id"]})
    for number in (1, 2, 3):
        await step_in(http, order["id"], "in_progress", number)
        answer = await by_key(http, name="posted", key=order["id"], event_id=f"e-{number}")
        assert answer["status"] == "delivered"
        await step_in(http, order["id"], "completed", number)
    assert (await ended(http, order["id"]))["state"] == "completed"


async def test_event_by_key_that_fits_several_steps_is_kept_and_shown(http: httpx.AsyncClient) -> None:
    order_id = await submitted(http, "offer_letter")
    await step_in(http, order_id, "in_progress", 2)
    await eventually(
        lambda: by_key_any(http, name="answered", key=order_id, event_id="e-1"),
        lambda found: found["status"] in ("delivered", "duplicate"),
    )
    why = await eventually(lambda: reasons_of(http, order_id), lambda found: bool(found["kept"]))
    assert "fits" in why["kept"][0]
    assert why["reasons"][0]["actions"][0]["parameters"]["event_id"] == "e-1"
    assert await delivered(http, order_id, name="answered", event_id="e-1", step="2") == "completed"
    assert (await step(http, order_id, 1))["state"] == "in_progress"


async def reasons_of(http: httpx.AsyncClient, order_id: str) -> dict[str, Any]:
    return dict((await http.get(f"/orders/{order_id}/why")).json())


async def test_event_by_key_goes_to_the_order_that_waits_for_it(http: httpx.AsyncClient) -> None:
    order_id = await submitted(http, "parcel", tracking="K-one")
    other = await submitted(http, "parcel", tracking="K-other")
    answer = await eventually(lambda: by_key_any(http, key="K-one"), lambda found: found["status"] != "kept")
    assert answer["status"] in ("delivered", "duplicate")
    assert (await ended(http, order_id))["state"] == "completed"
    assert (await read(http, other))["state"] == "in_progress"


async def by_key_any(http: httpx.AsyncClient, **event: object) -> dict[str, object]:
    response = await http.post("/events", json={"name": "delivered", **event})
    assert response.is_success, response.text
    return dict(response.json())


async def test_event_by_key_is_kept_for_the_order_that_will_wait(http: httpx.AsyncClient) -> None:
    assert (await by_key(http, 202, key="K-none"))["status"] == "kept"
    assert (await by_key(http, 200, key="K-none"))["status"] == "duplicate"
    order_id = await submitted(http, "parcel", tracking="K-none")
    assert (await ended(http, order_id))["state"] == "completed"


async def test_event_by_key_for_two_orders_is_refused_with_their_ids(
    http: httpx.AsyncClient, orders: OrderClient
) -> None:
    two = [await submitted(http, "parcel", tracking="K-two") for _ in range(2)]
    box = orders.client.get_workflow_handle("mailbox/key/delivered/K-two")
    await eventually(lambda: subscribers(box), lambda found: found == set(two))
    error = error_of(await http.post("/events", json={"name": "delivered", "key": "K-two", "event_id": "k-2"}), 409)
    assert error["code"] == "ambiguous"
    assert all(order_id in error["message"] for order_id in two)
    # The same event, now for one that is named, has not been used up by the refusal.
    assert await delivered(http, two[0], name="delivered", key="K-two", event_id="k-2") == "completed"
    await ended(http, two[0])
    await eventually(lambda: subscribers(box), lambda found: found == {two[1]})
    assert (await by_key(http, key="K-two", event_id="k-3"))["status"] == "delivered"
    assert (await ended(http, two[1]))["state"] == "completed"


async def subscribers(box: object) -> set[str]:
    contents = await box.query("contents")  # type: ignore[attr-defined]
    return set(contents["subscribers"])


@pytest.mark.parametrize("key", ["a/b", "mailbox/key", "ключ", "%2F", " ", "x" * 200])
async def test_key_may_contain_any_characters(http: httpx.AsyncClient, key: str) -> None:
    order_id = await submitted(http, "parcel", tracking=key)
    await http.post("/events", json={"name": "delivered", "key": key})
    assert (await ended(http, order_id))["state"] == "completed"


@pytest.mark.parametrize("payload", [None, 10**18, "\0 ключ", {"a": [1.5, {}]}, json.loads("[" * 150 + "]" * 150)])
async def test_payload_is_any_json(http: httpx.AsyncClient, payload: object) -> None:
    order_id = await submitted(http, "shop")
    assert await delivered(http, order_id, name="opened", payload=payload) == "completed"
    assert (await step_in(http, order_id, "completed"))["output"] == payload


async def test_name_and_key_too_long_for_a_mailbox_are_refused(http: httpx.AsyncClient) -> None:
    response = await http.post("/events", json={"name": "я" * 200, "key": "я" * 200})
    assert "too long" in error_of(response, 422)["message"]


async def test_events_count_once_without_a_worker_and_across_a_gateway_kill(
    temporal: WorkflowEnvironment, desk: Desk, tmp_path: Path
) -> None:
    address, queue = server_address(temporal.client), "gateway-tests-events"
    known, unborn, keyed = (an_order("parcel", tracking=f"T-dark-{number}") for number in range(3))
    opened = {"name": "delivered", "event_id": "dark", "key": "T-dark-0"}
    gateway = GatewayProcess("--address", address, "--task-queue", queue, log=tmp_path / "gateway")
    worker = None
    try:
        async with httpx.AsyncClient(
            base_url=await gateway.ready(), headers=BEARER, timeout=60, trust_env=False
        ) as http:
            assert (await http.post("/orders", json=known, params={"wait": 0.5})).status_code == 202
            answers = await asyncio.gather(
                http.post(f"/orders/{known['id']}/events", json=opened),
                http.post(f"/orders/{unborn['id']}/events", json={"name": "delivered", "key": "T-dark-1"}),
                http.post("/events", json={"name": "delivered", "key": "T-dark-2"}),
            )
            assert [answer.status_code for answer in answers] == [202, 202, 202]
            gateway.kill()
        worker = WorkerProcess(address, queue, desk.url, tmp_path / "worker")
        await worker.ready()
        async with gateway_over(OrderClient(temporal.client, queue)) as http:
            assert (await ended(http, known["id"]))["state"] == "completed"
            for order in (unborn, keyed):
                assert (await http.post("/orders", json=order)).status_code == 201
                assert (await ended(http, order["id"]))["state"] == "completed"
    finally:
        gateway.close()
        if worker:
            worker.close()
