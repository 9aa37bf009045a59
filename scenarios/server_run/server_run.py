"""One scenario on a stage: the order's workflow runs on the server, and this says when what happens."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Collection
from contextlib import suppress
from datetime import timedelta
from math import inf
from typing import Any

from temporalio import activity
from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.enums.v1 import PendingActivityState, WorkflowExecutionStatus
from temporalio.api.workflowservice.v1 import (
    DescribeWorkflowExecutionRequest,
    DescribeWorkflowExecutionResponse,
)
from temporalio.service import RPCError
from temporalio.testing import TimeSkipper
from temporalio.worker import ExecuteActivityInput

from activity_contract.callback_id import read_callback_id
from activity_contract.calls import StepActivity, SystemCall
from activity_contract.notifications import NotificationBatch
from compiler.catalogue.catalogue import Catalogue
from compiler.language.scenario_answers import ScenarioAnswer
from operations.client import OrderClient
from scenarios.fast.acts import NotPossible, OrderState
from scenarios.fast.clock import Rank
from scenarios.fast.fast_run import MAX_POLLS, MAX_TURNS, TIMELINE_EVENTS, FastRun
from scenarios.fast.judgement import NOT_ANSWERED, time_taken
from scenarios.fast.recorded_run import Move, RecordedRun
from scenarios.fast.submission import receivers_of
from scenarios.pretend.messages import Callback, Delivery, PretendRequest, PretendResponse
from scenarios.record import Record, ToldEvent
from scenarios.scenario_order import ScenarioEntry
from scenarios.server_run.attempts import MAX_HELD_SECONDS, Attempts, Flight
from scenarios.server_run.server_acts import ServerActs
from scenarios.world.happenings import Due
from workers.fixed_catalogue import ScriptedFailure, run_scripted
from workflows.contract.order_messages import EventDelivery, order_workflow_id

RUNNING = WorkflowExecutionStatus.WORKFLOW_EXECUTION_STATUS_RUNNING
LEEWAY = 0.05
"""Seconds that the server's clock stays behind what comes next from outside."""
AHEAD = 0.001
"""Seconds that it goes beyond what it does itself."""
MAX_PUSH = 86_400.0
PAUSES = (0.005, 0.007, 0.01, 0.015, 0.025)
"""Real seconds between two looks at whether the server is done with what it has."""


class Performance(FastRun):
    """The same record as of a run on the core, and the same rules for what happens when. The order itself runs on the
    server: this moves the server's clock to the next moment at which something is due, and waits until all that follows
    is done."""

    def __init__(
        self, entry: ScenarioEntry, run: RecordedRun, state: OrderState, catalogue: Catalogue, record: Record
    ) -> None:
        super().__init__(entry, run, state, catalogue, record)
        self.attempts = Attempts(lambda: self.now, self._until_next, self._next_poll, self._cannot_be_reached)
        self._acts: ServerActs = ServerActs(entry, run, catalogue, state, self._activities, self._mailboxes, record)
        self._to_do: list[Due] = []
        self._has_deliveries = False
        self._times: dict[float, float] = {}
        self._adopted = 0
        self._noted_moves: set[tuple[float, Move]] = set()
        self._prepared: dict[str, PretendResponse] = {}
        """Idempotency key → the answer to the next poll."""
        self._last_polls: dict[str, tuple[PretendRequest, PretendResponse]] = {}

    def connect(self, orders: OrderClient, started_workflows: Callable[[], Collection[str]], secret: bytes) -> None:
        """Before anything happens. `secret`: of callback ids."""
        self._orders = orders
        self._client = orders.client
        self._started_workflows = started_workflows
        self._secret = secret
        self._handle: Any = self._client.get_workflow_handle(order_workflow_id(self._record.order_id))
        self._skipper = TimeSkipper(self._client)
        self._acts.orders, self._acts.switch = orders, self._switch
        self._server_at, self._real_at = self.now, time.monotonic()
        self._last_due, self._push = inf, AHEAD
        self._engine_at = inf

    @property
    def now(self) -> float:
        """The scenario's time, in seconds since 1970."""
        return self._clock.now

    def time_at(self, server_time: float) -> float:
        """The scenario's time when the server's clock shows this to the order: the same for ever."""
        return self._times.setdefault(server_time, self.now)

    def adopt(self, run: RecordedRun) -> None:
        """The order's workflow has begun, and this is its state."""
        self._run = run
        self._adopted += 1
        self._acts.adopt(run)

    async def perform(self) -> None:
        """From the order's acceptance to the end of the scenario."""
        self._has_closed = False
        for due in self._schedule.at_start():
            self._schedule_due(due)
        await self._settle()
        for _ in range(MAX_TURNS):
            if not await self._go_on():
                break
            await self._settle()
        self._finish()

    def _note_moves(self) -> None:
        """Each once: a workflow task that the server does not take is replayed and done again."""
        if self._adopted > 1:
            self._run.moves = [move for move in self._run.take_moves() if (self.now, move) not in self._noted_moves]
        self._noted_moves |= {(self.now, move) for move in self._run.moves}
        super()._note_moves()

    # called by the worker and by the pretend systems, while the server is at work

    def launched(self, activity_id: str) -> None:
        self.attempts.launched(activity_id)

    async def answer(self, key: str, request: PretendRequest) -> PretendResponse:
        """A call, as it came over HTTP."""
        call, is_poll = self.attempts.calls[key]
        await self.attempts.await_turn(key)
        self._note_moves()
        prepared = self._prepared.pop(key, None)
        response = prepared or self._systems.answer(call, self.now, request)
        if is_poll:
            self._last_polls[key] = request, response
        if is_poll and prepared is None:
            self._count_poll(call)
        if response.problem:
            self.attempts.unanswered[key] = response.problem
        self.attempts.taken[key] = time_taken(call, response)
        if response.error is None and response.delay.total_seconds() > call.timeout:
            return PretendResponse(error="timeout")
        return response

    def _cannot_be_reached(self, call: SystemCall) -> bool:
        """If so, the call is recorded: no system gets it."""
        if not self._systems.cannot_be_reached(call, self.now):
            return False
        self._systems.answer(call, self.now)
        return True

    def _next_poll(self, call: SystemCall, pause: float, flight: Flight) -> tuple[float, int]:
        """Polls that get the same answer as the one before need no server: they are recorded, and the order goes on
        waiting. This ends with an answer that differs, or when something else is due."""
        key, due = call.idempotency_key, self.now + pause
        request, last = self._last_polls[key]
        others = [each.due for each in self.attempts.flights.values() if each is not flight and each.due is not None]
        outside, engine = self._clock.next_due(), self._engine_due()
        limit = min([*others, inf if outside is None else outside[0], inf if engine is None else engine])
        limit = min(limit, self._run.started_at + self._scenario.until.total_seconds())
        same = 0
        if engine is None or self._engine_at <= self.now:  # the order is about to move on
            return due, same
        while due < limit and self.attempts.running == 1 and self._polls_of(call) <= MAX_POLLS:
            response = self._systems.answer(call, due, request)
            self._count_poll(call)
            if not _same_answer(response, last):
                self._prepared[key] = response
                break
            due, same = due + pause, same + 1
        return due, same

    def _count_poll(self, call: SystemCall) -> None:
        self._activities.polls[self._run.position_by_id[call.step_id]] = self._polls_of(call) + 1

    def _polls_of(self, call: SystemCall) -> int:
        return self._activities.polls.get(self._run.position_by_id[call.step_id], 0)

    async def step_activity(self, given: ExecuteActivityInput, step: StepActivity) -> Any:
        """A Python activity."""
        name = activity.info().activity_type

        async def run(_: ExecuteActivityInput) -> Any:
            return await run_scripted(step, lambda: _scripted_output(name, answer))

        answer = None
        if not self.attempts.has_outcome(activity.info().activity_id):
            self._note_moves()
            answer = self._systems.activity_answer(name, step, self.now)
        return await self.attempts.other(given, run, 0.0 if answer is None else answer.delay.total_seconds())

    def told(self, batch: NotificationBatch) -> None:
        """Events of the order, on their way to receivers."""
        for event in batch.events:
            at = event.at - self._run.started_at
            receivers = receivers_of(self._catalogue, batch, event)
            self._record.events.append(ToldEvent(at, event.type, event.data, receivers))
            if event.type in TIMELINE_EVENTS:
                self._record.note(at, event.type, event.data.get("step"))

    # the clock

    def _advance_to(self, moment: float) -> None:
        self._clock.now = max(self._clock.now, moment)

    async def _go_on(self) -> bool:
        """Does what is due next. False: nothing is, or the scenario ends here."""
        clock = self._clock
        waits = [(moment, Rank.RESULT) for moment in [self.attempts.next_due()] if moment is not None]
        engine = self._engine_due()
        self._engine_at = inf if engine is None else engine
        waits += [(moment, Rank.ENGINE) for moment in [engine] if moment is not None]
        outside, inside = clock.next_due(), min(waits, default=None)
        if outside is None and inside is None:
            return False
        if self._is_over() and (outside is None or outside[1] is Rank.ENGINE):
            return False
        moment, rank = min(each for each in (outside, inside) if each is not None)
        is_outside = (moment, rank) == outside
        if moment > self._run.started_at + self._scenario.until.total_seconds():
            self._record.stopped = "its `until` is over"
            return False
        if any(count > MAX_POLLS for count in self._activities.polls.values()):
            self._stop_polling()
            return False
        if is_outside:
            await self._come_close_to(moment)
            clock.do_next()
            await self._do_what_is_due()
        else:
            await self._let_time_pass(moment)
        return True

    async def _come_close_to(self, moment: float) -> None:
        """What is due at the same time on the server must not come first."""
        passed = time.monotonic() - self._real_at
        duration = moment - self._server_at - passed - LEEWAY
        if duration > 0 and await self._fast_forward(duration):
            self._server_at, self._real_at = moment - LEEWAY, time.monotonic()

    async def _let_time_pass(self, moment: float) -> None:
        """Until the timer, or the pause between two attempts, is over that is due at this moment."""
        self._advance_to(moment)
        self._push = min(4 * self._push, MAX_PUSH) if moment == self._last_due else AHEAD
        self._last_due = moment
        await self._fast_forward(max(moment - self._server_at, 0.0) + self._push)
        self._server_at, self._real_at = max(moment, self._server_at), time.monotonic()

    async def _fast_forward(self, seconds: float) -> bool:
        if self._has_closed:
            return False
        try:
            return await self._skipper.fast_forward(self._handle, timedelta(seconds=seconds))
        except RPCError:  # it has ended meanwhile
            return False

    async def _settle(self) -> None:
        """Waits until the order, and what it has started, have nothing more to do at this moment."""
        looks = 0
        while not await self._is_quiet():
            pause = PAUSES[min(looks, len(PAUSES) - 1)]
            looks += 1
            self.attempts.changed.clear()
            with suppress(TimeoutError):
                await asyncio.wait_for(self.attempts.changed.wait(), pause)
        self._note_moves()
        self._note_order_state()
        self._schedule_deliveries()
        self._release_callbacks()

    async def _is_quiet(self) -> bool:
        if self.attempts.running:
            return False
        if not self._has_closed:
            known = {*self.attempts.flights}
            order = await self._look_at(self._handle.id)
            self._has_closed = order.workflow_execution_info.status != RUNNING
            self.attempts.forget(known - {pending.activity_id for pending in order.pending_activities})
            if not self._has_closed and not self._only_waits(order):
                return False
        for workflow_id in self._started_workflows():
            if workflow_id != self._handle.id and not await self._is_mailbox_quiet(workflow_id):
                return False
        return not self.attempts.running

    async def _look_at(self, workflow_id: str) -> DescribeWorkflowExecutionResponse:
        """Without the search attributes and memos that a handle would decode."""
        return await self._client.workflow_service.describe_workflow_execution(
            DescribeWorkflowExecutionRequest(
                namespace=self._client.namespace, execution=WorkflowExecution(workflow_id=workflow_id)
            )
        )

    def _only_waits(self, order: DescribeWorkflowExecutionResponse) -> bool:
        if order.HasField("pending_workflow_task"):
            return False
        for pending in order.pending_activities:
            flight = self.attempts.flights.get(pending.activity_id)
            if flight is None or (flight.due is None and flight.held_by is None):
                return False
            if pending.state == PendingActivityState.PENDING_ACTIVITY_STATE_STARTED:
                return False
        return True

    async def _is_mailbox_quiet(self, workflow_id: str) -> bool:
        try:
            mailbox = await self._look_at(workflow_id)
        except RPCError:  # it has ended
            return True
        return not mailbox.HasField("pending_workflow_task") and not mailbox.pending_activities

    def _is_over(self) -> bool:
        return self._has_closed

    # what happens

    def _do(self, due: Due) -> None:
        self._to_do.append(due)

    def _deliver(self) -> None:
        self._has_deliveries = True

    async def _do_what_is_due(self) -> None:
        self._run.now = self.now
        to_do, self._to_do = self._to_do, []
        for due in to_do:
            if due.kind == "moment":
                self._record.moments[due.position] = self._snapshot()
                continue
            self._schedule.happened(due.position)
            if self._acts.must_wait(due):
                self._waiting_callbacks.append(due)
            else:
                await self._acts.perform_on_server(due)
        if self._has_deliveries:
            self._has_deliveries, self._delivery_due, self._systems.has_answered = False, inf, True
            for delivery in [*self._systems.take_deliveries(self.now)]:
                await self._send(delivery)

    async def _send(self, delivery: Delivery) -> None:
        """A callback or an event of a system. Nobody waits for what becomes of it."""
        try:
            what = "" if self._has_closed else await self._send_one(delivery)
        except NotPossible as refused:
            what = f"refused: {refused}"
        if what:
            self._record.note(self._since_start(), what)

    async def _send_one(self, delivery: Delivery) -> str:
        if isinstance(delivery, Callback):
            claim = read_callback_id(self._secret, delivery.to.rpartition("/callbacks/")[2])
            if claim is None:
                return ""
            return await self._acts.send_callback(self._acts.callback_message(claim.key, claim.step_id, delivery.body))
        return await self._acts.send_event(
            EventDelivery(event_id=delivery.event_id, name=delivery.name, key=delivery.key, payload=delivery.payload)
        )

    async def _switch(self, system: str, off: bool) -> None:
        self.attempts.switch(system, off=off)

    def _until_next(self) -> float:
        due = self._clock.next_due()
        return MAX_HELD_SECONDS if due is None else max(due[0] - self.now, AHEAD)


def _same_answer(one: PretendResponse, other: PretendResponse) -> bool:
    return (one.status, one.headers, one.body, one.error, one.delay, one.problem) == (
        other.status, other.headers, other.body, other.error, other.delay, other.problem,
    )  # fmt: skip


def _scripted_output(name: str, answer: ScenarioAnswer | None) -> Any:
    """Raises ScriptedFailure."""
    if answer is None:
        raise ScriptedFailure(NOT_ANSWERED, f"the scenario has no answer for activity {name}", retryable=False)
    if answer.error is not None:
        raise ScriptedFailure(answer.error, f"activity {name}: {answer.error}")
    if answer.status >= 400:
        raise ScriptedFailure(str(answer.status), f"activity {name}: {answer.status}")
    return answer.output
