"""Warnings of calls without `undo` that a failure policy may undo."""

from __future__ import annotations

import pytest

from tests.support.compiler.written_catalogues import assert_warning, findings_of

SYSTEM = "kind: system\nid: s\nbase_url: http://s.example\n---\n"
POST = "call: {system: s, post: /x}"
UNDO = "undo: {call: {system: s, delete: /x}}"
STEPS = SYSTEM + "kind: commercial_product\nid: offer\n%ssteps:\n%s"
REDO = "b: {activity: y, after: [a], on_failure: {redo_from: r}}"
ROLLBACK = "on_failure: {rollback: line}"


def steps(*written: str, keys: str = "") -> str:
    return STEPS % (keys, "".join(f"  {step}\n" for step in written))


@pytest.mark.parametrize(
    "written",
    [
        [f"«a: {{{POST}}}", f"b: {{activity: y, after: [a], {ROLLBACK}}}"],
        ["«a: {call: {system: s, put: /x}}", f"b: {{activity: y, {ROLLBACK}}}"],
        [f"«a: {{{POST}}}", "b: {activity: y, on_failure: [{rollback: order}]}"],
        [f"r: {{activity: r, {UNDO}}}", f"«a: {{{POST}, after: [r]}}", REDO],
    ],
)  # fmt: skip
def test_effect_that_would_stay_is_a_warning(written: list[str]) -> None:
    assert_warning(steps(*written), "undo-missing", "what this call makes would stay")


@pytest.mark.parametrize(
    "written",
    [
        [f"a: {{{POST}}}", "b: {activity: y, after: [a]}"],
        [f"a: {{{POST}, {UNDO}}}", f"b: {{activity: y, after: [a], {ROLLBACK}}}"],
        [f"a: {{{POST}, point_of_no_return: true, {UNDO}}}", f"b: {{activity: y, {ROLLBACK}}}"],
        [f"b: {{activity: y, {ROLLBACK}}}", f"a: {{{POST}, after: [b]}}"],
        [f"b: {{activity: y, {ROLLBACK}}}", "m: {milestone: true, after: [b]}", f"a: {{{POST}, after: [m]}}"],
        ["a: {call: {system: s, get: /x}}", f"b: {{activity: y, {ROLLBACK}}}"],
        [f"a: {{{POST}, actions: [modify]}}", f"b: {{activity: y, {ROLLBACK}}}"],
        [f"a: {{{POST}, {ROLLBACK}}}"],
        [f"a: {{{POST}, on_failure: [{{redo_from: a}}]}}"],
    ],
)
def test_effect_that_nothing_undoes_is_no_warning(written: list[str]) -> None:
    assert [one for one in findings_of(steps(*written)) if one.code == "undo-missing"] == []


def test_line_that_is_rolled_back_with_another_is_a_warning() -> None:
    text = steps(f"«a: {{{POST}}}", keys="on_relied_failure: rollback\n")
    assert_warning(text, "undo-missing", "`offer` has `on_relied_failure: rollback`")


HUB = """---
kind: technical_product
id: hub
steps:
  «a: {%s}
---
kind: technical_product
id: cam
steps:
  b: {%s}
"""


def test_roll_back_of_a_line_concerns_all_that_the_offer_decomposes_into() -> None:
    offer = SYSTEM + "kind: commercial_product\nid: offer\ndecomposes_to: [{product: hub}, {product: cam}]\n%s"
    failing = f"activity: y, {ROLLBACK}"
    assert_warning(offer % "" + HUB % (POST, failing), "undo-missing", "`cam.b` has `rollback: line`")
    dependency = "dependencies: {hub.a: [cam.b]}\n"
    assert findings_of(offer % dependency + HUB % (POST, failing)) == []


def test_roll_back_of_a_line_does_not_concern_other_offers() -> None:
    offers = "kind: commercial_product\nid: one\n%s---\nkind: commercial_product\nid: two\n%s"
    lone = offers % ("decomposes_to: [{product: hub}]\n", "decomposes_to: [{product: cam}]\n")
    assert findings_of(SYSTEM + lone + HUB % (POST, f"activity: y, {ROLLBACK}")) == []
    both = offers % (
        "decomposes_to: [{product: hub}]\ncomponents: [{product: two}]\n",
        "decomposes_to: [{product: cam}]\n",
    )
    assert findings_of(SYSTEM + both + HUB % (POST, f"activity: y, {ROLLBACK}")) == []
    assert_warning(SYSTEM + both + HUB % (POST, "activity: y, on_failure: {rollback: bundle}"), "undo-missing")
