"""Outputs of steps: read only where they are certainly there, and certainly one."""

from __future__ import annotations

import pytest

from tests.support.written_catalogues import errors_of, findings_of, told

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


def test_an_earlier_steps_output_may_be_read_however_far_before() -> None:
    text = STEPS + "  a: {activity: a}\n  b: {milestone: true, after: a}\n"
    assert findings_of(text + "  c: {activity: c, after: b, with: {x: '${steps.a.output.id}'}}\n" + PLAIN) == []


def test_a_step_that_does_not_come_before_is_told_of_with_the_after_to_write() -> None:
    told(reading("«steps.a.output.id"), "output-not-before", "add `after: [a]`")
    told(reading("«workstreams.t.x.outputs"), "output-not-before", "add `after: [t.x]`")


def test_a_step_cannot_read_its_own_output() -> None:
    told(reading("«steps.b.output.id"), "output-not-before", "its own output")


def test_an_offers_dependency_brings_a_step_before() -> None:
    assert findings_of(reading("workstreams.t.x.outputs").replace("---", "dependencies: {p.b: t.x}\n---", 1)) == []


def test_where_the_order_of_steps_is_itself_a_mistake_outputs_are_not_judged_as_well() -> None:
    assert [one.code for one in errors_of(reading("steps.a.output.id", after="after: aa, "))] == ["reference-unknown"]
    assert [one.code for one in errors_of(reading("steps.a.output.id", after="after: b, "))] == ["cycle-steps"]


def test_an_unknown_step_is_told_with_the_near_one() -> None:
    text = (
        STEPS
        + "  first: {activity: a}\n  b: {activity: b, after: first, with: {x: '${steps.«frist.output}'}}\n"
        + PLAIN
    )
    told(text, "reference-unknown", "did you mean `first`?")
    told(reading("workstreams.«tt.x.outputs"), "reference-unknown", "there is no workstream `tt`", "`t`")


def test_what_is_between_a_step_and_its_output_is_told_how_to_write() -> None:
    told(reading("steps.«a.id", after="after: a, "), "name-unknown", "write `steps.a.output.id`")
    told(reading("«a.output", after="after: a, "), "name-unknown", "write `steps.a.output`")


SKIPPED = (
    STEPS + "  a: {activity: a, when: attributes.n > 1%s}\n  b: {activity: b, after: a, with: {x: '${%s}'}}\n" + PLAIN
)


def test_a_step_that_may_be_skipped_is_asked_for_or_gives_a_default() -> None:
    told(SKIPPED % ("", "steps.«a.output.id"), "output-may-be-missing", "has(steps.a.output)")
    assert findings_of(SKIPPED % ("", "has(steps.a.output) ? steps.a.output.id : 0")) == []
    assert findings_of(SKIPPED % (", default_output: {id: 0}", "steps.a.output.id")) == []
    assert findings_of(SKIPPED % ("", "workstreams.p.a.outputs")) == []


def test_a_step_that_is_not_planned_for_all_of_the_readers_actions_is_asked_for() -> None:
    text = (
        STEPS + "  a: {activity: a}\n  b: {activity: b, actions: [add, modify], after: a, with: {x: '${%s}'}}\n" + PLAIN
    )
    told(text % "steps.«a.output.id", "output-may-be-missing", "not planned for modify lines")
    assert findings_of(text % "has(steps.a.output) ? steps.a.output.id : 0") == []


def test_a_step_of_a_workstream_with_a_when_is_asked_for_from_outside_and_not_from_inside() -> None:
    text = (
        STEPS
        + "  b: {activity: b, after: w.s, with: {x: '${%s}'}}\n"
        + PLAIN
        + "---\nkind: workstream\nid: w\nfor: p\n"
        "when: attributes.n > 1\nsteps:\n  r: {activity: a}\n"
        "  s: {activity: a, after: r, with: {x: '${steps.r.output.id}'}}\n"
    )
    told(text % "workstreams.w.«s.output.id", "output-may-be-missing", "workstream `w` has a `when`")
    assert findings_of(text % "has(workstreams.w.s.output) ? 1 : 0") == []


def test_a_wait_for_a_condition_may_read_any_steps_output() -> None:
    text = (
        STEPS
        + "  a: {activity: a, when: attributes.n > 1}\n  b: {wait: {condition: steps.a.output.done == true}}\n"
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
def test_one_output_is_read_only_of_what_is_as_wide_or_wider(reader: str, read: str, one: bool) -> None:
    text = (
        STEPS
        + f"  b: {{activity: b, per: {reader}, after: t.{read}, with: {{x: '${{«workstreams.t.{read}.output}}'}}}}\n"
    )
    if one:
        assert findings_of(text + PLAIN) == []
    else:
        told(text + PLAIN, "output-several", f"write `workstreams.t.{read}.outputs`, which is a list")
    assert findings_of(text.replace(".output}", ".outputs}") + PLAIN) == []


def test_lines_made_by_the_unit_may_be_several_for_those_who_do_not_stand_there() -> None:
    text = STEPS + "  b: {activity: b, after: t.x, with: {x: '${«workstreams.t.x.output}'}}\n"
    told(text + TECHNICAL % "per: unit", "output-several")
    inside = TECHNICAL % "per: unit" + "  own: {activity: a, after: x, with: {x: '${steps.x.output}'}}\n"
    assert findings_of(STEPS + "  b: {milestone: true}\n" + inside) == []


def test_steps_of_the_same_workstream_that_are_narrower_are_several() -> None:
    text = (
        STEPS
        + "  a: {activity: a}\n  b: {activity: b, per: order, after: a, with: {x: '${«steps.a.output}'}}\n"
        + PLAIN
    )
    told(text, "output-several", "`workstreams.p.a.outputs`")
