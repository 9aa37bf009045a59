"""The kinds of steps, a file each; what they do at each occasion stands in these tables."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from compiler.language.steps import StepKind
from workflows.core.execution import cross_order_wait
from workflows.core.execution.failure_handling import within_passed
from workflows.core.execution.kinds import activity, call, event, manual, milestone, undo, wait
from workflows.core.state.order_run import OrderRun
from workflows.core.state.step_run import Phase, StepRun

Occasion = Callable[[OrderRun, StepRun], None]

BEGIN: Mapping[StepKind, Occasion] = {
    StepKind.CALL: call.begin,
    StepKind.ACTIVITY: activity.begin,
    StepKind.MANUAL: manual.begin,
    StepKind.EVENT: event.begin,
    StepKind.WAIT: wait.begin,
    StepKind.MILESTONE: milestone.begin,
}
"""The step is `ready`."""

START: Mapping[Phase, Occasion] = {
    Phase.CALL: call.start_call,
    Phase.POLL: call.start_poll,
    Phase.ACTIVITY: activity.start_activity,
    Phase.LEARN: undo.start_learning,
    Phase.LEARN_POLL: undo.start_learning_by_poll,
    Phase.UNDO_CALL: undo.start_undo_call,
    Phase.UNDO_POLL: undo.start_undo_poll,
    Phase.UNDO_ACTIVITY: undo.start_undo_activity,
}
"""There is room for the activity that the step stands in line for."""

ANSWERED: Mapping[Phase, Callable[[OrderRun, StepRun, dict[str, Any]], None]] = {
    Phase.CALL: call.call_answered,
    Phase.POLL: call.poll_answered,
    Phase.ACTIVITY: activity.activity_answered,
    Phase.LEARN: undo.learnt,
    Phase.LEARN_POLL: undo.learnt,
    Phase.UNDO_CALL: undo.undo_answered,
    Phase.UNDO_POLL: undo.undo_answered,
    Phase.UNDO_ACTIVITY: undo.undo_answered,
}
"""Its activity has succeeded."""

DEADLINE: Mapping[Phase, Occasion] = {
    Phase.TIMER: wait.timer_ended,
    Phase.POLL: within_passed,
    Phase.CALLBACK: within_passed,
    Phase.EVENT: within_passed,
    Phase.OTHER_ORDERS: cross_order_wait.within_passed,
    Phase.CONDITION: within_passed,
}
"""What it waited for has come to its end, or has not come in time."""
