"""Which events an order publishes, in which order, and with which data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from activity_contract.notifications import NotificationBatch, NotificationEvent, NotificationFilter, NotificationOrder
from compiler.language.event_types import EVENT_TYPES
from compiler.plan.codec import encode_plan
from tests.support.core.order_driver import ANN, START, OrderDriver
from tests.support.core.plans import call, plan_of
from workflows.contract.states import OrderState, StepState
from workflows.core.continue_as_new import order_snapshot
from workflows.core.engine import advance
from workflows.core.notifications import order_events
from workflows.core.state.commands import Command, PublishEvents
from workflows.core.state.order_run import OrderRun
from workflows.core.state.rollup import line_states

EVERYTHING = ["*"]


class Publisher(OrderDriver):
    """An order that publishes events. The outbox has each batch at once, unless `slow`."""

    def __init__(self, steps: Mapping[str, Any], events: list[str], revision: int = 1, slow: bool = False) -> None:
        self.plan = plan_of(steps)
        self.run = OrderRun(self.plan, START)
        self.run.raise_engine_errors = True
        self.commands: list[Command] = []
        self.batches: list[NotificationBatch] = []
        self.slow = slow
        advance.start_order(self.run)
        order_events.start_events(self.run, NotificationFilter(events=events, receivers=["crm"]), revision)
        self.advance()

    def advance(self) -> None:
        super().advance()
        while True:
            order_events.emit_events(self.run)
            handed = [each.batch for each in advance.drain_commands(self.run) if isinstance(each, PublishEvents)]
            self.batches += handed
            if not handed or self.slow:
                return
            order_events.batch_published(self.run, succeeded=True)

    @property
    def published(self) -> list[NotificationEvent]:
        return [event for batch in self.batches for event in batch.events]

    @property
    def types(self) -> list[str]:
        return [event.type for event in self.published]

    def last(self, event_type: str) -> dict[str, Any]:
        return next(event.data for event in reversed(self.published) if event.type == event_type)


def test_order_states_are_published_in_order_and_numbered_without_gaps() -> None:
    driven = Publisher({"a": call(), "b": call(after=["a"])}, ["order.*"])
    driven.answer("a")
    driven.answer("b")
    assert driven.types == ["order.accepted", "order.in_progress", "order.completed"]
    assert [event.number for event in driven.published] == [1, 2, 3]
    assert [event.id for event in driven.published] == ["O-1/1", "O-1/2", "O-1/3"]
    assert driven.last("order.completed") == {"state_before": "in_progress", "state": "completed"}
    assert driven.batches[-1].ended
    assert not driven.batches[0].ended
    assert driven.batches[0].order == NotificationOrder(
        id="O-1", customer={"id": "C-1", "name": "Elm Street 14", "tier": "gold"}, products=["home"]
    )


def test_later_revision_has_its_own_event_ids() -> None:
    assert [event.id for event in Publisher({"a": call()}, ["order.*"], revision=2).published] == [
        "O-1/r2/1",
        "O-1/r2/2",
    ]


def test_order_without_receivers_records_nothing() -> None:
    driven = OrderDriver({"a": call()})
    order_events.start_events(driven.run, None, 1)
    order_events.record_event(driven.run, "order.late")
    driven.answer("a")
    order_events.emit_events(driven.run)
    assert driven.run.outgoing_events is None
    assert driven.run.audit_log.unsent is None
    assert not advance.drain_commands(driven.run)


def test_only_wanted_events_are_published_and_numbered() -> None:
    driven = Publisher({"a": call(), "b": call()}, ["step.fatally_failed"])
    driven.answer("a")
    driven.fail("b", "out_of_stock", "none left")
    assert [(event.type, event.number) for event in driven.published] == [("step.fatally_failed", 1)]


def test_order_without_events_does_not_publish_its_end() -> None:
    driven = Publisher({"a": call()}, ["step.fatally_failed"])
    driven.answer("a")
    assert driven.run.ended
    assert driven.batches == []


def test_end_is_published_even_if_it_is_no_event() -> None:
    driven = Publisher({"a": call()}, ["order.in_progress"])
    driven.answer("a")
    assert [(len(batch.events), batch.ended) for batch in driven.batches] == [(1, False), (0, True)]


def test_fallout_event_says_why_and_resolved_event_who_and_how() -> None:
    cases = [{"do": "fallout", "queue": "field_ops"}]
    driven = Publisher({"a": call(on_failure=cases), "b": call(after=["a"])}, ["step.fatally_failed", "step.resolved"])
    driven.fail("a", "out_of_stock", "none left")
    driven.step_action("complete", "a", {"id": "R-9"})
    failed, resolved = driven.last("step.fatally_failed"), driven.last("step.resolved")
    assert (failed["step"], failed["code"], failed["message"]) == ("camera.a@1", "out_of_stock", "none left")
    assert (failed["queue"], failed["line"], failed["product"]) == ("field_ops", "camera@1", "camera")
    assert (resolved["by"], resolved["reason"], resolved["act"]) == (ANN.by, ANN.reason, "completed")
    assert (resolved["state_before"], resolved["state"]) == ("fatally_failed", "completed")


def test_action_events_say_who_and_why() -> None:
    driven = Publisher({"a": call()}, ["step.acted", "order.acted"])
    driven.fail("a")
    driven.step_action("skip", "a")
    driven.set_characteristics(paid=True)
    assert driven.types == ["step.acted", "order.acted"]
    assert driven.last("step.acted")["act"] == "skipped"
    assert driven.last("order.acted") == {"act": "set paid", "by": "ann", "reason": "asked to"}


def test_milestones_and_completed_lines_come_before_the_completed_order() -> None:
    driven = Publisher(
        {"a": call(), "m": {"milestone": True, "after": ["a"]}},
        ["milestone.reached", "line.completed", "order.completed"],
    )
    driven.answer("a")
    assert driven.types == ["milestone.reached", "line.completed", "line.completed", "order.completed"]
    assert driven.last("milestone.reached")["name"] == "M"
    lines = [event.data["line"] for event in driven.published if event.type == "line.completed"]
    assert lines == ["1", "camera@1"]


def test_further_attempt_is_no_event() -> None:
    driven = Publisher({"a": call()}, ["step.in_progress"])
    driven.fail("a", attempts=1, retry_after=600.0)
    driven.wait(600)
    assert driven.types == ["step.in_progress"]


def test_escalation_names_a_receiver_or_a_queue() -> None:
    driven = Publisher({"a": call()}, ["step.escalated"])
    for to in ("crm", "field_ops"):
        order_events.escalate(driven.run, driven.step("a"), to, "late")
        driven.advance()
    found = [(event.data.get("receiver"), event.data.get("queue")) for event in driven.published]
    assert found == [("crm", None), (None, "field_ops")]


def test_one_batch_at_a_time_and_interrupted_batch_is_repeated() -> None:
    driven = Publisher({"a": call(), "b": call()}, ["step.*"], slow=True)
    driven.answer("a")
    assert [event.number for event in driven.published] == [1, 2]
    order_events.batch_published(driven.run, succeeded=False)
    driven.advance()
    assert [event.number for event in driven.batches[-1].events] == [1, 2, 3]
    order_events.batch_published(driven.run, succeeded=True)
    driven.advance()
    assert len(driven.batches) == 2


def test_numbers_and_pending_events_continue_as_new() -> None:
    driven = Publisher({"a": call(), "b": call(after=["a"])}, EVERYTHING, slow=True)
    driven.fail("a", "out_of_stock")
    order_events.batch_published(driven.run, succeeded=False)
    before = driven.run.outgoing_events
    run, _ = order_snapshot.restore_order(
        order_snapshot.snapshot_order(driven.run, encode_plan(driven.plan)), driven.run.now
    )
    assert before is not None
    assert run.outgoing_events is not None
    assert (run.outgoing_events.last_number, run.outgoing_events.pending) == (before.last_number, before.pending)
    assert (run.outgoing_events.last_order_state, run.outgoing_events.order, run.outgoing_events.emitted_types) == (
        before.last_order_state,
        before.order,
        before.emitted_types,
    )
    driven.run, driven.slow = run, False
    driven.step_action("skip", "a", {})
    driven.answer("b")
    numbers = [event.number for event in driven.published][2:]
    assert driven.types[-1] == "order.completed"
    assert "line.completed" in driven.types
    assert sorted(set(numbers)) == list(range(1, max(numbers) + 1))


def test_long_texts_are_cut_and_absent_values_left_out() -> None:
    driven = Publisher({"a": call()}, ["step.fatally_failed"])
    driven.fail("a", "broken", "x" * 5_000)
    data = driven.last("step.fatally_failed")
    assert len(data["message"]) == order_events.MAX_TEXT_LENGTH
    assert None not in data.values()


@pytest.mark.parametrize("state", [each for each in OrderState if each is not OrderState.ACKNOWLEDGED])
def test_every_order_state_is_an_event(state: OrderState) -> None:
    assert f"order.{state.value}" in EVENT_TYPES


@pytest.mark.parametrize(
    "state",
    [
        each
        for each in StepState
        if each not in (StepState.PENDING, StepState.SCHEDULED, StepState.READY, StepState.FAILED)
    ],
)
def test_every_step_state_beyond_waiting_is_an_event(state: StepState) -> None:
    assert f"step.{state.value}" in EVENT_TYPES


def test_amendment_is_published_and_line_changes_start_from_the_last_states() -> None:
    driven = Publisher({"a": call(), "b": call(after=["a"])}, ["order.amended", "line.*"])
    driven.answer("a")
    driven.answer("b")
    assert driven.types.count("line.completed") == 2
    run = driven.run
    run.plan = replace(run.plan, catalogue_version="sha256:amended")
    order_events.order_amended(run, revision=2, by="ann", reason="wants more")
    driven.advance()
    assert driven.types.count("order.amended") == 1
    assert driven.types.count("line.completed") == 2
    assert driven.last("order.amended") == {"revision": 2, "by": "ann", "reason": "wants more"}


def test_line_events_agree_with_the_rolled_up_states() -> None:
    driven = Publisher(
        {"a": call(on_failure="continue"), "b": call(after=["a"], when="quantity > 5"), "c": call()}, ["line.*"]
    )
    driven.fail("a")
    driven.answer("c")
    found = {event.data["line"]: event.data["state"] for event in driven.published}
    states = line_states(driven.run)
    assert found == {"1": states[0].value, "camera@1": states[1].value}
    assert found["camera@1"] == "partial"
