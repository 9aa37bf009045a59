"""Which operator actions would be accepted now. Each action's own check answers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from workflows.contract import actions
from workflows.contract.action_checks import ActionCheck, PossibleActions, PossibleActionsRequest
from workflows.contract.actions import ActionSpec, ActionTarget
from workflows.contract.order_messages import (
    Message,
    NoteAction,
    OrderAction,
    RefusalCode,
    SetCharacteristics,
    StepAction,
)
from workflows.core.actions.action import ActionHandler
from workflows.core.actions.registry import ACTION_HANDLERS
from workflows.core.state.order_run import OrderRun
from workflows.core.steps.refusal import RequestRefused

TRIAL_DELAY = timedelta(days=3650)
"""How far a trial moves a time: so far that no time of an order is the same."""
DATA_REASONS = frozenset({"form_mismatch", "output_needed", "several_limits"})
"""Reasons of refusals that more data answers."""
HELD = "already_claimed"


def possible_actions(run: OrderRun, request: PossibleActionsRequest) -> PossibleActions:
    """Raises RequestRefused if there is no such step or line."""
    return PossibleActions(checks=list(_checks(run, request)))


def _checks(run: OrderRun, request: PossibleActionsRequest) -> Iterator[ActionCheck]:
    target = _target(request)
    with run.as_if_patched():
        for handler in ACTION_HANDLERS.values():
            if target in handler.spec.targets:
                yield _check(run, handler, request)


def _target(request: PossibleActionsRequest) -> ActionTarget:
    if request.step is not None:
        return ActionTarget.STEP
    return ActionTarget.ORDER if request.line is None else ActionTarget.LINE


def _check(run: OrderRun, handler: ActionHandler, request: PossibleActionsRequest) -> ActionCheck:
    spec = handler.spec
    try:
        result = handler.check(run, TRIALS[spec.request](run, spec, request))
    except RequestRefused as refusal:
        details = refusal.details
        if refusal.code is RefusalCode.NOT_FOUND:
            raise
        return ActionCheck(
            action=spec.name,
            code=refusal.code,
            message=str(refusal),
            reason=details.reason,
            data=details.data,
            alternatives=details.alternatives,
            needs_data=details.reason in DATA_REASONS,
            held_by=details.data.get("holder") if details.reason == HELD else None,
        )
    if result is None:
        return ActionCheck(action=spec.name)
    assessment = result.assessment
    return ActionCheck(
        action=spec.name,
        code=RefusalCode.NOT_NOW if assessment is not None and assessment.refused else None,
        message=result.message,
        reason="past_point_of_no_return" if assessment is not None and assessment.refused else "",
        alternatives=result.alternatives,
        already=assessment is None and result.already,
        assessment=assessment,
    )


# A trial is a request that says the least. What it lacks, and could have, shows as a reason of DATA_REASONS.


def _step_trial(run: OrderRun, spec: ActionSpec, request: PossibleActionsRequest) -> Any:
    later = datetime.fromtimestamp(run.now, UTC) + TRIAL_DELAY
    data: dict[str, dict[str, Any]] = {
        actions.ASSIGN.name: {"to": "another person"},
        actions.RESCHEDULE.name: {"to": later.isoformat()},
        actions.EXTEND.name: {"by": "1s"},
    }
    return StepAction(step=request.step or "", actor=request.actor, data=data.get(spec.name))


def _order_trial(_run: OrderRun, spec: ActionSpec, request: PossibleActionsRequest) -> Any:
    assess = "assess" in spec.parameters
    return OrderAction(actor=request.actor, line=request.line, step=request.step, assess=assess)


def _note_trial(_run: OrderRun, _spec: ActionSpec, request: PossibleActionsRequest) -> Any:
    return NoteAction(text="a note", actor=request.actor, step=request.step)


def _set_trial(_run: OrderRun, _spec: ActionSpec, request: PossibleActionsRequest) -> Any:
    return SetCharacteristics(characteristics={"any": True}, actor=request.actor)


TRIALS: Mapping[type[Message], Callable[[OrderRun, ActionSpec, PossibleActionsRequest], Any]] = {
    StepAction: _step_trial,
    OrderAction: _order_trial,
    NoteAction: _note_trial,
    SetCharacteristics: _set_trial,
}
