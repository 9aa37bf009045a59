"""Python activities, cancelled calls, and other orders in scenarios."""

from __future__ import annotations

import pytest

from tests.support.scenarios.runs import failures

CATALOGUE = """
kind: commercial_product
id: offer
attributes: {other: {type: string, default: O-9}}
steps:
  write:
    activity: write_document
    with: {title: "${order.id}"}
    retry: {max_attempts: 2, initial: 10s}
    output: {file: "${output.file}"}
    undo: {activity: remove_document, with: {file: "${output.file}"}}
  send:
    after: [write]
    call: {system: post, post: /letters, body: {file: "${steps.write.output.file}"}}
    timeout: 30s
    retry: {intervals: [5m, 10s]}
    undo: {call: {system: post, delete: "/letters/${output.id}"}}
  join:
    after: [{order: "${attributes.other}", step: offer.send, within: 5d}, send]
    milestone: true
---
kind: system
id: post
base_url: https://post.example
"""
ORDER = "order: {id: O-1, lines: [{id: '1', product: offer}]}\n"
WRITE = "  - {on: offer.write, answer: {output: {file: a.md, bytes: 3}}}\n"
SEND = "  - {on: offer.send, answer: {body: {id: L-1}}}\n"
PROCEED_LATER = "  - {after: 1d, step: offer.join, proceed: true}\n"


def run(world: str, expect: str) -> list[str]:
    return failures(f"{ORDER}world:\n{world}expect: {expect}", CATALOGUE)


def test_activity_gets_its_output_from_the_world() -> None:
    expect = "{steps: {offer.write: {output: {file: a.md}}}, calls: [{step: offer.send, body: {file: a.md}}]}"
    assert run(WRITE + SEND + PROCEED_LATER, expect) == []


@pytest.mark.parametrize(
    ("answer", "code"),
    [("{status: 507}", "507"), ("{error: timeout}", "timeout"), ("{error: connection}", "connection")],
)
def test_failed_activity_is_repeated_and_then_in_fallout(answer: str, code: str) -> None:
    expect = f"{{order: in_progress, steps: {{offer.write: {{state: fatally_failed, error: {code}, attempts: 2}}}}}}"
    assert run(f"  - {{on: offer.write, answer: {answer}}}\n", expect) == []


def test_activity_without_an_answer_fails_by_name() -> None:
    found = run(SEND, "{order: completed}")
    assert any(
        "offer.write@1 runs the Python activity `write_document`, and a scenario does not" in one for one in found
    )


def test_activity_is_undone_by_an_activity() -> None:
    world = WRITE + SEND + "  - {after: 1d, cancel: true}\n  - {on: offer.write, of: undo, answer: {}}\n"
    world += "  - {on: offer.send, of: undo, answer: {}}\n"
    assert run(world, "{order: cancelled, steps: {offer.write: {state: cancelled, undo: completed}}}") == []


def test_pause_that_is_too_long_for_a_worker_is_the_timer_of_the_order() -> None:
    world = WRITE + "  - {on: offer.send, answer: {status: 503}, times: 2}\n" + SEND + PROCEED_LATER
    expect = "{steps: {offer.send: {attempts: 3, ended: {at_least: 310s, at_most: 310s}}}}"
    assert run(world, expect) == []


def test_cancellation_ends_the_pause_between_two_attempts() -> None:
    world = (
        WRITE + "  - {on: offer.send, answer: {status: 503}, times: 2}\n  - {on: offer.write, of: undo, answer: {}}\n"
    )
    world += "  - {after: 305s, cancel: true}\n  - {on: offer.send, answer: {body: {id: L-1}}}\n"
    world += "  - {on: offer.send, of: undo, answer: {}}\n"
    expect = (
        "{order: cancelled, took: {at_least: 305s, at_most: 305s}, calls: [{step: offer.send, undo: true, times: 1}]}"
    )
    assert run(world, expect) == []


def test_pause_that_a_limit_ends_does_not_count_for_how_long_it_took() -> None:
    poll = "poll: {get: /letters, every: 40s, within: 100s, until: response.body.read}"
    catalogue = CATALOGUE.replace('output.file}"}}\n    timeout: 30s', f'output.file}}"}}, {poll}}}')
    world = WRITE + SEND + "  - {on: offer.send, of: poll, answer: {body: {read: false}}, times: 3}\n"
    expect = "{order: in_progress, steps: {offer.send: {error: timeout}}, took: {at_least: 100s, at_most: 100s}}"
    assert failures(f"{ORDER}world:\n{world}expect: {expect}", catalogue) == []


def test_step_of_another_order_is_awaited_until_somebody_lets_it_proceed() -> None:
    expect = (
        "{order: completed, took: {at_least: 1d, at_most: 1d}, "
        "moments: [{after: 1h, steps: {offer.join: {waits_for: O-9}}}]}"
    )
    assert run(WRITE + SEND + PROCEED_LATER, expect) == []
    assert run(WRITE + SEND, "{order: in_progress, steps: {offer.join: {error: timeout}}, took: {at_least: 5d}}") == []
