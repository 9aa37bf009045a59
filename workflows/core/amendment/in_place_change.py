"""`on_change: {call: …}`: what an amendment changes of a step's effect is done by a call of its own, with its own key.

The step goes through its states once more, as if that call were what it does; what it did, and put out, stays.
"""

from __future__ import annotations

from workflows.contract.states import SETTLED, StepState
from workflows.core.state.amendment_state import Sight
from workflows.core.state.order_run import OrderRun
from workflows.core.state.state_transitions import Withdrawal
from workflows.core.state.step_run import Phase, StepRun
from workflows.core.steps.settlement import hold_back, stop_waiting


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
