"""Who has a task, or a step in fallout: a person takes it, or it is handed to one."""

from __future__ import annotations

from workflows.contract.order_messages import Refusal, StepAct
from workflows.contract.states import StepState
from workflows.core.state.order_run import OrderRun
from workflows.core.state.step_run import Phase, StepRun
from workflows.core.steps.refusal import Refused

LONGEST_NAME = 200


def waits_for_a_person(step: StepRun) -> bool:
    """It can be somebody's: in fallout, or a task to be done."""
    if step.in_fallout:
        return True
    undo = step.undo
    if undo is not None and undo.open:
        return undo.phase is Phase.UNDO_PERSON and undo.state is StepState.IN_PROGRESS
    return step.phase is Phase.PERSON


def check_holder(run: OrderRun, step: StepRun, act: StepAct) -> None:
    """Raises Refused where it is not, or no longer, with whom the caller saw it."""
    if act.expected_holder is None or act.expected_holder == (step.holder or ""):
        return
    raise Refused(Refusal.STALE, f"{_named(run, step)} is {whose(step)} by now; {_talk(step)}")


def is_claimed(step: StepRun, act: StepAct) -> bool:
    return waits_for_a_person(step) and step.holder == act.actor.by


def allow_claim(run: OrderRun, step: StepRun, act: StepAct) -> None:
    _refuse_unless_for_a_person(run, step)
    if step.holder is not None:
        order, number = run.plan.order.id, step.position + 1
        raise Refused(
            Refusal.NOT_NOW,
            f"{_named(run, step)} is {whose(step)}; `assign {order} {number} --to {act.actor.by}` takes it over",
        )


def claim(run: OrderRun, step: StepRun, act: StepAct) -> None:
    step.holder = act.actor.by
    run.changed = True


def person_in(act: StepAct) -> str:
    """To whom; empty: nobody in particular."""
    return str((act.data or {}).get("to", "")).strip()


def is_assigned(step: StepRun, act: StepAct) -> bool:
    return waits_for_a_person(step) and (step.holder or "") == person_in(act)


def allow_assign(run: OrderRun, step: StepRun, act: StepAct) -> None:
    _refuse_unless_for_a_person(run, step)
    if len(person_in(act)) > LONGEST_NAME:
        raise Refused(Refusal.INVALID, f"A person's name has at most {LONGEST_NAME} characters")


def assign(run: OrderRun, step: StepRun, act: StepAct) -> None:
    step.holder = person_in(act) or None
    run.changed = True


def assigned_to(act: StepAct) -> str:
    """`assigned to kim`."""
    return f"assigned to {person_in(act)}" if person_in(act) else "given back to its queue"


def _refuse_unless_for_a_person(run: OrderRun, step: StepRun) -> None:
    if not waits_for_a_person(step):
        order, number = run.plan.order.id, step.position + 1
        raise Refused(
            Refusal.NOT_NOW,
            f"{_named(run, step)} does not wait for a person: it is {step.state}; `why {order} {number}` tells what it "
            "waits for",
        )


def _named(run: OrderRun, step: StepRun) -> str:
    return f"Step {step.position + 1} ({run.id_of(step)})"


def whose(step: StepRun) -> str:
    """`kim's`, `nobody's`."""
    return f"{step.holder}'s" if step.holder else "nobody's"


def _talk(step: StepRun) -> str:
    return f"talk to {step.holder}, or look again" if step.holder else "look again"
