"""Notes that people leave in an order's history."""

from __future__ import annotations

from workflows.contract.order_messages import ActionResult, NoteAction, RefusalCode
from workflows.core.state.audit_log import MAX_REASON_LENGTH
from workflows.core.state.order_run import OrderRun
from workflows.core.steps.refusal import RequestRefused, find_step


def check_note(run: OrderRun, note: NoteAction) -> None:
    """Raises Refused."""
    if not note.text.strip():
        raise RequestRefused(RefusalCode.INVALID, "A note needs a text")
    if len(note.text) > MAX_REASON_LENGTH:
        raise RequestRefused(RefusalCode.INVALID, f"A note has at most {MAX_REASON_LENGTH:,} characters")
    if note.step is not None:
        find_step(run, note.step)


def add_note(run: OrderRun, note: NoteAction) -> ActionResult:
    step = None if note.step is None else run.step_id(find_step(run, note.step))
    run.audit_log.record(run.now, "note", step, note.actor.by, note.text.strip())
    about = f"step {step} of order {run.plan.order.id}" if step else f"order {run.plan.order.id}"
    return ActionResult(step=step, message=f"Noted on {about}; `history {run.plan.order.id}` shows it")
