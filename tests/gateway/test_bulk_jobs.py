"""Bulk jobs over HTTP, done by a real worker: begun once, listed, followed, paused, continued and stopped."""

from __future__ import annotations

import asyncio
import uuid
from pathlib import Path
from typing import Any

import httpx
import pytest

from operations.access.roles import Role
from operations.client import OrderClient
from tests.gateway.access.conftest import GatewayAccounts, caller
from tests.support.gateway.http_requests import Json, an_order, ended, error_of, step_in
from tests.support.gateway.process import gateway_over
from tests.support.workers.gateway_worker import eventually
from workflows.contract.bulk_messages import bulk_workflow_id

BEN: Json = {"by": "ben", "reason": "the desk is closed"}
QUICK: Json = {"pace": 50, "stop_after": None}


async def fallen(http: httpx.AsyncClient, count: int) -> tuple[str, list[str]]:
    """A customer, and so many orders of theirs in fallout, which lists know."""
    customer, names = f"C-{uuid.uuid4().hex[:8]}", []
    for _ in range(count):
        order = an_order("stubborn") | {"customer": {"id": customer}}
        assert (await http.post("/orders", json=order)).status_code == 201
        await step_in(http, order["id"], "fatally_failed")
        names.append(order["id"])
    await eventually(
        lambda: http.post("/bulk/skip", json=BEN | {"customer": customer, "dry_run": True}),
        lambda answer: len(answer.json()["targets"]) == count,
    )
    return customer, names


def new_id() -> str:
    return f"job-{uuid.uuid4().hex[:12]}"


async def job_in(http: httpx.AsyncClient, job: str, *states: str) -> Json:
    async def read() -> Json:
        answer = await http.get(f"/bulk-jobs/{job}")
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    return await eventually(read, lambda found: found["state"] in states)


async def change(http: httpx.AsyncClient, job: str, what: str, **body: Any) -> httpx.Response:
    return await http.post(f"/bulk-jobs/{job}/{what}", json=BEN | body)


async def test_a_job_does_all_that_fits_and_says_what_became_of_it(http: httpx.AsyncClient) -> None:
    customer, names = await fallen(http, 3)
    assert (await http.post(f"/orders/{names[0]}/steps/1/claim", json={"by": "kim"})).status_code == 200
    job = new_id()
    begun = await http.post("/bulk-jobs", json=BEN | QUICK | {"action": "skip", "customer": customer, "id": job})
    assert (begun.status_code, begun.headers["location"]) == (201, f"/bulk-jobs/{job}")
    document = begun.json()
    assert (document["already"], document["unanswered"]) == (False, [])
    assert document["job"] | {"started_at": ""} == {
        "job": job,
        "action": "skip",
        "state": "running",
        "by": "gateway for ben",
        "on_behalf_of": "ben",
        "reason": "the desk is closed",
        "about": f"steps in fallout · customer {customer}",
        "total": 3,
        "started_at": "",
        "ended_at": None,
    }
    done = await job_in(http, job, "done")
    counts = {outcome: count for outcome, count in done["counts"].items() if count}
    assert counts == {"done": 2, "left": 1}
    assert (done["pace"], done["stop_after"], done["failures"], done["by"]) == (50, None, 0, "gateway for ben")
    assert done["ended_at"] is not None
    for name in names[1:]:
        assert (await ended(http, name))["state"] == "completed"
    results = (await http.get(f"/bulk-jobs/{job}/results", params={"limit": 2})).json()
    assert (len(results["results"]), results["next_offset"]) == (2, 2)
    (left,) = (await http.get(f"/bulk-jobs/{job}/results", params={"outcome": "left"})).json()["results"]
    assert (left["order_id"], left["number"], left["message"]) == (names[0], 1, "kim holds it")


async def test_the_same_request_begins_one_job(http: httpx.AsyncClient) -> None:
    customer, _ = await fallen(http, 1)
    request = BEN | QUICK | {"action": "skip", "customer": customer, "id": new_id()}
    answers = await asyncio.gather(*(http.post("/bulk-jobs", json=request) for _ in range(3)))
    assert sorted(answer.status_code for answer in answers) == [200, 200, 201]
    await job_in(http, request["id"], "done")
    again = await http.post("/bulk-jobs", json=request)  # nothing fits any more
    assert (again.status_code, again.json()["already"], again.json()["job"]["total"]) == (200, True, 1)
    for other in ({"action": "retry"}, {"customer": "C-2"}, {"by": "kim"}, {"pace": 5}):
        refused = error_of(await http.post("/bulk-jobs", json=request | other), 409)
        assert refused["code"] == "conflict"
        assert "was begun by another request" in refused["message"]


async def test_where_nothing_fits_there_is_no_job(http: httpx.AsyncClient) -> None:
    job = new_id()
    answer = await http.post("/bulk-jobs", json=BEN | {"action": "retry", "customer": "nobody at all", "id": job})
    assert (answer.status_code, answer.json()) == (200, {"job": None, "already": False, "unanswered": []})
    for path in (f"/bulk-jobs/{job}", f"/bulk-jobs/{job}/results"):
        assert f"no bulk job {job}" in error_of(await http.get(path), 404)["message"]
    assert error_of(await change(http, job, "stop"), 404)["code"] == "not_found"


async def test_a_job_is_listed_paused_continued_and_stopped(http: httpx.AsyncClient) -> None:
    customer, _ = await fallen(http, 4)
    body = BEN | {"action": "claim", "customer": customer, "pace": 0.5}
    job = (await http.post("/bulk-jobs", json=body)).json()["job"]["job"]

    async def running() -> list[str]:
        return [each["job"] for each in (await http.get("/bulk-jobs", params={"running": True})).json()["jobs"]]

    await eventually(running, lambda jobs: job in jobs)
    assert (await change(http, job, "pause")).json() == {"job": job, "change": "pause"}
    assert (await job_in(http, job, "paused"))["changed_by"] == "gateway for ben"
    assert (await change(http, job, "continue")).status_code == 200
    await job_in(http, job, "running")
    assert (await change(http, job, "stop", by="lee", reason="wrong ones")).status_code == 200
    stopped = await job_in(http, job, "stopped")
    assert stopped["stop_reason"] == "gateway for lee stopped it (wrong ones)"
    assert stopped["counts"]["left"] >= 1
    late = error_of(await change(http, job, "pause"), 410)
    assert (late["code"], late["message"]) == ("ended", f"Bulk job {job} has ended")
    await eventually(running, lambda jobs: job not in jobs)
    pages: list[str] = []
    cursor: str | None = None
    while cursor is not None or not pages:
        params = {"limit": 1} | ({"cursor": cursor} if cursor else {})
        page = (await http.get("/bulk-jobs", params=params)).json()
        pages += [each["job"] for each in page["jobs"]]
        cursor = page["next_cursor"]
    assert pages.count(job) == 1
    assert len(pages) == len(set(pages))


async def test_a_job_that_was_ended_with_temporals_tools_says_so(http: httpx.AsyncClient, orders: OrderClient) -> None:
    customer, _ = await fallen(http, 2)
    body = BEN | {"action": "claim", "customer": customer, "pace": 0.1}
    job = (await http.post("/bulk-jobs", json=body)).json()["job"]["job"]
    await eventually(lambda: http.get(f"/bulk-jobs/{job}"), lambda answer: answer.is_success)
    await orders.client.get_workflow_handle(bulk_workflow_id(job)).terminate()
    assert (await job_in(http, job, "terminated"))["ended_at"] is not None
    assert error_of(await change(http, job, "stop"), 410)["code"] == "ended"


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ({}, "action"),
        ({"action": "recover"}, "no bulk job does this"),
        ({"action": "ratry"}, "did you mean `retry`"),
        ({"action": "retry", "id": "a/b"}, "id"),
        ({"action": "retry", "id": "new"}, "id"),
        ({"action": "retry", "dry_run": True}, "dry_run"),
        ({"action": "retry", "pace": 0}, "pace"),
    ],
    ids=str,
)
async def test_a_wrong_request_begins_nothing(http: httpx.AsyncClient, body: Json, told: str) -> None:
    response = await http.post("/bulk-jobs", json=BEN | body)
    assert error_of(response, 422)["code"] == "invalid"
    assert told in response.text


async def test_a_job_belongs_to_the_account_that_begins_it(orders: OrderClient, tmp_path: Path) -> None:
    """And an account changes only jobs whose action it may do itself."""
    accounts = GatewayAccounts(tmp_path / "accounts.yaml")
    operator = accounts.add("ann", Role.OPERATOR)
    portal = accounts.add("portal", Role.SUBMITTER)
    async with gateway_over(orders, accounts.settings) as http:
        ann, program = caller(http, operator), caller(http, portal)
        customer, names = await fallen(ann, 2)
        body = {"action": "claim", "customer": customer, "pace": 0.5}
        job = (await ann.post("/bulk-jobs", json=body)).json()["job"]
        assert (job["by"], job["on_behalf_of"]) == ("ann", None)
        refused = error_of(await program.post(f"/bulk-jobs/{job['job']}/stop", json={}), 403)
        assert refused["data"]["permission"] == "claim"
        assert (await ann.post(f"/bulk-jobs/{job['job']}/stop", json={})).status_code == 200
        cancel = {"action": "cancel", "customer": customer, "by": "kim", "pace": 50}
        begun = (await program.post("/bulk-jobs", json=cancel)).json()["job"]
        assert (begun["by"], begun["on_behalf_of"], begun["total"]) == ("portal for kim", "kim", 2)
        assert (await program.get(f"/bulk-jobs/{begun['job']}")).status_code == 200
        for name in names:
            assert (await ended(ann, name))["state"] == "cancelled"
        override = cancel | {"override": "because"}
        assert error_of(await program.post("/bulk-jobs", json=override), 403)["data"]["permission"] == "override"
        for client in (ann, program):
            await client.aclose()
