"""What `tasks` says of each step."""

from __future__ import annotations

from operations.reading.worklists import StepWorklist
from tests.support.order_views import step_view
from views.order.list_tables import tasks_table
from workflows.contract.order_views import StepView
from workflows.contract.states import StepState
from workflows.contract.worklists import WorklistItem


def text_of(step: StepView) -> str:
    [row] = tasks_table(StepWorklist([WorklistItem("HS-1", None, [], step)], [])).rows
    return str(row[-1])


def test_task_has_its_instructions_and_its_form() -> None:
    form = {"outcome": {"type": "string", "enum": ["done", "absent"], "required": True}, "notes": {"type": "string"}}
    task = step_view(1, "a.x@1", StepState.IN_PROGRESS, kind="manual", instructions="Mount it.", form=form)
    assert text_of(task) == "Mount it. [outcome (done|absent), notes?]"


def test_escalated_step_says_that_nobody_has_to_complete_it() -> None:
    late = step_view(1, "a.x@1", StepState.IN_PROGRESS, queue="desk", escalated_to="desk", waits_for="event E, key K")
    assert text_of(late) == "escalated, because it is late: event E, key K"
