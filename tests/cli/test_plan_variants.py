"""`plan` with other values, several plans side by side, and `plan offer`."""

from __future__ import annotations

import json
import re
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.support.command_line import call
from tests.support.html_pages import HtmlPage

ORDER = "orders/home_security.yaml"


def test_another_value_gives_another_plan() -> None:
    called = call("plan", ORDER, "--with", "cameras=0", "--with", "install=false", "--with", "order.priority=1")
    assert called.status == 0
    assert called.out.startswith("with cameras=0 install=false order.priority=1\n")
    assert "priority 1" in called.out
    assert "security_camera@1" not in called.out
    assert "installation_visit@1" not in called.out
    document = call("plan", ORDER, "--with", "lines.1.quantity=2", "-o", "json").json
    assert document["with"] == {"lines.1.quantity": 2}
    assert document["order_lines"][0]["quantity"] == 2


def test_an_empty_value_takes_the_value_away() -> None:
    document = call("plan", ORDER, "--with", "cameras=", "-o", "json").json
    (cameras,) = [line for line in document["lines"] if line["product"] == "security_camera"]
    assert cameras["quantity"] == 2  # the default


def test_texts_stay_texts_and_may_contain_commas(tmp_path: Path) -> None:
    order = tmp_path / "order.json"
    site = {"id": "1.1", "product": "wan_site", "attributes": {"site_id": "x", "postcode": "20457"}}
    order.write_text(json.dumps({"id": "W", "lines": [{"id": "1", "product": "managed_wan", "lines": [site]}]}))
    called = call("plan", order, "--with", "postcode=01067", "--with", 'address="Hafen 1, Hamburg"', "-o", "json")
    attributes = {line["product"]: line["attributes"] for line in called.json["lines"]}
    assert attributes["access_circuit"]["postcode"] == "01067"
    assert attributes["wan_router"]["address"] == "Hafen 1, Hamburg"


def test_several_values_are_compared_side_by_side() -> None:
    text = call("plan", ORDER, "--with", "cameras=0,4", "--with", "install=true,false").out
    assert "security_camera@1  Security camera         –  –  ×4  ×4\n" in text
    assert "Book a technician  installation_visit.book                     1  –  1  –\n" in text
    assert "expected duration  3 d  2 d  3 d  2 d\n" in text
    assert "and 5 lines that all have" in text


def test_variants_tell_which_values_make_a_difference() -> None:
    called = call("plan", ORDER, "--variants")
    assert called.out.startswith("24 variants, 4 different plans\n")
    assert "without effect on lines, steps and times: camera_model, plan\n" in called.out
    assert "4  HS-1001  install=true  warranty_years=2|3\n" in called.out
    document = call("plan", ORDER, "--variants", "-o", "json").json
    assert (document["combinations"], document["is_complete"], len(document["variants"])) == (24, True, 24)
    assert {one["same_as"] for one in document["variants"]} == {0, 1, 6, 7}


def test_beyond_a_bound_variants_are_pairs_and_the_command_says_so() -> None:
    called = call("plan", ORDER, "--variants", "--with", "cameras=0,1,2,3")
    assert "of 96 combinations: they contain each pair of values." in called.err
    document = call("plan", ORDER, "--variants", "--with", "cameras=0,1,2,3", "-o", "json").json
    assert document["is_complete"] is False
    pairs = {(one["with"]["cameras"], one["with"]["warranty_years"]) for one in document["variants"]}
    assert len(pairs) == 12


def test_several_orders_are_compared() -> None:
    text = call("plan", ORDER, "orders/monitoring_app.json", "--compare").out
    assert "1  HS-1001   as it is\n2  APP-2001  as it is\n" in text
    assert "Install on site  installation_visit.install                    1  –\n" in text
    assert call("plan", ORDER, "orders/monitoring_app.json").out.count("expected duration: ") == 2


def test_a_rejected_variant_is_told_beside_the_others() -> None:
    called = call("plan", ORDER, "--with", "cameras=4,99")
    assert called.status == 0
    assert "2  HS-1001  cameras=99  rejected\n" in called.out
    assert "`cameras` must be at most 16, and is `99`" in called.out
    assert call("plan", ORDER, "--with", "cameras=98,99").status == 1


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        (["--with", "camera=4"], 1, "has the attribute `camera`; did you mean `cameras`?"),
        (["--with", "lines.2.quantity=4"], 1, "the order has no line `2`; it has 1"),
        (["--with", "cameras"], 2, "write NAME=VALUE"),
        (["--with", "a.b=1"], 2, "neither an attribute"),
        (["--with", "order.colour=1"], 2, "order.priority"),
        (["--with", "cameras=1", "--with", "cameras=2"], 2, "is given twice"),
        (["--compare"], 2, "There is nothing to compare"),
        (["--variants", "--format", "svg"], 2, "leave out --format"),
        (["--action", "add"], 2, "--action is for `plan offer NAME`"),
    ],
)
def test_wrong_values_are_told_clearly(arguments: list[str], status: int, words: str) -> None:
    called = call("plan", ORDER, *arguments)
    assert called.status == status
    assert words in called.err
    assert "Traceback" not in called.err


def test_offer_shows_rules_workstreams_and_steps() -> None:
    text = call("plan", "offer", "home_security").out
    assert re.search(
        r"^installation_visit +Installation visit +for add lines, if `attributes.install`  defin", text, re.M
    )
    assert "Shipment  shipment  for alarm_hub, security_camera\n" in text
    assert "Hand the parcel to the carrier  shipment.ship  add, modify  " in text
    assert call("plan", "offer", "HS-PKG").out == text
    deleted = call("plan", "offer", "home_security", "--action", "delete").out
    assert "billing_account.close" in deleted
    assert "billing_account.open" not in deleted


def test_offer_as_json_and_pictures() -> None:
    document = call("plan", "offer", "managed_wan", "-o", "json").json
    assert document["offer"] == "managed_wan"
    svg = call("plan", "offer", "managed_wan", "--format", "svg").out
    root = ElementTree.fromstring(svg)
    boxes = [one for one in root.iter("{http://www.w3.org/2000/svg}rect") if one.get("class") == "box"]
    assert len(boxes) == len(document["steps"])
    page = HtmlPage(call("plan", "offer", "home_security", "--format", "html").out)
    page.assert_loads_nothing()
    assert "if attributes.install" in page.text
    assert "shipment.ship" in page.text


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["home_securty"], "did you mean `home_security`?"),
        (["zzz"], "its offers are home_security, managed_wan"),
        ([], "Name one offer"),
        (["home_security", "--explain"], "are for orders"),
        (["home_security", "--format", "mermaid"], "--format svg and html"),
    ],
)
def test_wrong_use_of_offer_is_told_clearly(arguments: list[str], words: str) -> None:
    called = call("plan", "offer", *arguments)
    assert called.status == 2
    assert words in called.err
