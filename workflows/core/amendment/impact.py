"""What an amendment would do to each step of a running order, and what forbids it. Changes nothing.

In the amended plan, the order's steps keep their positions; new steps come after them (compiler/amendment).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from compiler.amendment.compare_plans import StepInputs
from compiler.amendment.deleted_lines import lines_turned_to_delete
from compiler.graph import reachable
from compiler.language.steps import InPlaceUpdate
from compiler.plan.plan import Plan
from workflows.contract.order_messages import RefusalCode
from workflows.contract.states import CANCELLED_STATES, DONE, SETTLED, StepState
from workflows.core.compensation.rollback import is_past_ponr
from workflows.core.compensation.undo_order import undo_graph
from workflows.core.lines.line_tree import PlanLineTree
from workflows.core.state.order_run import OrderRun
from workflows.core.state.state_transitions import REDO_REASONS, UndoReason
from workflows.core.state.step_run import Phase, StepRun
from workflows.core.steps.refusal import RequestRefused, explain, new_revision, step_list_text


@dataclass(frozen=True, slots=True)
class AmendedPlan:
    """The new plan, and how it differs from the running one. Steps are positions in the new plan."""

    plan: Plan
    retired: frozenset[int]
    """Steps that the new order does not ask for."""
    input_changed: frozenset[int] = frozenset()
    """Steps with a different input."""
    context_changed: frozenset[int] = frozenset()
    """Steps whose definition, or something that they read of the order, differs. Includes `input_changed`."""
    removed_lines: frozenset[str] = frozenset()
    """Order lines that the new order does not have."""


COMPLETED_LINES_DELETED = "completed-lines-deleted-by-their-steps"


class StepProgress(StrEnum):
    """A step's progress, as far as it matters to an amendment."""

    NOT_STARTED = "ahead"
    WAITING = "waiting"
    """For a time, an event, a person, the next attempt or a decision. It has certainly done nothing."""
    RUNNING = "running"
    """An attempt is under way, or the callback or poll after it."""
    UNCERTAIN = "uncertain"
    """It may have done its work."""
    DONE = "done"
    SKIPPED = "nothing"
    CANCELLED = "back"
    """It was undone, or never ran and will not."""
    UNDOING = "undoing"


class RequestedChange(StrEnum):
    """What the amendment asks of a step. A step that it does not mention stays as it is."""

    CHANGED = "changed"
    REMOVED = "gone"
    READDED = "again"
    """An earlier amendment had removed it."""


class StepFate(StrEnum):
    KEPT = "kept"
    NEW_INPUT = "new_input"
    """It has done nothing yet; it continues, or starts again, with the new input."""
    REDONE = "redone"
    CHANGED_IN_PLACE = "patched"
    UNDONE = "undone"
    DISCARDED = "discarded"
    STOPPED = "stopped"
    """It had begun but done nothing."""
    ENDS_THEN_REDONE = "ends_then_redone"
    ENDS_THEN_CHANGED = "ends_then_patched"
    ENDS_THEN_UNDONE = "ends_then_undone"
    ADDED = "added"


FATE_TABLE: Mapping[tuple[StepProgress, RequestedChange], StepFate] = {
    (StepProgress.NOT_STARTED, RequestedChange.CHANGED): StepFate.NEW_INPUT,
    (StepProgress.NOT_STARTED, RequestedChange.REMOVED): StepFate.DISCARDED,
    (StepProgress.NOT_STARTED, RequestedChange.READDED): StepFate.NEW_INPUT,
    (StepProgress.WAITING, RequestedChange.CHANGED): StepFate.NEW_INPUT,
    (StepProgress.WAITING, RequestedChange.REMOVED): StepFate.STOPPED,
    (StepProgress.WAITING, RequestedChange.READDED): StepFate.NEW_INPUT,
    (StepProgress.RUNNING, RequestedChange.CHANGED): StepFate.ENDS_THEN_REDONE,
    (StepProgress.RUNNING, RequestedChange.REMOVED): StepFate.ENDS_THEN_UNDONE,
    (StepProgress.RUNNING, RequestedChange.READDED): StepFate.ENDS_THEN_REDONE,
    (StepProgress.UNCERTAIN, RequestedChange.CHANGED): StepFate.REDONE,
    (StepProgress.UNCERTAIN, RequestedChange.REMOVED): StepFate.UNDONE,
    (StepProgress.UNCERTAIN, RequestedChange.READDED): StepFate.REDONE,
    (StepProgress.DONE, RequestedChange.CHANGED): StepFate.REDONE,
    (StepProgress.DONE, RequestedChange.REMOVED): StepFate.UNDONE,
    (StepProgress.DONE, RequestedChange.READDED): StepFate.REDONE,
    (StepProgress.SKIPPED, RequestedChange.CHANGED): StepFate.NEW_INPUT,
    (StepProgress.SKIPPED, RequestedChange.REMOVED): StepFate.KEPT,
    (StepProgress.SKIPPED, RequestedChange.READDED): StepFate.NEW_INPUT,
    # A step that was rolled back stays rolled back. Only a new line can ask for it again.
    (StepProgress.CANCELLED, RequestedChange.CHANGED): StepFate.KEPT,
    (StepProgress.CANCELLED, RequestedChange.REMOVED): StepFate.KEPT,
    (StepProgress.CANCELLED, RequestedChange.READDED): StepFate.ADDED,
    (StepProgress.UNDOING, RequestedChange.CHANGED): StepFate.REDONE,
    (StepProgress.UNDOING, RequestedChange.REMOVED): StepFate.UNDONE,
    (StepProgress.UNDOING, RequestedChange.READDED): StepFate.REDONE,
}

ALTERING_FATES = frozenset(
    {
        StepFate.REDONE,
        StepFate.CHANGED_IN_PLACE,
        StepFate.UNDONE,
        StepFate.ENDS_THEN_REDONE,
        StepFate.ENDS_THEN_CHANGED,
        StepFate.ENDS_THEN_UNDONE,
        StepFate.STOPPED,
    }
)
"""Fates that undo or change what has begun. A point of no return forbids them."""

IN_PLACE_FATES = {StepFate.REDONE: StepFate.CHANGED_IN_PLACE, StepFate.ENDS_THEN_REDONE: StepFate.ENDS_THEN_CHANGED}


def step_progress(run: OrderRun, step: StepRun) -> StepProgress:
    state = step.state
    if step.undoing:
        return StepProgress.UNDOING
    if state in CANCELLED_STATES:
        return StepProgress.CANCELLED
    if is_running(step):
        return StepProgress.RUNNING
    if state in DONE or step.changing_in_place:
        return StepProgress.DONE
    if step.uncertain and run.profile(step).uses_activity:
        return StepProgress.UNCERTAIN
    if state is StepState.SKIPPED:
        return StepProgress.SKIPPED
    return StepProgress.WAITING if step.has_started or state in SETTLED else StepProgress.NOT_STARTED


def is_running(step: StepRun) -> bool:
    """Whether an attempt is under way, or its call was accepted and its callback or poll is awaited."""
    if step.state in SETTLED or step.undoing:
        return False
    return step.in_flight or step.phase in (Phase.POLL, Phase.CALLBACK)


def step_fates(run: OrderRun, amended_plan: AmendedPlan) -> dict[int, StepFate]:
    """The fate of every step that the amendment touches, including new ones."""
    before, after = run.amendments.retired.keys(), amended_plan.retired
    changes = dict.fromkeys(amended_plan.input_changed - after, RequestedChange.CHANGED)
    changes |= dict.fromkeys(after - before, RequestedChange.REMOVED)
    changes |= dict.fromkeys(before - after, RequestedChange.READDED)
    for at in _steps_of_deleted_lines(run, amended_plan.plan):
        if changes.get(at) is RequestedChange.REMOVED and step_progress(run, run.steps[at]) is StepProgress.DONE:
            del changes[at]
    inputs: dict[int, StepInputs] = {}
    fates = {
        at: _step_fate(run, run.steps[at], changes[at], amended_plan.plan, inputs)
        for at in sorted(changes)
        if at < len(run.steps)
    }
    return fates | dict.fromkeys(range(len(run.steps), len(amended_plan.plan.steps)), StepFate.ADDED)


def _steps_of_deleted_lines(run: OrderRun, plan: Plan) -> set[int]:
    """The steps of completed lines that `plan` deletes. What they did stays: the lines' delete steps act on it."""
    deleted = lines_turned_to_delete(run.plan, plan)
    if not deleted or not run.is_patched(COMPLETED_LINES_DELETED):
        return set()
    tree = PlanLineTree(run.plan)
    positions = {position for position, line in enumerate(run.plan.order_lines) if line.id in deleted}
    return {
        at
        for at, lines in enumerate(tree.lines_by_step)
        if tree.ancestor_order_lines(lines, top_level=False) <= positions
    }


def _step_fate(
    run: OrderRun, step: StepRun, change: RequestedChange, plan: Plan, inputs: dict[int, StepInputs]
) -> StepFate:
    progress = step_progress(run, step)
    fate = FATE_TABLE[progress, change]
    if fate not in IN_PLACE_FATES or progress not in (StepProgress.DONE, StepProgress.RUNNING):
        return fate
    added_again = change is RequestedChange.READDED and progress is StepProgress.DONE  # its line has been deleted
    if not added_again and is_input_unchanged(run, step, plan, inputs):
        return StepFate.KEPT
    return apply_on_change(fate, plan, step)


def apply_on_change(fate: StepFate, plan: Plan, step: StepRun) -> StepFate:
    """Applies the step's `on_change` to a fate that would do its work again."""
    choice = plan.step_definition(plan.steps[step.position]).definition.on_change
    if choice == "keep":
        return StepFate.KEPT
    return IN_PLACE_FATES[fate] if isinstance(choice, InPlaceUpdate) else fate


def is_input_unchanged(run: OrderRun, step: StepRun, plan: Plan, inputs: dict[int, StepInputs] | None = None) -> bool:
    """Whether `plan` gives the step the input that it was done with, pinned if it began before an amendment."""
    pinned = run.amendments.pinned_steps.get(step.position)
    if pinned is None:
        return False
    inputs = {} if inputs is None else inputs
    before = inputs.setdefault(id(pinned.plan), StepInputs(pinned.plan)).for_step(pinned.step)
    return before == inputs.setdefault(id(plan), StepInputs(plan)).for_step(plan.steps[step.position])


def is_no_op(run: OrderRun, amended_plan: AmendedPlan) -> bool:
    """Whether the order already runs as the new one asks."""
    return (
        len(amended_plan.plan.steps) == len(run.steps)
        and not amended_plan.input_changed
        and not amended_plan.context_changed
        and amended_plan.retired == frozenset(run.amendments.retired)
        and amended_plan.removed_lines == run.amendments.removed_lines
        and amended_plan.plan.order == run.plan.order
        and amended_plan.plan.order_lines == run.plan.order_lines
    )


def check_amendable(run: OrderRun) -> None:
    """Raises RequestRefused if the order takes no amendment now, whatever it asks for."""
    order = run.plan.order.id
    if run.ended or run.ended_at is not None:
        raise RequestRefused(RefusalCode.NOT_NOW, f"Order {order} has ended", "order_ended", [new_revision(run)])
    if run.compensation.order_cancelled:
        raise RequestRefused(
            RefusalCode.NOT_NOW,
            f"Order {order} is being cancelled, so it cannot be amended",
            "order_cancelled",
            [new_revision(run)],
        )
    amendment_reasons = (*REDO_REASONS, UndoReason.AMENDMENT, None)
    rolling_back = sorted(
        at for at in run.compensation.open_undos if run.steps[at].undo_reason not in amendment_reasons
    )
    if rolling_back:
        raise RequestRefused(
            RefusalCode.NOT_NOW,
            f"Order {order} is being rolled back ({step_list_text(run, rolling_back)}); amend it once that has ended",
            "order_rolling_back",
            [explain(run)],
        )


def ponr_barriers(run: OrderRun, fates: Mapping[int, StepFate]) -> tuple[list[int], list[int]]:
    """The steps past their point of no return that forbid the amendment, and the steps that it may not touch."""
    barriers = [step.position for step in run.steps if is_past_ponr(run, step)]
    if not barriers:
        return [], []
    predecessors, followers = undo_graph(run)
    bound = reachable(barriers, predecessors)
    touched = [at for at, fate in fates.items() if at in bound and is_altering(run, at, fate)]
    if not touched:
        return [], []
    affected = reachable(touched, followers)
    return [at for at in barriers if at in affected], touched


def ponr_objection(run: OrderRun, barriers: list[int], touched: list[int]) -> str:
    verb, pronoun = ("is", "its") if len(barriers) == 1 else ("are", "their")
    return (
        f"{step_list_text(run, barriers)} {verb} at or past {pronoun} point of no return, and "
        f"{step_list_text(run, touched)} would be changed or undone"
    )


def is_altering(run: OrderRun, position: int, fate: StepFate) -> bool:
    return fate in ALTERING_FATES or (fate is StepFate.NEW_INPUT and is_past_ponr(run, run.steps[position]))
