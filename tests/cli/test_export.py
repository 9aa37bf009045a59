"""`export ID` gives an order as a file to amend, and reports read what a real order did."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import stat
from pathlib import Path
from typing import Any

import pytest
import yaml
from sqlalchemy import URL

from tests.cli.conftest import DEFINITIONS
from tests.support.command_line import NOBODY, Ordo, call, order_of

TRICKY = {"name": "1e3", "tier": "2026-12-01"}
NOTE = {"id": "2", "product": "note", "attributes": {"text": "yes: a\n# b"}}


def with_note(order_id: str) -> dict[str, Any]:
    order = order_of("survey", order_id, customer={"id": "C-9", **TRICKY})
    return order | {"lines": [*order["lines"], NOTE]}


def assert_private(file: Path) -> None:
    """Only its owner may read it, and nothing else is left of writing it."""
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert list(file.parent.glob(".*.part")) == []


async def assert_file_changes_nothing(ordo: Ordo, order_id: str, order: dict[str, Any], file: Path) -> None:
    called = await ordo("export", order_id, "--to", file)
    assert (called.status, called.out) == (0, ""), called
    assert f"Order {order_id} is in {file}" in called.err
    assert_private(file)
    assert (await ordo("export", order_id, "-o", "json")).json == order
    unchanged = await ordo("amend", file, "--dry-run")
    assert unchanged.out == f"Order {order_id} already runs as this asks; nothing changes\n", unchanged


async def test_an_exported_order_is_amended_without_a_ledger(ordo: Ordo, tmp_path: Path) -> None:
    order = order_of("survey", "EX-1", customer={"id": "C-9", **TRICKY}, priority=2)
    called = await ordo("start", "-", stdin=json.dumps(order))
    assert called.status == 0, called
    file = tmp_path / "order.yaml"
    file.write_text("an earlier file that everybody may read")
    await assert_file_changes_nothing(ordo, "EX-1", order, file)
    amended = order | {"lines": [*order["lines"], NOTE]}
    changed = await ordo("amend", "-", "--yes", stdin=json.dumps(amended))
    assert changed.status == 0, changed
    await assert_file_changes_nothing(ordo, "EX-1", amended, file)


async def test_an_order_that_nobody_knows_is_not_exported(ordo: Ordo) -> None:
    called = await ordo("export", "EX-NOBODY")
    assert (called.status, called.out) == (1, "")
    assert called.err.startswith("Error: There is no order EX-NOBODY\n")


async def test_reports_and_exports_tell_what_a_real_order_did(
    fed_ledger: Ordo, tmp_path: Path, ledger_url: URL
) -> None:
    ordo, order_id = fed_ledger, f"EX-{ledger_url.get_backend_name()}"
    order = with_note(order_id)
    started = await ordo("start", "-", stdin=json.dumps(order))
    assert started.status == 0, started
    await ordo.step_is(order_id, "survey.ask@1", "in_progress")
    await assert_file_changes_nothing(ordo, order_id, order, tmp_path / "order.yaml")
    done = await ordo("complete", order_id, "survey.ask@1", "--data", "answer=yes", "--by", "ann")
    assert done.status == 0, done

    shift = await ordo.until("report", "shift", holds=lambda report: report["people"])
    assert shift["people"] == [{"by": "ann", "total": 1, "actions": {"complete": 1}}]
    assert shift["arrived"]["by_product"] == {"note": 1, "survey": 1}
    durations = await ordo.until(
        "report", "durations", "--definitions", DEFINITIONS, holds=lambda report: len(report["steps"]) >= 2
    )
    steps = {row["step"]: row for row in durations["steps"]}
    assert steps["survey.ask"]["took"]["count"] == 1
    assert steps["survey.ask"]["expected"] == 86400

    file = tmp_path / "steps.csv"
    exported = await ordo("export", "--search", order_id, "--format", "csv", "--table", "steps", "--to", file)
    assert exported.status == 0, exported
    rows = list(csv.DictReader(io.StringIO(file.read_text())))
    shown = (await ordo("show", order_id, "-o", "json")).json
    assert {row["step_id"]: row["state"] for row in rows} == {step["id"]: step["state"] for step in shown["steps"]}
    whole = json.loads((await ordo("export", "--customer", "C-9")).out)
    assert (whole["order_id"], whole["submitted"]) == (order_id, order)
    assert [entry["by"] for entry in whole["history"] if entry["by"]] == ["ann"]
    offline = await asyncio.to_thread(call, "export", order_id, "--address", NOBODY)
    assert (offline.status, yaml.safe_load(offline.out)["customer"]["name"]) == (0, "1e3")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("EX-1", "--format", "csv"), "One order is exported as YAML"),
        (("EX-1", "--state", "failed"), "One order is exported as YAML"),
        (("--table", "steps"), "--table goes with"),
        (("--format", "parquet"), "Parquet goes to a file"),
        (("--to", "no/such/folder/file"), "There is no folder no/such/folder"),
        (("--to", "docs"), "docs is a folder"),
        (("--since", "yesterday"), "--since: `yesterday`"),
    ],
)
def test_wrong_usage_is_refused(arguments: tuple[str, ...], message: str) -> None:
    called = call("export", *arguments, "--address", NOBODY)
    assert (called.status, message in called.err) == (2, True), called
