"""An order's state as bytes, for when its run continues as another one: small, exact where something depends on it."""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from compiler.plan.codec import unpack
from compiler.plan.plan import PlannedStep
from workflows.contract.states import SETTLED, TAKEN_BACK, Jeopardy, StepState
from workflows.core.continue_as_new.amendment_snapshot import carried_revisions, restore_revisions
from workflows.core.continue_as_new.compensation_snapshot import carried_undo, restore_undo, wake_undo
from workflows.core.execution.kinds.event import subscribe
from workflows.core.execution.kinds.wait import watch
from workflows.core.notifications import order_events
from workflows.core.state.audit_log import Entry
from workflows.core.state.event_inbox import KeptEvent
from workflows.core.state.order_links import Between
from workflows.core.state.order_run import OrderRun
from workflows.core.state.sla_clock import SlaClock
from workflows.core.state.step_run import Failure, Phase, StepRun
from workflows.core.timing.jeopardy import keep_time

FORMAT = 1
MOST_BYTES_BEYOND_NEED = 300_000
"""Outputs that no later expression reads are carried so far as they fit into this, for people to see."""

CODES: dict[StepState, str] = {state: chr(ord("a") + number) for number, state in enumerate(StepState)}
STATE_OF = {code: state for state, code in CODES.items()}

PLAIN = (
    "number", "launch", "attempts", "again_at", "deadline", "queued", "uncertain", "answer", "key", "subscribed",
    "queue", "holder", "changes", "note",
)  # fmt: skip
"""Fields of a step that are carried as they are, where they are not what a new step has."""
NEW = StepRun(0, 0)


def carried(run: OrderRun, packed_plan: bytes) -> bytes:
    """Everything that the next run needs. No activity may be in flight."""
    data = {
        "format": FORMAT,
        "started_at": run.started_at,
        "characteristics": run.characteristics if run.characteristics != run.plan.order.characteristics else None,
        "states": "".join(CODES[step.state] for step in run.steps),
        "began": _column([_milliseconds(step.started_at, run.started_at) for step in run.steps]),
        "took": _column([_milliseconds(step.ended_at, step.started_at or run.started_at) for step in run.steps]),
        "steps": {str(step.position): row for step in run.steps if (row := _row(run, step))},
        "outputs": _outputs(run),
        "undo": carried_undo(run),
        "revisions": carried_revisions(run),
        "kept": [asdict(event) for event in run.inbox.kept],
        "seen": "".join(run.inbox.seen),
        "promise": run.outlook.promise.value if run.outlook is not None else None,
        "between": run.between.carried(),
        "journal": [[entry.at, entry.what, entry.step, entry.by, entry.reason] for entry in run.journal.entries],
    }
    if run.told is not None:
        data["told"] = order_events.carried(run.told)
    state = zlib.compress(json.dumps(data, ensure_ascii=False, separators=(",", ":")).encode(), 6)
    return len(packed_plan).to_bytes(4, "big") + packed_plan + state


def resumed(data: bytes, now: float) -> tuple[OrderRun, bytes]:
    """The order as it was carried, and its packed plan. Raises ValueError for bytes that are none of ours."""
    length = int.from_bytes(data[:4], "big")
    packed = data[4 : 4 + length]
    try:
        state = json.loads(zlib.decompress(data[4 + length :]))
    except zlib.error as error:
        raise ValueError(f"these bytes are not an order's state: {error}") from None
    if state["format"] != FORMAT:
        raise ValueError("this order's state was written by another version of the engine")
    run = OrderRun(unpack(packed), now)
    run.started_at = state["started_at"]
    if state["characteristics"] is not None:
        run.characteristics = state["characteristics"]
    restore_revisions(run, state.get("revisions", {}))
    _restore_steps(run, state)
    run.inbox.kept = [KeptEvent(**event) for event in state["kept"]]
    run.inbox.seen = {state["seen"][at : at + 16]: None for at in range(0, len(state["seen"]), 16)}
    run.journal.restore([Entry(*entry) for entry in state["journal"]])
    if "told" in state:
        order_events.resume(run, state["told"])
    keep_time(run)
    if run.outlook is not None:
        run.outlook.promise = Jeopardy(state.get("promise") or Jeopardy.ON_TRACK)
    run.between = Between.resumed(state.get("between"))
    _requeue(run)
    return run, packed


def _milliseconds(at: float | None, since: float) -> int | None:
    return None if at is None else round((at - since) * 1000)


def _column(values: list[int | None]) -> list[int]:
    """0 where there is none, else one more than the number."""
    return [0 if value is None else value + 1 for value in values]


def _row(run: OrderRun, step: StepRun) -> dict[str, Any]:
    if step.state in SETTLED:
        names: tuple[str, ...] = ("number", "attempts", "uncertain")
        if step.undoing:
            names = (*names, "launch", "queued", "answer", "queue", "changes")
    else:
        names = PLAIN
    row = {name: value for name in names if (value := getattr(step, name)) != getattr(NEW, name)}
    if step.phase is not Phase.AHEAD:
        row["phase"] = step.phase.value
    if step.names:
        row["names"] = list(step.names)
    if step.callback is not None:
        row["callback"] = list(step.callback)
    if step.clock is not None and (clock := step.clock.carried()) is not None:
        row["clock"] = clock
    if step.failure is not None:
        row["failure"] = [*_failure_fields(step.failure)]
    if step.state is StepState.COMPLETED:
        row.pop("attempts", None)
        if step.attempts != _usual_attempts(run, step):
            row["attempts"] = step.attempts
    return row


def _usual_attempts(run: OrderRun, step: StepRun) -> int:
    """Of a completed step, which says nothing of them then; another number where it took more, or a person did it."""
    return 1 if run.recipe(step).calls_out else 0


def _failure_fields(failure: Failure) -> tuple[Any, ...]:
    return (
        failure.code,
        failure.message,
        failure.outcome_known,
        failure.attempts,
        failure.retry_after,
        failure.at,
    )


def _outputs(run: OrderRun) -> dict[str, Any]:
    """Those that something still depends on; of the others, those that a redo would read first, as many as there is
    room for."""
    compared = run.revisions.compared
    needed = _read_by(run, lambda step: step.state not in SETTLED or step.undoing or step.position in compared)
    needed.update(
        step.position
        for step in run.steps
        if step.patching or (run.definition(step).definition.undo is not None and step.state not in TAKEN_BACK)
    )
    kept = {position for position in needed if run.steps[position].has_output}
    room = MOST_BYTES_BEYOND_NEED
    read = _read_by(run, lambda _step: True)
    rest = [step for step in run.steps if step.has_output and step.position not in needed]
    for step in sorted(rest, key=lambda step: step.position not in read):
        room -= len(json.dumps(step.output))
        if room < 0:
            break
        kept.add(step.position)
    return {str(position): run.steps[position].output for position in sorted(kept)}


def _read_by(run: OrderRun, readers: Callable[[StepRun], bool]) -> set[int]:
    """The steps whose output these read, or read when they began."""
    return {
        position
        for step in run.steps
        if readers(step)
        for planned in _planned_and_seen(run, step)
        for positions in planned.reads
        for position in positions
    }


def _planned_and_seen(run: OrderRun, step: StepRun) -> list[PlannedStep]:
    sight = run.revisions.sights.get(step.position)
    return [run.plan.steps[step.position], *([] if sight is None else [sight.step])]


def _restore_steps(run: OrderRun, state: dict[str, Any]) -> None:
    for step, code, began, took in zip(run.steps, state["states"], state["began"], state["took"], strict=True):
        step.state = STATE_OF[code]
        if began:
            step.started_at = run.started_at + (began - 1) / 1000
        if took:
            step.ended_at = (step.started_at or run.started_at) + (took - 1) / 1000
        if step.state is StepState.COMPLETED:
            step.attempts = _usual_attempts(run, step)
    for position, row in state["steps"].items():
        step = run.steps[int(position)]
        for name in PLAIN:
            if name in row:
                setattr(step, name, row[name])
        step.phase = Phase(row.get("phase", ""))
        step.names = tuple(row.get("names", ()))
        step.callback = (row["callback"][0],) if "callback" in row else None
        step.clock = SlaClock.resumed(row["clock"]) if "clock" in row else None
        step.failure = Failure(*row["failure"]) if "failure" in row else None
    for position, output in state["outputs"].items():
        step = run.steps[int(position)]
        step.output, step.has_output = output, True
    restore_undo(run, state.get("undo", {}))
    run.count_anew()


def _requeue(run: OrderRun) -> None:
    """What the steps say of themselves, in the places where it is looked for."""
    for step in run.steps:
        step.open = sum(not run.steps[before].over for before in run.plan.steps[step.position].after)
        if step.undoing:
            wake_undo(run, step)
            if step.queued:
                run.ready.append(step.position)
        if step.undoing or step.state in SETTLED:
            continue
        if step.state is StepState.PENDING and step.open == 0:
            run.turns.append(step.position)
        if step.queued:
            run.ready.append(step.position)
        if step.again_at is not None:
            run.wake_at(step, step.again_at)
        if step.deadline is not None:
            run.wake_at(step, step.deadline)
        if step.clock is not None and step.clock.next_at is not None:
            run.wake_at(step, step.clock.next_at)
        if step.phase is Phase.EVENT:
            if step.key is not None and not step.subscribed:
                subscribe(run, step)
            for name in step.names:
                run.waiting_events.setdefault((name, step.key), {})[step.position] = None
        elif step.phase is Phase.CONDITION:
            watch(run, step)
