"""What a person does to a running order: retries, skips or completes a step, sets characteristics.

Each act is first judged, without changing anything (an update's validator), then done.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Literal

from compiler.language.steps import StepKind
from workflows.contract.order_messages import ActAnswer, Refusal, SetCharacteristics, StepAct
from workflows.contract.states import DONE, SETTLED, TAKEN_BACK, StepState
from workflows.core.actions import assignment
from workflows.core.actions import reschedule as time
from workflows.core.actions.assignment import check_holder
from workflows.core.execution import cross_order_wait
from workflows.core.execution.failure_handling import BY_ITSELF
from workflows.core.execution.kinds.manual import done
from workflows.core.execution.kinds.undo import undo_of
from workflows.core.execution.undo_execution import end_undo, try_undo_again
from workflows.core.state.order_run import OrderRun, given
from workflows.core.state.step_run import Phase, StepRun
from workflows.core.steps import form_validation
from workflows.core.steps.refusal import Refused, step_named
from workflows.core.steps.settlement import NOTHING, default_output, settle

ActName = Literal["retry", "skip", "complete", "reschedule", "extend", "claim", "assign", "proceed"]

F = StepState.FATALLY_FAILED

MOST_CHARACTERISTICS = 200_000
"""Bytes of JSON; they cross over with the order's state."""


def judged(run: OrderRun, name: ActName, act: StepAct) -> tuple[StepRun, ActAnswer | None]:
    """The step that is meant, and the answer where the act has been done already. Raises Refused."""
    step = step_named(run, act.step)
    if ALREADY[name](step, act):
        so = assignment.whose(step) if name in ("claim", "assign") else step.state.value
        return step, _answer(run, step, f"{_named(run, step)} is {so} already", already=True)
    if act.expected is not None and act.expected not in _seen(step):
        raise Refused(
            Refusal.STALE,
            f"{_named(run, step)} is {step.state} by now, no longer {act.expected}; {_possible(run, step)}",
        )
    check_holder(run, step, act)
    ALLOWED[name](run, step, act)
    return step, None


def _seen(step: StepRun) -> tuple[StepState, ...]:
    """What whoever looks at the step sees of it: its state, or its undo's."""
    return (step.state, step.undo.state) if step.undo is not None and step.undo.open else (step.state,)


def done_to(run: OrderRun, step: StepRun, name: ActName, act: StepAct) -> None:
    """Does what has been judged; what follows shows in the step's state once the core has advanced."""
    run.journal.note(run.now, _done(name, act), run.id_of(step), act.actor.by, act.actor.reason)
    DOING[name](run, step, act)


def _done(name: ActName, act: StepAct) -> str:
    """`completed`, `extended by 2d`, `assigned to kim`."""
    if name == "assign":
        return assignment.assigned_to(act)
    return f"{PAST[name]} {time.in_full(act)}" if name in ("reschedule", "extend") else PAST[name]


def answer_of(run: OrderRun, name: ActName, step: StepRun, act: StepAct) -> ActAnswer:
    if name in ("claim", "assign"):
        return _answer(run, step, f"{_named(run, step)} is {assignment.whose(step)} now")
    failure = step.undo.failure if step.undo is not None and step.undoing else step.failure
    again = f", and is in fallout: {failure.message}" if step.in_fallout and failure else ""
    return _answer(run, step, f"{_named(run, step)} was {_done(name, act)}{again}")


def _answer(run: OrderRun, step: StepRun, message: str, *, already: bool = False) -> ActAnswer:
    return ActAnswer(step=run.id_of(step), state=step.state, message=message, already=already)


def _named(run: OrderRun, step: StepRun) -> str:
    return f"Step {step.position + 1} ({run.id_of(step)})"


def _possible(run: OrderRun, step: StepRun) -> str:
    """What can be done with the step as it is, in words."""
    order, number = run.plan.order.id, step.position + 1
    if step.in_fallout:
        return f"possible: `retry {order} {number}`, `complete {order} {number}`, `skip {order} {number}`"
    if step.work_phase in (Phase.PERSON, Phase.UNDO_PERSON):
        return f"possible: `complete {order} {number}`"
    if step.phase is Phase.EVENT:
        return f"possible: `event {order} {step.names[0]} --step {number}`"
    if step.phase is Phase.OTHER_ORDERS:
        return f"possible: `proceed {order} {number}`, without waiting for the other order"
    if step.phase is Phase.CONDITION:
        return f"possible: `set {order}` on the characteristics that it reads"
    if step.state in TAKEN_BACK and not step.undoing:
        return "possible: a new line that asks for it (`amend`), or `start --revision` once the order has ended"
    if step.state in SETTLED and not step.undoing:
        return f"possible: `redo {order} {number}`, which undoes it, and does it again"
    return f"`why {order} {number}` tells what it waits for"


def _refuse_unless_in_fallout(run: OrderRun, step: StepRun, verb: str) -> None:
    if not step.in_fallout:
        raise Refused(
            Refusal.NOT_NOW,
            f"{_named(run, step)} is {'being undone' if step.undoing else step.state}, and only a step in fallout can "
            f"be {verb}; {_possible(run, step)}",
        )


def _allow_retry(run: OrderRun, step: StepRun, act: StepAct) -> None:
    _refuse_unless_in_fallout(run, step, "retried")
    if step.undoing:
        undo = undo_of(run, step)
        if act.data and undo.call is None and undo.activity is None:
            raise Refused(Refusal.INVALID, f"A person undoes {_named(run, step)}: a retry takes no other input")
    elif act.data and run.recipe(step).kind not in (StepKind.CALL, StepKind.ACTIVITY):
        raise Refused(Refusal.INVALID, f"{_named(run, step)} sends nothing out, so a retry takes no other input")


def _allow_skip(run: OrderRun, step: StepRun, act: StepAct) -> None:
    _refuse_unless_in_fallout(run, step, "skipped")
    if step.undoing:
        if act.data is not None:
            raise Refused(Refusal.INVALID, f"The undo of {_named(run, step)} puts nothing out: leave --data away")
        return
    definition = run.definition(step).definition
    if act.data is not None or definition.default_output is not None or definition.when is not None:
        return
    readers = run.readers_of(step)
    if readers:
        named = ", ".join(run.id_of(reader) for reader in readers[:3]) + (" and others" if len(readers) > 3 else "")
        raise Refused(
            Refusal.INVALID,
            f"{named} need the output of {_named(run, step)}: give it with --data, as the step would have put it out",
        )


def _allow_complete(run: OrderRun, step: StepRun, act: StepAct) -> None:
    if step.undoing:
        manual = undo_of(run, step).manual if run.definition(step).definition.undo else None
        possible = step.work_phase is Phase.UNDO_PERSON and given(step.undo).state is StepState.IN_PROGRESS
    else:
        manual = run.definition(step).definition.manual
        possible = step.phase is Phase.PERSON
    if manual is None or not (step.in_fallout or possible):
        _refuse_unless_in_fallout(run, step, "completed")
        return
    _, problems = form_validation.checked(manual.form, act.data or {})
    if problems:
        asked = f"; the form asks for {form_validation.asked(manual.form)}" if manual.form else ""
        raise Refused(Refusal.INVALID, f"{_named(run, step)} is not completed: {'; '.join(problems)}{asked}")


def _retry(run: OrderRun, step: StepRun, act: StepAct) -> None:
    if step.undo is not None and step.undo.open:
        if act.data:
            step.undo.changes = {**(step.undo.changes or {}), **act.data}
        try_undo_again(run, step)
        return
    known = not step.uncertain
    if act.data:
        step.changes = {**(step.changes or {}), **act.data}
    if act.data or (known and step.launch):
        if step.patching:
            step.patches += 1
        else:
            step.number += 1
        step.uncertain = False
    step.attempts = 0
    step.failure = None
    step.queue = None
    step.again_at = None
    if step.rounds is not None:
        step.rounds.pop(BY_ITSELF, None)
    step.callback = step.answer = None
    if step.started_at is None:
        run.move(step, StepState.PENDING)
        run.turns.append(step.position)
    else:
        run.retried.append(step.position)


def _skip(run: OrderRun, step: StepRun, act: StepAct) -> None:
    if step.undoing:
        end_undo(run, step, StepState.SKIPPED)
        return
    settle(run, step, StepState.SKIPPED, default_output(run, step) if act.data is None else act.data)


def _complete(run: OrderRun, step: StepRun, act: StepAct) -> None:
    if step.undoing:
        end_undo(run, step, StepState.COMPLETED)
        return
    if step.patching and act.data:
        step.output = act.data
        settle(run, step, StepState.COMPLETED)
        return
    manual = run.definition(step).definition.manual
    if manual is None:
        settle(run, step, StepState.COMPLETED, act.data or {})
        return
    payload, _ = form_validation.checked(manual.form, act.data or {})
    done(run, step, payload)


def check_characteristics(run: OrderRun, message: SetCharacteristics) -> None:
    """Raises Refused."""
    if not message.characteristics:
        raise Refused(Refusal.INVALID, "Say at least one characteristic, as name=value")
    if len(json.dumps({**run.characteristics, **message.characteristics}, default=str)) > MOST_CHARACTERISTICS:
        raise Refused(
            Refusal.INVALID, f"The characteristics of an order together have at most {MOST_CHARACTERISTICS:,} bytes"
        )


def set_characteristics(run: OrderRun, message: SetCharacteristics) -> ActAnswer:
    named = ", ".join(message.characteristics)
    already = all(run.characteristics.get(name, NOTHING) == value for name, value in message.characteristics.items())
    if already:
        return ActAnswer(message=f"{named} of order {run.plan.order.id}: already so", already=True)
    run.set_characteristics(message.characteristics)
    run.journal.note(run.now, f"set {named}", None, message.actor.by, message.actor.reason)
    return ActAnswer(message=f"{named} of order {run.plan.order.id} set")


def _is_completed(step: StepRun, act: StepAct) -> bool:
    return step.state in DONE and not step.undoing and (step.output == (act.data or {}))


def _is_skipped(step: StepRun, act: StepAct) -> bool:
    return step.state is StepState.SKIPPED and (act.data is None or step.output == act.data)


def _never(step: StepRun, act: StepAct) -> bool:  # noqa: ARG001
    return False


Doing = Callable[[OrderRun, StepRun, StepAct], None]

ALREADY: Mapping[ActName, Callable[[StepRun, StepAct], bool]] = {
    "retry": _never,
    "skip": _is_skipped,
    "complete": _is_completed,
    "reschedule": time.is_rescheduled,
    "extend": time.is_extended,
    "claim": assignment.is_claimed,
    "assign": assignment.is_assigned,
    "proceed": _never,
}
ALLOWED: Mapping[ActName, Doing] = {
    "retry": _allow_retry,
    "skip": _allow_skip,
    "complete": _allow_complete,
    "reschedule": time.allow_reschedule,
    "extend": time.allow_extend,
    "claim": assignment.allow_claim,
    "assign": assignment.allow_assign,
    "proceed": cross_order_wait.allow_proceed,
}
DOING: Mapping[ActName, Doing] = {
    "retry": _retry,
    "skip": _skip,
    "complete": _complete,
    "reschedule": time.reschedule,
    "extend": time.extend,
    "claim": assignment.claim,
    "assign": assignment.assign,
    "proceed": cross_order_wait.proceed,
}
PAST: Mapping[ActName, str] = {
    "retry": "retried",
    "skip": "skipped",
    "complete": "completed",
    "reschedule": "rescheduled",
    "extend": "extended",
    "claim": "claimed",
    "assign": "assigned",
    "proceed": "let go on without waiting for other orders",
}
