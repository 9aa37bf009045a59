"""An order is fulfilled once, however often and by however many clients it is sent."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from pathlib import Path

import httpx
from temporalio.testing import WorkflowEnvironment

from operations.temporal.connection import server_address
from tests.support.gateway.http_requests import an_order, ended, error_of, read, submitted
from tests.support.gateway.process import BEARER, GatewayProcess
from tests.support.servers.desk_system import Desk
from tests.support.workers.gateway_worker import WorkerProcess, eventually


async def test_repeated_order_returns_the_running_one(
    http: httpx.AsyncClient,
) -> None:
    order = an_order("survey")
    first = await http.post("/orders", json=order)
    assert first.status_code == 201
    assert first.headers["location"] == f"/orders/{order['id']}"
    other_order_of_keys = json.dumps(dict(reversed(order.items())))
    again = await http.post("/orders", content=other_order_of_keys, headers={"Content-Type": "application/json"})
    assert again.status_code == 200
    assert again.json()["already_running"] is True
    assert again.json()["run_id"] == first.json()["run_id"]
    assert (await http.get(first.headers["location"])).json()["order_id"] == order["id"]


async def test_yaml_is_the_same_order(http: httpx.AsyncClient) -> None:
    order = an_order("survey")
    await http.post("/orders", json=order)
    text = f"id: {order['id']}\ncustomer: {{id: C-1}}\nlines:\n  - {{id: '1', product: survey, attributes: {{}}}}\n"
    response = await http.post("/orders", content=text, headers={"Content-Type": "application/yaml; charset=utf-8"})
    assert response.status_code == 200, response.text


async def test_different_content_under_the_same_id_is_a_conflict(http: httpx.AsyncClient) -> None:
    order_id = await submitted(http, "survey")
    response = await http.post("/orders", json=an_order("shop", order_id))
    assert error_of(response, 409)["code"] == "conflict"
    assert (await read(http, order_id))["products"] == ["survey"]


async def test_rejected_order_has_findings_and_does_not_use_up_its_id(http: httpx.AsyncClient) -> None:
    wrong = an_order("parcel")
    for _ in range(2):
        error = error_of(await http.post("/orders", json=wrong), 422)
        assert error["code"] == "rejected"
        assert "tracking" in error["findings"][0]["message"]
    corrected = await http.post("/orders", json=an_order("parcel", wrong["id"], tracking="T-corrected"))
    assert corrected.status_code == 201


async def test_order_runs_again_although_a_revision_was_asked_for_while_it_ran(http: httpx.AsyncClient) -> None:
    order = an_order("survey")
    first = await http.post("/orders", json=order)
    while_running = await http.post("/orders", json=order, params={"revision": True})
    assert (while_running.status_code, while_running.json()["run_id"]) == (200, first.json()["run_id"])
    await http.post(f"/orders/{order['id']}/cancel", json={"by": "ann"})
    await ended(http, order["id"])

    async def submit_again() -> httpx.Response:
        return await http.post("/orders", json=order, params={"revision": True})

    again = await eventually(submit_again, lambda answer: answer.status_code != 200)  # until the first run has closed
    assert again.status_code == 201, again.text
    assert again.json()["run_id"] != first.json()["run_id"]
    assert (await read(http, order["id"]))["revision"] == 2


async def test_ended_order_is_refused_unless_it_runs_as_a_new_revision(http: httpx.AsyncClient) -> None:
    order = an_order("shop")
    order_id = order["id"]
    await http.post("/orders", json=order)
    for name in ("opened", "closed"):
        await http.post(f"/orders/{order_id}/events", json={"name": name})
    await ended(http, order_id)
    error = error_of(await http.post("/orders", json=order), 410)
    assert error["code"] == "ended"
    assert "completed, with the same content" in error["message"]
    other = error_of(await http.post("/orders", json=an_order("survey", order_id)), 410)
    assert "with different content" in other["message"]
    new_runs = [await http.post("/orders", json=order, params={"revision": True}) for _ in range(2)]
    assert [response.status_code for response in new_runs] == [201, 200]
    assert (await read(http, order_id))["revision"] == 2
    for name in ("opened", "closed"):
        await http.post(f"/orders/{order_id}/events", json={"name": name})
    await ended(http, order_id)
    assert error_of(await http.post("/orders", json=order), 410)["code"] == "ended"


async def test_twenty_concurrent_submissions_start_one_order(http: httpx.AsyncClient) -> None:
    order = an_order("survey")
    answers = await asyncio.gather(*(http.post("/orders", json=order) for _ in range(20)))
    assert Counter(answer.status_code for answer in answers) == {201: 1, 200: 19}
    assert len({answer.json()["run_id"] for answer in answers}) == 1


async def test_twenty_concurrent_submissions_without_a_worker_are_all_stored(idle: httpx.AsyncClient) -> None:
    order = an_order("survey")
    answers = await asyncio.gather(*(idle.post("/orders", json=order, params={"wait": 1}) for _ in range(20)))
    assert Counter(answer.status_code for answer in answers) == {202: 20}
    assert len({answer.json()["run_id"] for answer in answers}) == 1
    assert {(answer.json()["state"], answer.json()["waiting_for_worker"]) for answer in answers} == {
        ("acknowledged", True)
    }


async def test_twenty_concurrent_submissions_of_an_invalid_order_are_all_rejected(http: httpx.AsyncClient) -> None:
    order = an_order("parcel")
    answers = await asyncio.gather(*(http.post("/orders", json=order) for _ in range(20)))
    assert {answer.status_code for answer in answers} == {422}


async def test_valid_order_is_not_rejected_for_an_invalid_one_with_its_id(http: httpx.AsyncClient) -> None:
    for _ in range(5):
        wrong = an_order("parcel")
        sound = an_order("parcel", wrong["id"], tracking=f"T-{wrong['id']}")
        answers = await asyncio.gather(*(http.post("/orders", json=order) for order in (wrong, sound)))
        assert answers[0].status_code in (409, 422)
        assert answers[1].status_code == 201


async def test_order_runs_once_although_the_gateway_is_killed_before_responding(
    temporal: WorkflowEnvironment, desk: Desk, tmp_path: Path
) -> None:
    address, queue = server_address(temporal.client), "gateway-tests-killed"
    order = an_order("shop")
    gateway = GatewayProcess("--address", address, "--task-queue", queue, log=tmp_path / "gateway")
    successor = worker = None
    try:
        async with httpx.AsyncClient(base_url=await gateway.ready(), headers=BEARER, trust_env=False) as http:
            sending = asyncio.create_task(http.post("/orders", json=order, params={"wait": 60}))
            await eventually(lambda: runs_of(temporal, order["id"]), lambda runs: runs == 1)
            gateway.kill()
            assert isinstance((await asyncio.gather(sending, return_exceptions=True))[0], httpx.TransportError)
        successor = GatewayProcess("--address", address, "--task-queue", queue, log=tmp_path / "successor")
        worker = WorkerProcess(address, queue, desk.url, tmp_path / "worker")
        await worker.ready()
        async with httpx.AsyncClient(
            base_url=await successor.ready(), headers=BEARER, timeout=60, trust_env=False
        ) as http:
            again = await http.post("/orders", json=order, params={"wait": 60})
            assert again.status_code == 200, again.text
            for name in ("opened", "closed"):
                await http.post(f"/orders/{order['id']}/events", json={"name": name})
            assert (await ended(http, order["id"]))["state"] == "completed"
    finally:
        for process in (gateway, successor, worker):
            if process:
                process.close()
    assert await runs_of(temporal, order["id"]) == 1


async def runs_of(temporal: WorkflowEnvironment, order_id: str) -> int:
    return (await temporal.client.count_workflows(f"WorkflowId = 'order/{order_id}'")).count
