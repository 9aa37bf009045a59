"""All operator actions that the core handles, by the name of the update. `amend` is handled by the workflow itself,
because its new order has to be compiled first."""

from __future__ import annotations

from collections.abc import Mapping

from workflows.core.actions import (
    assign,
    cancel,
    claim,
    complete,
    extend,
    hold,
    note,
    proceed,
    redo,
    reschedule,
    resume,
    retry,
    rollback,
    set_characteristics,
    skip,
)
from workflows.core.actions.action import ActionHandler

ACTION_HANDLERS: Mapping[str, ActionHandler] = {
    module.ACTION.spec.name: module.ACTION
    for module in (
        *(retry, skip, complete, proceed, claim, assign, reschedule, extend),
        *(redo, cancel, rollback, hold, resume, note, set_characteristics),
    )
}
