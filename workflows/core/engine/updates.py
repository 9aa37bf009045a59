"""What people may do to a running order, by the update's name. The workflow registers a handler for each row."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from workflows.contract.order_messages import (
    UPDATE_NOTE,
    UPDATE_SET,
    ActionResult,
    NoteAction,
    OrderAction,
    SetCharacteristics,
    StepAction,
)
from workflows.core.actions import notes, order_actions, step_actions
from workflows.core.engine import advance
from workflows.core.state.order_run import OrderRun


@dataclass(frozen=True, slots=True)
class UpdateDefinition:
    """`judge` is asked before anything is done, and changes nothing; both raise Refused."""

    message_type: type[Any]
    validate: Callable[[OrderRun, Any], Any]
    handle: Callable[[OrderRun, Any], Any]
    result_type: type[Any] = ActionResult


def _step_update(name: step_actions.StepActionName) -> UpdateDefinition:
    def handle(run: OrderRun, action: StepAction) -> ActionResult:
        step, already = step_actions.check_step_action(run, name, action)
        if already is not None:
            return already
        advance.run_step_action(run, name, step, action)
        advance.advance(run)
        return step_actions.step_action_result(run, name, step, action)

    return UpdateDefinition(StepAction, lambda run, act: step_actions.check_step_action(run, name, act), handle)


def _order_update(name: order_actions.OrderActionName) -> UpdateDefinition:
    def handle(run: OrderRun, action: OrderAction) -> ActionResult:
        already = order_actions.check_order_action(run, name, action)
        return already if already is not None else order_actions.apply_order_action(run, name, action)

    return UpdateDefinition(OrderAction, lambda run, act: order_actions.check_order_action(run, name, act), handle)


UPDATES: Mapping[str, UpdateDefinition] = {
    **{name: _step_update(name) for name in step_actions.VALIDATORS},
    **{name: _order_update(name) for name in order_actions.VALIDATORS},
    UPDATE_NOTE: UpdateDefinition(NoteAction, notes.check_note, notes.add_note),
    UPDATE_SET: UpdateDefinition(
        SetCharacteristics, step_actions.check_characteristics, step_actions.set_characteristics
    ),
}
