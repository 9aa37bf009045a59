"""Everything that an offer can become."""

from __future__ import annotations

from pathlib import Path

from compiler.explain_offer import OfferStructure, explain_offer, offer_to_json
from compiler.language.steps import LineAction
from compiler.load_catalogue import load_catalogue
from tests.support.compiler.plan_sketch import catalogue_of
from tests.support.paths import ROOT

TEXT = """
kind: commercial_product
id: offer
components: [{product: inner, when: quantity > 1}]
decomposes_to:
  - {product: late, precedence: 200}
  - {product: hub, when: quantity > 2, actions: modify}
dependencies: {late.go: [hub.take]}
---
kind: commercial_product
id: inner
decomposes_to: [{product: hub}]
---
kind: technical_product
id: hub
decomposes_to: [{product: late}]
steps: {take: {milestone: true}, give: {milestone: true, actions: delete, after: [take]}}
---
kind: technical_product
id: late
steps: {go: {milestone: true}}
---
kind: technical_product
id: elsewhere
steps: {go: {milestone: true}}
---
kind: workstream
id: audit
for: [hub, elsewhere]
steps: {look: {milestone: true, after: [late.go, elsewhere.go]}}
"""


def structure_of(tmp_path: Path, action: LineAction | None = None) -> OfferStructure:
    catalogue = catalogue_of(tmp_path, TEXT)
    return explain_offer(catalogue.products["offer"], catalogue, action)


def test_all_that_rules_and_components_lead_to(tmp_path: Path) -> None:
    structure = structure_of(tmp_path)
    assert [one.product.id for one in structure.products] == ["offer", "inner", "hub", "late"]
    assert [(one.kind, one.rule.product) for one in structure.products[0].rules] == [
        ("component", "inner"),
        ("rule", "hub"),
        ("rule", "late"),
    ]
    assert {one.id for one in structure.workstreams} == {"hub", "late", "audit"}


def test_dependencies_of_steps_and_offers(tmp_path: Path) -> None:
    structure = structure_of(tmp_path)
    after = {one.step.reference: [structure.steps[at].step.reference for at in one.after] for one in structure.steps}
    assert after == {
        "hub.take": [],
        "hub.give": ["hub.take"],
        "late.go": ["hub.take"],
        "audit.look": ["late.go"],
    }


def test_only_what_lines_with_an_action_become(tmp_path: Path) -> None:
    structure = structure_of(tmp_path, LineAction.DELETE)
    assert [one.step.reference for one in structure.steps] == ["hub.give"]
    assert [one.rule.product for one in structure.products[0].rules] == ["inner", "late"]
    assert [one.id for one in structure.workstreams] == ["hub"]


def test_json_has_rules_with_conditions_and_places(tmp_path: Path) -> None:
    data = offer_to_json(structure_of(tmp_path), "sha256:0")
    assert set(data) == {"offer", "catalogue_version", "products", "workstreams", "steps"}
    rule = data["products"][0]["rules"][1]
    assert rule.pop("location").endswith(":7:5")
    assert rule == {
        "kind": "rule",
        "product": "hub",
        "as": None,
        "when": "quantity > 2",
        "quantity": None,
        "for_each": None,
        "actions": ["modify"],
    }


def test_every_shipped_product_can_be_explained() -> None:
    catalogue = load_catalogue(ROOT / "definitions")
    for product in catalogue.products.values():
        structure = explain_offer(product, catalogue)
        for position, one in enumerate(structure.steps):
            assert position not in one.after
