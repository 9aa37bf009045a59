"""Orders tell real receivers: what arrives, in which order, signed how; and that nobody waits for them."""

from __future__ import annotations

import json
import re
from datetime import datetime
from typing import Any

import pytest

from tests.support.paths import ROOT
from tests.support.servers.scripted_system import Reply, ScriptedServer
from tests.support.workers.notification_site import Site, delivered, ids, receiver, types, until
from workflows.contract.order_messages import order_workflow_id
from workflows.contract.outbox_messages import ResendRequest, ResendResult

PAGE = ROOT / "docs" / "notifications.md"
SECRET = "whsec_c2VjcmV0LW9mLXRoZS1yZWNlaXZlcg=="
PLAIN_SECRET = "plain-secret-of-the-receiver"

OWN = ["ordo.order.accepted", "ordo.order.in_progress", "ordo.order.completed"]


def verified() -> Any:
    """The example of the documentation."""
    names: dict[str, Any] = {}
    exec(re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)[0], names)
    return names["verified"]


async def test_an_order_tells_its_receivers_in_order_and_the_outbox_ends(
    replaying_site: Site, server: ScriptedServer
) -> None:
    site = replaying_site
    await site.define("crm", receiver("crm", server.url))
    decision = await site.submit()
    await delivered(server, "order.in_progress")
    await site.lock(decision.order_id)
    assert await site.ended(decision.order_id) == "completed"
    assert await site.outbox_ended(decision.order_id)
    assert types(server) == OWN
    assert ids(server) == [f"{decision.order_id}/{number}" for number in (1, 2, 3)]


async def test_what_is_sent_is_a_cloud_event(site: Site, server: ScriptedServer) -> None:
    await site.define("crm", receiver("crm", server.url, events="['*']"))
    decision = await site.submit()
    received = await delivered(server, "milestone.reached")
    event = received.json
    assert received.headers["content-type"] == "application/cloudevents+json; charset=utf-8"
    assert event["specversion"] == "1.0"
    assert event["source"] == "/ordo"
    assert event["subject"] == f"{decision.order_id}/gate.open@1"
    assert event["datacontenttype"] == "application/json"
    assert datetime.fromisoformat(event["time"]).tzinfo is not None
    assert all(re.fullmatch("[a-z0-9]{1,20}", name) for name in event)
    assert all(isinstance(event[name], str) and event[name] for name in event if name != "data")
    assert event["data"]["order_id"] == decision.order_id
    assert event["data"]["customer_id"] == "C-1"
    numbers = [int(each.json["sequence"]) for each in server.received]
    assert numbers == list(range(1, len(numbers) + 1))


async def test_personal_data_goes_out_only_where_that_is_configured(
    site: Site, server: ScriptedServer, other: ScriptedServer
) -> None:
    await site.define("plain", receiver("plain", server.url))
    await site.define("full", receiver("full", other.url, more="include: [customer]"))
    await site.submit()
    await delivered(server, "order.in_progress")
    told = await delivered(other, "order.in_progress")
    assert told.json["data"]["customer"] == {"id": "C-1", "name": "Ann Example", "tier": "gold"}
    assert not any(b"Ann Example" in each.body for each in server.received)


@pytest.mark.parametrize("secret", [SECRET, PLAIN_SECRET])
async def test_the_documented_example_verifies_the_signature(
    site: Site, server: ScriptedServer, monkeypatch: pytest.MonkeyPatch, secret: str
) -> None:
    monkeypatch.setenv("CRM_SIGNING", secret)
    await site.define("crm", receiver("crm", server.url, more="secret: {env: CRM_SIGNING}"))
    await site.submit()
    received = await delivered(server, "order.accepted")
    check = verified()
    assert check(received.headers, received.body, secret)
    assert not check(received.headers, received.body + b" ", secret)
    assert not check(received.headers, received.body, "another secret")
    assert not check({**received.headers, "webhook-timestamp": "1000000000"}, received.body, secret)
    assert received.headers["webhook-id"] == received.json["id"]


async def test_filters_choose_by_type_and_by_condition(
    site: Site, server: ScriptedServer, other: ScriptedServer
) -> None:
    await site.define("gold", receiver("gold", server.url, more='when: order.customer.tier == "gold"'))
    when = 'when: event.step == "gate.lock@1" && "gate" in order.products'
    await site.define("tasks", receiver("tasks", other.url, events="[step.in_progress, step.completed]", more=when))
    silver, gold = await site.submit(tier="silver"), await site.submit(tier="gold")
    await delivered(server, "order.in_progress")
    for decision in (silver, gold):
        await site.lock(decision.order_id)
        await site.outbox_ended(decision.order_id)
    assert types(server) == OWN
    assert {each.json["data"]["order_id"] for each in server.received} == {gold.order_id}
    assert sorted(types(other)) == ["ordo.step.completed"] * 2 + ["ordo.step.in_progress"] * 2


async def test_events_keep_their_order_while_the_receiver_fails(site: Site, server: ScriptedServer) -> None:
    server.answers(Reply(500), Reply(200), Reply(503), Reply(429), Reply(302, headers={"Location": "/x"}), Reply(204))
    await site.define("crm", receiver("crm", server.url))
    decision = await site.submit()
    await delivered(server, "order.in_progress")
    await site.lock(decision.order_id)
    await site.outbox_ended(decision.order_id)
    in_order = list(dict.fromkeys(ids(server)))
    assert in_order == [f"{decision.order_id}/{number}" for number in (1, 2, 3)]
    assert ids(server) == sorted(ids(server))
    assert all(each.path == "/" for each in server.received)


async def test_a_receiver_that_hangs_holds_neither_the_order_nor_another_receiver_up(
    site: Site, server: ScriptedServer, other: ScriptedServer
) -> None:
    server.answers(Reply(hangs=True))
    await site.define("slow", receiver("slow", server.url, more="timeout: 60s"))
    await site.define("quick", receiver("quick", other.url))
    decision = await site.submit()
    await until(lambda: server.received)
    await site.lock(decision.order_id)
    assert await site.ended(decision.order_id) == "completed"
    await delivered(other, "order.completed")
    # a delivery counts once the outbox has heard of it, a moment after the receiver
    await site.contents_until(
        decision.order_id, lambda view: view.order_ended and {each.receiver for each in view.undelivered} == {"slow"}
    )
    await site.outbox(decision.order_id).terminate()


async def test_what_is_given_up_is_listed_and_sent_again_in_order(replaying_site: Site, server: ScriptedServer) -> None:
    site = replaying_site
    server.answers(Reply(500))
    retry = "retry: {max_attempts: 2, initial: 10ms}"
    await site.define("crm", receiver("crm", server.url, retry=retry))
    decision = await site.submit()
    await site.contents_until(decision.order_id, lambda view: view.given_up == 2)
    await site.lock(decision.order_id)
    await site.ended(decision.order_id)
    view = await site.contents_until(decision.order_id, lambda view: view.given_up == 3)
    assert [each.type for each in view.undelivered] == [name.removeprefix("ordo.") for name in OWN]
    assert view.undelivered[0].error is not None
    assert (view.undelivered[0].error.code, view.undelivered[0].attempts) == ("500", 2)
    assert view.order_ended
    before = len(server.received)
    server.answers(Reply(200))
    answer: ResendResult = await site.outbox(decision.order_id).execute_update(
        "resend", ResendRequest(receiver="crm"), result_type=ResendResult
    )
    assert answer.events == 3
    await site.outbox_ended(decision.order_id)
    assert types(server)[before:] == OWN


async def test_a_receiver_that_says_410_is_not_asked_again(site: Site, server: ScriptedServer) -> None:
    server.answers(Reply(410))
    await site.define("crm", receiver("crm", server.url))
    decision = await site.submit()
    await site.contents_until(decision.order_id, lambda view: view.given_up == 2)
    await site.lock(decision.order_id)
    view = await site.contents_until(decision.order_id, lambda view: view.given_up == 3)
    assert len(server.received) == 1
    assert {each.error.code for each in view.undelivered if each.error} == {"410"}
    await site.outbox(decision.order_id).terminate()


async def test_a_receiver_that_was_removed_leaves_its_events_undeliverable(site: Site, server: ScriptedServer) -> None:
    server.answers(Reply(500))
    await site.define("crm", receiver("crm", server.url))
    decision = await site.submit()
    await until(lambda: server.received)
    (site.folder / "crm.yaml").unlink()
    await site.catalogues.refresh()
    view = await site.contents_until(decision.order_id, lambda view: view.given_up == 2)
    assert {each.error.code for each in view.undelivered if each.error} == {"no_receiver"}
    await site.outbox(decision.order_id).terminate()


async def test_an_address_that_moves_counts_for_what_waits(
    site: Site, server: ScriptedServer, other: ScriptedServer
) -> None:
    server.answers(Reply(500))
    await site.define("crm", receiver("crm", server.url))
    decision = await site.submit()
    await until(lambda: server.received)
    await site.define("crm", receiver("crm", other.url))
    await delivered(other, "order.in_progress")
    assert ids(other)[0] == f"{decision.order_id}/1"


async def test_a_rejected_order_is_told_and_its_id_stays_free(site: Site, server: ScriptedServer) -> None:
    await site.define("crm", receiver("crm", server.url))
    rejected = await site.submit("N-rejected", product="no_such_product")
    assert not rejected.accepted
    told = await delivered(server, "order.rejected")
    assert told.json["id"].startswith("N-rejected/rejected/")
    assert "no_such_product" in told.json["data"]["message"]
    await site.submit("N-rejected")
    assert (await delivered(server, "order.accepted")).json["id"] == "N-rejected/1"


async def test_an_order_without_receivers_has_no_outbox_and_no_further_event(site: Site) -> None:
    decision = await site.submit()
    await site.lock(decision.order_id)
    await site.ended(decision.order_id)
    handle = site.client.get_workflow_handle(order_workflow_id(decision.order_id))
    names = [event.event_type async for event in handle.fetch_history_events()]
    assert 10 not in names  # an activity: the offer calls nobody, and telling would be one
    with pytest.raises(Exception, match="not found"):
        await site.outbox(decision.order_id).describe()


async def test_neither_secret_nor_address_stands_in_a_history_or_a_list(
    site: Site, server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    hidden = {"CRM_SIGNING": PLAIN_SECRET, "CRM_TOKEN": "token-of-the-receiver", "CRM_TENANT": "tenant-hidden-value"}
    for name, value in (hidden | {"CRM_HOOK": f"{server.url}/hooks/path-is-secret?key=query-is-secret"}).items():
        monkeypatch.setenv(name, value)
    more = "secret: {env: CRM_SIGNING}\nauth: {bearer: {env: CRM_TOKEN}}\nheaders: {X-Tenant: '${env.CRM_TENANT}'}"
    server.answers(Reply(500, body={"echo": hidden}), Reply(drops=True), Reply(200))
    await site.define("crm", receiver("crm", "${env.CRM_HOOK}", more=more))
    decision = await site.submit()
    received = await delivered(server, "order.in_progress")
    assert received.target == "/hooks/path-is-secret?key=query-is-secret"
    assert received.headers["authorization"] == "Bearer token-of-the-receiver"
    assert received.headers["x-tenant"] == "tenant-hidden-value"
    await site.lock(decision.order_id)
    await site.outbox_ended(decision.order_id)
    for handle in (
        site.outbox(decision.order_id),
        site.client.get_workflow_handle(order_workflow_id(decision.order_id)),
    ):
        history = json.dumps((await handle.fetch_history()).to_json_dict())
        for secret in (*hidden.values(), "path-is-secret", "query-is-secret"):
            assert secret not in history
