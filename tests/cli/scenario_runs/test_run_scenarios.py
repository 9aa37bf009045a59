"""`test`."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from pathlib import Path
from typing import IO
from xml.etree import ElementTree

import pytest

from tests.support.command_line import call, command
from tests.support.paths import ROOT
from tests.support.scenarios.runs import CATALOGUE, happy

FAILING = happy("expect:\n  order: completed\n  steps: {camera.ship: skipped}")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A catalogue with a scenario that passes, and one that fails."""
    (tmp_path / "catalogue.yaml").write_text(CATALOGUE, encoding="utf-8")
    tests = tmp_path / "scenarios"
    tests.mkdir()
    (tests / "good.yaml").write_text(
        f"kind: scenario\nid: good\n{happy('expect: {order: completed}')}", encoding="utf-8"
    )
    (tests / "bad.yaml").write_text(f"kind: scenario\nid: bad\nname: It ships\n{FAILING}", encoding="utf-8")
    return tmp_path


def test_report_has_files_failures_timeline_and_summary(folder: Path) -> None:
    called = call("test", "--fast", "--definitions", folder)
    assert called.status == 1
    lines = called.out.splitlines()
    assert lines[0].endswith("scenarios/bad.yaml F")
    assert lines[1].endswith("scenarios/good.yaml .")
    assert any(line.startswith("FAILED bad It ships") for line in lines)
    place = f"{folder}/scenarios/bad.yaml:"
    assert any(line.startswith(place) and "camera.ship@1 is completed, not skipped" in line for line in lines)
    assert any("carrier POST /parcels → 200" in line and "camera.ship@1" in line for line in lines)
    assert lines[-1].startswith("1 failed, 1 passed in ")
    assert lines[-1].endswith("(on the core, without a server)")


@pytest.mark.parametrize(
    ("arguments", "ids"),
    [
        (("good",), ["good"]),
        (("-k", "good"), ["good"]),
        (("-k", "not good"), ["bad"]),
        (("-k", "ships"), ["bad"]),
        (("{folder}/scenarios/good.yaml",), ["good"]),
        (("{folder}/scenarios",), ["bad", "good"]),
        (("{folder}",), ["bad", "good"]),
        (("-x",), ["bad"]),
    ],
)
def test_scenarios_are_selected(folder: Path, arguments: tuple[str, ...], ids: list[str]) -> None:
    given = [each.replace("{folder}", str(folder)) for each in arguments]
    found = call("test", "--fast", "--definitions", folder, *given, "-o", "json").json
    assert [each["id"] for each in found["scenarios"]] == ids


def test_scenarios_outside_of_the_folder_are_run_with_its_catalogue(
    folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    other = tmp_path_factory.mktemp("elsewhere") / "other.yaml"
    other.write_text(f"kind: scenario\nid: other\n{happy('expect: {order: completed}')}", encoding="utf-8")
    assert call("test", "--fast", "--definitions", folder, other).out.splitlines()[-1].startswith("1 passed")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("nowhere",), "There is no scenario, file or folder nowhere"),
        (("goood",), "did you mean `good`?"),
        (("-k", "good and"), "a word is missing"),
        (("{folder}/catalogue.yaml",), "There is no scenario in"),
        (("--watch", "-o", "json"), "--watch prints for people"),
    ],
)
def test_wrong_use_is_explained(folder: Path, arguments: tuple[str, ...], message: str) -> None:
    called = call(
        "test", "--fast", "--definitions", folder, *[each.replace("{folder}", str(folder)) for each in arguments]
    )
    assert called.status == 2
    assert message in called.err


def test_invalid_scenario_is_reported_and_the_others_run(folder: Path) -> None:
    (folder / "scenarios" / "bad.yaml").write_text(
        f"kind: scenario\nid: bad\n{happy('expect: {steps: {camera.shp: completed}}')}", encoding="utf-8"
    )
    called = call("test", "--fast", "--definitions", folder)
    assert called.status == 1
    assert "workstream `camera` has no step `shp`; did you mean `ship`? [reference-unknown]" in called.out
    assert called.out.splitlines()[-1].startswith("1 invalid, 1 passed in ")


def test_nothing_selected_is_said(folder: Path) -> None:
    called = call("test", "--fast", "--definitions", folder, "-k", "nothing_has_this")
    assert (called.status, called.out) == (2, "")
    assert "No scenario matches -k `nothing_has_this`" in called.err


def test_json_has_the_documented_keys(folder: Path) -> None:
    found = call("test", "--fast", "--definitions", folder, "-o", "json", "--coverage").json
    assert set(found) == {"ok", "mode", "seconds", "scenarios", "findings", "coverage"}
    assert found["ok"] is False
    (failure,) = found["scenarios"][0]["failures"]
    assert failure["file"].endswith("scenarios/bad.yaml")
    assert (failure["expected"], failure["actual"], failure["step"]) == ("skipped", "completed", "camera.ship@1")
    assert found["coverage"]["reached"] < found["coverage"]["total"]
    assert {each["offer"] for each in found["coverage"]["offers"]} == {"alarm"}
    assert {"kind", "name", "message", "file", "line", "column", "offers"} == set(found["coverage"]["unreached"][0])


def test_results_are_printed_although_the_junit_file_cannot_be_written(folder: Path) -> None:
    called = call("test", "--fast", "--definitions", folder, "--junit", folder)
    assert called.status == 2
    assert called.out.splitlines()[-1].startswith("1 failed, 1 passed in ")
    assert f"{folder} cannot be written" in called.err


def test_junit_has_a_case_for_each_scenario(folder: Path) -> None:
    file = folder / "results.txt"
    call("test", "--fast", "--definitions", folder, "--junit", file)
    suite = ElementTree.parse(file).getroot()[0]
    assert (suite.get("tests"), suite.get("failures"), suite.get("errors")) == ("2", "1", "0")
    cases = {case.get("name"): case for case in suite}
    assert list(cases["good"]) == []
    assert "not skipped" in str(cases["bad"][0].get("message"))
    assert "bad.yaml:" in str(cases["bad"][0].text)


def test_coverage_lists_what_is_not_reached(folder: Path) -> None:
    out = call("test", "--fast", "--definitions", folder, "--coverage", "good").out
    assert "camera.reserve undo: no scenario undoes it" in out
    assert "offer  reached  rules  conditions  steps" in out


def test_watch_runs_again_after_a_change(folder: Path) -> None:
    process = subprocess.Popen(
        command("test", "--definitions", folder, "--watch"),
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=os.environ | {"PYTHONUNBUFFERED": "1"},
    )
    assert process.stdout is not None
    try:
        _read_until(process.stdout, "Runs again")
        (folder / "scenarios" / "bad.yaml").unlink()
        assert "1 passed" in _read_until(process.stdout, "Runs again")
        (folder / "catalogue.yaml").write_text(CATALOGUE.replace("kind: receiver", "kind: reciever"), encoding="utf-8")
        _read_until(process.stdout, "Runs again")
    finally:
        process.send_signal(signal.SIGINT)
        assert process.wait(10) == 130


def _read_until(stream: IO[str], word: str, seconds: float = 30.0) -> str:
    end, text = time.monotonic() + seconds, ""
    for line in stream:
        text += line
        if word in line:
            return text
        assert time.monotonic() < end, text
    raise AssertionError(text)
