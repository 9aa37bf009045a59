"""Events that a real receiver refuses: listed, and sent again one by one or all together."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from uuid import uuid4

import pytest
from temporalio.testing import WorkflowEnvironment

from operations.access.roles import Role
from operations.client import OrderClient
from tests.support.console.site import ConsoleSite, console_over, site_settings
from tests.support.servers.scripted_system import Reply, ScriptedServer
from tests.support.workers.gateway_worker import eventually
from tests.support.workers.notification_site import Site, receiver, site_at, types, until

ONCE = "retry: {max_attempts: 1}"


@pytest.fixture
async def server() -> AsyncIterator[ScriptedServer]:
    server = ScriptedServer()
    await server.start()
    yield server
    await server.close()


@pytest.fixture
async def fulfilment(temporal: WorkflowEnvironment, tmp_path: Path) -> AsyncIterator[Site]:
    async with site_at(temporal.client, tmp_path) as fulfilment:
        yield fulfilment


@pytest.fixture
async def console(fulfilment: Site, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[ConsoleSite]:
    orders = OrderClient(fulfilment.client, fulfilment.task_queue)
    async with console_over(orders, site_settings(tmp_path_factory.mktemp("console"))) as console:
        yield console


async def test_what_was_given_up_is_listed_and_sent_again(
    fulfilment: Site, server: ScriptedServer, console: ConsoleSite
) -> None:
    name = f"crm_{uuid4().hex[:6]}"
    server.answers(Reply(500))
    await fulfilment.define(name, receiver(name, server.url, retry=ONCE))
    first, second = [(await fulfilment.submit()).order_id for _ in range(2)]
    for order_id in (first, second):
        await fulfilment.contents_until(order_id, lambda view: view.given_up == 2)
    visitor = await console.visitor(Role.OPERATOR)

    async def listed() -> str:
        return await visitor.page("/notifications", receiver=name)

    page = await eventually(listed, lambda text: first in text and second in text)
    assert "500: receiver" in page
    assert page.count(">Send again</button>") == 4
    assert f"{first}/1" in page
    of_one = await visitor.page("/notifications", order=first)
    assert "2 events given up, 0 events waiting" in of_one

    server.answers(Reply(200))
    before = len(server.received)
    form = {"order_id": first, "receiver": name, "event": f"{first}/2", "back": f"/notifications?receiver={name}"}
    shown = await visitor.post_and_follow("/notifications/resend", form)
    assert f"Sending 1 event of order {first} again" in shown
    await until(lambda: len(server.received) == before + 1)

    confirmation = await visitor.page("/notifications/resend", receiver=name)
    assert "3 events of 2 orders are sent again" in confirmation
    shown = await visitor.post_and_follow("/notifications/resend-all", {"receiver": name})
    assert "Sending 3 events of 2 orders to" in shown
    await until(lambda: len(server.received) == before + 4)
    assert sorted(types(server)[before:]) == sorted(["ordo.order.accepted", "ordo.order.in_progress"] * 2)
    again = await visitor.post_and_follow("/notifications/resend", form)
    assert "has no event to send again" in again
    viewer = await console.visitor(Role.VIEWER)
    assert ">Send again</button>" not in await viewer.page("/notifications")
    assert (await viewer.post("/notifications/resend", form)).status_code == 403
    elsewhere = await visitor.post("/notifications/resend", form | {"back": "https://evil.example"})
    assert elsewhere.headers["location"] == "/notifications"
