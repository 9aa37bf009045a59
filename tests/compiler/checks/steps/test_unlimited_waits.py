"""Warnings of waits that could go on forever without anybody being told."""

from __future__ import annotations

import pytest

from tests.support.compiler.written_catalogues import assert_warning, findings_of

STEP = """
kind: commercial_product
id: offer
steps:
  go: {%s}
---
{kind: system, id: shop, base_url: "http://shop.example"}
"""
POLL = "get: /x, every: 1m, until: response.body.ok"
WAITS = [
    ("«event: {name: scan%s}", "an event"),
    ("«wait: {condition: 'has(order.characteristics.go)'%s}", "a condition"),
    ("call: {system: shop, post: /x, «callback: {%s}}", "a callback"),
    (f"call: {{system: shop, post: /x, «poll: {{{POLL}%s}}}}", "a condition"),
]


@pytest.mark.parametrize(("step", "awaited"), WAITS)
def test_wait_without_a_limit_is_a_warning(step: str, awaited: str) -> None:
    assert_warning(STEP % (step % ""), "wait-unlimited", f"waits for {awaited} without a limit")


@pytest.mark.parametrize(("step", "_awaited"), WAITS)
def test_within_or_an_sla_is_enough(step: str, _awaited: str) -> None:
    limit = "within: 1d" if "{%s}" in step else ", within: 1d"
    assert findings_of(STEP % (step % limit)) == []
    assert findings_of(STEP % (step % "" + ", sla: {duration: 1d}")) == []


def test_wait_for_another_order_needs_a_limit_of_its_own() -> None:
    step = "milestone: true, sla: {duration: 1d}, after: [{«order: '${order.id}', step: offer.go%s}]"
    assert_warning(STEP % (step % ""), "wait-unlimited", "waits for another order without a limit: write `within`")
    assert [one for one in findings_of(STEP % (step % ", within: 1d")) if one.severity == "warning"] == []


@pytest.mark.parametrize("step", ["manual: {queue: q}", "wait: {for: 1d}", "call: {system: shop, get: /x}"])
def test_what_ends_by_itself_or_is_in_a_queue_is_no_warning(step: str) -> None:
    assert findings_of(STEP % step) == []
