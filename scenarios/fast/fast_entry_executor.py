"""Does what the entries of `world` say: events, callbacks, and what people do."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from activities.compilation.compile_amendment import try_compile_amendment
from compiler.catalogue.catalogue import Catalogue
from compiler.cel.evaluation import EvaluationError
from compiler.cel.templates import render_template
from compiler.language.scenario_acts import Act, AmendAct, SystemAct
from compiler.language.scenario_happenings import CallbackHappening, EventHappening, Happening
from compiler.plan.codec import decode_plan, encode_plan
from compiler.plan.plan import Plan
from compiler.source.findings import OrderRejected
from compiler.values import as_text
from scenarios.fast.activities import Activities
from scenarios.fast.mailbox import Mailboxes
from scenarios.record import Problem, Record
from scenarios.scenario_order import ScenarioEntry, change_order, read_order
from scenarios.step_references import choose_instance
from scenarios.world.happening_scope import happening_scope
from scenarios.world.happenings import Due
from scenarios.world.requests import action_request, needs_step
from workflows.contract.order_messages import Actor, AmendOrder, CallbackDelivery, EventDelivery
from workflows.contract.states import StepState
from workflows.core.actions.registry import ACTION_HANDLERS
from workflows.core.amendment.answer import apply_assessed, check_preconditions
from workflows.core.amendment.compiled_amendment import compile_input, decide_compiled, rejected_amendment
from workflows.core.engine import deliveries, signals
from workflows.core.engine.perform_action import perform_action
from workflows.core.execution.event_matching import evaluate_event, received_event
from workflows.core.state.order_run import OrderRun
from workflows.core.state.step_keys import idempotency_key, undo_idempotency_key
from workflows.core.state.step_run import Phase
from workflows.core.steps.expression_scope import is_output_visible
from workflows.core.steps.refusal import RequestRefused

BEFORE_CALLBACK = frozenset({Phase.CALL, Phase.UNDO_CALL})
"""The call is not answered yet, so the system cannot call back."""
UNANSWERED = frozenset({StepState.READY, StepState.IN_PROGRESS, StepState.FAILED})
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


class Acts:
    def __init__(
        self,
        entry: ScenarioEntry,
        run: OrderRun,
        catalogue: Catalogue,
        state: OrderState,
        activities: Activities,
        mailboxes: Mailboxes,
        record: Record,
    ) -> None:
        self._entry = entry
        self._scenario = entry.model
        self._run = run
        self._catalogue = catalogue
        self._state = state
        self._activities = activities
        self._mailboxes = mailboxes
        self._record = record
        self._sent: dict[str, tuple[int, EventHappening]] = {}
        """Id of each event that has been sent → the entry."""
        self._sent_at: dict[str, float] = {}
        self.kept_by_mailboxes: set[str] = set()
        """Ids of events that nobody awaited when they came, where mailboxes are on a server."""

    def adopt(self, run: OrderRun) -> None:
        """The order's state from now on."""
        self._run = run

    def perform(self, due: Due) -> None:
        """What is refused, or not refused although it is expected to be, is recorded as a problem."""
        entry = self._scenario.world[due.position]
        if not isinstance(entry, Happening):
            raise TypeError("an answer does not happen")
        try:
            what = self._perform(entry, due)
        except NotPossible as refused:
            self._record_refusal(entry, due, refused)
        else:
            self._record_success(entry, due, what)

    def _record_refusal(self, entry: Happening, due: Due, refused: NotPossible) -> None:
        self._record.note(self._run.now - self._run.started_at, f"refused: {refused}", due.step)
        if entry.refused is None or entry.refused not in refused.codes:
            expected = f", and `refused: {entry.refused}` is expected" if entry.refused else ""
            codes = f" ({', '.join(dict.fromkeys(refused.codes))})" if refused.codes else ""
            self._problem(due, f"this was refused{expected}: {refused}{codes}")

    def _record_success(self, entry: Happening, due: Due, what: str) -> None:
        self._record.note(self._run.now - self._run.started_at, what, due.step)
        if entry.refused is not None:
            self._problem(due, f"this was expected to be refused ({entry.refused}), and was not: {what}")

    def must_wait(self, due: Due) -> bool:
        """Whether the entry is a callback, and its call is not answered yet."""
        entry = self._scenario.world[due.position]
        if not isinstance(entry, CallbackHappening):
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
        kept = [each.event_id for each in self._mailboxes.kept()]
        kept += [each for each in sorted(self.kept_by_mailboxes) if not self._run.inbox.has_seen(each)]
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

    def _perform(self, entry: Happening, due: Due) -> str:
        if self._run.ended:
            raise NotPossible("the order has ended", "order_ended")
        try:
            return _PERFORMERS.get(type(entry), Acts._act)(self, entry, due)
        except RequestRefused as refused:
            raise NotPossible(str(refused), refused.code.value, refused.details.reason) from None

    # events and callbacks

    def _event(self, entry: EventHappening, due: Due) -> str:
        return self.deliver_event(self.event_delivery(entry, due))

    def event_delivery(self, entry: EventHappening, due: Due) -> EventDelivery:
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

    def deliver_event(self, delivery: EventDelivery) -> str:
        """Raises NotPossible or RequestRefused if nobody takes the event, now or later."""
        name = f"event {delivery.name}" + (f" with key {delivery.key}" if delivery.key else "")
        if delivery.key is None or delivery.step is not None:
            status = deliveries.receive(self._run, delivery).status
        elif not self._mailboxes.post(delivery):
            return f"{name}, which nobody awaits yet"
        else:
            status = evaluate_event(self._run, received_event(delivery, self._run.now)).status
            signals.handle_signal(self._run, delivery)
        if status not in TAKEN:
            raise NotPossible(f"{name} is {'too late' if status == 'late' else 'a duplicate'}", status)
        return name

    def _callback(self, entry: CallbackHappening, due: Due) -> str:
        return self.deliver_callback(self.callback_delivery(entry, due))

    def callback_delivery(self, entry: CallbackHappening, due: Due) -> CallbackDelivery:
        """Raises NotPossible if it has no value, or no step."""
        step_id = self._instance(entry.step, due.step)
        step = self._run.steps[self._run.position_by_id[step_id]]
        key = undo_idempotency_key(self._run, step) if step.undoing else idempotency_key(self._run, step)
        return self.callback_message(key, step_id, self._render(entry.callback, self._scope(step_id)))

    def callback_message(self, key: str, step_id: str, payload: Any) -> CallbackDelivery:
        return CallbackDelivery(step=step_id, key=key, payload=payload, event_id=f"{key}/{len(self._record.timeline)}")

    def deliver_callback(self, delivery: CallbackDelivery) -> str:
        """Raises NotPossible or RequestRefused."""
        status = deliveries.receive(self._run, delivery).status
        if status not in TAKEN:
            raise NotPossible(f"the callback is {'too late' if status == 'late' else 'a duplicate'}", status)
        return f"callback for {delivery.step}"

    def _scope(self, step: str | None) -> dict[str, Any]:
        run = self._run
        outputs = {run.step_id(one): one.output for one in run.steps if is_output_visible(one)}
        return happening_scope(run.order_variables(), outputs, step)

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

    # people and systems

    def _act(self, entry: Happening, due: Due) -> str:
        if not isinstance(entry, Act):
            raise TypeError(f"nobody does {type(entry).__name__}")
        step = self._instance(getattr(entry, "step", None), due.step) if needs_step(entry) else None
        name, message = action_request(entry, step, self._scenario.starts)
        result = perform_action(self._run, ACTION_HANDLERS[name], message)
        return f"{entry.by}: {result.message}"

    def _system(self, entry: SystemAct, _due: Due) -> str:
        system, off = entry.system.off or entry.system.on or "", entry.system.off is not None
        self._activities.switch(system, off=off)
        return f"system {system} is switched {'off' if off else 'on'}"

    def _amendment(self, entry: AmendAct, due: Due) -> AmendOrder:
        path = ("world", due.position, "amend")
        try:
            order = self._state.order
            if entry.amend.order is not None:
                order = read_order(self._entry, entry.amend.order, (*path, "order"))
            order = change_order(self._entry, order, entry.amend.with_, (*path, "with"), self._catalogue)
        except OrderRejected as rejected:
            raise NotPossible(rejected.findings[0].message, *(one.code for one in rejected.findings)) from None
        return AmendOrder(order=order, actor=Actor(by=entry.by, reason=entry.reason), override=entry.override)

    def _amend(self, entry: AmendAct, due: Due) -> str:
        run, state = self._run, self._state
        message = self._amendment(entry, due)
        order = message.order
        check_preconditions(run, state.revision, message)
        compiled = try_compile_amendment(compile_input(run, state.encoded(run.plan), message), self._catalogue)
        assessment = rejected_amendment(run, state.revision, message, compiled)
        if assessment is not None:
            findings = assessment.result.findings
            reasons = "; ".join(str(each["message"]) for each in findings)
            raise NotPossible(f"the new order is rejected: {reasons}", *(str(each["code"]) for each in findings))
        assessment = decide_compiled(run, state.revision, message, compiled, decode_plan(compiled.plan))
        result = apply_assessed(run, assessment, message)
        state.order = order
        if result.revision != state.revision:
            state.revision, state.packed_plan = result.revision, compiled.plan
        return f"{entry.by}: {result.message}"


_PERFORMERS: Mapping[type[Happening], Callable[[Acts, Any, Due], str]] = {
    EventHappening: Acts._event,
    CallbackHappening: Acts._callback,
    SystemAct: Acts._system,
    AmendAct: Acts._amend,
}
