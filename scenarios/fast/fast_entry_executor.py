"""Does what the entries of `world` say to an order on the core: events, callbacks, and what people do."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from activities.compilation.compile_amendment import try_compile_amendment
from compiler.catalogue.catalogue import Catalogue
from compiler.language.scenario_actions import ActionEntry, AmendEntry, SwitchEntry
from compiler.language.scenario_timed_entries import CallbackEntry, EventEntry, TimedEntry
from compiler.plan.codec import decode_plan
from scenarios.base.entry_executor import (
    REJECTED,
    EntryExecutor,
    NotPossible,
    OrderState,
    event_text,
    require_taken,
    switch_of,
    switch_text,
)
from scenarios.fast.activities import Activities
from scenarios.fast.mailbox import Mailboxes
from scenarios.record import Record
from scenarios.scenario_order import ScenarioEntry
from scenarios.world.schedule import Due
from workflows.contract.order_messages import AmendResult, CallbackDelivery, EventDelivery
from workflows.core.actions.registry import ACTION_HANDLERS
from workflows.core.amendment.answer import apply_assessed, check_preconditions
from workflows.core.amendment.compiled_amendment import compile_input, decide_compiled, rejected_amendment
from workflows.core.engine import deliveries, signals
from workflows.core.engine.perform_action import perform_action
from workflows.core.execution.event_matching import evaluate_event, received_event
from workflows.core.state.order_run import OrderRun
from workflows.core.steps.refusal import RequestRefused


class FastEntryExecutor(EntryExecutor):
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
        super().__init__(entry, run, catalogue, state, record)
        self._activities = activities
        self._mailboxes = mailboxes

    def _kept_events(self) -> Iterator[str]:
        return (each.event_id for each in self._mailboxes.kept())

    def execute(self, due: Due) -> None:
        """What is refused, or not refused although it is expected to be, is recorded as a problem."""
        entry = self._timed_entry(due)
        try:
            what = self._execute(entry, due)
        except NotPossible as refused:
            self._record_refusal(entry, due, refused)
        else:
            self._record_success(entry, due, what)

    def _execute(self, entry: TimedEntry, due: Due) -> str:
        self._require_running()
        try:
            return _EXECUTORS.get(type(entry), FastEntryExecutor._action)(self, entry, due)
        except RequestRefused as refused:
            raise NotPossible(str(refused), refused.code.value, refused.details.reason) from None

    def _event(self, entry: EventEntry, due: Due) -> str:
        return self.deliver_event(self.event_delivery(entry, due))

    def deliver_event(self, delivery: EventDelivery) -> str:
        """Raises NotPossible or RequestRefused if nobody takes the event, now or later."""
        name = event_text(delivery)
        if delivery.key is None or delivery.step is not None:
            status = deliveries.receive(self._run, delivery).status
        elif not self._mailboxes.post(delivery):
            return f"{name}, which nobody awaits yet"
        else:
            status = evaluate_event(self._run, received_event(delivery, self._run.now)).status
            signals.handle_signal(self._run, delivery)
        require_taken(status, name)
        return name

    def _callback(self, entry: CallbackEntry, due: Due) -> str:
        return self.deliver_callback(self.callback_delivery(entry, due))

    def deliver_callback(self, delivery: CallbackDelivery) -> str:
        """Raises NotPossible or RequestRefused."""
        status = deliveries.receive(self._run, delivery).status
        require_taken(status, "the callback")
        return f"callback for {delivery.step}"

    def _action(self, entry: ActionEntry, due: Due) -> str:
        name, message = self._action_request(entry, due)
        result = perform_action(self._run, ACTION_HANDLERS[name], message)
        return f"{entry.by}: {result.message}"

    def _system(self, entry: SwitchEntry, _due: Due) -> str:
        system, off = switch_of(entry)
        self._activities.switch(system, off=off)
        return switch_text(system, off=off)

    def _amend(self, entry: AmendEntry, due: Due) -> str:
        run, state = self._run, self._state
        message = self._amendment(entry, due)
        order = message.order
        check_preconditions(run, state.revision, message)
        compiled = try_compile_amendment(compile_input(run, state.encoded(run.plan), message), self._catalogue)
        assessment = rejected_amendment(run, state.revision, message, compiled)
        if assessment is not None:
            raise _rejection(assessment.result)
        assessment = decide_compiled(run, state.revision, message, compiled, decode_plan(compiled.plan))
        result = apply_assessed(run, assessment, message)
        state.order = order
        if result.revision != state.revision:
            state.revision, state.packed_plan = result.revision, compiled.plan
        return f"{entry.by}: {result.message}"


def _rejection(result: AmendResult) -> NotPossible:
    """As `operations.actions.amend_order` tells it to clients."""
    findings = result.findings
    more = f" (and {len(findings) - 1} more)" if len(findings) > 1 else ""
    codes = [str(each["code"]) for each in findings]
    return NotPossible(f"{result.message}: {findings[0]['message']}{more}", REJECTED, *codes)


_EXECUTORS: Mapping[type[TimedEntry], Callable[[FastEntryExecutor, Any, Due], str]] = {
    EventEntry: FastEntryExecutor._event,
    CallbackEntry: FastEntryExecutor._callback,
    SwitchEntry: FastEntryExecutor._system,
    AmendEntry: FastEntryExecutor._amend,
}
