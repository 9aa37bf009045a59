"""What people have entered stays in the order's log."""

from __future__ import annotations

import json
import zlib
from typing import Any

import pytest

from compiler.plan.codec import encode_plan
from tests.support.core.order_driver import START, OrderDriver
from tests.support.core.plans import call
from workflows.contract.order_messages import RefusalCode
from workflows.core.continue_as_new.order_snapshot import restore_order, snapshot_order
from workflows.core.queries.order_view import order_view
from workflows.core.state.audit_log import LEFT_OUT, MAX_BYTES, MAX_DATA_BYTES, AuditLog
from workflows.core.steps.refusal import RequestRefused

FORM = {"serial": {"type": "string", "required": True}, "floor": {"type": "integer", "default": 0}}


def entered(driven: OrderDriver) -> list[tuple[str, Any]]:
    return [(entry.message, entry.data) for entry in driven.run.audit_log.entries if entry.by is not None]


def test_the_data_of_a_task_is_kept_as_it_was_entered() -> None:
    driven = OrderDriver({"fit": {"manual": {"queue": "field", "instructions": "fit it", "form": FORM}}})
    driven.step_action("complete", "fit", {"serial": "S-1"})
    assert entered(driven) == [("completed", {"serial": "S-1"})]


def test_the_data_of_a_refused_request_is_not_kept() -> None:
    driven = OrderDriver({"fit": {"manual": {"queue": "field", "instructions": "fit it", "form": FORM}}})
    with pytest.raises(RequestRefused) as refused:
        driven.step_action("complete", "fit", {"serail": "S-1"})
    assert refused.value.code is RefusalCode.INVALID
    assert entered(driven) == []


def test_changed_input_the_output_of_a_skipped_step_and_characteristics_are_kept() -> None:
    driven = OrderDriver({"a": {"call": {"system": "shop", "post": "/x", "body": {"sku": "X-1"}}}, "b": call()})
    driven.fail("a")
    driven.step_action("retry", "a", {"sku": "X-2"})
    driven.fail("b")
    driven.step_action("skip", "b", {"id": 7})
    driven.set_characteristics(urgent=True)
    assert entered(driven) == [
        ("retried with sku=X-2", {"sku": "X-2"}),
        ("skipped", {"id": 7}),
        ("set urgent", {"urgent": True}),
    ]


def test_a_new_time_is_kept_without_the_time_that_the_person_saw() -> None:
    driven = OrderDriver({"pause": {"wait": {"for": "1h"}}, "come": {"event": {"name": "x", "within": "1d"}}})
    driven.step_action("reschedule", "pause", {"to": "2027-02-01T08:00:00Z", "seen": "2027-01-15T09:00:00Z"})
    driven.step_action("extend", "come", {"by": "2d"})
    assert [data for _, data in entered(driven)] == [{"to": "2027-02-01T08:00:00Z"}, {"by": "2d"}]


def test_who_enters_nothing_leaves_no_data() -> None:
    driven = OrderDriver({"fit": {"manual": {"queue": "field", "instructions": "fit it"}}})
    driven.step_action("claim", "fit")
    driven.step_action("complete", "fit", {})
    assert entered(driven) == [("claimed", None), ("completed", None)]


def test_of_too_much_data_only_the_size_is_kept() -> None:
    driven = OrderDriver({"a": call()})
    driven.set_characteristics(text="x" * MAX_DATA_BYTES)
    assert entered(driven) == [("set text", {LEFT_OUT: MAX_DATA_BYTES + len('{"text": ""}')})]


def test_the_log_stays_bounded_whatever_people_enter() -> None:
    log = AuditLog()
    for number in range(100):
        log.record(float(number), "set x", by="ann", data={"x": "y" * 15_000})
    assert log.size <= MAX_BYTES
    assert log.entries[-1].number == log.last_number == 100


def test_data_shows_only_to_clients_that_can_read_it() -> None:
    driven = OrderDriver({"a": call()})
    driven.set_characteristics(urgent=True)
    assert [entry.data for entry in order_view(driven.run, 1, with_data=True).history][-1] == {"urgent": True}
    assert all("data" not in entry.model_dump() for entry in order_view(driven.run, 1).history)


def test_numbers_and_data_stay_when_the_order_continues_as_new() -> None:
    driven = OrderDriver({"a": call()})
    driven.set_characteristics(urgent=True)
    before = driven.run.audit_log
    after, _ = restore_order(snapshot_order(driven.run, encode_plan(driven.plan)), START)
    assert after.audit_log.entries == before.entries
    after.audit_log.record(START, "held")
    assert after.audit_log.entries[-1].number == before.last_number + 1


def test_numbers_never_change_although_old_entries_are_dropped() -> None:
    log = AuditLog()
    for number in range(1, 2_001):
        log.record(0.0, f"entry {number}")
    assert [entry.message for entry in log.entries] == [f"entry {entry.number}" for entry in log.entries]
    assert [entry.number for entry in log.entries_after(1_997)] == [1_998, 1_999, 2_000]
    assert log.entries_after(2_000) == []
    assert log.entries_after(0) == log.entries


def test_entries_of_an_earlier_release_are_numbered_from_one() -> None:
    driven = OrderDriver({"a": call()})
    packed = encode_plan(driven.plan)
    snapshot = snapshot_order(driven.run, packed)
    state = json.loads(zlib.decompress(snapshot[4 + len(packed) :]))
    earlier = {name: value for name, value in state.items() if not name.startswith("journal_")}
    run, _ = restore_order(snapshot[: 4 + len(packed)] + zlib.compress(json.dumps(earlier).encode()), START)
    numbers = [entry.number for entry in run.audit_log.entries]
    assert numbers == list(range(1, len(numbers) + 1))
    assert run.audit_log.last_number == len(numbers) > 0
