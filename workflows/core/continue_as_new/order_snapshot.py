"""An order's state as bytes, for continue-as-new. The bytes are few, but exact wherever something depends on them."""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from compiler.plan.codec import decode_plan
from workflows.contract.states import CANCELLED_STATES, SETTLED, Jeopardy, StepState
from workflows.core.continue_as_new.amendment_snapshot import restore_amendments, snapshot_amendments
from workflows.core.continue_as_new.audit_log_snapshot import restore_audit_log, snapshot_audit_log
from workflows.core.continue_as_new.compensation_snapshot import (
    restore_compensation,
    schedule_undo_timers,
    snapshot_compensation,
)
from workflows.core.continue_as_new.step_snapshot import default_attempts, restore_step, step_row
from workflows.core.events.event_inbox import ReceivedEvent
from workflows.core.execution.kinds.wait import watch_condition
from workflows.core.notifications import order_events
from workflows.core.state.order_links import OrderLinks
from workflows.core.state.order_run import OrderRun
from workflows.core.state.step_run import Phase, StepRun
from workflows.core.steps.event_subscription import leave_unwanted, subscribe
from workflows.core.timing.order_jeopardy import reset_jeopardy_watch

FORMAT_VERSION = 1
MAX_OPTIONAL_OUTPUT_BYTES = 300_000
"""Outputs that nothing depends on are kept for people, up to this size."""

STATE_CODES: dict[StepState, str] = {state: chr(ord("a") + number) for number, state in enumerate(StepState)}
STATE_BY_CODE = {code: state for state, code in STATE_CODES.items()}


def snapshot_order(run: OrderRun, packed_plan: bytes) -> bytes:
    """Everything that the next run needs. No activity may be running."""
    data: dict[str, Any] = {
        "format": FORMAT_VERSION,
        "started_at": run.started_at,
        "key_token": run.key_token,
        "characteristics": run.characteristics if run.characteristics != run.plan.order.characteristics else None,
        "states": "".join(STATE_CODES[step.state] for step in run.steps),
        "began": [_milliseconds_since(step.started_at, run.started_at) for step in run.steps],
        "took": [_milliseconds_since(step.ended_at, step.started_at or run.started_at) for step in run.steps],
        "steps": {str(step.position): row for step in run.steps if (row := step_row(run, step))},
        "outputs": _outputs_to_keep(run),
        "undo": snapshot_compensation(run),
        "revisions": snapshot_amendments(run),
        "kept": [asdict(event) for event in run.inbox.early_events],
        "seen": "".join(run.inbox.seen),
        "promise": run.jeopardy_watch.reported_jeopardy.value if run.jeopardy_watch is not None else None,
        "between": run.order_links.snapshot(),
        **snapshot_audit_log(run.audit_log),
    }
    if unwanted := run.subscriptions.unwanted():
        data["unsubscribe"] = [list(address) for address in unwanted]
    if run.outgoing_events is not None:
        data["told"] = order_events.snapshot_events(run.outgoing_events)
    state = zlib.compress(json.dumps(data, ensure_ascii=False, separators=(",", ":")).encode(), 6)
    return len(packed_plan).to_bytes(4, "big") + packed_plan + state


def restore_order(
    data: bytes, now: float, is_patched: Callable[[str], bool] = lambda _patch: True
) -> tuple[OrderRun, bytes]:
    """Returns the order and its packed plan. Raises ValueError if the bytes are not a snapshot of this format."""
    length = int.from_bytes(data[:4], "big")
    packed = data[4 : 4 + length]
    try:
        state = json.loads(zlib.decompress(data[4 + length :]))
    except zlib.error as error:
        raise ValueError(f"these bytes are not an order's state: {error}") from None
    if state["format"] != FORMAT_VERSION:
        raise ValueError("this order's state was written by another version of the engine")
    run = OrderRun(decode_plan(packed), now)
    run.is_patched = is_patched
    run.started_at = state["started_at"]
    run.key_token = state.get("key_token", "")
    if state["characteristics"] is not None:
        run.characteristics = state["characteristics"]
    restore_amendments(run, state.get("revisions", {}))
    _restore_steps(run, state)
    run.inbox.early_events = [ReceivedEvent(**event) for event in state["kept"]]
    run.inbox.seen = {state["seen"][at : at + 16]: None for at in range(0, len(state["seen"]), 16)}
    restore_audit_log(run.audit_log, state)
    if "told" in state:
        order_events.restore_events(run, state["told"])
    reset_jeopardy_watch(run)
    if run.jeopardy_watch is not None:
        run.jeopardy_watch.reported_jeopardy = Jeopardy(state.get("promise") or Jeopardy.ON_TRACK)
    run.order_links = OrderLinks.restore(state.get("between"))
    _rebuild_queues(run)
    leave_unwanted(run, [(name, key) for name, key in state.get("unsubscribe", ())])
    return run, packed


def _milliseconds_since(at: float | None, since: float) -> int:
    """The milliseconds plus 1. 0 stands for None."""
    return 0 if at is None else round((at - since) * 1000) + 1


def _outputs_to_keep(run: OrderRun) -> dict[str, Any]:
    """Chooses the outputs to keep. Keeps every output that something depends on. Fills the remaining room with others,
    first with those that a redo would read."""
    compared = run.amendments.input_digests
    needed = _steps_read_by(run, lambda step: step.state not in SETTLED or step.undoing or step.position in compared)
    needed.update(
        step.position
        for step in run.steps
        if step.changing_in_place
        or (run.definition(step).definition.undo is not None and step.state not in CANCELLED_STATES)
    )
    kept = {position for position in needed if run.steps[position].has_output}
    room = MAX_OPTIONAL_OUTPUT_BYTES
    read = _steps_read_by(run, lambda _step: True)
    optional = [step for step in run.steps if step.has_output and step.position not in needed]
    for step in sorted(optional, key=lambda step: step.position not in read):
        room -= len(json.dumps(step.output))
        if room < 0:
            break
        kept.add(step.position)
    return {str(position): run.steps[position].output for position in sorted(kept)}


def _steps_read_by(run: OrderRun, is_reader: Callable[[StepRun], bool]) -> set[int]:
    """The steps whose output these steps read, in the current plan or in the plan that they began with."""
    found: set[int] = set()
    for step, planned in zip(run.steps, run.plan.steps, strict=True):
        if is_reader(step):
            found.update(*planned.reads)
            if (pinned := run.amendments.pinned_steps.get(step.position)) is not None:
                found.update(*pinned.step.reads)
    return found


def _restore_steps(run: OrderRun, state: dict[str, Any]) -> None:
    for step, code, began, took in zip(run.steps, state["states"], state["began"], state["took"], strict=True):
        step.state = STATE_BY_CODE[code]
        if began:
            step.started_at = run.started_at + (began - 1) / 1000
        if took:
            step.ended_at = (step.started_at or run.started_at) + (took - 1) / 1000
        if step.state is StepState.COMPLETED:
            step.attempts = default_attempts(run, step)
    for position, row in state["steps"].items():
        restore_step(run.steps[int(position)], row)
    for position, output in state["outputs"].items():
        step = run.steps[int(position)]
        step.output, step.has_output = output, True
    restore_compensation(run, state.get("undo", {}))
    run.recount()


def _rebuild_queues(run: OrderRun) -> None:
    """Fill queues, timers and subscriptions from the steps' records."""
    for step in run.steps:
        if step.subscribed:
            run.subscriptions.restore(step.position, step.event_names, step.key)
    for step, planned in zip(run.steps, run.plan.steps, strict=True):
        step.open_predecessors = sum(not run.steps[before].released for before in planned.after)
        if step.undoing:
            schedule_undo_timers(run, step)
        elif step.state in SETTLED:
            continue
        elif step.state is StepState.PENDING and step.open_predecessors == 0:
            run.queues.start.append(step.position)
        if step.queued:
            run.queues.activity.append(step.position)
        if not step.undoing:
            _rebuild_waits(run, step)


def _rebuild_waits(run: OrderRun, step: StepRun) -> None:
    clock = step.sla_clock
    for moment in (step.again_at, step.deadline, clock.next_tick_at if clock is not None else None):
        if moment is not None:
            run.wake_at(step, moment)
    if step.phase is Phase.EVENT:
        if step.key is not None and not step.subscribed:
            subscribe(run, step)
        for name in step.event_names:
            run.waiting.events.setdefault((name, step.key), {})[step.position] = None
    elif step.phase is Phase.CONDITION:
        watch_condition(run, step)
