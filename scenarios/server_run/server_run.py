"""One scenario in a slot: the order's workflow runs on the server, and this says when what happens."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from math import inf
from typing import Any

from temporalio import activity
from temporalio.testing import TimeSkipper
from temporalio.worker import ExecuteActivityInput

from activity_contract.calls import StepActivity, SystemCall
from activity_contract.notifications import NotificationBatch, NotificationEvent
from compiler.catalogue.catalogue import Catalogue
from compiler.language.scenario_answers import ReceiverAnswer, ScenarioAnswer
from operations.client import OrderClient
from scenarios.base.base_run import MAX_TURNS, BaseRun
from scenarios.base.clock import Rank
from scenarios.base.entry_executor import NotPossible, OrderState
from scenarios.base.judgement import NOT_ANSWERED, time_taken
from scenarios.base.recorded_run import Move, RecordedRun
from scenarios.expectations.checklist import show_time
from scenarios.expectations.open_work import open_work
from scenarios.pretend.messages import Callback, Delivery, PretendRequest, PretendResponse
from scenarios.record import Problem, Record
from scenarios.scenario_order import ScenarioEntry
from scenarios.server_run.attempts import MAX_HELD_SECONDS, Attempts, ServerActivity
from scenarios.server_run.gateway import GatewayClient
from scenarios.server_run.idle_check import IdleCheck
from scenarios.server_run.server_clock import AHEAD, ServerClock
from scenarios.server_run.server_entry_executor import ServerEntryExecutor
from scenarios.server_run.server_outbox import ServerOutbox
from scenarios.server_run.told_events import ToldEvents
from scenarios.server_run.work_counter import WorkCounter
from scenarios.server_run.workflow_clocks import WorkflowClocks
from scenarios.world.schedule import Due
from workers.fixed_catalogue import ScriptedFailure, run_scripted
from workflows.contract.order_messages import EventDelivery, order_workflow_id, outbox_workflow_id


class ServerRun(BaseRun[ServerEntryExecutor]):
    """The order itself runs on the server: this moves the server's clock to the next moment at which something is due,
    and waits until all that follows is done."""

    def __init__(
        self,
        entry: ScenarioEntry,
        run: RecordedRun,
        state: OrderState,
        catalogue: Catalogue,
        record: Record,
        orders: OrderClient,
        gateway: GatewayClient,
        touched: set[str],
        work: WorkCounter,
    ) -> None:
        """`touched`: ids of the workflows that have got a message. `work`: of the worker."""
        super().__init__(entry, run, state, catalogue, record)
        self.attempts = Attempts(lambda: self.now, self._until_next, self._next_poll, self._cannot_be_reached)
        self._entries = ServerEntryExecutor(entry, run, catalogue, state, record, orders, gateway)
        workflow_id = order_workflow_id(record.order_id)
        handle = orders.client.get_workflow_handle(workflow_id)
        self._server_clock = ServerClock(handle, TimeSkipper(orders.client), self.now)
        self.outbox = ServerOutbox(outbox_workflow_id(record.order_id), lambda: self.now)
        self.clocks = WorkflowClocks(orders.client, workflow_id, touched, lambda: self.now, self.outbox.may_wait)
        self._idle_check = IdleCheck(orders.client, workflow_id, touched, self.attempts, self.outbox.resting, work)
        self._told = ToldEvents(catalogue)
        self._to_do: list[Due] = []
        self._has_deliveries = False
        self._engine_at = inf
        self._times: dict[float, float] = {}
        self._has_begun = False
        self._recorded: Counter[Move] = Counter()
        self._repeated: Counter[Move] = Counter()
        """Moves that are recorded, and that the order has still to do again."""
        self._prepared: dict[str, PretendResponse] = {}
        """Idempotency key → the answer to the next poll."""
        self._last_polls: dict[str, tuple[PretendRequest, PretendResponse]] = {}

    @property
    def now(self) -> float:
        """The scenario's time, in seconds since 1970."""
        return self._clock.now

    def time_at(self, server_time: float) -> float:
        """The scenario's time when the server's clock shows this to the order: the same for ever."""
        return self._times.setdefault(server_time, self.now)

    def adopt(self, run: RecordedRun) -> None:
        """The order's workflow has begun, and this is its state. A worker that has lost the order from its cache begins
        anew, and does again all that it has done until then."""
        self._repeated = Counter(self._recorded)
        self._run = run
        self._has_begun = True
        self._entries.adopt(run)

    async def execute(self) -> None:
        """From the order's acceptance to the end of the scenario."""
        for due in self._schedule.at_start():
            self._schedule_due(due)
        await self._settle()
        for _ in range(MAX_TURNS):
            if not await self._go_on():
                break
            await self._settle()
        self._finish()

    def give_up(self, why: str) -> None:
        """The scenario is stuck: its record says why, how far the order has come, and what it waits for."""
        record = self._record
        record.stopped = why
        if not self._has_begun:
            last = "the order has not begun"
        else:
            self._note_moves()
            self._note_order_state()
            last = f"after {show_time(self._since_start())} the order is {self._last_state}"
            work = open_work(self._snapshot().steps)
            last += f": {work}" if work else ""
        record.problems.append(Problem(("id",), f"{why}; {last}", self._since_start()))

    def _take_moves(self) -> list[Move]:
        """Each once, however often the worker begins the order anew."""
        moves = []
        for move in super()._take_moves():
            if self._repeated[move] > 0:
                self._repeated[move] -= 1
            else:
                moves.append(move)
        self._recorded.update(moves)
        return moves

    # called by the worker and by the pretend systems, while the server is at work

    def told(self, batch: NotificationBatch) -> None:
        """Events that the order tells."""
        super().told(self._told.take_new(batch))

    def is_wanted(self, event: NotificationEvent) -> bool:
        """Whether receivers want events of this type."""
        return self._told.is_wanted(event)

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

    def _next_poll(self, call: SystemCall, pause: float, polling: ServerActivity) -> tuple[float, int]:
        """Polls that get the same answer as the one before need no server: they are recorded, and the order goes on
        waiting. This ends with an answer that differs, or when something else is due."""
        key, due = call.idempotency_key, self.now + pause
        request, last = self._last_polls[key]
        others = [each.due for each in self.attempts.pending.values() if each is not polling and each.due is not None]
        others += [moment for moment in [self.outbox.next_due()] if moment is not None]
        outside, engine = self._clock.next_due(), self._engine_due()
        limit = min([*others, inf if outside is None else outside[0], inf if engine is None else engine])
        limit = min(limit, self._until)
        same = 0
        if engine is None or self._engine_at <= self.now:  # the order is about to move on
            return due, same
        while due < limit and self.attempts.running == 1 and self._polls.excessive is None:
            response = self._systems.answer(call, due, request)
            self._count_poll(call)
            if not _same_answer(response, last):
                self._prepared[key] = response
                break
            due, same = due + pause, same + 1
        return due, same

    def _count_poll(self, call: SystemCall) -> None:
        self._polls.count(self._run.position_by_id[call.step_id])

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
        outbox = self.outbox.next_due()
        if self._has_closed:
            waits = []
        waits += [(outbox, Rank.RESULT)] if outbox is not None else []
        outside, inside = clock.next_due(), min(waits, default=None)
        if outside is None and inside is None:
            return False
        moment, rank = min(each for each in (outside, inside) if each is not None)
        is_outside = (moment, rank) == outside
        if moment > self._until and not self._has_closed:
            self._stop_at_until()
            return False
        if self._stops_polling():
            return False
        if is_outside:
            if not self._has_closed:
                await self._server_clock.come_close_to(moment)
            clock.do_next()
            await self._do_what_is_due()
        else:
            self._advance_to(moment)
            if moment == outbox:
                await self.clocks.pass_to(self.outbox.workflow_id, moment)
            elif not self._has_closed:
                await self._server_clock.pass_to(moment)
        return True

    async def _settle(self) -> None:
        """Waits until the order, and what it has started, have nothing more to do at this moment."""
        await self._idle_check.until_idle()
        self._note_moves()
        self._note_order_state()
        self._schedule_deliveries()
        self._release_callbacks()

    @property
    def _has_closed(self) -> bool:
        return self._idle_check.order_has_closed

    def _held_calls(self) -> Mapping[str, str]:
        return self.attempts.held_calls()

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
            if self._entries.must_wait(due):
                self._waiting_callbacks.append(due)
            else:
                await self._entries.execute(due)
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
            return await self._entries.call_back_to(delivery.to.rpartition("/callbacks/")[2], delivery.body)
        return await self._entries.send_event(
            EventDelivery(event_id=delivery.event_id, name=delivery.name, key=delivery.key, payload=delivery.payload)
        )

    def receive(self, receiver: str, event: Any) -> ReceiverAnswer:
        """A notification, as it came over HTTP."""
        return self._receivers.answer(receiver, event, self.now)

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
