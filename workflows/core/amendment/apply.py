"""An amendment takes hold of a running order: what was judged (impact.py) is done, step by step.

A step that reads what is done again is looked at once that is there: with the same input it stays as it is.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from hashlib import blake2b

from compiler.amendment.compare_plans import INPUT_KEYS
from compiler.cel.evaluation import EvaluationError, evaluate
from compiler.plan.plan import Plan, PlannedDefinition
from compiler.typecheck.expression_sites import STEP_SHAPE, find_expressions
from compiler.values import as_text
from workflows.contract.states import NOT_BEGUN, SETTLED, TAKEN_BACK, StepState
from workflows.core.amendment.fate_text import changed_input_text
from workflows.core.amendment.impact import (
    FATE_TABLE,
    AmendedPlan,
    RequestedChange,
    StepFate,
    StepProgress,
    apply_on_change,
    is_input_unchanged,
    is_running,
    step_progress,
)
from workflows.core.amendment.in_place_change import begin_in_place_change
from workflows.core.amendment.plan_swap import swap_plan
from workflows.core.compensation.rollback import is_past_ponr
from workflows.core.compensation.undo_order import request_undo, reset_step
from workflows.core.state.amendment_state import PinnedStep
from workflows.core.state.order_run import OrderRun
from workflows.core.state.state_transitions import UndoReason
from workflows.core.state.step_run import StepRun
from workflows.core.steps.expression_scope import StepScope, is_output_visible
from workflows.core.steps.settlement import block_followers, stop_waiting

S = StepState

REVERTING_FATES = frozenset(
    {StepFate.REDONE, StepFate.CHANGED_IN_PLACE, StepFate.UNDONE, StepFate.STOPPED, StepFate.NEW_INPUT}
)
NEW_OUTPUT_FATES = frozenset(
    {StepFate.REDONE, StepFate.CHANGED_IN_PLACE, StepFate.ENDS_THEN_REDONE, StepFate.ENDS_THEN_CHANGED, StepFate.ADDED}
)


def apply_amendment(run: OrderRun, amended_plan: AmendedPlan, fates: Mapping[int, StepFate]) -> None:
    """The order goes on as amended."""
    revisions, count = run.amendments, len(run.steps)
    again = [at for at in revisions.retired if at not in amended_plan.retired]
    _record_input_digests(run, _affected_readers(run, amended_plan.plan, fates))
    _preserve_outputs(run, fates)
    gone = amended_plan.retired - revisions.retired.keys()
    swap_plan(run, amended_plan.plan, amended_plan.context_changed | gone)
    revisions.retired = dict.fromkeys(sorted(amended_plan.retired))
    revisions.removed_lines = amended_plan.removed_lines
    for position in again:
        _reinstate(run, run.steps[position])
    _apply_fates(run, {at: fate for at, fate in fates.items() if at < count})
    _replan_latest_starts(run)
    for position in list(revisions.input_digests):
        _compare_input(run, run.steps[position])


def recheck_step(run: OrderRun, step: StepRun) -> None:
    """The step's state has changed, and that matters to an amendment."""
    revisions, position = run.amendments, step.position
    if position in revisions.ending_attempts and not is_running(step):
        del revisions.ending_attempts[position]
        run.compensation.needs_sorting = bool(run.compensation.open_undos)
        _on_attempt_ended(run, step)
    if step.released and not step.undoing:
        for reader in list(revisions.readers_by_step.get(position, ())):
            if reader in revisions.input_digests:
                _compare_input(run, run.steps[reader])
        if position not in revisions.ending_attempts:
            revisions.readers_by_step.pop(position, None)


def _on_attempt_ended(run: OrderRun, step: StepRun) -> None:
    """The attempt that was under way when the amendment came has ended, for better or worse."""
    if step.undoing or step.state in TAKEN_BACK or (step.state in NOT_BEGUN and not step.changing_in_place):
        return
    if step.position in run.amendments.retired:
        _apply_fates(run, {step.position: FATE_TABLE[step_progress(run, step), RequestedChange.REMOVED]})
    elif is_input_unchanged(run, step, run.plan):  # what it reads may be another output by now
        _record_input_digests(run, [step])
        _compare_input(run, step)
    else:
        _apply_fates(run, {step.position: _changed_step_fate(run, step)})


def _changed_step_fate(run: OrderRun, step: StepRun) -> StepFate:
    standing = step_progress(run, step)
    fate = FATE_TABLE[standing, RequestedChange.CHANGED]
    return apply_on_change(fate, run.plan, step) if standing in (StepProgress.DONE, StepProgress.RUNNING) else fate


def _apply_fates(run: OrderRun, fates: Mapping[int, StepFate]) -> None:
    """Those that are undone first, so that what is undone in which order is found out once."""
    _preserve_outputs(run, fates)
    _record_input_digests(run, _readers(run, [at for at, fate in fates.items() if fate in NEW_OUTPUT_FATES]))
    by_fate: dict[StepFate, list[StepRun]] = {fate: [] for fate in StepFate}
    for position, fate in fates.items():
        by_fate[fate].append(run.steps[position])
    for fate in (StepFate.ENDS_THEN_REDONE, StepFate.ENDS_THEN_CHANGED, StepFate.ENDS_THEN_UNDONE):
        for step in by_fate[fate]:
            run.amendments.ending_attempts[step.position] = None
            run.amendments.readers_by_step.setdefault(step.position, {})
    given_up = [*by_fate[StepFate.UNDONE], *by_fate[StepFate.STOPPED], *by_fate[StepFate.DISCARDED]]
    if given_up:
        request_undo(run, given_up, UndoReason.AMENDMENT)
    if by_fate[StepFate.REDONE]:
        request_undo(run, by_fate[StepFate.REDONE], UndoReason.REVISION)
    for step in by_fate[StepFate.NEW_INPUT]:
        _restart_with_new_input(run, step)
    for step in by_fate[StepFate.CHANGED_IN_PLACE]:
        begin_in_place_change(run, step)


def _restart_with_new_input(run: OrderRun, step: StepRun) -> None:
    """It has done nothing yet, and begins, or will begin, with what is asked for now."""
    step.changes = None
    if not step.has_started and step.state not in SETTLED:
        stop_waiting(run, step)
        if step.state is not S.PENDING:
            step.failure = step.queue = None
            run.transition(step, S.PENDING)
        if step.open_predecessors == 0:
            run.queues.start.append(step.position)
        return
    block_followers(run, step)
    if step.state not in SETTLED:
        stop_waiting(run, step)
    reset_step(run, step)
    run.amendments.pinned_steps.pop(step.position, None)


def _reinstate(run: OrderRun, step: StepRun) -> None:
    """An earlier amendment had left the step out."""
    if step.undoing:
        step.undo_reason = UndoReason.REVISION
        block_followers(run, step)
    elif step.state in TAKEN_BACK:
        had_run = step.state is S.CANCELLED
        block_followers(run, step)
        step.undo_reason = UndoReason.REVISION if had_run else None
        reset_step(run, step)
        step.number -= not had_run
        run.amendments.pinned_steps.pop(step.position, None)


def _replan_latest_starts(run: OrderRun) -> None:
    """What starts as late as the requested completion allows may start at another time now."""
    for step in run.steps:
        if step.state is S.SCHEDULED:
            start = run.definition(step).definition.start
            if start is not None and start.latest:
                _restart_with_new_input(run, step)


# Steps that read what is done again


def _affected_readers(run: OrderRun, plan: Plan, fates: Mapping[int, StepFate]) -> Iterator[StepRun]:
    """Those that read what will be put out anew, or read other steps than before."""
    anew = {at for at, fate in fates.items() if fate in NEW_OUTPUT_FATES or fate is StepFate.NEW_INPUT}
    for step, before, after in zip(run.steps, run.plan.steps, plan.steps, strict=False):
        if step.position in fates or not (before.reads or after.reads):
            continue
        if before.reads != after.reads or any(at in anew for read in after.reads for at in read):
            yield step


def _readers(run: OrderRun, positions: Iterable[int]) -> Iterator[StepRun]:
    wanted = dict.fromkeys(positions)
    if wanted:
        for step, planned in zip(run.steps, run.plan.steps, strict=True):
            if step.position not in wanted and any(at in wanted for read in planned.reads for at in read):
                yield step


def _record_input_digests(run: OrderRun, steps: Iterable[StepRun]) -> None:
    known: dict[int, list[str]] = {}
    for step in steps:
        if step.position in run.amendments.input_digests or not _has_read_input(step):
            continue
        run.amendments.input_digests[step.position] = _input_digest(run, step, known)
        for read in run.plan.steps[step.position].reads:
            for at in read:
                run.amendments.readers_by_step.setdefault(at, {})[step.position] = None


def _preserve_outputs(run: OrderRun, fates: Mapping[int, StepFate]) -> None:
    """Who read what is taken back, or done again, goes on seeing that: its own work may be asked for once more, with
    the same key, and what undoes it must mean what it did."""
    sights = run.amendments.pinned_steps
    taken = {at for at, fate in fates.items() if fate in REVERTING_FATES and is_output_visible(run.steps[at])}
    for step in run.steps if taken else ():
        if not (_has_read_input(step) or step.undoing):
            continue
        sight = sights.get(step.position)
        planned = run.plan.steps[step.position] if sight is None else sight.step
        for at in dict.fromkeys(at for read in planned.reads for at in read if at in taken):
            if sight is None:
                sight = sights[step.position] = PinnedStep.create(run.plan, planned, profile=run.profile(step))
            sight.outputs.setdefault(at, run.steps[at].output)


def _has_read_input(step: StepRun) -> bool:
    if step.changing_in_place and step.state in NOT_BEGUN:
        return False  # what is to be changed is made of what is there when its turn comes
    return (step.has_started or step.state in SETTLED) and step.state not in TAKEN_BACK and not step.undoing


def _compare_input(run: OrderRun, step: StepRun) -> None:
    """Once all that it reads is there: the same input as before, or not?"""
    revisions = run.amendments
    if not _has_read_input(step):
        del revisions.input_digests[step.position]
        return
    reads = [at for read in run.plan.steps[step.position].reads for at in read]
    missing = [at for at in reads if not run.steps[at].released]
    if missing:
        for at in missing:
            revisions.readers_by_step.setdefault(at, {})[step.position] = None
        return
    before = revisions.input_digests.pop(step.position)
    if _input_digest(run, step, {}, current=True) == before:
        return
    fate = _changed_step_fate(run, step)
    if fate is not StepFate.KEPT and is_past_ponr(run, step):
        run.audit_log.record(
            run.now, "kept although its input changed: it is past its point of no return", run.step_id(step)
        )
        return
    run.audit_log.record(run.now, changed_input_text(fate), run.step_id(step))
    _apply_fates(run, {step.position: fate})


def _input_digest(
    run: OrderRun, step: StepRun, expression_cache: dict[int, list[str]], *, current: bool = False
) -> str:
    """Of all that the step's work is made of. `current`: as the order is now, else as the step sees it."""
    scope = StepScope(run, step, current=current)
    expressions = expression_cache.get(id(scope.definition))
    if expressions is None:
        expressions = expression_cache[id(scope.definition)] = _input_expressions(scope.definition)
    values = [_value_text(scope, expression) for expression in expressions]
    return blake2b(json.dumps(values).encode(), digest_size=8).hexdigest()


def _input_expressions(planned: PlannedDefinition) -> list[str]:
    written = planned.definition.model_dump(by_alias=True, exclude_defaults=True)
    does = {key: written[key] for key in INPUT_KEYS if key in written}
    return sorted({standing.expression for standing in find_expressions(does, STEP_SHAPE)})


def _value_text(scope: StepScope, expression: str) -> str:
    """What has no value yet, an answer that is to come, has none before and after."""
    try:
        return as_text(evaluate(expression, scope.names))
    except EvaluationError as error:
        return str(error)
