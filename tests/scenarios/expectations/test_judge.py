"""Expectations that do not hold: one failure each, at the place of the expectation, with what came instead."""

from __future__ import annotations

import pytest

from tests.support.scenarios.runs import MARK, WORLD, failures, happy


@pytest.mark.parametrize(
    ("expect", "message"),
    [
        ("{order: «cancelled}", "the order is completed, not cancelled"),
        ("{order: «{rejected: attribute-unknown}}", "the order is not rejected: it is completed"),
        ("{lines: {'1': «cancelled}}", "line 1 is completed, not cancelled"),
        ("{lines: {'1': {state: «cancelled}}}", "line 1 is completed, not cancelled"),
        ("{lines: {«'2': completed}}", "the order has no line 2; it has 1, camera@1, line@1"),
        ("{lines: {'1': «absent}}", "line 1 is completed, and is not expected to be there"),
        ("{lines: {camera@1: {quantity: «3}}}", "line camera@1: its quantity is 2, not 3"),
        ("{lines: {'1': {attributes: {cameras: «3}}}}", "line 1: attributes.cameras is 2, not 3"),
        ("{lines: {'1': {attributes: {colour: «red}}}}", "line 1: attributes.colour is missing, and red is expected"),
        ("{steps: {camera.ship: «skipped}}", "camera.ship@1 is completed, not skipped"),
        ("{steps: {camera.ship: «absent}}", "the plan has camera.ship@1, which is not expected to be there"),
        ("{steps: {camera.ship: {attempts: «2}}}", "camera.ship@1: the number of its attempts is 1, not 2"),
        ("{steps: {camera.ship: {output: {id: «P-2}}}}", "camera.ship@1: output.id is P-1, not P-2"),
        (
            "{steps: {camera.ship: {output: «P-2}}}",
            'camera.ship@1: output is {"id": "P-1", "tracking": "T-1"}, not P-2',
        ),
        ("{steps: {camera.ship: {error: «busy}}}", "camera.ship@1: its error is nothing, not busy"),
        ("{steps: {camera.ship: {undo: «completed}}}", "camera.ship@1: its undo is none, not completed"),
        ("{steps: {camera.ship: {instances: «2}}}", "camera.ship has 1 instance, not 2"),
        ("{steps: {camera.deliver: {ended: {at_most: «1d}}}}", "camera.deliver@1 ended after 2d, later than 1d"),
        ("{steps: {camera.deliver: {ended: {at_least: «3d}}}}", "camera.deliver@1 ended after 2d, earlier than 3d"),
        ("{steps: {camera.ship: {waits_for: «event}}}", "camera.ship@1 waits for nothing, not for event"),
        (
            "{calls: [{system: stock, post: /reservations, body: {quantity: «3}}]}",
            "no call stock POST /reservations with body.quantity 3: there it is 2",
        ),
        (
            "{calls: [«{system: stock, post: /reservation}]}",
            "no call stock POST /reservation; stock got POST /reservations",
        ),
        ("{calls: [{system: stock, times: «2}]}", "1 call stock, and 2 are expected"),
        (
            "{calls: [{step: camera.ship, key: «x*}]}",
            "no call of camera.ship with key x*: there it is O-1/camera.ship@1",
        ),
        ("{calls: [«{system: stock, undo: true}]}", "no call stock to undo; stock got POST /reservations"),
        ("{sequence: [camera.ship, «camera.reserve]}", "camera.reserve began before camera.ship"),
        ("{sequence: [«{undo: camera.ship}]}", "the undo of camera.ship has not begun"),
        ("{events: [{type: «order.cancelled}]}", "no event order.cancelled"),
        ("{events: [{type: step.completed, times: «1}]}", "event step.completed: 6 of them, not 1"),
        (
            "{events: [{type: step.completed, step: camera.ship, data: {line: «x}}]}",
            "no event step.completed about camera.ship with line x: there it is camera@1",
        ),
        ("{notifications: [{receiver: crm, type: «step.completed}]}", "no notification step.completed to crm"),
        ("{took: {at_most: «1d}}", "it was over after 13d 6h, later than 1d"),
        ("{took: {at_least: «13d 6h 10s}}", "it was over after 13d 6h, earlier than 13d 6h 10s"),
        ("{warnings: «quantity-odd}", "the order is warned of nothing, not quantity-odd"),
        ("{moments: [{after: 1d, order: «held}]}", "after 1d, the order is in_progress, not held"),
        ("{moments: [{after: 1d, jeopardy: «late}]}", "after 1d, the order is on_track, not late"),
        ("{moments: [{after: 1d, tasks: «1}]}", "after 1d, the number of tasks is 0, not 1"),
        ("{moments: [{after: 1d, forecast: {at_most: «1d}}]}", "after 1d, the order will end after 3d 4h"),
        (
            "{moments: [{after: 1d, steps: {camera.deliver: {waits_for: «a person}}}]}",
            "camera.deliver@1 waits for event delivered with key T-1, not for a person",
        ),
        (
            "{moments: [«{when: {step: camera.ship, state: skipped}, order: held}]}",
            "this moment has not come: camera.ship was never skipped",
        ),
    ],
)
def test_expectation_that_does_not_hold_is_one_failure_at_its_place(expect: str, message: str) -> None:
    text = happy(f"expect: {expect}")
    before = text[: text.index(MARK)]
    place = f"{before.count(chr(10)) + 1}:{len(before) - before.rfind(chr(10))}"
    found = failures(text.replace(MARK, ""))
    assert len(found) == 1, found
    assert found[0].startswith(f"{place}: {message}")


def test_unknown_step_of_this_order_suggests_a_similar_one() -> None:
    found = failures(happy("expect: {steps: {camera.ship@2: completed}}"))
    assert len(found) == 1
    assert "the plan has no step camera.ship@2; did you mean `camera.ship@1`?" in found[0]


def test_order_that_never_ends_says_what_it_waits_for() -> None:
    world = WORLD.replace("  - {when: line.accept, after: 1d, complete: {happy: true}, by: ann}\n", "")
    found = failures(happy("expect: {order: completed}", world))
    assert len(found) == 1
    assert "the order is in_progress, not completed: line.accept@1 waits for a person in desk" in found[0]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (
            "  - {on: camera.reserve, answer: {status: 201, body: {id: R-1}}}\n",
            "nothing answers camera.reserve@1, stock POST /reservations: write in `world`, for example, "
            "{on: camera.reserve, answer: {status: 200, body: {}}}, or an `example` of stock",
        ),
        (
            "  - {on: line.live, of: poll, answer: {body: {state: done}}}\n",
            "nothing answers line.live@1 (poll), grid GET /activations/A-1",
        ),
    ],
)
def test_call_that_nothing_answers_fails_by_name(line: str, message: str) -> None:
    assert line in WORLD
    found = failures(happy("expect: {order: completed}", WORLD.replace(line, "")))
    assert any(message in each for each in found), found


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ("{on: camera.ship, of: undo, answer: {}}", "no call asked for this answer (undo of camera.ship)"),
        (
            "{on: camera.reserve, answer: {status: 500}, times: 4}",
            "3 calls asked for this answer (camera.reserve), not 4",
        ),
        (
            "{when: {step: camera.ship, state: fatally_failed}, retry: true}",
            "this has not happened: camera.ship was never fatally_failed",
        ),
        ("{after: 30d, note: late}", "this was refused: the order has ended (order_ended)"),
        ("{after: 1d, event: delivered, key: T-2}", "no step has taken event delivered"),
        ("{after: 1d, event: lost}", "this was refused: No step of order O-1 waits for event lost"),
        ("{after: 1d, step: camera.ship, retry: true}", "this was refused: Step 2 (camera.ship@1) is completed"),
        ("{after: 1d, retry: true}", "this was refused: say which step this is about: `step`, or `when`"),
        ("{after: 1d, note: fine, refused: not_now}", "this was expected to be refused (not_now), and was not"),
        ("{after: 1d, event: delivered, key: '${order.characteristics.x}'}", "this was refused: it has no value"),
    ],
)
def test_entry_of_the_world_that_does_not_fit_fails_at_its_place(entry: str, message: str) -> None:
    found = failures(happy("expect: {order: completed}", WORLD.replace("world:", f"world:\n  - {entry}")))
    assert any(each.startswith("3:5: ") and message in each for each in found) or any(
        message in each and each.startswith("3:") for each in found
    ), found


def test_refusal_that_is_expected_is_no_failure() -> None:
    world = WORLD.replace(
        "world:",
        "world:\n  - {after: 1d, step: camera.ship, retry: true, refused: not_now}\n"
        "  - {after: 60d, cancel: true, refused: order_ended}\n"
        "  - {after: 1d, event: delivered, key: T-1, step: camera.reserve, refused: event_not_expected}",
    )
    assert failures(happy("expect: {order: completed}", world)) == []


def test_order_that_cannot_be_undone_says_which_undo_fails() -> None:
    world = """world:
  - {on: camera.reserve, answer: {body: {id: R-1}}}
  - {on: camera.reserve, of: undo, answer: {status: 409, body: {code: shipped}}}
  - {on: camera.ship, answer: {body: {id: P-1, tracking: T-1}}}
  - {on: camera.ship, of: undo, answer: {}}
  - {after: 1d, cancel: true}
"""
    found = failures(happy("expect: {order: cancelled}", world))
    assert len(found) == 1
    assert (
        "not cancelled: the undo of camera.reserve@1 is in fallout (shipped: stock, DELETE /reservations/" in found[0]
    )


def test_order_in_fallout_says_why_an_expression_has_no_value() -> None:
    world = """world:
  - {on: camera.reserve, answer: {body: {}}}
"""
    [found] = failures(happy("expect: {order: completed}", world))
    assert "camera.ship@1 is in fallout (definition_error: " in found
    assert "there is no `id`" in found
