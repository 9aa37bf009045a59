"""`when: {step, state: fatally_failed}` means fallout: not a failure that `on_failure` handles at once."""

from __future__ import annotations

from scenarios.run import Mode, run_one, run_scenarios
from tests.support.scenarios.both_modes import differences
from tests.support.scenarios.runs import suite_of_all

CATALOGUE = """
kind: commercial_product
id: t
steps:
  appointment: {wait: {for: 1d}}
  meet:
    after: [appointment]
    manual: {queue: q, form: {outcome: {type: string, enum: [here, no_show], required: true}}}
    fail_when: [{if: payload.outcome == "no_show", code: no_show}]
    on_failure: [{code: no_show, redo_from: appointment, max: 2}, {do: fallout}]
---
kind: commercial_product
id: offer
steps:
  ask: {wait: {for: 0s}}
  came:
    after: [ask]
    event: {name: came, key: K-1, within: 10d}
    on_failure: [{code: timeout, redo_from: ask, max: 1}, {do: fallout}]
---
kind: commercial_product
id: at_once
steps:
  first: {milestone: true}
  call:
    after: [first]
    call: {system: s, post: /things}
    retry: {max_attempts: 1}
    on_failure: [{redo_from: first, max: 1}, {do: fallout}]
---
kind: commercial_product
id: rolled
steps:
  make: {call: {system: s, post: /made}, undo: {call: {system: s, delete: /made}}}
  call:
    after: [make]
    call: {system: s, post: /things}
    retry: {max_attempts: 1}
    on_failure: [{rollback: order}]
---
kind: commercial_product
id: accepted
steps:
  call:
    call: {system: s, post: /things}
    retry: {max_attempts: 1}
    on_failure: [{do: continue}]
---
kind: system
id: s
base_url: https://s.example
"""


def order_of(product: str) -> str:
    return f"order: {{id: O, customer: {{id: C}}, lines: [{{id: '1', product: {product}}}]}}\n"


SCENARIOS = {
    "a form redone twice": order_of("t")
    + """world:
  - {when: t.meet, complete: {outcome: no_show}, times: 3}
  - {when: {step: t.meet, state: fatally_failed}, after: 1h, complete: {outcome: here}}
expect:
  order: completed
  took: {at_least: 3d 1h, at_most: 3d 1h}
  moments: [{when: {step: t.meet, state: fatally_failed}, fallout: 1, steps: {t.meet: fatally_failed}}]
""",
    "an event that is late twice": order_of("offer")
    + """world: [{when: {step: offer.came, state: fatally_failed}, after: 3d, skip: true}]
expect: {order: completed, took: {at_least: 23d, at_most: 23d}}
""",
    "a call that fails twice at the same moment": order_of("at_once")
    + """world:
  - {on: at_once.call, answer: {status: 409}, times: 2}
  - {on: at_once.call, answer: {}}
  - {when: {step: at_once.call, state: fatally_failed}, retry: true, times: 2}
expect: {order: completed, calls: [{system: s, post: /things, times: 3}]}
""",
    "a rollback": order_of("rolled")
    + """world:
  - {on: rolled.make, answer: {}}
  - {on: rolled.make, of: undo, answer: {}}
  - {on: rolled.call, answer: {status: 409}}
  - {when: {step: rolled.call, state: fatally_failed}, skip: true}
expect: {order: failed}
""",
    "a failure that is accepted": order_of("accepted")
    + """world:
  - {on: accepted.call, answer: {status: 409}}
  - {when: {step: accepted.call, state: fatally_failed}, skip: true}
expect: {order: partial}
""",
}
NEVER = "this has not happened: {0} was never fatally_failed"
EXPECTED = {
    "a rollback": [NEVER.format("rolled.call")],
    "a failure that is accepted": [NEVER.format("accepted.call")],
}


def test_only_fallout_counts_in_both_modes() -> None:
    suite = suite_of_all([*SCENARIOS.values()], CATALOGUE)
    assert [str(finding) for finding in suite.findings] == []
    for name, server in zip(SCENARIOS, run_scenarios(suite.catalogue, suite.scenarios, Mode.SERVER), strict=True):
        core = run_one(suite.catalogue, server.entry)
        assert [failure.message for failure in core.failures] == EXPECTED.get(name, []), name
        assert differences(core, server) == [], name
