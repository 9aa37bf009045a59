"""Scenarios that run one after the other in a slot see nothing of each other. One that is stuck says what it waits
for."""

from __future__ import annotations

import pytest

from scenarios.run import Mode, run_scenarios
from scenarios.server_run import run_in_slot, runner
from scenarios.server_run.idle_check import IdleCheck
from tests.support.scenarios.both_modes import differences
from tests.support.scenarios.runs import run_text, suite_of_all

CATALOGUE = """
kind: commercial_product
id: rent
steps:
  period: {wait: {for: 28d}}
  task: {after: [period], manual: {queue: q}}
---
kind: commercial_product
id: finish
steps:
  returned: {after: [{order: A, step: rent.task, within: 30d}], milestone: true}
---
kind: commercial_product
id: parcel
steps:
  arrived: {event: {name: arrived, key: T-1, within: 5d}}
"""
LINES = "customer: {id: C}, lines: [{id: '1', product: "
RENT = f"order: {{id: A, {LINES}rent}}]}}\nworld: [{{when: rent.task, complete: {{}}}}]\nexpect: {{order: completed}}"
FINISH = (
    f"order: {{id: B, {LINES}finish}}]}}\nworld: [{{after: 2d, proceed: true, step: finish.returned}}]\n"
    "expect: {order: completed, moments: [{after: 1d, steps: {finish.returned: {waits_for: step rent.task}}}]}"
)
EARLY_EVENT = (
    f"order: {{id: A, {LINES}rent}}]}}\nworld: [{{after: 1d, event: arrived, key: T-1}},"
    " {when: rent.task, complete: {}}]\nexpect: {order: completed}"
)
PARCEL = f"order: {{id: B, {LINES}parcel}}]}}\nexpect: {{steps: {{parcel.arrived: {{error: timeout}}}}}}"

CALLED = """
kind: system
id: till
base_url: https://till.example
example: [{post: /sales}]
---
kind: receiver
id: crm
url: https://crm.example
events: [order.*]
---
kind: commercial_product
id: sale
steps:
  rest: {wait: {for: 1h}}
  book: {after: [rest], call: {system: till, post: /sales}}
"""
LEFT_OFF = f"""order: {{id: A, {LINES}sale}}]}}
until: 12h
world:
  - {{after: 0s, system: {{off: till}}}}
  - {{receiver: crm, answer: {{status: 503}}}}
expect: {{order: in_progress, steps: {{sale.book: on_hold}}}}
"""
NOTHING_LEFT = f"""order: {{id: A, {LINES}sale}}]}}
expect: {{order: completed, steps: {{sale.book: {{ended: {{at_most: 1h}}}}}}}}
"""


def test_scenario_sees_no_order_of_an_earlier_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner, "MAX_SLOTS", 1)
    suite = suite_of_all([RENT, FINISH, RENT], CATALOGUE)
    results = [*run_scenarios(suite.catalogue, suite.scenarios, Mode.SERVER)]
    assert [failure.message for result in results for failure in result.failures] == []
    assert differences(run_text(FINISH, CATALOGUE), results[1]) == []


def test_scenario_sees_no_event_of_an_earlier_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner, "MAX_SLOTS", 1)
    suite = suite_of_all([EARLY_EVENT, PARCEL], CATALOGUE)
    early, parcel = run_scenarios(suite.catalogue, suite.scenarios, Mode.SERVER)
    assert [failure.message for failure in early.failures] == ["no step has taken event arrived"]
    assert [failure.message for failure in parcel.failures] == []


def test_scenario_sees_no_switch_and_no_outbox_of_an_earlier_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner, "MAX_SLOTS", 1)
    suite = suite_of_all([LEFT_OFF, NOTHING_LEFT], CALLED)
    assert [str(finding) for finding in suite.findings] == []
    first, second = run_scenarios(suite.catalogue, suite.scenarios, Mode.SERVER)
    assert [failure.message for result in (first, second) for failure in result.failures] == []
    assert [told.type for told in first.record.notifications] == []
    assert [(told.type, told.attempts) for told in second.record.notifications] == [
        ("order.accepted", 1),
        ("order.in_progress", 1),
        ("order.completed", 1),
    ]


def test_stuck_scenario_says_what_the_order_waits_for(monkeypatch: pytest.MonkeyPatch) -> None:
    async def never(_: IdleCheck) -> bool:
        return False

    monkeypatch.setattr(run_in_slot, "MAX_REAL_SECONDS", 1.5)
    monkeypatch.setattr(IdleCheck, "_is_idle", never)
    suite = suite_of_all([FINISH], CATALOGUE)
    (result,) = run_scenarios(suite.catalogue, suite.scenarios, Mode.SERVER)
    assert [failure.message for failure in result.failures] == [
        "the server has not ended this scenario within 1.5 s; after 0s the order is acknowledged: finish.returned@1 "
        "waits for step rent.task of order A"
    ]
    assert [entry.what for entry in result.record.timeline] == ["the order is acknowledged"]
