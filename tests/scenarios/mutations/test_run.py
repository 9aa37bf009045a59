"""Faults are found by scenarios, refused by the compiler, or survive."""

from __future__ import annotations

from compiler.source.files import read_folder
from compiler.source.yaml_reader import read_documents
from scenarios.mutations.faults import FaultKind
from scenarios.mutations.run import draw_faults, try_faults
from tests.support.paths import ROOT

CATALOGUE = """
kind: commercial_product
id: gift
attributes: {wrapped: {type: boolean, default: true}}
decomposes_to: [{product: parcel, when: attributes.wrapped}]
steps:
  greet: {call: {system: post, post: /cards, body: {to: "${order.customer.id}"}}}
---
kind: technical_product
id: parcel
steps:
  send:
    after: [gift.greet]
    call: {system: post, post: /parcels, body: {to: "${order.customer.id}", weight: 2}}
---
{kind: system, id: post, base_url: "http://post", example: {body: {id: "P-${number}"}}}
---
kind: scenario
id: sent
order: {id: G-1, customer: {id: C-1}, lines: [{id: "1", product: gift}]}
expect:
  order: completed
  calls: [{system: post, post: /parcels, body: {to: C-1}, times: 1}]
"""


def test_each_fault_is_found_or_refused_or_survives() -> None:
    read = read_documents(CATALOGUE, "gift.yaml")
    results = list(try_faults(read, draw_faults(read, 100, seed=1)))
    outcome = {
        f"{result.fault.original.data['id']}: {result.fault.what}": (
            "survives" if result.survived else result.found_by or result.refused.code  # type: ignore[union-attr]
        )
        for result in results
    }
    assert outcome == {
        "gift: default false": "sent",
        "gift: no rule for parcel": "sent",
        "gift: always": "survives",
        "gift: the opposite": "sent",
        "gift: POST /cardss": "survives",
        "gift: body without to": "survives",
        "gift: to is wrong": "survives",
        "parcel: after without gift.greet": "survives",
        "parcel: POST /parcelss": "sent",
        "parcel: body without to": "sent",
        "parcel: body without weight": "survives",
        "parcel: to is wrong": "sent",
    }


def test_the_same_seed_draws_the_same_faults_and_each_kind_in_turn() -> None:
    definitions = read_folder(ROOT / "definitions")
    drawn = draw_faults(definitions, 16, seed=7)
    assert {fault.kind for fault in drawn} == set(FaultKind)
    again = draw_faults(definitions, 16, seed=7)
    assert [(fault.location, fault.what) for fault in drawn] == [(fault.location, fault.what) for fault in again]
    other = draw_faults(definitions, 16, seed=8)
    assert [fault.location for fault in drawn] != [fault.location for fault in other]


def test_only_the_named_definitions_get_faults_and_only_the_named_scenarios_look() -> None:
    read = read_documents(CATALOGUE, "gift.yaml")
    faults = draw_faults(read, 100, seed=1, only=frozenset({"parcel"}))
    assert {fault.original.data["id"] for fault in faults} == {"parcel"}
    assert all(result.survived or result.refused for result in try_faults(read, faults, only=set()))
