"""Every sample order becomes the plan that the business means."""

from __future__ import annotations

import json
from typing import Any

import pytest

from compiler.catalogue.catalogue import Catalogue
from compiler.compile_order import compile_order
from compiler.source.findings import OrderRejected
from tests.definitions.golden_plans import GOLDEN, golden_file, plan_of, sample_orders

ORDERS = sample_orders()


@pytest.mark.parametrize("order_id", ORDERS)
def test_a_sample_order_becomes_its_golden_plan(order_id: str, catalogue: Catalogue) -> None:
    assert plan_of(ORDERS[order_id], catalogue) == json.loads(golden_file(order_id).read_text())


def test_every_golden_plan_has_its_order() -> None:
    assert {path.stem for path in GOLDEN.iterdir()} == set(ORDERS)


class Plan:
    """A plan as these tests ask about it."""

    def __init__(self, order: dict[str, Any], catalogue: Catalogue) -> None:
        plan = plan_of(order, catalogue)
        self.after = {step: set(after) for step, after in plan["steps"].items()}
        self.lines = plan["lines"]

    def comes_before(self, earlier: str, later: str) -> bool:
        """Whether `later` cannot start until `earlier` is done."""
        direct = self.after[later]
        return earlier in direct or any(self.comes_before(earlier, between) for between in direct)


def _home(**attributes: Any) -> dict[str, Any]:
    return {"id": "T-1", "customer": {"id": "C-1"}, "lines": [_line("1", "home_security", **attributes)]}


def _line(id_: str, product: str, **attributes: Any) -> dict[str, Any]:
    return {"id": id_, "product": product, "attributes": attributes}


def _network(*sites: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": "T-2",
        "customer": {"id": "B-1"},
        "lines": [{"id": "1", "product": "managed_wan", "lines": list(sites)}],
    }


def _site(number: int, **attributes: Any) -> dict[str, Any]:
    return _line(f"1.{number}", "wan_site", site_id=f"site-{number}", **({"postcode": "10115"} | attributes))


def test_no_visit_is_booked_before_hub_and_cameras_are_reserved(catalogue: Catalogue) -> None:
    assert Plan(_home(), catalogue).after["installation_visit.book@1"] == {
        "alarm_hub.reserve@1",
        "security_camera.reserve@1",
    }


def test_billing_starts_when_provisioning_is_done(catalogue: Catalogue) -> None:
    plan = Plan(_home(), catalogue)
    assert plan.comes_before("monitoring_subscription.provision@1", "billing_account.activate@1")
    assert plan.comes_before("installation_visit.install@1", "monitoring_subscription.provision@1")
    assert plan.after["billing_account.open@1"] == set(), "the account itself need not wait"


def test_hub_and_cameras_travel_in_one_parcel(catalogue: Catalogue) -> None:
    plan = Plan(_home(cameras=5), catalogue)
    assert [step for step in plan.after if step.startswith("shipment.ship")] == ["shipment.ship@1"]
    assert plan.lines["security_camera@1"]["quantity"] == 5


def test_two_packages_in_one_order_are_two_parcels(catalogue: Catalogue) -> None:
    order = _home() | {"lines": [_line("1", "home_security"), _line("2", "home_security")]}
    plan = Plan(order, catalogue)
    assert plan.after["shipment.ship@2"] == {"alarm_hub.reserve@2", "security_camera.reserve@2"}
    assert not any(step.endswith("@1") for step in plan.after["installation_visit.install@2"])


def test_without_a_visit_the_subscription_waits_for_the_delivery(catalogue: Catalogue) -> None:
    plan = Plan(_home(install=False), catalogue)
    assert "installation_visit@1" not in plan.lines
    assert "shipment.delivered@1" in plan.after["monitoring_subscription.provision@1"]


def test_the_warranty_is_registered_only_beyond_the_first_year(catalogue: Catalogue) -> None:
    assert "extended_warranty@1" not in Plan(_home(warranty_years=1), catalogue).lines
    plan = Plan(_home(warranty_years=2), catalogue)
    assert plan.lines["extended_warranty@1"]["attributes"] == {"years": 2}
    assert "extended_warranty.register@1" in plan.after["billing_account.activate@1"]


@pytest.mark.parametrize(("had", "wanted", "line"), [(1, 4, "additional"), (4, 1, "surplus"), (4, 0, "surplus")])
def test_a_changed_number_of_cameras_sends_or_takes_back_the_difference(
    catalogue: Catalogue, had: int, wanted: int, line: str
) -> None:
    order = _home(cameras=wanted)
    order["lines"][0] |= {"action": "modify", "previous": {"attributes": {"cameras": had}}}
    cameras = {id_: found for id_, found in Plan(order, catalogue).lines.items() if "camera" in id_}
    assert list(cameras) == [f"security_camera@1~{line}"]
    assert cameras[f"security_camera@1~{line}"]["quantity"] == abs(wanted - had)


def test_the_app_reuses_subscription_and_billing_and_nothing_else(catalogue: Catalogue) -> None:
    order = _home() | {"lines": [_line("1", "monitoring_app", seats=4)]}
    plan = Plan(order, catalogue)
    assert set(plan.lines) == {"monitoring_subscription@1", "billing_account@1"}
    assert plan.lines["monitoring_subscription@1"]["attributes"] == {"plan": "app", "seats": 4}


def test_all_sites_of_a_network_share_one_controller(catalogue: Catalogue) -> None:
    plan = Plan(_network(_site(1), _site(2), _site(3)), catalogue)
    assert [line for line in plan.lines if line.startswith("wan_controller")] == ["wan_controller@1"]
    assert all("wan_controller.create@1" in plan.after[f"wan_router.register@1.{n}"] for n in (1, 2, 3))


def test_the_network_policy_waits_for_the_routers_of_all_sites(catalogue: Catalogue) -> None:
    plan = Plan(_network(_site(1), _site(2)), catalogue)
    assert {"wan_router.register@1.1", "wan_router.register@1.2"} < plan.after["wan_controller.enforce@1"]


def test_a_site_never_waits_for_another_sites_circuit_or_visit(catalogue: Catalogue) -> None:
    plan = Plan(_network(_site(1), _site(2)), catalogue)
    waits_for = plan.after["wan_router.register@1.2"]
    assert {"access_circuit.order@1.2", "installation_visit.install@1.2"} < waits_for
    assert not any(step.endswith("@1.1") for step in waits_for)


@pytest.mark.parametrize(
    ("postcode", "carrier"), [("01067", "northlink"), ("50667", "rhinefibre"), ("80331", "alpentel")]
)
def test_the_carrier_goes_by_the_postcode(catalogue: Catalogue, postcode: str, carrier: str) -> None:
    plan = Plan(_network(_site(1, postcode=postcode)), catalogue)
    assert plan.lines["access_circuit@1.1"]["attributes"]["carrier"] == carrier


def test_a_postcode_that_no_carrier_serves_rejects_the_order_by_name(catalogue: Catalogue) -> None:
    with pytest.raises(OrderRejected, match=r"(?s)carrier.*3"):
        compile_order(_network(_site(1, postcode="30159")), catalogue)


def test_each_lan_segment_is_a_line_named_for_itself(catalogue: Catalogue) -> None:
    segments = [{"name": "shop", "vlan": 10}, {"name": "tills", "vlan": 20}]
    plan = Plan(_network(_site(1, segments=segments)), catalogue)
    assert {"lan_segment@1.1~shop", "lan_segment@1.1~tills"} < set(plan.lines)
    assert plan.after["lan_segment.configure@1.1~shop"] == {"wan_router.register@1.1"}


def test_sites_that_rely_on_the_headquarters_start_when_it_is_done(catalogue: Catalogue) -> None:
    plan = Plan(ORDERS["WAN-3001"], catalogue)
    assert plan.comes_before("lan_segment.configure@1.1~bakery", "wan_router.reserve@1.2")
    assert not plan.comes_before("wan_router.reserve@1.2", "wan_router.reserve@1.3")


def test_a_site_added_to_a_network_uses_the_controller_that_is_there(catalogue: Catalogue) -> None:
    plan = Plan(ORDERS["WAN-3002"], catalogue)
    assert "wan_controller.create@1" not in plan.after
    assert "wan_controller.find@1" in plan.after["wan_router.register@1.4"]


def test_a_network_is_removed_after_its_routers(catalogue: Catalogue) -> None:
    plan = Plan(ORDERS["WAN-3003"], catalogue)
    assert plan.after["wan_controller.remove@1"] == {"wan_router.remove@1.1", "wan_router.remove@1.4"}


def test_an_audit_needs_no_fulfilment_line(catalogue: Catalogue) -> None:
    plan = Plan(ORDERS["PS-4001"], catalogue)
    assert plan.lines == {}
    assert plan.comes_before("security_audit.kickoff@1", "security_audit.invoice@1")
