"""`start`, against a real server and a real worker."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import DEFINITIONS
from tests.support.command_line import Ordo, order_of

KEYS = {"order_id", "workflow_id", "run_id", "state", "already_running"}


async def test_accepted_order_is_reported_with_its_size(ordo: Ordo) -> None:
    called = await ordo("start", "-", stdin=json.dumps(order_of("note", "S-1")))
    assert called.status == 0
    assert "Order S-1 is accepted: 1 order line, 0 fulfilment lines, 1 step." in called.out


async def test_json_is_one_document_with_the_documented_keys(
    ordo: Ordo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)  # without a folder of definitions that could differ from the worker's
    called = await ordo("start", "-", "-o", "json", stdin=json.dumps(order_of("parcel", "S-2")))
    assert called.status == 0
    assert set(called.json) >= KEYS
    assert called.json["workflow_id"] == "order/S-2"
    assert called.json["already_running"] is False
    assert called.err == ""


async def test_several_orders_give_one_line_each_in_order(ordo: Ordo) -> None:
    lines = "\n".join(json.dumps(order_of("note", f"S-3.{number}")) for number in range(12))
    called = await ordo("start", "-", "-o", "json", stdin=lines)
    assert [json.loads(line)["order_id"] for line in called.out.splitlines()] == [f"S-3.{n}" for n in range(12)]


async def test_bad_order_does_not_stop_the_others_and_is_exit_1(ordo: Ordo) -> None:
    bad, good = order_of("nothing", "S-4.1"), order_of("note", "S-4.2")
    called = await ordo("start", "-", "-o", "json", stdin=f"{json.dumps(bad)}\n{json.dumps(good)}")
    states = [json.loads(line)["state"] for line in called.out.splitlines()]
    assert called.status == 1
    assert states[0] == "rejected"
    assert states[1] != "rejected"
    assert "nothing" in called.err


async def test_resubmitted_order_is_not_started_again(ordo: Ordo) -> None:
    order = json.dumps(order_of("parcel", "S-5"))
    first = await ordo("start", "-", "-o", "json", stdin=order)
    again = await ordo("start", "-", "-o", "json", stdin=order)
    assert again.status == 0
    assert again.json["already_running"] is True
    assert again.json["run_id"] == first.json["run_id"]


async def test_resubmission_with_different_content_is_reported(ordo: Ordo) -> None:
    await ordo.started("parcel", "S-6")
    again = await ordo("start", "-", stdin=json.dumps(order_of("parcel", "S-6", priority=1)))
    assert "different content" in again.err


async def test_ended_order_runs_again_only_as_a_revision(ordo: Ordo) -> None:
    order = json.dumps(order_of("note", "S-7"))
    assert (await ordo("start", "-", "--wait", stdin=order)).status == 0
    refused = await ordo("start", "-", stdin=order)
    assert refused.status == 1
    assert "--revision" in refused.err
    anew = await ordo("start", "-", "--wait", "--revision", stdin=order)
    assert anew.status == 0
    assert (await ordo("show", "S-7", "-o", "json")).json["revision"] == 2


async def test_rejected_order_is_exit_1_with_findings_and_file(ordo: Ordo, tmp_path: Path) -> None:
    file = tmp_path / "order.yaml"
    file.write_text(json.dumps(order_of("notes", "S-8")))
    called = await ordo("start", file)
    assert called.status == 1
    assert "Order S-8 is rejected" in called.err
    assert str(file) in called.err
    assert "did you mean `note`" in called.err
    assert (await ordo("start", "-", stdin=json.dumps(order_of("note", "S-8")))).status == 0


async def test_an_id_that_cannot_be_used_is_refused_with_its_place(ordo: Ordo, tmp_path: Path) -> None:
    odd, none = tmp_path / "odd.yaml", tmp_path / "none.yaml"
    lines = "customer: {id: C-1}\nlines: [{id: '1', product: note}]\n"
    odd.write_text(f"id: ÄÖ 1/2 %'x\n{lines}")
    none.write_text(lines)
    for command in ("start", "amend"):
        called = await ordo(command, odd)
        assert called.status == 1
        assert called.err.startswith("Error: An order without a usable `id` cannot be sent\n")
        assert f"{odd}:1:5: the order: `id` may have letters, digits" in called.err
        assert "and is `ÄÖ 1/2 %'x`" in called.err
    several = await ordo("start", odd, none)
    assert several.status == 1
    assert f"Error: order ÄÖ 1/2 %'x: An order without a usable `id` cannot be sent\n{odd}:1:5: " in several.err
    assert f"Error: the order in {none}: An order" in several.err
    assert f"{none}:1:1: the order: `id` is missing" in several.err
    told = await ordo("start", odd, "-o", "json")
    assert (told.json["error"]["code"], told.json["error"]["findings"][0]["line"]) == ("invalid", 1)


async def test_wait_for_completed_order_is_exit_0(ordo: Ordo) -> None:
    called = await ordo("start", "-", "--wait", "-o", "json", stdin=json.dumps(order_of("note", "S-15")))
    assert (called.status, called.json["state"]) == (0, "completed")


async def test_wait_for_other_end_is_exit_4(ordo: Ordo) -> None:
    called = await ordo("start", "-", "--wait", "-o", "json", stdin=json.dumps(order_of("careless", "S-10")))
    assert called.status == 4
    assert called.json["state"] == "partial"


async def test_timeout_is_exit_5_and_the_order_continues(ordo: Ordo) -> None:
    order = json.dumps(order_of("parcel", "S-11"))
    called = await ordo("start", "-", "--wait", "--timeout", "0.2", stdin=order)
    assert called.status == 5
    assert "it continues" in called.err
    assert (await ordo("show", "S-11", "-o", "json")).json["state"] == "in_progress"
    programs = await ordo("start", "-", "--wait", "--timeout", "0.2", "-o", "json", stdin=order)
    assert (programs.status, programs.json["timed_out"]) == (5, True)


async def test_watch_in_a_pipe_prints_each_step_and_the_end(ordo: Ordo) -> None:
    called = await ordo("start", "-", "--watch", stdin=json.dumps(order_of("note", "S-12")))
    assert called.status == 0
    assert "1  note.taken@1  completed" in called.out
    assert called.out.splitlines()[-1] == "Order S-12 ended: completed."
    assert "\x1b" not in called.out


async def test_order_is_not_sent_if_it_does_not_fit_the_definitions(ordo: Ordo) -> None:
    order = json.dumps(order_of("note", "S-13"))
    called = await ordo("start", "-", "--definitions", "definitions", stdin=order)
    assert called.status == 1
    assert "note" in called.err
    assert (await ordo("show", "S-13")).status == 1


async def test_order_without_a_worker_is_stored_and_reported(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cli.commands.orders.submission.WORKER_TIMEOUT", 0.5)
    nobody_works = Ordo(address, "cli-tests-idle")
    called = await nobody_works("start", "-", stdin=json.dumps(order_of("note", "S-14")))
    assert called.status == 0
    assert "waits for a worker" in called.out
    assert "python worker.py" in called.out


async def test_change_without_previous_is_accepted_with_a_warning_that_the_history_keeps(ordo: Ordo) -> None:
    change = {"id": "S-40", "lines": [{"id": "1", "product": "note", "action": "modify"}]}
    called = await ordo("start", "-", stdin=json.dumps(change))
    assert called.status == 0
    assert "warning: line `1`: there is no `previous`" in called.err
    assert "warning: line `1`: there is no `previous`" in (await ordo("history", "S-40")).out
    planned = await ordo("plan", "-", "--definitions", str(DEFINITIONS), "-o", "json", stdin=json.dumps(change))
    assert [warning["code"] for warning in planned.json["warnings"]] == ["previous-missing"]
