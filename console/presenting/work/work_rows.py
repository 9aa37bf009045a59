"""The rows of the inbox."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from console.presenting.actions.action_words import action_label
from console.presenting.actions.suggestions import action_url, order_url, step_url
from console.presenting.error_words import message_words
from operations.access.permissions import ACTION_PERMISSIONS
from operations.access.person import Forbidden, Person, require_step
from operations.bulk.bulk_runner import error_code, waiting_since
from operations.reading.worklists import StepWorklist
from workflows.contract import actions
from workflows.contract.states import RELIED_ON_FAILED, Jeopardy, StepState
from workflows.contract.step_facts import effective_state, is_undo_under_way
from workflows.contract.worklists import WorklistItem, needs_person, working_queue


@dataclass(frozen=True, slots=True)
class WorkRow:
    key: str
    """As changes of the work name it: `task/HS-1/3`."""
    pick: str
    """Names the row in a choice: `HS-1/3`."""
    order_id: str
    order_url: str
    customer: str
    step_number: int
    step_id: str
    summary: str
    step_url: str
    state: StepState
    is_undo: bool
    system: str
    code: str
    message: str
    """Of the failure; of a task, its instructions."""
    queue: str
    holder: str
    is_mine: bool
    due: datetime | None
    late_at: datetime | None
    """By its SLA. None if it has a time that it is due, or if its undo waits: no SLA counts for that."""
    is_late: bool
    since: datetime | None
    why_not: str
    """Why the person may not act on it; empty if they may."""
    open_url: str
    """Where its task is completed, or its failure is mended."""
    open_label: str
    claim_url: str
    release_url: str


def work_rows(worklist: StepWorklist, kind: str, person: Person, now: datetime) -> list[WorkRow]:
    return [_row(item, kind, person, now) for item in worklist.items]


def _row(item: WorklistItem, kind: str, person: Person, now: datetime) -> WorkRow:
    step = item.step
    undo = step.undo if is_undo_under_way(step) else None
    error, due = (undo.error, undo.due) if undo else (step.error, step.due)
    is_task = needs_person(step)
    instructions = (undo.instructions if undo else None) or step.instructions or ""
    page = step_url(item.order_id, step.number)
    act = actions.COMPLETE if is_task else None if error_code(step) == RELIED_ON_FAILED else actions.RETRY
    return WorkRow(
        key=f"{kind}/{item.order_id}/{step.number}",
        pick=f"{item.order_id}/{step.number}",
        order_id=item.order_id,
        order_url=order_url(item.order_id),
        customer=item.customer_id or "",
        step_number=step.number,
        step_id=step.id,
        summary=step.summary or step.name,
        step_url=page,
        state=effective_state(step),
        is_undo=undo is not None,
        system=step.system or "",
        code=error_code(step) or "",
        message=message_words(error.message) if error is not None else instructions,
        queue=working_queue(step) or "",
        holder=step.holder or "",
        is_mine=step.holder == person.account,
        due=due,
        late_at=step.late_at if due is None and undo is None else None,
        is_late=step.jeopardy is Jeopardy.LATE or (due is not None and due < now),
        since=waiting_since(step),
        why_not=_why_not(person, item),
        open_url=action_url(item.order_id, act.name, step=step.number) if act is not None else page,
        open_label=action_label(act) if act is not None else "Open",
        claim_url=action_url(item.order_id, actions.CLAIM.name, step=step.number),
        release_url=action_url(item.order_id, actions.ASSIGN.name, step=step.number),
    )


def _why_not(person: Person, item: WorklistItem) -> str:
    try:
        require_step(person, ACTION_PERMISSIONS[actions.CLAIM.name], item.step)
    except Forbidden as forbidden:
        return forbidden.message
    return ""
