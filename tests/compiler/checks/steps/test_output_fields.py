"""Warnings of fields that a step's output does not have."""

from __future__ import annotations

import pytest

from tests.support.compiler.written_catalogues import assert_warning, findings_of

STEPS = "kind: commercial_product\nid: offer\nsteps:\n  a: {%s}\n  b: {activity: x, after: [a], %s}\n"
FORM = "manual: {queue: q, form: {size: {type: integer, required: true}}}"
OUTPUT = "activity: y, output: {size: '${output.n}', note: fixed}"


@pytest.mark.parametrize(
    ("step", "read", "words"),
    [
        (FORM, "when: steps.a.output.«sizes > 1", "did you mean `size`?"),
        (OUTPUT, "with: {n: '${steps.a.output.«sise}'}", "the output of `a` has no `sise`"),
        (OUTPUT, "with: {n: '${workstreams.offer.a.output.«colour}'}", "it has note, size"),
        (f"{OUTPUT}, default_output: {{other: 1}}", "when: steps.a.output.«sizes > 1", "did you mean `size`?"),
        (FORM, "undo: {activity: z, with: {n: '${steps.a.output.«width}'}}", "it has size"),
    ],
)
def test_field_that_the_step_does_not_give_is_a_warning(step: str, read: str, words: str) -> None:
    assert_warning(STEPS % (step, read), "output-field-unknown", words)


@pytest.mark.parametrize(
    ("step", "read"),
    [
        (FORM, "when: steps.a.output.size > 1"),
        (FORM, "when: has(steps.a.output.other) && steps.a.output.other > 1"),
        (FORM, "with: {all: '${steps.a.output}'}"),
        (OUTPUT, "with: {n: '${steps.a.output.note}', m: '${steps.a.output.size.deeper}'}"),
        (f"{OUTPUT}, default_output: {{other: 1}}", "with: {n: '${steps.a.output.other}'}"),
        ("activity: y", "with: {n: '${steps.a.output.anything}'}"),
        ("activity: y, output: '${output.all}'", "with: {n: '${steps.a.output.anything}'}"),
        ("manual: {queue: q}", "with: {n: '${steps.a.output.anything}'}"),
    ],
)
def test_field_that_the_step_may_give_is_no_warning(step: str, read: str) -> None:
    assert findings_of(STEPS % (step, read)) == []
