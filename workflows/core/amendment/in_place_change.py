"""`on_change: {call: …}`: a separate call, with its own key, changes what a step has done.

The step goes through its states once more, as if that call were its work. Its effect and its output stay.
"""

from __future__ import annotations

from workflows.contract.states import SETTLED, StepState
from workflows.core.state.amendment_state import PinnedStep
from workflows.core.state.order_run import OrderRun
from workflows.core.state.state_transitions import UndoReason
from workflows.core.state.step_run import Phase, StepRun
from workflows.core.steps.corrections import keep_corrections
from workflows.core.steps.reset import block_followers
from workflows.core.steps.settlement import stop_waiting


def begin_in_place_change(run: OrderRun, step: StepRun) -> None:
    """The call is made once all predecessors are settled. Steps that have not begun wait for it."""
    block_followers(run, step, in_place=True)
    if step.state not in SETTLED:
        stop_waiting(run, step)
    if step.state is not StepState.PENDING:
        run.transition(step, StepState.PENDING)
    step.undo_reason = UndoReason.REVISION
    step.changing_in_place = True
    step.in_place_changes += 1
    step.attempts = 0
    step.uncertain = False
    step.phase = Phase.IDLE
    step.ended_at = step.failure = step.queue = step.answer = step.early_callback = None
    keep_corrections(step)
    run.amendments.pinned_steps[step.position] = PinnedStep.create(
        run.plan, run.plan.steps[step.position], in_place=True
    )
    if step.open_predecessors == 0:
        run.queues.start.append(step.position)
