"""What an order tells those who want to know (docs/notifications.md): its happenings as numbered events, in order.

An order that nobody wants to hear of has no `run.told`; then nothing here does anything.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from activity_contract.notifications import HandOver, Telling, ToldEvent, ToldOrder
from compiler.language.steps import StepKind
from workflows.contract.states import OrderState, StepState
from workflows.core.state import rollup
from workflows.core.state.audit_log import Entry
from workflows.core.state.commands import TellEvents
from workflows.core.state.event_buffer import Move, Note, Told
from workflows.core.state.line_state_tracker import LineWatch
from workflows.core.state.order_run import OrderRun
from workflows.core.state.step_run import StepRun

MOST_AT_ONCE = 200
"""Events of one handing over; a payload holds 2 MB."""
LONGEST_TEXT = 500
MOST_ITEMS = 20
CUSTOMER = ("id", "name", "tier")

F = StepState.FATALLY_FAILED


def begin(run: OrderRun, telling: Telling | None, revision: int) -> None:
    """From now on the order notes what happens to it, if anybody wants to know. Tells that it is accepted."""
    if telling is None or not telling.events:
        return
    run.told = Told(_order(run, revision), telling, state=OrderState.ACKNOWLEDGED)
    _listen(run, run.told)
    note(run, "order.accepted", state=OrderState.ACKNOWLEDGED.value)


def carried(told: Told) -> dict[str, Any]:
    """As JSON; nothing that has happened may be untold."""
    return {
        "order": told.order.model_dump(exclude_defaults=True),
        "telling": told.telling.model_dump(),
        "number": told.number,
        "waiting": [event.model_dump() for event in told.waiting],
        "farewell": told.farewell,
        "state": told.state,
    }


def resume(run: OrderRun, data: dict[str, Any]) -> None:
    """As `begin`, for an order that was carried over."""
    run.told = told = Told(ToldOrder(**data["order"]), Telling(**data["telling"]))
    told.number, told.farewell = data["number"], data["farewell"]
    told.waiting = [ToldEvent(**event) for event in data["waiting"]]
    told.state = None if data["state"] is None else OrderState(data["state"])
    _listen(run, told)


def _listen(run: OrderRun, told: Told) -> None:
    told.plan = run.plan
    run.journal.heard = told.happenings
    if told.wants("line."):
        told.lines = LineWatch(run.plan, run.steps)


def _order(run: OrderRun, revision: int) -> ToldOrder:
    order = run.plan.order
    customer = {name: order.customer[name] for name in CUSTOMER if order.customer.get(name) is not None}
    return ToldOrder(
        id=order.id,
        revision=revision,
        customer=customer,
        priority=order.priority,
        products=rollup.products(run.plan, run.revisions.removed_lines),
    )


def amended(run: OrderRun, **data: Any) -> None:
    """The order is another one by now: receivers choose by what it is. Its events go on being numbered as before."""
    if run.told is not None:
        run.told.order = _order(run, run.told.order.revision)
        note(run, "order.amended", **data)


def note(run: OrderRun, event_type: str, step: StepRun | None = None, **data: Any) -> None:
    """Something has happened that is no change of a state: an SLA has passed, a forecast, an amendment.

    `event_type`: one of compiler.language.event_types. `data`: JSON; texts are cut at LONGEST_TEXT characters.
    """
    if run.told is not None and event_type in run.told.wanted:
        run.told.happenings.append(Note(event_type, run.now, None if step is None else step.position, data))


def gather(run: OrderRun) -> None:
    """At the end of a turn: what has happened becomes events, and they are handed over, one batch at a time."""
    told = run.told
    if told is None:
        return
    happenings, told.happenings = told.happenings, []
    run.journal.heard = told.happenings
    _tell_amendment(run, told, happenings)
    acted: Entry | None = None
    for happening in happenings:
        if isinstance(happening, Entry):
            acted = happening
            _tell_act(run, told, happening)
        elif isinstance(happening, Note):
            step = None if happening.step is None else run.steps[happening.step]
            _tell(told, happening.type, happening.at, {**(_of_step(run, step) if step else {}), **happening.data})
        else:
            _tell_move(run, told, happening, acted)
    _tell_lines(run, told)
    _tell_state(run, told)
    _hand_over(run, told)


def _tell_amendment(run: OrderRun, told: Told, happenings: list[Move | Note | Entry]) -> None:
    """The order has another plan than when it last told something."""
    if told.plan is run.plan:
        return
    told.plan = run.plan
    told.order = _order(run, told.order.revision)
    if told.lines is not None:
        told.lines = LineWatch(run.plan, run.steps, told.lines)
    acts = [each for each in happenings if isinstance(each, Entry) and each.by is not None]
    by = {"by": acts[-1].by, "reason": acts[-1].reason} if acts else {}
    _tell(told, "order.amended", run.now, by)


def _tell(told: Told, event_type: str, at: float, data: dict[str, Any]) -> None:
    if event_type not in told.wanted:
        return
    told.number += 1
    kept = {name: _bounded(value) for name, value in data.items() if value is not None}
    told.waiting.append(
        ToldEvent(id=event_id(told.order, told.number), number=told.number, type=event_type, at=at, data=kept)
    )


def event_id(order: ToldOrder, number: int) -> str:
    return f"{order.id}/{number}" if order.revision == 1 else f"{order.id}/r{order.revision}/{number}"


def _bounded(value: Any) -> Any:
    if isinstance(value, str):
        return value if len(value) <= LONGEST_TEXT else value[: LONGEST_TEXT - 1] + "…"
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, list | tuple):
        return [_bounded(item) for item in value[:MOST_ITEMS]]
    return {name: _bounded(item) for name, item in value.items()} if isinstance(value, dict) else value


def _of_step(run: OrderRun, step: StepRun) -> dict[str, Any]:
    planned = run.plan.steps[step.position]
    definition = run.definition(step)
    lines = run.plan.lines_of(planned)
    return {
        "step": planned.id,
        "name": definition.name,
        "workstream": definition.workstream,
        "line": lines[0].id if lines else None,
        "product": lines[0].product if lines else None,
        "lines": [line.id for line in lines[:MOST_ITEMS]] if len(lines) > 1 else None,
    }


def _tell_act(run: OrderRun, told: Told, entry: Entry) -> None:
    """What a person did; what the engine noted by itself is told as what it is."""
    if entry.by is None:
        return
    position = run.positions.get(entry.step) if entry.step else None
    about = {"step": entry.step} if position is None else _of_step(run, run.steps[position])
    event_type = "step.acted" if entry.step else "order.acted"
    _tell(told, event_type, entry.at, {**about, "act": entry.what, "by": entry.by, "reason": entry.reason})


def _tell_move(run: OrderRun, told: Told, move: Move, acted: Entry | None) -> None:
    if told.lines is not None:
        told.lines.moved(run.steps[move.step])
    types = list(_types_of(run, move))
    if not any(event_type in told.wanted for event_type in types):
        return
    step = run.steps[move.step]
    data = _of_step(run, step)
    data |= {"state_before": move.before.value, "state": move.after.value}
    data |= {"code": move.code, "message": move.message, "undo": True if move.undo else None}
    if move.after is F:
        data["queue"] = step.queue  # which is decided with the move, in the same turn
    if move.before is F and acted is not None and acted.step == data["step"]:
        data |= {"act": acted.what, "by": acted.by, "reason": acted.reason}
    for event_type in types:
        _tell(told, event_type, move.at, data)


def _types_of(run: OrderRun, move: Move) -> list[str]:
    types = ["step.resolved"] if move.before is F and move.after is not F else []
    if move.undo:
        return [*types, "step.undo_failed"] if move.after is F else types
    if move.before is not StepState.FAILED or move.after is not StepState.IN_PROGRESS:  # else one more attempt only
        types.append(f"step.{move.after.value}")
    if move.after is StepState.COMPLETED and run.recipe(run.steps[move.step]).kind is StepKind.MILESTONE:
        types.append("milestone.reached")
    return types


def _tell_lines(run: OrderRun, told: Told) -> None:
    if told.lines is None:
        return
    for line, product, before, after in told.lines.changes():
        data = {"line": line, "product": product, "state_before": before.value, "state": after.value}
        _tell(told, f"line.{after.value}", run.now, data)


def _tell_state(run: OrderRun, told: Told) -> None:
    state = rollup.state_of(run)
    before = told.state
    if state is before:
        return
    told.state = state
    _tell(
        told,
        f"order.{state.value}",
        run.now,
        {"state_before": before.value if before else None, "state": state.value},
    )


def _hand_over(run: OrderRun, told: Told) -> None:
    """The order's end goes out with its last events; one that told nothing needs no farewell."""
    if told.in_hand or (run.draining and not run.ended):
        return
    batch = told.waiting[:MOST_AT_ONCE]
    last = run.ended and len(batch) == len(told.waiting)
    if not batch and (not last or told.farewell or not told.number):
        return
    told.in_hand = len(batch)
    told.farewell = last
    handed = HandOver(order=told.order, events=batch, ended=last)
    run.commands.append(TellEvents(f"tell/{told.number}/{len(told.waiting)}", handed))


def handed_over(run: OrderRun, *, well: bool) -> None:
    """The outbox has the batch, or, where that was broken off, it is handed over once more."""
    told = run.told
    if told is None:
        return
    if well:
        del told.waiting[: told.in_hand]
    else:
        told.farewell = False
    told.in_hand = 0


def rejected(order: ToldOrder, run_id: str, at: float, why: str) -> HandOver:
    """The one event of an order that never ran; its id may be used again, so the run's stands in the event's."""
    event = ToldEvent(
        id=f"{order.id}/rejected/{run_id[:8]}",
        number=0,
        type="order.rejected",
        at=at,
        data={"state": OrderState.REJECTED.value, "message": _bounded(why)},
    )
    return HandOver(order=order, events=[event], ended=True)


def is_receiver(run: OrderRun, to: str) -> bool:
    """Whether a receiver is meant, as the receivers were when the order started; else it is a queue."""
    return run.told is not None and to in run.told.telling.receivers


def escalate(run: OrderRun, step: StepRun, to: str, because: str) -> None:
    """Tells of it. A receiver that is named is told whatever its filter says; a queue's lists show the step."""
    named = {"receiver": to} if is_receiver(run, to) else {"queue": to}
    note(run, "step.escalated", step, **named, reason=because)
