"""Accounts at a gateway with a running worker: who acts, for whom, on which work; tokens that change meanwhile."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from operations.access.account_changes import revoke_tokens, rotate_token
from operations.access.accounts_file import changing_accounts
from operations.access.failed_sign_ins import MAX_FAILURES
from operations.access.roles import Role
from operations.client import OrderClient
from tests.gateway.access.conftest import GatewayAccounts, bearer, caller
from tests.support.gateway.http_requests import an_order, ended, error_of, read, step, step_in, submitted
from tests.support.gateway.process import NOWHERE, GatewayProcess, gateway_over

HOSTILE = ["<script>alert(1)</script>", "\u202enna", "x" * 200, "ann for bob", "ann\nbob", '"; drop table orders; --']


@asynccontextmanager
async def site(orders: OrderClient, accounts: GatewayAccounts) -> AsyncIterator[httpx.AsyncClient]:
    """A client of an admin."""
    headers = accounts.add("root", Role.ADMIN)
    async with gateway_over(orders, accounts.settings) as http, caller(http, headers) as admin:
        yield admin


async def people_in_history(http: httpx.AsyncClient, order_id: str) -> list[tuple[str, str]]:
    history = (await http.get(f"/orders/{order_id}/history")).json()["history"]
    return [(entry["what"], entry["by"]) for entry in history if entry["by"]]


async def test_a_warehouse_sends_events_and_cannot_cancel_or_read(
    orders: OrderClient, accounts: GatewayAccounts
) -> None:
    async with site(orders, accounts) as admin, caller(admin, accounts.add("warehouse", Role.SENDER)) as warehouse:
        order_id = await submitted(admin, "parcel", tracking="T-77")
        refused = error_of(await warehouse.post(f"/orders/{order_id}/cancel", json={"by": "ann"}), 403)
        assert refused["data"] == {
            "account": "warehouse",
            "permission": "cancel",
            "roles": ["admin", "operator", "submitter"],
        }
        assert error_of(await warehouse.get(f"/orders/{order_id}"), 403)["code"] == "forbidden"
        sent = await warehouse.post("/events", json={"name": "delivered", "key": "T-77"})
        assert sent.status_code in (200, 202)
        assert (await ended(admin, order_id))["state"] == "completed"


async def test_the_account_is_who_acts_and_the_name_in_the_body_is_kept(
    orders: OrderClient, accounts: GatewayAccounts
) -> None:
    async with site(orders, accounts) as admin, caller(admin, accounts.add("portal", Role.OPERATOR)) as portal:
        order_id = await submitted(admin, "survey")
        await step_in(admin, order_id, "in_progress")
        path = f"/orders/{order_id}/steps/1"
        assert (await portal.post(f"{path}/claim", json={"by": "ann"})).status_code == 200
        assert (await step(admin, order_id))["holder"] == "ann"
        other = error_of(await portal.post(f"{path}/complete", json={"by": "bob", "data": {"answer": "x"}}), 409)
        assert other["reason"] == "already_claimed"
        done = await portal.post(f"{path}/complete", json={"by": "ann", "data": {"answer": "x"}})
        assert done.status_code == 200, done.text
        await ended(admin, order_id)
        assert await people_in_history(admin, order_id) == [
            ("claimed", "portal for ann"),
            ("completed", "portal for ann"),
        ]


async def test_an_account_that_acts_for_itself_needs_no_name(orders: OrderClient, accounts: GatewayAccounts) -> None:
    async with site(orders, accounts) as admin, caller(admin, accounts.add("ann", Role.OPERATOR)) as ann:
        order_id = await submitted(admin, "survey")
        await step_in(admin, order_id, "in_progress")
        assert (await ann.post(f"/orders/{order_id}/hold", json={})).status_code == 200
        assert (await ann.post(f"/orders/{order_id}/resume", json={"by": "ann"})).status_code == 200
        assert {by for _, by in await people_in_history(admin, order_id)} == {"ann"}


async def test_an_operator_with_queues_acts_on_their_work_alone(orders: OrderClient, accounts: GatewayAccounts) -> None:
    field = accounts.add("kim", Role.OPERATOR, queues=("field_ops",))
    care = accounts.add("lee", Role.OPERATOR, queues=("care", "billing"))
    async with site(orders, accounts) as admin, caller(admin, field) as kim, caller(admin, care) as lee:
        order_id = await submitted(admin, "survey")
        task = await step_in(admin, order_id, "in_progress")
        path = f"/orders/{order_id}/steps/{task['id']}"
        refused = error_of(await lee.post(f"{path}/claim", json={}), 403)
        assert "is in the queue `field_ops`" in refused["message"]
        assert refused["data"]["queues"] == ["billing", "care"]
        assert error_of(await kim.post(f"/orders/{order_id}/cancel", json={}), 403)["data"]["permission"] == "cancel"
        assert error_of(await kim.post(f"/orders/{order_id}/steps/9/claim", json={}), 404)["code"] == "not_found"
        assert (await kim.get("/tasks", params={"limit": 1})).status_code == 200
        assert (await kim.post(f"/orders/{order_id}/notes", json={"text": "on my way"})).status_code == 200
        assert (await kim.post(f"{path}/complete", json={"data": {"answer": "x"}})).status_code == 200
        assert (await ended(admin, order_id))["state"] == "completed"


async def test_fallout_in_no_queue_is_not_the_work_of_a_limited_operator(
    orders: OrderClient, accounts: GatewayAccounts
) -> None:
    async with (
        site(orders, accounts) as admin,
        caller(admin, accounts.add("kim", Role.OPERATOR, queues=("field_ops",))) as kim,
    ):
        order_id = await submitted(admin, "stubborn")
        await step_in(admin, order_id, "fatally_failed")
        refused = error_of(await kim.post(f"/orders/{order_id}/steps/1/skip", json={}), 403)
        assert "is in no queue" in refused["message"]
        assert (await step(admin, order_id))["state"] == "fatally_failed"


async def test_a_submitter_submits_reads_amends_and_cancels(orders: OrderClient, accounts: GatewayAccounts) -> None:
    async with site(orders, accounts) as admin, caller(admin, accounts.add("crm", Role.SUBMITTER)) as crm:
        order_id = await submitted(crm, "parcel", tracking="T-78")
        assert (await read(crm, order_id))["state"] == "in_progress"
        amended = await crm.put(f"/orders/{order_id}", json=an_order("parcel", order_id, tracking="T-79"))
        assert amended.status_code == 200, amended.text
        assert error_of(await crm.get("/orders"), 403)["data"]["permission"] == "list_orders"
        assert (await crm.post(f"/orders/{order_id}/cancel", json={"by": "ann"})).status_code == 200
        assert (await ended(admin, order_id))["state"] == "cancelled"
        assert any(by == "crm for ann" for _, by in await people_in_history(admin, order_id))


@pytest.mark.parametrize("name", HOSTILE)
async def test_hostile_names_behind_an_account_stay_behind_it(
    orders: OrderClient, accounts: GatewayAccounts, name: str
) -> None:
    async with site(orders, accounts) as admin:
        order_id = await submitted(admin, "survey")
        await step_in(admin, order_id, "in_progress")
        done = await admin.post(f"/orders/{order_id}/notes", json={"by": name, "text": "seen"})
        assert done.status_code == 200, done.text
        assert await people_in_history(admin, order_id) == [("note", f"root for {name}")]
        await admin.post(f"/orders/{order_id}/cancel", json={})


async def test_tokens_rotate_with_an_overlap_while_the_gateway_runs(
    orders: OrderClient, accounts: GatewayAccounts
) -> None:
    async with site(orders, accounts) as admin:
        old = accounts.add("ann", Role.VIEWER)
        async with caller(admin, old) as before:
            assert (await before.get("/systems")).status_code == 200
            with changing_accounts(accounts.path) as change:
                issued = rotate_token(change.accounts, "ann", datetime.now(UTC), timedelta(hours=1))
                change.save(issued.accounts)
            async with caller(admin, bearer(issued.token)) as after:
                assert [(await each.get("/systems")).status_code for each in (before, after)] == [200, 200]
                with changing_accounts(accounts.path) as change:
                    ended_tokens = rotate_token(change.accounts, "ann", datetime.now(UTC), timedelta(0))
                    change.save(ended_tokens.accounts)
                for each in (before, after):
                    assert "has expired" in error_of(await each.get("/systems"), 401)["message"]
        async with caller(admin, bearer(ended_tokens.token)) as last:
            assert (await last.get("/systems")).status_code == 200
            with changing_accounts(accounts.path) as change:
                change.save(revoke_tokens(change.accounts, "ann", datetime.now(UTC))[0])
            assert "was revoked" in error_of(await last.get("/systems"), 401)["message"]


async def test_an_address_with_too_many_wrong_tokens_has_to_wait_unless_it_has_a_right_one(
    orders: OrderClient, accounts: GatewayAccounts
) -> None:
    async with site(orders, accounts) as admin, caller(admin, bearer("wrong")) as stranger:
        for _ in range(MAX_FAILURES):
            assert (await stranger.get("/orders")).status_code == 401
        assert (await stranger.get("/health")).status_code == 200
        refused = await stranger.get("/orders")
        assert error_of(refused, 429)["code"] == "too_many_sign_ins"
        assert 0 < int(refused.headers["Retry-After"]) <= 60
        assert (await admin.get("/orders")).status_code == 200


async def test_the_log_tells_refusals_and_changes_of_accounts_without_tokens(accounts: GatewayAccounts) -> None:
    viewer = accounts.add("ann", Role.VIEWER)
    variables = {"ORDO_ACCOUNTS_FILE": str(accounts.path), "ORDO_GATEWAY_TOKEN": ""}
    process = GatewayProcess("--address", NOWHERE, log=accounts.path.with_name("log"), **variables)
    try:
        url = await process.ready()
        async with httpx.AsyncClient(base_url=url, trust_env=False) as http:
            assert (await http.get("/orders")).status_code == 401
            assert (await http.get("/orders", headers=bearer("ordo_abcd2345_" + "x" * 43))).status_code == 401
            assert (await http.get("/orders", headers={"Authorization": "Bearer"})).status_code == 401
            assert (await http.post("/orders/HS-1/cancel", json={}, headers=viewer)).status_code == 403
            accounts.path.write_text("accounts:\n  ann:\n    roles: [king]\n")
            assert (await http.post("/orders/HS-1/cancel", json={}, headers=viewer)).status_code == 403
            accounts.path.write_text("accounts: {}\n")
            assert (await http.get("/orders", headers=viewer)).status_code == 401
    finally:
        process.close()
    lines = process.lines()
    refused = [(line["reason"], line["address"]) for line in lines if line["event"] == "sign-in refused"]
    assert refused == [
        ("no token", "127.0.0.1"),
        ("wrong token", "127.0.0.1"),
        ("no token", "127.0.0.1"),
        ("wrong token", "127.0.0.1"),
    ]
    forbidden = [line for line in lines if line["event"] == "request forbidden"]
    assert [(line["account"], line["permission"], line["route"]) for line in forbidden] == [
        ("ann", "cancel", "/orders/{order_id}/cancel")
    ] * 2
    (broken,) = [line for line in lines if "cannot be used" in line["event"]]
    assert broken["findings"][0].startswith(f"{accounts.path}:3:13: ")
    assert [line["accounts"] for line in lines if line["event"] == "accounts read"] == [1, 0]
    text = process.log.read_text()
    assert viewer["Authorization"].rpartition("_")[2] not in text
    assert "x" * 43 not in text
