"""Holding an order, a line or a step. No work and no undo starts. Running work and timers continue."""

from __future__ import annotations

from workflows.contract.states import StepState
from workflows.core.compensation.targets import find_line, line_target
from workflows.core.compensation.undo_order import enqueue_undo
from workflows.core.state.holds import Hold
from workflows.core.state.order_run import OrderRun
from workflows.core.state.step_run import Phase, StepRun
from workflows.core.steps.settlement import enqueue_activity

S = StepState


def hold(run: OrderRun, new_hold: Hold) -> None:
    run.holds.by_scope[new_hold.scope] = new_hold
    refresh_held_steps(run)
    for position in run.holds.held_steps:
        step = run.steps[position]
        if step.queued and not step.in_flight:
            _dequeue(run, step)
    run.view_changed = True


def _dequeue(run: OrderRun, step: StepRun) -> None:
    """Hold the step if it waits for its first activity or for its next attempt. A step that is half done continues."""
    if step.undo is not None and step.undo.is_open:
        if step.undo.state in (S.READY, S.FAILED):
            step.queued = False
            run.transition_undo(step, S.ON_HOLD)
    elif step.state in (S.READY, S.FAILED):
        step.queued = False
        run.transition(step, S.ON_HOLD)


def resume(run: OrderRun, scope: str) -> None:
    """End one hold. If another hold concerns a step, the step stays held."""
    before = run.holds.held_steps
    del run.holds.by_scope[scope]
    refresh_held_steps(run)
    for position in before:
        if position not in run.holds.held_steps:
            _resume_step(run, run.steps[position])
    run.view_changed = True


def resume_all(run: OrderRun) -> None:
    for scope in list(run.holds.by_scope):
        resume(run, scope)


def _resume_step(run: OrderRun, step: StepRun) -> None:
    undo = step.undo
    if undo is not None and undo.is_open:
        if undo.state is S.ON_HOLD and undo.phase is Phase.IDLE:
            run.transition_undo(step, S.PENDING)
            enqueue_undo(run, step)
        elif undo.state is S.ON_HOLD:
            enqueue_activity(run, step)
    elif step.state is S.ON_HOLD:
        if step.phase is Phase.IDLE:
            run.queues.retry.append(step.position)
        else:
            enqueue_activity(run, step)


def refresh_held_steps(run: OrderRun) -> None:
    """Compute which steps and lines the holds concern. Call when the holds or the plan have changed."""
    holds, before = run.holds, run.holds.held_steps
    holds.held_steps, holds.held_lines = {}, {}
    for scope in holds.by_scope:
        kind, _, name = scope.partition(" ")
        if kind == "order":
            positions = list(range(len(run.steps)))
        elif kind == "line":
            target = line_target(run, name)
            positions = target.exclusive_steps if target is not None else []
            if (line := find_line(run, name)) is not None:
                holds.held_lines |= dict.fromkeys(sorted(run.line_tree.descendants([line], child_order_lines=True)))
        else:
            positions = [run.position_by_id[name]] if name in run.position_by_id else []
        for position in positions:
            holds.held_steps.setdefault(position, scope)
    run.changed_steps.update(at for at in {**before, **holds.held_steps} if before.get(at) != holds.held_steps.get(at))


def hold_if_held(run: OrderRun, step: StepRun) -> bool:
    """Put the step or its undo on hold, if a hold concerns it and it is about to begin or to be retried."""
    if step.position not in run.holds.held_steps:
        return False
    if step.undo is not None and step.undo.is_open:
        step.undo.again_at = None
        run.transition_undo(step, S.ON_HOLD)
        return True
    step.again_at = None
    if step.phase is Phase.SCHEDULED:
        step.phase = Phase.IDLE
    run.transition(step, S.ON_HOLD)
    return True
