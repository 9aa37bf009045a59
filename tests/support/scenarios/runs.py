"""Runs scenarios of a small catalogue on the core."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

from scenarios.load import Suite, load_suite
from scenarios.run import run_one
from scenarios.verdict import ScenarioResult

CATALOGUE = """
kind: commercial_product
id: alarm
attributes:
  cameras: {type: integer, minimum: 0, default: 2}
  visit: {type: boolean, default: true}
decomposes_to:
  - product: camera
    when: attributes.cameras > 0
    quantity: quantity * attributes.cameras
  - {product: line}
dependencies: {line.order: [camera.deliver]}
---
kind: technical_product
id: camera
steps:
  reserve:
    call: {system: stock, post: /reservations, body: {sku: camera, quantity: "${quantity}"}}
    retry: {max_attempts: 3, initial: 10s, backoff: 1}
    undo: {call: {system: stock, delete: "/reservations/${output.id}"}}
    on_change: {call: {system: stock, patch: "/reservations/${output.id}", body: {quantity: "${quantity}"}}}
  ship:
    after: [reserve]
    call: {system: carrier, post: /parcels, body: {reservation: "${steps.reserve.output.id}"}}
    undo: {call: {system: carrier, delete: "/parcels/${output.id}"}}
  deliver:
    after: [ship]
    event: {name: delivered, key: "${steps.ship.output.tracking}", within: 5d}
    expected: 2d
    sla: {duration: 3d, warn: 12h, escalate: desk}
    on_failure: [{code: timeout, do: fallout, queue: logistics}]
---
kind: technical_product
id: line
steps:
  order:
    call: {system: grid, post: /orders, body: {callback: "${callback.url}"}, callback: {within: 60d}}
    output: {reference: "${payload.reference}"}
    undo: {manual: {queue: grid_desk, instructions: Call the grid}}
  live:
    after: [order]
    call:
      system: grid
      post: /activations
      poll: {get: "/activations/${response.body.id}", every: 2h, within: 3d, until: response.body.state == "done"}
    fail_when: [{if: response.body.state == "broken", code: broken}]
    on_failure: [{code: broken, redo_from: live, max: 1}, {do: fallout, queue: grid_desk}]
  accept:
    after: [live]
    manual: {queue: desk, instructions: Ask, form: {happy: {type: boolean, required: true}}}
    fail_when: [{if: payload.happy == false, code: unhappy}]
    on_failure: [{do: fallout, queue: desk}]
---
kind: system
id: stock
base_url: https://stock.example
error_code: response.body.code
---
kind: system
id: carrier
base_url: https://carrier.example
---
kind: system
id: grid
base_url: https://grid.example
---
kind: receiver
id: crm
url: https://crm.example
secret: {env: SECRET}
events: [order.*, step.late]
"""
MARK = "«"
"""The place of the expected failure."""
ORDER = "order: {id: O-1, customer: {id: C-1}, lines: [{id: '1', product: alarm}]}\n"
WORLD = """
world:
  - {on: camera.reserve, answer: {status: 201, body: {id: R-1}}}
  - {on: camera.ship, answer: {body: {id: P-1, tracking: T-1}}}
  - {after: 2d, event: delivered, key: T-1}
  - {on: line.order, answer: {body: {accepted: true}}}
  - {when: line.order, after: 10d, callback: {reference: G-1}}
  - {on: line.live, answer: {body: {id: A-1, state: new}}}
  - {on: line.live, of: poll, answer: {body: {state: new}}, times: 3}
  - {on: line.live, of: poll, answer: {body: {state: done}}}
  - {when: line.accept, after: 1d, complete: {happy: true}, by: ann}
"""


def suite_of(scenario: str, catalogue: str = CATALOGUE) -> Suite:
    """`scenario`: everything but kind and id."""
    return suite_of_all([scenario], catalogue)


def suite_of_all(scenarios: Sequence[str], catalogue: str = CATALOGUE) -> Suite:
    """Their ids are tried_1, tried_2, …"""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "catalogue.yaml").write_text(catalogue, encoding="utf-8")
        for number, scenario in enumerate(scenarios, 1):
            text = f"kind: scenario\nid: tried_{number}\n{scenario}"
            Path(folder, f"scenario_{number}.yaml").write_text(text, encoding="utf-8")
        return load_suite(Path(folder))


def run_text(scenario: str, catalogue: str = CATALOGUE) -> ScenarioResult:
    suite = suite_of(scenario, catalogue)
    assert suite.findings == [], "\n".join(map(str, suite.findings))
    return run_one(suite.catalogue, suite.scenarios[0])


def failures(scenario: str, catalogue: str = CATALOGUE) -> list[str]:
    """`line:column: message` of each failure; the line counts from the one after `id`."""
    result = run_text(scenario, catalogue)
    return [f"{each.location.line - 2}:{each.location.column}: {each.message}" for each in result.failures]


def happy(expect: str, world: str = WORLD) -> str:
    """The order of an alarm that everything goes well with."""
    return f"{ORDER}{world.strip()}\n{expect}"
