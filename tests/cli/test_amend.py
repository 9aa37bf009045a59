"""`amend`, against a real server and a real worker."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.support.command_line import Ordo, order_of


def with_lines(order_id: str, *products: str, **more: Any) -> str:
    order = order_of(products[0], order_id, **more)
    order["lines"] = [{"id": str(number), "product": product} for number, product in enumerate(products, 1)]
    return json.dumps(order)


async def test_dry_run_shows_the_difference_and_changes_nothing(ordo: Ordo) -> None:
    await ordo.started("survey", "AM-1")
    called = await ordo("amend", "-", "--dry-run", stdin=with_lines("AM-1", "survey", "note", priority=1))
    assert called.status == 0, called
    assert called.out.splitlines()[0] == ("Order AM-1 would become revision 2: 1 added; 2 stay as they are")
    assert "order  changed  priority  3       1" in called.out
    assert "note.taken@2" in called.out
    shown = (await ordo("show", "AM-1", "-o", "json")).json
    assert (shown["revision"], len(shown["steps"])) == (1, 2)


async def test_amendment_records_who_and_why(ordo: Ordo) -> None:
    await ordo.started("survey", "AM-2")
    wanted = with_lines("AM-2", "survey", "note")
    called = await ordo("amend", "-", "--by", "anna", "--reason", "one more", "-o", "json", stdin=wanted)
    assert called.status == 0, called
    assert called.json["counts"] == {"added": 1}
    assert called.json["revision"] == 2
    await ordo.step_is("AM-2", "note.taken@2", "completed")
    shown = (await ordo("show", "AM-2", "-o", "json")).json
    assert shown["revision"] == 2
    assert ("anna", "one more") in {(entry["by"], entry["reason"]) for entry in shown["history"]}
    again = await ordo("start", "-", stdin=wanted)
    assert "is running already" in again.out
    assert "different content" not in again.err
    nothing = await ordo("amend", "-", stdin=wanted)
    assert nothing.out == "Order AM-2 already runs as this asks; nothing changes\n"


async def test_a_finding_of_the_worker_names_the_file_of_the_amendment(ordo: Ordo, tmp_path: Path) -> None:
    await ordo.started("survey", "AM-8")
    file = tmp_path / "moved.json"
    file.write_text(with_lines("AM-8", "survey", customer={"id": "C-8"}))
    called = await ordo("amend", str(file))
    assert called.status == 1
    assert f"{file}: the order is of customer" in called.err
    assert "the amendment names C-8: cancel it, and submit a new order for C-8 [customer-changed]" in called.err


async def test_impossible_amendment_is_refused_with_a_reason(ordo: Ordo) -> None:
    await ordo.started("survey", "AM-3")
    called = await ordo("amend", "-", stdin=with_lines("AM-3", "surwey"))
    assert called.status == 1
    assert called.err.startswith("Error: Order AM-3 continues unchanged: the new order is rejected")
    other = json.loads(with_lines("AM-3", "survey"))
    other["lines"][0]["id"] = "9"
    called = await ordo("amend", "-", stdin=json.dumps(other))
    assert called.status == 1
    assert "keeps no line of order AM-3" in called.err
    called = await ordo("amend", "-", stdin=with_lines("AM-0", "survey"))
    assert called.err.startswith("Error: There is no order AM-0")


async def test_ended_order_is_not_amended(ordo: Ordo) -> None:
    await ordo.started("note", "AM-4")
    await ordo("start", "-", "--wait", stdin=json.dumps(order_of("note", "AM-4")))
    called = await ordo("amend", "-", stdin=with_lines("AM-4", "note", "survey"))
    assert called.status == 1
    assert called.err.startswith("Error: Order AM-4 has ended (completed)")


async def test_person_names_the_unit_that_goes(ordo: Ordo) -> None:
    await ordo.started("crate", "AM-5", lines=[{"id": "1", "product": "crate", "quantity": 3}])
    await ordo("complete", "AM-5", "bottle.fill@1#3")
    two = json.dumps(order_of("crate", "AM-5", lines=[{"id": "1", "product": "crate", "quantity": 2}]))
    preview = await ordo("amend", "-", "--dry-run", "-o", "json", stdin=two)
    assert [(step["id"], step["fate"]) for step in preview.json["steps"]] == [("bottle.fill@1#2", "stopped")]
    called = await ordo("amend", "-", "--drop-unit", "bottle@1#1", "-o", "json", stdin=two)
    assert [(step["id"], step["fate"]) for step in called.json["steps"]] == [("bottle.fill@1#1", "stopped")]
    wrong = await ordo("amend", "-", "--drop-unit", "bottle@1#7", stdin=two)
    assert wrong.status == 1
    assert "the running order has no unit `bottle@1#7`; did you mean" in wrong.err
    assert (await ordo("amend", "-", stdin=two)).out == "Order AM-5 already runs as this asks; nothing changes\n"
