"""The same scenarios on the core and on a real Temporal server have the same results.

`make scenarios` compares all scenarios of the sample catalogue; without it, some.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from functools import partial

import pytest
from temporalio.worker import Worker

from compiler.catalogue.catalogue import Catalogue
from scenarios.load import load_suite
from scenarios.run import Mode, run_one, run_scenarios
from scenarios.scenario_order import ScenarioEntry
from scenarios.server_run import slot
from scenarios.verdict import ScenarioResult
from tests.support.paths import ROOT
from tests.support.scenarios.both_modes import differences
from tests.support.scenarios.runs import CATALOGUE, ORDER, WORLD, happy, suite_of_all

PYTHON = """---
kind: commercial_product
id: paper
steps:
  write: {activity: write_letter, with: {to: "${order.customer.id}"}, retry: {max_attempts: 2, initial: 10s}}
---
kind: system
id: post
base_url: https://post.example
example:
  - post: /letters
    fails: {times: 2, status: 503}
    delay: 3s
    body: {id: "L-${number}"}
    calls_back: {after: 50d, body: {read: true}}
    sends: {event: posted, key: "L-${number}", after: 2d, payload: {}}
---
kind: commercial_product
id: letter
steps:
  send:
    call: {system: post, post: /letters, body: {reply: "${callback.url}"}, callback: {within: 60d}}
    retry: {max_attempts: 3, initial: 10s}
    output: {id: "${response.body.id}", read: "${payload.read}"}
  posted: {event: {name: posted, key: L-1, within: 5d}}
---
kind: system
id: pier
base_url: https://pier.example
example:
  - {post: /boats, error: connection}
  - {post: /ferries}
  - {get: /ferries, body: {here: false}}
---
kind: commercial_product
id: boat
steps:
  moor:
    call: {system: pier, post: /boats}
    retry: {max_attempts: 2, initial: 10s}
    undo: {call: {system: pier, delete: /boats}}
---
kind: commercial_product
id: depot
steps:
  rest: {wait: {for: 31d}}
  came: {after: [rest], event: {name: came, key: K-1, within: 5d}}
---
kind: commercial_product
id: ferry
steps:
  wait:
    call:
      system: pier
      post: /ferries
      poll: {get: /ferries, every: 40s, within: 100s, until: response.body.here}
"""
PAPER = ORDER.replace("alarm", "paper")
LETTER = ORDER.replace("alarm", "letter")
SCENARIOS = {
    "everything goes well": happy("expect: {order: completed, took: {at_least: 13d}}"),
    "what is expected does not hold": happy(
        "expect: {order: cancelled, calls: [{system: stock, get: /nothing}]}",
        WORLD + "  - {after: 1d, amend: {with: {attributes: {cameras: many}}}}\n",
    ),
    "attempts fail and are repeated": happy(
        "expect: {order: completed, steps: {camera.reserve: {attempts: 3}}}",
        WORLD.replace("world:", "world:\n  - {on: camera.reserve, answer: {status: 503}, times: 2}"),
    ),
    "no answer comes": happy(
        "expect: {order: completed, steps: {camera.reserve: {attempts: 2}}}",
        WORLD.replace("world:", "world:\n  - {on: camera.reserve, answer: {error: timeout}, times: 1}"),
    ),
    "nobody can be reached": happy(
        "expect: {order: completed, steps: {camera.reserve: {attempts: 2}}}",
        WORLD.replace("world:", "world:\n  - {on: camera.reserve, answer: {error: connection}, times: 1}"),
    ),
    "an example cannot be reached, so there is nothing to undo": ORDER.replace("alarm", "boat")
    + "world: [{after: 1h, cancel: true}]\n"
    "expect: {order: cancelled, calls: [{system: pier, post: /boats, times: 2}, {system: pier, undo: true, times: 0}]}",
    "an answer takes its time": happy(
        "expect: {order: completed, steps: {camera.reserve: {ended: {at_least: 20s, at_most: 20s}}}}",
        WORLD.replace("body: {id: R-1}}", "body: {id: R-1}, delay: 20s}"),
    ),
    "fallout until somebody retries": happy(
        "expect: {order: completed, moments: [{after: 1h, steps: {camera.reserve: fatally_failed}}]}",
        WORLD.replace("world:", "world:\n  - {on: camera.reserve, answer: {status: 409, body: {code: gone}}, times: 3}")
        + "  - {when: {step: camera.reserve, state: fatally_failed}, after: 2h, retry: true, by: ann}\n",
    ),
    "a wait is too long": f"{ORDER}world:\n"
    "  - {on: camera.reserve, answer: {body: {id: R-1}}}\n"
    "  - {on: camera.ship, answer: {body: {id: P-1, tracking: T-1}}}\n"
    "expect: {order: in_progress, steps: {camera.deliver: {state: fatally_failed, error: timeout}},"
    " events: [{type: step.late}]}",
    "the event comes first": happy(
        "expect: {order: completed}",
        WORLD.replace("{after: 2d, event", "{after: 0s, event").replace(
            "answer: {body: {id: P-1", "answer: {delay: 25s, body: {id: P-1"
        ),
    ),
    "an event is kept for 29 days": ORDER.replace("alarm", "depot")
    + "world: [{after: 2d, event: came, key: K-1}]\nexpect: {order: completed, took: {at_least: 31d, at_most: 31d}}",
    "an event is kept for 30 days and no longer": ORDER.replace("alarm", "depot")
    + "world: [{after: 0s, event: came, key: K-1}, {after: 32d, event: came, key: K-1, id: again}]\n"
    "expect: {order: completed, took: {at_least: 32d, at_most: 32d}}",
    "the order is cancelled": f"""{ORDER}world:
  - {{on: camera.reserve, answer: {{body: {{id: R-1}}}}}}
  - {{on: camera.ship, answer: {{body: {{id: P-1, tracking: T-1}}}}}}
  - {{on: camera.reserve, of: undo, answer: {{}}}}
  - {{on: camera.ship, of: undo, answer: {{}}}}
  - {{after: 1d, cancel: changed their mind, by: ann}}
expect: {{order: cancelled, sequence: [{{undo: camera.ship}}, {{undo: camera.reserve}}]}}
""",
    "an amendment changes a reservation in place": happy(
        "expect: {order: completed, calls: [{system: stock, patch: /reservations/R-1, body: {quantity: 3}, times: 1}]}",
        WORLD + "  - {on: camera.reserve, of: change, answer: {}}\n"
        "  - {after: 1d, amend: {with: {attributes: {cameras: 3}}}, by: ann}\n",
    ),
    "a system is switched off": happy(
        "expect: {order: completed, steps: {camera.ship: {ended: {at_least: 6h, at_most: 6h}}}, moments: [{after: 1h,"
        " steps: {camera.ship: {state: on_hold, waits_for: 'system carrier, which is switched off'}}}]}",
        WORLD.replace(
            "world:", "world:\n  - {after: 0s, system: {off: carrier}}\n  - {after: 6h, system: {on: carrier}}"
        ).replace("answer: {status: 201,", "answer: {delay: 5s, status: 201,"),
    ).replace("world:", "starts: 2024-02-29T08:00:00Z\nworld:"),
    "an undo is held by a system that is switched off": f"""{ORDER}world:
  - {{on: camera.reserve, answer: {{body: {{id: R-1}}}}}}
  - {{on: camera.reserve, of: undo, answer: {{}}}}
  - {{on: camera.ship, answer: {{body: {{id: P-1, tracking: T-1}}}}}}
  - {{on: camera.ship, of: undo, answer: {{}}}}
  - {{after: 1h, system: {{off: carrier}}}}
  - {{after: 2h, cancel: true}}
  - {{after: 5h, system: {{on: carrier}}}}
expect:
  order: cancelled
  moments:
    - {{after: 3h, steps: {{camera.ship: {{undo: on_hold}}}}}}
    - {{after: 6h, steps: {{camera.reserve: cancelled}}}}
""",
    "a note and a hold": happy(
        "expect: {order: completed}",
        WORLD + "  - {after: 1h, hold: order, by: ann}\n  - {after: 5h, resume: order, by: ann}\n"
        "  - {after: 6h, note: all well, by: ann}\n  - {after: 7h, set: {floor: 3}}\n",
    ),
    "what is refused": happy(
        "expect: {order: completed}",
        WORLD + "  - {after: 1d, step: camera.ship, retry: true, refused: not_in_fallout}\n",
    ),
    "an amendment is rejected": happy(
        "expect: {order: completed}",
        WORLD + "  - {after: 1d, amend: {with: {attributes: {cameras: many}}}, refused: rejected}\n",
    ),
    "the run is stopped before an entry happens": ORDER.replace("alarm", "ferry")
    + "until: 1m\nworld: [{after: 1h, cancel: true}]\nexpect: {order: in_progress}",
    "the order is rejected": ORDER.replace("product: alarm", "product: alarm, attributes: {cameras: many}")
    + "expect: {order: {rejected: [attribute-misfit]}}",
    "a python activity": f"{PAPER}world:\n  - {{on: paper.write, answer: {{status: 503, delay: 5s}}, times: 1}}\n"
    "  - {on: paper.write, answer: {output: {pages: 2}}}\n"
    "expect: {order: completed, steps: {paper.write: {output: {pages: 2}, attempts: 2}}, took: {at_least: 15s}}",
    "a limit ends the pause between two polls": ORDER.replace("alarm", "ferry")
    + "expect: {order: in_progress, steps: {ferry.wait: {error: timeout}}, took: {at_least: 100s, at_most: 100s}}",
    "only examples answer": f"{LETTER}expect: {{order: completed, steps: {{letter.send: {{attempts: 3}}}},"
    " took: {at_least: 50d, at_most: 51d}}",
    "a receiver is not available": happy(
        "expect: {order: completed, notifications: [{receiver: crm, type: order.accepted, attempts: 4,"
        " arrived: {at_least: 2m 40s, at_most: 2m 40s}, data: {order_id: O-1, customer_id: C-1}},"
        " {receiver: crm, type: order.completed, attempts: 1}, {receiver: crm, type: step.completed, times: 0}]}",
        WORLD.replace(
            "world:",
            "world:\n  - {receiver: crm, answer: {status: 503}, times: 1}"
            "\n  - {receiver: crm, answer: {status: 429, headers: {Retry-After: '35'}}, times: 1}"
            "\n  - {receiver: crm, answer: {error: connection}, times: 1}",
        ),
    ),
    "a receiver never takes anything": happy(
        "expect: {order: completed, notifications: [{receiver: crm, type: 'order.*', times: 0}]}",
        WORLD.replace("world:", "world:\n  - {receiver: crm, answer: {status: 500}}"),
    ),
    "a receiver wants no more": happy(
        "expect: {order: completed, notifications: [{receiver: crm, type: 'order.*', times: 0}]}",
        WORLD.replace("world:", "world:\n  - {receiver: crm, answer: {status: 410}, times: 1}"),
    ),
    "a receiver hears of a rejection at the second attempt": ORDER.replace(
        "product: alarm", "product: alarm, attributes: {cameras: many}"
    )
    + "world: [{receiver: crm, answer: {status: 503}, times: 1}]\n"
    "expect: {order: {rejected: [attribute-misfit]},"
    " notifications: [{receiver: crm, type: order.rejected, attempts: 2}]}",
    "an answer of a receiver that nothing gets": happy(
        "expect: {order: completed}",
        WORLD.replace("world:", "world:\n  - {receiver: crm, answer: {status: 503}, times: 40}"),
    ),
    "the same callback again, and one too late": happy(
        "expect: {order: completed}",
        WORLD + "  - {when: line.order, after: 11d, callback: {reference: G-1}, refused: duplicate}\n"
        "  - {when: line.order, after: 11d, callback: {reference: G-2}, refused: late}\n",
    ),
    "nothing answers": f"{ORDER}expect: {{order: completed}}",
}
SAMPLES = (
    "home_security_complete",
    "home_security_never_at_home",
    "home_security_subscription_never_active",
    "home_security_more_cameras_amended",
    "managed_wan_cancelled",
    "monitoring_app_provisioning_fails",
    "security_audit_report_rejected",
)
REPLAYED = (
    "an event is kept for 29 days",
    "fallout until somebody retries",
    "an undo is held by a system that is switched off",
    "a receiver hears of a rejection at the second attempt",
)
ALL = bool(os.environ.get("ORDO_ALL_SCENARIOS"))

Pair = tuple[ScenarioResult, ScenarioResult]
"""On the core, and on the server."""


def run_both(catalogue: Catalogue, scenarios: Sequence[ScenarioEntry]) -> list[Pair]:
    return [(run_one(catalogue, server.entry), server) for server in run_scenarios(catalogue, scenarios, Mode.SERVER)]


@pytest.fixture(scope="module")
def pairs() -> dict[str, Pair]:
    suite = suite_of_all([*SCENARIOS.values()], CATALOGUE + PYTHON)
    assert [str(finding) for finding in suite.findings] == []
    by_id = {server.id: (core, server) for core, server in run_both(suite.catalogue, suite.scenarios)}
    return {name: by_id[f"tried_{number}"] for number, name in enumerate(SCENARIOS, 1)}


@pytest.mark.parametrize("name", SCENARIOS)
def test_both_modes_agree(name: str, pairs: dict[str, Pair]) -> None:
    core, server = pairs[name]
    assert differences(core, server) == []


def test_they_agree_if_the_worker_replays_the_order_at_each_task(monkeypatch: pytest.MonkeyPatch) -> None:
    """As a worker does that has lost the order from its cache."""
    monkeypatch.setattr(slot, "Worker", partial(Worker, max_cached_workflows=0))
    suite = suite_of_all([SCENARIOS[name] for name in REPLAYED], CATALOGUE + PYTHON)
    found = {core.id: differences(core, server) for core, server in run_both(suite.catalogue, suite.scenarios)}
    assert found == {f"tried_{number}": [] for number, _ in enumerate(REPLAYED, 1)}


def test_they_pass_unless_they_are_meant_to_fail(pairs: dict[str, Pair]) -> None:
    failed = [name for name, (_, server) in pairs.items() if not server.passed]
    assert failed == [
        "what is expected does not hold",
        "an event is kept for 30 days and no longer",
        "the run is stopped before an entry happens",
        "an answer of a receiver that nothing gets",
        "nothing answers",
    ]


def test_sample_scenarios_agree() -> None:
    suite = load_suite(ROOT / "definitions")
    chosen = [entry for entry in suite.scenarios if ALL or entry.model.id in SAMPLES]
    assert ALL or len(chosen) == len(SAMPLES)
    found = {core.id: differences(core, server) for core, server in run_both(suite.catalogue, chosen)}
    assert {name: lines for name, lines in found.items() if lines} == {}


def test_results_come_in_the_order_of_the_scenarios_and_may_be_left() -> None:
    suite = suite_of_all([happy("expect: {order: completed}")] * 3)
    results = run_scenarios(suite.catalogue, suite.scenarios, Mode.SERVER)
    assert [next(results).id, next(results).id] == ["tried_1", "tried_2"]
    results.close()  # type: ignore[attr-defined]
