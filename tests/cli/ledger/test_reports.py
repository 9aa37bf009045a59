"""`report …`: tables for people, JSON and CSV, while Temporal is away."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest

from tests.support.command_line import NOBODY, Called, call
from tests.support.ledger.filled_ledgers import FilledLedger

SINCE = ("--since", "2026-09-01", "--until", "2026-11-01")


@pytest.fixture(autouse=True)
def ledger(filled: FilledLedger, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ORDO_LEDGER_URL", filled.engine.url.render_as_string(hide_password=False))


def report(*arguments: object) -> Called:
    called = call("report", *arguments, "--address", NOBODY)
    assert called.status == 0, called
    return called


def rows_of(called: Called) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(called.out)))


def test_a_shift_is_handed_over() -> None:
    text = report("shift", *SINCE).out
    assert text.startswith("Shift · 2026-09-01 00:00:00 UTC to 2026-11-01 00:00:00 UTC (61 d)\n")
    document = report("shift", *SINCE, "-o", "json").json
    came, queues = document["arrived"], document["stuck"]["tasks"]
    assert f"  Came           {came['submitted']} orders, {came['accepted']} accepted" in text
    assert all(f"\n{queue['queue']} " in text for queue in queues)
    assert document["source"] == "ledger"
    rows = rows_of(report("shift", *SINCE, "-o", "csv"))
    (submitted,) = [row for row in rows if (row["section"], row["name"]) == ("arrived", "submitted")]
    assert submitted["count"] == str(came["submitted"])
    done = [row for row in rows if row["section"] == "people"]
    assert {row["name"]: int(row["count"]) for row in done} == {who["by"]: who["total"] for who in document["people"]}


@pytest.mark.parametrize("name", ["durations", "sla", "fallout"])
def test_rows_are_those_of_the_document(name: str) -> None:
    document: dict[str, Any] = report(name, *SINCE, "-o", "json").json
    rows = rows_of(report(name, *SINCE, "-o", "csv"))
    found = document["rows"] if "rows" in document else document["steps"] + document["workstreams"]
    assert len(rows) == len(found) > 0
    text = report(name, *SINCE).out
    labels = {"durations": "step", "sla": "group", "fallout": "system"}
    assert all(row[labels[name]] in text for row in rows)
    narrowed = report(name, *SINCE, "--product", "offer_07", "-o", "json").json
    assert narrowed["product"] == "offer_07"
    assert len(json.dumps(narrowed)) < len(json.dumps(document))


def test_durations_are_compared_with_the_definitions() -> None:
    steps = {row["step"]: row for row in report("durations", *SINCE, "-o", "json").json["steps"]}
    delivered = steps["shipment.delivered"]
    assert (delivered["expected"], delivered["over_expected"]) == (2 * 86400, 0)
    assert steps["credit.check"]["expected"] is None


def test_suggestions_change_no_file() -> None:
    page = Path("definitions/technical/shipment.yaml")
    before = page.read_text()
    called = report("durations", *SINCE, "--suggest")
    assert "definitions/technical/shipment.yaml:33: expected: " in called.out
    assert "shipment.delivered, instead of 2d: half of " in called.out
    assert "2 lines to change." in called.err
    assert "`-o diff` prints them for `git apply`" in called.err
    as_diff = report("durations", *SINCE, "--suggest", "-o", "diff")
    diff = as_diff.out
    assert "-o diff" not in as_diff.err
    assert diff.startswith("--- a/definitions/technical/shipment.yaml\n+++ b/definitions/technical/shipment.yaml\n")
    assert "-    expected: 2d " in diff
    document = report("durations", *SINCE, "--suggest", "-o", "json").json
    assert [row["step"] for row in document["suggestions"]] == ["shipment.ship", "shipment.delivered"]
    assert page.read_text() == before
    few = report("durations", *SINCE, "--suggest", "--min-samples", "100000")
    assert (few.out, "No `expected` should change" in few.err) == ("", True)


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (("shift", "--since", "2026-11-01", "--until", "2026-10-01"), 1, "The period is empty"),
        (("sla", "--since", "yesterday"), 2, "--since: `yesterday` is neither a time"),
        (("durations", "-o", "diff"), 2, "`-o diff` goes with --suggest"),
        (("fallout", "--product", "no\0thing"), 1, "NUL"),
    ],
)
def test_wrong_input_is_refused(arguments: tuple[str, ...], status: int, message: str) -> None:
    called = call("report", *arguments, "--address", NOBODY)
    assert (called.status, message in called.err) == (status, True), called


def test_without_a_ledger_a_report_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ORDO_LEDGER_URL")
    called = call("report", "shift", "--address", NOBODY)
    assert called.status != 0
    assert "Traceback" not in called.err
