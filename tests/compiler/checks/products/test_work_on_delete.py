"""Warnings of what `add` makes and `delete` leaves."""

from __future__ import annotations

import pytest

from tests.support.compiler.written_catalogues import assert_warning, findings_of

OFFER = "kind: commercial_product\nid: %s\ndecomposes_to: [{product: hub%s}, {product: cam%s}]\n---\n"
PRODUCT = "kind: technical_product\nid: %s\n%ssteps:\n  make: {activity: x, undo: {activity: y}}\n%s---\n"
END = "  end: {activity: z, actions: [delete]}\n"


def catalogue(offer: str = "offer", hub: str = "", camera: str = "", keys: str = "", mark: str = "«") -> str:
    return OFFER % (offer, hub, camera) + PRODUCT % (f"{mark}hub", keys, "") + PRODUCT % ("cam", "", END)


def test_technical_product_that_stays_is_a_warning() -> None:
    assert_warning(catalogue(), "delete-without-work", "it stays when the offer is deleted")


@pytest.mark.parametrize(
    "text",
    [
        catalogue(keys="no_work_for: [delete]\n"),
        catalogue(hub=", actions: [add]"),
        catalogue().replace("activity: x, undo: {activity: y}", "manual: {queue: q}"),
    ],
)
def test_product_that_leaves_nothing_is_no_warning(text: str) -> None:
    assert findings_of(text) == []


def test_offer_whose_rules_leave_out_delete_is_a_warning() -> None:
    text = catalogue("«offer", ", actions: [add]", ", actions: [add, modify]", mark="")
    found = [one for one in findings_of(text) if one.code == "delete-without-work"]
    assert [one.message.split(":")[0] for one in found] == [
        "`add` makes something for `offer`, and no step is for `delete`"
    ]


def test_offer_that_is_only_ever_added_is_no_warning() -> None:
    text = "kind: commercial_product\nid: audit\nsteps: {go: {activity: x, undo: {activity: y}}}\n"
    assert findings_of(text) == []


def test_call_that_only_reads_makes_nothing() -> None:
    system = "kind: system\nid: s\nbase_url: http://s.example\n---\n"
    text = system + catalogue(mark="").replace(
        "id: hub\nsteps:\n  make: {activity: x, undo: {activity: y}}",
        "id: hub\nsteps:\n  make: {call: {system: s, %s: /x}}",
    )
    assert findings_of(text % "get") == []
    assert [one.code for one in findings_of(text % "post")] == ["delete-without-work"]
