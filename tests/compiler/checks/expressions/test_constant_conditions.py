"""Warnings of conditions that are always true. references/test_unused.py has those that never are."""

from __future__ import annotations

import pytest

from tests.support.compiler.written_catalogues import HUB, OFFER, assert_warning, findings_of

WHEN = OFFER + "steps:\n  go:\n    milestone: true\n    when: %s\n"


@pytest.mark.parametrize(
    ("written", "word"),
    [
        ("«true", "always true: omit it"),
        ("«1 < 2", "always true"),
        ("«attributes.cameras >= 0", "since `attributes.cameras` is at least 0 and at most 16: omit it"),
        ("«attributes.cameras < 17", "at most 16"),
        ("«attributes.cameras != 17", "always true"),
        ("«action == 'add'", "since `action` is add here"),
        ("attributes.install && «attributes.cameras >= 0", "always true"),
        ("«attributes.cameras >= 0 && attributes.install", "always true"),
        ("attributes.model != «'indor'", "did you mean `indoor`?"),
        ("«attributes.model in ['indoor', 'outdoor']", "is indoor, outdoor here"),
        ("«attributes.cameras >= 0 || attributes.install", "always true"),
    ],
)
def test_condition_that_is_always_true_is_a_warning(written: str, word: str) -> None:
    assert_warning(WHEN % written, "condition-always", word)


@pytest.mark.parametrize(
    "written",
    [
        "attributes.cameras >= 1",
        "attributes.cameras <= 15",
        "has(attributes.note) && attributes.note != ''",
        "attributes.rate >= 0.0",
        "attributes.install || attributes.cameras > 0",
        "order.priority >= 1",
    ],
)
def test_condition_that_may_be_false_is_no_warning(written: str) -> None:
    assert findings_of(WHEN % written) == []


def test_conditions_of_all_places_are_checked() -> None:
    assert_warning(OFFER + "decomposes_to: [{product: hub, when: «attributes.cameras >= 0}]" + HUB, "condition-always")
    step = "steps: {go: {%s, on_failure: {do: continue}}}"
    assert_warning(OFFER + step % "wait: {condition: «true, within: 1d}", "condition-always")
    assert_warning(OFFER + step % "event: {name: x, match: «true, within: 1d}", "condition-always")
    assert_warning(OFFER + step % "activity: x, fail_when: [{if: «true, code: x}]", "condition-always")
    assert_warning(OFFER + step % "activity: x, fail_when: [{if: «false, code: x}]", "condition-never")


def test_limits_must_hold_for_all_products_of_a_workstream() -> None:
    text = """
kind: commercial_product
id: one
attributes: {n: {type: integer, minimum: 1, default: 1}}
---
kind: commercial_product
id: two
attributes: {n: {type: integer, minimum: 0, default: 0}}
---
kind: workstream
id: work
for: [one, two]
when: «attributes.n >= %d
steps: {go: {milestone: true}}
"""
    assert_warning(text % 0, "condition-always")
    assert findings_of(text % 1) == []
