"""What runs on the core and on the server have in common when they do what the entries of `world` say."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from compiler.catalogue.catalogue import Catalogue
from compiler.cel.evaluation import EvaluationError
from compiler.cel.templates import render_template
from compiler.language.order_overrides import OrderOverrides
from compiler.language.scenario_actions import ActionEntry, AmendEntry, SwitchEntry
from compiler.language.scenario_timed_entries import CallbackEntry, EventEntry, TimedEntry
from compiler.orders.overrides import order_lines
from compiler.plan.codec import encode_plan
from compiler.plan.plan import Plan
from compiler.source.findings import OrderRejected
from compiler.values import as_text
from scenarios.record import Problem, Record
from scenarios.scenario_order import ScenarioEntry, change_order, read_order
from scenarios.step_references import choose_instance
from scenarios.world.action_requests import Request, action_request, needs_step
from scenarios.world.entry_scope import entry_scope
from scenarios.world.schedule import Due
from workflows.contract.event_ids import callback_event_id
from workflows.contract.order_messages import Actor, AmendOrder, CallbackDelivery, EventDelivery
from workflows.contract.states import StepState
from workflows.core.state.order_run import OrderRun
from workflows.core.state.step_keys import idempotency_key, undo_idempotency_key
from workflows.core.state.step_run import Phase
from workflows.core.steps.expression_scope import is_output_visible

BEFORE_CALLBACK = frozenset({Phase.CALL, Phase.UNDO_CALL})
"""The call is not answered yet, so the system cannot call back."""
UNANSWERED = frozenset({StepState.READY, StepState.IN_PROGRESS, StepState.FAILED})
REJECTED = "rejected"
"""The code with which clients hear of an amendment whose order is rejected (operations/errors.py)."""
TAKEN = frozenset({"completed", "kept"})


class NotPossible(Exception):
    """The entry cannot happen as it is written. `codes` are what `refused` may say."""

    def __init__(self, message: str, *codes: str) -> None:
        super().__init__(message)
        self.codes = codes


@dataclass(slots=True)
class OrderState:
    """The order as it was last submitted or amended."""

    order: dict[str, Any]
    packed_plan: bytes | None = None
    """The plan as it is kept; None: not encoded yet."""
    revision: int = 1

    def encoded(self, plan: Plan) -> bytes:
        if self.packed_plan is None:
            self.packed_plan = encode_plan(plan)
        return self.packed_plan


class EntryExecutor(ABC):
    def __init__(
        self, entry: ScenarioEntry, run: OrderRun, catalogue: Catalogue, state: OrderState, record: Record
    ) -> None:
        self._entry = entry
        self._scenario = entry.model
        self._run = run
        self._catalogue = catalogue
        self._state = state
        self._record = record
        self._sent: dict[str, tuple[int, EventEntry]] = {}
        """Id of each event that has been sent → the entry."""
        self._sent_at: dict[str, float] = {}

    @abstractmethod
    def _kept_events(self) -> Iterable[str]:
        """Ids of the events that mailboxes keep, because nobody has awaited them so far."""

    def _timed_entry(self, due: Due) -> TimedEntry:
        entry = self._scenario.world[due.position]
        if not isinstance(entry, TimedEntry):
            raise TypeError("an answer has no time of its own")
        return entry

    def _require_running(self) -> None:
        """Raises NotPossible."""
        if self._run.ended:
            raise NotPossible("the order has ended", "order_ended")

    def _action_request(self, entry: ActionEntry, due: Due) -> Request:
        """Raises NotPossible if the plan has no such step."""
        step = self._instance(getattr(entry, "step", None), due.step) if needs_step(entry) else None
        return action_request(entry, step, self._scenario.starts)

    def _record_refusal(self, entry: TimedEntry, due: Due, refused: NotPossible) -> None:
        self._record.note(self._run.now - self._run.started_at, f"refused: {refused}", due.step)
        if entry.refused is None or entry.refused not in refused.codes:
            expected = f", and `refused: {entry.refused}` is expected" if entry.refused else ""
            codes = f" ({', '.join(dict.fromkeys(refused.codes))})" if refused.codes else ""
            self._problem(due, f"this was refused{expected}: {refused}{codes}")

    def _record_success(self, entry: TimedEntry, due: Due, what: str) -> None:
        self._record.note(self._run.now - self._run.started_at, what, due.step)
        if entry.refused is not None:
            self._problem(due, f"this was expected to be refused ({entry.refused}), and was not: {what}")

    def must_wait(self, due: Due) -> bool:
        """Whether the entry is a callback, and its call is not answered yet."""
        entry = self._scenario.world[due.position]
        if not isinstance(entry, CallbackEntry):
            return False
        reference = entry.step or due.step
        chosen, _ = choose_instance(reference, self._run.position_by_id, due.step) if reference else (None, [])
        if chosen is None:
            return False
        step = self._run.steps[self._run.position_by_id[chosen]]
        state = step.undo.state if step.undo is not None and step.undoing else step.state
        return step.active_phase in BEFORE_CALLBACK and state in UNANSWERED

    def not_taken(self) -> list[Problem]:
        """Events that no step has taken."""
        kept = [*self._kept_events()]
        kept += [each.event_id for each in self._run.inbox.early_events]
        awaited = sorted(
            f"{' or '.join(step.event_names)} with key {step.key}" if step.key else " or ".join(step.event_names)
            for step in self._run.steps
            if step.phase is Phase.EVENT
        )
        hint = f"; awaited: {', '.join(awaited)}" if awaited else ""
        found = []
        for event_id in kept:
            if event_id in self._sent and self._sent[event_id][1].refused is None:
                position, entry = self._sent[event_id]
                message = f"no step has taken event {entry.event}{hint}"
                found.append(Problem(("world", position), message, self._sent_at[event_id]))
        return found

    def _problem(self, due: Due, message: str) -> None:
        at = self._run.now - self._run.started_at
        self._record.problems.append(Problem(("world", due.position), message, at))

    def event_delivery(self, entry: EventEntry, due: Due) -> EventDelivery:
        """Raises NotPossible if its key, payload or step has no value."""
        scope = self._scope(due.step)
        key = None if entry.key is None else as_text(self._render(entry.key, scope))
        step = None if entry.step is None else self._instance(entry.step, due.step)
        count = sum(position == due.position for position, _ in self._sent.values())
        event_id = entry.id or f"scenario/{due.position}/{count}"
        self._sent.setdefault(event_id, (due.position, entry))
        self._sent_at.setdefault(event_id, self._run.now - self._run.started_at)
        return EventDelivery(
            event_id=event_id, name=entry.event, key=key, payload=self._render(entry.payload, scope), step=step
        )

    def callback_delivery(self, entry: CallbackEntry, due: Due) -> CallbackDelivery:
        """Raises NotPossible if it has no value, or no step."""
        step_id = self._instance(entry.step, due.step)
        step = self._run.steps[self._run.position_by_id[step_id]]
        key = undo_idempotency_key(self._run, step) if step.undoing else idempotency_key(self._run, step)
        return self.callback_message(key, step_id, self._render(entry.callback, self._scope(step_id)))

    def callback_message(self, key: str, step_id: str, payload: Any) -> CallbackDelivery:
        return CallbackDelivery(step=step_id, key=key, payload=payload, event_id=callback_event_id(key, payload))

    def _scope(self, step: str | None) -> dict[str, Any]:
        run = self._run
        outputs = {run.step_id(one): one.output for one in run.steps if is_output_visible(one)}
        return entry_scope(run.order_variables(), outputs, step)

    def _render(self, template: Any, scope: Mapping[str, Any]) -> Any:
        try:
            return render_template(template, scope)
        except (EvaluationError, ValueError) as error:
            raise NotPossible(f"it has no value: {error}") from None

    def _instance(self, reference: str | None, near: str | None) -> str:
        if reference is None:
            if near is None:
                raise NotPossible("say which step this is about: `step`, or `when`")
            return near
        chosen, found = choose_instance(reference, self._run.position_by_id, near)
        if chosen is None and found:
            raise NotPossible(f"{reference} has several instances: name one of {', '.join(found)}")
        if chosen is None:
            raise NotPossible(f"the plan of this order has no step {reference}", "not_found", "unknown_step")
        return chosen

    def _amendment(self, entry: AmendEntry, due: Due) -> AmendOrder:
        path = ("world", due.position, "amend")
        order = self._state.order
        try:
            if entry.amend.order is not None:
                order = read_order(self._entry, entry.amend.order, (*path, "order"))
            order = change_order(self._entry, order, entry.amend.with_, (*path, "with"), self._catalogue)
        except OrderRejected as rejected:
            message = rejected.findings[0].message
            if _names_new_line(entry.amend.with_, order):
                message += "; to add a line, write the whole order: `amend: {order: …}`"
            raise NotPossible(message, *(one.code for one in rejected.findings)) from None
        return AmendOrder(order=order, actor=Actor(by=entry.by, reason=entry.reason), override=entry.override)


def _names_new_line(overrides: OrderOverrides | None, order: Mapping[str, Any]) -> bool:
    if overrides is None:
        return False
    known = {line.get("id") for line in order_lines(order)}
    return any(change is not None and id_ not in known for id_, change in overrides.lines.items())


def event_text(delivery: EventDelivery) -> str:
    return f"event {delivery.name}" + (f" with key {delivery.key}" if delivery.key else "")


def switch_of(entry: SwitchEntry) -> tuple[str, bool]:
    """The system, and whether it is switched off."""
    return entry.system.off or entry.system.on or "", entry.system.off is not None


def switch_text(system: str, *, off: bool) -> str:
    return f"system {system} is switched {'off' if off else 'on'}"


def require_taken(status: str, what: str) -> None:
    """Raises NotPossible if the order does not take the event, or the callback."""
    if status not in TAKEN:
        raise NotPossible(f"{what} is {'too late' if status == 'late' else 'a duplicate'}", status)
