"""`on_change: {call: …}`: what an amendment changes of a step's effect is done by a call of its own, with its own key.

The step goes through its states once more, as if that call were what it does; what it did, and put out, stays.
"""

from __future__ import annotations

from workflows.progress import OrderRun, Phase, StepRun
from workflows.revisions import Sight
from workflows.settling import hold_back, stop_waiting
from workflows.states import SETTLED, StepState, Withdrawal


def begin_patch(run: OrderRun, step: StepRun) -> None:
    """When everything before the step is there, it is patched; whoever has not begun waits for it."""
    hold_back(run, step)
    if step.state not in SETTLED:
        stop_waiting(run, step)
    if step.state is not StepState.PENDING:
        run.move(step, StepState.PENDING)
    step.withdrawal = Withdrawal.REVISION
    step.patching = True
    step.patches += 1
    step.attempts = 0
    step.uncertain = False
    step.phase = Phase.AHEAD
    step.ended_at = step.failure = step.queue = step.answer = step.callback = step.changes = None
    run.revisions.sights[step.position] = Sight.of(run.plan, run.plan.steps[step.position], patching=True)
    if step.open == 0:
        run.turns.append(step.position)
