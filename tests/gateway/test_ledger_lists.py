"""The gateway over a ledger, while Temporal is away: lists, groups, and orders that have ended."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest

from operations.client import OrderClient
from operations.reading.ledger_access import LedgerAccess
from operations.temporal.connection import ConnectionSettings, connect
from tests.support.gateway.process import NOWHERE, gateway_over
from tests.support.ledger.filled_ledgers import FilledLedger
from workflows.contract.states import OrderState

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest.fixture
async def http(filled: FilledLedger) -> AsyncIterator[httpx.AsyncClient]:
    ledger = LedgerAccess({"ORDO_LEDGER_URL": filled.engine.url.render_as_string(hide_password=False)})
    client = await connect(ConnectionSettings(NOWHERE), lazy=True)
    async with gateway_over(OrderClient(client, ledger=ledger)) as http:
        yield http
    ledger.close()


async def test_pages_of_a_sorted_list_follow_each_other(http: httpx.AsyncClient, filled: FilledLedger) -> None:
    wanted = sorted(
        (change.order.started_at, change.order_id)
        for change in filled.changes
        if change.order.state is OrderState.CANCELLED
    )
    found, query = [], {"state": "cancelled", "sort": "started:asc", "limit": "70"}
    while True:
        page = (await http.get("/orders", params=query)).raise_for_status().json()
        assert (page["total"], page["total_is_exact"], page["source"]) == (len(wanted), True, "ledger")
        found += [order["order_id"] for order in page["orders"]]
        if page["next_cursor"] is None:
            break
        query["cursor"] = page["next_cursor"]
    assert found == [order_id for _, order_id in wanted]


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("sort=name", "cannot be sorted by `name`, only by recent, order"),
        ("sort=started:up", "names no direction"),
        ("cursor=TABC", "not one that this list returned"),
        ("search=--", "no letter and no digit"),
        ("since=2026-01-01", "Input should have timezone info"),
        ("customr=C-1", "there is no such parameter"),
        ("jeopardy=soon", "Input should be 'on_track', 'at_risk' or 'late'"),
    ],
)
async def test_wrong_filter_says_what_is_possible(http: httpx.AsyncClient, query: str, message: str) -> None:
    response = await http.get(f"/orders?{query}")
    assert response.status_code == 422
    assert message in response.text


async def test_work_is_listed_soonest_due_first_and_grouped(http: httpx.AsyncClient) -> None:
    tasks = (await http.get("/tasks", params={"limit": 1000})).raise_for_status().json()
    due = [item["step"]["due"] for item in tasks["tasks"]]
    known = [each for each in due if each is not None]
    assert known == sorted(known)
    assert due[: len(known)] == known
    groups = (await http.get("/tasks/groups")).raise_for_status().json()["groups"]
    assert sum(group["tasks"] for group in groups) == tasks["total"] == len(due)
    fallout = (await http.get("/fallout", params={"sort": "since:desc"})).raise_for_status().json()
    causes = (await http.get("/fallout/groups")).raise_for_status().json()["groups"]
    assert sum(group["steps"] for group in causes) == fallout["total"] > 0
    cause = causes[0]
    narrowed = await http.get("/fallout", params={"system": cause["system"], "code": cause["code"]})
    assert narrowed.json()["total"] == cause["steps"]


async def test_ended_order_is_read_without_temporal(http: httpx.AsyncClient, filled: FilledLedger) -> None:
    change = next(change for change in filled.changes if change.order.state is OrderState.COMPLETED)
    path = f"/orders/{change.order_id}"
    order = (await http.get(path)).raise_for_status().json()
    assert (order["state"], order["source"], order["customer"]) == ("completed", "ledger", change.order.customer)
    steps = (await http.get(f"{path}/steps", params={"limit": 5})).raise_for_status().json()
    assert ([step["number"] for step in steps["steps"]], steps["next_offset"]) == ([1, 2, 3, 4, 5], 5)
    history = (await http.get(f"{path}/history")).raise_for_status().json()
    assert [entry.get("data") for entry in history["history"] if entry["by"]] == [{"outcome": "done"}]
    assert (await http.get(f"{path}/attempts")).raise_for_status().json()["attempts"] == []
    assert (await http.get(f"{path}/amendments")).raise_for_status().json()["amendments"] == []
    assert (await http.get(f"{path}/why")).raise_for_status().json()["ended"]
    assert (await http.get(f"{path}?source=live")).status_code == 503
    assert (await http.get("/orders/NOBODY/attempts")).status_code == 404
