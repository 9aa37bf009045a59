"""Warnings of an `sla` that a step misses by its own definition."""

from __future__ import annotations

import pytest

from tests.support.compiler.written_catalogues import assert_warning, findings_of

STEP = "kind: commercial_product\nid: offer\nattributes: {h: {type: integer, default: 1}}\nsteps:\n  go: {%s}\n"


@pytest.mark.parametrize(
    ("step", "words"),
    [
        ("wait: {for: 5d}, sla: {duration: «3d}", "always late: it waits for 5d, and its `sla` is 3d"),
        ("manual: {queue: q}, expected: 1w, sla: {duration: «5d}", "usually late: 1w are expected"),
        ("manual: {queue: q}, sla: {duration: 5d, warn: «5d}", "at risk from its start"),
    ],
)
def test_sla_that_the_step_misses_is_a_warning(step: str, words: str) -> None:
    assert_warning(STEP % step, "sla-too-short", words)


@pytest.mark.parametrize(
    "step",
    [
        "wait: {for: 5d}, sla: {duration: 5d}",
        "manual: {queue: q}, expected: 5d, sla: {duration: 5d, warn: 4d}",
        "wait: {for: '${attributes.h}h'}, sla: {duration: 1m}",
        "manual: {queue: q}, start: {delay: 30d}, sla: {duration: 1d}",
        "event: {name: x, within: 9d}, sla: {duration: 5d}",
    ],
)
def test_sla_that_can_be_kept_is_no_warning(step: str) -> None:
    assert findings_of(STEP % step) == []


PRETENDED = """
kind: system
id: grid
base_url: http://grid.example
example:
  - {post: /connections, when: request.body.fast, calls_back: {after: 1d}}
  - {post: "/connections/{site}", calls_back: [{after: 60d}, {after: 50d}]}
  - {get: "*", body: {}}
---
kind: commercial_product
id: offer
steps:
  connect:
    call: {system: grid, post: "/connections/${order.id}", callback: {within: 90d}}
    sla: {duration: %s}
  prepare: {call: {system: grid, post: /connections}}
"""


def test_sla_shorter_than_the_example_s_callback_is_a_warning() -> None:
    assert_warning(PRETENDED % "«30d", "sla-too-short", "the example of `grid` calls back after 50d")
    assert findings_of(PRETENDED % "50d") == []


def test_callback_at_an_unknown_time_is_no_warning() -> None:
    assert findings_of((PRETENDED % "30d").replace("50d}", "'${request.body.days}d'}")) == []
