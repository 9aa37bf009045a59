"""Warnings of failure policies that a point of no return keeps from undoing anything."""

from __future__ import annotations

import pytest

from tests.support.compiler.written_catalogues import assert_warning, findings_of

STEPS = "kind: commercial_product\nid: offer\nsteps:\n%s"
A = "a: {activity: a, undo: {activity: z}}"
PONR = "p: {activity: p, after: [a], point_of_no_return: true}"

B = "b: {activity: b, after: [p], undo: {activity: z}}"
F = "f: {activity: f, after: [p], on_failure: {redo_from: a}}"


def steps(*written: str) -> str:
    return STEPS % "".join(f"  {step}\n" for step in written)


@pytest.mark.parametrize(
    "failing",
    [
        "f: {activity: f, after: [p], on_failure: [{redo_from: «a}]}",
        "f: {activity: f, after: [p], on_failure: [{redo_from: «p}]}",
        "f: {activity: f, after: [p], on_failure: [{rollback: «line}]}",
    ],
)
def test_policy_that_undoes_nothing_is_a_warning(failing: str) -> None:
    assert_warning(steps(A, PONR, failing), "undo-never", "`p` before it is a point of no return")


@pytest.mark.parametrize(
    "written",
    [
        [A, PONR, B, "f: {activity: f, after: [b], on_failure: {redo_from: b}}"],
        [A, PONR, B.replace(", after: [p]", ""), "f: {activity: f, after: [p, b], on_failure: {rollback: line}}"],
        [A, PONR.replace("}", ", on_failure: {rollback: line}}")],
        [A, PONR.replace("}", ", when: order.priority == 1}"), F],
        [A, PONR, F.replace("[p]", "[a]")],
        [A, PONR, F.replace("}}", "}, actions: [add, modify]}")],
    ],
)
def test_policy_that_may_undo_something_is_no_warning(written: list[str]) -> None:
    assert [str(one) for one in findings_of(steps(*written)) if one.code == "undo-never"] == []


def test_other_products_of_the_line_may_be_left_to_undo() -> None:
    offer = "decomposes_to: [{product: hub}]\n---\nkind: technical_product\nid: hub\nsteps: {r: {activity: r%s}}\n"
    text = steps(A, PONR, "f: {activity: f, after: [p], on_failure: [{rollback: «line}]}") + offer
    assert_warning(text % "", "undo-never")
    assert findings_of(text % ", undo: {activity: z}") == []
