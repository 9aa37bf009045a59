"""Scenarios on the core: what happens, and when."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.scenarios.runs import CATALOGUE, ORDER, WORLD, failures, happy, run_text

DAY = 86_400.0
ANSWERS = "\n".join(line for line in WORLD.splitlines() if "on:" in line)


def test_order_runs_to_its_end_in_virtual_time() -> None:
    result = run_text(happy("expect: {order: completed}"))
    assert [failure.message for failure in result.failures] == []
    assert result.record.took == pytest.approx(2 * DAY + 10 * DAY + 3 * 7200 + DAY)
    assert result.seconds < 5


def test_everything_that_can_be_expected_holds() -> None:
    expect = """expect:
  order: completed
  lines: {"1": completed, camera@1: {state: completed, product: camera, quantity: 2, action: add}}
  steps:
    camera.reserve: {state: completed, output: {id: R-1}, attempts: 1, started: {at_most: 1s}}
    line.order: {state: completed, output: {reference: G-1}, ended: {at_least: 12d, at_most: 12d}}
    line.accept: {state: completed, instances: 1}
  calls:
    - {system: stock, post: /reservations, body: {quantity: 2}, times: 1, key: O-1/camera.reserve@1/do/1*}
    - {system: carrier, post: "/par*", body: {reservation: R-1}}
    - {step: line.live, get: /activations/A-1, times: 4}
    - {system: stock, delete: "*", times: 0}
  sequence: [camera.reserve, camera.ship, camera.deliver, line.order, line.live, line.accept]
  events: [{type: order.accepted, times: 1}, {type: step.completed, step: camera.ship, data: {line: camera@1}}]
  notifications: [{receiver: crm, type: order.completed}, {receiver: crm, type: step.late, times: 0}]
  took: {at_least: 13d, at_most: 14d}
  moments:
    - after: 1d
      order: in_progress
      jeopardy: on_track
      steps: {camera.deliver: {waits_for: event delivered with key T-1}, line.order: pending}
      forecast: {at_least: 3d, at_most: 4d}
    - {when: line.accept, after: 1h, tasks: 1, steps: {line.accept: {queue: desk, waits_for: a person in desk}}}
"""
    assert failures(happy(expect)) == []


def test_failed_attempts_are_repeated_by_the_retry_policy() -> None:
    world = WORLD.replace(
        "world:", "world:\n  - {on: camera.reserve, answer: {status: 503, body: {code: busy}}, times: 2}"
    )
    expect = "expect: {order: completed, steps: {camera.reserve: {attempts: 3, ended: {at_least: 20s, at_most: 20s}}}}"
    assert failures(happy(expect, world)) == []


def test_step_out_of_attempts_is_in_fallout_until_somebody_retries_it() -> None:
    world = WORLD.replace(
        "world:",
        "world:\n  - {on: camera.reserve, answer: {status: 503, body: {code: busy}}, times: 3}\n"
        "  - {when: {step: camera.reserve, state: fatally_failed}, after: 1h, retry: true}",
    ).replace("after: 2d, event", "after: 3d, event")
    expect = """expect:
  order: completed
  moments: [{after: 30m, fallout: 1, steps: {camera.reserve: {state: fatally_failed, error: busy}}}]
"""
    assert failures(happy(expect, world)) == []


def test_retry_after_of_a_system_is_obeyed() -> None:
    world = WORLD.replace(
        "world:", 'world:\n  - {on: camera.reserve, answer: {status: 429, headers: {Retry-After: "600"}}, times: 1}'
    )
    expect = "expect: {steps: {camera.reserve: {ended: {at_least: 10m, at_most: 10m}}}}"
    assert failures(happy(expect, world)) == []


@pytest.mark.parametrize(
    ("answer", "code", "at"),
    [
        ("{error: connection}", "connection", "20s"),
        ("{error: timeout}", "timeout", "110s"),
        ("{delay: 45s}", "timeout", "110s"),
        ("{status: 500}", "500", "20s"),
        ("{status: 409, body: {code: sold_out}}", "sold_out", "20s"),
        ("{status: 400}", "400", "20s"),
    ],
)
def test_answer_is_judged_as_the_worker_judges_it(answer: str, code: str, at: str) -> None:
    scenario = (
        f"{ORDER}world: [{{on: camera.reserve, answer: {answer}}}]\n"
        f"expect:\n  order: in_progress\n"
        f"  steps: {{camera.reserve: {{state: fatally_failed, error: {code}, attempts: 3}}}}\n"
        f"  took: {{at_least: {at}, at_most: {at}}}\n"
    )
    assert failures(scenario) == []


def test_answer_with_a_delay_takes_that_long() -> None:
    world = WORLD.replace("answer: {status: 201,", "answer: {delay: 12s, status: 201,")
    expect = "expect: {steps: {camera.reserve: {ended: {at_least: 12s, at_most: 12s}}}}"
    assert failures(happy(expect, world)) == []


def test_answers_are_counted_for_each_instance_of_a_step() -> None:
    scenario = happy(
        "expect: {order: completed, steps: {camera.reserve: {attempts: 2, instances: 2}}}",
        WORLD.replace("world:", "world:\n  - {on: camera.reserve, answer: {status: 503}, times: 1}")
        .replace(
            "{after: 2d, event: delivered, key: T-1}",
            '{when: camera.deliver, after: 2d, event: delivered, key: "${steps.ship.output.tracking}"}',
        )
        .replace("{id: P-1, tracking: T-1}", '{id: P-1, tracking: "${request.body.reservation}"}')
        .replace("body: {id: R-1}", 'body: {id: "R-${number}"}'),
    ).replace("lines: [{id: '1', product: alarm}]", "lines: [{id: '1', product: alarm}, {id: '2', product: alarm}]")
    assert failures(scenario) == []


def test_event_that_comes_before_the_step_waits_in_the_mailbox() -> None:
    world = WORLD.replace("answer: {body: {id: P-1,", "answer: {delay: 20s, body: {id: P-1,").replace(
        "{after: 2d, event", "{after: 5s, event"
    )
    expect = "expect: {order: completed, steps: {camera.deliver: {ended: {at_least: 20s, at_most: 20s}}}}"
    assert failures(happy(expect, world)) == []


def test_event_without_a_key_goes_to_the_order_and_can_be_refused() -> None:
    world = WORLD.replace("world:", "world:\n  - {after: 1d, event: lost, refused: event_not_expected}")
    assert failures(happy("expect: {order: completed}", world)) == []


def test_callback_waits_until_the_call_is_answered() -> None:
    world = WORLD.replace("{body: {accepted: true}}", "{delay: 20s, body: {accepted: true}}").replace(
        "{when: line.order, after: 10d, callback", "{when: line.order, callback"
    )
    expect = "expect: {steps: {line.order: {ended: {at_least: 172820s, at_most: 172820s}}}}"
    assert failures(happy(expect, world)) == []


def test_callback_and_event_of_an_answer_follow_by_themselves() -> None:
    world = WORLD.replace("  - {after: 2d, event: delivered, key: T-1}\n", "").replace(
        "  - {when: line.order, after: 10d, callback: {reference: G-1}}\n", ""
    )
    world = world.replace(
        "{body: {id: P-1, tracking: T-1}}",
        "{body: {id: P-1, tracking: T-1}, sends: {after: 2d, event: delivered, key: T-1}}",
    ).replace("{body: {accepted: true}}", "{body: {}, calls_back: {after: 10d, body: {reference: G-7}}}")
    expect = "expect: {order: completed, steps: {line.order: {output: {reference: G-7}, ended: {at_least: 12d}}}}"
    assert failures(happy(expect, world)) == []


def test_cancelled_order_is_undone_in_reverse() -> None:
    scenario = f"""{ORDER}world:
  - {{on: camera.reserve, answer: {{body: {{id: R-1}}}}}}
  - {{on: camera.reserve, of: undo, answer: {{}}}}
  - {{on: camera.ship, answer: {{body: {{id: P-1, tracking: T-1}}}}}}
  - {{on: camera.ship, of: undo, answer: {{status: 503}}, times: 1}}
  - {{on: camera.ship, of: undo, answer: {{}}}}
  - {{after: 1d, cancel: changed his mind, by: ann}}
expect:
  order: cancelled
  steps: {{camera.reserve: {{state: cancelled, undo: completed}}, line.order: discarded}}
  calls: [{{system: stock, delete: /reservations/R-1, undo: true, times: 1}}, {{system: carrier, undo: true, times: 2}}]
  sequence: [camera.ship, {{undo: camera.ship}}, {{undo: camera.reserve}}]
  events: [{{type: order.acted, data: {{by: ann, reason: changed his mind}}}}]
"""
    assert failures(scenario) == []


def test_amendment_changes_in_place_what_is_reserved() -> None:
    world = WORLD.replace(
        "world:",
        "world:\n  - {after: 1h, amend: {with: {attributes: {cameras: 5}}}}\n"
        "  - {on: camera.reserve, of: change, answer: {body: {}}}",
    )
    expect = """expect:
  order: completed
  lines: {camera@1: {quantity: 5}}
  calls: [{system: stock, patch: /reservations/R-1, body: {quantity: 5}, times: 1}]
  events: [{type: order.amended, times: 1}]
"""
    scenario = happy(expect, world)
    result = run_text(scenario)
    assert [failure.message for failure in result.failures] == []


def test_rejected_amendment_can_be_expected() -> None:
    world = WORLD.replace(
        "world:", "world:\n  - {after: 1h, amend: {with: {attributes: {cameras: many}}}, refused: attribute-type}"
    )
    found = failures(happy("expect: {order: completed}", world))
    assert len(found) == 1
    assert "3:5: this was refused, and `refused: attribute-type` is expected: Order " in found[0]
    assert "continues unchanged: the new order is rejected: " in found[0]
    assert "(rejected, " in found[0]
    for code in found[0].rsplit("(", 1)[1].rstrip(")").split(", "):
        assert failures(happy("expect: {order: completed}", world.replace("attribute-type", code))) == []


def test_switched_off_system_holds_its_calls() -> None:
    world = WORLD.replace(
        "world:", "world:\n  - {after: 0s, system: {off: carrier}}\n  - {after: 6h, system: {on: carrier}}"
    ).replace("answer: {status: 201,", "answer: {delay: 5s, status: 201,")
    expect = "expect: {order: completed, steps: {camera.ship: {ended: {at_least: 6h, at_most: 6h}}}}"
    assert failures(happy(expect, world)) == []


def test_people_hold_resume_set_note_and_assign() -> None:
    world = WORLD.replace(
        "world:",
        "world:\n"
        "  - {after: 1d, hold: order, by: ann}\n  - {after: 3d, resume: order, by: ann}\n"
        "  - {after: 1d, set: {colour: red}}\n  - {after: 1d, note: a note}\n"
        "  - {when: line.accept, assign: ben}\n"
        "  - {when: line.accept, after: 1h, claim: true, by: cem, refused: not_now}\n"
        "  - {when: line.accept, after: 2h, complete: {happy: true}, by: ben}",
    ).replace("  - {when: line.accept, after: 1d, complete: {happy: true}, by: ann}\n", "")
    expect = """expect:
  order: completed
  moments: [{after: 2d 1h, order: held}, {when: line.accept, after: 1h, steps: {line.accept: {holder: ben}}}]
"""
    assert failures(happy(expect, world)) == []


def test_undo_by_a_person_is_completed() -> None:
    scenario = happy(
        "expect: {order: cancelled, steps: {line.order: {state: cancelled, undo: completed}}}",
        WORLD.replace("  - {when: line.accept, after: 1d, complete: {happy: true}, by: ann}\n", "").replace(
            "world:",
            "world:\n  - {when: line.accept, after: 1h, cancel: true}\n"
            "  - {when: {step: line.order, state: in_progress, of: undo}, after: 2h, complete: true}\n"
            "  - {on: camera.reserve, of: undo, answer: {}}\n  - {on: camera.ship, of: undo, answer: {}}",
        ),
    )
    assert failures(scenario) == []


def test_business_failure_of_a_poll_redoes_the_step() -> None:
    world = WORLD.replace(
        "  - {on: line.live, of: poll, answer: {body: {state: new}}, times: 3}",
        "  - {on: line.live, of: poll, answer: {body: {state: broken}}, times: 1}",
    )
    expect = "expect: {order: completed, calls: [{step: line.live, post: /activations, times: 2}]}"
    assert failures(happy(expect, world)) == []


def test_line_that_the_order_does_not_have_is_added_with_the_whole_order() -> None:
    world = WORLD.replace("world:", "world:\n  - {after: 1h, amend: {with: {lines: {'2': {product: alarm}}}}}")
    assert failures(happy("expect: {order: completed}", world)) == [
        "3:5: this was refused: the order has no line `2`; it has 1; to add a line, write the whole order: "
        "`amend: {order: …}` (reference-unknown)"
    ]


KEPT_ANSWERS = """
kind: commercial_product
id: thing
steps:
  make:
    call: {system: s, post: /things}
    retry: {max_attempts: 2, initial: 10s}
---
kind: system
id: s
base_url: https://s.example
example: [{post: /things, status: 429, body: {}}]
"""


def test_answer_that_a_system_repeats_for_the_same_key_is_told_as_such() -> None:
    scenario = f"{ORDER.replace('alarm', 'thing')}expect: {{order: in_progress}}"
    timeline = [entry.what for entry in run_text(scenario, KEPT_ANSWERS).record.timeline]
    assert [what for what in timeline if "→" in what] == [
        "s POST /things → 429",
        "s POST /things → 429 (the same answer again: same key)",
    ]


def test_late_step_is_told_to_receivers() -> None:
    world = WORLD.replace("after: 2d, event", "after: 4d, event")
    expect = """expect:
  order: completed
  notifications: [{receiver: crm, type: step.late, step: camera.deliver, times: 1}]
  moments: [{after: 85h, steps: {camera.deliver: {jeopardy: late}}}, {after: 61h, jeopardy: at_risk}]
"""
    assert failures(happy(expect, world)) == []


def test_wait_that_is_too_long_ends_in_fallout() -> None:
    world = "\n".join(["world:", *[line for line in ANSWERS.splitlines() if "camera" in line]])
    expect = """expect:
  order: in_progress
  steps: {camera.deliver: {state: fatally_failed, error: timeout, queue: logistics}}
  took: {at_least: 5d, at_most: 5d}
"""
    assert failures(happy(expect, world)) == []


def test_rejected_order_names_its_findings() -> None:
    scenario = ORDER.replace("product: alarm", "product: alarm, attributes: {camera: 1}")
    assert failures(f"{scenario}expect: {{order: {{rejected: attribute-unknown}}}}") == []
    found = failures(f"{scenario}expect: {{order: completed}}")
    assert len(found) == 1
    assert "2:17: the order is rejected" in found[0]
    assert "(attribute-unknown)" in found[0]
    found = failures(
        f"{scenario}{WORLD}expect: {{order: completed, calls: [{{system: stock}}], steps: {{camera.ship: absent}}}}"
    )
    assert len(found) == 1
    assert "the order is rejected" in found[0]


def test_what_cannot_be_of_a_rejected_order_is_told() -> None:
    scenario = (
        ORDER.replace("product: alarm", "product: alarm, attributes: {camera: 1}")
        + "world: [{after: 1d, cancel: true}]\n"
    )
    found = failures(f"{scenario}expect: {{order: {{rejected: attribute-unknown}}, took: {{at_most: 1d}}}}")
    assert [one.partition(": ")[2] for one in found] == [
        "this has no effect: the order is rejected",
        "this cannot be: the order is rejected, so nothing runs",
    ]


def test_with_changes_the_order() -> None:
    scenario = f"{ORDER}with: {{attributes: {{cameras: 7}}, priority: 1}}\n{WORLD.strip()}\n"
    expect = "expect: {order: completed, calls: [{system: stock, body: {quantity: 7}}]}"
    assert failures(scenario + expect) == []


def test_poll_without_an_end_is_stopped_with_a_hint() -> None:
    catalogue_with_endless_poll = CATALOGUE.replace(", within: 3d, until", ", until")
    world = WORLD.replace("{body: {state: done}}", "{body: {state: new}}").replace(
        "  - {when: line.accept, after: 1d, complete: {happy: true}, by: ann}\n", ""
    )
    found = failures(happy("expect: {order: completed}", world), catalogue_with_endless_poll)
    assert any("has polled 10,000 times: answer its polls" in each for each in found)


def test_acts_that_end_a_wait_are_used_in_turn() -> None:
    world = WORLD.replace(
        "  - {when: line.accept, after: 1d, complete: {happy: true}, by: ann}\n",
        "  - {when: line.accept, after: 1h, complete: {happy: false}}\n"
        "  - {when: {step: line.accept, state: fatally_failed}, after: 1h, retry: true}\n"
        "  - {when: line.accept, after: 2h, complete: {happy: maybe}, refused: invalid}\n"
        "  - {when: line.accept, after: 3h, complete: {happy: true}}\n",
    )
    expect = "expect: {order: completed, events: [{type: step.fatally_failed, step: line.accept, times: 1}]}"
    found = failures(happy(expect, world))
    assert [each.split(": ", 1)[1][:60] for each in found] == []


def test_until_ends_a_scenario_whose_order_goes_on() -> None:
    scenario = happy("expect: {order: in_progress, took: {at_most: 3d}}", WORLD).replace("world:", "until: 3d\nworld:")
    found = failures(scenario)
    assert [each for each in found if "took" in each or "was over" in each] == []
    assert any("this has not happened: line.accept was never in_progress" in each for each in found)


def test_until_has_no_effect_on_an_order_that_ends_before() -> None:
    assert failures(happy("expect: {order: completed}").replace("world:", "until: 14d\nworld:")) == []


def test_overrides_that_do_not_fit_the_order_are_the_only_failure() -> None:
    scenario = f"{ORDER}with: {{attributes: {{camera: 1}}}}\nexpect: {{order: completed}}"
    found = failures(scenario)
    assert len(found) == 1
    assert found[0].startswith("2:1: no product of the order's lines has the attribute `camera`; did you mean")


def test_order_file_that_cannot_be_read_is_the_only_failure(tmp_path: Path) -> None:
    (tmp_path / "orders.yaml").write_text("id: A\nlines: [\n", encoding="utf-8")
    (tmp_path / "two.yaml").write_text("{id: A, lines: []}\n---\n{id: B, lines: []}\n", encoding="utf-8")
    for name, message in (("orders.yaml", "[yaml-syntax]"), ("two.yaml", "has 2 orders, and a scenario is about one")):
        found = failures(f"order: {tmp_path / name}\nexpect: {{order: completed}}")
        assert len(found) == 1
        assert message in found[0]


@pytest.mark.parametrize("starts", ["9999-12-30T00:00:00Z", "0001-01-01T00:00:00Z", "2026-01-05"])
def test_times_that_no_calendar_has_are_no_error(starts: str) -> None:
    world = f"{WORLD}  - {{after: 90000000d, note: late}}\n  - {{when: line.accept, after: 90000000d, note: late}}\n"
    scenario = happy("expect: {moments: [{after: 80000000d, order: completed}]}", world)
    found = failures(scenario.replace("world:", f"starts: {starts}\nuntil: 900000000d\nworld:"))
    assert len(found) >= 1
