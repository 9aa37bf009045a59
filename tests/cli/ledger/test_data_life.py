"""Archive, legal hold and erasure at the command line."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from sqlalchemy import URL, Engine, select
from temporalio.testing import WorkflowEnvironment

from ledger.schema.tables import orders
from operations.temporal.connection import server_address
from tests.ledger.retention.ledger_orders import write_ended, write_running
from tests.support.command_line import NOBODY, Called, Ordo, call
from workflows.contract.states import OrderState


@pytest.fixture(autouse=True)
def _configured(ledger_url: URL, ledger_database: Engine, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Two ended orders and a running one."""
    monkeypatch.setenv("ORDO_LEDGER_URL", ledger_url.render_as_string(hide_password=False))
    monkeypatch.setenv("ORDO_LEDGER_ARCHIVE", str(tmp_path / "archive"))
    write_ended(ledger_database, "HS-1", customer="C-88")
    write_ended(ledger_database, "HS-2", OrderState.CANCELLED, customer="C-2")
    write_running(ledger_database, "HS-3", customer="C-2")


def refused(answer: Called, message: str, status: int = 1) -> None:
    assert (answer.status, answer.out) == (status, "")
    assert message in answer.err


def test_orders_are_archived_shown_and_restored(monkeypatch: pytest.MonkeyPatch) -> None:
    counted = call("ledger", "archive", "--older-than", "1d", "--dry-run")
    assert counted.out == "2 orders would be archived: 1 cancelled, 1 completed.\n"
    monkeypatch.setenv("ORDO_LEDGER_RETENTION", "completed=1d")
    assert call("ledger", "archive").out == "1 order archived in 1 file.\n"
    shown = call("show", "HS-1", "--ledger", "--address", NOBODY)
    assert (shown.status, shown.out.splitlines()[0]) == (0, "HS-1  completed")
    assert f"From the archive (file {os.environ['ORDO_LEDGER_ARCHIVE']}" in shown.err
    assert "From the ledger" in call("show", "HS-2", "--ledger", "--address", NOBODY).err
    assert "step failed" in call("history", "HS-1", "--ledger", "--address", NOBODY).out
    assert call("ledger", "restore", "HS-1").out == "Order HS-1 is in the ledger again.\n"
    refused(call("ledger", "restore", "HS-1"), "Order HS-1 is not in the archive")
    assert call("ledger", "archive", "-o", "json", "--format", "parquet").json["orders"] == 1
    assert call("show", "HS-1", "--ledger", "--address", NOBODY).status == 0
    assert call("ledger", "register", os.environ["ORDO_LEDGER_ARCHIVE"]).out == "0 archived orders registered.\n"
    refused(call("ledger", "register", "/no/such/folder"), "There is no folder /no/such/folder with the archive")


def test_what_to_archive_has_to_be_said(monkeypatch: pytest.MonkeyPatch) -> None:
    refused(call("ledger", "archive"), "give an age, or set ORDO_LEDGER_RETENTION")
    refused(call("ledger", "archive", "--state", "failed"), "How long ago the orders ended is not said", 2)
    refused(call("ledger", "archive", "--older-than", "soon"), "--older-than: `soon` is not an age", 2)
    held = call("ledger", "archive", "--older-than", "1d", "--state", "held")
    refused(held, "--state: `held` is not a state in which", 2)
    monkeypatch.delenv("ORDO_LEDGER_ARCHIVE")
    refused(call("ledger", "archive", "--older-than", "1d"), "name a folder, or set ORDO_LEDGER_ARCHIVE")


def test_a_folder_that_is_no_archive_is_not_registered(tmp_path: Path) -> None:
    (tmp_path / "steps.parquet").write_bytes(b"PAR1")
    answer = call("ledger", "register", tmp_path)
    refused(answer, f"{tmp_path / 'steps.parquet'} cannot be used: its checksum steps.parquet.sha256 is missing")


def test_an_archive_that_is_not_there_is_said(tmp_path: Path) -> None:
    call("ledger", "archive", "--older-than", "1d")
    (tmp_path / "archive").rename(tmp_path / "moved")
    shown = call("show", "HS-1", "--ledger", "--address", NOBODY)
    assert shown.status == 1
    assert "If it was moved, ORDO_LEDGER_ARCHIVE names where it is" in shown.err


def test_every_command_takes_the_url_of_the_database(
    ledger_url: URL, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("ORDO_LEDGER_URL")
    url = ("--database", ledger_url.render_as_string(hide_password=False), "-o", "json")
    assert call("ledger", "hold", "HS-2", "--reason", "an audit", *url).json["subject"] == "HS-2"
    assert [each["subject"] for each in call("ledger", "holds", *url).json["holds"]] == ["HS-2"]
    counted = call("ledger", "archive", "--older-than", "1d", "--dry-run", *url)
    assert counted.json == {"orders": {"completed": 1}, "held": 1}
    assert call("ledger", "release", "HS-2", *url).json["subject"] == "HS-2"
    assert call("ledger", "archive", "--older-than", "1d", *url).json["orders"] == 2
    assert call("ledger", "register", tmp_path / "archive", *url).json == {"orders": 0}
    assert call("ledger", "restore", "HS-1", *url).json == {"order_id": "HS-1", "submissions": 1}
    assert call("ledger", "erasures", *url).json == {"erasures": []}


async def test_an_erasure_takes_the_url_of_the_database(
    temporal: WorkflowEnvironment, ledger_url: URL, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("ORDO_LEDGER_URL")
    ordo = Ordo(server_address(temporal.client), "tests-data-life")
    url = ("--database", ledger_url.render_as_string(hide_password=False))
    listed = await ordo("erase", "--customer", "C-88", "--dry-run", "-o", "json", *url)
    assert [each["order_id"] for each in listed.json["orders"]] == ["HS-1"]


def test_a_hold_is_placed_listed_and_released() -> None:
    refused(call("ledger", "hold", "--reason", "an audit"), "Name either an order or, with --customer", 2)
    refused(call("ledger", "hold", "HS-1"), "A hold needs a --reason", 2)
    refused(call("ledger", "hold", "HS-mistyped", "--reason", "an audit"), "There is no order HS-mistyped")
    placed = call("ledger", "hold", "--customer", "C-88", "--reason", "an audit", "--by", "ann")
    assert placed.out == "Customer C-88 is under legal hold.\n"
    refused(call("ledger", "hold", "--customer", "C-88", "--reason", "again"), "already: by ann, an audit")
    assert "customer C-88  an audit  ann" in call("ledger", "holds").out
    assert call("ledger", "archive", "--older-than", "1d", "--dry-run").out == (
        "1 order would be archived: 1 cancelled. Left out because of legal hold: 1 order.\n"
    )
    assert call("ledger", "release", "--customer", "C-88").out == "Customer C-88 is released from legal hold.\n"
    assert call("ledger", "holds").out == "Nothing is under legal hold.\n"
    (hold,) = call("ledger", "holds", "--released", "-o", "json").json["holds"]
    assert (hold["scope"], hold["subject"], hold["placed_by"]) == ("customer", "C-88", "ann")
    refused(call("ledger", "release", "HS-1"), "There is no hold on order HS-1")


async def test_a_customer_is_erased_after_a_confirmation(
    temporal: WorkflowEnvironment, ledger_database: Engine
) -> None:
    """Temporal has forgotten the orders."""
    ordo, erase = Ordo(server_address(temporal.client), "ordo"), ("erase", "--customer", "C-88")
    refused(await ordo(*erase), "An erasure needs a --reason", 2)
    refused(await ordo(*erase, "--reason", "a letter"), "confirm it with --yes", 2)
    planned = await ordo(*erase, "--dry-run")
    assert planned.out == "The personal data of 1 order would be erased.\n  HS-1 (completed)\n"
    done = await ordo(*erase, "--reason", "a letter", "--yes", "--by", "dora")
    assert (done.status, done.out.splitlines()[1]) == (0, "Nothing remains.")
    with ledger_database.connect() as connection:
        assert connection.execute(select(orders.c.customer_id).order_by(orders.c.key)).scalars().all() == [
            None,
            "C-2",
            "C-2",
        ]
    (record,) = call("ledger", "erasures", "-o", "json").json["erasures"]
    assert (record["by"], record["reason"], record["remaining"]) == ("dora", "a letter", [])
    assert "C-88" not in str(record)
    listed = call("ledger", "erasures").out.splitlines()
    assert listed[0].split() == ["Erasure", "When", "By", "Reason", "Orders", "State"]
    assert listed[1].endswith("dora  a letter  1       complete")


def test_a_list_without_an_order_names_archived_ones() -> None:
    def note(*criteria: str) -> str:
        return call("list", *criteria, "--address", NOBODY).err.splitlines()[0]

    call("ledger", "archive", "--older-than", "1d", "--state", "completed")
    fits = "1 archived order fits: HS-1. `show ID` reads one from the archive, `ledger restore ID` brings it back."
    assert [note("--customer", "C-88"), note("--search", "HS-1"), note("--search", "C-88", "--count")] == [fits] * 3
    assert note("--customer", "C-88", "--state", "completed") == fits
    for criteria in (
        ("--customer", "C-88", "--state", "failed"),
        ("--search", "HS-9"),
        ("--customer", "C-88", "--open"),
    ):
        assert "archived" not in call("list", *criteria, "--address", NOBODY).err
    assert "archived" not in call("list", "--customer", "C-2", "--address", NOBODY).err


async def test_an_unknown_customer_is_refused_and_nothing_is_recorded(temporal: WorkflowEnvironment) -> None:
    ordo, erase = Ordo(server_address(temporal.client), "ordo"), ("erase", "--customer", "C-mistyped")
    message = "No order of customer C-mistyped is in the ledger, in the archive or in Temporal"
    refused(await ordo(*erase, "--reason", "a letter", "--yes"), message)
    refused(await ordo(*erase, "--dry-run"), message)
    assert call("ledger", "erasures").out == "Nothing was erased.\n"


async def test_a_customer_who_was_erased_can_be_erased_again(
    temporal: WorkflowEnvironment, ledger_database: Engine
) -> None:
    ordo = Ordo(server_address(temporal.client), "ordo")
    for _ in range(2):
        erased = await ordo("erase", "--customer", "C-2", "--reason", "a letter", "--yes")
        assert (erased.status, "HS-3" in erased.out) == (4, True)
    write_ended(ledger_database, "HS-5", customer="C-once-held")
    call("ledger", "hold", "--customer", "C-once-held", "--reason", "an audit", "--by", "ann")
    call("ledger", "release", "--customer", "C-once-held")
    for _ in range(2):
        assert (await ordo("erase", "--customer", "C-once-held", "--reason", "a letter", "--yes")).status == 0


async def test_an_erased_order_says_so_and_keeps_product_names(
    temporal: WorkflowEnvironment, ledger_database: Engine
) -> None:
    write_ended(ledger_database, "HS-4", customer="C-4")
    ordo = Ordo(server_address(temporal.client), "ordo")
    before = await ordo("show", "HS-4", "--ledger")
    assert "Order lines" in before.out
    assert "erased" not in before.out + before.err
    exported = await ordo("export", "HS-4")
    assert (exported.status, "HS-4" in exported.out) == (0, True)
    assert (await ordo("erase", "--customer", "C-4", "--reason", "a letter", "--yes")).status == 0
    for command in ("show", "history"):
        shown = await ordo(command, "HS-4", "--ledger")
        assert "The personal data of this order was erased at 20" in shown.err
        assert "(erasure 1)" in shown.err
        assert "(erased)" in shown.out
    refused(await ordo("export", "HS-4"), "The personal data of order HS-4 was erased by erasure 1: nothing to export")
    (line,) = (await ordo("show", "HS-4", "--ledger", "-o", "json")).json["order_lines"]
    assert (line["name"], line["attributes"]) == ("Home security", {})


async def test_a_customer_under_hold_is_not_erased(temporal: WorkflowEnvironment) -> None:
    call("ledger", "hold", "--customer", "C-88", "--reason", "an audit", "--by", "ann")
    ordo, erase = Ordo(server_address(temporal.client), "ordo"), ("erase", "--customer", "C-88")
    refused(await ordo(*erase, "--reason", "a letter", "--yes"), "Customer C-88 is under legal hold: an audit")
