"""The rules of the sandbox systems: authentication, states of resources, business error codes."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest

from tests.sandbox.conftest import until
from tests.support.paths import ROOT

BEARER = {"Authorization": "Bearer sandbox"}
KEY = {"X-Api-Key": "sandbox"}
INVENTORY = {"Authorization": "Bearer t-inventory"}


def _code(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["code"]


@pytest.mark.parametrize(
    ("path", "given"),
    [
        ("/inventory/reservations", {}),
        ("/inventory/reservations", {"headers": {"Authorization": "Bearer wrong"}}),
        ("/inventory/reservations", {"headers": {"Authorization": "Basic t-inventory"}}),
        ("/logistics/shipments", {"headers": BEARER}),
        ("/installation/requests", {"auth": ("ordo", "wrong")}),
        ("/installation/requests", {"auth": ("wrong", "sandbox")}),
        ("/subscription/subscriptions", {}),
        ("/billing/accounts", {"headers": KEY}),
        ("/access/circuits", {}),
        ("/network/controllers", {}),
    ],
)
def test_unauthenticated_request_is_refused(sandbox: Any, path: str, given: dict[str, Any]) -> None:
    assert _code(sandbox.http.post(path, json={}, **given)) == (401, "unauthorized")
    assert sandbox.log() == []


def test_secrets_come_from_the_environment(start_sandbox: Callable[..., Any]) -> None:
    sandbox = start_sandbox(BILLING_TOKEN="s3cret")
    assert sandbox.http.post("/billing/accounts", json={}, headers=BEARER).status_code == 401
    given = {"Authorization": "Bearer s3cret"}
    assert sandbox.http.post("/billing/accounts", json={}, headers=given).status_code == 201


def test_reservation_reduces_stock_and_release_restores_it(sandbox: Any) -> None:
    def available() -> int:
        return int(sandbox.http.get("/inventory/stock/cam-indoor", headers=INVENTORY).json()["available"])

    before = available()
    held = sandbox.reserve(quantity=4, sku="cam-indoor").json()
    assert available() == before - 4
    released = sandbox.http.delete(f"/inventory/reservations/{held['id']}", headers=INVENTORY).json()
    assert (released["state"], available()) == ("released", before)
    again = sandbox.http.delete(f"/inventory/reservations/{held['id']}", headers=INVENTORY)
    assert _code(again) == (409, "already_released")


def test_changed_reservation_adjusts_stock(sandbox: Any) -> None:
    def available(sku: str) -> int:
        return int(sandbox.http.get(f"/inventory/stock/{sku}", headers=INVENTORY).json()["available"])

    before = available("cam-indoor"), available("cam-outdoor")
    held = sandbox.reserve(quantity=4, sku="cam-indoor").json()["id"]
    wanted = {"sku": "cam-outdoor", "quantity": 6}
    changed = sandbox.http.patch(f"/inventory/reservations/{held}", json=wanted, headers=INVENTORY).json()
    assert (changed["id"], changed["sku"], changed["quantity"], changed["state"]) == (
        held,
        "cam-outdoor",
        6,
        "reserved",
    )
    assert (available("cam-indoor"), available("cam-outdoor")) == (before[0], before[1] - 6)
    sandbox.http.post("/logistics/shipments", json={"reservations": [held]}, headers=KEY).raise_for_status()
    late = sandbox.http.patch(f"/inventory/reservations/{held}", json={"quantity": 1}, headers=INVENTORY)
    assert _code(late) == (409, "already_shipped")


def test_changing_one_subscription_leaves_the_customers_others(sandbox: Any) -> None:
    ids = [
        sandbox.http.post("/subscription/subscriptions", json={"plan": "household"}, headers=BEARER).json()["id"]
        for _ in range(2)
    ]
    sandbox.http.patch(f"/subscription/subscriptions/{ids[0]}", json={"plan": "premium", "seats": 3}, headers=BEARER)
    found = [sandbox.http.get(f"/subscription/subscriptions/{id_}", headers=BEARER).json() for id_ in ids]
    assert [(each["plan"], each["seats"]) for each in found] == [("premium", 3), ("household", 1)]
    wrong = sandbox.http.patch(f"/subscription/subscriptions/{ids[1]}", json={"plan": "gold"}, headers=BEARER)
    assert _code(wrong) == (422, "unknown_plan")


def test_fault_of_a_whole_system_also_affects_ready(sandbox: Any) -> None:
    assert sandbox.http.get("/billing/ready", headers=BEARER).status_code == 200
    sandbox.http.post("/_faults", json={"kind": "status", "system": "billing"}).raise_for_status()
    assert sandbox.http.get("/billing/ready", headers=BEARER).status_code == 503


def test_unknown_article_and_empty_stock_have_different_codes(sandbox: Any) -> None:
    assert _code(sandbox.reserve(sku="spaceship")) == (422, "unknown_sku")
    sandbox.http.put("/inventory/stock/hub-1", json={"quantity": 1}, headers=INVENTORY)
    assert _code(sandbox.reserve(quantity=2)) == (409, "out_of_stock")
    assert sandbox.log(system="inventory", key="none") == []


def test_shipped_reservation_cannot_be_released_nor_released_one_shipped(sandbox: Any) -> None:
    shipped, released = sandbox.reserve().json()["id"], sandbox.reserve().json()["id"]
    sandbox.http.delete(f"/inventory/reservations/{released}", headers=INVENTORY)
    sandbox.http.post("/logistics/shipments", json={"reservations": [shipped]}, headers=KEY).raise_for_status()
    assert _code(sandbox.http.delete(f"/inventory/reservations/{shipped}", headers=INVENTORY)) == (
        409,
        "already_shipped",
    )
    answer = sandbox.http.post("/logistics/shipments", json={"reservations": [released]}, headers=KEY)
    assert _code(answer) == (409, "reservation_not_held")


def test_recalled_shipment_is_reserved_again_and_can_be_released(sandbox: Any) -> None:
    held = sandbox.reserve().json()["id"]
    sent = sandbox.http.post("/logistics/shipments", json={"reservations": [held]}, headers=KEY).json()["id"]
    sandbox.http.delete(f"/logistics/shipments/{sent}", headers=KEY).raise_for_status()
    released = sandbox.http.delete(f"/inventory/reservations/{held}", headers=INVENTORY).json()
    assert released["state"] == "released"


def test_refused_shipment_ships_no_reservation(sandbox: Any) -> None:
    held = sandbox.reserve().json()["id"]
    answer = sandbox.http.post("/logistics/shipments", json={"reservations": [held, "RES-none"]}, headers=KEY)
    assert _code(answer) == (404, "unknown_reservation")
    state = sandbox.http.get(f"/inventory/reservations/{held}", headers=INVENTORY).json()["state"]
    assert state == "reserved"


def test_visit_can_be_cancelled_only_before_its_report(sandbox: Any) -> None:
    auth = ("ordo", "sandbox")
    visits = [sandbox.http.post("/installation/requests", json={}, auth=auth).json()["id"] for _ in range(2)]
    assert sandbox.http.delete(f"/installation/requests/{visits[0]}", auth=auth).json()["state"] == "cancelled"
    until(lambda: sandbox.http.get(f"/installation/requests/{visits[1]}", auth=auth).json()["state"] == "booked", "")
    sandbox.http.post(f"/installation/requests/{visits[1]}/report", json={"outcome": "done"}, auth=auth)
    assert _code(sandbox.http.delete(f"/installation/requests/{visits[1]}", auth=auth)) == (409, "already_done")


def test_account_goes_through_all_its_states(sandbox: Any) -> None:
    account = sandbox.http.post("/billing/accounts", json={"customer": "C-1"}, headers=BEARER).json()
    address = f"/billing/accounts/{account['id']}"
    states = [
        account["state"],
        sandbox.http.post(f"{address}/activation", json={}, headers=BEARER).json()["state"],
        sandbox.http.delete(f"{address}/activation", headers=BEARER).json()["state"],
        sandbox.http.delete(address, headers=BEARER).json()["state"],
    ]
    assert states == ["open", "active", "open", "closed"]
    assert _code(sandbox.http.delete(address, headers=BEARER)) == (409, "already_closed")


def test_invoice_can_be_credited_only_once(sandbox: Any) -> None:
    wanted = {"amount": 12.5, "text": "Audit"}
    invoice = sandbox.http.post("/billing/invoices", json=wanted, headers=BEARER).json()["id"]
    assert sandbox.http.post(f"/billing/invoices/{invoice}/credit", headers=BEARER).json()["amount"] == 12.5
    assert sandbox.http.get(f"/billing/invoices/{invoice}", headers=BEARER).json()["state"] == "credited"
    assert _code(sandbox.http.post(f"/billing/invoices/{invoice}/credit", headers=BEARER)) == (409, "already_credited")


def test_cessation_ends_all_of_one_customer_and_nothing_of_others(sandbox: Any) -> None:
    for customer in ("C-1", "C-1", "C-2"):
        sandbox.http.post("/subscription/subscriptions", json={"plan": "app", "customer": customer}, headers=BEARER)
    ended = sandbox.http.post("/subscription/cessations", json={"customer": "C-1"}, headers=BEARER).json()["ended"]
    assert len(ended) == 2
    states = {
        each["customer"]: each["state"] for each in sandbox.http.get("/_state").json()["subscription"]["subscription"]
    }
    assert states["C-1"] == "ended"
    assert states["C-2"] != "ended"


def test_unknown_plan_is_refused(sandbox: Any) -> None:
    answer = sandbox.http.post("/subscription/subscriptions", json={"plan": "gold"}, headers=BEARER)
    assert _code(answer) == (422, "unknown_plan")


def test_warranty_can_be_voided_only_once(sandbox: Any) -> None:
    warranty = sandbox.http.post("/warranty/warranties", json={"years": 3}).json()["id"]
    assert sandbox.http.delete(f"/warranty/warranties/{warranty}").json()["state"] == "void"
    assert _code(sandbox.http.delete(f"/warranty/warranties/{warranty}")) == (409, "already_void")
    assert _code(sandbox.http.post("/warranty/warranties", json={"years": 9})) == (422, "term_too_long")


def test_carrier_refuses_a_speed_above_its_maximum(sandbox: Any) -> None:
    wanted = {"carrier": "alpentel", "site": "munich", "postcode": "80331", "mbps": 1000}
    assert _code(sandbox.http.post("/access/circuits", json=wanted, headers=KEY)) == (422, "not_serviceable")
    assert _code(sandbox.http.post("/access/circuits", json=wanted | {"carrier": "x"}, headers=KEY)) == (
        422,
        "unknown_carrier",
    )


def test_policy_needs_all_routers_online_and_controller_in_use_cannot_be_removed(sandbox: Any) -> None:
    sandbox.http.put("/_delays", json={"rollout": 3600})
    controller = sandbox.http.post("/network/controllers", json={"customer": "B-1"}, headers=BEARER).json()["id"]
    address = f"/network/controllers/{controller}"
    router = {"site": "bonn", "model": "branch", "customer": "B-1"}
    sandbox.http.post(f"{address}/routers", json=router, headers=BEARER).raise_for_status()
    assert _code(sandbox.http.put(f"{address}/policy", json={}, headers=BEARER)) == (409, "routers_offline")
    assert _code(sandbox.http.delete(address, headers=BEARER)) == (409, "controller_in_use")
    removed = sandbox.http.post("/network/removals", json={"customer": "B-1"}, headers=BEARER).json()["removed"]
    assert len(removed) == 2
    assert _code(sandbox.http.get("/network/customers/B-1/controller", headers=BEARER)) == (404, "no_network")


def test_vlan_can_be_used_once_per_router(sandbox: Any) -> None:
    controller = sandbox.http.post("/network/controllers", json={}, headers=BEARER).json()["id"]
    wanted = {"site": "bonn", "model": "branch"}
    router = sandbox.http.post(f"/network/controllers/{controller}/routers", json=wanted, headers=BEARER).json()["id"]
    segment = {"name": "shop", "vlan": 10}
    assert sandbox.http.post(f"/network/routers/{router}/segments", json=segment, headers=BEARER).status_code == 201
    again = sandbox.http.post(f"/network/routers/{router}/segments", json=segment, headers=BEARER)
    assert _code(again) == (409, "vlan_taken")


def test_unknown_path_and_unknown_resource_have_the_usual_error_shape(sandbox: Any) -> None:
    assert _code(sandbox.http.get("/inventory/nothing", headers=INVENTORY)) == (404, "not_found")
    assert _code(sandbox.http.get("/billing/accounts/ACC-1", headers=BEARER)) == (404, "unknown_account")


def test_reset_deletes_everything(sandbox: Any) -> None:
    sandbox.reserve("k")
    sandbox.fault(kind="status", system="billing")
    sandbox.http.post("/_reset").raise_for_status()
    assert sandbox.http.get("/_state").json() == {}
    assert sandbox.http.get("/_faults").json() == []
    assert sandbox.log() == []


def test_sandbox_shuts_down_cleanly_on_sigterm(start_sandbox: Callable[..., Any]) -> None:
    assert start_sandbox().terminate() == 0


def test_port_in_use_is_reported_in_one_line(sandbox: Any) -> None:
    port = str(sandbox.http.base_url.port)
    told = subprocess.run(
        [sys.executable, "-m", "sandbox", "--port", port], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert told.returncode == 1
    assert len(told.stderr.splitlines()) == 1
    assert port in told.stderr


def test_invalid_delay_is_reported_with_its_variable() -> None:
    told = subprocess.run(
        [sys.executable, "-m", "sandbox", "--port", "0"],
        cwd=ROOT, env={"SANDBOX_DELAY_DELIVERY": "soon"}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert told.returncode == 1
    assert "SANDBOX_DELAY_DELIVERY" in told.stderr
