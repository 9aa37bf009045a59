"""Step actions: staleness checks, and refusals that say what is possible instead."""

from __future__ import annotations

from urllib.parse import quote

import httpx
import pytest

from tests.support.gateway.http_requests import Json, ended, error_of, read, step, step_in, submitted
from tests.support.workers.gateway_worker import eventually

ANN = {"by": "ann", "reason": "asked by phone"}


async def acted(http: httpx.AsyncClient, order_id: str, act: str, name: str = "1", **body: object) -> httpx.Response:
    return await http.post(f"/orders/{order_id}/steps/{quote(name, safe='')}/{act}", json=ANN | body)


async def test_task_is_completed_with_the_form_data(http: httpx.AsyncClient) -> None:
    order_id = await submitted(http, "survey")
    await step_in(http, order_id, "in_progress")
    refused = error_of(await acted(http, order_id, "complete", data={"anser": "yes"}), 422)
    assert refused["code"] == "invalid"
    assert "answer" in refused["message"]
    done = await acted(http, order_id, "complete", data={"answer": "yes"}, expected="in_progress")
    assert done.status_code == 200, done.text
    assert done.json()["state"] == "completed"
    order = await ended(http, order_id)
    assert order["state"] == "completed"
    assert any(entry["by"] == "gateway for ann" and entry["reason"] == "asked by phone" for entry in order["history"])


async def test_action_on_an_ended_order_is_refused(http: httpx.AsyncClient) -> None:
    order_id = await submitted(http, "stubborn")
    await step_in(http, order_id, "fatally_failed")
    assert (await acted(http, order_id, "skip")).json()["already"] is False
    await ended(http, order_id)
    assert error_of(await acted(http, order_id, "skip"), 410)["code"] == "ended"


async def test_action_on_a_stale_step_is_refused(http: httpx.AsyncClient) -> None:
    order_id = await submitted(http, "stubborn")
    await step_in(http, order_id, "fatally_failed")
    stale = error_of(await acted(http, order_id, "retry", expected="in_progress"), 409)
    assert stale["code"] == "stale"
    assert "fatally_failed" in stale["message"]


async def test_refused_retry_says_what_is_possible_instead(
    http: httpx.AsyncClient,
) -> None:
    order_id = await submitted(http, "survey")
    await step_in(http, order_id, "in_progress")
    refused = error_of(await acted(http, order_id, "retry"), 409)
    assert refused["code"] == "not_now"
    assert refused["reason"] == "not_in_fallout"
    (alternative,) = refused["alternatives"]
    assert (alternative["action"], alternative["parameters"]) == ("complete", {"order_id": order_id, "step": "1"})
    assert "`" not in refused["message"]


async def test_retry_that_fails_again_returns_to_fallout(
    http: httpx.AsyncClient,
) -> None:
    order_id = await submitted(http, "stubborn")
    failed = await step_in(http, order_id, "fatally_failed")
    assert failed["error"]["message"]
    assert (await acted(http, order_id, "retry", name=failed["id"], expected="fatally_failed")).status_code == 200
    again = await eventually(
        lambda: step(http, order_id),
        lambda found: found["state"] == "fatally_failed" and found["error"]["at"] != failed["error"]["at"],
    )
    assert again["error"]["code"] == failed["error"]["code"]
    assert [entry for entry in (await read(http, order_id))["history"] if entry["by"] == "gateway for ann"]


async def test_step_in_fallout_is_completed_with_data(http: httpx.AsyncClient) -> None:
    order_id = await submitted(http, "stubborn")
    await step_in(http, order_id, "fatally_failed")
    assert (await acted(http, order_id, "complete", data={"done": "by hand"})).status_code == 200
    assert (await ended(http, order_id))["state"] == "completed"
    assert (await step(http, order_id))["output"] == {"done": "by hand"}


async def test_step_seen_between_two_attempts_is_not_stale(http: httpx.AsyncClient) -> None:
    order_id = await submitted(http, "patient")
    await step_in(http, order_id, "failed")
    refused = error_of(await acted(http, order_id, "retry", expected="failed"), 409)
    assert refused["code"] == "not_now"


@pytest.mark.parametrize("name", ["9", "0", "survey.aks@1", "a#b", "%2F", "ä"])
async def test_unknown_step_is_refused(http: httpx.AsyncClient, name: str) -> None:
    order_id = await submitted(http, "survey")
    assert error_of(await acted(http, order_id, "complete", name=name), 404)["code"] == "not_found"


async def test_unknown_order_is_refused_by_name(http: httpx.AsyncClient) -> None:
    for response in (
        await acted(http, "G-none", "complete"),
        await http.patch("/orders/G-none/characteristics", json=ANN | {"characteristics": {"paid": True}}),
        await http.get("/orders/G-none"),
        await http.get("/orders/G-none/steps"),
        await http.get("/orders/G-none/why"),
    ):
        error = error_of(response, 404)
        assert error["code"] == "not_found"
        assert "There is no order G-none" in error["message"]


async def test_setting_characteristics_completes_the_wait_for_them(http: httpx.AsyncClient) -> None:
    order_id = await submitted(http, "prepaid")
    await step_in(http, order_id, "in_progress")
    response = await http.patch(f"/orders/{order_id}/characteristics", json=ANN | {"characteristics": {"paid": True}})
    assert response.status_code == 200, response.text
    assert (await ended(http, order_id))["state"] == "completed"


async def test_fallout_and_tasks_are_listed_over_all_orders(http: httpx.AsyncClient) -> None:
    task, failed = await submitted(http, "survey"), await submitted(http, "stubborn")

    def of(shape: Json, key: str) -> set[str]:
        return {found["order_id"] for found in shape[key]}

    async def listed(path: str) -> Json:
        return dict((await http.get(path)).json())

    tasks = await eventually(lambda: listed("/tasks?limit=1000"), lambda shape: task in of(shape, "tasks"))
    assert failed not in of(tasks, "tasks")
    assert task in of(await listed("/tasks?queue=field_ops&limit=1000"), "tasks")
    assert of(await listed("/tasks?queue=nobody&limit=1000"), "tasks") == set()
    fallout = await eventually(lambda: listed("/fallout?limit=1000"), lambda shape: failed in of(shape, "fallout"))
    assert task not in of(fallout, "fallout")
    (found,) = (found for found in fallout["fallout"] if found["order_id"] == failed)
    assert found["step"]["state"] == "fatally_failed"
