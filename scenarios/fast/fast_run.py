"""The run of one scenario on the core: the loop that the order's workflow has, with a clock that only counts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from math import inf
from typing import Any

from activity_contract.cross_order import CrossOrderStepStatus
from activity_contract.notifications import NotificationFilter
from compiler.catalogue.catalogue import Catalogue
from compiler.language.event_types import EVENT_TYPES
from scenarios.fast.activities import Activities
from scenarios.fast.acts import Acts, NotPossible, OrderState
from scenarios.fast.clock import Clock, Rank
from scenarios.fast.mailbox import Mailboxes
from scenarios.fast.recorded_run import RecordedRun
from scenarios.fast.submission import KEY_TOKEN, receivers_of, submit
from scenarios.fast.systems import Systems, callback_key
from scenarios.pretend.messages import Callback, Delivery
from scenarios.record import Begin, Problem, Record, Snapshot, ToldEvent
from scenarios.scenario_order import ScenarioEntry
from scenarios.world.answer_book import AnswerBook
from scenarios.world.happenings import Due, Schedule
from workflows.contract.order_messages import EventDelivery
from workflows.core.engine import advance, signals
from workflows.core.notifications import order_events
from workflows.core.queries.order_view import order_view, step_view
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
from workflows.core.state.rollup import current_order_state
from workflows.core.steps import event_subscription
from workflows.core.steps.refusal import RequestRefused
from workflows.core.timing import order_jeopardy
from workflows.core.timing.expected_duration import END_OF_TIME
from workflows.core.timing.forecast import make_forecast

MAX_POLLS = 10_000
"""Of one step: a poll that is never answered as its `until` wants would go on until the scenario ends."""
MAX_TURNS = 200_000
"""A guard against an order that goes on for ever."""


def run_fast(entry: ScenarioEntry, catalogue: Catalogue) -> Record:
    """What happens in the scenario. Never raises for what an order or a scenario says."""
    record = Record()
    submitted = submit(entry, catalogue, record)
    if submitted is not None:
        FastRun(entry, submitted.run, OrderState(submitted.order), catalogue, record).execute()
    return record


class FastRun:
    def __init__(
        self, entry: ScenarioEntry, run: RecordedRun, state: OrderState, catalogue: Catalogue, record: Record
    ) -> None:
        self._scenario = entry.model
        self._run = run
        self._state = state
        self._catalogue = catalogue
        self._record = record
        self._clock = Clock(run.now)
        self._answers = AnswerBook(self._scenario.world)
        self._schedule = Schedule(self._scenario.world, self._scenario.expect.moments)
        self._systems = Systems(record, self._answers, catalogue.systems, run.now)
        self._activities = Activities(run, self._clock, self._systems, catalogue.systems)
        self._mailboxes = Mailboxes()
        self._acts = Acts(entry, run, catalogue, state, self._activities, self._mailboxes, record)
        self._waiting_callbacks: list[Due] = []
        self._delivery_due = inf
        self._last_state = ""

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
        is_late = moment > run.started_at + self._scenario.until.total_seconds()
        if moment > END_OF_TIME or (is_late and not self._is_over()):
            self._record.stopped = "its `until` is over"
            return None
        if self._activities.most_polls > MAX_POLLS:
            self._stop_polling()
            return None
        run.now = clock.now = max(moment, clock.now)
        if engine is not None and (due is None or (engine, Rank.ENGINE) < due):
            advance.process_due_steps(run)
            return True
        return clock.do_next()

    def _engine_due(self) -> float | None:
        run, watch = self._run, self._run.jeopardy_watch
        if run.ended:
            return None
        due = run.next_due()
        moment = due[0] if due is not None else inf
        if watch is not None:
            moment = min(moment, watch.next_check_at)
        return None if moment == inf else max(moment, self._clock.now)

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

    def _stop_polling(self) -> None:
        position = max(self._activities.polls, key=lambda at: self._activities.polls[at])
        step = self._run.plan.steps[position].id
        short = step.partition("@")[0]
        message = (
            f"{step} has polled {MAX_POLLS:,} times: answer its polls so that `until` holds, for example "
            f"{{on: {short}, of: poll, answer: {{body: {{}}}}}}"
        )
        self._record.problems.append(Problem(("world",), message, self._since_start()))
        self._record.stopped = f"{step} polls without end"

    # what happens

    def _schedule_due(self, due: Due) -> None:
        rank = Rank.MOMENT if due.kind == "moment" else Rank.WORLD
        self._clock.at(self._run.started_at + due.at, rank, lambda: self._do(due))

    def _do(self, due: Due) -> None:
        self._run.now = self._clock.now
        if due.kind == "moment":
            self._record.moments[due.position] = self._snapshot()
            return
        self._schedule.happened(due.position)
        if self._acts.must_wait(due):
            self._waiting_callbacks.append(due)
        else:
            self._acts.perform(due)

    def _release_callbacks(self) -> None:
        """Callbacks whose calls are answered now."""
        for due in [each for each in self._waiting_callbacks if not self._acts.must_wait(each)]:
            self._waiting_callbacks.remove(due)
            self._schedule_due(due)

    def _schedule_deliveries(self) -> None:
        if not self._systems.has_answered:
            return
        due = self._systems.next_delivery()
        if due is not None and due < self._delivery_due:
            self._delivery_due = due
            self._clock.at(due, Rank.WORLD, self._deliver)

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
            step = None
            event = EventDelivery(
                event_id=delivery.event_id, name=delivery.name, key=delivery.key, payload=delivery.payload, step=step
            )
            return self._acts.deliver_event(event)
        key = callback_key(delivery.to)
        step_id = self._systems.step_of_key.get(key)
        return (
            ""
            if step_id is None
            else self._acts.deliver_callback(self._acts.callback_message(key, step_id, delivery.body))
        )

    # what is recorded

    def _since_start(self) -> float:
        return self._clock.now - self._run.started_at

    def _note_moves(self) -> None:
        at = self._since_start()
        for move in self._run.take_moves():
            if move.is_begin:
                self._record.begins.append(Begin(at, move.step, move.undo))
            if (text := self._run.describe(move)) is not None:
                self._record.note(at, text, move.step)
            for due in self._schedule.step_moved(move.step, move.state.value, undo=move.undo, at=at):
                self._schedule_due(due)

    def _note_order_state(self) -> None:
        state = current_order_state(self._run).value
        if state != self._last_state:
            self._last_state = state
            self._record.note(self._since_start(), f"the order is {state}")

    def _snapshot(self) -> Snapshot:
        run, now = self._run, datetime.fromtimestamp(self._clock.now, UTC)
        forecast = None if run.ended else make_forecast(run, self._clock.now)
        steps = [step_view(run, step, forecast) for step in run.steps]
        return Snapshot(self._since_start(), order_view(run, self._state.revision, now), steps)

    def _finish(self) -> None:
        run, record = self._run, self._record
        record.took = (run.ended_at or self._clock.now) - run.started_at
        record.final = self._snapshot()
        for position, moment in enumerate(self._scenario.expect.moments):
            is_later = moment.when is None and moment.after is not None and moment.after.total_seconds() > record.took
            if position not in record.moments and is_later:
                record.moments[position] = record.final
        for due in self._waiting_callbacks:
            message = f"the call of {due.step} was never answered, so the system could not call back"
            record.problems.append(Problem(("world", due.position), message, self._since_start()))
        record.problems += [*self._acts.not_taken(), *self._answers.unused(), *self._schedule.missing()]

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
        batch = command.batch
        for event in batch.events:
            at = event.at - self._run.started_at
            self._record.events.append(
                ToldEvent(at, event.type, event.data, receivers_of(self._catalogue, batch, event))
            )
            if event.type in TIMELINE_EVENTS:
                self._record.note(at, event.type, event.data.get("step"))
        order_events.batch_published(self._run, succeeded=True)

    def _watch_other_order(self, command: WatchOrderStep) -> None:
        """There is no other order: the step waits until somebody lets it proceed, or its `within` ends."""
        status = CrossOrderStepStatus.for_watch(command.watch, "not_there")
        advance.order_watch_ended(self._run, command.watch, status)

    def _tell_other_order(self, _command: SendStepStatus) -> None:
        advance.step_status_sent(self._run)


TIMELINE_EVENTS = frozenset(
    {"order.at_risk", "order.late", "order.on_track", "step.at_risk", "step.late", "step.escalated"}
)
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
