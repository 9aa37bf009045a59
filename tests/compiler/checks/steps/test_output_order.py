"""Outputs of steps: read only where they are certainly there, and certainly one."""

from __future__ import annotations

import pytest

from tests.support.compiler.written_catalogues import assert_error, errors_of, findings_of

STEPS = (
    "kind: commercial_product\nid: p\nattributes: {n: {type: integer, default: 1}}\n"
    "decomposes_to: [{product: t}]\nsteps:\n"
)
TECHNICAL = (
    "---\nkind: technical_product\nid: t\n%s\nsteps:\n  x: {activity: a}\n  y: {activity: a, per: order}\n"
    "  z: {activity: a, per: bundle}\n"
)
PLAIN = TECHNICAL % "per: line"


def reading(what: str, *, after: str = "", more: str = "") -> str:
    return STEPS + f"  a: {{activity: a}}\n  b: {{activity: b, {after}with: {{x: '${{{what}}}'}}{more}}}\n" + PLAIN


def test_output_of_any_earlier_step_can_be_used() -> None:
    text = STEPS + "  a: {activity: a}\n  b: {milestone: true, after: a}\n"
    assert findings_of(text + "  c: {activity: c, after: b, with: {x: '${steps.a.output.id}'}}\n" + PLAIN) == []


def test_output_of_a_step_that_is_not_before_suggests_after() -> None:
    assert_error(reading("«steps.a.output.id"), "output-not-before", "add `after: [a]`")
    assert_error(reading("«workstreams.t.x.outputs"), "output-not-before", "add `after: [t.x]`")


def test_step_cannot_use_its_own_output() -> None:
    assert_error(reading("«steps.b.output.id"), "output-not-before", "its own output")


def test_dependency_of_an_offer_puts_a_step_before() -> None:
    assert findings_of(reading("workstreams.t.x.outputs").replace("---", "dependencies: {p.b: t.x}\n---", 1)) == []


def test_outputs_are_not_checked_if_the_order_of_steps_is_invalid() -> None:
    assert [one.code for one in errors_of(reading("steps.a.output.id", after="after: aa, "))] == ["reference-unknown"]
    assert [one.code for one in errors_of(reading("steps.a.output.id", after="after: b, "))] == ["cycle-steps"]


def test_unknown_step_suggests_a_similar_one() -> None:
    text = (
        STEPS
        + "  first: {activity: a}\n  b: {activity: b, after: first, with: {x: '${steps.«frist.output}'}}\n"
        + PLAIN
    )
    assert_error(text, "reference-unknown", "did you mean `first`?")
    assert_error(reading("workstreams.«tt.x.outputs"), "reference-unknown", "there is no workstream `tt`", "`t`")


def test_incomplete_output_path_gets_a_hint() -> None:
    assert_error(reading("steps.«a.id", after="after: a, "), "name-unknown", "write `steps.a.output.id`")
    assert_error(reading("«a.output", after="after: a, "), "name-unknown", "write `steps.a.output`")


SKIPPED = (
    STEPS + "  a: {activity: a, when: attributes.n > 1%s}\n  b: {activity: b, after: a, with: {x: '${%s}'}}\n" + PLAIN
)


def test_output_of_a_skippable_step_needs_has_or_default() -> None:
    assert_error(SKIPPED % ("", "steps.«a.output.id"), "output-may-be-missing", "has(steps.a.output)")
    assert findings_of(SKIPPED % ("", "has(steps.a.output) ? steps.a.output.id : 0")) == []
    assert findings_of(SKIPPED % (", default_output: {id: 0}", "steps.a.output.id")) == []
    assert findings_of(SKIPPED % ("", "workstreams.p.a.outputs")) == []


def test_output_of_a_step_with_fewer_actions_needs_has() -> None:
    text = (
        STEPS + "  a: {activity: a}\n  b: {activity: b, actions: [add, modify], after: a, with: {x: '${%s}'}}\n" + PLAIN
    )
    assert_error(text % "steps.«a.output.id", "output-may-be-missing", "not planned for modify lines")
    assert findings_of(text % "has(steps.a.output) ? steps.a.output.id : 0") == []


def test_output_from_a_conditional_workstream_needs_has_outside_of_it() -> None:
    text = (
        STEPS
        + "  b: {activity: b, after: w.s, with: {x: '${%s}'}}\n"
        + PLAIN
        + "---\nkind: workstream\nid: w\nfor: p\n"
        "when: attributes.n > 1\nsteps:\n  r: {activity: a}\n"
        "  s: {activity: a, after: r, with: {x: '${steps.r.output.id}'}}\n"
    )
    assert_error(text % "workstreams.w.«s.output.id", "output-may-be-missing", "workstream `w` has a `when`")
    assert findings_of(text % "has(workstreams.w.s.output) ? 1 : 0") == []


def test_wait_condition_can_use_any_output() -> None:
    text = (
        STEPS
        + "  a: {activity: a, when: attributes.n > 1}\n"
        + "  b: {wait: {condition: steps.a.output.done == true, within: 1d}}\n"
        + PLAIN
    )
    assert findings_of(text) == []


@pytest.mark.parametrize(
    ("reader", "read", "one"),
    [
        ("line", "x", True), ("line", "z", True), ("line", "y", True),
        ("bundle", "x", False), ("bundle", "z", True), ("bundle", "y", True),
        ("order", "x", False), ("order", "z", False), ("order", "y", True),
    ],
)  # fmt: skip
def test_single_output_needs_one_instance(reader: str, read: str, one: bool) -> None:
    text = (
        STEPS
        + f"  b: {{activity: b, per: {reader}, after: t.{read}, with: {{x: '${{«workstreams.t.{read}.output}}'}}}}\n"
    )
    if one:
        assert findings_of(text + PLAIN) == []
    else:
        assert_error(text + PLAIN, "output-several", f"write `workstreams.t.{read}.outputs`, which is a list")
    assert findings_of(text.replace(".output}", ".outputs}") + PLAIN) == []


def test_units_have_several_outputs_for_other_lines() -> None:
    text = STEPS + "  b: {activity: b, after: t.x, with: {x: '${«workstreams.t.x.output}'}}\n"
    assert_error(text + TECHNICAL % "per: unit", "output-several")
    inside = TECHNICAL % "per: unit" + "  own: {activity: a, after: x, with: {x: '${steps.x.output}'}}\n"
    assert findings_of(STEPS + "  b: {milestone: true}\n" + inside) == []


def test_steps_per_line_have_several_outputs_for_steps_per_order() -> None:
    text = (
        STEPS
        + "  a: {activity: a}\n  b: {activity: b, per: order, after: a, with: {x: '${«steps.a.output}'}}\n"
        + PLAIN
    )
    assert_error(text, "output-several", "`workstreams.p.a.outputs`")
