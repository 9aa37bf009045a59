"""Steps are taken back: stopped where they are, then undone, each after everything that depends on it.

What an undo does is in execution/undo_execution.py; which steps are meant, in targets.py, rollback.py and rework.py.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence

from workflows.contract.states import SETTLED, TAKEN_BACK, StepState
from workflows.core.state.commands import CancelActivity
from workflows.core.state.order_run import OrderRun, given
from workflows.core.state.state_transitions import DONE_AGAIN, Withdrawal
from workflows.core.state.step_run import Phase, StepRun, UndoRun
from workflows.core.steps.settlement import hold_back, release, settle, stop_waiting

S = StepState


WEIGHT = {Withdrawal.REDO: 0, Withdrawal.REVISION: 1, Withdrawal.AMENDMENT: 2}
"""What is done again may yet be done otherwise, left out, or given up with its order (3): the weightier wish stands."""


def withdraw(run: OrderRun, steps: Iterable[StepRun], why: Withdrawal) -> None:
    """These steps are taken back. One that is being taken back already may be so for a weightier reason from now on."""
    for step in steps:
        if step.undoing:
            if step.withdrawal is None or WEIGHT.get(step.withdrawal, 3) < WEIGHT.get(why, 3):
                step.withdrawal = why
        elif step.state not in TAKEN_BACK:
            _withdraw(run, step, why)
    run.withdrawals.out_of_order = True


def _withdraw(run: OrderRun, step: StepRun, why: Withdrawal) -> None:
    again = why in DONE_AGAIN
    if step.begun if step.state not in SETTLED else again or step.uncertain or step.state is not S.SKIPPED:
        step.withdrawal = why
        if again:
            hold_back(run, step)
        number = 1 if step.undo is None else step.undo.number + 1
        run.put_undo(step, UndoRun(number=number), S.PENDING)
        run.withdrawals.open[step.position] = None
        if run.outlook is not None:
            run.outlook.over(step, run.now)
        _stop(run, step)
    elif step.state is S.SKIPPED:
        return  # nothing was done, and nobody waits for it
    elif again:
        step.withdrawal = why
        renew(run, step)
    else:
        step.withdrawal = why
        settle(run, step, S.DISCARDED if step.number == 1 else S.CANCELLED)


def _stop(run: OrderRun, step: StepRun) -> None:
    """An attempt that is under way ends by itself, for better or worse; no other follows."""
    if step.flying and step.phase in (Phase.CALL, Phase.ACTIVITY):
        run.commands.append(CancelActivity(step.position, step.launch))
        run.withdrawals.stopping += 1
    else:
        stopped(run, step)


def landed(run: OrderRun, step: StepRun) -> None:
    """The last attempt of a step that is being taken back has ended; `uncertain` tells what is known of it."""
    run.withdrawals.stopping -= 1
    stopped(run, step)


def stopped(run: OrderRun, step: StepRun) -> None:
    """Nothing of its work is under way any more. What has done nothing, for certain, is taken back by that."""
    if step.state not in SETTLED:
        if step.phase in (Phase.POLL, Phase.CALLBACK):
            step.uncertain = True  # the call was taken, and what it leads to is on its way
        stop_waiting(run, step)
        if not step.uncertain and not step.patching:
            taken_back(run, step)
            return
    stand_in_line(run, step)


def stand_in_line(run: OrderRun, step: StepRun) -> None:
    """Its undo has its turn at once, unless something that depends on the step is still to be undone."""
    withdrawals = run.withdrawals
    if not withdrawals.out_of_order and withdrawals.behind.get(step.position) == 0:
        withdrawals.turns.append(step.position)


def taken_back(run: OrderRun, step: StepRun, how: StepState = S.COMPLETED) -> None:
    """The step's effect is gone, or there was none (`how`: completed), or a person says that it may stay (skipped)."""
    run.move_undo(step, how)
    given(step.undo).again_at = given(step.undo).deadline = None
    run.withdrawals.open.pop(step.position, None)
    if step.withdrawal in DONE_AGAIN:
        renew(run, step)
    elif step.state in SETTLED:
        run.move(step, S.CANCELLED)
        step.ended_at = run.now
        release(run, step)
    else:
        settle(run, step, S.CANCELLED)
    _clear(run, step.position)
    run.revisions.sights.pop(step.position, None)
    if not run.withdrawals.open:
        run.journal.note(run.now, "what was to be undone is undone")


def renew(run: OrderRun, step: StepRun) -> None:
    """It is as if it had not begun, and what it does next is a new effect."""
    revised = step.withdrawal is Withdrawal.REVISION or step.state is S.AMENDED
    if step.state is not S.PENDING:
        run.move(step, S.PENDING)
    step.withdrawal = Withdrawal.REVISION if revised else None
    step.phase = Phase.AHEAD
    step.number += 1
    step.attempts = 0
    step.uncertain = step.has_output = step.patching = False
    step.started_at = step.ended_at = step.again_at = step.deadline = None
    step.output = step.failure = step.queue = step.answer = step.callback = step.note = None
    step.names, step.key = (), None
    if revised:
        step.changes = None
    if step.open == 0:
        run.turns.append(step.position)


def arrange(run: OrderRun) -> None:
    """Finds out anew what has to be undone before what. Chains through steps that are not undone count, too."""
    withdrawals = run.withdrawals
    withdrawals.out_of_order = False
    before, followers = links(run)
    withdrawals.links = before
    awaited = {**withdrawals.open, **run.revisions.due}  # the latter end before anything that they came after is undone
    below = reach(awaited, followers)
    above = reach(awaited, before)
    withdrawals.behind = {
        position: sum(follower in above for follower in followers[position]) for position in below if position in above
    }
    withdrawals.turns = deque(position for position in withdrawals.open if withdrawals.behind[position] == 0)


def came_after(run: OrderRun, position: int) -> tuple[int, ...]:
    """What the step came after when it began, should an amendment have changed it since."""
    sight = run.revisions.sights.get(position)
    return run.plan.steps[position].after if sight is None else sight.step.after


def links(run: OrderRun) -> tuple[list[tuple[int, ...]], list[list[int]]]:
    """Of each step what it came after, and what came after it: the order in which steps are undone."""
    if not run.revisions.sights:
        return [planned.after for planned in run.plan.steps], run.followers
    before = [came_after(run, position) for position in range(len(run.steps))]
    followers: list[list[int]] = [[] for _ in before]
    for position, positions in enumerate(before):
        for each in positions:
            followers[each].append(position)
    return before, followers


def reach(positions: Iterable[int], links: Sequence[Sequence[int]]) -> dict[int, None]:
    """These steps, and all that the links lead to from them."""
    found = dict.fromkeys(positions)
    ahead = list(found)
    while ahead:
        for position in links[ahead.pop()]:
            if position not in found:
                found[position] = None
                ahead.append(position)
    return found


def _clear(run: OrderRun, position: int) -> None:
    """The step is undone: those that it depended on may have their turn."""
    withdrawals = run.withdrawals
    if withdrawals.out_of_order or withdrawals.behind.get(position) != 0:
        return
    cleared = [position]
    while cleared:
        for before in withdrawals.links[cleared.pop()]:
            if before not in withdrawals.behind:
                continue
            withdrawals.behind[before] -= 1
            if withdrawals.behind[before] == 0:
                if before in withdrawals.open:
                    withdrawals.turns.append(before)
                else:
                    cleared.append(before)
