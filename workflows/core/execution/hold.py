"""Holding an order, a line or a step: nothing new starts, neither work nor undo; what runs goes on, timers too."""

from __future__ import annotations

from workflows.contract.states import StepState
from workflows.core.compensation.targets import line_named, line_tree, of_line
from workflows.core.compensation.undo_order import stand_in_line
from workflows.core.state.holds import Hold
from workflows.core.state.order_run import OrderRun, given
from workflows.core.state.step_run import Phase, StepRun
from workflows.core.steps.settlement import launch

S = StepState


def hold(run: OrderRun, given_hold: Hold) -> None:
    run.holds.named[given_hold.scope] = given_hold
    find_held(run)
    for position in run.holds.steps:
        step = run.steps[position]
        if step.queued and not step.flying:
            _out_of_line(run, step)
    run.changed = True


def _out_of_line(run: OrderRun, step: StepRun) -> None:
    """What stands in line for its first activity, or the next attempt after a pause; not what is half done."""
    if step.undo is not None and step.undo.open:
        if step.undo.state in (S.READY, S.FAILED):
            step.queued = False
            run.move_undo(step, S.ON_HOLD)
    elif step.state in (S.READY, S.FAILED):
        step.queued = False
        run.move(step, S.ON_HOLD)


def resume(run: OrderRun, scope: str) -> None:
    """Lifts one hold; steps that others concern stay held."""
    before = run.holds.steps
    del run.holds.named[scope]
    find_held(run)
    for position in before:
        if position not in run.holds.steps:
            _go_on(run, run.steps[position])
    run.changed = True


def resume_all(run: OrderRun) -> None:
    for scope in list(run.holds.named):
        resume(run, scope)


def _go_on(run: OrderRun, step: StepRun) -> None:
    undo = step.undo
    if undo is not None and undo.open:
        if undo.state is S.ON_HOLD and undo.phase is Phase.AHEAD:
            run.move_undo(step, S.PENDING)
            stand_in_line(run, step)
        elif undo.state is S.ON_HOLD:
            launch(run, step)
    elif step.state is S.ON_HOLD and step.phase is Phase.AHEAD:
        run.retried.append(step.position)
    elif step.state is S.ON_HOLD:
        launch(run, step)


def find_held(run: OrderRun) -> None:
    """Which steps and lines the holds concern: found anew when these, or the plan, have changed."""
    holds = run.holds
    holds.steps, holds.lines = {}, {}
    for scope in holds.named:
        kind, _, name = scope.partition(" ")
        if kind == "order":
            positions = list(range(len(run.steps)))
        elif kind == "line":
            target = of_line(run, name)
            positions = target.steps if target is not None else []
            if (line := line_named(run, name)) is not None:
                holds.lines |= dict.fromkeys(sorted(line_tree(run).under([line], children=True)))
        else:
            positions = [run.positions[name]] if name in run.positions else []
        for position in positions:
            holds.steps.setdefault(position, scope)


def held_back(run: OrderRun, step: StepRun) -> bool:
    """Puts the step on hold where it was to begin, or be tried again, and is held."""
    if step.position not in run.holds.steps:
        return False
    step.again_at = None
    if step.phase is Phase.START:
        step.phase = Phase.AHEAD
    run.move(step, S.ON_HOLD)
    return True


def undo_held_back(run: OrderRun, step: StepRun) -> bool:
    """As held_back, of its undo."""
    if step.position not in run.holds.steps:
        return False
    given(step.undo).again_at = None
    run.move_undo(step, S.ON_HOLD)
    return True
