"""Scheduled actions, events and callbacks. A kill loses none of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.sandbox.conftest import Receiver, until

LOGISTICS = {"X-Api-Key": "sandbox"}
INSTALLATION = ("ordo", "sandbox")
BEARER = {"Authorization": "Bearer sandbox"}


def _ship(sandbox: Any, headers: dict[str, str] = LOGISTICS) -> dict[str, Any]:
    body = {"reservations": [sandbox.reserve().json()["id"]]}
    shipment: dict[str, Any] = sandbox.http.post("/logistics/shipments", json=body, headers=headers).json()
    return shipment


def test_delivered_shipment_sends_an_event_with_its_tracking_number(sandbox: Any, receiver: Receiver) -> None:
    sandbox.http.put("/_gateway", json={"url": receiver.url, "token": "g"})
    shipment = _ship(sandbox)
    ((path, authorization, event),) = until(lambda: receiver.received, "the event came")
    assert (path, authorization) == ("/events", "Bearer g")
    assert (event["name"], event["key"]) == ("shipment_delivered", shipment["tracking"])
    assert event["payload"]["shipment"] == shipment["id"]
    assert event["event_id"]


def test_recalled_shipment_is_never_delivered(sandbox: Any, receiver: Receiver) -> None:
    sandbox.http.put("/_gateway", json={"url": receiver.url})
    sandbox.http.put("/_delays", json={"delivery": 0.3})
    recalled = _ship(sandbox)
    sandbox.http.delete(f"/logistics/shipments/{recalled['id']}", headers=LOGISTICS)
    delivered = _ship(sandbox)  # due after the other
    ((_, _, event),) = until(lambda: receiver.received, "the event came")
    assert event["key"] == delivered["tracking"]
    state = sandbox.http.get(f"/logistics/shipments/{recalled['id']}", headers=LOGISTICS).json()["state"]
    assert state == "recalled"


def test_booked_visit_is_reported_to_the_callback_url(sandbox: Any, receiver: Receiver) -> None:
    body = {"callback": f"{receiver.url}/callbacks/abc", "customer": "C-1"}
    answer = sandbox.http.post("/installation/requests", json=body, auth=INSTALLATION)
    assert (answer.status_code, answer.json()["state"]) == (202, "requested")
    ((path, authorization, told),) = until(lambda: receiver.received, "the callback came")
    assert (path, authorization) == ("/callbacks/abc", None)
    assert (told["request"], told["state"]) == (answer.json()["id"], "booked")
    assert told["visit_at"] > answer.json()["created_at"]


@pytest.mark.parametrize("status", [503, 429, 404])
def test_callback_is_repeated_until_it_is_accepted(sandbox: Any, receiver: Receiver, status: int) -> None:
    receiver.refusals, receiver.status = 2, status
    body = {"callback": f"{receiver.url}/callbacks/abc"}
    sandbox.http.post("/installation/requests", json=body, auth=INSTALLATION)
    until(lambda: receiver.received, "the callback came")
    (delivery,) = until(lambda: [d for d in _deliveries(sandbox) if d["state"] == "delivered"], "it is noted")
    assert delivery["attempts"] == 3


def test_callback_refused_repeatedly_is_given_up_with_its_reason(sandbox: Any, receiver: Receiver) -> None:
    receiver.refusals, receiver.status = 100, 410
    body = {"callback": f"{receiver.url}/callbacks/abc"}
    sandbox.http.post("/installation/requests", json=body, auth=INSTALLATION)
    (delivery,) = until(lambda: [d for d in _deliveries(sandbox) if d["state"] == "refused"], "it is given up")
    assert delivery["error"].startswith("HTTP 410")


def _deliveries(sandbox: Any) -> list[dict[str, Any]]:
    deliveries: list[dict[str, Any]] = sandbox.http.get("/_deliveries").json()
    return deliveries


def test_event_waits_until_a_gateway_is_set(sandbox: Any, receiver: Receiver) -> None:
    sandbox.http.put("/_gateway", json={"url": "http://127.0.0.1:1"})
    _ship(sandbox)
    until(lambda: any(delivery["attempts"] for delivery in _deliveries(sandbox)), "it was tried in vain")
    sandbox.http.put("/_gateway", json={"url": receiver.url})
    until(lambda: receiver.received, "the event came")


def test_subscription_becomes_active_after_its_delay(sandbox: Any) -> None:
    made = sandbox.http.post("/subscription/subscriptions", json={"plan": "app"}, headers=BEARER).json()
    assert made["state"] == "provisioning"
    address = f"/subscription/subscriptions/{made['id']}"
    until(lambda: sandbox.http.get(address, headers=BEARER).json()["state"] == "active", "it is active")


def test_scheduled_actions_and_callbacks_survive_sigkill(start_sandbox: Callable[..., Any], receiver: Receiver) -> None:
    sandbox = start_sandbox(
        SANDBOX_DELAY_DELIVERY="0.5", ORDO_GATEWAY_URL=receiver.url, ORDO_GATEWAY_TOKEN="g", SANDBOX_DELAY_BOOKING="0"
    )
    receiver.refusals = 1
    body = {"callback": f"{receiver.url}/callbacks/abc"}
    sandbox.http.post("/installation/requests", json=body, auth=INSTALLATION)
    shipment = _ship(sandbox, {"X-Api-Key": "k-logistics"})
    sandbox.kill()
    sandbox.start()
    until(lambda: len(receiver.received) >= 2, "both came")
    assert {path for path, _, _ in receiver.received} == {"/callbacks/abc", "/events"}
    assert [body["key"] for path, _, body in receiver.received if path == "/events"] == [shipment["tracking"]]


def test_delays_set_over_http_survive_a_restart(start_sandbox: Callable[..., Any]) -> None:
    sandbox = start_sandbox(SANDBOX_DELAY_DELIVERY="7")
    assert sandbox.http.get("/_delays").json()["delivery"] == 7
    sandbox.http.put("/_delays", json={"activation": 3}).raise_for_status()
    sandbox.kill()
    sandbox.start()
    delays = sandbox.http.get("/_delays").json()
    assert (delays["delivery"], delays["activation"]) == (7, 3)


def test_unknown_delay_is_refused_with_the_valid_names(sandbox: Any) -> None:
    answer = sandbox.http.put("/_delays", json={"lunch": 1})
    assert answer.status_code == 422
    assert "delivery" in answer.json()["error"]["message"]
