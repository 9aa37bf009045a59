"""The run of one scenario, on the core or on the server: when what happens, and what is recorded of it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import partial
from math import inf
from typing import Generic, TypeVar

from activity_contract.notifications import NotificationBatch
from compiler.catalogue.catalogue import Catalogue
from scenarios.base.clock import Clock, Rank
from scenarios.base.entry_executor import EntryExecutor, OrderState
from scenarios.base.poll_counts import MAX_POLLS, PollCounts
from scenarios.base.receivers import Receivers
from scenarios.base.recorded_run import Move, RecordedRun
from scenarios.base.submission import record_told
from scenarios.base.system_hold import with_system_hold
from scenarios.base.systems import Systems
from scenarios.record import Begin, Problem, Record, Snapshot
from scenarios.scenario_order import ScenarioEntry
from scenarios.world.receiver_answers import ReceiverAnswers
from scenarios.world.schedule import Due, Schedule
from scenarios.world.world_answers import WorldAnswers
from workflows.contract.states import StepState
from workflows.core.queries.order_view import order_view, step_view
from workflows.core.state.rollup import current_order_state
from workflows.core.timing.expected_duration import END_OF_TIME
from workflows.core.timing.forecast import make_forecast

MAX_TURNS = 200_000
"""A guard against an order that goes on for ever."""
TIMELINE_EVENTS = frozenset(
    {"order.at_risk", "order.late", "order.on_track", "step.at_risk", "step.late", "step.escalated"}
)
Executor = TypeVar("Executor", bound=EntryExecutor)


class BaseRun(ABC, Generic[Executor]):
    _entries: Executor
    """Does what the entries of `world` say."""

    def __init__(
        self, entry: ScenarioEntry, run: RecordedRun, state: OrderState, catalogue: Catalogue, record: Record
    ) -> None:
        self._scenario = entry.model
        self._run = run
        self._state = state
        self._catalogue = catalogue
        self._record = record
        self._clock = Clock(run.now)
        self._answers = WorldAnswers(self._scenario.world)
        self._schedule = Schedule(self._scenario.world, self._scenario.expect.moments)
        self._systems = Systems(record, self._answers, catalogue.systems, run.now)
        self._receiver_answers = ReceiverAnswers(self._scenario.world)
        self._receivers = Receivers(record, self._receiver_answers, run.now)
        self._polls = PollCounts()
        self._waiting_callbacks: list[Due] = []
        self._delivery_due = inf
        self._last_state = ""
        self._failed_now: set[tuple[str, bool]] = set()
        """Ids of steps that have failed for good at this moment, and whether it was their undo."""

    @abstractmethod
    def _do(self, due: Due) -> None:
        """What is due now: an entry of `world`, or a moment."""

    @abstractmethod
    def _deliver(self) -> None:
        """The callbacks and events that follow from the answers of systems, and are due now."""

    @abstractmethod
    def _held_calls(self) -> Mapping[str, str]:
        """Id of each step whose call is held back → the system that is switched off."""

    def _engine_due(self) -> float | None:
        run, watch = self._run, self._run.jeopardy_watch
        if run.ended:
            return None
        due = run.next_due()
        moment = due[0] if due is not None else inf
        if watch is not None:
            moment = min(moment, watch.next_check_at)
        return None if moment == inf else max(moment, self._clock.now)

    @property
    def _until(self) -> float:
        return self._run.started_at + self._scenario.until.total_seconds()

    def _stop_at_until(self) -> None:
        """Nothing has happened between the last thing that did and the end of the scenario."""
        self._clock.now = max(self._clock.now, min(self._until, END_OF_TIME))
        self._record.stopped = "its `until` is over"

    def _stops_polling(self) -> bool:
        """If a step has polled too often. Returns whether the run stops."""
        if (position := self._polls.excessive) is None:
            return False
        step = self._run.plan.steps[position].id
        short = step.partition("@")[0]
        message = (
            f"{step} has polled {MAX_POLLS:,} times: answer its polls so that `until` holds, for example "
            f"{{on: {short}, of: poll, answer: {{body: {{}}}}}}"
        )
        self._record.problems.append(Problem(("world",), message, self._since_start()))
        self._record.stopped = f"{step} polls without end"
        return True

    def _schedule_due(self, due: Due) -> None:
        rank = Rank.MOMENT if due.kind == "moment" else Rank.WORLD
        self._clock.at(self._run.started_at + due.at, rank, lambda: self._do(due))

    def _release_callbacks(self) -> None:
        """Callbacks whose calls are answered now."""
        for due in [each for each in self._waiting_callbacks if not self._entries.must_wait(each)]:
            self._waiting_callbacks.remove(due)
            self._schedule_due(due)

    def _schedule_deliveries(self) -> None:
        if not self._systems.has_answered:
            return
        due = self._systems.next_delivery()
        if due is not None and due < self._delivery_due:
            self._delivery_due = due
            self._clock.at(due, Rank.WORLD, self._deliver)

    # what is recorded

    def _since_start(self) -> float:
        return self._clock.now - self._run.started_at

    def _note_moves(self) -> None:
        at = self._since_start()
        for move in self._take_moves():
            if move.is_begin:
                self._record.begins.append(Begin(at, move.step, move.undo))
            if (text := self._run.describe(move)) is not None:
                self._record.note(at, text, move.step)
            if move.state is StepState.FATALLY_FAILED:
                self._expect_fallout(move)
            else:
                self._note_move(move)

    def _take_moves(self) -> list[Move]:
        """Those of the order that are not recorded yet."""
        return self._run.take_moves()

    def _note_move(self, move: Move) -> None:
        for due in self._schedule.step_moved(move.step, move.state.value, undo=move.undo, at=self._since_start()):
            self._schedule_due(due)

    def _expect_fallout(self, move: Move) -> None:
        key = move.step, move.undo
        if key not in self._failed_now:
            self._failed_now.add(key)
            self._clock.at(self._clock.now, Rank.SETTLED, partial(self._note_fallout, move))

    def _note_fallout(self, move: Move) -> bool:
        """Unless `on_failure` has redone, undone or accepted the failure: then nobody is asked for a decision."""
        run = self._run
        self._failed_now.discard((move.step, move.undo))
        position = run.position_by_id.get(move.step)
        if position is not None:
            step = run.steps[position]
            is_undone = step.undo is not None and step.undo.is_open
            if step.in_fallout and is_undone is move.undo:
                self._note_move(move)
        return False

    def _note_order_state(self) -> None:
        state = current_order_state(self._run).value
        if state != self._last_state:
            self._last_state = state
            self._record.note(self._since_start(), f"the order is {state}")

    def _snapshot(self) -> Snapshot:
        run, now = self._run, datetime.fromtimestamp(self._clock.now, UTC)
        forecast = None if run.ended else make_forecast(run, self._clock.now)
        held = self._held_calls()
        steps = [with_system_hold(step_view(run, step, forecast), held) for step in run.steps]
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
        record.problems += [
            *self._entries.not_taken(),
            *self._answers.unused(),
            *self._receiver_answers.unused(),
            *self._schedule.missing(record.stopped),
        ]

    def told(self, batch: NotificationBatch) -> None:
        """Events that the order tells."""
        for event in record_told(self._record, batch, self._catalogue, self._run.started_at):
            if event.type in TIMELINE_EVENTS:
                self._record.note(event.at, event.type, event.step)
