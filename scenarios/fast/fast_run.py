"""The run of one scenario on the core: the loop that the order's workflow has, with a clock that only counts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import inf
from typing import Any

from activity_contract.cross_order import CrossOrderStepStatus
from activity_contract.notifications import NotificationFilter
from compiler.catalogue.catalogue import Catalogue
from compiler.language.event_types import EVENT_TYPES
from scenarios.base.base_run import MAX_TURNS, BaseRun
from scenarios.base.clock import Clock, Rank
from scenarios.base.entry_executor import NotPossible, OrderState
from scenarios.base.receivers import Receivers
from scenarios.base.recorded_run import RecordedRun
from scenarios.base.submission import KEY_TOKEN, Rejected, Submitted, record_told, submit
from scenarios.base.systems import callback_key
from scenarios.fast.activities import Activities
from scenarios.fast.fast_entry_executor import FastEntryExecutor
from scenarios.fast.mailbox import Mailboxes
from scenarios.fast.outbox import FastOutbox
from scenarios.pretend.messages import Callback, Delivery
from scenarios.record import Record
from scenarios.scenario_order import ScenarioEntry
from scenarios.world.receiver_answers import ReceiverAnswers
from scenarios.world.schedule import Due
from workflows.contract.order_messages import EventDelivery
from workflows.core.engine import advance, signals
from workflows.core.notifications import order_events
from workflows.core.state.commands import (
    CancelActivity,
    Command,
    PublishEvents,
    SendStepStatus,
    StartActivity,
    StartCall,
    SubscribeEvents,
    UnsubscribeEvents,
    WatchOrderStep,
)
from workflows.core.steps import event_subscription
from workflows.core.steps.refusal import RequestRefused
from workflows.core.timing import order_jeopardy
from workflows.core.timing.expected_duration import END_OF_TIME


def run_fast(entry: ScenarioEntry, catalogue: Catalogue) -> Record:
    """What happens in the scenario. Never raises for what an order or a scenario says."""
    record = Record()
    submitted = submit(entry, catalogue, record)
    if isinstance(submitted, Submitted):
        FastRun(entry, submitted.run, OrderState(submitted.order), catalogue, record).execute()
    elif submitted is not None:
        _tell_rejection(entry, submitted, catalogue, record)
    return record


def _tell_rejection(entry: ScenarioEntry, rejected: Rejected, catalogue: Catalogue, record: Record) -> None:
    clock, answers = Clock(entry.model.starts.timestamp()), ReceiverAnswers(entry.model.world)
    record_told(record, rejected.batch, catalogue, clock.now)
    FastOutbox(clock, Receivers(record, answers, clock.now), catalogue).add(rejected.batch)
    while clock.next_due() is not None:
        clock.do_next()
    record.problems += answers.unused()


class FastRun(BaseRun[FastEntryExecutor]):
    def __init__(
        self, entry: ScenarioEntry, run: RecordedRun, state: OrderState, catalogue: Catalogue, record: Record
    ) -> None:
        super().__init__(entry, run, state, catalogue, record)
        self._activities = Activities(run, self._clock, self._systems, catalogue.systems, self._polls)
        self._mailboxes = Mailboxes(self._clock)
        self._outbox = FastOutbox(self._clock, self._receivers, catalogue)
        self._entries = FastEntryExecutor(entry, run, catalogue, state, self._activities, self._mailboxes, record)

    def execute(self) -> None:
        run = self._run
        run.key_token = KEY_TOKEN
        advance.start_order(run)
        run.audit_log.record_warnings(run.now, [finding.model_dump(mode="json") for finding in self._record.warnings])
        telling = NotificationFilter(events=list(EVENT_TYPES), receivers=sorted(self._catalogue.receivers))
        order_events.start_events(run, telling, self._state.revision)
        for due in self._schedule.at_start():
            self._schedule_due(due)
        self._turn()
        turns = 0
        while (is_changed := self._next()) is not None:
            if is_changed:
                self._turn()
            else:
                self._schedule_deliveries()
            turns += 1
            if turns >= MAX_TURNS:
                self._record.stopped = f"after {MAX_TURNS:,} turns the order still goes on"
                break
        self._finish()

    # the loop

    def _next(self) -> bool | None:
        """Does what is due next. Returns whether the order may see a change; None if nothing is due, or if the scenario
        ends here."""
        run, clock = self._run, self._clock
        engine = self._engine_due()
        due = clock.next_due()
        if due is None and engine is None:
            return None
        if engine is not None and (due is None or (engine, Rank.ENGINE) < due):
            moment = engine
        else:
            moment = due[0] if due is not None else inf
        if moment > END_OF_TIME or (moment > self._until and not self._is_over()):
            self._stop_at_until()
            return None
        if self._stops_polling():
            return None
        run.now = clock.now = max(moment, clock.now)
        if engine is not None and (due is None or (engine, Rank.ENGINE) < due):
            advance.process_due_steps(run)
            return True
        return clock.do_next()

    def _is_over(self) -> bool:
        return self._run.ended and not self._activities.in_flight

    def _turn(self) -> None:
        run = self._run
        run.now = self._clock.now
        while True:
            while advance.advance(run):
                pass
            order_jeopardy.refresh(run)
            order_events.emit_events(run)
            commands = advance.drain_commands(run)
            if not commands:
                break
            for command in commands:
                _EXECUTORS[type(command)](self, command)
        if run.ended_at is None and self._is_over():
            run.ended_at = run.now
        self._note_moves()
        self._note_order_state()
        self._schedule_deliveries()
        self._release_callbacks()

    def _held_calls(self) -> Mapping[str, str]:
        return self._activities.held_calls()

    # what happens

    def _do(self, due: Due) -> None:
        self._run.now = self._clock.now
        if due.kind == "moment":
            self._record.moments[due.position] = self._snapshot()
            return
        self._schedule.happened(due.position)
        if self._entries.must_wait(due):
            self._waiting_callbacks.append(due)
        else:
            self._entries.execute(due)

    def _deliver(self) -> None:
        """Callbacks and events that follow from the answers of systems. Nobody waits for what becomes of them."""
        self._delivery_due, self._systems.has_answered = inf, True
        self._run.now = self._clock.now
        for delivery in self._systems.take_deliveries(self._clock.now):
            try:
                what = "" if self._run.ended else self._deliver_one(delivery)
            except (NotPossible, RequestRefused) as refused:
                what = f"refused: {refused}"
            if what:
                self._record.note(self._since_start(), what)

    def _deliver_one(self, delivery: Delivery) -> str:
        if not isinstance(delivery, Callback):
            event = EventDelivery(
                event_id=delivery.event_id, name=delivery.name, key=delivery.key, payload=delivery.payload
            )
            return self._entries.deliver_event(event)
        key = callback_key(delivery.to)
        step_id = self._systems.step_of_key.get(key)
        if step_id is None:
            return ""
        return self._entries.deliver_callback(self._entries.callback_message(key, step_id, delivery.body))

    # commands

    def _start(self, command: StartCall | StartActivity) -> None:
        self._activities.start(command)

    def _cancel(self, command: CancelActivity) -> None:
        self._activities.cancel(command.step, command.launch)

    def _subscribe(self, command: SubscribeEvents) -> None:
        kept = [*self._mailboxes.subscribe(command.subscription)]
        self._clock.at(self._clock.now, Rank.RESULT, lambda: self._subscribed(command, kept))

    def _subscribed(self, command: SubscribeEvents, kept: list[EventDelivery]) -> None:
        event_subscription.request_ended(self._run, command, succeeded=True)
        for delivery in kept:
            signals.handle_signal(self._run, delivery)

    def _unsubscribe(self, command: UnsubscribeEvents) -> None:
        self._mailboxes.unsubscribe(command.subscription)
        event_subscription.request_ended(self._run, command, succeeded=True)

    def _publish(self, command: PublishEvents) -> None:
        self.told(command.batch)
        self._outbox.add(command.batch)
        order_events.batch_published(self._run, succeeded=True)

    def _watch_other_order(self, command: WatchOrderStep) -> None:
        """There is no other order: the step waits until somebody lets it proceed, or its `within` ends."""
        status = CrossOrderStepStatus.for_watch(command.watch, "not_there")
        advance.order_watch_ended(self._run, command.watch, status)

    def _tell_other_order(self, _command: SendStepStatus) -> None:
        advance.step_status_sent(self._run)


_EXECUTORS: Mapping[type[Command], Callable[[FastRun, Any], None]] = {
    StartCall: FastRun._start,
    StartActivity: FastRun._start,
    CancelActivity: FastRun._cancel,
    SubscribeEvents: FastRun._subscribe,
    UnsubscribeEvents: FastRun._unsubscribe,
    PublishEvents: FastRun._publish,
    WatchOrderStep: FastRun._watch_other_order,
    SendStepStatus: FastRun._tell_other_order,
}
