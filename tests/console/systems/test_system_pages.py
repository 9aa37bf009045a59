"""Systems: how they answer, what waits for them, and their switch, over a real worker and ledger."""

from __future__ import annotations

import re

from operations.access.roles import Role
from operations.client import OrderClient
from tests.support.console.site import ConsoleSite
from tests.support.gateway.http_requests import an_order
from tests.support.workers.gateway_worker import eventually
from workflows.contract.order_messages import order_workflow_id


async def test_a_system_is_switched_off_and_on_with_a_reason(site: ConsoleSite, orders: OrderClient) -> None:
    visitor = await site.visitor(Role.OPERATOR)
    await eventually(orders.list_systems, bool)
    confirmation = await visitor.page("/systems/desk/switch", to="off")
    assert "None of them fails" in confirmation
    refused = await visitor.post("/systems/desk/switch", {"to": "off", "reason": "  "})
    assert (refused.status_code, "Say why" in refused.text) == (422, True)
    shown = await visitor.post_and_follow("/systems/desk/switch", {"to": "off", "reason": "<b>month end</b>"})
    try:
        assert "is off: its calls wait, none of them fails" in shown
        assert "off, calls wait" in shown
        assert "operator: &lt;b&gt;month end&lt;/b&gt;" in shown
        order = an_order("patient")
        await orders.submit(order)

        async def waiting() -> str:
            return await visitor.page("/systems/desk")

        held = await eventually(waiting, lambda page: f"/orders/{order['id']}" in page)
        assert "1 step with a call that is under way, waits, or is repeated" in held
        listed = await visitor.page("/systems")
        assert "&lt;b&gt;month end&lt;/b&gt;" in listed
        assert re.search(r'<a href="/systems/desk">[^<]*</a> is switched off</strong>', listed)
    finally:
        shown = await visitor.post_and_follow("/systems/desk/switch", {"to": "on"})
    assert "on, at a rising pace" in shown
    assert "is switched off</strong>" not in await visitor.page("/systems")
    await orders.client.get_workflow_handle(order_workflow_id(order["id"])).terminate()


async def test_calls_and_errors_come_from_the_ledger(site: ConsoleSite, orders: OrderClient) -> None:
    visitor = await site.visitor(Role.VIEWER)
    order = an_order("stubborn")
    await orders.submit(order)

    async def shown() -> str:
        return await visitor.page("/systems/desk", period="1h")

    page = await eventually(shown, lambda text: '<th scope="row" class="id" dir="auto">409</th><td>409</td>' in text)
    assert re.search(r"Failed calls</span><strong>\d+ %</strong>", page)
    assert 'aria-label="Calls of"' in page
    assert page.count("<svg") >= 3
    assert "Definition" in page
    assert "never opens by itself" in page
    listed = await visitor.page("/systems")
    assert "409 ×" in listed
    # A viewer is told why nothing can be switched, and is refused.
    assert "This needs the role operator or admin" in page
    assert (await visitor.get("/systems/desk/switch", to="off")).status_code == 403
    assert (await visitor.post("/systems/desk/switch", {"to": "off", "reason": "x"})).status_code == 403
    await orders.client.get_workflow_handle(order_workflow_id(order["id"])).terminate()


async def test_a_system_that_is_not_there_is_told_with_the_nearest_name(site: ConsoleSite) -> None:
    visitor = await site.visitor(Role.VIEWER)
    response = await visitor.get("/systems/dsk")
    assert response.status_code == 404
    assert "did you mean `desk`?" in response.text
    assert (await visitor.get("/systems/..%2f")).status_code in (404, 422)
