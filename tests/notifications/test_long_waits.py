"""Days and weeks of an outbox, skipped by the server: escalations, ladders, what is kept and for how long."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from temporalio.testing import WorkflowEnvironment

from tests.support.servers.scripted_system import Reply, ScriptedServer
from tests.support.workers.notification_site import OFFER, Site, delivered, ids, receiver, site_at, types, until
from workflows import order_outbox
from workflows.contract.outbox_messages import ResendRequest, ResendResult

LATE = OFFER.replace("after: [open]}", "after: [open], sla: {duration: 2d, warn: 12h, escalate: duty_alarm}}")


@pytest.fixture
async def skipping_site(skipping: WorkflowEnvironment, tmp_path: Path) -> AsyncIterator[Site]:
    async with site_at(skipping.client, tmp_path) as site:
        yield site


async def test_a_step_that_is_late_is_told_and_escalated_to_the_receiver_that_its_sla_names(
    skipping_site: Site, server: ScriptedServer, other: ScriptedServer
) -> None:
    site = skipping_site
    await site.define("crm", receiver("crm", server.url, events="[step.at_risk, step.late, step.escalated]"))
    await site.define("alarm", receiver("duty_alarm", other.url, events="[order.completed]"))
    await site.define("offer", LATE)
    decision = await site.submit()
    escalated = (await delivered(other, "step.escalated")).json["data"]
    assert (escalated["step"], escalated["receiver"]) == ("gate.lock@1", "duty_alarm")
    await delivered(server, "step.escalated")
    assert types(server) == ["ordo.step.at_risk", "ordo.step.late", "ordo.step.escalated"]
    assert await site.outbox_ended(decision.order_id), "an idle outbox does not wait for ever"
    await site.lock(decision.order_id)
    completed = await delivered(other, "order.completed")
    assert completed.json["id"] == f"{decision.order_id}/4"
    assert types(other) == ["ordo.step.escalated", "ordo.order.completed"]


async def test_without_a_policy_of_its_own_a_receiver_has_two_days_and_what_nobody_sends_again_is_dropped(
    skipping_site: Site, server: ScriptedServer
) -> None:
    site = skipping_site
    server.answers(Reply(503))
    await site.define("crm", receiver("crm", server.url, retry=""))
    decision = await site.submit()
    await until(lambda: server.received)
    assert await site.outbox_ended(decision.order_id)
    assert ids(server) == [f"{decision.order_id}/1"] * 11
    view = await site.contents(decision.order_id)
    assert (view.undelivered, view.dropped) == ([], 2)


async def test_an_outbox_that_continues_as_new_loses_nothing(
    site: Site, server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(order_outbox, "MAX_UPDATES_PER_RUN", 1)
    server.answers(Reply(500))
    await site.define("crm", receiver("crm", server.url, retry="retry: {max_attempts: 1}"))
    decision = await site.submit()
    await site.contents_until(decision.order_id, lambda view: view.given_up == 2)
    first = (await site.outbox(decision.order_id).describe()).run_id
    server.answers(Reply(200))
    answer: ResendResult = await site.outbox(decision.order_id).execute_update(
        "resend", ResendRequest(), result_type=ResendResult
    )
    assert answer.events == 2
    await until(lambda: len(server.received) == 4)
    await site.lock(decision.order_id)
    await site.outbox_ended(decision.order_id)
    assert (await site.outbox(decision.order_id).describe()).run_id != first
    assert ids(server)[2:] == [f"{decision.order_id}/{number}" for number in (1, 2, 3)]
