"""Steps that have used what a step did that is now undone.

They are undone first and then done again, as in a cancellation. Those that cannot be undone, or must stay, stay: the
answer to the amendment names them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from compiler.graph import invert_edges
from compiler.plan.plan import Plan
from workflows.core.amendment.impact import (
    FATE_TABLE,
    IN_PLACE_FATES,
    RequestedChange,
    StepFate,
    StepProgress,
    apply_on_change,
    step_progress,
)
from workflows.core.compensation.rollback import is_past_ponr
from workflows.core.state.order_run import OrderRun
from workflows.core.state.step_run import StepRun

UNDO_USERS_FIRST = "undo-users-first"
"""The patch from which on they are undone first."""

UNDOING_FATES = frozenset({StepFate.REDONE, StepFate.UNDONE, StepFate.ENDS_THEN_REDONE, StepFate.ENDS_THEN_UNDONE})


def with_users(
    run: OrderRun, fates: Mapping[int, StepFate], plan: Plan, retired: Collection[int]
) -> dict[int, StepFate]:
    """These fates, and those of the steps that are undone because they have used what is undone."""
    found: dict[int, StepFate] = {}
    users = _users(run) if any(fate in UNDOING_FATES for fate in fates.values()) else []
    ahead = [at for at, fate in fates.items() if fate in UNDOING_FATES and at < len(run.steps)]
    while ahead:
        for user in _users_of(run, users, ahead.pop()):
            if user in fates or user in found or user in retired:
                continue
            fate = _user_fate(run, run.steps[user], plan)
            if fate is not None:
                found[user] = fate
                ahead.append(user)
    if found and run.is_patched(UNDO_USERS_FIRST):
        return {**fates, **found}
    return dict(fates)


def kept_users(run: OrderRun, fates: Mapping[int, StepFate]) -> Iterator[tuple[int, int]]:
    """Steps that are undone, each with a step that has used what it did and is not undone."""
    undone = [at for at, fate in fates.items() if fate in UNDOING_FATES and at < len(run.steps)]
    users = _users(run) if undone else []
    for at in sorted(undone):
        for user in _users_of(run, users, at):
            if fates.get(user) not in UNDOING_FATES and _progress_if_used(run, run.steps[user]) is not None:
                yield at, user


def uses_undone(run: OrderRun, step: StepRun) -> bool:
    """Whether the step has used the output of a step that is being undone, and has to be undone before it."""
    if _user_fate(run, step, run.plan) is None:
        return False
    used = any(run.steps[at].undoing and _has_undo(run, run.steps[at]) for at in _reads(run, step))
    return used and run.is_patched(UNDO_USERS_FIRST)


def _users(run: OrderRun) -> list[list[int]]:
    """For each step, the steps that read its output, by the plans with which they began."""
    return invert_edges([_reads(run, step) for step in run.steps])


def _reads(run: OrderRun, step: StepRun) -> list[int]:
    pinned = run.amendments.pinned_steps.get(step.position)
    planned = run.plan.steps[step.position] if pinned is None else pinned.step
    return list(dict.fromkeys(at for read in planned.reads for at in read))


def _users_of(run: OrderRun, users: list[list[int]], position: int) -> list[int]:
    return users[position] if _has_undo(run, run.steps[position]) else []


def _has_undo(run: OrderRun, step: StepRun) -> bool:
    return run.definition(step).definition.undo is not None


def _progress_if_used(run: OrderRun, step: StepRun) -> StepProgress | None:
    """The step's progress if it has an effect, or may have one; else None."""
    progress = step_progress(run, step)
    return progress if progress in (StepProgress.DONE, StepProgress.RUNNING, StepProgress.UNCERTAIN) else None


def _user_fate(run: OrderRun, step: StepRun, plan: Plan) -> StepFate | None:
    """None: the step has no effect, or it stays."""
    progress = _progress_if_used(run, step)
    if progress is None or not _has_undo(run, step) or is_past_ponr(run, step):
        return None
    fate = FATE_TABLE[progress, RequestedChange.CHANGED]
    return fate if apply_on_change(fate, plan, step) in IN_PLACE_FATES else None
