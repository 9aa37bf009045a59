"""Many scenarios at once."""

from __future__ import annotations

import pytest

from scenarios import run
from scenarios.run import RunOptions, run_scenarios
from tests.support.scenarios.runs import happy, suite_of_all

GOOD, BAD = happy("expect: {order: completed}"), happy("expect: {order: cancelled}")


@pytest.mark.parametrize("limit", [1, 1_000])
def test_results_come_in_order_whether_in_processes_or_not(limit: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "WORTH_PROCESSES", limit)
    suite = suite_of_all([GOOD, BAD, GOOD, GOOD])
    results = list(run_scenarios(suite.catalogue, suite.scenarios, options=RunOptions(coverage=True)))
    assert [result.id for result in results] == ["tried_1", "tried_2", "tried_3", "tried_4"]
    assert [result.passed for result in results] == [True, False, True, True]
    assert results[1].failures[0].message == "the order is completed, not cancelled"
    assert results[1].record.timeline
    assert results[0].reached == results[3].reached != frozenset()


def test_records_of_passing_scenarios_are_kept_on_demand(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "WORTH_PROCESSES", 1)
    suite = suite_of_all([GOOD])
    (kept,) = run_scenarios(suite.catalogue, suite.scenarios, options=RunOptions(keep_records=True))
    (dropped,) = run_scenarios(suite.catalogue, suite.scenarios)
    assert kept.record.timeline
    assert not dropped.record.timeline


def test_a_run_that_is_given_up_ends_its_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "WORTH_PROCESSES", 1)
    monkeypatch.setattr(run, "CHUNK", 1)
    suite = suite_of_all([GOOD] * 6)
    results = run_scenarios(suite.catalogue, suite.scenarios)
    assert next(results).passed
    results.close()  # type: ignore[attr-defined]
    assert [result.passed for result in run_scenarios(suite.catalogue, suite.scenarios)] == [True] * 6
