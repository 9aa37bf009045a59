"""Which function to call for each kind of step, and for each phase. A new kind of step gets its rows here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from compiler.language.steps import StepKind
from workflows.core.execution import cross_order_wait, undo_activities
from workflows.core.execution.kinds import activity, call, event, manual, milestone, wait
from workflows.core.failures.failure_handling import wait_timed_out
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
    Phase.RECOVER_OUTPUT: undo_activities.start_output_recovery,
    Phase.RECOVER_OUTPUT_POLL: undo_activities.start_recovery_poll,
    Phase.UNDO_CALL: undo_activities.start_undo_call,
    Phase.UNDO_POLL: undo_activities.start_undo_poll,
    Phase.UNDO_ACTIVITY: undo_activities.start_undo_activity,
}
"""The step was queued for an activity, and may start it now."""

RESULT_HANDLERS: Mapping[Phase, Callable[[OrderRun, StepRun, dict[str, Any]], None]] = {
    Phase.CALL: call.handle_call_result,
    Phase.POLL: call.handle_poll_result,
    Phase.ACTIVITY: activity.handle_activity_result,
    Phase.RECOVER_OUTPUT: undo_activities.handle_recovery_result,
    Phase.RECOVER_OUTPUT_POLL: undo_activities.handle_recovery_result,
    Phase.UNDO_CALL: undo_activities.handle_undo_result,
    Phase.UNDO_POLL: undo_activities.handle_undo_result,
    Phase.UNDO_ACTIVITY: undo_activities.handle_undo_result,
}
"""The activity has succeeded."""

DEADLINE_HANDLERS: Mapping[Phase, StepHandler] = {
    Phase.TIMER: wait.handle_timer,
    Phase.POLL: wait_timed_out,
    Phase.CALLBACK: wait_timed_out,
    Phase.EVENT: wait_timed_out,
    Phase.OTHER_ORDERS: cross_order_wait.wait_timed_out,
    Phase.CONDITION: wait_timed_out,
}
"""The timer has fired, or `within` has passed."""
