"""References: every name that is mentioned is defined; a near one is named; what misses one thing is one finding."""

from __future__ import annotations

import pytest

from tests.support.compiler.written_catalogues import HUB, OFFER, assert_error, findings_of

SYSTEM = "\n---\nkind: system\nid: inventory\nbase_url: http://x\n"
STEPS = OFFER + "decomposes_to: [{product: hub}]\nsteps:\n  first: {milestone: true}\n  go: %s\n" + SYSTEM + HUB


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (OFFER + "decomposes_to: [{product: «hubb}]" + HUB, ("there is no product `hubb`", "did you mean `hub`?")),
        (OFFER + "components: [{product: «ofer}]", ("`offer`",)),
        (OFFER + "class: «nothing", ("there is no product class `nothing`",)),
        ("kind: workstream\nid: w\nfor: [«hbu]\nsteps: {go: {milestone: true}}" + HUB, ("`hub`",)),
        ("kind: workstream\nid: w\nfor: {class: «c}\nsteps: {go: {milestone: true}}", ("product class `c`",)),
        (STEPS % "{milestone: true, after: [«frist]}", ("`first`",)),
        (STEPS % "{milestone: true, after: «frist}", ("`first`",)),
        (STEPS % "{milestone: true, after: [first, «hub.reserv]}", ("workstream `hub` has no step", "`reserve`")),
        (STEPS % "{milestone: true, after: [«reserve]}", ("did you mean `hub.reserve`?",)),
        (STEPS % "{milestone: true, after: [«hubs.reserve]}", ("there is no workstream `hubs`", "`hub`")),
        (STEPS % "{milestone: true, after: [«first hub.reserve]}", ("is a `,` missing in it?",)),
        (STEPS % "{call: {system: «inventry, get: /}}", ("there is no system `inventry`", "`inventory`")),
        (STEPS % "{activity: x, undo: {call: {system: «inventry, get: /}}}", ("there is no system",)),
        (STEPS % "{activity: x, on_change: {call: {system: «inventry, get: /}}}", ("there is no system",)),
        (STEPS % "{activity: x, retry: «standrd}", ("there is no retry policy `standrd`",)),
        (STEPS % "{activity: x, on_failure: [{redo_from: «frst}]}", ("no step `frst` to redo from", "`first`")),
        (STEPS % "{activity: x, on_failure: {redo_from: «frst}}", ("`first`",)),
        (STEPS % "{activity: x, on_failure: {do: fallout, retry: «dayly}}", ("there is no retry policy `dayly`",)),
        (STEPS % "{activity: x, on_failure: [{do: fallout, retry: «dayly}]}", ("there is no retry policy `dayly`",)),
        ("kind: system\nid: s\nbase_url: http://x\nretry: «slow", ("there is no retry policy `slow`",)),
        (STEPS % "{milestone: true}" + "---\nkind: workstream\nid: w\nfor: [hub, «oferr]\n"
         "steps: {go: {milestone: true}}", ("`offer`",)),
    ],
)  # fmt: skip
def test_unknown_name_suggests_a_similar_one(text: str, words: tuple[str, ...]) -> None:
    assert_error(text, "reference-unknown", *words)


def test_standard_retry_policy_always_exists() -> None:
    assert findings_of(STEPS % "{activity: x, retry: standard}") == []


def test_rule_to_a_commercial_product_suggests_components() -> None:
    text = OFFER + "decomposes_to: [{product: «other}]\n---\nkind: commercial_product\nid: other\n"
    assert_error(text, "rule-to-commercial", "`components`")


def test_technical_component_suggests_decomposition() -> None:
    assert_error(OFFER + "components: [{product: «hub}]" + HUB, "component-technical", "`decomposes_to`")


def test_same_undefined_name_is_one_finding_with_all_places() -> None:
    text = (
        OFFER + "decomposes_to: [{product: «hubb}, {product: hubb, as: spare}]\n"
        "dependencies: {hubb.reserve: [offer.go]}\n"
        "steps: {go: {activity: x, after: hubb.reserve, with: {a: '${workstreams.hubb.reserve.outputs}'}}}\n" + HUB
    )
    assert_error(text, "reference-unknown", "there is no product `hubb`", "more")


def test_dependency_cannot_name_another_order() -> None:
    base = OFFER + "decomposes_to: [{product: hub}]\nsteps: {go: {milestone: true}}\n"
    assert_error(base + "dependencies: {«offer.goo: hub.reserve}" + HUB, "reference-unknown", "`go`")
    assert_error(base + "dependencies: {offer.go: [«hub.resrve]}" + HUB, "reference-unknown", "`reserve`")
    assert_error(base + "dependencies: {offer.go: [«{order: x, step: y}]}" + HUB, "value-invalid", "steps of one offer")


def test_step_of_another_order_must_exist() -> None:
    assert_error(STEPS % "{milestone: true, after: [«{order: x, step: hub.nothing}]}", "reference-unknown", "`nothing`")
    assert (
        findings_of(STEPS % "{milestone: true, after: [{order: '${order.id}', step: hub.reserve, within: 2d}]}") == []
    )


def test_product_without_steps_cannot_be_waited_for() -> None:
    text = OFFER + "steps: {go: {milestone: true, after: [«other.x]}}\n---\nkind: commercial_product\nid: other\n"
    assert_error(text, "reference-unknown", "has no steps to wait for")
