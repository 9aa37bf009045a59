"""The scenarios of the shipped offers pass, reach everything, and find faults."""

from __future__ import annotations

from pathlib import Path

import pytest

from compiler.source.files import read_folder
from scenarios.coverage.report import coverage_report
from scenarios.load import load_suite
from scenarios.mutations.run import draw_faults, try_faults
from scenarios.run import RunOptions, run_scenarios
from tests.support.paths import ROOT


@pytest.fixture(autouse=True)
def _in_the_project(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)


def test_scenarios_pass_on_the_core_and_reach_everything() -> None:
    suite = load_suite(Path("definitions"))
    assert suite.findings == []
    results = list(run_scenarios(suite.catalogue, suite.scenarios, options=RunOptions(coverage=True)))
    assert [failure.message for result in results for failure in result.failures] == []
    report = coverage_report(suite.catalogue, suite.index, [result.reached for result in results])
    assert [f"{each.item.location}: {each.item.unreached}" for each in report.unreached] == []


def test_scenarios_find_faults_of_every_kind() -> None:
    """A small sample; `test --mutations 100` draws a larger one."""
    read = read_folder(Path("definitions"))
    results = list(try_faults(read, draw_faults(read, 16, seed=1)))
    survivors = [f"{result.fault.location}: {result.fault.what}" for result in results if result.survived]
    assert survivors == []
