"""Replaces the plan of a running order. Every step keeps its position and its state; new steps come after them."""

from __future__ import annotations

from typing import Any

from compiler.graph import invert_edges
from compiler.plan.plan import Plan
from workflows.contract.states import NOT_BEGUN, SETTLED, StepState
from workflows.core.execution import cross_order_wait
from workflows.core.execution.hold import refresh_held_steps
from workflows.core.execution.kinds.wait import watch_condition
from workflows.core.state.amendment_state import PinnedStep
from workflows.core.state.order_run import OrderRun
from workflows.core.state.step_run import Phase, StepRun
from workflows.core.steps.settlement import release_followers, stop_waiting
from workflows.core.timing.order_jeopardy import reset_jeopardy_watch


def swap_plan(run: OrderRun, plan: Plan, context_changed: frozenset[int]) -> None:
    """Steps of `context_changed` would read something different. Those that have begun keep the old plan's values."""
    before = run.plan
    pinned_steps = run.amendments.pinned_steps
    for step, old, new in zip(run.steps, before.steps, plan.steps, strict=False):
        must_pin = step.position not in pinned_steps and (step.has_started or step.state in SETTLED)
        if must_pin and (step.position in context_changed or old.reads != new.reads):
            pinned_steps[step.position] = PinnedStep.create(before, old, profile=run.profile(step))
    run.plan = plan
    run.profiles = [None] * len(plan.definitions)
    run.steps += [StepRun(position, 0) for position in range(len(run.steps), len(plan.steps))]
    run.followers = invert_edges([step.after for step in plan.steps])
    run.position_by_id = {step.id: position for position, step in enumerate(plan.steps)}
    run.recount()
    run.characteristics = merge_characteristics(
        before.order.characteristics, run.characteristics, plan.order.characteristics
    )
    run.clear_caches()
    refresh_held_steps(run)
    _recount_predecessors(run)
    run.waiting.condition_readers.clear()
    for position in list(run.waiting.conditions):
        watch_condition(run, run.steps[position])
    run.queues.conditions.update(run.waiting.conditions)
    cross_order_wait.refresh_waits(run)
    run.compensation.needs_sorting = bool(run.compensation.open_undos)
    run.view_changed = True
    reset_jeopardy_watch(run)


def _recount_predecessors(run: OrderRun) -> None:
    """Steps with new open predecessors wait again. Steps without any can start."""
    for step, planned in zip(run.steps, run.plan.steps, strict=True):
        step.open_predecessors = sum(not run.steps[before].released for before in planned.after)
        not_begun = step.state in NOT_BEGUN or (step.state is StepState.ON_HOLD and not step.has_started)
        if step.undoing or not not_begun:
            continue
        if step.open_predecessors and step.state is not StepState.PENDING:
            stop_waiting(run, step)
            run.transition(step, StepState.PENDING)
        elif not step.open_predecessors and step.state is StepState.PENDING and step.phase is Phase.IDLE:
            run.queues.start.append(step.position)
    for step in run.steps:
        if step.is_final and not step.released and not step.open_predecessors:
            release_followers(run, step)


def merge_characteristics(
    old_order: dict[str, Any], current: dict[str, Any], new_order: dict[str, Any]
) -> dict[str, Any]:
    """The characteristics of an amended order: those of the new order, and those that people have set since the old
    one, unless the new order changes them."""
    set_since = {name: value for name, value in current.items() if name not in old_order or old_order[name] != value}
    kept = {
        name: value
        for name, value in set_since.items()
        if name not in new_order or (name in old_order and old_order[name] == new_order[name])
    }
    return {**new_order, **kept}
