"""Requests with orders of the gateway tests' catalogue."""

from __future__ import annotations

import uuid
from typing import Any

import httpx

from tests.support.workers.gateway_worker import eventually

Json = dict[str, Any]
ENDED = {"completed", "partial", "failed", "cancelled", "rejected"}


def an_order(product: str, order_id: str | None = None, *, customer: str = "C-1", **attributes: Any) -> Json:
    line = {"id": "1", "product": product, "attributes": attributes}
    return {"id": order_id or f"G-{uuid.uuid4().hex[:12]}", "customer": {"id": customer}, "lines": [line]}


def a_customer() -> str:
    """Of one test: what it lists, or acts on in bulk, is no other test's."""
    return f"C-{uuid.uuid4().hex[:8]}"


async def submitted(http: httpx.AsyncClient, product: str, *, customer: str = "C-1", **attributes: Any) -> str:
    """Submits an order and returns its id."""
    order = an_order(product, customer=customer, **attributes)
    response = await http.post("/orders", json=order)
    assert response.status_code == 201, response.text
    return str(order["id"])


async def read(http: httpx.AsyncClient, order_id: str) -> Json:
    response = await http.get(f"/orders/{order_id}")
    assert response.status_code == 200, response.text
    order: Json = response.json()
    return order


async def ended(http: httpx.AsyncClient, order_id: str) -> Json:
    """Waits until the order has ended, and returns it."""
    return await eventually(
        lambda: read(http, order_id), lambda order: order["state"] in ENDED and order["ended_at"] is not None
    )


async def step(http: httpx.AsyncClient, order_id: str, number: int = 1) -> Json:
    """The step with this number."""
    response = await http.get(f"/orders/{order_id}/steps", params={"offset": number - 1, "limit": 1})
    assert response.status_code == 200, response.text
    (found,) = response.json()["steps"]
    assert found["number"] == number
    return dict(found)


async def step_in(http: httpx.AsyncClient, order_id: str, state: str, number: int = 1) -> Json:
    """Waits until the step with this number is in `state`, and returns it."""

    async def ask() -> Json:
        # After a worker was killed, queries fail until Temporal's sticky queue has timed out.
        page = await http.get(f"/orders/{order_id}/steps", params={"offset": number - 1, "limit": 1})
        return dict(page.json()["steps"][0]) if page.is_success else page.json()

    return await eventually(ask, lambda found: found.get("state") == state)


def error_of(response: httpx.Response, status: int) -> Json:
    assert response.status_code == status, response.text
    error: Json = response.json()["error"]
    return error
