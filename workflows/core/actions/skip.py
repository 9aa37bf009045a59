"""`skip`: a step in fallout, or its undo, is left out, possibly with the output that later steps need."""

from __future__ import annotations

from workflows.contract import actions
from workflows.contract.order_messages import RefusalCode, StepAction
from workflows.contract.states import StepState
from workflows.core.actions.action import StepActionHandler, require_fallout
from workflows.core.execution.undo_execution import end_undo
from workflows.core.state.order_run import OrderRun
from workflows.core.state.step_run import StepRun
from workflows.core.steps.refusal import RequestRefused, alternative, step_list_text, step_reference
from workflows.core.steps.settlement import default_output, settle


def _check(run: OrderRun, step: StepRun, action: StepAction) -> None:
    require_fallout(run, step, actions.SKIP.past_tense)
    if step.undoing:
        if action.data is not None:
            raise RequestRefused(
                RefusalCode.INVALID,
                f"The undo of {step_reference(run, step)} has no output, so skipping it takes no data",
                "takes_no_output",
                [alternative(run, "skip", "without data", step=step)],
            )
        return
    definition = run.definition(step).definition
    if action.data is not None or definition.default_output is not None or definition.when is not None:
        return
    readers = run.open_readers(step)
    if readers:
        output = f"The output of {step_list_text(run, [step.position])}"
        needed_by = step_list_text(run, [reader.position for reader in readers])
        raise RequestRefused(
            RefusalCode.INVALID,
            f"{output} is needed by {needed_by}: supply the output that the step would have had",
            "output_needed",
            [alternative(run, "skip", "with that output", step=step, required=["data"])],
            readers=[run.step_id(reader) for reader in readers],
        )


def _apply(run: OrderRun, step: StepRun, action: StepAction) -> None:
    if step.undoing:
        end_undo(run, step, StepState.SKIPPED)
        return
    settle(run, step, StepState.SKIPPED, default_output(run, step) if action.data is None else action.data)


def _is_done(step: StepRun, action: StepAction) -> bool:
    return step.state is StepState.SKIPPED and (action.data is None or step.output == action.data)


ACTION = StepActionHandler(actions.SKIP, _check, _apply, _is_done)
