"""The generic workflow that runs every order: its start, its updates, signals and queries."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

from temporalio import workflow
from temporalio.exceptions import ApplicationError, FailureError

from activity_contract.bulk import QUERY_STEP_OUTCOME, StepOutcome, StepOutcomeRequest
from activity_contract.compilation import CompiledAmendment, CompiledOrder
from activity_contract.cross_order import ORDER_STEP_STATUS, ORDER_WATCH_STEP, CrossOrderStepStatus, StepWatch
from activity_contract.line_reasons import RECENT_LINE_REASONS
from compiler.plan.codec import decode_plan
from compiler.plan.plan import Plan
from workflows.contract import actions
from workflows.contract.action_checks import (
    QUERY_POSSIBLE_ACTIONS,
    QUERY_STEP_DETAILS,
    PossibleActions,
    PossibleActionsRequest,
    StepDetails,
    StepDetailsRequest,
)
from workflows.contract.ledger_record import LedgerRecordPage, LedgerRecordRequest, record_page
from workflows.contract.order_changes import OrderChange
from workflows.contract.order_messages import (
    MEMO_DIGEST,
    MEMO_REVISION,
    ORDER_WORKFLOW_TYPE,
    QUERY_LEDGER_RECORD,
    QUERY_OVERVIEW,
    QUERY_PLAN,
    QUERY_RECEIVED,
    QUERY_STEPS,
    SIGNAL_CALLBACK,
    SIGNAL_EVENT,
    UPDATE_CALLBACK,
    UPDATE_DECISION,
    UPDATE_EVENT,
    ActionResult,
    AmendOrder,
    AmendResult,
    CallbackDelivery,
    EventDelivery,
    OrderDeliveryResult,
    ReceivedRequest,
    RefusalCode,
    SubmissionDecision,
)
from workflows.contract.order_views import OrderView, OverviewRequest, StepsPage, StepsPageRequest
from workflows.contract.states import OrderState
from workflows.core.actions.action import ActionHandler
from workflows.core.actions.registry import ACTION_HANDLERS
from workflows.core.amendment import answer as amendment_answer
from workflows.core.change_records.order_change import ChangeHeader, complete_change
from workflows.core.change_records.submitted_order import SubmittedOrder
from workflows.core.change_records.undecided_order import Rejection, undecided_change
from workflows.core.continue_as_new import order_snapshot
from workflows.core.engine import advance, deliveries, signals
from workflows.core.engine.perform_action import perform_action
from workflows.core.execution import cross_order_notify
from workflows.core.notifications import order_events
from workflows.core.queries import order_view
from workflows.core.queries.possible_actions import possible_actions
from workflows.core.queries.step_details import step_details
from workflows.core.queries.step_outcome import step_outcome
from workflows.core.state import rollup
from workflows.core.state.order_run import OrderRun
from workflows.core.steps.refusal import RequestRefused
from workflows.shell import amend_update, submission
from workflows.shell.activity_calls import ENGINE_ERROR, refusals_as_failures, to_application_error
from workflows.shell.order_changes import OrderChangeEmitter
from workflows.shell.order_loop import OrderLoop
from workflows.shell.search_attributes import OrderVisibility
from workflows.shell.submission_token import submission_token

JEOPARDY_PATCH = "order-watched-for-being-late"
"""Patch for forecast, sla clocks and the search attribute Jeopardy. Only orders with a date or an sla query it."""


def _apply_patches(run: OrderRun) -> None:
    """Runs that began before a patch continue without it; without JEOPARDY_PATCH until they end."""
    run.is_patched = workflow.patched
    if run.jeopardy_watch is not None and not workflow.patched(JEOPARDY_PATCH):
        run.jeopardy_watch = None


@workflow.defn(name=ORDER_WORKFLOW_TYPE, sandboxed=False)
class FulfilOrder:
    """Deterministic by construction: no clock, randomness or I/O of its own, so it runs outside Temporal's sandbox.

    The first argument is a FulfilOrderInput. It is untyped, so that no input can leave the run stuck. The second one is
    the snapshot of the previous run (workflows/core/continue_as_new/order_snapshot.py), if there is one.
    """

    @workflow.init
    def __init__(self, workflow_input: Any, snapshot: Any = None) -> None:  # noqa: ARG002
        self._submitted = SubmittedOrder()
        self._rejection: Rejection | None = None
        self._changes = OrderChangeEmitter(self._order_id, self.current_time)
        self._order_run: OrderRun | None = None
        self._loop: OrderLoop | None = None
        self._packed_plan = b""
        self._decision: SubmissionDecision | None = None
        self._pending_signals: list[signals.SignalPayload] = []
        """Signals that arrived before the order was compiled, or before a continued run was restored."""
        self._amend_lock = asyncio.Lock()
        """Amendments are assessed and applied one after the other."""
        self._register_updates()

    @workflow.run
    async def run(self, workflow_input: Any, snapshot: Any = None) -> dict[str, Any]:
        try:
            self._loop = (
                await self._compile_and_start(workflow_input)
                if snapshot is None
                else self._restore(workflow_input, snapshot)
            )
            return await self._loop.run_until_end()
        except FailureError:
            raise
        except Exception as error:
            # Any other exception would make Temporal retry the workflow task forever.
            workflow.logger.exception("the engine cannot continue with this order")
            raise ApplicationError(f"{type(error).__name__}: {error}", type=ENGINE_ERROR, non_retryable=True) from error

    # Overridden where orders run by a clock of their own (scenarios/server_run/order_workflow.py)

    def current_time(self) -> float:
        """Seconds since 1970."""
        return workflow.time()

    def create_run(self, plan: Plan) -> OrderRun:
        return OrderRun(plan, self.current_time())

    # Start

    async def _compile_and_start(self, workflow_input: Any) -> OrderLoop:
        """Compiles the order and sets the decision. Raises the failure of a rejected order."""
        compiled = await submission.compile_submission(self._submitted, workflow_input, self._order_id)
        if not compiled.plan:
            await self._reject(compiled)
        self._packed_plan = compiled.plan
        self._submitted.line_reasons = RECENT_LINE_REASONS.find(compiled.plan)
        self._order_run = run = self.create_run(decode_plan(compiled.plan))
        run.key_token = submission_token(workflow_input)
        advance.start_order(run)
        run.audit_log.record_warnings(run.now, compiled.warnings)
        _apply_patches(run)
        order_events.start_events(run, compiled.telling, self._submitted.revision)
        advance.advance(run)
        self._process_pending_signals(run)
        loop = self._create_loop(run)
        loop.visibility.publish_decision(compiled.summary, run)
        workflow.upsert_memo({"priority": run.plan.order.priority, "steps": len(run.steps)})
        self._decision = self._accepted_decision(run, compiled.warnings)
        return loop

    async def _reject(self, compiled: CompiledOrder) -> None:
        self._decision = SubmissionDecision(
            order_id=self._order_id, state=OrderState.REJECTED, accepted=False, findings=compiled.findings
        )
        OrderVisibility().publish_decision(compiled.summary, None)
        self._rejection = Rejection(self.current_time(), compiled.findings, compiled.summary)
        self._changes.rejected(self._undecided_change)
        await submission.publish_rejection(compiled, self._order_id, self.current_time())
        await workflow.wait_condition(workflow.all_handlers_finished)
        await submission.return_events(self._pending_signals, self._order_id)
        self._changes.rejected(self._undecided_change)
        raise submission.rejection_error(compiled)

    def _restore(self, workflow_input: Any, snapshot: bytes) -> OrderLoop:
        self._submitted = SubmittedOrder(None, workflow_input["revision"], submission.submitted_digest())
        run, self._packed_plan = order_snapshot.restore_order(snapshot, self.current_time(), workflow.patched)
        _apply_patches(run)
        self._order_run = run
        self._process_pending_signals(run)
        self._decision = self._accepted_decision(run)
        loop = self._create_loop(run)
        loop.visibility.restore(run)
        return loop

    def _create_loop(self, run: OrderRun) -> OrderLoop:
        # The plan contains the order, so the next run does not need it.
        next_input = {"order": {"id": self._order_id}, "revision": self._submitted.revision}
        return OrderLoop(run, self._packed_plan, next_input, self.current_time, self._tell_change)

    def _tell_change(self) -> None:
        if self._order_run is not None:
            self._changes.turn_ended(self._order_run, self._submitted)

    def _undecided_change(self, header: ChangeHeader) -> OrderChange:
        return undecided_change(self._submitted, self._rejection, workflow.info().start_time, header)

    def _accepted_decision(self, run: OrderRun, warnings: Sequence[dict[str, Any]] = ()) -> SubmissionDecision:
        return SubmissionDecision(
            order_id=run.plan.order.id,
            state=rollup.current_order_state(run),
            accepted=True,
            warnings=list(warnings),
            order_lines=len(run.plan.order_lines),
            lines=len(run.plan.fulfilment_lines),
            steps=len(run.steps),
            catalogue_version=run.plan.catalogue_version,
        )

    @property
    def _order_id(self) -> str:
        return workflow.info().workflow_id.removeprefix("order/")

    # Updates and signals

    async def _await_accepted_run(self) -> OrderRun:
        """Updates wait until the order is compiled. Raises a refusal if it is rejected."""
        await workflow.wait_condition(lambda: self._decision is not None)
        if self._order_run is None:
            raise to_application_error(
                RequestRefused(RefusalCode.NOT_NOW, f"Order {self._order_id} was rejected", "order_rejected")
            )
        self._order_run.now = self.current_time()
        self._count_update()
        return self._order_run

    def _count_update(self) -> None:
        """Counts the update, because a run allows only so many, and wakes the loop to process its effects."""
        if self._loop is not None:
            self._loop.update_count += 1
            self._loop.wake()

    @workflow.update(name=UPDATE_DECISION)
    async def decision(self) -> SubmissionDecision:
        await workflow.wait_condition(lambda: self._decision is not None)
        if self._decision is None:
            raise RuntimeError("the decision is missing")
        self._count_update()
        return self._decision

    @workflow.update(name=UPDATE_EVENT)
    async def event(self, delivery: EventDelivery) -> OrderDeliveryResult:
        return await self._receive(delivery)

    @event.validator
    def _validate_event(self, delivery: EventDelivery) -> None:
        self._check_delivery(delivery)

    async def _receive(self, delivery: EventDelivery | CallbackDelivery) -> OrderDeliveryResult:
        run = await self._await_accepted_run()
        with refusals_as_failures():
            return deliveries.receive(run, delivery)

    def _check_delivery(self, delivery: EventDelivery | CallbackDelivery) -> None:
        if self._order_run is not None:
            with refusals_as_failures():
                deliveries.check(self._order_run, delivery, self.current_time())

    @workflow.signal(name=SIGNAL_EVENT)
    def deliver_event(self, delivery: EventDelivery) -> None:
        self._receive_signal(delivery)

    @workflow.signal(name=SIGNAL_CALLBACK)
    def deliver_callback(self, delivery: CallbackDelivery) -> None:
        self._receive_signal(delivery)

    @workflow.signal(name=ORDER_WATCH_STEP)
    def watch_step(self, watch: StepWatch) -> None:
        self._receive_signal(watch)

    @workflow.signal(name=ORDER_STEP_STATUS)
    def receive_step_status(self, status: CrossOrderStepStatus) -> None:
        self._receive_signal(status)

    def _receive_signal(self, payload: signals.SignalPayload) -> None:
        self._pending_signals.append(payload)
        if self._order_run is not None:
            self._process_pending_signals(self._order_run)

    def _process_pending_signals(self, run: OrderRun) -> None:
        """In the order of their arrival."""
        run.now = self.current_time()
        for delivery in self._pending_signals:
            signals.handle_signal(run, delivery)
        self._pending_signals.clear()
        if self._loop is not None:
            self._loop.wake()

    @workflow.update(name=UPDATE_CALLBACK)
    async def callback(self, delivery: CallbackDelivery) -> OrderDeliveryResult:
        return await self._receive(delivery)

    @callback.validator
    def _validate_callback(self, delivery: CallbackDelivery) -> None:
        self._check_delivery(delivery)

    @workflow.update(name=actions.AMEND.name)
    async def amend(self, message: AmendOrder) -> AmendResult:
        run = await self._await_accepted_run()
        async with self._amend_lock:
            with refusals_as_failures():
                judgement = await amend_update.assess_amendment(
                    run, self._packed_plan, self._submitted.revision, message, self.current_time
                )
                answer = amendment_answer.apply_assessed(run, judgement, message)
            if answer.revision != self._submitted.revision:
                self._on_amended(run, judgement.compiled, answer.revision, message)
            return answer

    def _on_amended(self, run: OrderRun, compiled: CompiledAmendment, revision: int, message: AmendOrder) -> None:
        self._packed_plan, actor, digest = compiled.plan, message.actor, message.digest
        self._submitted.amend(
            message.order, revision=revision, at=run.now, by=actor.signature, reason=actor.reason, digest=digest
        )
        self._submitted.line_reasons = RECENT_LINE_REASONS.find(compiled.plan)
        _apply_patches(run)
        memo = {"priority": run.plan.order.priority, "steps": len(run.steps), MEMO_REVISION: revision}
        workflow.upsert_memo({**memo, MEMO_DIGEST: digest or None})  # None takes away that of the order before
        if self._loop is not None:
            self._loop.set_plan(self._packed_plan, revision)
            self._loop.visibility.publish_amendment(compiled.summary, run)
            self._loop.wake()

    @amend.validator
    def _validate_amendment(self, message: AmendOrder) -> None:
        if self._order_run is not None:
            with refusals_as_failures():
                amendment_answer.check_preconditions(self._order_run, self._submitted.revision, message)

    def _register_updates(self) -> None:
        """One update for each operator action; `amend` has its own below."""
        for name, action in ACTION_HANDLERS.items():
            handler, validator = self._update_handler(action)
            workflow.set_update_handler(name, handler, validator=validator)

    def _update_handler(self, action: ActionHandler) -> tuple[Callable[..., Any], Callable[..., Any]]:
        async def handle(message: Any) -> ActionResult:
            run = await self._await_accepted_run()
            with refusals_as_failures():
                return perform_action(run, action, message)

        def validate(message: Any) -> None:
            if self._order_run is not None:
                with refusals_as_failures(), self._order_run.as_if_patched():
                    action.check(self._order_run, message)

        handle.__annotations__ = {"message": action.spec.request, "return": ActionResult}
        validate.__annotations__ = {"message": action.spec.request, "return": None}
        return handle, validate

    # Queries

    @workflow.query(name=QUERY_OVERVIEW)
    def overview(self, request: OverviewRequest | None = None) -> OrderView:
        if self._order_run is not None:
            asked = request or OverviewRequest()
            revision = self._submitted.revision
            return order_view.order_view(self._order_run, revision, asked.at, with_data=asked.with_data)
        started_at, submitted = workflow.info().start_time, self._submitted
        return order_view.undecided_order_view(
            submitted.order or {}, self._order_id, submitted.revision, started_at, self._decision
        )

    @workflow.query(name=QUERY_STEPS)
    def steps(self, request: StepsPageRequest) -> StepsPage:
        return StepsPage(steps=[]) if self._order_run is None else order_view.steps_page(self._order_run, request)

    @workflow.query(name=QUERY_POSSIBLE_ACTIONS)
    def possible_actions(self, request: PossibleActionsRequest) -> PossibleActions:
        if self._order_run is None:
            return PossibleActions(checks=[])
        with refusals_as_failures():
            return possible_actions(self._order_run, request)

    @workflow.query(name=QUERY_STEP_DETAILS)
    def step_details(self, request: StepDetailsRequest) -> StepDetails | None:
        with refusals_as_failures():
            return None if self._order_run is None else step_details(self._order_run, request)

    @workflow.query(name=QUERY_STEP_OUTCOME)
    def step_outcome(self, request: StepOutcomeRequest) -> StepOutcome | None:
        with refusals_as_failures():
            return None if self._order_run is None else step_outcome(self._order_run, request)

    @workflow.query(name=ORDER_STEP_STATUS)
    def step_status(self, watch: StepWatch) -> CrossOrderStepStatus:
        if self._order_run is None:
            return CrossOrderStepStatus.for_watch(watch, "not_there")
        return cross_order_notify.step_status(self._order_run, watch)

    @workflow.query(name=QUERY_RECEIVED)
    def received(self, request: ReceivedRequest) -> bool:
        return self._order_run is not None and deliveries.has_received(self._order_run, request)

    @workflow.query(name=QUERY_LEDGER_RECORD)
    def ledger_record(self, request: LedgerRecordRequest) -> LedgerRecordPage:
        header = self._changes.header()
        if self._order_run is None:
            return record_page(self._undecided_change(header), request)
        return record_page(complete_change(self._order_run, self._submitted, header), request)

    @workflow.query(name=QUERY_PLAN)
    def plan(self) -> bytes:
        return self._packed_plan
