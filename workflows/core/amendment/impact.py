"""What an amendment would do to each step of a running order, and what speaks against it. Changes nothing.

The order's plan as amended has every step in its place; what is new comes behind (compiler/amendment).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from compiler.amendment.compare_plans import StepInputs
from compiler.graph import reachable
from compiler.language.steps import InPlaceUpdate
from compiler.plan.plan import Plan
from workflows.contract.order_messages import RefusalCode
from workflows.contract.states import DONE, SETTLED, TAKEN_BACK, StepState
from workflows.core.compensation.rollback import is_past_ponr
from workflows.core.compensation.undo_order import undo_graph
from workflows.core.state.order_run import OrderRun
from workflows.core.state.state_transitions import REDO_REASONS, UndoReason
from workflows.core.state.step_run import Phase, StepRun
from workflows.core.steps.refusal import RequestRefused, explain, new_revision, step_list_text


@dataclass(frozen=True, slots=True)
class AmendedPlan:
    """The plan as it is to be, and how it differs from the running one. Steps are positions in it."""

    plan: Plan
    retired: frozenset[int]
    """All that the new order does not ask for."""
    input_changed: frozenset[int] = frozenset()
    """Their input is another one."""
    context_changed: frozenset[int] = frozenset()
    """Something that they read of the order, or their definition, is another one; those of `changed` as well."""
    removed_lines: frozenset[str] = frozenset()
    """Order lines of the plan that the new order does not have."""


class StepProgress(StrEnum):
    """How far a step is, as far as it matters to an amendment."""

    NOT_STARTED = "ahead"
    WAITING = "waiting"
    """For a time, an event, a person, the next attempt or a decision: it has done nothing, for certain."""
    RUNNING = "running"
    """An attempt, or what it led to, is under way."""
    UNCERTAIN = "uncertain"
    """It may have done its work."""
    DONE = "done"
    SKIPPED = "nothing"
    """It was skipped."""
    CANCELLED = "back"
    """It was taken back, or never ran and will not."""
    UNDOING = "undoing"


class RequestedChange(StrEnum):
    """What the amendment wants of a step; one that it says nothing of stays as it is."""

    CHANGED = "changed"
    REMOVED = "gone"
    READDED = "again"
    """An earlier amendment had left it out."""


class StepFate(StrEnum):
    KEPT = "kept"
    NEW_INPUT = "new_input"
    """It goes on, or begins anew, with the new input: it has done nothing yet."""
    REDONE = "redone"
    CHANGED_IN_PLACE = "patched"
    UNDONE = "undone"
    DISCARDED = "discarded"
    STOPPED = "stopped"
    """It had begun, but done nothing."""
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
    # what was rolled back stays so: a new line asks for it anew
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
"""These take back, or change, what was begun: a point of no return forbids it."""

IN_PLACE_FATES = {StepFate.REDONE: StepFate.CHANGED_IN_PLACE, StepFate.ENDS_THEN_REDONE: StepFate.ENDS_THEN_CHANGED}


def step_progress(run: OrderRun, step: StepRun) -> StepProgress:
    state = step.state
    if step.undoing:
        return StepProgress.UNDOING
    if state in TAKEN_BACK:
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
    """An attempt of its work is under way, or its call was taken and what it leads to is awaited."""
    if step.state in SETTLED or step.undoing:
        return False
    return step.in_flight or step.phase in (Phase.POLL, Phase.CALLBACK)


def step_fates(run: OrderRun, amended_plan: AmendedPlan) -> dict[int, StepFate]:
    """Of every step that the amendment concerns, new ones included."""
    known = run.amendments.retired
    asked = dict.fromkeys(amended_plan.input_changed - amended_plan.retired, RequestedChange.CHANGED)
    asked.update(dict.fromkeys((at for at in amended_plan.retired if at not in known), RequestedChange.REMOVED))
    asked.update(dict.fromkeys((at for at in known if at not in amended_plan.retired), RequestedChange.READDED))
    inputs: dict[int, StepInputs] = {}
    found: dict[int, StepFate] = {}
    for position in sorted(asked):
        if position < len(run.steps):
            found[position] = _step_fate(run, run.steps[position], asked[position], amended_plan.plan, inputs)
    found.update(dict.fromkeys(range(len(run.steps), len(amended_plan.plan.steps)), StepFate.ADDED))
    return found


def _step_fate(
    run: OrderRun, step: StepRun, asked: RequestedChange, plan: Plan, inputs: dict[int, StepInputs]
) -> StepFate:
    standing = step_progress(run, step)
    fate = FATE_TABLE[standing, asked]
    if fate not in IN_PLACE_FATES or standing not in (StepProgress.DONE, StepProgress.RUNNING):
        return fate
    if is_input_unchanged(run, step, plan, inputs):
        return StepFate.KEPT
    return apply_on_change(fate, plan, step)


def apply_on_change(fate: StepFate, plan: Plan, step: StepRun) -> StepFate:
    """What `on_change` makes of doing a step again that has done its work."""
    choice = plan.step_definition(plan.steps[step.position]).definition.on_change
    if choice == "keep":
        return StepFate.KEPT
    return IN_PLACE_FATES[fate] if isinstance(choice, InPlaceUpdate) else fate


def is_input_unchanged(run: OrderRun, step: StepRun, plan: Plan, inputs: dict[int, StepInputs] | None = None) -> bool:
    """Whether `plan` asks of the step what it was done with; one that began before an amendment remembers that."""
    sight = run.amendments.pinned_steps.get(step.position)
    if sight is None:
        return False
    inputs = {} if inputs is None else inputs
    before = inputs.setdefault(id(sight.plan), StepInputs(sight.plan)).for_step(sight.step)
    return before == inputs.setdefault(id(plan), StepInputs(plan)).for_step(plan.steps[step.position])


def is_no_op(run: OrderRun, amended_plan: AmendedPlan) -> bool:
    """Whether the order runs as the new one asks already."""
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
