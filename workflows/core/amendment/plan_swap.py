"""A running order takes another plan: every step keeps its place and its state, what is new comes behind."""

from __future__ import annotations

from typing import Any

from compiler.plan.plan import Plan
from workflows.contract.states import NOT_BEGUN, SETTLED, StepState
from workflows.core.execution import cross_order_wait
from workflows.core.execution.hold import find_held
from workflows.core.execution.kinds.wait import watch
from workflows.core.state.amendment_state import Sight
from workflows.core.state.order_run import OrderRun, followers_in, tallies_of
from workflows.core.state.step_run import Phase, StepRun
from workflows.core.steps.settlement import stop_waiting
from workflows.core.timing.jeopardy import keep_time


def take_plan(run: OrderRun, plan: Plan, seen_otherwise: frozenset[int]) -> None:
    """`seen_otherwise`: steps that would see something else than before; those that have begun go on seeing that."""
    before = run.plan
    for step, were, are in zip(run.steps, before.steps, plan.steps, strict=False):
        sees_it_so = step.position in run.revisions.sights or not _has_begun(step)
        if not sees_it_so and (step.position in seen_otherwise or were.reads != are.reads):
            run.revisions.sights[step.position] = Sight.of(before, were, recipe=run.recipe(step))
    run.plan = plan
    run.recipes = [None] * len(plan.definitions)
    run.steps += [StepRun(position, 0) for position in range(len(run.steps), len(plan.steps))]
    run.followers = followers_in(plan)
    run.positions = {step.id: position for position, step in enumerate(plan.steps)}
    run.tallies = tallies_of(plan)
    run.count_anew()
    run.characteristics = merged(before.order.characteristics, run.characteristics, plan.order.characteristics)
    run.forget_names()
    find_held(run)
    _count_predecessors(run)
    run.condition_readers.clear()
    for position in list(run.conditions):
        watch(run, run.steps[position])
    run.to_judge.update(run.conditions)
    cross_order_wait.look_again(run)
    run.withdrawals.out_of_order = bool(run.withdrawals.open)
    run.changed = True
    keep_time(run)


def _has_begun(step: StepRun) -> bool:
    return step.begun or step.state in SETTLED


def _count_predecessors(run: OrderRun) -> None:
    """Whoever waits for more than before waits anew; whoever waits for nothing any more has its turn."""
    for step, planned in zip(run.steps, run.plan.steps, strict=True):
        step.open = sum(not run.steps[before].over for before in planned.after)
        ahead = step.state in NOT_BEGUN or (step.state is StepState.ON_HOLD and not step.begun)
        if step.undoing or not ahead:
            continue
        if step.open and step.state is not StepState.PENDING:
            stop_waiting(run, step)
            run.move(step, StepState.PENDING)
        elif not step.open and step.state is StepState.PENDING and step.phase is Phase.AHEAD:
            run.turns.append(step.position)


def merged(before: dict[str, Any], now: dict[str, Any], wanted: dict[str, Any]) -> dict[str, Any]:
    """The characteristics of an amended order. `before`: as the order had given them, `now`: as they are.

    What the new order gives otherwise than the old one counts; what people have set stays in all other cases.
    """
    set_since = {name: value for name, value in now.items() if name not in before or before[name] != value}
    stays = {
        name: value
        for name, value in set_since.items()
        if name not in wanted or (name in before and before[name] == wanted[name])
    }
    return {**wanted, **stays}
