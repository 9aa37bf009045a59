"""Why things are in a plan or out of it."""

from __future__ import annotations

from pathlib import Path

from compiler.compile_order import compile_order
from compiler.explain_order import conditions_to_json, explain_order, explanation_to_json
from tests.support.compiler.plan_sketch import catalogue_of, line, order_of

TEXT = """
kind: commercial_product
id: offer
attributes: {checked: {type: boolean, default: false}}
components: [{product: inner, when: attributes.checked}]
decomposes_to:
  - {product: a}
  - {product: b, when: attributes.checked}
  - {product: c}
---
kind: commercial_product
id: inner
steps: {go: {milestone: true}}
---
kind: technical_product
id: a
steps: {take: {milestone: true}, give: {milestone: true, actions: delete}}
---
kind: technical_product
id: b
steps: {check: {milestone: true, after: [a.take]}}
---
kind: technical_product
id: c
steps: {mount: {milestone: true, after: [b.check]}}
---
kind: workstream
id: audit
for: c
when: quantity > 5
steps: {look: {milestone: true}}
"""


def test_every_rule_component_workstream_and_step_is_explained(tmp_path: Path) -> None:
    explanation = explain_order(order_of(line("1", "offer")), catalogue_of(tmp_path, TEXT))
    told = {
        (reason.subject, reason.line_id, reason.name): (reason.applied, reason.result_ids)
        for reason in explanation.decisions
    }
    assert told == {
        ("component", "1", "inner"): (False, ()),
        ("rule", "1", "a"): (True, ("a@1",)),
        ("rule", "1", "b"): (False, ()),
        ("rule", "1", "c"): (True, ("c@1",)),
        ("workstream", "a@1", "a"): (True, ()),
        ("step", "a@1", "a.take"): (True, ("a.take@1",)),
        ("step", "a@1", "a.give"): (False, ()),
        ("workstream", "c@1", "c"): (True, ()),
        ("workstream", "c@1", "audit"): (False, ()),
        ("step", "c@1", "c.mount"): (True, ("c.mount@1",)),
        ("replacement", "1", "b.check"): (True, ("a.take@1",)),
    }


def test_decisions_say_why(tmp_path: Path) -> None:
    explanation = explain_order(order_of(line("1", "offer")), catalogue_of(tmp_path, TEXT))
    reasons = {(one.line_id, one.subject, one.name): one.reason for one in explanation.decisions}
    assert reasons["1", "rule", "b"] == "`attributes.checked` does not hold"
    assert reasons["c@1", "workstream", "audit"] == "`quantity > 5` does not hold"
    assert reasons["1", "replacement", "b.check"] == "it is not in the plan here"
    rows = explanation_to_json(explanation)
    assert all(set(row) == set(rows[0]) for row in rows)
    assert [row["waiting"] for row in rows if row["subject"] == "replacement"] == ["c.mount@1"]


def test_decisions_tell_the_values_that_decided_and_the_place(tmp_path: Path) -> None:
    text = TEXT.replace("- {product: c}", "- {product: c, quantity: quantity * 2}")
    explanation = explain_order(order_of(line("1", "offer", quantity=2)), catalogue_of(tmp_path, text))
    decisions = {(one.line_id, one.subject, one.name): one for one in explanation.decisions}
    refused = decisions["1", "rule", "b"]
    assert [str(value) for value in refused.values] == ["attributes.checked = false"]
    assert refused.location.endswith(":8:5")
    quantity = decisions["1", "rule", "c"].quantity
    assert quantity is not None
    assert (quantity.expression, quantity.value, [str(one) for one in quantity.values]) == (
        "quantity * 2",
        4,
        ["quantity = 2"],
    )
    assert [str(value) for value in decisions["c@1", "workstream", "audit"].values] == ["quantity = 4"]
    assert decisions["1", "rule", "a"].values == ()
    assert decisions["a@1", "step", "a.take"].location.endswith(":17:9")


def test_a_rule_per_element_tells_its_list(tmp_path: Path) -> None:
    text = """
kind: commercial_product
id: offer
attributes: {sites: {type: list, default: [], items: {type: integer}}}
decomposes_to: [{product: a, for_each: attributes.sites, when: each > 1, quantity: each}]
steps: {go: {milestone: true}}
---
kind: technical_product
id: a
steps: {take: {milestone: true}}
"""
    order = order_of(line("1", "offer", attributes={"sites": [1, 2, 3]}))
    (rule,) = [one for one in explain_order(order, catalogue_of(tmp_path, text)).decisions if one.subject == "rule"]
    assert rule.reason == "`each > 1` holds for 2 of 3 elements"
    assert [str(value) for value in rule.values] == ["attributes.sites = [1, 2, 3]"]
    assert rule.quantity is not None
    assert (rule.quantity.value, rule.quantity.values) == (5, ())


def test_the_condition_of_a_step_is_told_as_far_as_it_is_known(tmp_path: Path) -> None:
    text = TEXT.replace("check: {milestone: true, after: [a.take]}", "check: {milestone: true, when: quantity > 1}")
    order = order_of(line("1", "offer", attributes={"checked": True}))
    explanation = explain_order(order, catalogue_of(tmp_path, text))
    assert explanation.plan is not None
    (row,) = conditions_to_json(explanation.plan, explanation.conditions)
    assert row.pop("location").endswith(":21:40")
    assert row == {
        "step": "b.check@1",
        "when": "quantity > 1",
        "holds": False,
        "values": {"quantity": 1},
        "not_known_yet": [],
    }


def test_explaining_gives_the_same_plan_as_compiling(tmp_path: Path) -> None:
    catalogue = catalogue_of(tmp_path, TEXT)
    order = order_of(line("1", "offer", attributes={"checked": True}))
    assert explain_order(order, catalogue).plan == compile_order(order, catalogue)


def test_rejected_order_is_explained_as_far_as_possible(tmp_path: Path) -> None:
    explanation = explain_order(
        order_of(line("1", "offer", action="delete"), line("2", "nothing")), catalogue_of(tmp_path, TEXT)
    )
    assert explanation.plan is None
    assert [finding.code for finding in explanation.findings] == ["reference-unknown"]


def test_predecessor_that_no_line_can_hold_is_explained(tmp_path: Path) -> None:
    text = """
kind: commercial_product
id: offer
decomposes_to: [{product: a}, {product: c}]
---
kind: technical_product
id: a
steps: {take: {milestone: true}}
---
kind: technical_product
id: b
no_work_for: [add]
steps: {check: {milestone: true, after: [a.take]}}
---
kind: technical_product
id: c
steps: {mount: {milestone: true, after: [b.check]}}
"""
    explanation = explain_order(order_of(line("1", "offer")), catalogue_of(tmp_path, text))
    (replacement,) = [one for one in explanation.decisions if one.subject == "replacement"]
    assert (replacement.waiting_step, replacement.name) == ("c.mount@1", "b.check")
    assert (replacement.line_id, replacement.reason) == ("c@1", "no line above can hold it")
    assert replacement.result_ids == ("a.take@1",)
