"""The order of undos. A step stops where it is. It is undone after everything that depends on it.

execution/undo_execution.py does the undo itself. targets.py, rollback.py and redo.py choose which steps are undone.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping

from compiler.graph import invert_edges, reachable
from workflows.contract.states import CANCELLED_STATES, SETTLED, StepState
from workflows.core.state.commands import CancelActivity
from workflows.core.state.order_run import OrderRun, require
from workflows.core.state.state_transitions import REDO_REASONS, UndoReason
from workflows.core.state.step_run import Phase, StepRun, UndoRun
from workflows.core.steps.reset import block_followers, reset_step
from workflows.core.steps.settlement import release_followers, settle, stop_waiting

S = StepState

REASON_PRECEDENCE: Mapping[UndoReason | None, int] = {
    None: -1,
    UndoReason.REDO: 0,
    UndoReason.REVISION: 1,
    UndoReason.AMENDMENT: 2,
    UndoReason.FAILURE: 3,
    UndoReason.CANCELLATION: 3,
}
"""How strong each reason is. A step may be undone for several reasons: the strongest one counts. If two reasons are
equally strong, the first one counts."""


def request_undo(run: OrderRun, steps: Iterable[StepRun], reason: UndoReason) -> None:
    """Undo these steps. If a step is being undone already, it may get a stronger reason."""
    for step in steps:
        if reason is UndoReason.FAILURE:
            run.compensation.rolled_back.add(step.position)
        if step.undoing:
            if REASON_PRECEDENCE[step.undo_reason] < REASON_PRECEDENCE[reason]:
                step.undo_reason = reason
        elif step.state not in CANCELLED_STATES:
            _request_step_undo(run, step, reason)
    run.compensation.needs_sorting = True


def _request_step_undo(run: OrderRun, step: StepRun, reason: UndoReason) -> None:
    redo = reason in REDO_REASONS
    if _needs_undo(step, redo=redo):
        step.undo_reason = reason
        if redo:
            block_followers(run, step)
        number = 1 if step.undo is None else step.undo.number + 1
        run.set_undo_state(step, UndoRun(number=number), S.PENDING)
        run.compensation.open_undos[step.position] = None
        if run.jeopardy_watch is not None:
            run.jeopardy_watch.stop_clock(step, run.now)
        _stop_attempt(run, step)
    elif step.state is S.SKIPPED:
        return  # the step had no effect, so its followers need not wait
    elif redo:
        step.undo_reason = reason
        reset_step(run, step)
    else:
        step.undo_reason = reason
        settle(run, step, S.DISCARDED if step.number == 1 else S.CANCELLED)


def _needs_undo(step: StepRun, *, redo: bool) -> bool:
    if step.state not in SETTLED:
        return step.has_started
    return redo or step.uncertain or step.state is not S.SKIPPED


def _stop_attempt(run: OrderRun, step: StepRun) -> None:
    """Cancel the running attempt and wait for its end. No further attempt follows."""
    if step.in_flight and step.phase in (Phase.CALL, Phase.ACTIVITY):
        run.commands.append(CancelActivity(step.position, step.launch))
        run.compensation.stopping_count += 1
    else:
        work_stopped(run, step)


def last_attempt_ended(run: OrderRun, step: StepRun) -> None:
    """The last attempt of a step to undo has ended. `uncertain` says whether it may have had an effect."""
    run.compensation.stopping_count -= 1
    work_stopped(run, step)


def work_stopped(run: OrderRun, step: StepRun) -> None:
    """The step's own work has stopped. If it certainly had no effect, the step counts as undone."""
    if step.state not in SETTLED:
        if step.phase in (Phase.POLL, Phase.CALLBACK):
            step.uncertain = True  # the system has accepted the call and is working on it
        stop_waiting(run, step)
        if not step.uncertain and not step.changing_in_place:
            mark_undone(run, step)
            return
    enqueue_undo(run, step)


def enqueue_undo(run: OrderRun, step: StepRun) -> None:
    """Queue the step's undo, unless something that depends on the step is not undone yet."""
    compensation = run.compensation
    if not compensation.needs_sorting and compensation.open_follower_counts.get(step.position) == 0:
        compensation.undo_queue.append(step.position)


def mark_undone(run: OrderRun, step: StepRun, final_state: StepState = S.COMPLETED) -> None:
    """End the undo. completed: the effect is gone. skipped: a person says that the effect may stay."""
    run.transition_undo(step, final_state)
    require(step.undo).again_at = require(step.undo).deadline = None
    run.compensation.open_undos.pop(step.position, None)
    if step.undo_reason in REDO_REASONS:
        reset_step(run, step)
    elif step.state in SETTLED:
        run.transition(step, S.CANCELLED)
        step.ended_at = run.now
        release_followers(run, step)
    else:
        settle(run, step, S.CANCELLED)
    _unblock_predecessors(run, step.position)
    run.amendments.pinned_steps.pop(step.position, None)
    if not run.compensation.open_undos:
        run.audit_log.record(run.now, "everything to be undone is undone")


def sort_undos(run: OrderRun) -> None:
    """Compute which undo waits for which. The dependency also goes through steps that are not undone."""
    compensation = run.compensation
    compensation.needs_sorting = False
    predecessors, followers = undo_graph(run)
    compensation.predecessors = predecessors
    # An amendment waits for some attempts to end. What they depend on is undone only after that.
    awaited = {**compensation.open_undos, **run.amendments.ending_attempts}
    below = reachable(awaited, followers)
    above = reachable(awaited, predecessors)
    compensation.open_follower_counts = {
        position: sum(follower in above for follower in followers[position]) for position in below if position in above
    }
    compensation.undo_queue = deque(
        position for position in compensation.open_undos if compensation.open_follower_counts[position] == 0
    )


def undo_graph(run: OrderRun) -> tuple[list[tuple[int, ...]], list[list[int]]]:
    """Predecessors and followers of each step, as they were when the steps began."""
    pinned_steps = run.amendments.pinned_steps
    if not pinned_steps:
        return [planned.after for planned in run.plan.steps], run.followers
    predecessors = [
        pinned_steps[position].step.after if position in pinned_steps else planned.after
        for position, planned in enumerate(run.plan.steps)
    ]
    return predecessors, invert_edges(predecessors)


def _unblock_predecessors(run: OrderRun, position: int) -> None:
    """The step is undone: undos that waited only for it may start."""
    compensation = run.compensation
    if compensation.needs_sorting or compensation.open_follower_counts.get(position) != 0:
        return
    cleared = [position]
    while cleared:
        for before in compensation.predecessors[cleared.pop()]:
            if before not in compensation.open_follower_counts:
                continue
            compensation.open_follower_counts[before] -= 1
            if compensation.open_follower_counts[before] == 0:
                if before in compensation.open_undos:
                    compensation.undo_queue.append(before)
                else:
                    cleared.append(before)
