"""The kinds of steps, a file each; what they do at each occasion stands in these tables."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from compiler.language.steps import StepKind
from workflows.core.execution import cross_order_wait
from workflows.core.execution.failure_handling import wait_timed_out
from workflows.core.execution.kinds import activity, call, event, manual, milestone, undo, wait
from workflows.core.state.order_run import OrderRun
from workflows.core.state.step_run import Phase, StepRun

StepHandler = Callable[[OrderRun, StepRun], None]

BEGIN_HANDLERS: Mapping[StepKind, StepHandler] = {
    StepKind.CALL: call.begin,
    StepKind.ACTIVITY: activity.begin,
    StepKind.MANUAL: manual.begin,
    StepKind.EVENT: event.begin,
    StepKind.WAIT: wait.begin,
    StepKind.MILESTONE: milestone.begin,
}
"""The step is `ready`."""

ACTIVITY_STARTERS: Mapping[Phase, StepHandler] = {
    Phase.CALL: call.start_call,
    Phase.POLL: call.start_poll,
    Phase.ACTIVITY: activity.start_activity,
    Phase.RECOVER_OUTPUT: undo.start_output_recovery,
    Phase.RECOVER_OUTPUT_POLL: undo.start_recovery_poll,
    Phase.UNDO_CALL: undo.start_undo_call,
    Phase.UNDO_POLL: undo.start_undo_poll,
    Phase.UNDO_ACTIVITY: undo.start_undo_activity,
}
"""There is room for the activity that the step stands in line for."""

RESULT_HANDLERS: Mapping[Phase, Callable[[OrderRun, StepRun, dict[str, Any]], None]] = {
    Phase.CALL: call.handle_call_result,
    Phase.POLL: call.handle_poll_result,
    Phase.ACTIVITY: activity.handle_activity_result,
    Phase.RECOVER_OUTPUT: undo.handle_recovery_result,
    Phase.RECOVER_OUTPUT_POLL: undo.handle_recovery_result,
    Phase.UNDO_CALL: undo.handle_undo_result,
    Phase.UNDO_POLL: undo.handle_undo_result,
    Phase.UNDO_ACTIVITY: undo.handle_undo_result,
}
"""Its activity has succeeded."""

DEADLINE_HANDLERS: Mapping[Phase, StepHandler] = {
    Phase.TIMER: wait.handle_timer,
    Phase.POLL: wait_timed_out,
    Phase.CALLBACK: wait_timed_out,
    Phase.EVENT: wait_timed_out,
    Phase.OTHER_ORDERS: cross_order_wait.wait_timed_out,
    Phase.CONDITION: wait_timed_out,
}
"""What it waited for has come to its end, or has not come in time."""
