"""The generic workflow that runs every order: a thin loop between the core (workflows/fulfilment.py) and Temporal."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any, NoReturn

from pydantic import ValidationError
from temporalio import workflow
from temporalio.common import RetryPolicy
from temporalio.exceptions import ApplicationError, FailureError

from activities.contract import COMPILE_ORDER, CompiledOrder, CompileOrder
from compiler.plan_codec import unpack
from workflows import acts, callbacks, carrying, events, fulfilment, rollup, temporal_calls, views
from workflows.commands import CancelActivity, StartPoll
from workflows.inbox import KeptEvent, kept_event
from workflows.labels import summary_of
from workflows.messages import (
    QUERY_OVERVIEW,
    QUERY_PLAN,
    QUERY_STEPS,
    SIGNAL_CALLBACK,
    SIGNAL_EVENT,
    UPDATE_CALLBACK,
    UPDATE_COMPLETE,
    UPDATE_DECISION,
    UPDATE_EVENT,
    UPDATE_RETRY,
    UPDATE_SET,
    UPDATE_SKIP,
    WORKFLOW_TYPE,
    ActAnswer,
    CallbackDelivery,
    Decision,
    DeliveryAnswer,
    EventDelivery,
    FulfilOrderInput,
    OrderView,
    Refusal,
    SetCharacteristics,
    StepAct,
    StepsPage,
    StepsPageRequest,
)
from workflows.progress import OrderRun
from workflows.refusals import Refused
from workflows.showing import Showing
from workflows.states import OrderState
from workflows.temporal_calls import Flight, refusal, refusals

REJECTED = "rejected"
"""Type of the failure with which a rejected order ends; its id can be used again."""
BROKEN = "engine_error"

# Whether a run has passed one of the next two is decided again at every replay: another value needs workflow.patched.
EVENTS_PER_RUN = 10_000
"""Where the server does not suggest it before."""
UPDATES_PER_RUN = 1_000
"""Temporal takes 2,000 updates a run."""
PATIENCE = timedelta(seconds=60)
"""So long a run that is about to continue as another one waits for the calls in flight; then they are cancelled, and
made again with the same key."""
COMPILING = timedelta(seconds=60)


@workflow.defn(name=WORKFLOW_TYPE, sandboxed=False)
class FulfilOrder:
    """Deterministic by construction: no clock, randomness or I/O of its own, so it runs outside the sandbox.

    The first argument is a FulfilOrderInput, taken as data so that nothing that a client sends can leave the run stuck;
    the second, where the run continues another one, workflows.carrying's bytes.
    """

    @workflow.init
    def __init__(self, start: Any, resumed: Any = None) -> None:  # noqa: ARG002
        self._order: dict[str, Any] = {}
        self._revision = 1
        self._run: OrderRun | None = None
        self._packed = b""
        self._decision: Decision | None = None
        self._signalled: list[EventDelivery | CallbackDelivery] = []
        """What came before the order could take it: before the compiler's word, or before a resumed run's beginning."""
        self._flights: dict[str, Flight] = {}
        self._landed: list[Flight] = []
        self._stirred = asyncio.Event()
        self._timer: tuple[float, asyncio.Task[None]] | None = None
        self._patience: asyncio.Task[None] | None = None
        self._showing = Showing()
        self._updates = 0

    @workflow.run
    async def run(self, start: Any, resumed: Any = None) -> dict[str, Any]:
        try:
            if resumed is None:
                run = await self._decide(start)
            else:
                run = self._resume(start, resumed)
            return await self._fulfil(run)
        except FailureError:
            raise
        except Exception as error:
            # Anything else would leave the run alive and its task tried again for ever.
            workflow.logger.exception("the engine cannot go on with this order")
            raise ApplicationError(f"{type(error).__name__}: {error}", type=BROKEN, non_retryable=True) from error

    # The beginning

    async def _decide(self, start: Any) -> OrderRun:
        """Compiles the order, and answers whoever submitted it. Raises what a rejected order ends with."""
        try:
            given = FulfilOrderInput.model_validate(start)
        except ValidationError as error:
            raise ApplicationError(f"not an order: {error}", type=REJECTED, non_retryable=True) from error
        self._order, self._revision = given.order, given.revision
        compiled: CompiledOrder = await workflow.execute_local_activity(
            COMPILE_ORDER,
            CompileOrder(order=given.order),
            result_type=CompiledOrder,
            start_to_close_timeout=COMPILING,
            retry_policy=RetryPolicy(maximum_attempts=3),
            summary=f"Order {self._order_id}",
        )
        if not compiled.plan:
            await self._reject(compiled)
        self._packed = compiled.plan
        self._run = run = OrderRun(unpack(compiled.plan), workflow.time())
        fulfilment.start(run)
        fulfilment.advance(run)
        self._take_all_signalled(run)
        self._showing.decided(compiled.summary, run)
        workflow.upsert_memo({"priority": run.plan.order.priority, "steps": len(run.steps)})
        self._decision = self._accepted(run)
        return run

    async def _reject(self, compiled: CompiledOrder) -> None:
        self._decision = Decision(
            order_id=self._order_id, state=OrderState.REJECTED, accepted=False, findings=compiled.findings
        )
        self._showing.decided(compiled.summary, None)
        await workflow.wait_condition(workflow.all_handlers_finished)
        said = "; ".join(str(finding.get("message", "")) for finding in compiled.findings[:3])
        raise ApplicationError(f"the order was rejected: {said}", compiled.findings, type=REJECTED, non_retryable=True)

    def _resume(self, start: Any, resumed: bytes) -> OrderRun:
        self._order, self._revision = start["order"], start["revision"]
        run, self._packed = carrying.resumed(resumed, workflow.time())
        self._run = run
        self._take_all_signalled(run)
        self._showing.resumed(run)
        self._decision = self._accepted(run)
        return run

    def _accepted(self, run: OrderRun) -> Decision:
        return Decision(
            order_id=run.plan.order.id,
            state=rollup.state_of(run),
            accepted=True,
            order_lines=len(run.plan.order_lines),
            lines=len(run.plan.lines),
            steps=len(run.steps),
            catalogue_version=run.plan.catalogue_version,
        )

    @property
    def _order_id(self) -> str:
        return workflow.info().workflow_id.removeprefix("order/")

    # The loop

    async def _fulfil(self, run: OrderRun) -> dict[str, Any]:
        while True:
            more = fulfilment.advance(run)
            self._carry_out(run)
            if run.ended and not self._flights:
                return await self._end(run)
            self._showing.update(run, busy=bool(self._flights))
            if not more and self._is_drained(run):
                self._continue(run)
            self._set_timer(run)
            if more:
                await workflow.sleep(timedelta(milliseconds=1), summary="a pause in a long computation")
            else:
                await self._stirred.wait()
            self._stirred.clear()
            run.now = workflow.time()
            self._take_landed(run)
            fulfilment.pass_time(run)

    async def _end(self, run: OrderRun) -> dict[str, Any]:
        run.ended_at = workflow.time()
        state = rollup.state_of(run)
        run.journal.note(run.ended_at, f"ended {state}")
        self._showing.update(run, busy=False)
        await workflow.wait_condition(workflow.all_handlers_finished)
        return {"order_id": run.plan.order.id, "state": state.value, "steps": len(run.steps)}

    def _carry_out(self, run: OrderRun) -> None:
        for command in fulfilment.take_commands(run):
            if isinstance(command, CancelActivity):
                flight = self._flights.get(f"{command.step}/{command.launch}")
                if flight is not None:
                    flight.handle.cancel()
            else:
                self._send(Flight(command, temporal_calls.START[type(command)](command)))

    def _send(self, flight: Flight) -> None:
        name = flight.name
        self._flights[name] = flight

        def land(_task: Any) -> None:
            self._landed.append(self._flights.pop(name))
            self._stirred.set()

        flight.handle.add_done_callback(land)

    def _take_landed(self, run: OrderRun) -> None:
        landed, self._landed = self._landed, []
        for flight in landed:
            flight.end(run)

    def _set_timer(self, run: OrderRun) -> None:
        """One timer, to the next moment at which a step wants attention.

        One that rings too early is left alone while there is other work: to replace it costs as much as its ringing.
        """
        due = run.next_due()
        if self._timer is not None:
            rings_at, timer = self._timer
            if due is not None and due[0] == rings_at:
                return
            if self._flights and (due is None or due[0] > rings_at):
                return
            self._timer = None
            timer.cancel()
        if due is not None:
            delay = max(due[0] - workflow.time(), 0.001)
            timer = asyncio.create_task(workflow.sleep(delay, summary=summary_of(run, due[1])))
            self._timer = (due[0], timer)
            timer.add_done_callback(self._rung)

    def _rung(self, timer: asyncio.Task[None]) -> None:
        if self._timer is not None and self._timer[1] is timer:
            self._timer = None
            self._stirred.set()

    # Continuing as another run

    def _is_drained(self, run: OrderRun) -> bool:
        """Whether the run can and should continue as another one now. Once it should, nothing new is started."""
        if not run.draining:
            if not self._is_long():
                return False
            run.draining = True
            self._cancel_flights(polls_only=True)
            if self._flights:
                self._patience = asyncio.create_task(workflow.sleep(PATIENCE, summary="calls in flight end"))
                self._patience.add_done_callback(lambda _task: self._cancel_flights(polls_only=False))
        return not self._flights and workflow.all_handlers_finished()

    def _is_long(self) -> bool:
        info = workflow.info()
        return (
            info.is_continue_as_new_suggested()
            or info.get_current_history_length() >= EVENTS_PER_RUN
            or self._updates >= UPDATES_PER_RUN
        )

    def _cancel_flights(self, *, polls_only: bool) -> None:
        """What is cancelled is made again by the next run, with the same key."""
        for flight in list(self._flights.values()):
            if not polls_only or isinstance(flight.command, StartPoll):
                flight.handle.cancel()

    def _continue(self, run: OrderRun) -> NoReturn:
        # The order itself is in the plan by now. Search attributes cross over by themselves; of the memo, only what the
        # run was started with does.
        again = {"order": {"id": self._order_id}, "revision": self._revision}
        workflow.continue_as_new(args=[again, carrying.carried(run, self._packed)], memo=workflow.memo())

    # What clients say to a running order

    async def _decided(self) -> OrderRun:
        """Updates that come before the compiler's word wait for it. Raises a refusal for a rejected order."""
        await workflow.wait_condition(lambda: self._decision is not None)
        if self._run is None:
            raise refusal(Refused(Refusal.NOT_NOW, f"Order {self._order_id} was rejected"))
        self._updates += 1
        self._run.now = workflow.time()
        return self._run

    @workflow.update(name=UPDATE_DECISION)
    async def decision(self) -> Decision:
        await workflow.wait_condition(lambda: self._decision is not None)
        self._updates += 1
        if self._decision is None:
            raise RuntimeError("decided, and yet no decision")
        return self._decision

    @workflow.update(name=UPDATE_EVENT)
    async def event(self, delivery: EventDelivery) -> DeliveryAnswer:
        run = await self._decided()
        with refusals():
            return self._take_event(run, kept_event(delivery, run.now))

    @event.validator
    def _check_event(self, delivery: EventDelivery) -> None:
        if self._run is not None:
            with refusals():
                events.verdict_on(self._run, kept_event(delivery, workflow.time()))

    @workflow.signal(name=SIGNAL_EVENT)
    def deliver_event(self, delivery: EventDelivery) -> None:
        self._signalled.append(delivery)
        if self._run is not None:
            self._take_all_signalled(self._run)

    @workflow.signal(name=SIGNAL_CALLBACK)
    def deliver_callback(self, delivery: CallbackDelivery) -> None:
        self._signalled.append(delivery)
        if self._run is not None:
            self._take_all_signalled(self._run)

    def _take_all_signalled(self, run: OrderRun) -> None:
        """In the order in which they came."""
        run.now = workflow.time()
        for delivery in self._signalled:
            if isinstance(delivery, EventDelivery):
                self._take_signalled(run, delivery)
            else:
                self._take_signalled_callback(run, delivery)
        self._signalled.clear()
        self._stirred.set()

    def _take_signalled_callback(self, run: OrderRun, delivery: CallbackDelivery) -> None:
        try:
            verdict = callbacks.verdict_on(run, delivery.step, delivery.key, delivery.event_id)
        except Refused as refused:
            run.journal.note(run.now, "callback dropped", reason=str(refused))
        else:
            fulfilment.take_callback(run, delivery.key, delivery.event_id, delivery.payload, verdict)

    def _take_signalled(self, run: OrderRun, delivery: EventDelivery) -> None:
        """Nobody can be told of a refusal: what is ambiguous is kept until it is not, the rest is noted."""
        event = kept_event(delivery, run.now)
        try:
            self._take_event(run, event)
        except Refused as refused:
            keep = refused.code is Refusal.AMBIGUOUS and run.inbox.has_room_for(event.size)
            if keep:
                events.take_in(run, event, events.Verdict("kept"))
            run.journal.note(run.now, f"event {event.name} {'kept' if keep else 'dropped'}", reason=str(refused))

    def _take_event(self, run: OrderRun, event: KeptEvent) -> DeliveryAnswer:
        verdict = events.verdict_on(run, event)
        fulfilment.take_event(run, event, verdict)
        self._stirred.set()
        return DeliveryAnswer(status=verdict.status, step=run.id_of(verdict.step) if verdict.step else None)

    @workflow.update(name=UPDATE_CALLBACK)
    async def callback(self, delivery: CallbackDelivery) -> DeliveryAnswer:
        run = await self._decided()
        with refusals():
            verdict = callbacks.verdict_on(run, delivery.step, delivery.key, delivery.event_id)
        fulfilment.take_callback(run, delivery.key, delivery.event_id, delivery.payload, verdict)
        self._stirred.set()
        return DeliveryAnswer(status=verdict.status, step=run.id_of(verdict.step))

    @callback.validator
    def _check_callback(self, delivery: CallbackDelivery) -> None:
        if self._run is not None:
            with refusals():
                callbacks.verdict_on(self._run, delivery.step, delivery.key, delivery.event_id)

    @workflow.update(name=UPDATE_RETRY)
    async def retry(self, act: StepAct) -> ActAnswer:
        return await self._act("retry", act)

    @retry.validator
    def _check_retry(self, act: StepAct) -> None:
        self._check_act("retry", act)

    @workflow.update(name=UPDATE_SKIP)
    async def skip(self, act: StepAct) -> ActAnswer:
        return await self._act("skip", act)

    @skip.validator
    def _check_skip(self, act: StepAct) -> None:
        self._check_act("skip", act)

    @workflow.update(name=UPDATE_COMPLETE)
    async def complete(self, act: StepAct) -> ActAnswer:
        return await self._act("complete", act)

    @complete.validator
    def _check_complete(self, act: StepAct) -> None:
        self._check_act("complete", act)

    def _check_act(self, name: acts.ActName, act: StepAct) -> None:
        if self._run is not None:
            with refusals():
                acts.judged(self._run, name, act)

    async def _act(self, name: acts.ActName, act: StepAct) -> ActAnswer:
        run = await self._decided()
        with refusals():
            step, already = acts.judged(run, name, act)
        if already is not None:
            return already
        fulfilment.act(run, name, step, act)
        fulfilment.advance(run)
        self._stirred.set()
        return acts.answer_of(run, name, step)

    @workflow.update(name=UPDATE_SET)
    async def set_characteristics(self, message: SetCharacteristics) -> ActAnswer:
        run = await self._decided()
        with refusals():
            acts.check_characteristics(message)
        answer = acts.set_characteristics(run, message)
        self._stirred.set()
        return answer

    @set_characteristics.validator
    def _check_characteristics(self, message: SetCharacteristics) -> None:
        with refusals():
            acts.check_characteristics(message)

    # What clients ask

    @workflow.query(name=QUERY_OVERVIEW)
    def overview(self) -> OrderView:
        if self._run is not None:
            return views.order_view(self._run, self._revision)
        started_at = workflow.info().start_time
        return views.undecided_view(self._order, self._order_id, self._revision, started_at, self._decision)

    @workflow.query(name=QUERY_STEPS)
    def steps(self, request: StepsPageRequest) -> StepsPage:
        return StepsPage(steps=[]) if self._run is None else views.steps_page(self._run, request)

    @workflow.query(name=QUERY_PLAN)
    def plan(self) -> bytes:
        return self._packed
