"""Applies an amendment to a running order. impact.py has chosen a fate for each step; this module carries it out.

A step may read the output of a step that is redone. Its input is compared when the new output exists. If the input is
the same as before, the step stays as it is.
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
from workflows.contract.states import CANCELLED_STATES, NOT_BEGUN, SETTLED, StepState
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
from workflows.core.amendment.used_outputs import uses_undone, with_users
from workflows.core.compensation.rollback import is_past_ponr
from workflows.core.compensation.undo_order import request_undo
from workflows.core.failures.relied_on_failed import recheck_relying_lines
from workflows.core.state.amendment_state import PinnedStep
from workflows.core.state.order_run import OrderRun
from workflows.core.state.state_transitions import UndoReason
from workflows.core.state.step_run import StepRun
from workflows.core.steps.corrections import keep_corrections
from workflows.core.steps.expression_scope import StepScope, is_output_visible
from workflows.core.steps.reset import block_followers, reset_step
from workflows.core.steps.settlement import stop_waiting

S = StepState

REVERTING_FATES = frozenset(
    {StepFate.REDONE, StepFate.CHANGED_IN_PLACE, StepFate.UNDONE, StepFate.STOPPED, StepFate.NEW_INPUT}
)
NEW_OUTPUT_FATES = frozenset(
    {StepFate.REDONE, StepFate.CHANGED_IN_PLACE, StepFate.ENDS_THEN_REDONE, StepFate.ENDS_THEN_CHANGED, StepFate.ADDED}
)


def apply_amendment(run: OrderRun, amended_plan: AmendedPlan, fates: Mapping[int, StepFate]) -> None:
    amendments, step_count = run.amendments, len(run.steps)
    readded = [at for at in amendments.retired if at not in amended_plan.retired]
    _record_input_digests(run, _affected_readers(run, amended_plan.plan, fates))
    _preserve_outputs(run, fates)
    removed = amended_plan.retired - amendments.retired.keys()
    swap_plan(run, amended_plan.plan, amended_plan.context_changed | removed)
    amendments.retired = dict.fromkeys(sorted(amended_plan.retired))
    amendments.removed_lines = amended_plan.removed_lines
    for position in readded:
        _reinstate(run, run.steps[position])
    _apply_fates(run, {at: fate for at, fate in fates.items() if at < step_count})
    _replan_latest_starts(run)
    recheck_relying_lines(run)
    for position in list(amendments.input_digests):
        _compare_input(run, run.steps[position])


def recheck_step(run: OrderRun, step: StepRun) -> None:
    """Called when a step that matters to an amendment has changed its state."""
    amendments, position = run.amendments, step.position
    if position in amendments.ending_attempts and not is_running(step):
        del amendments.ending_attempts[position]
        run.compensation.needs_sorting = bool(run.compensation.open_undos)
        _on_attempt_ended(run, step)
    if step.released and not step.undoing:
        for reader in list(amendments.readers_by_step.get(position, ())):
            if reader in amendments.input_digests:
                _compare_input(run, run.steps[reader])
        if position not in amendments.ending_attempts:
            amendments.readers_by_step.pop(position, None)


def _on_attempt_ended(run: OrderRun, step: StepRun) -> None:
    """Decides about a step again. Its attempt was running when the order was amended, and has now ended."""
    if step.undoing or step.state in CANCELLED_STATES or (step.state in NOT_BEGUN and not step.changing_in_place):
        return
    if step.position in run.amendments.retired:
        _apply_fates(run, {step.position: FATE_TABLE[step_progress(run, step), RequestedChange.REMOVED]})
    elif is_input_unchanged(run, step, run.plan) and not uses_undone(
        run, step
    ):  # the outputs that it reads may have changed
        _record_input_digests(run, [step])
        _compare_input(run, step)
    else:
        _apply_fates(run, {step.position: _changed_step_fate(run, step)})


def _changed_step_fate(run: OrderRun, step: StepRun) -> StepFate:
    progress = step_progress(run, step)
    fate = FATE_TABLE[progress, RequestedChange.CHANGED]
    return apply_on_change(fate, run.plan, step) if progress in (StepProgress.DONE, StepProgress.RUNNING) else fate


def _apply_fates(run: OrderRun, fates: Mapping[int, StepFate]) -> None:
    """Starts all undos before anything else, so the order of the undos is computed only once."""
    fates = with_users(run, fates, run.plan, run.amendments.retired)
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
    """The step has done nothing yet. It starts, or will start, with the new input."""
    keep_corrections(step)
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
    """Takes back a step that an earlier amendment removed."""
    if step.undoing:
        step.undo_reason = UndoReason.REVISION
        block_followers(run, step)
    elif step.state in CANCELLED_STATES:
        had_run = step.state is S.CANCELLED
        block_followers(run, step)
        step.undo_reason = UndoReason.REVISION if had_run else None
        reset_step(run, step)
        step.number -= not had_run
        run.amendments.pinned_steps.pop(step.position, None)


def _replan_latest_starts(run: OrderRun) -> None:
    """Replans steps with `start: {latest: true}`: the amendment may have moved the latest time when they can start."""
    for step in run.steps:
        if step.state is S.SCHEDULED:
            start = run.definition(step).definition.start
            if start is not None and start.latest:
                _restart_with_new_input(run, step)


# Steps that read the output of redone steps


def _affected_readers(run: OrderRun, plan: Plan, fates: Mapping[int, StepFate]) -> Iterator[StepRun]:
    """Steps that read an output that will change, or read other steps than before."""
    changing = {at for at, fate in fates.items() if fate in NEW_OUTPUT_FATES or fate is StepFate.NEW_INPUT}
    for step, before, after in zip(run.steps, run.plan.steps, plan.steps, strict=False):
        if step.position in fates or not (before.reads or after.reads):
            continue
        if before.reads != after.reads or any(at in changing for read in after.reads for at in read):
            yield step


def _readers(run: OrderRun, positions: Iterable[int]) -> Iterator[StepRun]:
    sources = set(positions)
    if sources:
        for step, planned in zip(run.steps, run.plan.steps, strict=True):
            if step.position not in sources and any(at in sources for read in planned.reads for at in read):
                yield step


def _record_input_digests(run: OrderRun, steps: Iterable[StepRun]) -> None:
    expression_cache: dict[int, list[str]] = {}
    for step in steps:
        if step.position in run.amendments.input_digests or not _has_read_input(step):
            continue
        run.amendments.input_digests[step.position] = _input_digest(run, step, expression_cache)
        for read in run.plan.steps[step.position].reads:
            for at in read:
                run.amendments.readers_by_step.setdefault(at, {})[step.position] = None


def _preserve_outputs(run: OrderRun, fates: Mapping[int, StepFate]) -> None:
    """Keeps old outputs for the steps that have read them, when those outputs are about to be undone or redone. Such a
    step may repeat its call with the same key, so the call must stay the same. Its undo must match what it did."""
    pinned_steps = run.amendments.pinned_steps
    reverted = {at for at, fate in fates.items() if fate in REVERTING_FATES and is_output_visible(run.steps[at])}
    for step in run.steps if reverted else ():
        if not (_has_read_input(step) or step.undoing):
            continue
        pinned = pinned_steps.get(step.position)
        planned = run.plan.steps[step.position] if pinned is None else pinned.step
        for at in dict.fromkeys(at for read in planned.reads for at in read if at in reverted):
            if pinned is None:
                pinned = pinned_steps[step.position] = PinnedStep.create(run.plan, planned, profile=run.profile(step))
            pinned.outputs.setdefault(at, run.steps[at].output)


def _has_read_input(step: StepRun) -> bool:
    if step.changing_in_place and step.state in NOT_BEGUN:
        return False  # the call that changes it reads its input when it starts
    return (step.has_started or step.state in SETTLED) and step.state not in CANCELLED_STATES and not step.undoing


def _compare_input(run: OrderRun, step: StepRun) -> None:
    """Compares the step's input with its earlier input. Waits if an output that the step reads does not exist yet."""
    amendments = run.amendments
    if not _has_read_input(step):
        del amendments.input_digests[step.position]
        return
    reads = [at for read in run.plan.steps[step.position].reads for at in read]
    missing = [at for at in reads if not run.steps[at].released]
    if missing:
        for at in missing:
            amendments.readers_by_step.setdefault(at, {})[step.position] = None
        return
    before = amendments.input_digests.pop(step.position)
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
    """Digest of everything that the step's work reads: as the order is now (`current`), or as the step sees it."""
    scope = StepScope(run, step, current=current)
    expressions = expression_cache.get(id(scope.definition))
    if expressions is None:
        expressions = expression_cache[id(scope.definition)] = _input_expressions(scope.definition)
    values = [_value_text(scope, expression) for expression in expressions]
    return blake2b(json.dumps(values).encode(), digest_size=8).hexdigest()


def _input_expressions(planned: PlannedDefinition) -> list[str]:
    definition = planned.definition.model_dump(by_alias=True, exclude_defaults=True)
    work = {key: definition[key] for key in INPUT_KEYS if key in definition}
    return sorted({site.expression for site in find_expressions(work, STEP_SHAPE)})


def _value_text(scope: StepScope, expression: str) -> str:
    """Returns the error's text if the expression has no value, for example because a response has not come yet."""
    try:
        return as_text(evaluate(expression, scope.names))
    except EvaluationError as error:
        return str(error)
