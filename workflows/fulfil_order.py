"""The generic workflow that runs every order: how it begins, and what clients say to it and ask of it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta
from inspect import isawaitable
from typing import Any

from pydantic import ValidationError
from temporalio import workflow
from temporalio.common import RetryPolicy
from temporalio.exceptions import ApplicationError, FailureError

from activity_contract.compilation import COMPILE_ORDER, CompiledAmendment, CompiledOrder, CompileOrder
from activity_contract.cross_order import ORDER_STANDING, ORDER_WATCH, StepStanding, StepWatch
from activity_contract.mailboxes import MailboxDelivery, ReturnedEvents
from activity_contract.notifications import ToldOrder
from compiler.language.event_types import fits_any
from compiler.plan.codec import unpack
from compiler.source.findings import Finding
from workflows.contract.order_messages import (
    MEMO_DIGEST,
    MEMO_REVISION,
    QUERY_OVERVIEW,
    QUERY_PLAN,
    QUERY_STEPS,
    SIGNAL_CALLBACK,
    SIGNAL_EVENT,
    UPDATE_AMEND,
    UPDATE_CALLBACK,
    UPDATE_DECISION,
    UPDATE_EVENT,
    WORKFLOW_TYPE,
    AmendAnswer,
    AmendOrder,
    CallbackDelivery,
    Decision,
    DeliveryAnswer,
    EventDelivery,
    FulfilOrderInput,
    Refusal,
)
from workflows.contract.order_views import OrderView, OverviewRequest, StepsPage, StepsPageRequest
from workflows.contract.states import OrderState
from workflows.core.amendment import answer as amendment_answer
from workflows.core.continue_as_new import order_snapshot
from workflows.core.engine import advance, signals
from workflows.core.engine.updates import UPDATES, Update
from workflows.core.execution import callback_matching, cross_order_notify, event_matching
from workflows.core.execution.event_matching import kept_event
from workflows.core.notifications import order_events
from workflows.core.queries import order_view
from workflows.core.state import rollup
from workflows.core.state.commands import TellEvents
from workflows.core.state.order_run import OrderRun
from workflows.core.steps.refusal import Refused
from workflows.shell import activity_calls, amend_update
from workflows.shell.activity_calls import BROKEN, refusal, refusals
from workflows.shell.order_loop import OrderLoop
from workflows.shell.search_attributes import Showing

REJECTED = "rejected"
"""Type of the failure with which a rejected order ends; its id can be used again."""
UNUSABLE = "internal-error"
"""Code of the finding where an order was not even judged."""

COMPILING = timedelta(seconds=60)

WATCHED = "order-watched-for-being-late"
"""Patch: forecast, sla clocks and the search attribute Jeopardy; only asked for by orders with a date or an sla."""


def _keep_time_if_it_did(run: OrderRun) -> None:
    """Runs that began before orders were watched for being late go on as they began, to their end."""
    if run.outlook is not None and not workflow.patched(WATCHED):
        run.outlook = None


def _unusable(message: str) -> CompiledOrder:
    return CompiledOrder(
        findings=[Finding(file="order", line=0, column=0, code=UNUSABLE, message=message).model_dump()]
    )


def _to_be_kept(delivery: EventDelivery | StepWatch) -> MailboxDelivery:
    if isinstance(delivery, StepWatch):
        return cross_order_notify.kept(delivery)
    return MailboxDelivery(**delivery.model_dump(exclude={"at"}))


@workflow.defn(name=WORKFLOW_TYPE, sandboxed=False)
class FulfilOrder:
    """Deterministic by construction: no clock, randomness or I/O of its own, so it runs outside the sandbox.

    The first argument is a FulfilOrderInput, taken as data so that nothing that a client sends can leave the run stuck;
    the second, where the run continues another one, workflows.core.continue_as_new.order_snapshot's bytes.
    """

    @workflow.init
    def __init__(self, start: Any, resumed: Any = None) -> None:  # noqa: ARG002
        self._order: dict[str, Any] = {}
        self._revision = 1
        self._run: OrderRun | None = None
        self._loop: OrderLoop | None = None
        self._packed = b""
        self._decision: Decision | None = None
        self._signalled: list[signals.Delivery] = []
        """What came before the order could take it: before the compiler's word, or before a resumed run's beginning."""
        self._amending = asyncio.Lock()
        """Amendments are judged and taken in one after the other."""
        self._take_updates()

    @workflow.run
    async def run(self, start: Any, resumed: Any = None) -> dict[str, Any]:
        try:
            self._loop = await self._decide(start) if resumed is None else self._resume(start, resumed)
            return await self._loop.run_to_its_end()
        except FailureError:
            raise
        except Exception as error:
            # Anything else would leave the run alive and its task tried again for ever.
            workflow.logger.exception("the engine cannot go on with this order")
            raise ApplicationError(f"{type(error).__name__}: {error}", type=BROKEN, non_retryable=True) from error

    # The beginning

    async def _decide(self, start: Any) -> OrderLoop:
        """Compiles the order, and answers whoever submitted it. Raises what a rejected order ends with."""
        compiled = await self._compiled(start)
        if not compiled.plan:
            await self._reject(compiled)
        self._packed = compiled.plan
        self._run = run = OrderRun(unpack(compiled.plan), workflow.time())
        advance.start(run)
        _keep_time_if_it_did(run)
        order_events.begin(run, compiled.telling, self._revision)
        advance.advance(run)
        self._take_all_signalled(run)
        loop = self._loop_of(run)
        loop.showing.decided(compiled.summary, run)
        workflow.upsert_memo({"priority": run.plan.order.priority, "steps": len(run.steps)})
        self._decision = self._accepted(run)
        return loop

    async def _compiled(self, start: Any) -> CompiledOrder:
        """Never raises: what cannot be compiled is rejected, and its id stays free."""
        try:
            given = FulfilOrderInput.model_validate(start)
            self._order, self._revision = given.order, given.revision
            compiled: CompiledOrder = await workflow.execute_local_activity(
                COMPILE_ORDER,
                CompileOrder(order=given.order),
                result_type=CompiledOrder,
                start_to_close_timeout=COMPILING,
                retry_policy=RetryPolicy(maximum_attempts=3),
                summary=f"Order {self._order_id}",
            )
        except ValidationError as error:
            return _unusable(f"this is no order: {error.errors()[0]['msg']}")
        except FailureError as error:
            return _unusable(f"the order could not be compiled, and nothing has been done: {error.cause or error}")
        return compiled

    async def _reject(self, compiled: CompiledOrder) -> None:
        self._decision = Decision(
            order_id=self._order_id, state=OrderState.REJECTED, accepted=False, findings=compiled.findings
        )
        Showing().decided(compiled.summary, None)
        said = "; ".join(str(finding.get("message", "")) for finding in compiled.findings[:3])
        await self._tell_of_rejection(compiled, said)
        await workflow.wait_condition(workflow.all_handlers_finished)
        await self._give_back_what_was_signalled()
        raise ApplicationError(f"the order was rejected: {said}", compiled.findings, type=REJECTED, non_retryable=True)

    async def _give_back_what_was_signalled(self) -> None:
        """Whoever signals cannot be refused: the event waits for the order that is sent again under this id."""
        while kept := [each for each in self._signalled if isinstance(each, EventDelivery | StepWatch)]:
            self._signalled.clear()
            returned = [_to_be_kept(delivery) for delivery in kept]
            await activity_calls.give_back(ReturnedEvents(order_id=self._order_id, events=returned))

    async def _tell_of_rejection(self, compiled: CompiledOrder, said: str) -> None:
        if compiled.telling is None or not fits_any(compiled.telling.events, "order.rejected"):
            return
        summary = compiled.summary
        handed = order_events.rejected(
            ToldOrder(
                id=self._order_id,
                customer={"id": summary["customer_id"]} if summary.get("customer_id") else {},
                products=summary.get("products") or [],
            ),
            workflow.info().run_id,
            workflow.time(),
            said,
        )
        await activity_calls.tell(TellEvents("tell/rejected", handed))

    def _resume(self, start: Any, resumed: bytes) -> OrderLoop:
        self._order, self._revision = start["order"], start["revision"]
        run, self._packed = order_snapshot.resumed(resumed, workflow.time())
        _keep_time_if_it_did(run)
        self._run = run
        self._take_all_signalled(run)
        self._decision = self._accepted(run)
        loop = self._loop_of(run)
        loop.showing.resumed(run)
        return loop

    def _loop_of(self, run: OrderRun) -> OrderLoop:
        # The order itself is in the plan by now.
        return OrderLoop(run, self._packed, {"order": {"id": self._order_id}, "revision": self._revision})

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

    # What clients say to a running order

    async def _decided(self) -> OrderRun:
        """Updates that come before the compiler's word wait for it. Raises a refusal for a rejected order."""
        await workflow.wait_condition(lambda: self._decision is not None)
        if self._run is None:
            raise refusal(Refused(Refusal.NOT_NOW, f"Order {self._order_id} was rejected"))
        self._run.now = workflow.time()
        self._count()
        return self._run

    def _count(self) -> None:
        """Each update counts: a run takes only so many. The loop looks at what it changes, once it is through."""
        if self._loop is not None:
            self._loop.updates += 1
            self._loop.stir()

    @workflow.update(name=UPDATE_DECISION)
    async def decision(self) -> Decision:
        await workflow.wait_condition(lambda: self._decision is not None)
        if self._decision is None:
            raise RuntimeError("decided, and yet no decision")
        self._count()
        return self._decision

    @workflow.update(name=UPDATE_EVENT)
    async def event(self, delivery: EventDelivery) -> DeliveryAnswer:
        run = await self._decided()
        event = kept_event(delivery, run.now)
        with refusals():
            verdict = event_matching.verdict_on(run, event)
            advance.take_event(run, event, verdict)
            return DeliveryAnswer(status=verdict.status, step=run.id_of(verdict.step) if verdict.step else None)

    @event.validator
    def _check_event(self, delivery: EventDelivery) -> None:
        if self._run is not None:
            with refusals():
                event_matching.verdict_on(self._run, kept_event(delivery, workflow.time()))

    @workflow.signal(name=SIGNAL_EVENT)
    def deliver_event(self, delivery: EventDelivery) -> None:
        self._take_signal(delivery)

    @workflow.signal(name=SIGNAL_CALLBACK)
    def deliver_callback(self, delivery: CallbackDelivery) -> None:
        self._take_signal(delivery)

    @workflow.signal(name=ORDER_WATCH)
    def watch_step(self, watch: StepWatch) -> None:
        self._take_signal(watch)

    @workflow.signal(name=ORDER_STANDING)
    def step_standing(self, said: StepStanding) -> None:
        self._take_signal(said)

    def _take_signal(self, delivery: signals.Delivery) -> None:
        self._signalled.append(delivery)
        if self._run is not None:
            self._take_all_signalled(self._run)

    def _take_all_signalled(self, run: OrderRun) -> None:
        """In the order in which they came."""
        run.now = workflow.time()
        for delivery in self._signalled:
            signals.take(run, delivery)
        self._signalled.clear()
        if self._loop is not None:
            self._loop.stir()

    @workflow.update(name=UPDATE_CALLBACK)
    async def callback(self, delivery: CallbackDelivery) -> DeliveryAnswer:
        run = await self._decided()
        with refusals():
            verdict = callback_matching.verdict_on(run, delivery.step, delivery.key, delivery.event_id)
            advance.take_callback(run, delivery.key, delivery.event_id, delivery.payload, verdict)
            return DeliveryAnswer(status=verdict.status, step=run.id_of(verdict.step))

    @callback.validator
    def _check_callback(self, delivery: CallbackDelivery) -> None:
        if self._run is not None:
            with refusals():
                callback_matching.verdict_on(self._run, delivery.step, delivery.key, delivery.event_id)

    @workflow.update(name=UPDATE_AMEND)
    async def amend(self, message: AmendOrder) -> AmendAnswer:
        run = await self._decided()
        async with self._amending:
            with refusals():
                judgement = await amend_update.judged(run, self._packed, self._revision, message)
                answer = amendment_answer.apply(run, judgement, message)
            if answer.revision != self._revision:
                self._revised(run, judgement.compiled, answer.revision, message.digest)
            return answer

    def _revised(self, run: OrderRun, compiled: CompiledAmendment, revision: int, digest: str | None) -> None:
        self._packed, self._revision = compiled.plan, revision
        _keep_time_if_it_did(run)
        memo = {"priority": run.plan.order.priority, "steps": len(run.steps), MEMO_REVISION: revision}
        workflow.upsert_memo({**memo, **({MEMO_DIGEST: digest} if digest else {})})
        if self._loop is not None:
            self._loop.revised(self._packed, revision)
            self._loop.showing.amended(compiled.summary, run)
            self._loop.stir()

    @amend.validator
    def _check_amendment(self, message: AmendOrder) -> None:
        if self._run is not None:
            with refusals():
                amendment_answer.check(self._run, self._revision, message)

    def _take_updates(self) -> None:
        """A handler for everything that people may do (workflows/core/engine/updates.py)."""
        for name, update in UPDATES.items():
            handler, validator = self._handler_of(update)
            workflow.set_update_handler(name, handler, validator=validator)

    def _handler_of(self, update: Update) -> tuple[Callable[..., Any], Callable[..., Any]]:
        async def take(message: Any) -> Any:
            run = await self._decided()
            with refusals():
                answer = update.do(run, message)
                return await answer if isawaitable(answer) else answer

        def check(message: Any) -> None:
            if self._run is not None:
                with refusals():
                    update.judge(self._run, message)

        take.__annotations__ = {"message": update.message, "return": update.answer}
        check.__annotations__ = {"message": update.message, "return": None}
        return take, check

    # What clients ask

    @workflow.query(name=QUERY_OVERVIEW)
    def overview(self, request: OverviewRequest | None = None) -> OrderView:
        if self._run is not None:
            return order_view.order_view(self._run, self._revision, request.at if request else None)
        started_at = workflow.info().start_time
        return order_view.undecided_view(self._order, self._order_id, self._revision, started_at, self._decision)

    @workflow.query(name=QUERY_STEPS)
    def steps(self, request: StepsPageRequest) -> StepsPage:
        return StepsPage(steps=[]) if self._run is None else order_view.steps_page(self._run, request)

    @workflow.query(name=ORDER_STANDING)
    def standing(self, watch: StepWatch) -> StepStanding:
        if self._run is None:
            return StepStanding.of(watch, "not_there")
        return cross_order_notify.standing_of(self._run, watch)

    @workflow.query(name=QUERY_PLAN)
    def plan(self) -> bytes:
        return self._packed
