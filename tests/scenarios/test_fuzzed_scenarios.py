"""Scenarios with arbitrary mistakes: a finding or a failure, and never an exception."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from compiler.source.yaml_reader import read_documents
from scenarios.load import build_suite
from scenarios.run import run_one
from tests.support.scenarios.runs import CATALOGUE, ORDER, WORLD

EXPECT = """expect:
  order: completed
  warnings: []
  lines: {"1": completed, camera@1: {state: completed, quantity: 2, attributes: {}}}
  steps: {camera.reserve: {state: completed, output: {id: R-1}, started: {at_most: 1s}}, line.accept@1: completed}
  calls: [{system: stock, post: /reservations, body: {quantity: 2}, times: 1, key: "*", headers: {}, query: {}}]
  sequence: [camera.reserve, {undo: camera.ship}]
  events: [{type: order.*, data: {state: completed}, times: 1}]
  notifications: [{receiver: crm, type: order.completed, step: camera.ship}]
  took: {at_least: 1d, at_most: 20d}
  moments: [{after: 1d, order: in_progress, forecast: {at_least: 1d}}, {when: line.accept, tasks: 1}]
"""
MORE = """
  - {after: 1h, amend: {with: {attributes: {cameras: 3}}}}
  - {on: camera.reserve, of: change, answer: {}}
  - {after: 2h, hold: order}
  - {after: 3h, resume: {line: "1"}}
  - {after: 4h, system: {off: grid}}
  - {after: 5h, system: {on: grid}}
  - {after: 6h, set: {a: 1}}
  - {when: {step: line.live, state: completed}, redo: true, step: line.live}
  - {after: 7h, extend: {by: 1d, limit: within}, step: camera.deliver}
  - {after: 8h, reschedule: 9h, step: camera.deliver, refused: not_now}
  - {after: 9h, rollback: {line: camera@1}, refused: not_now}
  - {after: 9h, note: seen, step: camera.ship}
  - {when: line.accept, after: 1h, assign: ben}
"""
SCENARIO = f"kind: scenario\nid: tried\n{ORDER}starts: 2026-01-05T08:00:00Z\nuntil: 60d\n{WORLD.strip()}{MORE}{EXPECT}"
BASE = read_documents(SCENARIO, "scenario.yaml").documents[0].data
DEFINITIONS = read_documents(CATALOGUE, "catalogue.yaml").documents

WORDS = st.sampled_from(
    ["", "x", "1d", "99999999d", "camera.reserve", "camera.reserve@1", "camera", "line.order", "undo", "poll",
     "completed", "*", "${", "${x}", "${order.id}", "${steps.ship.output.id}", "2026-01-05T08:00:00Z",
     "9999-12-31T23:59:59Z", "order", "timeout", "stock", "absent", "@", ".", "order.*"]
)  # fmt: skip
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 700) | st.floats(allow_nan=False, allow_infinity=False) | WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=3),
    max_leaves=5,
)


def paths(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(found for key, inner in items for found in paths(inner, (*path, key)))]


PATHS = [path for path in paths(BASE) if path and path[0] not in ("kind", "id")]
KEYS = sorted({str(key) for path in PATHS for key in path if isinstance(key, str)})


def changed(value: Any, path: tuple[Any, ...], new: Any, key: str | None) -> Any:
    """`value` with `new` at the path, or under another key beside it."""
    if not path:
        return new
    first, rest = path[0], path[1:]
    if isinstance(value, dict):
        if key is not None and not rest:
            return {**value, key: new}
        return {**value, first: changed(value.get(first), rest, new, key)}
    if isinstance(value, list) and isinstance(first, int) and first < len(value):
        return [changed(one, rest, new, key) if at == first else one for at, one in enumerate(value)]
    return new


CHANGES = st.lists(st.tuples(st.sampled_from(PATHS), VALUES, st.none() | st.sampled_from(KEYS)), min_size=1, max_size=4)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(changes=CHANGES)
def test_changed_scenario_never_raises(changes: list[tuple[tuple[Any, ...], Any, str | None]]) -> None:
    data = BASE
    for path, new, key in changes:
        data = changed(data, path, new, key)
    read = read_documents(json.dumps(data), "scenario.yaml")
    read.documents += DEFINITIONS
    suite = build_suite(read)
    for entry in suite.scenarios:
        result = run_one(suite.catalogue, entry, coverage=True)
        assert all(failure.message for failure in result.failures)


def test_scenario_without_a_change_is_valid() -> None:
    read = read_documents(SCENARIO, "scenario.yaml")
    read.documents += DEFINITIONS
    suite = build_suite(read)
    assert suite.findings == []
    assert [entry.model.id for entry in suite.scenarios] == ["tried"]
