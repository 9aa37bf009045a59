"""PUT /orders/{id}: the body is the whole new order."""

from __future__ import annotations

import httpx

from tests.support.gateway.http_requests import an_order, ended, error_of, read, submitted


async def test_waiting_step_continues_with_the_new_order(http: httpx.AsyncClient) -> None:
    order_id = await submitted(http, "parcel", tracking="T-old-1")
    order = an_order("parcel", order_id, tracking=f"T-{order_id}")
    dry = await http.put(f"/orders/{order_id}", json=order, params={"by": "ann", "dry_run": True})
    assert dry.status_code == 200, dry.text
    assert dry.json()["steps"][0]["fate"] == "new_input"
    assert (await read(http, order_id))["revision"] == 1
    done = await http.put(
        f"/orders/{order_id}",
        json=order,
        params={"by": "ann", "reason": "corrected", "revision": dry.json()["revision"]},
    )
    assert done.json()["revision"] == 2
    event = {"name": "delivered", "key": f"T-{order_id}", "payload": {}}
    assert (await http.post("/events", json=event)).is_success
    assert (await ended(http, order_id))["state"] == "completed"


async def test_amendment_of_a_changed_revision_is_stale(http: httpx.AsyncClient) -> None:
    order_id = await submitted(http, "parcel", tracking="T-seen-1")
    for tracking, status in (("T-seen-2", 200), ("T-seen-3", 409)):
        order = an_order("parcel", order_id, tracking=tracking)
        response = await http.put(f"/orders/{order_id}", json=order, params={"by": "ann", "revision": 1})
        assert response.status_code == status
    assert error_of(response, 409)["code"] == "stale"


async def test_wrong_id_invalid_order_and_missing_actor_are_refused(http: httpx.AsyncClient) -> None:
    order_id = await submitted(http, "parcel", tracking="T-other-1")
    other = await http.put(f"/orders/{order_id}", json=an_order("parcel", tracking="T-other-1"), params={"by": "ann"})
    assert error_of(other, 422)["code"] == "invalid"
    wrong = await http.put(f"/orders/{order_id}", json=an_order("parcel", order_id), params={"by": "ann"})
    error = error_of(wrong, 422)
    assert error["code"] == "rejected"
    assert "tracking" in error["findings"][0]["message"]
    nobody = await http.put(f"/orders/{order_id}", json=an_order("parcel", order_id, tracking="T-2"))
    assert error_of(nobody, 422)["code"] == "invalid"
