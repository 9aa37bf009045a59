"""`submissions`, and `show`, `history` and `attempts` of one of them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from sqlalchemy import URL, Engine, insert, update

from ledger.database import write_transaction
from ledger.schema.tables import attempts, orders
from tests.ledger.retention.ledger_orders import write
from tests.support.command_line import NOBODY, Called, Ordo, call, order_of
from tests.support.ledger.attempt_rows import attempt
from tests.support.ledger.submitted_again import BEGAN, fulfilled, rejected, second_revision, submitted_again


@pytest.fixture
def engine(ledger_url: URL, ledger_database: Engine, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Engine:
    monkeypatch.setenv("ORDO_LEDGER_URL", ledger_url.render_as_string(hide_password=False))
    monkeypatch.setenv("ORDO_LEDGER_ARCHIVE", str(tmp_path / "archive"))
    return ledger_database


def ask(*arguments: object) -> Called:
    """While Temporal is away."""
    return call(*arguments, "--address", NOBODY)


async def test_a_rejected_order_that_runs_again_tells_each_of_its_submissions(
    fed_ledger: Ordo, ledger_url: URL
) -> None:
    ordo, order_id = fed_ledger, f"SUB-{ledger_url.get_backend_name()}"
    assert (await ordo("start", "-", stdin=json.dumps(order_of("notes", order_id)))).status == 1
    again = json.dumps(order_of("note", order_id))
    for options in ((), ("--revision",)):
        assert (await ordo("start", "-", "--wait", *options, stdin=again)).status == 0

    def have_ended(listed: dict[str, list[dict[str, object]]]) -> bool:
        return [each["state"] for each in listed["submissions"]] == ["rejected", "completed", "completed"]

    listed = await ordo.until("submissions", order_id, holds=have_ended)
    assert (listed["order_id"], listed["source"], listed["is_fed"]) == (order_id, "ledger", True)
    assert [(each["number"], each["revision"], each["current"]) for each in listed["submissions"]] == [
        (1, 1, False),
        (2, 1, False),
        (3, 2, True),
    ]
    shown = await ordo("show", order_id, "--submission", 1)
    assert shown.out.startswith(f"{order_id}  rejected\n")
    assert "did you mean `note`" in shown.out.partition("Why it was rejected")[2]
    assert shown.err == "From the ledger, up to date. This is submission 1, not the latest one.\n"
    history = await ordo("history", order_id, "--submission", 1)
    assert history.out.startswith(f"Order {order_id} was rejected when it was submitted; its history has no entry.\n")
    assert "did you mean `note`" in history.out.partition("Why it was rejected")[2]
    whole = [(await ordo("show", order_id, "--submission", each, "-o", "json")).json for each in (1, 2, 3)]
    assert [(each["state"], each["revision"], len(each["steps"])) for each in whole] == [
        ("rejected", 1, 0),
        ("completed", 1, whole[2]["step_count"]),
        ("completed", 2, whole[2]["step_count"]),
    ]
    assert whole[2] == (await ordo("show", order_id, "--ledger", "-o", "json")).json
    told = [(await ordo("history", order_id, "--submission", each, "-o", "json")).json for each in (1, 2)]
    assert [(each["state"], each["source"]) for each in told] == [("rejected", "ledger"), ("completed", "ledger")]
    assert told[1]["history"] == whole[1]["history"] != whole[2]["history"]


def test_a_table_has_one_submission_a_line(engine: Engine) -> None:
    write(engine, *submitted_again("HS-1"))
    called = ask("submissions", "HS-1")
    assert called.out.splitlines() == [
        "No.  State        Started           Ended             Revision  Catalogue            Remarks",
        "  1  rejected     2026-11-02 09:00  2026-11-02 09:00         1  sha256:4f4f4f4f4f4f",
        "  2  completed    2026-11-03 09:00  2026-11-03 09:00         1  sha256:4f4f4f4f4f4f",
        "  3  in progress  2026-11-04 09:00                           2  sha256:4f4f4f4f4f4f  current",
    ]
    assert called.err == "From the ledger; no worker writes to it now.\n"
    with_acts = ask("history", "HS-1", "--submission", 2)
    assert "all is done" in with_acts.out
    assert "once more" not in with_acts.out
    assert "This is submission 2, not the latest one." in with_acts.err
    assert "This is submission 3, the latest one." in ask("show", "HS-1", "--submission", 3).err


def test_attempts_are_those_of_the_submission(engine: Engine) -> None:
    write(engine, *submitted_again("HS-1"))
    with write_transaction(engine) as connection:
        rows = [attempt("HS-1", "a.one@1", at, number) for number, at in enumerate(BEGAN[1:], start=1)]
        connection.execute(insert(attempts), rows)
    found = [
        [each["number"] for each in ask("attempts", "HS-1", *which, "-o", "json").json["attempts"]]
        for which in (("--submission", 1), ("--submission", 2), ("--submission", 3), ())
    ]
    assert found == [[], [1], [2], [2]]
    assert ask("attempts", "HS-1", "--submission", 1).out == "There is no such attempt in the ledger.\n"


def test_archived_submissions_are_told_as_such_and_read_from_their_file(engine: Engine, tmp_path: Path) -> None:
    write(engine, *rejected("HS-1"), *fulfilled("HS-1"))
    assert call("ledger", "archive", "--older-than", "1d").status == 0
    write(engine, *second_revision("HS-1"))
    listed = ask("submissions", "HS-1", "-o", "json").json["submissions"]
    assert [(each["archived"], each["revision"], each["catalogue_version"] is None) for each in listed] == [
        (True, None, True),
        (True, None, True),
        (False, 2, False),
    ]
    rows = ask("submissions", "HS-1").out.splitlines()
    assert [row.split()[-1] for row in rows[1:]] == ["archived", "archived", "current"]
    shown = ask("show", "HS-1", "--submission", 2)
    assert "Steps: 1 of 3 done" in shown.out
    assert f"From the archive (file {tmp_path}/archive/" in shown.err
    assert "This is submission 2, not the latest one." in shown.err
    (tmp_path / "archive").rename(tmp_path / "moved")
    assert len(ask("submissions", "HS-1").out.splitlines()) == 4
    away = ask("show", "HS-1", "--submission", 1)
    assert (away.status, "ORDO_LEDGER_ARCHIVE names where it is" in away.err) == (1, True)


async def test_an_erased_submission_is_told_as_such(engine: Engine, fed_ledger: Ordo) -> None:
    write(engine, *rejected("HS-1"), *fulfilled("HS-1"))
    erased = await fed_ledger("erase", "--customer", "C-42", "--reason", "a letter", "--yes")
    assert erased.status == 0, erased
    table = await fed_ledger("submissions", "HS-1")
    assert [row.partition("  personal data ")[2] for row in table.out.splitlines()[1:]] == ["erased (erasure 1)", ""]


def test_what_only_the_latest_submission_can_do_is_not_offered_for_an_earlier_one(engine: Engine) -> None:
    write(engine, *fulfilled("HS-1"))
    with write_transaction(engine) as connection:
        connection.execute(update(orders).values(state="failed", interrupted_kind="terminated"))
    assert "recover HS-1" in ask("show", "HS-1", "--ledger").out
    write(engine, *second_revision("HS-1"))
    shown = ask("show", "HS-1", "--submission", 1)
    assert shown.out.startswith("HS-1  terminated\n")
    assert "recover" not in shown.out
    assert ask("submissions", "HS-1").out.splitlines()[1].split()[:2] == ["1", "terminated"]


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (("show", "HS-1", "--submission", 4), 1, "Order HS-1 has no submission 4, only 1 to 3"),
        (("history", "HS-1", "--submission", 4), 1, "Possible: `submissions HS-1` (lists them)"),
        (("show", "HS-2", "--submission", 1), 1, "The ledger has no order HS-2"),
        (("attempts", "HS-1", "--submission", 4), 1, "Order HS-1 has no submission 4, only 1 to 3"),
        (("submissions", "HS-2"), 1, "The ledger has no order HS-2"),
        (("show", "HS-1", "--submission", 1, "--live"), 2, "--live and --submission exclude each other"),
        (("history", "HS-1", "--submission", 1, "--live"), 2, "--live and --submission exclude each other"),
        (("show", "HS-1", "--submission", 0), 2, "--submission"),
    ],
)
def test_what_cannot_be_answered_is_refused(
    engine: Engine, arguments: tuple[object, ...], status: int, message: str
) -> None:
    write(engine, *submitted_again("HS-1"))
    called = ask(*arguments)
    assert (called.status, called.out) == (status, "")
    assert message in called.err


@pytest.mark.parametrize(
    "arguments", [("submissions", "HS-1"), ("show", "HS-1", "--submission", 1), ("history", "HS-1", "--submission", 1)]
)
async def test_without_a_ledger_that_is_said(
    ordo: Ordo, monkeypatch: pytest.MonkeyPatch, arguments: tuple[object, ...]
) -> None:
    monkeypatch.delenv("ORDO_LEDGER_URL", raising=False)
    called = await ordo(*arguments)
    assert (called.status, called.out) == (1, "")
    assert "Only a ledger keeps this, and none is configured here (`ORDO_LEDGER_URL`)" in called.err
