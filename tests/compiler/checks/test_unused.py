"""Warnings of what can be proved useless; none of them refuses a catalogue."""

from __future__ import annotations

import pytest

from tests.support.written_catalogues import HUB, OFFER, catalogue_in, errors_of, findings_of, told, warned

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
def test_a_condition_that_never_holds_is_warned_of(written: str, word: str) -> None:
    warned(WHEN % written, "condition-never", word)


@pytest.mark.parametrize(
    "written",
    [
        "attributes.cameras > 15", "attributes.cameras >= 16", "attributes.cameras == 0",
        "attributes.model != 'indoor'", "attributes.rate > 1000.0", "attributes.install", "action == 'add'",
        "attributes.model in ['indoor']",
        "order.characteristics.x == 'y'", "true", "attributes.model.startsWith('in')", "has(attributes.note)",
    ],
)  # fmt: skip
def test_a_condition_that_may_hold_is_not_warned_of(written: str) -> None:
    assert findings_of(WHEN % written) == []


def test_conditions_of_rules_components_and_workstreams_are_judged_too() -> None:
    warned(OFFER + "decomposes_to: [{product: hub, when: «false}]" + HUB, "condition-never")
    warned(
        OFFER + "components: [{product: o, when: «false}]\n---\nkind: commercial_product\nid: o\n", "condition-never"
    )
    stream = (
        "---\nkind: workstream\nid: w\nfor: offer\nwhen: attributes.model == «'x'\nsteps: {go: {milestone: true}}\n"
    )
    warned(OFFER + stream, "condition-never")
    rule = "decomposes_to: [{product: hub, actions: [add], when: action == «'delete'}]"
    warned(OFFER + rule + HUB, "condition-never", "`action` is add here")


def test_a_table_that_misses_values_of_an_enum_is_warned_of() -> None:
    warned(TABLE % "{from: attributes.model, table: «{indoor: a}}", "table-incomplete", "no row for `outdoor`")
    assert findings_of(TABLE % "{from: attributes.model, table: {indoor: a}, default: b}") == []
    assert findings_of(TABLE % "{from: attributes.model, table: {indoor: a, outdoor: b}}") == []


def test_a_row_that_no_value_of_an_enum_meets_is_warned_of() -> None:
    rows = "{from: attributes.model, table: {indoor: a, outdoor: b, «outdor: c}}"
    warned(TABLE % rows, "table-row-never", "did you mean `outdoor`?")


def test_a_technical_product_without_a_step_is_warned_of_in_any_case() -> None:
    text = OFFER + "decomposes_to: [{product: t}]\n---\nkind: technical_product\nid: «t\nno_work_for: [add]\n"
    warned(text, "product-without-steps", "`t`")


def test_a_workstream_serves_a_product_as_its_own_steps_do() -> None:
    text = OFFER + "decomposes_to: [{product: t}]\n---\nkind: technical_product\nid: t\n---\n"
    assert findings_of(text + "kind: workstream\nid: w\nfor: t\nsteps: {go: {milestone: true}}") == []


def test_a_technical_product_that_no_rule_leads_to_is_warned_of() -> None:
    warned(HUB.replace("id: hub", "id: «hub"), "product-unreachable", "no order can contain it")


def test_a_step_for_actions_that_its_lines_never_have_is_warned_of() -> None:
    text = (
        OFFER
        + "decomposes_to: [{product: hub, actions: %s}]"
        + HUB
        + "  «withdraw: {milestone: true, actions: [delete]}\n"
    )
    warned(text % "[add, modify]", "actions-never", "step `withdraw`", "never planned")
    assert findings_of(text % "[add, delete]") == []


def test_sources_of_different_actions_make_a_modify_so_its_steps_are_planned() -> None:
    text = OFFER + "decomposes_to: [{product: hub, actions: [add]}, {product: hub, actions: [delete]}]" + HUB
    assert findings_of(text + "  change: {milestone: true, actions: [modify]}\n") == []


def test_a_rule_for_actions_that_its_source_never_has_is_warned_of() -> None:
    text = (
        OFFER + "decomposes_to: [{product: t, actions: [add]}]\n---\nkind: technical_product\nid: t\n"
        "decomposes_to: [{product: hub, actions: «[delete]}, {product: hub}]\nsteps: {go: {milestone: true}}\n" + HUB
    )
    warned(text, "actions-never", "this rule never applies")


def test_a_reference_that_no_order_can_meet_is_warned_of() -> None:
    steps = "steps:\n  take: {milestone: true}\n  give: {milestone: true, actions: [delete], after: %s}\n"
    warned(OFFER + steps % "[«take]", "reference-never", "this never matches")
    warned(OFFER + steps % "«take", "reference-never")
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
def test_an_across_that_changes_nothing_is_warned_of(per: str, waiting: str, across: str, useless: bool) -> None:
    text = OFFER + (
        f"steps:\n  a: {{milestone: true, per: {per}}}\n"
        f"  b: {{milestone: true, per: {waiting}, after: [{{step: a, «across: {across}}}]}}\n"
    )
    if useless:
        warned(text, "across-useless", f"`across: {across}` has no effect")
    else:
        assert findings_of(text) == []


def test_a_dependency_on_a_step_that_nothing_below_the_offer_brings_is_warned_of() -> None:
    text = OFFER + "steps: {go: {milestone: true}}\ndependencies: {offer.go: [«hub.reserve]}\n" + HUB
    other = "---\nkind: commercial_product\nid: other\ndecomposes_to: [{product: hub}]\n"
    warned(text + other, "dependency-outside", "nothing below `offer` brings `hub.reserve`")
    assert errors_of(text + other) == []


def test_warnings_do_not_refuse_a_catalogue_and_stay_with_it() -> None:
    catalogue = catalogue_in(WHEN % "false")
    assert [warning.code for warning in catalogue.warnings] == ["condition-never"]


def test_what_nobody_brings_is_not_told_while_a_reference_is_unknown() -> None:
    assert [one.code for one in findings_of(OFFER + "decomposes_to: [{product: hubb}]" + HUB)] == ["reference-unknown"]
    told(OFFER + "decomposes_to: [{product: «hubb}]" + HUB, "reference-unknown")
