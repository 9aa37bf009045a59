"""Steps that wait for steps of other orders, and how those orders notify them."""

from __future__ import annotations

from typing import Any

import pytest

from activity_contract.cross_order import CrossOrderStepStatus, StepWatch
from tests.support.core.order_driver import OrderDriver
from tests.support.core.plans import call, plan_of
from workflows.contract.states import StepState
from workflows.core.amendment.plan_swap import swap_plan
from workflows.core.engine import advance
from workflows.core.execution import cross_order_notify
from workflows.core.execution.cross_order_wait import INITIAL_PAUSE, MAX_ABSENCE, MAX_PAUSE
from workflows.core.state.commands import SendStepStatus, WatchOrderStep

S = StepState


def waiting(order: str = "O-2", step: str = "ship", **further: Any) -> dict[str, Any]:
    return call(after=[{"order": order, "step": step, **further}])


def driven_of(steps: dict[str, Any], **plan: Any) -> OrderDriver:
    return OrderDriver(plan_of(steps, **plan))


def asked(driven: OrderDriver) -> list[StepWatch]:
    return [command.watch for command in driven.commands if isinstance(command, WatchOrderStep)]


def told(driven: OrderDriver) -> list[tuple[str, str]]:
    """To which order, and what."""
    return [(each.order_id, each.status.standing) for each in driven.commands if isinstance(each, SendStepStatus)]


def say(driven: OrderDriver, standing: str, words: str = "", name: str = "a", step: str = "ship") -> None:
    said = {"step_id": f"camera.{name}@1", "other_order": "O-2", "other_step": step, "standing": standing}
    advance.receive_step_status(driven.run, CrossOrderStepStatus.model_validate(said | {"words": words}))
    driven.advance()


def watch_of(name: str, order: str = "O-9", workstream: str = "camera") -> StepWatch:
    return StepWatch(order_id=order, step_id="x.y@1", other_order="O-1", other_step=name, workstream=workstream)


def watch(driven: OrderDriver, name: str, order: str = "O-9") -> None:
    driven.run.order_links.add_watch(watch_of(name, order))
    driven.advance()


def test_other_order_is_asked_when_the_steps_own_predecessors_are_settled() -> None:
    driven = driven_of({"b": call(), "a": call(after=["b", {"order": "${steps.b.output.order}", "step": "ship"}])})
    assert asked(driven) == []
    driven.answer("b", {"order": "O-2"})
    assert [(watch.other_order, watch.other_step, watch.workstream) for watch in asked(driven)] == [
        ("O-2", "ship", "camera")
    ]
    assert driven.state("a") is S.PENDING
    assert driven.view("a").waits_for == "step ship of order O-2"


def test_step_starts_only_when_the_other_orders_step_is_done() -> None:
    driven = driven_of({"a": waiting()})
    say(driven, "open")
    assert driven.state("a") is S.PENDING
    say(driven, "done")
    assert driven.state("a") is S.IN_PROGRESS
    assert "step ship of order O-2 done" in [entry.message for entry in driven.run.audit_log.entries]
    say(driven, "done")
    assert len(driven.started("a")) == 1


def test_step_waits_for_all_steps_that_it_names() -> None:
    both = [{"order": "O-2", "step": "ship"}, {"order": "O-2", "step": "bill"}]
    driven = driven_of({"a": call(after=both)})
    say(driven, "done")
    assert driven.view("a").waits_for == "step bill of order O-2"
    say(driven, "done", step="bill")
    assert driven.state("a") is S.IN_PROGRESS


def test_condition_is_evaluated_after_the_other_order_is_done() -> None:
    driven = driven_of({"a": {**waiting(), "when": "order.characteristics.go == true"}}, characteristics={"go": False})
    driven.set_characteristics(go=True)
    say(driven, "done")
    assert driven.state("a") is S.IN_PROGRESS


@pytest.mark.parametrize(
    ("standing", "code"),
    [("undone", "other_step_undone"), ("ended", "other_order_ended"), ("missing", "no_such_step")],
)
def test_step_that_waits_in_vain_is_in_fallout_and_a_retry_asks_again(standing: str, code: str) -> None:
    driven = driven_of({"a": waiting()})
    say(driven, standing, "cancelled")
    assert driven.state("a") is S.FATALLY_FAILED
    error = driven.view("a").error
    assert error is not None
    assert error.code == code
    driven.step_action("retry", "a")
    assert len(asked(driven)) == 2
    say(driven, "done")
    assert driven.state("a") is S.IN_PROGRESS


def test_on_failure_can_accept_that_a_step_waits_in_vain() -> None:
    driven = driven_of({"a": {**waiting(), "on_failure": [{"code": "no_such_step", "do": "continue"}]}})
    say(driven, "missing")
    assert driven.state("a") is S.FAILED_ACCEPTED
    assert driven.run.ended


def test_within_ends_the_wait_with_code_timeout() -> None:
    driven = driven_of({"a": waiting(within="2h")})
    driven.wait(7_199)
    assert driven.state("a") is S.PENDING
    driven.wait(1)
    error = driven.view("a").error
    assert (driven.state("a"), error and error.code) == (S.FATALLY_FAILED, "timeout")


def test_wait_for_a_missing_order_ends_after_thirty_days() -> None:
    driven = driven_of({"a": waiting()})
    say(driven, "not_there")
    assert driven.view("a").other_orders[0].absent
    driven.wait(MAX_ABSENCE - 1)
    say(driven, "not_there")
    assert driven.state("a") is S.PENDING
    driven.wait(1)
    say(driven, "not_there")
    error = driven.view("a").error
    assert error is not None
    assert error.code == "no_such_order"


def test_unanswered_query_is_repeated_with_growing_pauses() -> None:
    driven = driven_of({"a": waiting()})
    pauses = []
    for _ in range(12):
        advance.order_watch_ended(driven.run, asked(driven)[-1], None)
        before = driven.run.now
        due = driven.run.next_due()
        assert due is not None
        driven.wait(due[0] - before)
        pauses.append(driven.run.now - before)
    assert pauses == [min(INITIAL_PAUSE * 2**n, MAX_PAUSE) for n in range(12)]


def test_order_cannot_wait_for_itself_or_for_an_invalid_id() -> None:
    for order in ("O-1", "no order", ""):
        driven = driven_of({"a": waiting(order)})
        error = driven.view("a").error
        assert error is not None
        assert error.code == "definition_error"


def test_cross_order_wait_continues_as_new_and_asks_again() -> None:
    driven = driven_of({"a": waiting(within="2h"), "b": call()})
    say(driven, "not_there")
    watch(driven, "b")
    driven.answer("b", {})
    after = driven.continue_as_new()
    assert after.view("a").other_orders == driven.view("a").other_orders
    assert len(asked(after)) == 1
    assert told(after) == []
    after.wait(7_200)
    assert after.state("a") is S.FATALLY_FAILED


def test_watches_continue_as_new() -> None:
    driven = driven_of({"b": {"manual": {"queue": "q"}}})
    watch(driven, "b")
    after = driven.continue_as_new()
    after.step_action("complete", "b")
    assert told(after) == [("O-9", "done")]


def test_watcher_is_notified_when_all_instances_are_settled() -> None:
    driven = driven_of({"a": call(), "b": call(after=["a"])})
    for name in ("b", "camera.b", "camera.b@1", "camera"):
        watch(driven, name, order=f"for {name}")
    watch(driven, "a")
    driven.answer("a", {})
    assert told(driven) == [("O-9", "done")]
    driven.answer("b", {})
    assert told(driven)[1:] == [(f"for {name}", "done") for name in ("b", "camera.b", "camera.b@1", "camera")]
    watch(driven, "b", order="late")
    assert told(driven)[-1] == ("late", "done")


def test_skipped_step_counts_as_done_and_unknown_step_as_missing() -> None:
    driven = driven_of({"a": call(when="quantity > 5"), "b": call()})
    watch(driven, "a")
    watch(driven, "other")
    watch(driven, "camera.other")
    assert told(driven) == [("O-9", "done"), ("O-9", "missing"), ("O-9", "missing")]


def test_notifications_in_flight_are_limited() -> None:
    driven = driven_of({"a": call(), "b": call(after=["a"])})
    for number in range(250):
        watch(driven, "a", order=f"O-{number + 10}")
    driven.answer("a", {})
    assert len(told(driven)) == cross_order_notify.MAX_NOTIFICATIONS
    for _ in range(250):
        advance.step_status_sent(driven.run)
        driven.advance()
    assert len({order for order, _ in told(driven)}) == 250


def test_ended_order_reports_the_status_of_its_step() -> None:
    driven = driven_of({"a": call()})
    assert cross_order_notify.step_status(driven.run, watch_of("a")).standing == "open"
    driven.answer("a", {})
    assert cross_order_notify.step_status(driven.run, watch_of("a")).standing == "done"
    assert cross_order_notify.step_status(driven.run, watch_of("b")).standing == "missing"


def test_amendment_that_names_another_order_asks_that_order() -> None:
    steps = {"a": waiting("${attributes.other}", within="2h"), "b": {"manual": {"queue": "q"}}}
    driven = driven_of(steps, attributes={"other": "O-2"})
    driven.wait(1_800)
    swap_plan(driven.run, plan_of(steps, attributes={"other": "O-2"}), frozenset())
    driven.advance()
    assert [each.other_order for each in asked(driven)] == ["O-2"] * len(asked(driven))
    swap_plan(driven.run, plan_of({**steps, "c": call()}, attributes={"other": "O-3"}), frozenset())
    driven.advance()
    assert asked(driven)[-1].other_order == "O-3"
    say(driven, "done")
    assert driven.state("a") is S.PENDING
    driven.wait(7_199)
    assert driven.state("a") is S.PENDING


def test_amended_order_resolves_watched_steps_again() -> None:
    steps = {"a": {"manual": {"queue": "q"}}, "b": {"manual": {"queue": "q"}}}
    driven = driven_of(steps)
    watch(driven, "camera")
    swap_plan(driven.run, plan_of({**steps, "c": {"manual": {"queue": "q"}}}), frozenset())
    for name in "ab":
        driven.step_action("complete", name)
    assert told(driven) == []
    driven.step_action("complete", "c")
    assert told(driven) == [("O-9", "done")]
