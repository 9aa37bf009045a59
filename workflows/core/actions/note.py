"""`note`: a person leaves a note in an order's history."""

from __future__ import annotations

from workflows.contract import actions
from workflows.contract.order_messages import ActionResult, NoteAction, RefusalCode
from workflows.core.actions.action import OrderActionHandler
from workflows.core.state.audit_log import MAX_REASON_LENGTH
from workflows.core.state.order_run import OrderRun
from workflows.core.steps.refusal import RequestRefused, find_step


def _check(run: OrderRun, note: NoteAction) -> None:
    if not note.text.strip():
        raise RequestRefused(RefusalCode.INVALID, "A note needs a text", "text_missing")
    if len(note.text) > MAX_REASON_LENGTH:
        raise RequestRefused(
            RefusalCode.INVALID, f"A note has at most {MAX_REASON_LENGTH:,} characters", "text_too_long"
        )
    if note.step is not None:
        find_step(run, note.step)


def _apply(run: OrderRun, note: NoteAction) -> ActionResult:
    step = None if note.step is None else run.step_id(find_step(run, note.step))
    run.audit_log.record(run.now, actions.NOTE.past_tense, step, note.actor.signature, note.text.strip())
    subject = f"step {step} of order {run.plan.order.id}" if step else f"order {run.plan.order.id}"
    return ActionResult(step=step, message=f"The note is in the history of {subject}")


ACTION = OrderActionHandler(actions.NOTE, _check, _apply)
