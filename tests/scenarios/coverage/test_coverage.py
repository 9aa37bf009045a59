"""What scenarios reach."""

from __future__ import annotations

from scenarios.coverage.items import ItemKind, coverage_items
from scenarios.coverage.report import coverage_report
from scenarios.run import run_one
from tests.support.scenarios.runs import CATALOGUE, ORDER, WORLD, happy, suite_of, suite_of_all


def unreached(*scenarios: str) -> list[str]:
    """`name: what no scenario does` of everything that these scenarios do not reach."""
    suite = suite_of_all(scenarios)
    results = [run_one(suite.catalogue, entry, coverage=True) for entry in suite.scenarios]
    assert [failure.message for result in results for failure in result.failures] == []
    report = coverage_report(suite.catalogue, suite.index, [result.reached for result in results])
    return [f"{each.item.name}: {each.item.unreached}" for each in report.unreached]


HAPPY = happy("expect: {order: completed}")
LATE = happy(
    "expect: {order: completed}",
    WORLD.replace("after: 2d, event", "after: 6d, event"),
)
NO_CAMERAS = f"""{ORDER}with: {{attributes: {{cameras: 0}}}}
world:
  - {{on: line.order, answer: {{body: {{}}}}}}
  - {{when: line.order, callback: {{reference: G}}}}
  - {{on: line.live, answer: {{body: {{id: A-1}}}}}}
  - {{on: line.live, of: poll, answer: {{body: {{state: broken}}}}}}
expect: {{order: in_progress, steps: {{line.live: {{state: fatally_failed, error: broken}}}}}}
"""
CANCELLED = f"""{ORDER}world:
  - {{on: camera.reserve, answer: {{body: {{id: R-1}}}}}}
  - {{on: camera.reserve, of: change, answer: {{body: {{}}}}}}
  - {{on: camera.reserve, of: undo, answer: {{}}}}
  - {{on: camera.ship, answer: {{body: {{id: P-1, tracking: T-1}}}}}}
  - {{on: camera.ship, of: undo, answer: {{}}}}
  - {{after: 1h, amend: {{with: {{attributes: {{cameras: 3}}}}}}}}
  - {{after: 1d, cancel: true}}
expect: {{order: cancelled}}
"""


def test_happy_path_reaches_rules_and_steps_and_nothing_else() -> None:
    assert unreached(HAPPY) == [
        "rule alarm → camera: its `when` is false in no scenario",
        "camera.reserve undo: no scenario undoes it",
        "camera.reserve on_change: no scenario changes it in place",
        "camera.ship undo: no scenario undoes it",
        "camera.deliver on_failure timeout: fallout: decides in no scenario",
        "line.order undo: no scenario undoes it",
        "line.live fail_when broken: holds in no scenario",
        "line.live on_failure broken: redo_from live: decides in no scenario",
        "line.live on_failure fallout: decides in no scenario",
        "line.accept fail_when unhappy: holds in no scenario",
        "line.accept on_failure fallout: decides in no scenario",
    ]


def test_each_scenario_adds_what_it_reaches() -> None:
    assert unreached(HAPPY, LATE, NO_CAMERAS, CANCELLED) == [
        "line.order undo: no scenario undoes it",
        "line.accept fail_when unhappy: holds in no scenario",
        "line.accept on_failure fallout: decides in no scenario",
    ]


def test_items_have_their_places_and_their_offers() -> None:
    suite = suite_of(HAPPY)
    items = coverage_items(suite.catalogue, suite.index)
    lines = CATALOGUE.splitlines()
    by_name = {item.name: item for item in items}
    assert "timeout, do: fallout" in lines[by_name["camera.deliver on_failure timeout: fallout"].location.line - 1]
    assert "fail_when" in lines[by_name["line.accept fail_when unhappy"].location.line - 1]
    report = coverage_report(suite.catalogue, suite.index, [])
    assert report.reached == 0
    assert report.total == len(items)
    assert {offer.offer for offer in report.offers} == {"alarm"}
    assert report.offers[0].total[ItemKind.STEP] == 6
    assert all(each.offers == ("alarm",) for each in report.unreached)
