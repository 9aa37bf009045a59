"""An order's state as bytes, for when its run continues as another one: small, exact where something depends on it."""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from compiler.plan.codec import decode_plan
from compiler.plan.plan import PlannedStep
from workflows.contract.states import SETTLED, TAKEN_BACK, Jeopardy, StepState
from workflows.core.continue_as_new.amendment_snapshot import restore_amendments, snapshot_amendments
from workflows.core.continue_as_new.compensation_snapshot import (
    restore_compensation,
    schedule_undo_timers,
    snapshot_compensation,
)
from workflows.core.execution.kinds.event import subscribe
from workflows.core.execution.kinds.wait import watch_condition
from workflows.core.notifications import order_events
from workflows.core.state.audit_log import AuditEntry
from workflows.core.state.event_inbox import ReceivedEvent
from workflows.core.state.order_links import OrderLinks
from workflows.core.state.order_run import OrderRun
from workflows.core.state.sla_clock import SlaClock
from workflows.core.state.step_run import Phase, StepFailure, StepRun
from workflows.core.timing.jeopardy import reset_jeopardy_watch

FORMAT_VERSION = 1
MAX_OPTIONAL_OUTPUT_BYTES = 300_000
"""Outputs that no later expression reads are carried so far as they fit into this, for people to see."""

STATE_CODES: dict[StepState, str] = {state: chr(ord("a") + number) for number, state in enumerate(StepState)}
STATE_BY_CODE = {code: state for state, code in STATE_CODES.items()}

PLAIN_FIELDS = (
    "number", "launch", "attempts", "again_at", "deadline", "queued", "uncertain", "answer", "key", "subscribed",
    "queue", "holder", "changes", "note",
)  # fmt: skip
"""Fields of a step that are carried as they are, where they are not what a new step has."""
DEFAULT_STEP = StepRun(0, 0)


def snapshot_order(run: OrderRun, packed_plan: bytes) -> bytes:
    """Everything that the next run needs. No activity may be in flight."""
    data = {
        "format": FORMAT_VERSION,
        "started_at": run.started_at,
        "characteristics": run.characteristics if run.characteristics != run.plan.order.characteristics else None,
        "states": "".join(STATE_CODES[step.state] for step in run.steps),
        "began": _encode_optional([_milliseconds_since(step.started_at, run.started_at) for step in run.steps]),
        "took": _encode_optional(
            [_milliseconds_since(step.ended_at, step.started_at or run.started_at) for step in run.steps]
        ),
        "steps": {str(step.position): row for step in run.steps if (row := _step_row(run, step))},
        "outputs": _outputs_to_keep(run),
        "undo": snapshot_compensation(run),
        "revisions": snapshot_amendments(run),
        "kept": [asdict(event) for event in run.inbox.early_events],
        "seen": "".join(run.inbox.seen),
        "promise": run.jeopardy_watch.reported_jeopardy.value if run.jeopardy_watch is not None else None,
        "between": run.order_links.snapshot(),
        "journal": [[entry.at, entry.message, entry.step, entry.by, entry.reason] for entry in run.audit_log.entries],
    }
    if run.event_buffer is not None:
        data["told"] = order_events.snapshot_events(run.event_buffer)
    state = zlib.compress(json.dumps(data, ensure_ascii=False, separators=(",", ":")).encode(), 6)
    return len(packed_plan).to_bytes(4, "big") + packed_plan + state


def restore_order(data: bytes, now: float) -> tuple[OrderRun, bytes]:
    """The order as it was carried, and its packed plan. Raises ValueError for bytes that are none of ours."""
    length = int.from_bytes(data[:4], "big")
    packed = data[4 : 4 + length]
    try:
        state = json.loads(zlib.decompress(data[4 + length :]))
    except zlib.error as error:
        raise ValueError(f"these bytes are not an order's state: {error}") from None
    if state["format"] != FORMAT_VERSION:
        raise ValueError("this order's state was written by another version of the engine")
    run = OrderRun(decode_plan(packed), now)
    run.started_at = state["started_at"]
    if state["characteristics"] is not None:
        run.characteristics = state["characteristics"]
    restore_amendments(run, state.get("revisions", {}))
    _restore_steps(run, state)
    run.inbox.early_events = [ReceivedEvent(**event) for event in state["kept"]]
    run.inbox.seen = {state["seen"][at : at + 16]: None for at in range(0, len(state["seen"]), 16)}
    run.audit_log.restore([AuditEntry(*entry) for entry in state["journal"]])
    if "told" in state:
        order_events.restore_events(run, state["told"])
    reset_jeopardy_watch(run)
    if run.jeopardy_watch is not None:
        run.jeopardy_watch.reported_jeopardy = Jeopardy(state.get("promise") or Jeopardy.ON_TRACK)
    run.order_links = OrderLinks.restore(state.get("between"))
    _rebuild_queues(run)
    return run, packed


def _milliseconds_since(at: float | None, since: float) -> int | None:
    return None if at is None else round((at - since) * 1000)


def _encode_optional(values: list[int | None]) -> list[int]:
    """0 where there is none, else one more than the number."""
    return [0 if value is None else value + 1 for value in values]


def _step_row(run: OrderRun, step: StepRun) -> dict[str, Any]:
    if step.state in SETTLED:
        names: tuple[str, ...] = ("number", "attempts", "uncertain")
        if step.undoing:
            names = (*names, "launch", "queued", "answer", "queue", "changes")
    else:
        names = PLAIN_FIELDS
    row = {name: value for name in names if (value := getattr(step, name)) != getattr(DEFAULT_STEP, name)}
    if step.phase is not Phase.IDLE:
        row["phase"] = step.phase.value
    if step.event_names:
        row["names"] = list(step.event_names)
    if step.early_callback is not None:
        row["callback"] = list(step.early_callback)
    if step.sla_clock is not None and (clock := step.sla_clock.snapshot()) is not None:
        row["clock"] = clock
    if step.failure is not None:
        row["failure"] = [*_failure_fields(step.failure)]
    if step.state is StepState.COMPLETED:
        row.pop("attempts", None)
        if step.attempts != _default_attempts(run, step):
            row["attempts"] = step.attempts
    return row


def _default_attempts(run: OrderRun, step: StepRun) -> int:
    """Of a completed step, which says nothing of them then; another number where it took more, or a person did it."""
    return 1 if run.profile(step).uses_activity else 0


def _failure_fields(failure: StepFailure) -> tuple[Any, ...]:
    return (
        failure.code,
        failure.message,
        failure.outcome_known,
        failure.attempts,
        failure.retry_after,
        failure.at,
    )


def _outputs_to_keep(run: OrderRun) -> dict[str, Any]:
    """Those that something still depends on; of the others, those that a redo would read first, as many as there is
    room for."""
    compared = run.amendments.input_digests
    needed = _steps_read_by(run, lambda step: step.state not in SETTLED or step.undoing or step.position in compared)
    needed.update(
        step.position
        for step in run.steps
        if step.changing_in_place or (run.definition(step).definition.undo is not None and step.state not in TAKEN_BACK)
    )
    kept = {position for position in needed if run.steps[position].has_output}
    room = MAX_OPTIONAL_OUTPUT_BYTES
    read = _steps_read_by(run, lambda _step: True)
    rest = [step for step in run.steps if step.has_output and step.position not in needed]
    for step in sorted(rest, key=lambda step: step.position not in read):
        room -= len(json.dumps(step.output))
        if room < 0:
            break
        kept.add(step.position)
    return {str(position): run.steps[position].output for position in sorted(kept)}


def _steps_read_by(run: OrderRun, readers: Callable[[StepRun], bool]) -> set[int]:
    """The steps whose output these read, or read when they began."""
    return {
        position
        for step in run.steps
        if readers(step)
        for planned in _step_versions(run, step)
        for positions in planned.reads
        for position in positions
    }


def _step_versions(run: OrderRun, step: StepRun) -> list[PlannedStep]:
    sight = run.amendments.pinned_steps.get(step.position)
    return [run.plan.steps[step.position], *([] if sight is None else [sight.step])]


def _restore_steps(run: OrderRun, state: dict[str, Any]) -> None:
    for step, code, began, took in zip(run.steps, state["states"], state["began"], state["took"], strict=True):
        step.state = STATE_BY_CODE[code]
        if began:
            step.started_at = run.started_at + (began - 1) / 1000
        if took:
            step.ended_at = (step.started_at or run.started_at) + (took - 1) / 1000
        if step.state is StepState.COMPLETED:
            step.attempts = _default_attempts(run, step)
    for position, row in state["steps"].items():
        step = run.steps[int(position)]
        for name in PLAIN_FIELDS:
            if name in row:
                setattr(step, name, row[name])
        step.phase = Phase(row.get("phase", ""))
        step.event_names = tuple(row.get("names", ()))
        step.early_callback = (row["callback"][0],) if "callback" in row else None
        step.sla_clock = SlaClock.restore(row["clock"]) if "clock" in row else None
        step.failure = StepFailure(*row["failure"]) if "failure" in row else None
    for position, output in state["outputs"].items():
        step = run.steps[int(position)]
        step.output, step.has_output = output, True
    restore_compensation(run, state.get("undo", {}))
    run.recount()


def _rebuild_queues(run: OrderRun) -> None:
    """What the steps say of themselves, in the places where it is looked for."""
    for step in run.steps:
        step.open_predecessors = sum(not run.steps[before].released for before in run.plan.steps[step.position].after)
        if step.undoing:
            schedule_undo_timers(run, step)
            if step.queued:
                run.queues.activity.append(step.position)
        if step.undoing or step.state in SETTLED:
            continue
        if step.state is StepState.PENDING and step.open_predecessors == 0:
            run.queues.start.append(step.position)
        if step.queued:
            run.queues.activity.append(step.position)
        if step.again_at is not None:
            run.wake_at(step, step.again_at)
        if step.deadline is not None:
            run.wake_at(step, step.deadline)
        if step.sla_clock is not None and step.sla_clock.next_tick_at is not None:
            run.wake_at(step, step.sla_clock.next_tick_at)
        if step.phase is Phase.EVENT:
            if step.key is not None and not step.subscribed:
                subscribe(run, step)
            for name in step.event_names:
                run.waiting.events.setdefault((name, step.key), {})[step.position] = None
        elif step.phase is Phase.CONDITION:
            watch_condition(run, step)
