"""Warnings of keys that a step's kind does not use, and of entries of `on_failure` that are never used."""

from __future__ import annotations

import pytest

from activity_contract.calls import DEFINITION_ERROR, INTERNAL_ERROR
from compiler.checks.steps import ignored_keys
from tests.support.compiler.written_catalogues import assert_warning, findings_of
from workflows.contract import states
from workflows.core.execution import cross_order_wait
from workflows.core.failures.failure_handling import DEFECT_CODES

STEP = """
kind: commercial_product
id: offer
steps:
  go: {%s}
---
{kind: system, id: shop, base_url: "http://shop.example"}
"""
CALL = "call: {system: shop, post: /x}"
MANUAL = "manual: {queue: desk}"
REFUSED = f"{MANUAL}, fail_when: [{{if: quantity > 1, code: refused}}]"
ANY_CODE = f"{MANUAL}, fail_when: [{{if: quantity > 1, code: '${{payload.x}}'}}]"
EVENT = "event: {name: scan, within: 1d}"
WAIT = "wait: {for: 1d}"


@pytest.mark.parametrize(
    ("step", "words"),
    [
        (f"{MANUAL}, «timeout: 2s", "to be warned write `sla`"),
        (f"{EVENT}, «timeout: 2s", "write `within`"),
        ("wait: {condition: order.priority == 1, within: 1d}, «timeout: 2s", "write `within`"),
        (f"{WAIT}, «timeout: 2s", "this is a `wait` step: omit it"),
        ("milestone: true, «timeout: 2s", "this is a `milestone` step: omit it"),
        (f"{MANUAL}, «retry: standard", "`retry` repeats a call"),
        (f"{EVENT}, «retry: {{max_attempts: 2}}", "this is an `event` step"),
        (f"{WAIT}, «retry: standard", "`retry` repeats a call"),
        ("milestone: true, «retry: standard", "`retry` repeats a call"),
        (f"{WAIT}, «output: {{a: 1}}", "`output` selects from a result"),
        ("milestone: true, «output: {a: 1}", "`output` selects from a result"),
        (f"{WAIT}, «fail_when: [{{if: quantity > 1, code: x}}]", "`fail_when` judges a result"),
        (f"{CALL}, undo: {{manual: {{queue: q}}, «retry: standard}}", "a person does this undo"),
        (f"{CALL}, undo: {{manual: {{queue: q}}, «timeout: 1s}}", "a person does this undo"),
    ],
)
def test_key_that_the_kind_does_not_use_is_a_warning(step: str, words: str) -> None:
    assert_warning(STEP % step, "key-ignored", words)


@pytest.mark.parametrize(
    ("step", "words"),
    [
        (f"{MANUAL}, on_failure: [{{code: «timeout, do: continue}}]", "never fails with `timeout`: omit it"),
        ("event: {name: a}, sla: {duration: 1d}, on_failure: [{code: «timeout, do: continue}]", "write `within`"),
        (f"{WAIT}, on_failure: {{code: «timeout, do: continue}}", "never fails with `timeout`"),
        ("milestone: true, on_failure: [{code: «'503', do: continue}]", "never fails with `503`"),
        (
            f"{REFUSED}, on_failure: [{{code: «refusd, do: continue}}]",
            "did you mean `refused`?",
        ),
        (f"{CALL}, on_failure: [{{do: continue}}, «{{code: timeout, do: fallout}}]", "the one without `code`"),
        (f"{CALL}, on_failure: [{{do: fallout}}, «{{code: internal_error, do: continue}}]", "never used"),
        (f"{CALL}, on_failure: [{{code: a, do: continue}}, «{{code: a, do: fallout}}]", "the one for `a`"),
    ],
)
def test_entry_of_on_failure_that_is_never_used_is_a_warning(step: str, words: str) -> None:
    assert_warning(STEP % step, "failure-rule-never", words)


@pytest.mark.parametrize(
    "step",
    [
        f"{CALL}, timeout: 2s, retry: standard, on_failure: [{{code: anything, do: continue}}]",
        "activity: x, timeout: 2s, retry: standard, on_failure: [{code: anything, do: continue}]",
        f"{EVENT}, on_failure: [{{code: timeout, do: continue}}, {{code: definition_error, do: continue}}]",
        f"{REFUSED}, on_failure: [{{code: refused, do: continue}}]",
        f"{ANY_CODE}, on_failure: [{{code: any, do: continue}}]",
        "milestone: true, after: {order: '${order.id}', step: a.b, within: 1d}, on_failure: "
        "[{code: timeout, do: continue}, {code: no_such_order, do: continue}]",
        f"{CALL}, on_failure: [{{do: continue}}, {{do: fallout, queue: ops}}]",
        f"{CALL}, on_failure: [{{code: a, redo_from: go}}, {{code: a, do: fallout}}]",
        f"{WAIT}, on_failure: continue",
        f"{MANUAL}, on_failure: [{{code: relied_on_failed, do: fallout, queue: desk}}]",
    ],
)
def test_what_may_be_used_is_no_warning(step: str) -> None:
    ours = {"key-ignored", "failure-rule-never"}
    assert [str(one) for one in findings_of(STEP % step) if one.code in ours] == []


def test_codes_are_those_of_the_engine() -> None:
    assert {DEFINITION_ERROR, INTERNAL_ERROR} == DEFECT_CODES == ignored_keys.DEFECT_CODES
    assert ignored_keys.RELIED_ON_FAILED == states.RELIED_ON_FAILED
    assert {
        cross_order_wait.ORDER_ENDED,
        cross_order_wait.STEP_UNDONE,
        cross_order_wait.NO_SUCH_STEP,
        cross_order_wait.NO_SUCH_ORDER,
    } == ignored_keys.OTHER_ORDER_CODES
