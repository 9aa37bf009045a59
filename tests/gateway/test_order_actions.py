"""Operator actions over HTTP: assignment, notes, history, hold, cancel, bulk actions."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import httpx
import pytest

from tests.support.gateway.http_requests import Json, a_customer, ended, error_of, read, step, step_in, submitted
from tests.support.workers.gateway_worker import eventually

ANN = {"by": "ann", "reason": "asked by phone"}
CODE = "409"
"""The error code of `stubborn`."""


async def post(http: httpx.AsyncClient, path: str, **body: Any) -> Json:
    response = await http.post(path, json=ANN | body)
    assert response.status_code == 200, response.text
    answer: Json = response.json()
    return answer


async def fallen(http: httpx.AsyncClient, customer: str = "C-1") -> str:
    order_id = await submitted(http, "stubborn", customer=customer)
    await step_in(http, order_id, "fatally_failed")
    return order_id


async def test_one_of_several_concurrent_claims_wins(http: httpx.AsyncClient) -> None:
    order_id = await fallen(http)
    names = ["ann", "bob", "kim"]
    answers = await asyncio.gather(
        *(http.post(f"/orders/{order_id}/steps/1/claim", json={"by": name, "expected_holder": ""}) for name in names)
    )
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409]
    winner = names[[answer.status_code for answer in answers].index(200)]
    assert (await step(http, order_id))["holder"] == winner
    loser = next(answer for answer in answers if answer.status_code == 409)
    assert error_of(loser, 409)["code"] == "stale"
    assert winner in error_of(loser, 409)["message"]
    refused = await http.post(f"/orders/{order_id}/steps/1/retry", json=ANN | {"expected_holder": ""})
    assert error_of(refused, 409)["code"] == "stale"
    refused = await http.post(f"/orders/{order_id}/steps/1/skip", json=ANN | {"by": "zoe"})
    assert (error_of(refused, 409)["code"], error_of(refused, 409)["reason"]) == ("not_now", "already_claimed")
    taken = await http.post(f"/orders/{order_id}/steps/1/skip", json=ANN | {"by": "zoe", "take_over": True})
    assert taken.status_code == 200


async def test_assignment_and_note_appear_in_the_history(http: httpx.AsyncClient) -> None:
    order_id = await fallen(http)
    await post(http, f"/orders/{order_id}/steps/1/assign", data={"to": "kim"})
    note = await http.post(f"/orders/{order_id}/notes", json={"by": "ann", "text": "shop is closed", "step": "1"})
    assert note.status_code == 200, note.text
    history = (await http.get(f"/orders/{order_id}/history")).json()["history"]
    entries = [(entry["what"], entry["by"], entry["reason"]) for entry in history if entry["by"]]
    assert entries == [
        ("assigned to kim", "gateway for ann", "asked by phone"),
        ("note", "gateway for ann", "shop is closed"),
    ]
    assert error_of(await http.post(f"/orders/{order_id}/notes", json={"by": "ann", "text": ""}), 422)


async def test_order_is_held_and_resumed(http: httpx.AsyncClient) -> None:
    order_id = await submitted(http, "survey")
    await step_in(http, order_id, "in_progress")
    assert "is held" in (await post(http, f"/orders/{order_id}/hold", expected="in_progress"))["message"]
    order = await read(http, order_id)
    assert [(hold["scope"], hold["by"]) for hold in order["held"]] == [("order", "gateway for ann")]
    assert (await post(http, f"/orders/{order_id}/hold"))["already"] is True
    await post(http, f"/orders/{order_id}/resume")
    assert (await read(http, order_id))["held"] == []


async def test_order_is_assessed_and_cancelled(http: httpx.AsyncClient) -> None:
    order_id = await submitted(http, "survey")
    await step_in(http, order_id, "in_progress")
    would = await post(http, f"/orders/{order_id}/cancel", assess=True)
    assert would["assessment"]["refused"] is False
    stale = await http.post(f"/orders/{order_id}/cancel", json=ANN | {"expected": "held"})
    assert error_of(stale, 409)["code"] == "stale"
    await post(http, f"/orders/{order_id}/cancel", expected="in_progress")
    assert (await ended(http, order_id))["state"] == "cancelled"


async def test_unknown_line_is_not_rolled_back(http: httpx.AsyncClient) -> None:
    order_id = await fallen(http)
    response = await http.post(f"/orders/{order_id}/rollback", json=ANN | {"line": "9"})
    assert "has no line `9`" in error_of(response, 404)["message"]
    await post(http, f"/orders/{order_id}/rollback", line="1")
    assert (await ended(http, order_id))["state"] in ("failed", "cancelled")


async def test_step_that_has_not_run_is_not_redone(http: httpx.AsyncClient) -> None:
    order_id = await submitted(http, "shop")
    response = await http.post(f"/orders/{order_id}/steps/2/redo", json=ANN)
    assert "has not run yet" in error_of(response, 409)["message"]


async def lines_of(http: httpx.AsyncClient, act: str, **body: Any) -> list[Json]:
    async with http.stream("POST", f"/bulk/{act}", json=ANN | body, timeout=60) as response:
        assert response.status_code == 200
        assert response.headers["content-type"].startswith("application/x-ndjson")
        return [json.loads(line) async for line in response.aiter_lines()]


async def listed(http: httpx.AsyncClient, orders: set[str], **body: Any) -> list[Json]:
    """The targets of a dry run, once it lists these orders."""

    async def ask() -> list[Json]:
        found: list[Json] = (await post(http, "/bulk/skip", dry_run=True, **body))["targets"]
        return found

    return await eventually(ask, lambda found: orders <= {each["order_id"] for each in found})


async def test_bulk_action_streams_results_and_a_summary(http: httpx.AsyncClient) -> None:
    customer = a_customer()
    names = {await fallen(http, customer) for _ in range(2)}
    targets = await listed(http, names, customer=customer, system="desk", code=CODE)
    assert {(each["order_id"], each["number"], each["code"]) for each in targets} == {(name, 1, CODE) for name in names}
    results = await lines_of(http, "skip", customer=customer, system="desk", code=CODE, pace=50, stop_after=None)
    assert {(each["order_id"], each["outcome"]) for each in results[:-1]} == {(name, "done") for name in names}
    summary = results[-1]["summary"]
    assert (len(summary["done"]), summary["left"]) == (2, [])
    for name in names:
        assert (await ended(http, name))["state"] == "completed"


async def test_bulk_retry_stops_when_retries_fail_again(http: httpx.AsyncClient) -> None:
    customer = a_customer()
    names = {await fallen(http, customer) for _ in range(3)}
    await listed(http, names, customer=customer, code=CODE)
    results = await lines_of(http, "retry", customer=customer, code=CODE, pace=50, stop_after=1)
    summary = results[-1]["summary"]
    assert len(summary["failed_again"]) == 1
    assert summary["stopped"] == "1 has failed"
    assert len(summary["left"]) == 2


@pytest.mark.parametrize("body", [{"pace": 0}, {"limit": 0}, {"since": "soon"}, {"sytem": "desk"}, {"by": ""}])
async def test_bulk_action_with_an_invalid_filter_is_refused(http: httpx.AsyncClient, body: Json) -> None:
    assert error_of(await http.post("/bulk/cancel", json=ANN | body), 422)["code"] == "invalid"
    assert (await http.post("/bulk/annul", json=ANN)).status_code == 404
