"""Steps are taken back: stopped where they are, then undone, each after everything that depends on it.

What an undo does is in execution/undo_execution.py; which steps are meant, in targets.py, rollback.py and rework.py.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence

from workflows.contract.states import SETTLED, TAKEN_BACK, StepState
from workflows.core.state.commands import CancelActivity
from workflows.core.state.order_run import OrderRun, require
from workflows.core.state.state_transitions import REDO_REASONS, UndoReason
from workflows.core.state.step_run import Phase, StepRun, UndoRun
from workflows.core.steps.settlement import block_followers, release_followers, settle, stop_waiting

S = StepState


REASON_PRECEDENCE = {UndoReason.REDO: 0, UndoReason.REVISION: 1, UndoReason.AMENDMENT: 2}
"""What is done again may yet be done otherwise, left out, or given up with its order (3): the weightier wish stands."""


def request_undo(run: OrderRun, steps: Iterable[StepRun], reason: UndoReason) -> None:
    """These steps are taken back. One that is being taken back already may be so for a weightier reason from now on."""
    for step in steps:
        if step.undoing:
            if step.undo_reason is None or REASON_PRECEDENCE.get(step.undo_reason, 3) < REASON_PRECEDENCE.get(
                reason, 3
            ):
                step.undo_reason = reason
        elif step.state not in TAKEN_BACK:
            _request_step_undo(run, step, reason)
    run.compensation.needs_sorting = True


def _request_step_undo(run: OrderRun, step: StepRun, reason: UndoReason) -> None:
    again = reason in REDO_REASONS
    if step.has_started if step.state not in SETTLED else again or step.uncertain or step.state is not S.SKIPPED:
        step.undo_reason = reason
        if again:
            block_followers(run, step)
        number = 1 if step.undo is None else step.undo.number + 1
        run.set_undo_state(step, UndoRun(number=number), S.PENDING)
        run.compensation.open_undos[step.position] = None
        if run.jeopardy_watch is not None:
            run.jeopardy_watch.stop_clock(step, run.now)
        _stop_attempt(run, step)
    elif step.state is S.SKIPPED:
        return  # nothing was done, and nobody waits for it
    elif again:
        step.undo_reason = reason
        reset_step(run, step)
    else:
        step.undo_reason = reason
        settle(run, step, S.DISCARDED if step.number == 1 else S.CANCELLED)


def _stop_attempt(run: OrderRun, step: StepRun) -> None:
    """An attempt that is under way ends by itself, for better or worse; no other follows."""
    if step.in_flight and step.phase in (Phase.CALL, Phase.ACTIVITY):
        run.commands.append(CancelActivity(step.position, step.launch))
        run.compensation.stopping_count += 1
    else:
        work_stopped(run, step)


def last_attempt_ended(run: OrderRun, step: StepRun) -> None:
    """The last attempt of a step that is being taken back has ended; `uncertain` tells what is known of it."""
    run.compensation.stopping_count -= 1
    work_stopped(run, step)


def work_stopped(run: OrderRun, step: StepRun) -> None:
    """Nothing of its work is under way any more. What has done nothing, for certain, is taken back by that."""
    if step.state not in SETTLED:
        if step.phase in (Phase.POLL, Phase.CALLBACK):
            step.uncertain = True  # the call was taken, and what it leads to is on its way
        stop_waiting(run, step)
        if not step.uncertain and not step.changing_in_place:
            mark_undone(run, step)
            return
    enqueue_undo(run, step)


def enqueue_undo(run: OrderRun, step: StepRun) -> None:
    """Its undo has its turn at once, unless something that depends on the step is still to be undone."""
    withdrawals = run.compensation
    if not withdrawals.needs_sorting and withdrawals.open_follower_counts.get(step.position) == 0:
        withdrawals.undo_queue.append(step.position)


def mark_undone(run: OrderRun, step: StepRun, final_state: StepState = S.COMPLETED) -> None:
    """The step's effect is gone, or there was none (`how`: completed), or a person says that it may stay (skipped)."""
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
        run.audit_log.record(run.now, "what was to be undone is undone")


def reset_step(run: OrderRun, step: StepRun) -> None:
    """It is as if it had not begun, and what it does next is a new effect."""
    revised = step.undo_reason is UndoReason.REVISION or step.state is S.AMENDED
    if step.state is not S.PENDING:
        run.transition(step, S.PENDING)
    step.undo_reason = UndoReason.REVISION if revised else None
    step.phase = Phase.IDLE
    step.number += 1
    step.attempts = 0
    step.uncertain = step.has_output = step.changing_in_place = False
    step.started_at = step.ended_at = step.again_at = step.deadline = None
    step.output = step.failure = step.queue = step.answer = step.early_callback = step.note = None
    step.event_names, step.key = (), None
    if revised:
        step.changes = None
    if step.open_predecessors == 0:
        run.start_queue.append(step.position)


def sort_undos(run: OrderRun) -> None:
    """Finds out anew what has to be undone before what. Chains through steps that are not undone count, too."""
    withdrawals = run.compensation
    withdrawals.needs_sorting = False
    before, followers = undo_graph(run)
    withdrawals.predecessors = before
    awaited = {
        **withdrawals.open_undos,
        **run.amendments.ending_attempts,
    }  # the latter end before anything that they came after is undone
    below = reachable(awaited, followers)
    above = reachable(awaited, before)
    withdrawals.open_follower_counts = {
        position: sum(follower in above for follower in followers[position]) for position in below if position in above
    }
    withdrawals.undo_queue = deque(
        position for position in withdrawals.open_undos if withdrawals.open_follower_counts[position] == 0
    )


def undo_predecessors(run: OrderRun, position: int) -> tuple[int, ...]:
    """What the step came after when it began, should an amendment have changed it since."""
    sight = run.amendments.pinned_steps.get(position)
    return run.plan.steps[position].after if sight is None else sight.step.after


def undo_graph(run: OrderRun) -> tuple[list[tuple[int, ...]], list[list[int]]]:
    """Of each step what it came after, and what came after it: the order in which steps are undone."""
    if not run.amendments.pinned_steps:
        return [planned.after for planned in run.plan.steps], run.followers
    before = [undo_predecessors(run, position) for position in range(len(run.steps))]
    followers: list[list[int]] = [[] for _ in before]
    for position, positions in enumerate(before):
        for each in positions:
            followers[each].append(position)
    return before, followers


def reachable(positions: Iterable[int], edges: Sequence[Sequence[int]]) -> dict[int, None]:
    """These steps, and all that the links lead to from them."""
    found = dict.fromkeys(positions)
    ahead = list(found)
    while ahead:
        for position in edges[ahead.pop()]:
            if position not in found:
                found[position] = None
                ahead.append(position)
    return found


def _unblock_predecessors(run: OrderRun, position: int) -> None:
    """The step is undone: those that it depended on may have their turn."""
    withdrawals = run.compensation
    if withdrawals.needs_sorting or withdrawals.open_follower_counts.get(position) != 0:
        return
    cleared = [position]
    while cleared:
        for before in withdrawals.predecessors[cleared.pop()]:
            if before not in withdrawals.open_follower_counts:
                continue
            withdrawals.open_follower_counts[before] -= 1
            if withdrawals.open_follower_counts[before] == 0:
                if before in withdrawals.open_undos:
                    withdrawals.undo_queue.append(before)
                else:
                    cleared.append(before)
