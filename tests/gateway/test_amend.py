"""PUT /orders/{id}: the whole new order, answered before anything runs."""

from __future__ import annotations

import httpx

from tests.support.http_requests import an_order, ended, error_of, read, submitted


async def test_what_waits_goes_on_with_what_the_new_order_says(http: httpx.AsyncClient) -> None:
    order_id = await submitted(http, "parcel", tracking="T-old-1")
    wanted = an_order("parcel", order_id, tracking=f"T-{order_id}")
    dry = await http.put(f"/orders/{order_id}", json=wanted, params={"by": "ann", "dry_run": True})
    assert dry.status_code == 200, dry.text
    assert dry.json()["steps"][0]["fate"] == "new_input"
    assert (await read(http, order_id))["revision"] == 1
    done = await http.put(
        f"/orders/{order_id}",
        json=wanted,
        params={"by": "ann", "reason": "sent anew", "revision": dry.json()["revision"]},
    )
    assert done.json()["revision"] == 2
    event = {"name": "delivered", "key": f"T-{order_id}", "payload": {}}
    assert (await http.post("/events", json=event)).is_success
    assert (await ended(http, order_id))["state"] == "completed"


async def test_what_was_seen_is_out_of_date(http: httpx.AsyncClient) -> None:
    order_id = await submitted(http, "parcel", tracking="T-seen-1")
    for tracking, status in (("T-seen-2", 200), ("T-seen-3", 409)):
        wanted = an_order("parcel", order_id, tracking=tracking)
        response = await http.put(f"/orders/{order_id}", json=wanted, params={"by": "ann", "revision": 1})
        assert response.status_code == status
    assert error_of(response, 409)["code"] == "stale"


async def test_another_order_s_id_and_a_rejected_order_are_refused(http: httpx.AsyncClient) -> None:
    order_id = await submitted(http, "parcel", tracking="T-other-1")
    other = await http.put(f"/orders/{order_id}", json=an_order("parcel", tracking="T-other-1"), params={"by": "ann"})
    assert error_of(other, 422)["code"] == "invalid"
    wrong = await http.put(f"/orders/{order_id}", json=an_order("parcel", order_id), params={"by": "ann"})
    error = error_of(wrong, 422)
    assert error["code"] == "rejected"
    assert "tracking" in error["findings"][0]["message"]
    nobody = await http.put(f"/orders/{order_id}", json=an_order("parcel", order_id, tracking="T-2"))
    assert error_of(nobody, 422)["code"] == "invalid"
