"""Lines that rely on a line that is rolled back. They wait for a person's decision, or are rolled back as well."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Set

from workflows.contract.states import CANCELLED_STATES, SETTLED, StepState
from workflows.core.lines.line_reliance import LineReliance, PlanReliance
from workflows.core.state.order_run import OrderRun
from workflows.core.state.state_transitions import UndoReason
from workflows.core.state.step_run import Phase, StepRun
from workflows.core.steps.settlement import stop_waiting


def plan_reliance(run: OrderRun) -> PlanReliance:
    if run.reliance is None or run.reliance.plan is not run.plan:
        relies = any(line.relies_on for line in run.plan.order_lines)
        run.reliance = PlanReliance(run.plan, run.line_tree if relies else None)
    return run.reliance


def failed_reliance(run: OrderRun, step: StepRun) -> tuple[LineReliance, str] | None:
    """Finds a line of the step that relies on a rolled-back line. Returns both lines. Returns None if no line of the
    step does, or if a person has decided that the line continues."""
    if not run.compensation.rolled_back:
        return None
    for reliance in plan_reliance(run).by_step.get(step.position, ()):
        failed = next(failed_lines(run, reliance), None)
        if failed is not None:
            return reliance, failed
    return None


def failed_lines(run: OrderRun, reliance: LineReliance) -> Iterator[str]:
    """The failed lines that this line relies on, except those that a person has accepted for it."""
    accepted = run.compensation.accepted_failures.get(reliance.line_id, ())
    for line_id, steps in reliance.relied_on.items():
        if line_id not in accepted and any(
            _is_rolled_back(run.steps[at]) for at in steps & run.compensation.rolled_back
        ):
            yield line_id


def _is_rolled_back(step: StepRun) -> bool:
    return step.undo_reason is UndoReason.FAILURE and (step.undoing or step.state in CANCELLED_STATES)


def relying_lines(run: OrderRun, rolled_back: Set[int], target_steps: Iterable[int]) -> list[LineReliance]:
    """The lines that rely on a line of these steps, and have steps to do or to undo outside the target."""
    reliances = plan_reliance(run).lines
    if not reliances:
        return []
    outside = set(range(len(run.steps))).difference(target_steps)
    return [
        reliance
        for reliance in reliances
        if any(
            steps & rolled_back
            for line_id, steps in reliance.relied_on.items()
            if line_id not in run.compensation.accepted_failures.get(reliance.line_id, ())
        )
        and any(_concerns(run.steps[at], goes_back=reliance.goes_back) for at in reliance.steps & outside)
    ]


def _concerns(step: StepRun, *, goes_back: bool) -> bool:
    return step.state not in CANCELLED_STATES if goes_back else step.state not in SETTLED and not step.has_started


def stop_relying_steps(run: OrderRun) -> None:
    """Makes steps that are about to begin decide again, because a line that they rely on has failed."""
    if not run.compensation.rolled_back:
        return
    for reliance in plan_reliance(run).lines:
        if next(failed_lines(run, reliance), None) is None:
            continue
        for position in sorted(reliance.steps):
            _return_to_pending(run, run.steps[position])


def _return_to_pending(run: OrderRun, step: StepRun) -> None:
    if step.has_started or step.undoing or step.open_predecessors:
        return
    if step.state in (StepState.SCHEDULED, StepState.READY, StepState.ON_HOLD):
        stop_waiting(run, step)
        run.transition(step, StepState.PENDING)
    elif step.phase is Phase.OTHER_ORDERS:
        stop_waiting(run, step)
    else:
        return
    run.queues.start.append(step.position)
