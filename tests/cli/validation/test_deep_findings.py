"""`validate --deep` on the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from tests.support.command_line import call

NOT_MODIFIED = """
kind: commercial_product
id: offer
steps:
  go: {milestone: true}
  stop: {milestone: true, actions: [delete]}
"""


@pytest.fixture
def catalogue(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """In the working folder."""
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "definitions"
    folder.mkdir()
    (folder / "offer.yaml").write_text(NOT_MODIFIED, encoding="utf-8")
    return folder


def test_shipped_catalogue_is_without_findings(tmp_path: Path) -> None:
    called = call("validate", "--deep", "--budget", "2m", "--save", tmp_path, "-o", "json")
    assert called.json["findings"] == []
    assert called.status == 0
    deep = called.json["deep"]
    assert deep["complete"]
    assert deep["orders"] > 1_000
    assert (deep["not_generated"], deep["not_judged"]) == ({}, {})
    assert len(deep["intended"]) >= 4


@pytest.mark.usefixtures("catalogue")
def test_finding_names_a_file_that_shows_it_again() -> None:
    called = call("validate", "--deep")
    assert called.status == 1
    first, summary, tried = called.out.splitlines()
    assert first.startswith(f"{Path('definitions', 'offer.yaml')}:3:5: warning: nobody would serve an order")
    assert first.endswith("the smallest one is .ordo/deep/action-not-served-offer.yaml [action-not-served]")
    assert summary == "definitions: 1 warning"
    assert tried.endswith("amendments tried")
    again = call("plan", ".ordo/deep/action-not-served-offer.yaml")
    assert again.status == 1
    assert "[line-without-work]" in again.err


def test_order_of_the_file_is_the_smallest(catalogue: Path) -> None:
    call("validate", catalogue, "--deep", "--save", catalogue.parent / "found")
    order = yaml.safe_load((catalogue.parent / "found" / "action-not-served-offer.yaml").read_text(encoding="utf-8"))
    assert order["lines"] == [{"id": "1", "product": "offer", "action": "modify"}]


def test_comment_allows_a_finding(catalogue: Path) -> None:
    text = NOT_MODIFIED.replace("id: offer", "id: offer  # allow: action-not-served")
    (catalogue / "offer.yaml").write_text(text, encoding="utf-8")
    assert call("validate", catalogue).out.strip().endswith("valid, no findings")
    assert call("validate", catalogue, "--deep").status == 0


def test_comment_that_allows_nothing_is_found_by_deep_alone(catalogue: Path) -> None:
    text = NOT_MODIFIED.replace("milestone: true}", "milestone: true}  # allow: plan-stuck", 1)
    (catalogue / "offer.yaml").write_text(text.replace("[delete]", "[modify, delete]"), encoding="utf-8")
    assert call("validate", catalogue).out.strip().endswith("valid, no findings")
    called = call("validate", catalogue, "--deep")
    assert called.status == 1
    assert "[allow-unused]" in called.out


def test_budget_that_is_used_up_is_said(catalogue: Path) -> None:
    assert "more are left: give a longer --budget" in call("validate", catalogue, "--deep", "--budget", "0s").out


def test_refused_definitions_are_not_tried(catalogue: Path) -> None:
    (catalogue / "offer.yaml").write_text("kind: commercial_product\nid: offer\nnmae: x\n", encoding="utf-8")
    called = call("validate", catalogue, "--deep", "-o", "json")
    assert called.status == 1
    assert "deep" not in called.json
    assert [one["code"] for one in called.json["findings"]] == ["key-unknown"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--deep", "--watch"], "give one of them"),
        (["--deep", "--explain", "plan-stuck"], "--explain takes a code"),
        (["--deep", "--budget", "soon"], "--budget soon"),
        (["--deep", "nowhere"], "nowhere"),
    ],
)
def test_wrong_call_is_told(catalogue: Path, arguments: list[str], message: str) -> None:
    called = call("validate", *arguments, "--definitions", catalogue)
    assert called.status == 2 or "nowhere" in arguments
    assert message in called.err + called.out
    assert "Traceback" not in called.err


def test_folder_that_cannot_be_written_is_told(catalogue: Path) -> None:
    (catalogue.parent / "file").write_text("", encoding="utf-8")
    called = call("validate", "--deep", "--save", catalogue.parent / "file" / "deep")
    assert called.status == 2
    assert "cannot be written" in called.err


def test_code_hosts_get_the_findings_too(catalogue: Path) -> None:
    sarif = call("validate", catalogue, "--deep", "-o", "sarif").json
    assert [one["ruleId"] for one in sarif["runs"][0]["results"]] == ["action-not-served"]
    gitlab = json.loads(call("validate", catalogue, "--deep", "-o", "gitlab").out)
    assert [one["check_name"] for one in gitlab] == ["action-not-served"]
