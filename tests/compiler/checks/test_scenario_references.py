"""Scenarios are accepted, and what they refer to is defined."""

from __future__ import annotations

import pytest

from tests.support.written_catalogues import HUB, OFFER, assert_error, findings_of

CATALOGUE = OFFER + "decomposes_to: [{product: hub}]\n" + HUB + "---\nkind: system\nid: inventory\nbase_url: x\n---\n"
SCENARIO = CATALOGUE + "kind: scenario\nid: x\norder: {id: A, lines: [{id: '1', product: offer}]}\n"


def test_scenario_with_valid_references_has_no_findings() -> None:
    text = SCENARIO + (
        "world:\n  - {on: hub.reserve, answer: {status: 503}, times: 2}\n  - {after: 2d, event: e, key: k}\n"
        "  - {when: hub.reserve@1, complete: {a: 1}}\nexpect:\n  order: completed\n  steps: {hub.reserve: completed}\n"
        "  calls: [{system: inventory, delete: /x, times: 1}]\n"
    )
    assert [str(one) for one in findings_of(text)] == []


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ("world: [{on: «hubb.reserve}]", ("there is no workstream `hubb`", "`hub`")),
        ("world: [{when: «hub.resrve@1}]", ("workstream `hub` has no step `resrve`", "`reserve`")),
        ("expect: {steps: {«hub.resrve: completed}}", ("`reserve`",)),
        ("expect: {calls: [{system: «inventry}]}", ("there is no system `inventry`", "`inventory`")),
    ],
)
def test_unknown_name_in_a_scenario_is_reported(more: str, words: tuple[str, ...]) -> None:
    assert_error(SCENARIO + more, "reference-unknown", *words)


def test_products_in_a_scenario_may_have_id_or_code() -> None:
    order = "kind: scenario\nid: x\norder: {lines: [{id: '1', product: «%s, lines: [{product: offer}]}]}\n"
    assert_error(CATALOGUE + order % "offr", "reference-unknown", "did you mean `offer`?")
    coded = CATALOGUE.replace("id: offer", "id: offer\ncode: SKU-1")
    assert findings_of(coded + (order % "SKU-1").replace("«", "")) == []


def test_order_file_of_a_scenario_must_exist() -> None:
    assert_error(CATALOGUE + "kind: scenario\nid: x\norder: «../nowhere.yaml\n", "file-missing", "../nowhere.yaml")
    assert_error(CATALOGUE + "kind: scenario\nid: x\norder: «[1]\n", "type-wrong", "the name of a file, or an order")
    assert_error(CATALOGUE + "«kind: scenario\nid: x\n", "key-missing", "`order`")
