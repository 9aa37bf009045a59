"""Warnings of what can be proved useless; none of them refuses a catalogue."""

from __future__ import annotations

import pytest

from tests.support.compiler.written_catalogues import (
    HUB,
    OFFER,
    assert_error,
    assert_warning,
    catalogue_in,
    errors_of,
    findings_of,
)

WHEN = OFFER + "steps:\n  go:\n    milestone: true\n    when: %s\n"
TABLE = OFFER + "decomposes_to: [{product: hub, attributes: {label: %s}}]\n" + HUB


@pytest.mark.parametrize(
    ("written", "word"),
    [
        ("«false", "this condition is never true"),
        ("«1 > 2", "never true"),
        ("«attributes.install && false", "never true"),
        ("attributes.model == «'outdor'", "did you mean `outdoor`?"),
        ("attributes.install || attributes.model == «'outdor'", "did you mean `outdoor`?"),
        ("attributes.model in ['indoor', «'attic']", "never `attic`"),
        ("«attributes.cameras > 16", "never true"),
        ("«attributes.cameras < 0", "never true"),
        ("«attributes.cameras == 17", "never true"),
        ("«17 <= attributes.cameras", "never true"),
        ('«"!(attributes.cameras <= 16)"', "never true"),
        ("action == «'modify'", "`action` is add here"),
        ("action == «'remove'", "never `remove`"),
        ("«attributes.cameras > 3 && attributes.cameras > 20", "never true"),
        ("«attributes.model == 'indoor' && 1 == 2", "never true"),
    ],
)
def test_condition_that_is_never_true_is_a_warning(written: str, word: str) -> None:
    assert_warning(WHEN % written, "condition-never", word)


@pytest.mark.parametrize(
    "written",
    [
        "attributes.cameras > 15", "attributes.cameras >= 16", "attributes.cameras == 0",
        "attributes.model != 'indoor'", "attributes.rate > 1000.0", "attributes.install",
        "attributes.model in ['indoor']",
        "order.characteristics.x == 'y'", "attributes.model.startsWith('in')", "has(attributes.note)",
    ],
)  # fmt: skip
def test_condition_that_may_be_true_is_no_warning(written: str) -> None:
    assert findings_of(WHEN % written) == []


def test_conditions_of_rules_components_and_workstreams_are_checked() -> None:
    assert_warning(OFFER + "decomposes_to: [{product: hub, when: «false}]" + HUB, "condition-never")
    other = "---\nkind: commercial_product\nid: o\nsteps: {go: {milestone: true}}\n"
    assert_warning(OFFER + "components: [{product: o, when: «false}]\n" + other, "condition-never")
    stream = (
        "---\nkind: workstream\nid: w\nfor: offer\nwhen: attributes.model == «'x'\nsteps: {go: {milestone: true}}\n"
    )
    assert_warning(OFFER + stream, "condition-never")
    rule = "decomposes_to: [{product: hub, actions: [add], when: action == «'delete'}]"
    assert_warning(OFFER + rule + HUB, "condition-never", "`action` is add here")


def test_table_without_a_row_for_an_enum_value_is_a_warning() -> None:
    assert_warning(TABLE % "{from: attributes.model, table: «{indoor: a}}", "table-incomplete", "no row for `outdoor`")
    assert findings_of(TABLE % "{from: attributes.model, table: {indoor: a}, default: b}") == []
    assert findings_of(TABLE % "{from: attributes.model, table: {indoor: a, outdoor: b}}") == []


def test_row_without_an_enum_value_is_a_warning() -> None:
    rows = "{from: attributes.model, table: {indoor: a, outdoor: b, «outdor: c}}"
    assert_warning(TABLE % rows, "table-row-never", "did you mean `outdoor`?")


def test_technical_product_without_steps_is_a_warning() -> None:
    text = OFFER + "decomposes_to: [{product: t}]\n---\nkind: technical_product\nid: «t\nno_work_for: [add]\n"
    assert_warning(text, "product-without-steps", "`t`")


def test_product_that_only_decomposes_further_needs_no_steps() -> None:
    between = "---\nkind: technical_product\nid: t\ndecomposes_to: [{product: hub}]\n"
    assert findings_of(OFFER + "decomposes_to: [{product: t}]\n" + between + HUB) == []
    inherited = "---\nkind: product_class\nid: c\ndecomposes_to: [{product: hub}]\n"
    text = OFFER + "decomposes_to: [{product: t}]\n---\nkind: technical_product\nid: t\nclass: c\n"
    assert findings_of(text + inherited + HUB) == []


def test_offer_without_work_is_a_warning() -> None:
    assert_warning("kind: commercial_product\nid: «offer\n", "offer-without-work", "every order of it is rejected")
    bundle = "kind: commercial_product\nid: b\ncomponents: [{product: offer}]\n---\n"
    assert_warning(bundle + "kind: commercial_product\nid: «offer\n", "offer-without-work", "`offer`")
    assert findings_of("kind: commercial_product\nid: offer\nno_work_for: [add]\n") == []
    never = "kind: commercial_product\nid: «offer\ndecomposes_to: [{product: hub, actions: [no_change]}]\n" + HUB
    assert "offer-without-work" in {one.code for one in findings_of(never)}


def test_offer_that_is_served_for_one_action_is_no_warning() -> None:
    assert findings_of("kind: commercial_product\nid: o\nsteps: {go: {milestone: true, actions: [delete]}}\n") == []
    served = "kind: workstream\nid: w\nfor: o\nsteps: {go: {milestone: true}}\n"
    assert findings_of("kind: commercial_product\nid: o\n---\n" + served) == []


def test_workstream_counts_as_steps_of_its_products() -> None:
    text = OFFER + "decomposes_to: [{product: t}]\n---\nkind: technical_product\nid: t\n---\n"
    assert findings_of(text + "kind: workstream\nid: w\nfor: t\nsteps: {go: {milestone: true}}") == []


def test_unreachable_technical_product_is_a_warning() -> None:
    assert_warning(HUB.replace("id: hub", "id: «hub"), "product-unreachable", "no order can contain it")


def test_step_for_impossible_actions_is_a_warning() -> None:
    text = (
        OFFER
        + "decomposes_to: [{product: hub, actions: %s}]"
        + HUB
        + "  «withdraw: {milestone: true, actions: [delete]}\n"
    )
    assert_warning(text % "[add, modify]", "actions-never", "step `withdraw`", "never planned")
    assert findings_of(text % "[add, delete]") == []


def test_sources_with_different_actions_make_a_modify() -> None:
    text = OFFER + "decomposes_to: [{product: hub, actions: [add]}, {product: hub, actions: [delete]}]" + HUB
    assert findings_of(text + "  change: {milestone: true, actions: [modify]}\n") == []


def test_rule_for_impossible_actions_is_a_warning() -> None:
    text = (
        OFFER + "decomposes_to: [{product: t, actions: [add]}]\n---\nkind: technical_product\nid: t\n"
        "decomposes_to: [{product: hub, actions: «[delete]}, {product: hub}]\nsteps: {go: {milestone: true}}\n" + HUB
    )
    assert_warning(text, "actions-never", "this rule never applies")


def test_reference_that_never_matches_is_a_warning() -> None:
    steps = "steps:\n  take: {milestone: true}\n  give: {milestone: true, actions: [delete], after: %s}\n"
    assert_warning(OFFER + steps % "[«take]", "reference-never", "this never matches")
    assert_warning(OFFER + steps % "«take", "reference-never")
    both = steps.replace("take: {milestone: true}", "take: {milestone: true, actions: [add, delete]}")
    assert findings_of(OFFER + both % "[take]") == []


@pytest.mark.parametrize(
    ("per", "waiting", "across", "useless"),
    [
        ("order", "line", "order", True), ("line", "order", "order", True), ("bundle", "line", "bundle", True),
        ("line", "line", "order", False), ("bundle", "line", "order", False), ("line", "line", "bundle", False),
        ("order", "line", "bundle", False), ("line", "line", "line", False),
    ],
)  # fmt: skip
def test_across_without_effect_is_a_warning(per: str, waiting: str, across: str, useless: bool) -> None:
    text = OFFER + (
        f"steps:\n  a: {{milestone: true, per: {per}}}\n"
        f"  b: {{milestone: true, per: {waiting}, after: [{{step: a, «across: {across}}}]}}\n"
    )
    if useless:
        assert_warning(text, "across-useless", f"`across: {across}` has no effect")
    else:
        assert findings_of(text) == []


def test_dependency_outside_the_offer_is_a_warning() -> None:
    text = OFFER + "steps: {go: {milestone: true}}\ndependencies: {offer.go: [«hub.reserve]}\n" + HUB
    other = "---\nkind: commercial_product\nid: other\ndecomposes_to: [{product: hub}]\n"
    assert_warning(text + other, "dependency-outside", "nothing below `offer` brings `hub.reserve`")
    assert errors_of(text + other) == []


def test_catalogue_with_warnings_is_loaded() -> None:
    text = WHEN % "false"
    assert [warning.code for warning in findings_of(text)] == ["condition-never"]
    assert "offer" in catalogue_in(text).products


def test_unused_definitions_are_not_reported_if_a_reference_is_unknown() -> None:
    assert [one.code for one in findings_of(OFFER + "decomposes_to: [{product: hubb}]" + HUB)] == ["reference-unknown"]
    assert_error(OFFER + "decomposes_to: [{product: «hubb}]" + HUB, "reference-unknown")


LIFE = """
kind: commercial_product
id: offer
decomposes_to: [{product: hub}, {product: cam%s}]
dependencies: {cam.mount: [%s]}
---
kind: technical_product
id: hub
no_work_for: [no_change, modify]
steps:
  look: {milestone: true, actions: [add, delete]}
  take_back: {milestone: true, actions: [delete], after: [%s]}
  end: {milestone: true, actions: [delete]}
---
kind: technical_product
id: cam
%ssteps:
  mount: {milestone: true}
  end: {milestone: true, actions: [delete]}
"""


def test_dependency_that_no_line_action_meets_is_a_warning() -> None:
    assert_warning(LIFE % ("", "«hub.end", "", ""), "reference-never", "no order can meet this")
    assert_warning(LIFE % ("", "hub.look, «hub.end", "", ""), "reference-never")


@pytest.mark.parametrize(
    ("before", "look", "keys"),
    [
        ("hub.take_back", "look", ""),  # `look` takes the place of `take_back` where that is not planned
        ("hub.look", "", ""),
        ("hub.end", "", "per: order\n"),  # its line may have the actions of several order lines
    ],
)
def test_dependency_that_may_be_met_is_no_warning(before: str, look: str, keys: str) -> None:
    assert findings_of(LIFE % ("", before, look, keys)) == []


def test_reference_whose_step_is_replaced_is_no_warning() -> None:
    text = """
kind: commercial_product
id: offer
steps:
  look: {milestone: true, actions: [add, delete]}
  take: {milestone: true, after: [look]}
  give_back: {milestone: true, actions: [delete], after: [%stake]}
"""
    assert findings_of(text % "") == []
    assert_warning(text.replace(", after: [look]", "") % "«", "reference-never")
