"""In which queues an order's work waits for a person, as its search attribute shows it."""

from __future__ import annotations

from typing import Any

from tests.support.core.dated_plans import manual
from tests.support.core.order_driver import OrderDriver
from tests.support.core.plans import call
from tests.support.core.random_order_trial import Trial
from tests.support.core.undoable_plans import done
from workflows.contract.order_messages import ANY_QUEUE, NO_QUEUE
from workflows.contract.worklists import is_in_queue, is_task, working_queue
from workflows.core.queries.order_view import step_view
from workflows.core.queries.work_queues import open_work_queues

FALLOUT: dict[str, Any] = {"on_failure": [{"do": "fallout", "queue": "dispatch"}]}
SLA = {"duration": "1h", "escalate": "leads"}


def desk(queue: str, **further: Any) -> dict[str, Any]:
    return {"manual": {"queue": queue}, **further}


def test_tasks_and_fallout_show_their_queues_until_they_end() -> None:
    driven = OrderDriver({"a": call(**FALLOUT), "b": desk("care"), "c": desk("field", after=["b"])})
    assert open_work_queues(driven.run) == ["care"]
    driven.fail("a")
    assert open_work_queues(driven.run) == ["care", "dispatch"]
    driven.step_action("complete", "b")
    assert open_work_queues(driven.run) == ["dispatch", "field"]
    driven.step_action("retry", "a")
    driven.step_action("complete", "c")
    assert open_work_queues(driven.run) == []


def test_queue_of_two_tasks_stays_until_both_are_done() -> None:
    driven = OrderDriver({"a": desk("care"), "b": desk("care")})
    driven.step_action("complete", "a")
    assert open_work_queues(driven.run) == ["care"]
    driven.step_action("complete", "b")
    assert open_work_queues(driven.run) == []


def test_fallout_without_a_queue_is_told_from_an_order_that_shows_none() -> None:
    driven = OrderDriver({"a": call()})
    driven.fail("a")
    assert open_work_queues(driven.run) == [NO_QUEUE]


def test_escalated_step_is_in_both_queues() -> None:
    driven = OrderDriver({"a": manual(sla=SLA), "b": {"event": {"name": "e"}, "sla": SLA}})
    driven.wait(3_601)
    assert open_work_queues(driven.run) == ["field", "leads"]
    driven.step_action("complete", "a")
    assert open_work_queues(driven.run) == ["leads"]
    driven.event("e")
    assert open_work_queues(driven.run) == []


def test_undo_by_a_person_shows_that_person_s_queue() -> None:
    driven = done({"a": call(undo={"manual": {"queue": "stores"}})}, "a")
    driven.roll_back()
    assert "stores" in open_work_queues(driven.run)
    assert is_in_queue(driven.view("a"), "stores")


def test_queues_are_the_same_in_the_next_run() -> None:
    driven = OrderDriver({"a": call(**FALLOUT), "b": desk("care")})
    driven.fail("a")
    assert open_work_queues(driven.continue_as_new().run) == open_work_queues(driven.run) == ["care", "dispatch"]


def test_too_many_queues_are_shown_as_any() -> None:
    driven = OrderDriver({f"s{number}": desk(f"a-rather-long-name-of-a-queue-{number}") for number in range(100)})
    assert open_work_queues(driven.run) == [ANY_QUEUE]


class QueueTrial(Trial):
    """Whatever happens, the queues of every task and every fallout show; and after a continue-as-new, too."""

    def check_views(self) -> None:
        super().check_views()
        shown = set(open_work_queues(self.run))
        for step in self.run.steps:
            view = step_view(self.run, step)
            if step.in_fallout or is_task(view):
                queue = working_queue(view) or NO_QUEUE
                if queue not in shown:
                    raise self.broken(f"{view.id} waits in {queue}, and only {shown} show")
        self.run.recount()
        if set(open_work_queues(self.run)) != shown:
            raise self.broken(f"{shown} show, and {open_work_queues(self.run)} after counting again")


def test_queues_of_random_orders_show() -> None:
    for seed in range(60):
        QueueTrial(seed).run_to_end()


def test_an_undo_by_hand_is_a_task_also_after_the_output_that_it_shows_was_recovered() -> None:
    by_hand = {"manual": {"queue": "field", "instructions": "fetch ${output.id}"}}
    driven = OrderDriver({"a": call(undo=by_hand)})
    driven.fail("a", "timeout", outcome_known=False)
    driven.order_action("cancel")
    driven.answer("a", {"id": "A-1"})
    shown = driven.view("a").undo
    assert shown is not None
    assert (shown.state, shown.instructions) == ("in_progress", "fetch A-1")
    assert (driven.run.counters.open_tasks, open_work_queues(driven.run)) == (1, ["field"])
    driven.step_action("complete", "a")
    assert (driven.run.counters.open_tasks, open_work_queues(driven.run)) == (0, [])
    assert driven.order_state() == "cancelled"
