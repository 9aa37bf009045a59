"""`redo`: one step and everything after it are undone, then done again."""

from __future__ import annotations

from collections.abc import Iterable

from workflows.contract import actions
from workflows.contract.order_messages import ActionResult, CorrectionView, OrderAction, RefusalCode, RollbackImpactView
from workflows.contract.states import CANCELLED_STATES, SETTLED
from workflows.core.actions.action import OrderActionHandler, required_step
from workflows.core.actions.impact_text import (
    PAST_PONR,
    override,
    past_ponr_text,
    record_action,
    step_count_text,
    step_ids,
)
from workflows.core.actions.rollback import is_being_given_up
from workflows.core.compensation import redo
from workflows.core.state.order_run import OrderRun
from workflows.core.state.state_transitions import REDO_REASONS
from workflows.core.state.step_run import StepRun
from workflows.core.steps.corrections import correction_views
from workflows.core.steps.refusal import (
    RequestRefused,
    explain,
    new_revision,
    step_list_text,
    step_reference,
    step_refused,
)


def _check(run: OrderRun, action: OrderAction) -> ActionResult | None:
    step = required_step(run, action)
    name = step_reference(run, step)
    if step.undoing and step.undo_reason in REDO_REASONS:
        return _result(run, step, f"{name} is already being redone", already=True)
    _require_redoable(run, step)
    impact = redo.assess_redo(run, [step.position])
    if impact.undone_for_good:
        raise RequestRefused(
            RefusalCode.NOT_NOW,
            f"{step_list_text(run, impact.undone_for_good)} came after {name} and is being undone for good: wait for "
            "that to end",
            "being_undone",
            [explain(run)],
            steps=step_ids(run, impact.undone_for_good),
        )
    barriers = [] if action.override else impact.past_ponr
    if not (action.assess or barriers):
        return None
    message = f"Redoing from {name} would undo and do again {step_count_text(impact.redone)}"
    if barriers:
        message = f"Nothing can be redone from {name}: {past_ponr_text(run, barriers)}. Try a later step"
    alternatives = [override(run, "redo", step=step)] if barriers else []
    if action.assess:
        barrier_ids = step_ids(run, barriers)
        view = RollbackImpactView(
            undone=step_ids(run, impact.redone),
            past_no_return=barrier_ids,
            refused=bool(barriers),
            corrections=_corrections(run, impact.redone),
        )
        return ActionResult(step=run.step_id(step), message=message, assessment=view, alternatives=alternatives)
    raise RequestRefused(RefusalCode.NOT_NOW, message, PAST_PONR, alternatives, steps=step_ids(run, barriers))


def _require_redoable(run: OrderRun, step: StepRun) -> None:
    """Raises RequestRefused."""
    if is_being_given_up(step) or step.state in CANCELLED_STATES:
        given_up = "is undone for good, so it cannot be redone"
        raise step_refused(run, step, RefusalCode.NOT_NOW, "given_up", given_up, new_revision(run))
    if not (step.has_started or step.state in SETTLED or step.in_fallout):
        not_run = "has not run yet"
        raise step_refused(run, step, RefusalCode.NOT_NOW, "not_started", not_run, explain(run, step))


def _apply(run: OrderRun, action: OrderAction) -> ActionResult:
    step = required_step(run, action)
    impact = redo.assess_redo(run, [step.position])
    text = f"{actions.REDO.past_tense} from here: {step_count_text(impact.redone)}"
    record_action(run, action, text, run.step_id(step), can_override=bool(impact.past_ponr))
    corrections = _corrections(run, impact.redone)
    redo.redo(run, impact)
    message = f"Redone from {step_reference(run, step)}: {step_count_text(impact.redone)} will be undone and done again"
    return _result(run, step, message, RollbackImpactView(undone=step_ids(run, impact.redone), corrections=corrections))


def _corrections(run: OrderRun, positions: Iterable[int]) -> dict[str, list[CorrectionView]]:
    views = {run.plan.steps[at].id: correction_views(run, run.steps[at]) for at in positions}
    return {step: corrections for step, corrections in views.items() if corrections}


def _result(
    run: OrderRun, step: StepRun, message: str, impact: RollbackImpactView | None = None, *, already: bool = False
) -> ActionResult:
    return ActionResult(step=run.step_id(step), state=step.state, message=message, already=already, assessment=impact)


ACTION = OrderActionHandler(actions.REDO, _check, _apply)
