"""What an amendment is answered: judged without changing anything, then applied and put into words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from activity_contract.compilation import CompiledAmendment
from workflows.contract.order_messages import AmendedStep, AmendOrder, AmendResult, RefusalCode
from workflows.contract.states import SETTLED, TAKEN_BACK
from workflows.core.amendment.apply import apply_amendment
from workflows.core.amendment.impact import (
    AmendedPlan,
    StepFate,
    check_amendable,
    is_no_op,
    ponr_objections,
    step_fates,
)
from workflows.core.notifications import order_events
from workflows.core.state.order_run import OrderRun
from workflows.core.steps.labels import step_label
from workflows.core.steps.refusal import RequestRefused

MAX_LISTED_STEPS = 1_000
"""Steps that an answer names; it holds 2 MB."""


@dataclass(frozen=True, slots=True)
class AmendmentAssessment:
    """`amended`: what is to be taken in; None: nothing, the answer says why."""

    result: AmendResult
    compiled: CompiledAmendment
    amended_plan: AmendedPlan | None = None
    fates: Mapping[int, StepFate] | None = None


def check_preconditions(run: OrderRun, revision: int, message: AmendOrder) -> None:
    """What speaks against the amendment before it is compiled. Raises Refused."""
    order, wanted = run.plan.order.id, message.order.get("id")
    if wanted != order:
        raise RequestRefused(
            RefusalCode.INVALID,
            f"This is order {order}, and what it is to become is order {wanted}: an id never changes",
        )
    check_amendable(run)
    if message.expected_revision is not None and message.expected_revision != revision:
        raise RequestRefused(
            RefusalCode.STALE,
            f"Order {order} is at revision {revision} by now, no longer at {message.expected_revision}; look at it "
            "again (`amend --dry-run` shows the difference)",
        )


def decide(
    run: OrderRun, revision: int, message: AmendOrder, compiled: CompiledAmendment, amended: AmendedPlan
) -> AmendmentAssessment:
    order = run.plan.order.id
    if is_no_op(run, amended):
        said = f"Order {order} runs as this asks already; nothing changes"
        answer = _build_result(run, revision, message, compiled, amended, {})
        return AmendmentAssessment(answer.model_copy(update={"already": True, "message": said}), compiled)
    fates = step_fates(run, amended)
    against = [] if message.override is not None else ponr_objections(run, fates)
    if against and not message.dry_run:
        raise RequestRefused(RefusalCode.NOT_NOW, f"Order {order} is not amended: {'; '.join(against)}")
    answer = _build_result(run, revision, message, compiled, amended, fates)
    answer = answer.model_copy(
        update={
            "accepted": not against,
            "refused": against,
            "message": _result_message(order, revision, message.dry_run, answer, bool(against)),
        }
    )
    return AmendmentAssessment(answer, compiled, None if message.dry_run else amended, fates)


def apply_assessed(run: OrderRun, assessment: AmendmentAssessment, message: AmendOrder) -> AmendResult:
    """Takes in what was judged in this same turn. The answer has the new revision."""
    if assessment.amended_plan is None or assessment.fates is None:
        return assessment.result
    revision = assessment.result.revision + 1
    apply_amendment(run, assessment.amended_plan, assessment.fates)
    said = f"amended to revision {revision}: {counts_text(assessment.result.counts) or 'no step changes'}"
    run.audit_log.record(run.now, said, None, message.actor.by, message.actor.reason)
    if message.override is not None:
        run.audit_log.record(
            run.now, "points of no return overridden by an amendment", None, message.actor.by, message.override
        )
    order_events.order_amended(run, revision=revision, by=message.actor.by, reason=message.actor.reason or None)
    order = run.plan.order.id
    sentence = _result_message(order, revision, False, assessment.result, False)
    return assessment.result.model_copy(update={"revision": revision, "message": sentence})


def _build_result(
    run: OrderRun,
    revision: int,
    message: AmendOrder,
    compiled: CompiledAmendment,
    amended_plan: AmendedPlan,
    fates: Mapping[int, StepFate],
) -> AmendResult:
    alive = len(amended_plan.plan.steps) - len(amended_plan.retired)
    concerned = sum(at not in amended_plan.retired and fate is not StepFate.KEPT for at, fate in fates.items())
    told = sorted(fates, key=lambda at: (fates[at] is StepFate.KEPT, at))[:MAX_LISTED_STEPS]
    return AmendResult(
        order_id=run.plan.order.id,
        revision=revision,
        message="",
        dry_run=message.dry_run,
        kept=alive - concerned,
        counts=dict(
            Counter(fate.value for at, fate in sorted(fates.items()) if not _is_unreported(fate, at, amended_plan))
        ),
        steps=[
            AmendedStep(
                id=amended_plan.plan.steps[at].id,
                number=at + 1,
                summary=step_label(amended_plan.plan, at),
                fate=fates[at].value,
                values=compiled.step_values.get(at, []),
            )
            for at in sorted(told)
            if not _is_unreported(fates[at], at, amended_plan)
        ],
        may_redo=[amended_plan.plan.steps[at].id for at in _possible_redos(run, compiled.may_redo, fates)][
            :MAX_LISTED_STEPS
        ],
        lines_added=compiled.lines_added,
        lines_removed=compiled.lines_removed,
        line_values=compiled.line_values,
        order_values=compiled.order_values,
        catalogue_version=compiled.summary.get("catalogue_version"),
    )


def _is_unreported(fate: StepFate, at: int, amended_plan: AmendedPlan) -> bool:
    """What is gone and had done nothing is not kept."""
    return fate is StepFate.KEPT and at in amended_plan.retired


def _possible_redos(run: OrderRun, candidates: list[int], fates: Mapping[int, StepFate]) -> list[int]:
    """Only of steps that have begun: the others see what is there when their turn comes."""
    return [
        at
        for at in candidates
        if at < len(run.steps)
        and at not in fates
        and (run.steps[at].has_started or run.steps[at].state in SETTLED)
        and run.steps[at].state not in TAKEN_BACK
    ]


FATE_TEXT: Mapping[str, str] = {
    StepFate.REDONE: "redone",
    StepFate.CHANGED_IN_PLACE: "patched",
    StepFate.UNDONE: "undone",
    StepFate.ENDS_THEN_REDONE: "redone once its attempt has ended",
    StepFate.ENDS_THEN_CHANGED: "patched once its attempt has ended",
    StepFate.ENDS_THEN_UNDONE: "undone once its attempt has ended",
    StepFate.NEW_INPUT: "with new input",
    StepFate.ADDED: "added",
    StepFate.DISCARDED: "discarded",
    StepFate.STOPPED: "stopped",
    StepFate.KEPT: "kept although its input changes",
}


def counts_text(counts: Mapping[str, int]) -> str:
    """`2 redone, 1 added`."""
    return ", ".join(f"{counts[fate]} {words}" for fate, words in FATE_TEXT.items() if counts.get(fate))


def _result_message(order: str, revision: int, dry_run: bool, result: AmendResult, is_refused: bool) -> str:
    steps = counts_text(result.counts)
    does = f"{steps}; {result.kept} stay as they are" if steps else "no step changes"
    if is_refused:
        return f"Order {order} would not be amended: {'; '.join(result.refused) or 'see what speaks against it'}"
    if dry_run:
        return f"Order {order} would become revision {revision + 1}: {does}"
    return f"Order {order} is at revision {revision}: {does}"
