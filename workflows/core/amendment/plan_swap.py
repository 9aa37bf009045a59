"""A running order takes another plan: every step keeps its place and its state, what is new comes behind."""

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
from workflows.core.steps.settlement import stop_waiting
from workflows.core.timing.jeopardy import reset_jeopardy_watch


def swap_plan(run: OrderRun, plan: Plan, context_changed: frozenset[int]) -> None:
    """`seen_otherwise`: steps that would see something else than before; those that have begun go on seeing that."""
    before = run.plan
    for step, were, are in zip(run.steps, before.steps, plan.steps, strict=False):
        sees_it_so = step.position in run.amendments.pinned_steps or not _has_started_or_settled(step)
        if not sees_it_so and (step.position in context_changed or were.reads != are.reads):
            run.amendments.pinned_steps[step.position] = PinnedStep.create(before, were, profile=run.profile(step))
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


def _has_started_or_settled(step: StepRun) -> bool:
    return step.has_started or step.state in SETTLED


def _recount_predecessors(run: OrderRun) -> None:
    """Whoever waits for more than before waits anew; whoever waits for nothing any more has its turn."""
    for step, planned in zip(run.steps, run.plan.steps, strict=True):
        step.open_predecessors = sum(not run.steps[before].released for before in planned.after)
        ahead = step.state in NOT_BEGUN or (step.state is StepState.ON_HOLD and not step.has_started)
        if step.undoing or not ahead:
            continue
        if step.open_predecessors and step.state is not StepState.PENDING:
            stop_waiting(run, step)
            run.transition(step, StepState.PENDING)
        elif not step.open_predecessors and step.state is StepState.PENDING and step.phase is Phase.IDLE:
            run.queues.start.append(step.position)


def merge_characteristics(
    old_order: dict[str, Any], current: dict[str, Any], new_order: dict[str, Any]
) -> dict[str, Any]:
    """The characteristics of an amended order. `before`: as the order had given them, `now`: as they are.

    What the new order gives otherwise than the old one counts; what people have set stays in all other cases.
    """
    set_since = {name: value for name, value in current.items() if name not in old_order or old_order[name] != value}
    stays = {
        name: value
        for name, value in set_since.items()
        if name not in new_order or (name in old_order and old_order[name] == new_order[name])
    }
    return {**new_order, **stays}
