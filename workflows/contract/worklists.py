"""The steps that wait for a person: which ones they are, and which queue works on them. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from workflows.contract.order_views import StepView
from workflows.contract.states import StepState
from workflows.contract.step_facts import is_undo_under_way
from workflows.contract.step_record import AnyStep

TASK_STATES = (StepState.READY, StepState.IN_PROGRESS, StepState.FAILED, StepState.ON_HOLD)
"""States in which a step may be a task. Steps in fallout have a list of their own."""


@dataclass(frozen=True)
class WorklistItem:
    """A step that waits for a person, with the order that it belongs to."""

    order_id: str
    customer_id: str | None
    products: list[str]
    step: StepView


def is_task(step: AnyStep) -> bool:
    """Whether the step waits for a person, or is escalated to a queue."""
    return needs_person(step) or (
        not (step.undo is not None and is_undo_under_way(step))
        and step.kind != "manual"
        and step.escalated_to is not None
        and step.queue == step.escalated_to
    )


def needs_person(step: AnyStep) -> bool:
    """Whether a person completes it: an open manual step or undo."""
    if step.undo is not None and is_undo_under_way(step):
        return is_undo_task(step)
    return step.kind == "manual" and step.state is StepState.IN_PROGRESS


def is_in_queue(step: AnyStep, queue: str) -> bool:
    """Whether the queue's people see the step. They see their own steps and undos, and those escalated to them."""
    return queue in (working_queue(step), step.escalated_to) or (not is_undo_task(step) and queue == step.queue)


def working_queue(step: AnyStep) -> str | None:
    """The queue that works on the step, or on its undo."""
    return (step.undo.queue if step.undo is not None and is_undo_under_way(step) else None) or step.queue


def is_undo_task(step: AnyStep) -> bool:
    """Whether a person has to undo the step."""
    undo = step.undo
    return undo is not None and undo.queue is not None and undo.state == StepState.IN_PROGRESS
