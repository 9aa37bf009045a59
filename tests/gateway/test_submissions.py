"""Each submission of an order over HTTP, from a ledger, while Temporal is away."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import Engine, insert

from ledger.database import write_transaction
from ledger.schema.tables import attempts
from operations.client import OrderClient
from operations.reading.ledger_access import LedgerAccess
from operations.temporal.connection import ConnectionSettings, connect
from tests.ledger.retention.ledger_orders import write
from tests.support.command_line import call
from tests.support.gateway.http_requests import error_of
from tests.support.gateway.process import NOWHERE, gateway_over
from tests.support.ledger.attempt_rows import attempt
from tests.support.ledger.simulated_orders import SimulatedOrder
from tests.support.ledger.submitted_again import BEGAN, fulfilled, rejected, second_revision, submitted_again

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest.fixture
async def http(ledger_database: Engine) -> AsyncIterator[httpx.AsyncClient]:
    ledger = LedgerAccess({"ORDO_LEDGER_URL": ledger_database.url.render_as_string(hide_password=False)})
    client = await connect(ConnectionSettings(NOWHERE), lazy=True)
    async with gateway_over(OrderClient(client, ledger=ledger)) as http:
        yield http
    ledger.close()


async def test_submissions_are_listed_and_read_by_their_numbers(
    http: httpx.AsyncClient, ledger_database: Engine
) -> None:
    write(ledger_database, *submitted_again("HS-1"))
    listed = (await http.get("/orders/HS-1/submissions")).raise_for_status().json()
    assert (listed["order_id"], listed["source"], listed["is_fed"]) == ("HS-1", "ledger", False)
    assert [(each["number"], each["state"], each["revision"], each["current"]) for each in listed["submissions"]] == [
        (1, "rejected", 1, False),
        (2, "completed", 1, False),
        (3, "in_progress", 2, True),
    ]
    assert set(listed["submissions"][0]) == {
        *("number", "state", "started_at", "ended_at", "revision", "catalogue_version", "current", "archived"),
        "erased_at",
    }
    for number, state, last in ((1, "rejected", "order rejected"), (2, "completed", "order completed")):
        order = (await http.get("/orders/HS-1", params={"submission": number})).raise_for_status().json()
        assert (order["state"], order["source"], order["started_at"]) == (
            *(state, "ledger"),
            listed["submissions"][number - 1]["started_at"],
        )
        path = f"/orders/HS-1/history?submission={number}&source=ledger"
        history = (await http.get(path)).raise_for_status().json()
        assert (history["state"], history["history"][-1]["what"]) == (state, last)


async def test_steps_attempts_and_amendments_of_each_submission_are_read(
    http: httpx.AsyncClient, ledger_database: Engine
) -> None:
    earlier = SimulatedOrder("HS-1", "earlier", step_count=3)
    write(ledger_database, earlier.complete(), earlier.amend(name="Nora"), earlier.begin(1), earlier.succeed(1))
    write(ledger_database, earlier.end(), *second_revision("HS-1"))
    with write_transaction(ledger_database) as connection:
        rows = [attempt("HS-1", "a.one@1", at, number) for number, at in enumerate((BEGAN[0], BEGAN[2]), start=1)]
        connection.execute(insert(attempts), rows)

    async def read(path: str, name: str) -> list[Any]:
        read = (await http.get(f"/orders/HS-1/{path}")).raise_for_status().json()
        return list(read[name])

    steps = [[step["state"] for step in await read(f"steps?submission={each}", "steps")] for each in (1, 2)]
    assert steps == [["completed", "pending", "pending", "pending"], ["in_progress", "pending", "pending"]]
    page = (await http.get("/orders/HS-1/steps?submission=1&state=pending&offset=1&limit=1")).json()
    assert ([step["number"] for step in page["steps"]], page["next_offset"]) == ([3], 2)
    for number, revisions in ((1, [2]), (2, [])):
        assert [each["number"] for each in await read(f"attempts?submission={number}", "attempts")] == [number]
        amended = await read(f"amendments?submission={number}", "amendments")
        assert [each["revision"] for each in amended] == revisions
    assert [each["number"] for each in await read("attempts", "attempts")] == [2]
    assert await read("amendments", "amendments") == []
    assert await read("attempts?submission=1&step=1", "attempts") == []


async def test_without_a_number_the_latest_is_read_as_before(http: httpx.AsyncClient, ledger_database: Engine) -> None:
    write(ledger_database, *submitted_again("HS-1"))
    for path in ("/orders/HS-1", "/orders/HS-1/history"):
        read = (await http.get(path, params={"source": "ledger"})).raise_for_status().json()
        numbered = (await http.get(path, params={"submission": 3})).raise_for_status().json()
        ages = {"as_of", "lag_seconds"}
        assert {name: read[name] for name in read.keys() - ages} == {
            name: numbered[name] for name in numbered.keys() - ages
        }


async def test_archived_submissions_are_listed_and_read(
    http: httpx.AsyncClient, ledger_database: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ORDO_LEDGER_URL", ledger_database.url.render_as_string(hide_password=False))
    write(ledger_database, *rejected("HS-1"), *fulfilled("HS-1"))
    with write_transaction(ledger_database) as connection:
        connection.execute(insert(attempts), attempt("HS-1", "a.one@1", BEGAN[1], 1))
    assert call("ledger", "archive", "--older-than", "1d", "--to", tmp_path).status == 0
    write(ledger_database, *second_revision("HS-1"))
    listed = (await http.get("/orders/HS-1/submissions")).raise_for_status().json()["submissions"]
    assert [(each["archived"], each["revision"]) for each in listed] == [(True, None), (True, None), (False, 2)]
    order = (await http.get("/orders/HS-1?submission=2")).raise_for_status().json()
    assert (order["state"], order["revision"]) == ("completed", 1)
    found = (await http.get("/orders/HS-1/attempts?submission=2")).raise_for_status().json()["attempts"]
    assert [each["step"] for each in found] == ["a.one@1"]


async def test_what_cannot_be_answered_is_refused(http: httpx.AsyncClient, ledger_database: Engine) -> None:
    write(ledger_database, *submitted_again("HS-1"))
    for path in ("/orders/HS-1", "/orders/HS-1/history"):
        unknown = error_of(await http.get(f"{path}?submission=4"), 404)
        assert unknown["message"] == "Order HS-1 has no submission 4, only 1 to 3"
        assert error_of(await http.get(f"{path}?submission=1&source=live"), 422)["code"] == "invalid"
        assert error_of(await http.get(f"{path}?submission=0"), 422)["code"] == "invalid"
        assert error_of(await http.get(f"{path}?submission=first"), 422)["code"] == "invalid"
    for path in ("steps", "attempts", "amendments"):
        unknown = error_of(await http.get(f"/orders/HS-1/{path}?submission=4"), 404)
        assert unknown["message"] == "Order HS-1 has no submission 4, only 1 to 3"
    assert error_of(await http.get("/orders/HS-2/submissions"), 404)["code"] == "not_found"


async def test_submissions_need_a_ledger(cut_off: httpx.AsyncClient) -> None:
    for path in ("submissions", "history?submission=1", "steps?submission=1", "attempts?submission=1"):
        error = error_of(await cut_off.get(f"/orders/HS-1/{path}"), 422)
        assert (error["code"], "Only a ledger keeps this" in error["message"]) == ("invalid", True)
