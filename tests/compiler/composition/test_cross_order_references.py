"""Steps that wait for a step of another order: what is checked, and how the plan tells it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from compiler.compile_order import compile_order
from compiler.plan.codec import decode_plan, encode_plan
from compiler.plan.to_json import plan_to_json
from compiler.source.findings import CatalogueInvalid
from tests.support.compiler.plan_sketch import catalogue_of, line, order_of

OFFER = """
kind: commercial_product
id: offer
attributes: {site_order: {type: string, default: S-1}}
steps:
  find: {call: {system: s, get: "/sites/${attributes.site_order}"}}
  use:
    milestone: true
    after:
      - find
      - {order: "%s", step: %s, within: 5d}
  alone: {milestone: true, after: {order: "${attributes.site_order}", step: find}}
---
{kind: system, id: s, base_url: "http://localhost"}
"""


def steps_of(folder: Path, order: str, step: str = "use") -> dict[str, Any]:
    catalogue = catalogue_of(folder, OFFER % (order, step))
    plan = compile_order(order_of(line("1", "offer")), catalogue)
    assert decode_plan(encode_plan(plan)) == plan
    return {step["id"]: step for step in plan_to_json(plan)["steps"]}


def test_plan_contains_references_to_other_orders(tmp_path: Path) -> None:
    steps = steps_of(tmp_path, "${steps.find.output.order}", "offer.use")
    assert steps["offer.use@1"]["after"] == ["offer.find@1"]
    assert steps["offer.use@1"]["after_orders"] == [
        {"order": "${steps.find.output.order}", "step": "offer.use", "within": "5d"}
    ]
    assert steps["offer.alone@1"]["after_orders"] == [
        {"order": "${attributes.site_order}", "step": "find", "within": None}
    ]
    assert "after_orders" not in steps["offer.find@1"]


@pytest.mark.parametrize(
    ("order", "step", "told"),
    [
        ("${attributes.site_orde}", "use", "site_orde"),
        ("${steps.alone.output.order}", "use", "alone"),
        ("${attributes.site_order}", "usee", "usee"),
        ("${attributes.site_order}", "elsewhere.use", "elsewhere"),
    ],
)
def test_errors_in_it_are_found_when_the_catalogue_is_loaded(order: str, step: str, told: str, tmp_path: Path) -> None:
    with pytest.raises(CatalogueInvalid) as refused:
        steps_of(tmp_path, order, step)
    assert any(told in finding.message for finding in refused.value.findings)
