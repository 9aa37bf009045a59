"""Notes that people leave in an order's history."""

from __future__ import annotations

from workflows.contract.order_messages import ActAnswer, NoteAct, Refusal
from workflows.core.state.audit_log import LONGEST_REASON
from workflows.core.state.order_run import OrderRun
from workflows.core.steps.refusal import Refused, step_named


def check_note(run: OrderRun, note: NoteAct) -> None:
    """Raises Refused."""
    if not note.text.strip():
        raise Refused(Refusal.INVALID, "A note needs a text")
    if len(note.text) > LONGEST_REASON:
        raise Refused(Refusal.INVALID, f"A note has at most {LONGEST_REASON:,} characters")
    if note.step is not None:
        step_named(run, note.step)


def write_note(run: OrderRun, note: NoteAct) -> ActAnswer:
    step = None if note.step is None else run.id_of(step_named(run, note.step))
    run.journal.note(run.now, "note", step, note.actor.by, note.text.strip())
    about = f"step {step} of order {run.plan.order.id}" if step else f"order {run.plan.order.id}"
    return ActAnswer(step=step, message=f"Noted on {about}; `history {run.plan.order.id}` shows it")
