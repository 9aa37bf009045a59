"""An amendment takes hold of a running order: what was judged (impact.py) is done, step by step.

A step that reads what is done again is looked at once that is there: with the same input it stays as it is.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from hashlib import blake2b

from compiler.amendment.plan_diff import DOES
from compiler.cel.evaluation import EvaluationError, as_text, evaluate
from compiler.plan.plan import Plan, PlannedDefinition
from compiler.typecheck.expression_sites import STEP, expressions_in
from workflows.contract.states import NOT_BEGUN, SETTLED, TAKEN_BACK, StepState
from workflows.core.amendment.impact import (
    FATES,
    Amended,
    Asked,
    Fate,
    Standing,
    by_its_choice,
    is_as_begun,
    is_running,
    standing_of,
)
from workflows.core.amendment.in_place_change import begin_patch
from workflows.core.amendment.plan_swap import take_plan
from workflows.core.compensation.rollback import passed
from workflows.core.compensation.undo_order import renew, withdraw
from workflows.core.state.amendment_state import Sight
from workflows.core.state.order_run import OrderRun
from workflows.core.state.state_transitions import Withdrawal
from workflows.core.state.step_run import StepRun
from workflows.core.steps.expression_scope import Scope, is_seen
from workflows.core.steps.settlement import hold_back, stop_waiting

S = StepState

TAKES_BACK = frozenset({Fate.REDONE, Fate.PATCHED, Fate.UNDONE, Fate.STOPPED, Fate.NEW_INPUT})
PUTS_OUT_ANEW = frozenset({Fate.REDONE, Fate.PATCHED, Fate.ENDS_THEN_REDONE, Fate.ENDS_THEN_PATCHED, Fate.ADDED})


def take_in(run: OrderRun, amended: Amended, fates: Mapping[int, Fate]) -> None:
    """The order goes on as amended."""
    revisions, count = run.revisions, len(run.steps)
    again = [at for at in revisions.retired if at not in amended.retired]
    _remember_inputs(run, _readers_concerned(run, amended.plan, fates))
    _remember_outputs(run, fates)
    gone = amended.retired - revisions.retired.keys()
    take_plan(run, amended.plan, amended.seen_otherwise | gone)
    revisions.retired = dict.fromkeys(sorted(amended.retired))
    revisions.removed_lines = amended.removed_lines
    for position in again:
        _ask_again(run, run.steps[position])
    _do(run, {at: fate for at, fate in fates.items() if at < count})
    _start_anew_by_dates(run)
    for position in list(revisions.compared):
        _compare(run, run.steps[position])


def look_again(run: OrderRun, step: StepRun) -> None:
    """The step's state has changed, and that matters to an amendment."""
    revisions, position = run.revisions, step.position
    if position in revisions.due and not is_running(step):
        del revisions.due[position]
        run.withdrawals.out_of_order = bool(run.withdrawals.open)
        _has_ended(run, step)
    if step.over and not step.undoing:
        for reader in list(revisions.watched.get(position, ())):
            if reader in revisions.compared:
                _compare(run, run.steps[reader])
        if position not in revisions.due:
            revisions.watched.pop(position, None)


def _has_ended(run: OrderRun, step: StepRun) -> None:
    """The attempt that was under way when the amendment came has ended, for better or worse."""
    if step.undoing or step.state in TAKEN_BACK or (step.state in NOT_BEGUN and not step.patching):
        return
    if step.position in run.revisions.retired:
        _do(run, {step.position: FATES[standing_of(run, step), Asked.GONE]})
    elif is_as_begun(run, step, run.plan):  # what it reads may be another output by now
        _remember_inputs(run, [step])
        _compare(run, step)
    else:
        _do(run, {step.position: _fate_of_changed(run, step)})


def _fate_of_changed(run: OrderRun, step: StepRun) -> Fate:
    standing = standing_of(run, step)
    fate = FATES[standing, Asked.CHANGED]
    return by_its_choice(fate, run.plan, step) if standing in (Standing.DONE, Standing.RUNNING) else fate


def _do(run: OrderRun, fates: Mapping[int, Fate]) -> None:
    """Those that are undone first, so that what is undone in which order is found out once."""
    _remember_outputs(run, fates)
    _remember_inputs(run, _readers_of(run, [at for at, fate in fates.items() if fate in PUTS_OUT_ANEW]))
    by_fate: dict[Fate, list[StepRun]] = {fate: [] for fate in Fate}
    for position, fate in fates.items():
        by_fate[fate].append(run.steps[position])
    for fate in (Fate.ENDS_THEN_REDONE, Fate.ENDS_THEN_PATCHED, Fate.ENDS_THEN_UNDONE):
        for step in by_fate[fate]:
            run.revisions.due[step.position] = None
            run.revisions.watched.setdefault(step.position, {})
    given_up = [*by_fate[Fate.UNDONE], *by_fate[Fate.STOPPED], *by_fate[Fate.DISCARDED]]
    if given_up:
        withdraw(run, given_up, Withdrawal.AMENDMENT)
    if by_fate[Fate.REDONE]:
        withdraw(run, by_fate[Fate.REDONE], Withdrawal.REVISION)
    for step in by_fate[Fate.NEW_INPUT]:
        _take_new_input(run, step)
    for step in by_fate[Fate.PATCHED]:
        begin_patch(run, step)


def _take_new_input(run: OrderRun, step: StepRun) -> None:
    """It has done nothing yet, and begins, or will begin, with what is asked for now."""
    step.changes = None
    if not step.begun and step.state not in SETTLED:
        stop_waiting(run, step)
        if step.state is not S.PENDING:
            step.failure = step.queue = None
            run.move(step, S.PENDING)
        if step.open == 0:
            run.turns.append(step.position)
        return
    hold_back(run, step)
    if step.state not in SETTLED:
        stop_waiting(run, step)
    renew(run, step)
    run.revisions.sights.pop(step.position, None)


def _ask_again(run: OrderRun, step: StepRun) -> None:
    """An earlier amendment had left the step out."""
    if step.undoing:
        step.withdrawal = Withdrawal.REVISION
        hold_back(run, step)
    elif step.state in TAKEN_BACK:
        had_run = step.state is S.CANCELLED
        hold_back(run, step)
        step.withdrawal = Withdrawal.REVISION if had_run else None
        renew(run, step)
        step.number -= not had_run
        run.revisions.sights.pop(step.position, None)


def _start_anew_by_dates(run: OrderRun) -> None:
    """What starts as late as the requested completion allows may start at another time now."""
    for step in run.steps:
        if step.state is S.SCHEDULED:
            start = run.definition(step).definition.start
            if start is not None and start.latest:
                _take_new_input(run, step)


# Steps that read what is done again


def _readers_concerned(run: OrderRun, plan: Plan, fates: Mapping[int, Fate]) -> Iterator[StepRun]:
    """Those that read what will be put out anew, or read other steps than before."""
    anew = {at for at, fate in fates.items() if fate in PUTS_OUT_ANEW or fate is Fate.NEW_INPUT}
    for step, before, after in zip(run.steps, run.plan.steps, plan.steps, strict=False):
        if step.position in fates or not (before.reads or after.reads):
            continue
        if before.reads != after.reads or any(at in anew for read in after.reads for at in read):
            yield step


def _readers_of(run: OrderRun, positions: Iterable[int]) -> Iterator[StepRun]:
    wanted = dict.fromkeys(positions)
    if wanted:
        for step, planned in zip(run.steps, run.plan.steps, strict=True):
            if step.position not in wanted and any(at in wanted for read in planned.reads for at in read):
                yield step


def _remember_inputs(run: OrderRun, readers: Iterable[StepRun]) -> None:
    known: dict[int, list[str]] = {}
    for step in readers:
        if step.position in run.revisions.compared or not _has_taken_input(step):
            continue
        run.revisions.compared[step.position] = _digest(run, step, known)
        for read in run.plan.steps[step.position].reads:
            for at in read:
                run.revisions.watched.setdefault(at, {})[step.position] = None


def _remember_outputs(run: OrderRun, fates: Mapping[int, Fate]) -> None:
    """Who read what is taken back, or done again, goes on seeing that: its own work may be asked for once more, with
    the same key, and what undoes it must mean what it did."""
    sights = run.revisions.sights
    taken = {at for at, fate in fates.items() if fate in TAKES_BACK and is_seen(run.steps[at])}
    for step in run.steps if taken else ():
        if not (_has_taken_input(step) or step.undoing):
            continue
        sight = sights.get(step.position)
        planned = run.plan.steps[step.position] if sight is None else sight.step
        for at in dict.fromkeys(at for read in planned.reads for at in read if at in taken):
            if sight is None:
                sight = sights[step.position] = Sight.of(run.plan, planned, recipe=run.recipe(step))
            sight.outputs.setdefault(at, run.steps[at].output)


def _has_taken_input(step: StepRun) -> bool:
    if step.patching and step.state in NOT_BEGUN:
        return False  # what is to be changed is made of what is there when its turn comes
    return (step.begun or step.state in SETTLED) and step.state not in TAKEN_BACK and not step.undoing


def _compare(run: OrderRun, step: StepRun) -> None:
    """Once all that it reads is there: the same input as before, or not?"""
    revisions = run.revisions
    if not _has_taken_input(step):
        del revisions.compared[step.position]
        return
    reads = [at for read in run.plan.steps[step.position].reads for at in read]
    missing = [at for at in reads if not run.steps[at].over]
    if missing:
        for at in missing:
            revisions.watched.setdefault(at, {})[step.position] = None
        return
    before = revisions.compared.pop(step.position)
    if _digest(run, step, {}, current=True) == before:
        return
    fate = _fate_of_changed(run, step)
    if fate is not Fate.KEPT and passed(run, step):
        run.journal.note(run.now, "kept although its input changed: it is past its point of no return", run.id_of(step))
        return
    run.journal.note(run.now, f"its input changed with the amendment: {IN_WORDS[fate]}", run.id_of(step))
    _do(run, {step.position: fate})


IN_WORDS: Mapping[Fate, str] = {
    Fate.KEPT: "kept, as its definition says",
    Fate.NEW_INPUT: "begins anew",
    Fate.REDONE: "is redone",
    Fate.PATCHED: "is patched",
    Fate.UNDONE: "is undone",
    Fate.ENDS_THEN_REDONE: "is redone when its attempt has ended",
    Fate.ENDS_THEN_PATCHED: "is patched when its attempt has ended",
}


def _digest(run: OrderRun, step: StepRun, known: dict[int, list[str]], *, current: bool = False) -> str:
    """Of all that the step's work is made of. `current`: as the order is now, else as the step sees it."""
    scope = Scope(run, step, current=current)
    expressions = known.get(id(scope.definition))
    if expressions is None:
        expressions = known[id(scope.definition)] = _expressions(scope.definition)
    values = [_value(scope, expression) for expression in expressions]
    return blake2b(json.dumps(values).encode(), digest_size=8).hexdigest()


def _expressions(planned: PlannedDefinition) -> list[str]:
    written = planned.definition.model_dump(by_alias=True, exclude_defaults=True)
    does = {key: written[key] for key in DOES if key in written}
    return sorted({standing.expression for standing in expressions_in(does, STEP)})


def _value(scope: Scope, expression: str) -> str:
    """What has no value yet, an answer that is to come, has none before and after."""
    try:
        return as_text(evaluate(expression, scope.names))
    except EvaluationError as error:
        return str(error)
