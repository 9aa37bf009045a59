"""The queues in which an order's work waits for a person. The search attribute `Queues` shows them."""

from __future__ import annotations

from workflows.contract.order_messages import ANY_QUEUE, NO_QUEUE
from workflows.core.actions.holder import is_waiting_for_person
from workflows.core.execution.undo_activities import undo_definition
from workflows.core.state.open_work import Queues
from workflows.core.state.order_run import OrderRun, require
from workflows.core.state.step_run import Phase, StepRun

MAX_QUEUES_BYTES = 1_500
"""Temporal refuses values of more than 2 KB, and with them the workflow task."""


def open_work_queues(run: OrderRun) -> list[str]:
    """The queues in which steps wait, sorted. NO_QUEUE is among them if a step waits without a queue. If there are too
    many queues to show, the result is [ANY_QUEUE]."""
    work = run.open_work
    for position in work.changed:
        step = run.steps[position]
        work.set_queues(position, _queues(run, step) if is_waiting_for_person(step) else ())
    work.changed.clear()
    found = set(work.step_counts)
    for position in run.jeopardy_watch.escalated_steps if run.jeopardy_watch is not None else ():
        found.update(_queues(run, run.steps[position]))
    if sum(len(queue.encode()) + 3 for queue in found) > MAX_QUEUES_BYTES:
        return [ANY_QUEUE]
    return sorted(found)


def count_open_tasks(run: OrderRun) -> int:
    """Steps that wait for a person: tasks, and steps of other kinds that were escalated to a queue."""
    if run.jeopardy_watch is None:
        return run.counters.open_tasks
    escalated = run.jeopardy_watch.escalated_steps
    return run.counters.open_tasks + sum(run.steps[position].phase is not Phase.MANUAL for position in escalated)


def _queues(run: OrderRun, step: StepRun) -> Queues:
    """The step's own queue, the queue of the person who undoes it, and the queue that it was escalated to."""
    manual = run.definition(step).definition.manual
    found = [step.queue or (manual.queue if manual is not None else None)]
    undo = step.undo
    if undo is not None and undo.is_open and undo.phase is Phase.UNDO_MANUAL:
        found.append(require(undo_definition(run, step).manual).queue)
    if step.sla_clock is not None:
        found.append(step.sla_clock.escalated_to)
    return tuple(dict.fromkeys(queue for queue in found if queue)) or (NO_QUEUE,)
