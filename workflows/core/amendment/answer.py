"""The result of an amendment: it is assessed without changing anything, then applied."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import islice

from activity_contract.compilation import ChangedValue, CompiledAmendment
from workflows.contract.order_messages import (
    Alternative,
    AmendedStep,
    AmendedWaits,
    AmendOrder,
    AmendResult,
    CorrectionView,
    RefusalCode,
    UsedStep,
)
from workflows.contract.states import CANCELLED_STATES, SETTLED
from workflows.core.actions.impact_text import PAST_PONR, step_ids
from workflows.core.amendment.apply import apply_amendment
from workflows.core.amendment.fate_text import counts_text
from workflows.core.amendment.impact import (
    AmendedPlan,
    StepFate,
    check_amendable,
    is_no_op,
    ponr_barriers,
    ponr_objection,
    step_fates,
)
from workflows.core.amendment.used_outputs import kept_users, with_users
from workflows.core.notifications import order_events
from workflows.core.state.order_run import OrderRun
from workflows.core.steps.corrections import correction_views
from workflows.core.steps.labels import step_label
from workflows.core.steps.refusal import RequestRefused, alternative

MAX_LISTED_STEPS = 1_000
"""Steps that a result names; a payload has at most 2 MB."""


@dataclass(frozen=True, slots=True)
class AmendmentAssessment:
    """`amended_plan` is None if there is nothing to apply; `result` says why."""

    result: AmendResult
    compiled: CompiledAmendment
    amended_plan: AmendedPlan | None = None
    fates: Mapping[int, StepFate] | None = None


def check_preconditions(run: OrderRun, revision: int, message: AmendOrder) -> None:
    """What forbids the amendment before it is compiled. Raises RequestRefused."""
    order, new_id = run.plan.order.id, message.order.get("id")
    if new_id != order:
        raise RequestRefused(
            RefusalCode.INVALID, f"The new order has the id {new_id}; the id of order {order} cannot change", "other_id"
        )
    check_amendable(run)
    if message.expected_revision is not None and message.expected_revision != revision:
        raise RequestRefused(
            RefusalCode.STALE,
            f"Order {order} is now at revision {revision}, no longer at {message.expected_revision}; look at it again "
            "first",
            "revision_changed",
            [_dry_run(run)],
            revision=revision,
        )


def _dry_run(run: OrderRun) -> Alternative:
    return alternative(run, "amend", "shows the difference", required=["order"], dry_run=True)


def _override(run: OrderRun) -> Alternative:
    return alternative(run, "amend", "changes or undoes them anyway", required=["order", "override"])


def decide(
    run: OrderRun, revision: int, message: AmendOrder, compiled: CompiledAmendment, amended: AmendedPlan
) -> AmendmentAssessment:
    order = run.plan.order.id
    if is_no_op(run, amended) and not _changed_waits(run, compiled):
        result = _build_result(run, revision, message, compiled, amended, {})
        text = f"Order {order} already runs as this asks; nothing changes"
        return AmendmentAssessment(result.model_copy(update={"already": True, "message": text}), compiled)
    fates = with_users(run, step_fates(run, amended), amended.plan, amended.retired)
    barriers, touched = ([], []) if message.override is not None else ponr_barriers(run, fates)
    objections = [ponr_objection(run, barriers, touched)] if barriers else []
    alternatives = [*([] if message.dry_run else [_dry_run(run)]), _override(run)] if barriers else []
    if barriers and not message.dry_run:
        raise RequestRefused(
            RefusalCode.NOT_NOW,
            f"Order {order} is not amended: {'; '.join(objections)}",
            PAST_PONR,
            alternatives,
            steps=step_ids(run, barriers),
            touched=step_ids(run, touched),
        )
    result = _build_result(run, revision, message, compiled, amended, fates)
    result = result.model_copy(
        update={
            "accepted": not barriers,
            "refused": objections,
            "alternatives": alternatives,
            "message": _result_message(order, revision, message.dry_run, result, objections),
        }
    )
    return AmendmentAssessment(result, compiled, None if message.dry_run else amended, fates)


def apply_assessed(run: OrderRun, assessment: AmendmentAssessment, message: AmendOrder) -> AmendResult:
    """Applies what was assessed in this same turn. The result has the new revision."""
    if assessment.amended_plan is None or assessment.fates is None:
        return assessment.result
    revision = assessment.result.revision + 1
    apply_amendment(run, assessment.amended_plan, assessment.fates)
    text = f"amended to revision {revision}: {counts_text(assessment.result.counts) or 'no step changes'}"
    run.audit_log.record(run.now, text, None, message.actor.signature, message.actor.reason)
    run.audit_log.record_warnings(run.now, assessment.compiled.warnings)
    if message.override is not None:
        run.audit_log.record(
            run.now, "points of no return overridden by an amendment", None, message.actor.signature, message.override
        )
    order_events.order_amended(run, revision=revision, by=message.actor.signature, reason=message.actor.reason or None)
    sentence = _result_message(run.plan.order.id, revision, False, assessment.result, [])
    return assessment.result.model_copy(update={"revision": revision, "message": sentence})


def _build_result(
    run: OrderRun,
    revision: int,
    message: AmendOrder,
    compiled: CompiledAmendment,
    amended_plan: AmendedPlan,
    fates: Mapping[int, StepFate],
) -> AmendResult:
    active = len(amended_plan.plan.steps) - len(amended_plan.retired)
    touched = sum(at not in amended_plan.retired and fate is not StepFate.KEPT for at, fate in fates.items())
    listed = sorted(fates, key=lambda at: (fates[at] is StepFate.KEPT, at))[:MAX_LISTED_STEPS]
    return AmendResult(
        order_id=run.plan.order.id,
        revision=revision,
        message="",
        dry_run=message.dry_run,
        kept=active - touched,
        counts=dict(
            Counter(fate.value for at, fate in sorted(fates.items()) if not _is_unreported(fate, at, amended_plan))
        ),
        steps=[
            AmendedStep(
                id=amended_plan.plan.steps[at].id,
                number=at + 1,
                summary=step_label(amended_plan.plan, at),
                fate=fates[at].value,
                values=(values := compiled.step_values.get(at, [])),
                corrections=_corrections(run, at, values),
            )
            for at in sorted(listed)
            if not _is_unreported(fates[at], at, amended_plan)
        ],
        may_redo=[amended_plan.plan.steps[at].id for at in _possible_redos(run, compiled.may_redo, fates)][
            :MAX_LISTED_STEPS
        ],
        used_by_kept=[
            UsedStep(step=amended_plan.plan.steps[at].id, user=amended_plan.plan.steps[user].id)
            for at, user in islice(kept_users(run, fates), MAX_LISTED_STEPS)
        ],
        waits=_changed_waits(run, compiled),
        lines_added=compiled.lines_added,
        lines_removed=compiled.lines_removed,
        line_values=compiled.line_values,
        order_values=compiled.order_values,
        warnings=compiled.warnings,
        catalogue_version=compiled.summary.get("catalogue_version"),
    )


def _corrections(run: OrderRun, at: int, values: Iterable[ChangedValue]) -> list[CorrectionView]:
    return correction_views(run, run.steps[at], [each.name for each in values]) if at < len(run.steps) else []


def _changed_waits(run: OrderRun, compiled: CompiledAmendment) -> list[AmendedWaits]:
    """Only of steps that have not begun; it no longer matters what the others waited for."""
    return [
        AmendedWaits(id=run.plan.steps[at].id, number=at + 1, no_longer=each.no_longer, now=each.now)
        for at, each in sorted(compiled.waits.items())
        if not run.steps[at].has_started and run.steps[at].state not in SETTLED
    ]


def _is_unreported(fate: StepFate, at: int, amended_plan: AmendedPlan) -> bool:
    """A step that is removed and had done nothing does not count as kept."""
    return fate is StepFate.KEPT and at in amended_plan.retired


def _possible_redos(run: OrderRun, candidates: list[int], fates: Mapping[int, StepFate]) -> list[int]:
    """Only steps that have begun; the others read their input when they start."""
    return [
        at
        for at in candidates
        if at < len(run.steps)
        and at not in fates
        and (run.steps[at].has_started or run.steps[at].state in SETTLED)
        and run.steps[at].state not in CANCELLED_STATES
    ]


def _result_message(order: str, revision: int, dry_run: bool, result: AmendResult, objections: list[str]) -> str:
    if objections:
        return f"Order {order} would not be amended: {'; '.join(objections)}"
    steps = counts_text(result.counts)
    effect = f"{steps}; {result.kept} stay as they are" if steps else "no step changes"
    if result.waits:
        who = "1 step waits" if len(result.waits) == 1 else f"{len(result.waits)} steps wait"
        effect += f"; {who} for other steps than before"
    if dry_run:
        return f"Order {order} would become revision {revision + 1}: {effect}"
    return f"Order {order} is at revision {revision}: {effect}"
