"""Systems over HTTP."""

from __future__ import annotations

import httpx

from tests.support.gateway.http_requests import error_of, step_in, submitted
from tests.support.workers.gateway_worker import eventually

ANN = {"by": "ann", "reason": "closing"}


async def test_system_is_switched_off_and_on(http: httpx.AsyncClient) -> None:
    found = await eventually(lambda: http.get("/systems"), lambda answer: bool(answer.json()["systems"]))
    assert [system["system"] for system in found.json()["systems"]] == ["desk"]
    off = await http.post("/systems/desk/off", json=ANN)
    assert (off.status_code, off.json()["state"], off.json()["by"]) == (200, "off", "gateway for ann")
    try:
        order_id = await submitted(http, "patient")
        step = await step_in(http, order_id, "on_hold")
        assert step["system_hold"]["reason"] == "closing"
        (listed,) = (await http.get("/systems")).json()["systems"]
        assert (listed["state"], listed["reason"], listed["per_second"]) == ("off", "closing", 0)
    finally:
        on = await http.post("/systems/desk/on", json=ANN)
    assert (on.status_code, on.json()["state"]) == (200, "half_open")


async def test_unknown_system_and_missing_actor_are_refused(http: httpx.AsyncClient) -> None:
    assert error_of(await http.post("/systems/nowhere/off", json=ANN), 404)["code"] == "not_found"
    assert (await http.post("/systems/desk/off", json={})).status_code == 422
