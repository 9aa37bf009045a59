"""What could not be delivered, as operators see it and send it again: on the command line and over the gateway."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass

import httpx
import pytest

from operations.client import OrderClient
from operations.errors import NotFound, OperationRefused
from operations.temporal.connection import server_address
from tests.support.command_line import Ordo
from tests.support.gateway.process import gateway_over
from tests.support.servers.scripted_system import Reply, ScriptedServer
from tests.support.workers.deployment import until as until_async
from tests.support.workers.notification_site import Site, receiver, types, until

ONCE = "retry: {max_attempts: 1}"


@dataclass
class Desk:
    """An order of which one receiver has refused everything so far, and the ways to it."""

    order_id: str
    orders: OrderClient
    ordo: Ordo
    http: httpx.AsyncClient


@pytest.fixture
async def desk(site: Site, server: ScriptedServer) -> AsyncIterator[Desk]:
    server.answers(Reply(500))
    await site.define("crm", receiver("crm", server.url, retry=ONCE))
    decision = await site.submit()
    await site.contents_until(decision.order_id, lambda view: view.given_up == 2)
    orders = OrderClient(site.client, site.task_queue)
    async with gateway_over(orders) as http:
        yield Desk(decision.order_id, orders, Ordo(server_address(site.client), site.task_queue), http)
    if (await site.outbox(decision.order_id).describe()).close_time is None:
        await site.outbox(decision.order_id).terminate()


async def test_what_was_given_up_is_listed_over_all_orders_and_sent_again(desk: Desk, server: ScriptedServer) -> None:
    listed = await desk.ordo.until(
        "notifications",
        "--receiver",
        "crm",
        holds=lambda found: [each["order_id"] for each in found["notifications"]].count(desk.order_id) == 2,
    )
    mine = [each for each in listed["notifications"] if each["order_id"] == desk.order_id]
    assert [each["event_id"] for each in mine] == [f"{desk.order_id}/1", f"{desk.order_id}/2"]
    assert {each["error"]["code"] for each in mine} == {"500"}
    over_http = (await desk.http.get("/notifications", params={"receiver": "crm"})).json()
    assert [each for each in over_http["notifications"] if each["order_id"] == desk.order_id] == mine
    server.answers(Reply(200))
    before = len(server.received)
    sent = await desk.ordo("resend", desk.order_id, "--receiver", "crm")
    assert (sent.status, sent.out) == (0, f"Sending 2 events of order {desk.order_id} again.\n")
    await until(lambda: len(server.received) == before + 2)
    assert types(server)[before:] == ["ordo.order.accepted", "ordo.order.in_progress"]


async def test_of_one_order_everything_that_is_not_delivered_is_shown(desk: Desk) -> None:
    shown = (await desk.ordo("notifications", desk.order_id)).out.splitlines()
    assert shown[0].split() == ["Event", "Receiver", "Type", "Happened", "Attempts", "Next", "Error"]
    assert "given up" in shown[1]
    assert "500: receiver crm answered 500" in shown[1]
    over_http = (await desk.http.get(f"/orders/{desk.order_id}/notifications")).json()
    assert over_http == (await desk.ordo("notifications", desk.order_id, "-o", "json")).json
    assert (over_http["given_up"], over_http["order_id"]) == (2, desk.order_id)


async def test_one_event_may_be_sent_again_by_its_id(desk: Desk, server: ScriptedServer) -> None:
    server.answers(Reply(200))
    answered = await desk.http.post(
        f"/orders/{desk.order_id}/notifications/resend", json={"events": [f"{desk.order_id}/2"]}
    )
    assert answered.json() == {"order_id": desk.order_id, "events": 1}
    view = await desk.orders.read_outbox(desk.order_id)
    assert f"{desk.order_id}/1" in [each.event_id for each in view.undelivered]


async def test_where_there_is_nothing_to_send_it_is_refused_and_said_what_is_possible(desk: Desk) -> None:
    with pytest.raises(OperationRefused, match=r"Order .* has no event to send again to nobody"):
        await desk.orders.resend(desk.order_id, "nobody")
    answered = await desk.http.post(f"/orders/{desk.order_id}/notifications/resend", json={"receiver": "nobody"})
    assert (answered.status_code, answered.json()["error"]["code"]) == (409, "not_now")


async def test_an_order_that_told_nobody_has_nothing_to_show_and_one_that_is_not_there_is_told(site: Site) -> None:
    orders = OrderClient(site.client, site.task_queue)
    decision = await site.submit()
    assert (await orders.read_outbox(decision.order_id)).undelivered == []
    with pytest.raises(OperationRefused):
        await orders.resend(decision.order_id)
    for asking in (orders.read_outbox("N-0"), orders.resend("N-0")):
        with pytest.raises(NotFound, match="There is no order N-0"):
            await asking


async def test_all_that_a_receiver_missed_is_sent_again_in_every_order(site: Site, server: ScriptedServer) -> None:
    server.answers(Reply(500))
    await site.define("portal", receiver("portal", server.url, retry=ONCE))
    orders = OrderClient(site.client, site.task_queue)
    order_ids = {(await site.submit()).order_id for _ in range(2)}
    for order_id in order_ids:
        await site.contents_until(order_id, lambda view: view.given_up == 2)

    async def listed() -> bool:  # visibility lags behind
        return {each.order_id for each in (await orders.list_undelivered("portal")).outboxes} == order_ids

    await until_async(listed)
    server.answers(Reply(200))
    before = len(server.received)
    sent = await orders.resend_to_receiver("portal")
    assert (sent.orders, sent.events, sent.failures, sent.has_more) == (2, 4, [], False)
    await until(lambda: len(server.received) == before + 4)
    nothing = await orders.resend_to_receiver("nobody")
    assert (nothing.orders, nothing.events, nothing.failures) == (0, 0, [])
