"""Callbacks: an id completes its own step, once, even if it arrives early."""

from __future__ import annotations

import base64
from pathlib import Path

import httpx
import pytest
from temporalio.testing import WorkflowEnvironment

from activity_contract.callback_id import make_callback_id, read_callback_id
from operations.client import OrderClient
from operations.temporal.connection import server_address
from tests.support.gateway.http_requests import an_order, ended, error_of, step, step_in, submitted
from tests.support.gateway.process import SECRET, gateway_over
from tests.support.servers.desk_system import Desk
from tests.support.workers.gateway_worker import WorkerProcess, eventually

DONE = {"visit": "V-7"}


async def booked(http: httpx.AsyncClient, desk: Desk) -> tuple[str, str]:
    """The id of an order that waits for its callback, and the callback's path."""
    order_id = await submitted(http, "visit")
    path = await desk.callback_path(order_id)
    await eventually(lambda: step(http, order_id), lambda found: "callback" in (found["waits_for"] or ""))
    return order_id, path


async def test_callback_completes_its_step_without_a_token(http: httpx.AsyncClient, desk: Desk) -> None:
    order_id, path = await booked(http, desk)
    async with httpx.AsyncClient(base_url=http.base_url, trust_env=False) as system:
        response = await system.post(path, json=DONE)
    assert response.status_code == 200
    assert response.json() == {"status": "completed", "order_id": order_id, "step": (await step(http, order_id))["id"]}
    assert (await step_in(http, order_id, "completed"))["output"] == DONE


async def test_callback_counts_once(http: httpx.AsyncClient, desk: Desk) -> None:
    order_id, path = await booked(http, desk)
    assert (await http.post(path, json=DONE)).json()["status"] == "completed"
    again = await http.post(path, json=DONE)
    assert (again.status_code, again.json()["status"]) == (200, "duplicate")
    other = await http.post(path, json={"visit": "V-8"})
    assert (other.status_code, other.json()["status"]) == (200, "late")
    assert (await step(http, order_id))["output"] == DONE


async def test_callback_may_arrive_before_the_response_to_the_call(http: httpx.AsyncClient, desk: Desk) -> None:
    order = an_order("visit")
    desk.held.add(order["id"])
    await http.post("/orders", json=order)
    path = await desk.callback_path(order["id"])
    early = await http.post(path, json=DONE)
    assert (early.status_code, early.json()["status"]) == (202, "kept")
    assert (await http.post(path, json=DONE)).json()["status"] == "duplicate"
    desk.released.set()
    assert (await step_in(http, order["id"], "completed"))["output"] == DONE
    assert (await http.post(path, json=DONE)).json()["status"] == "duplicate"


@pytest.mark.parametrize("body", [b"", b"null", b'"done"', b"[1]"])
async def test_callback_body_is_any_json_or_empty(http: httpx.AsyncClient, desk: Desk, body: bytes) -> None:
    order_id, path = await booked(http, desk)
    assert (await http.post(path, content=body)).json()["status"] == "completed"
    await step_in(http, order_id, "completed")


async def test_malformed_callback_does_not_use_up_the_id(http: httpx.AsyncClient, desk: Desk) -> None:
    order_id, path = await booked(http, desk)
    assert error_of(await http.post(path, content=b"{not json"), 400)["code"] == "malformed"
    assert (await http.post(path, json=DONE)).json()["status"] == "completed"
    assert (await step_in(http, order_id, "completed"))["output"] == DONE


async def test_callback_for_an_ended_order_is_refused(http: httpx.AsyncClient, desk: Desk) -> None:
    order_id, path = await booked(http, desk)
    await http.post(path, json=DONE)
    await http.post(f"/orders/{order_id}/events", json={"name": "left"})
    await ended(http, order_id)
    assert error_of(await http.post(path, json={"visit": "other"}), 410)["code"] == "ended"


async def test_repeated_callback_of_an_ended_order_is_a_duplicate(http: httpx.AsyncClient, desk: Desk) -> None:
    order_id = await submitted(http, "appointment")
    path = await desk.callback_path(order_id)
    await eventually(lambda: http.post(path, json=DONE), lambda answer: answer.json()["status"] != "kept")
    await ended(http, order_id)
    again = await http.post(path, json=DONE)
    assert (again.status_code, again.json()["status"]) == (200, "duplicate")
    assert error_of(await http.post(path, json={"visit": "V-8"}), 410)["code"] == "ended"


async def test_unfit_callback_is_refused_and_can_be_corrected(http: httpx.AsyncClient, desk: Desk) -> None:
    order_id = await submitted(http, "appointment")
    path = await desk.callback_path(order_id)
    await eventually(lambda: step(http, order_id), lambda found: "callback" in (found["waits_for"] or ""))
    for _ in range(2):
        error = error_of(await http.post(path, json={"visits": 1}), 422)
        assert (error["code"], error["reason"]) == ("invalid", "unfit_payload")
        assert "visit" in error["message"]
    assert "did not fit" in (await step(http, order_id))["waits_for"]
    assert (await http.post(path, json=DONE)).json()["status"] == "completed"
    assert (await ended(http, order_id))["state"] == "completed"


async def test_forged_ids_complete_nothing_and_get_the_same_response(http: httpx.AsyncClient, desk: Desk) -> None:
    order_id, path = await booked(http, desk)
    claim = read_callback_id(SECRET, path.rpartition("/")[2])
    assert claim is not None
    genuine = path.rpartition("/")[2]
    forgeries = [
        make_callback_id(b"another secret", *claim),
        genuine[:-1] + ("A" if genuine[-1] != "A" else "B"),
        genuine[: len(genuine) // 2],
        genuine + "A",
        genuine + "=",
        base64.urlsafe_b64encode(f"{order_id}/{claim.step_id}".encode()).decode(),
        order_id,
        "x" * 4999,
    ]
    answers = [await http.post(f"/callbacks/{forged}", json=DONE) for forged in forgeries]
    assert {error_of(answer, 404)["message"] for answer in answers} == {"There is no such callback"}
    assert (await step(http, order_id))["state"] == "in_progress"


async def test_callback_id_completes_only_its_own_order(http: httpx.AsyncClient, desk: Desk) -> None:
    (mine, path), (other, _) = await booked(http, desk), await booked(http, desk)
    assert (await http.post(path, json=DONE)).json()["order_id"] == mine
    await step_in(http, mine, "completed")
    assert (await step(http, other))["state"] == "in_progress"


async def test_callback_id_with_an_unknown_step_or_key_is_refused(http: httpx.AsyncClient, desk: Desk) -> None:
    """Such an id needs the secret; it may be one of an earlier revision."""
    order_id, path = await booked(http, desk)
    claim = read_callback_id(SECRET, path.rpartition("/")[2])
    assert claim is not None
    no_step = make_callback_id(SECRET, order_id, "no.such@1", claim.key)
    error_of(await http.post(f"/callbacks/{no_step}", json=DONE), 404)
    old_key = make_callback_id(SECRET, order_id, claim.step_id, claim.key + "0")
    assert (await http.post(f"/callbacks/{old_key}", json=DONE)).json()["status"] == "late"
    unborn = make_callback_id(SECRET, "G-never-was", claim.step_id, claim.key)
    error_of(await http.post(f"/callbacks/{unborn}", json=DONE), 404)
    assert (await step(http, order_id))["state"] == "in_progress"


async def test_callback_id_does_not_appear_in_the_history(
    http: httpx.AsyncClient, desk: Desk, orders: OrderClient
) -> None:
    order_id, path = await booked(http, desk)
    await http.post(path, json=DONE)
    await step_in(http, order_id, "completed")
    history = await orders.client.get_workflow_handle(f"order/{order_id}").fetch_history()
    assert path.rpartition("/")[2] not in history.to_json()


async def test_callback_without_a_worker_is_kept_for_the_next_one(
    temporal: WorkflowEnvironment, desk: Desk, tmp_path: Path
) -> None:
    address, queue = server_address(temporal.client), "gateway-tests-callbacks"
    worker = WorkerProcess(address, queue, desk.url, tmp_path / "worker")
    try:
        await worker.ready()
        async with gateway_over(OrderClient(temporal.client, queue)) as http:
            order_id, path = await booked(http, desk)
            worker.close()
            kept = await http.post(path, json=DONE)
            assert (kept.status_code, kept.json()["status"]) == (202, "kept")
            worker = WorkerProcess(address, queue, desk.url, tmp_path / "next")
            await worker.ready()
            assert (await step_in(http, order_id, "completed"))["output"] == DONE
            assert (await http.post(path, json=DONE)).json()["status"] == "duplicate"
    finally:
        worker.close()
