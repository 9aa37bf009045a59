"""What an amendment would do to each step of a running order, and what speaks against it. Changes nothing.

The order's plan as amended has every step in its place; what is new comes behind (compiler/amendment).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from compiler.amendment.plan_diff import Inputs
from compiler.language.steps import PatchChange
from compiler.plan.plan import Plan
from workflows.contract.order_messages import Refusal
from workflows.contract.states import DONE, SETTLED, TAKEN_BACK, StepState
from workflows.core.compensation.rollback import passed
from workflows.core.compensation.undo_order import links, reach
from workflows.core.state.order_run import OrderRun
from workflows.core.state.state_transitions import DONE_AGAIN, Withdrawal
from workflows.core.state.step_run import Phase, StepRun
from workflows.core.steps.refusal import Refused

MOST_NAMED = 5
"""Steps that a refusal names."""


@dataclass(frozen=True, slots=True)
class Amended:
    """The plan as it is to be, and how it differs from the running one. Steps are positions in it."""

    plan: Plan
    retired: frozenset[int]
    """All that the new order does not ask for."""
    changed: frozenset[int] = frozenset()
    """Their input is another one."""
    seen_otherwise: frozenset[int] = frozenset()
    """Something that they read of the order, or their definition, is another one; those of `changed` as well."""
    removed_lines: frozenset[str] = frozenset()
    """Order lines of the plan that the new order does not have."""


class Standing(StrEnum):
    """How far a step is, as far as it matters to an amendment."""

    AHEAD = "ahead"
    WAITING = "waiting"
    """For a time, an event, a person, the next attempt or a decision: it has done nothing, for certain."""
    RUNNING = "running"
    """An attempt, or what it led to, is under way."""
    UNCERTAIN = "uncertain"
    """It may have done its work."""
    DONE = "done"
    NOTHING = "nothing"
    """It was skipped."""
    BACK = "back"
    """It was taken back, or never ran and will not."""
    UNDOING = "undoing"


class Asked(StrEnum):
    """What the amendment wants of a step; one that it says nothing of stays as it is."""

    CHANGED = "changed"
    GONE = "gone"
    AGAIN = "again"
    """An earlier amendment had left it out."""


class Fate(StrEnum):
    KEPT = "kept"
    NEW_INPUT = "new_input"
    """It goes on, or begins anew, with the new input: it has done nothing yet."""
    REDONE = "redone"
    PATCHED = "patched"
    UNDONE = "undone"
    DISCARDED = "discarded"
    STOPPED = "stopped"
    """It had begun, but done nothing."""
    ENDS_THEN_REDONE = "ends_then_redone"
    ENDS_THEN_PATCHED = "ends_then_patched"
    ENDS_THEN_UNDONE = "ends_then_undone"
    ADDED = "added"


FATES: Mapping[tuple[Standing, Asked], Fate] = {
    (Standing.AHEAD, Asked.CHANGED): Fate.NEW_INPUT,
    (Standing.AHEAD, Asked.GONE): Fate.DISCARDED,
    (Standing.AHEAD, Asked.AGAIN): Fate.NEW_INPUT,
    (Standing.WAITING, Asked.CHANGED): Fate.NEW_INPUT,
    (Standing.WAITING, Asked.GONE): Fate.STOPPED,
    (Standing.WAITING, Asked.AGAIN): Fate.NEW_INPUT,
    (Standing.RUNNING, Asked.CHANGED): Fate.ENDS_THEN_REDONE,
    (Standing.RUNNING, Asked.GONE): Fate.ENDS_THEN_UNDONE,
    (Standing.RUNNING, Asked.AGAIN): Fate.ENDS_THEN_REDONE,
    (Standing.UNCERTAIN, Asked.CHANGED): Fate.REDONE,
    (Standing.UNCERTAIN, Asked.GONE): Fate.UNDONE,
    (Standing.UNCERTAIN, Asked.AGAIN): Fate.REDONE,
    (Standing.DONE, Asked.CHANGED): Fate.REDONE,
    (Standing.DONE, Asked.GONE): Fate.UNDONE,
    (Standing.DONE, Asked.AGAIN): Fate.REDONE,
    (Standing.NOTHING, Asked.CHANGED): Fate.NEW_INPUT,
    (Standing.NOTHING, Asked.GONE): Fate.KEPT,
    (Standing.NOTHING, Asked.AGAIN): Fate.NEW_INPUT,
    # what was rolled back stays so: a new line asks for it anew
    (Standing.BACK, Asked.CHANGED): Fate.KEPT,
    (Standing.BACK, Asked.GONE): Fate.KEPT,
    (Standing.BACK, Asked.AGAIN): Fate.ADDED,
    (Standing.UNDOING, Asked.CHANGED): Fate.REDONE,
    (Standing.UNDOING, Asked.GONE): Fate.UNDONE,
    (Standing.UNDOING, Asked.AGAIN): Fate.REDONE,
}

TOUCHING = frozenset(
    {
        Fate.REDONE,
        Fate.PATCHED,
        Fate.UNDONE,
        Fate.ENDS_THEN_REDONE,
        Fate.ENDS_THEN_PATCHED,
        Fate.ENDS_THEN_UNDONE,
        Fate.STOPPED,
    }
)
"""These take back, or change, what was begun: a point of no return forbids it."""

AGAIN_WITH_PATCH = {Fate.REDONE: Fate.PATCHED, Fate.ENDS_THEN_REDONE: Fate.ENDS_THEN_PATCHED}


def standing_of(run: OrderRun, step: StepRun) -> Standing:
    state = step.state
    if step.undoing:
        return Standing.UNDOING
    if state in TAKEN_BACK:
        return Standing.BACK
    if is_running(step):
        return Standing.RUNNING
    if state in DONE or step.patching:
        return Standing.DONE
    if step.uncertain and run.recipe(step).calls_out:
        return Standing.UNCERTAIN
    if state is StepState.SKIPPED:
        return Standing.NOTHING
    return Standing.WAITING if step.begun or state in SETTLED else Standing.AHEAD


def is_running(step: StepRun) -> bool:
    """An attempt of its work is under way, or its call was taken and what it leads to is awaited."""
    if step.state in SETTLED or step.undoing:
        return False
    return step.flying or step.phase in (Phase.POLL, Phase.CALLBACK)


def fates_of(run: OrderRun, amended: Amended) -> dict[int, Fate]:
    """Of every step that the amendment concerns, new ones included."""
    known = run.revisions.retired
    asked = dict.fromkeys(amended.changed - amended.retired, Asked.CHANGED)
    asked.update(dict.fromkeys((at for at in amended.retired if at not in known), Asked.GONE))
    asked.update(dict.fromkeys((at for at in known if at not in amended.retired), Asked.AGAIN))
    inputs: dict[int, Inputs] = {}
    found: dict[int, Fate] = {}
    for position in sorted(asked):
        if position < len(run.steps):
            found[position] = _fate(run, run.steps[position], asked[position], amended.plan, inputs)
    found.update(dict.fromkeys(range(len(run.steps), len(amended.plan.steps)), Fate.ADDED))
    return found


def _fate(run: OrderRun, step: StepRun, asked: Asked, plan: Plan, inputs: dict[int, Inputs]) -> Fate:
    standing = standing_of(run, step)
    fate = FATES[standing, asked]
    if fate not in AGAIN_WITH_PATCH or standing not in (Standing.DONE, Standing.RUNNING):
        return fate
    if is_as_begun(run, step, plan, inputs):
        return Fate.KEPT
    return by_its_choice(fate, plan, step)


def by_its_choice(fate: Fate, plan: Plan, step: StepRun) -> Fate:
    """What `on_change` makes of doing a step again that has done its work."""
    choice = plan.definition_of(plan.steps[step.position]).definition.on_change
    if choice == "keep":
        return Fate.KEPT
    return AGAIN_WITH_PATCH[fate] if isinstance(choice, PatchChange) else fate


def is_as_begun(run: OrderRun, step: StepRun, plan: Plan, inputs: dict[int, Inputs] | None = None) -> bool:
    """Whether `plan` asks of the step what it was done with; one that began before an amendment remembers that."""
    sight = run.revisions.sights.get(step.position)
    if sight is None:
        return False
    inputs = {} if inputs is None else inputs
    before = inputs.setdefault(id(sight.plan), Inputs(sight.plan)).of(sight.step)
    return before == inputs.setdefault(id(plan), Inputs(plan)).of(plan.steps[step.position])


def changes_nothing(run: OrderRun, amended: Amended) -> bool:
    """Whether the order runs as the new one asks already."""
    return (
        len(amended.plan.steps) == len(run.steps)
        and not amended.changed
        and not amended.seen_otherwise
        and amended.retired == frozenset(run.revisions.retired)
        and amended.removed_lines == run.revisions.removed_lines
        and amended.plan.order == run.plan.order
        and amended.plan.order_lines == run.plan.order_lines
    )


def refuse_by_state(run: OrderRun) -> None:
    """Raises Refused where the order takes no amendment now, whatever it asks for."""
    order = run.plan.order.id
    if run.ended or run.ended_at is not None:
        raise Refused(Refusal.NOT_NOW, f"Order {order} has ended; submit what is wanted now as a new revision of it")
    if run.withdrawals.cancelled:
        raise Refused(
            Refusal.NOT_NOW,
            f"Order {order} is being cancelled, and what is cancelled is not amended; possible: once it has ended, "
            "submit what is wanted now as a new revision of it",
        )
    by_an_amendment = (*DONE_AGAIN, Withdrawal.AMENDMENT, None)
    rolling = sorted(at for at in run.withdrawals.open if run.steps[at].withdrawal not in by_an_amendment)
    if rolling:
        raise Refused(
            Refusal.NOT_NOW,
            f"Order {order} is being rolled back ({_named(run.plan, rolling)}); amend it when that is over: "
            f"`why {order}` tells what it waits for",
        )


def objections(run: OrderRun, fates: Mapping[int, Fate]) -> list[str]:
    """Points of no return that speak against it, in words."""
    barriers = [step.position for step in run.steps if passed(run, step)]
    if not barriers:
        return []
    before, followers = links(run)
    bound = reach(barriers, before)
    touched = [at for at, fate in fates.items() if at in bound and is_touching(run, at, fate)]
    if not touched:
        return []
    below = reach(touched, followers)
    in_the_way = [at for at in barriers if at in below]
    order = run.plan.order.id
    return [
        f"{_named(run.plan, in_the_way)} {_are(in_the_way)} at or past {_its(in_the_way)} point of no return, and "
        f"{_named(run.plan, touched)} would be changed or undone. Leave what {_these(touched)} for as it is "
        f"(`amend --dry-run` shows which values differ), or say --override with a reason; "
        f"`show {order}` tells how far each step is"
    ]


def is_touching(run: OrderRun, position: int, fate: Fate) -> bool:
    return fate in TOUCHING or (fate is Fate.NEW_INPUT and passed(run, run.steps[position]))


def _named(plan: Plan, positions: Iterable[int]) -> str:
    all_ = list(positions)
    named = ", ".join(f"step {at + 1} ({plan.steps[at].id})" for at in all_[:MOST_NAMED])
    return named + (f" and {len(all_) - MOST_NAMED} more" if len(all_) > MOST_NAMED else "")


def _are(some: list[int]) -> str:
    return "is" if len(some) == 1 else "are"


def _its(some: list[int]) -> str:
    return "its" if len(some) == 1 else "their"


def _these(some: list[int]) -> str:
    return "this step is" if len(some) == 1 else "these steps are"
