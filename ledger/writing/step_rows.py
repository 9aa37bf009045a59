"""The row of a step, and that of the work of people that it is. Pure."""

from __future__ import annotations

from typing import Any

from workflows.contract.order_changes import OrderRecord
from workflows.contract.states import ENDED_ORDER_STATES, StepState
from workflows.contract.step_facts import effective_state, is_undo_under_way
from workflows.contract.step_record import StepRecord
from workflows.contract.worklists import TASK_STATES, is_task, is_undo_task, working_queue

TASK, FALLOUT = "task", "fallout"


def step_row(order_key: int, step: StepRecord) -> dict[str, Any]:
    return {
        **changed_step_row(order_key, step),
        "step_id": step.id,
        "workstream": step.workstream,
        "workstream_name": step.workstream_name,
        "name": step.name,
        "kind": step.kind,
        "lines": step.lines,
        "after": step.after,
    }


def changed_step_row(order_key: int, step: StepRecord) -> dict[str, Any]:
    """Without the columns that only another plan changes."""
    error = step.error
    return {
        "order_key": order_key,
        "number": step.number,
        "summary": step.summary,
        "state": step.state.value,
        "jeopardy": step.jeopardy.value,
        "system": step.system,
        "queue": step.queue,
        "holder": step.holder,
        "attempts": step.attempts,
        "waits_for": step.waits_for,
        "due": step.due,
        "next_attempt_at": step.next_attempt_at,
        "started_at": step.started_at,
        "ended_at": step.ended_at,
        "late_at": step.late_at,
        "escalated_to": step.escalated_to,
        "error_code": error.code if error else None,
        "error_message": error.message if error else None,
        "error_at": error.at if error else None,
        "output": step.output,
        "corrections": step.corrections or None,
        "undo": step.undo,
        "other_orders": step.other_orders or None,
        "instructions": step.instructions,
        "form": step.form,
    }


def work_kind(step: StepRecord) -> str | None:
    """TASK, FALLOUT, or None if the step waits for no person. The lists of tasks and of fallout agree with it."""
    if effective_state(step) is StepState.FATALLY_FAILED:
        return FALLOUT
    return TASK if effective_state(step) in TASK_STATES and is_task(step) else None


def work_item_row(
    order_key: int, order_id: str, order: OrderRecord, customer_id: str | None, step: StepRecord
) -> dict[str, Any] | None:
    """None if the step waits for no person. Steps of an ended order wait for nobody."""
    kind = work_kind(step)
    if kind is None or order.state in ENDED_ORDER_STATES:
        return None
    undo = step.undo if is_undo_under_way(step) else None
    error = undo.error if undo else step.error
    queues = _queues(step)
    return {
        "order_key": order_key,
        "step_number": step.number,
        "kind": kind,
        "order_id": order_id,
        "step_id": step.id,
        "customer_id": customer_id,
        "priority": order.priority,
        "queue": queues[0],
        "second_queue": queues[1],
        "third_queue": queues[2],
        "holder": step.holder,
        "since": (error.at if error and kind == FALLOUT else None) or step.started_at or step.late_at,
        "due": undo.due if undo else step.due,
        "system": step.system,
        "error_code": error.code if error else None,
        "jeopardy": step.jeopardy.value,
        "escalated": step.escalated_to is not None,
    }


def _queues(step: StepRecord) -> tuple[str | None, str | None, str | None]:
    """The queue that works on the step, then the others whose people see it (see `is_in_queue`)."""
    working = working_queue(step)
    own = None if is_undo_task(step) else step.queue
    others = [queue for queue in dict.fromkeys((step.escalated_to, own)) if queue is not None and queue != working]
    second, third, *_ = (*others, None, None)
    return working, second, third
