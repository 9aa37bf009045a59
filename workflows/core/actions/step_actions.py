"""What a person does to a running order: retries, skips or completes a step, sets characteristics.

Each act is first judged, without changing anything (an update's validator), then done.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Literal

from compiler.language.steps import StepKind
from workflows.contract.order_messages import ActionResult, RefusalCode, SetCharacteristics, StepAction
from workflows.contract.states import DONE, SETTLED, TAKEN_BACK, StepState
from workflows.core.actions import assignment
from workflows.core.actions import reschedule as time
from workflows.core.actions.assignment import check_holder
from workflows.core.execution import cross_order_wait
from workflows.core.execution.kinds.manual import complete_manual
from workflows.core.execution.undo_activities import undo_definition
from workflows.core.execution.undo_execution import end_undo, retry_undo
from workflows.core.failures.failure_handling import FALLOUT_ROUNDS
from workflows.core.state.order_run import OrderRun, require
from workflows.core.state.step_run import Phase, StepRun
from workflows.core.steps import form_validation
from workflows.core.steps.refusal import RequestRefused, find_step
from workflows.core.steps.settlement import NO_OUTPUT, default_output, settle

StepActionName = Literal["retry", "skip", "complete", "reschedule", "extend", "claim", "assign", "proceed"]

F = StepState.FATALLY_FAILED

MAX_CHARACTERISTICS_BYTES = 200_000
"""Bytes of JSON; they cross over with the order's state."""


def check_step_action(run: OrderRun, name: StepActionName, action: StepAction) -> tuple[StepRun, ActionResult | None]:
    """The step that is meant, and the answer where the act has been done already. Raises Refused."""
    step = find_step(run, action.step)
    if ALREADY_DONE[name](step, action):
        so = assignment.holder_possessive(step) if name in ("claim", "assign") else step.state.value
        return step, _result(run, step, f"{_step_reference(run, step)} is {so} already", already=True)
    if action.expected is not None and action.expected not in _visible_states(step):
        raise RequestRefused(
            RefusalCode.STALE,
            f"{_step_reference(run, step)} is {step.state} by now, no longer {action.expected}; "
            f"{_possible_actions(run, step)}",
        )
    check_holder(run, step, action)
    VALIDATORS[name](run, step, action)
    return step, None


def _visible_states(step: StepRun) -> tuple[StepState, ...]:
    """What whoever looks at the step sees of it: its state, or its undo's."""
    return (step.state, step.undo.state) if step.undo is not None and step.undo.is_open else (step.state,)


def apply_step_action(run: OrderRun, step: StepRun, name: StepActionName, action: StepAction) -> None:
    """Does what has been judged; what follows shows in the step's state once the core has advanced."""
    run.audit_log.record(run.now, _past_text(name, action), run.step_id(step), action.actor.by, action.actor.reason)
    HANDLERS[name](run, step, action)


def _past_text(name: StepActionName, action: StepAction) -> str:
    """`completed`, `extended by 2d`, `assigned to kim`."""
    if name == "assign":
        return assignment.assignment_text(action)
    return (
        f"{PAST_TENSE[name]} {time.time_change_text(action)}" if name in ("reschedule", "extend") else PAST_TENSE[name]
    )


def step_action_result(run: OrderRun, name: StepActionName, step: StepRun, action: StepAction) -> ActionResult:
    if name in ("claim", "assign"):
        return _result(run, step, f"{_step_reference(run, step)} is {assignment.holder_possessive(step)} now")
    failure = step.undo.failure if step.undo is not None and step.undoing else step.failure
    again = f", and is in fallout: {failure.message}" if step.in_fallout and failure else ""
    return _result(run, step, f"{_step_reference(run, step)} was {_past_text(name, action)}{again}")


def _result(run: OrderRun, step: StepRun, message: str, *, already: bool = False) -> ActionResult:
    return ActionResult(step=run.step_id(step), state=step.state, message=message, already=already)


def _step_reference(run: OrderRun, step: StepRun) -> str:
    return f"Step {step.position + 1} ({run.step_id(step)})"


def _possible_actions(run: OrderRun, step: StepRun) -> str:
    """What can be done with the step as it is, in words."""
    order, number = run.plan.order.id, step.position + 1
    if step.in_fallout:
        return f"possible: `retry {order} {number}`, `complete {order} {number}`, `skip {order} {number}`"
    if step.active_phase in (Phase.MANUAL, Phase.UNDO_MANUAL):
        return f"possible: `complete {order} {number}`"
    if step.phase is Phase.EVENT:
        return f"possible: `event {order} {step.event_names[0]} --step {number}`"
    if step.phase is Phase.OTHER_ORDERS:
        return f"possible: `proceed {order} {number}`, without waiting for the other order"
    if step.phase is Phase.CONDITION:
        return f"possible: `set {order}` on the characteristics that it reads"
    if step.state in TAKEN_BACK and not step.undoing:
        return "possible: a new line that asks for it (`amend`), or `start --revision` once the order has ended"
    if step.state in SETTLED and not step.undoing:
        return f"possible: `redo {order} {number}`, which undoes it, and does it again"
    return f"`why {order} {number}` tells what it waits for"


def _require_fallout(run: OrderRun, step: StepRun, verb: str) -> None:
    if not step.in_fallout:
        raise RequestRefused(
            RefusalCode.NOT_NOW,
            f"{_step_reference(run, step)} is {'being undone' if step.undoing else step.state}, and only a "
            "step in fallout can "
            f"be {verb}; {_possible_actions(run, step)}",
        )


def _check_retry(run: OrderRun, step: StepRun, action: StepAction) -> None:
    _require_fallout(run, step, "retried")
    if step.undoing:
        undo = undo_definition(run, step)
        if action.data and undo.call is None and undo.activity is None:
            raise RequestRefused(
                RefusalCode.INVALID, f"A person undoes {_step_reference(run, step)}: a retry takes no other input"
            )
    elif action.data and run.profile(step).kind not in (StepKind.CALL, StepKind.ACTIVITY):
        raise RequestRefused(
            RefusalCode.INVALID, f"{_step_reference(run, step)} sends nothing out, so a retry takes no other input"
        )


def _check_skip(run: OrderRun, step: StepRun, action: StepAction) -> None:
    _require_fallout(run, step, "skipped")
    if step.undoing:
        if action.data is not None:
            raise RequestRefused(
                RefusalCode.INVALID, f"The undo of {_step_reference(run, step)} puts nothing out: leave --data away"
            )
        return
    definition = run.definition(step).definition
    if action.data is not None or definition.default_output is not None or definition.when is not None:
        return
    readers = run.open_readers(step)
    if readers:
        named = ", ".join(run.step_id(reader) for reader in readers[:3]) + (" and others" if len(readers) > 3 else "")
        raise RequestRefused(
            RefusalCode.INVALID,
            f"{named} need the output of {_step_reference(run, step)}: give it with --data, as the step would "
            "have put it out",
        )


def _check_complete(run: OrderRun, step: StepRun, action: StepAction) -> None:
    if step.undoing:
        manual = undo_definition(run, step).manual if run.definition(step).definition.undo else None
        possible = step.active_phase is Phase.UNDO_MANUAL and require(step.undo).state is StepState.IN_PROGRESS
    else:
        manual = run.definition(step).definition.manual
        possible = step.phase is Phase.MANUAL
    if manual is None or not (step.in_fallout or possible):
        _require_fallout(run, step, "completed")
        return
    _, problems = form_validation.validate_form(manual.form, action.data or {})
    if problems:
        asked = f"; the form asks for {form_validation.describe_form(manual.form)}" if manual.form else ""
        raise RequestRefused(
            RefusalCode.INVALID, f"{_step_reference(run, step)} is not completed: {'; '.join(problems)}{asked}"
        )


def _retry(run: OrderRun, step: StepRun, action: StepAction) -> None:
    if step.undo is not None and step.undo.is_open:
        if action.data:
            step.undo.changes = {**(step.undo.changes or {}), **action.data}
        retry_undo(run, step)
        return
    known = not step.uncertain
    if action.data:
        step.changes = {**(step.changes or {}), **action.data}
    if action.data or (known and step.launch):
        if step.changing_in_place:
            step.in_place_changes += 1
        else:
            step.number += 1
        step.uncertain = False
    step.attempts = 0
    step.failure = None
    step.queue = None
    step.again_at = None
    if step.failure_rounds is not None:
        step.failure_rounds.pop(FALLOUT_ROUNDS, None)
    step.early_callback = step.answer = None
    if step.started_at is None:
        run.transition(step, StepState.PENDING)
        run.queues.start.append(step.position)
    else:
        run.queues.retry.append(step.position)


def _skip(run: OrderRun, step: StepRun, action: StepAction) -> None:
    if step.undoing:
        end_undo(run, step, StepState.SKIPPED)
        return
    settle(run, step, StepState.SKIPPED, default_output(run, step) if action.data is None else action.data)


def _complete(run: OrderRun, step: StepRun, action: StepAction) -> None:
    if step.undoing:
        end_undo(run, step, StepState.COMPLETED)
        return
    if step.changing_in_place and action.data:
        step.output = action.data
        settle(run, step, StepState.COMPLETED)
        return
    manual = run.definition(step).definition.manual
    if manual is None:
        settle(run, step, StepState.COMPLETED, action.data or {})
        return
    payload, _ = form_validation.validate_form(manual.form, action.data or {})
    complete_manual(run, step, payload)


def check_characteristics(run: OrderRun, message: SetCharacteristics) -> None:
    """Raises Refused."""
    if not message.characteristics:
        raise RequestRefused(RefusalCode.INVALID, "Say at least one characteristic, as name=value")
    if len(json.dumps({**run.characteristics, **message.characteristics}, default=str)) > MAX_CHARACTERISTICS_BYTES:
        raise RequestRefused(
            RefusalCode.INVALID,
            f"The characteristics of an order together have at most {MAX_CHARACTERISTICS_BYTES:,} bytes",
        )


def set_characteristics(run: OrderRun, message: SetCharacteristics) -> ActionResult:
    named = ", ".join(message.characteristics)
    already = all(run.characteristics.get(name, NO_OUTPUT) == value for name, value in message.characteristics.items())
    if already:
        return ActionResult(message=f"{named} of order {run.plan.order.id}: already so", already=True)
    run.set_characteristics(message.characteristics)
    run.audit_log.record(run.now, f"set {named}", None, message.actor.by, message.actor.reason)
    return ActionResult(message=f"{named} of order {run.plan.order.id} set")


def _is_completed(step: StepRun, action: StepAction) -> bool:
    return step.state in DONE and not step.undoing and (step.output == (action.data or {}))


def _is_skipped(step: StepRun, action: StepAction) -> bool:
    return step.state is StepState.SKIPPED and (action.data is None or step.output == action.data)


def _never_done(step: StepRun, action: StepAction) -> bool:  # noqa: ARG001
    return False


StepActionHandler = Callable[[OrderRun, StepRun, StepAction], None]

ALREADY_DONE: Mapping[StepActionName, Callable[[StepRun, StepAction], bool]] = {
    "retry": _never_done,
    "skip": _is_skipped,
    "complete": _is_completed,
    "reschedule": time.is_rescheduled,
    "extend": time.is_extended,
    "claim": assignment.is_claimed,
    "assign": assignment.is_assigned,
    "proceed": _never_done,
}
VALIDATORS: Mapping[StepActionName, StepActionHandler] = {
    "retry": _check_retry,
    "skip": _check_skip,
    "complete": _check_complete,
    "reschedule": time.check_reschedule,
    "extend": time.check_extend,
    "claim": assignment.check_claim,
    "assign": assignment.check_assign,
    "proceed": cross_order_wait.check_proceed,
}
HANDLERS: Mapping[StepActionName, StepActionHandler] = {
    "retry": _retry,
    "skip": _skip,
    "complete": _complete,
    "reschedule": time.reschedule,
    "extend": time.extend,
    "claim": assignment.claim,
    "assign": assignment.assign,
    "proceed": cross_order_wait.proceed,
}
PAST_TENSE: Mapping[StepActionName, str] = {
    "retry": "retried",
    "skip": "skipped",
    "complete": "completed",
    "reschedule": "rescheduled",
    "extend": "extended",
    "claim": "claimed",
    "assign": "assigned",
    "proceed": "let go on without waiting for other orders",
}
