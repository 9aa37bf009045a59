"""An order's page in the console and its page in Temporal's Web UI link to each other."""

from __future__ import annotations

import pytest
from temporalio.api.sdk.v1 import WorkflowMetadata

from operations.client import OrderClient
from tests.console.conftest import CONSOLE_URL
from tests.support.workers.gateway_worker import eventually
from workflows.contract.order_messages import order_workflow_id
from workflows.shell.console_link import CONSOLE, console_link


async def test_the_web_ui_shows_a_link_to_the_orders_page(orders: OrderClient) -> None:
    order = {"id": "LINK:1", "customer": {"id": "C-1"}, "lines": [{"id": "1", "product": "survey"}]}
    assert (await orders.submit(order)).accepted
    handle = orders.client.get_workflow_handle(order_workflow_id("LINK:1"))

    async def details() -> str:
        """As the Web UI asks for them."""
        metadata = await handle.query("__temporal_workflow_metadata", result_type=WorkflowMetadata)
        return str(metadata.current_details)

    shown = await eventually(details, lambda text: "workstream" in text)
    assert shown.startswith(f"[Open the order in the console]({CONSOLE_URL}/orders/LINK%3A1)\n\n| workstream |")


def test_a_worker_that_does_not_know_the_console_shows_no_link(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(CONSOLE, "url", "")
    assert console_link("HS-1") == ""
    monkeypatch.setattr(CONSOLE, "url", "https://console.example.com")
    assert console_link("a)b") == "[Open the order in the console](https://console.example.com/orders/a%29b)\n\n"
