"""`set`: characteristics of an order change, and the conditions that read them are evaluated again."""

from __future__ import annotations

import json

from workflows.contract import actions
from workflows.contract.order_messages import ActionResult, RefusalCode, SetCharacteristics
from workflows.core.actions.action import OrderActionHandler, entered_data
from workflows.core.state.order_run import OrderRun
from workflows.core.steps.refusal import RequestRefused
from workflows.core.steps.settlement import NO_OUTPUT

MAX_CHARACTERISTICS_BYTES = 200_000
"""Bytes of JSON. The characteristics are part of the order's snapshot."""


def _check(run: OrderRun, message: SetCharacteristics) -> ActionResult | None:
    if not message.characteristics:
        raise RequestRefused(RefusalCode.INVALID, "Give at least one characteristic", "characteristics_missing")
    if len(json.dumps({**run.characteristics, **message.characteristics}, default=str)) > MAX_CHARACTERISTICS_BYTES:
        raise RequestRefused(
            RefusalCode.INVALID,
            f"The characteristics of an order have at most {MAX_CHARACTERISTICS_BYTES:,} bytes in total",
            "characteristics_too_large",
        )
    if all(run.characteristics.get(name, NO_OUTPUT) == value for name, value in message.characteristics.items()):
        return ActionResult(message=f"{_subject(run, message)} already set to this", already=True)
    return None


def _subject(run: OrderRun, message: SetCharacteristics) -> str:
    verb = "is" if len(message.characteristics) == 1 else "are"
    return f"{', '.join(message.characteristics)} of order {run.plan.order.id} {verb}"


def _apply(run: OrderRun, message: SetCharacteristics) -> ActionResult:
    run.set_characteristics(message.characteristics)
    text = f"{actions.SET.past_tense} {', '.join(message.characteristics)}"
    entered = entered_data(message.characteristics)
    run.audit_log.record(run.now, text, None, message.actor.signature, message.actor.reason, data=entered)
    return ActionResult(message=f"{_subject(run, message)} set")


ACTION = OrderActionHandler(actions.SET, _check, _apply)
