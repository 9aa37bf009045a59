"""Turns the core's commands into Temporal's, and Temporal's failures into the core's."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from temporalio import workflow
from temporalio.common import RetryPolicy
from temporalio.exceptions import (
    ActivityError,
    ApplicationError,
    CancelledError,
    FailureError,
    TimeoutError,  # noqa: A004
    TimeoutType,
)

from activity_contract.activity_names import (
    CALL_SYSTEM,
    HAND_OVER_EVENTS,
    POLL_SYSTEM,
    RETURN_EVENTS,
    SUBSCRIBE_EVENTS,
    UNSUBSCRIBE_EVENTS,
    WATCH_ORDER_STEP,
)
from activity_contract.calls import (
    HEARTBEAT_TIMEOUT,
    INTERNAL_ERROR,
    MAX_BACKOFF,
    RETRY_LATER,
    TIMEOUT,
    TIMEOUT_MARGIN,
    system_task_queue,
)
from activity_contract.cross_order import ORDER_STEP_STATUS, CrossOrderStepStatus
from activity_contract.mailboxes import ReturnedEvents
from compiler.language.retry_policy import RetryPolicy as StepRetry
from workflows.contract.order_messages import order_workflow_id
from workflows.core.engine import advance
from workflows.core.notifications import order_events
from workflows.core.state.commands import (
    PublishEvents,
    SendStepStatus,
    StartActivity,
    StartCall,
    SubscribeEvents,
    UnsubscribeEvents,
    WatchOrderStep,
)
from workflows.core.state.order_run import OrderRun
from workflows.core.state.step_run import StepFailure
from workflows.core.steps import event_subscription
from workflows.core.steps.refusal import RequestRefused

logger = logging.getLogger(__name__)

ENGINE_ERROR = "engine_error"
"""Type of the failure after an error of the engine that does not belong to one step."""
LOST_WORKER_ATTEMPTS = 10
"""Extra attempts that Temporal may make, because lost workers use up attempts."""
MESSAGE_TIMEOUT = timedelta(seconds=15)
"""For activities that send a message to another workflow."""


@contextmanager
def refusals_as_failures() -> Iterator[None]:
    """Turns refusals into the failure of an update. Errors, which would block the order, become failures, too."""
    try:
        yield
    except RequestRefused as refused:
        raise to_application_error(refused) from refused
    except Exception as error:
        logger.exception("an update failed")
        raise ApplicationError(f"{type(error).__name__}: {error}", type=ENGINE_ERROR, non_retryable=True) from error


def to_application_error(refused: RequestRefused) -> ApplicationError:
    details = refused.details.model_dump(mode="json")
    return ApplicationError(str(refused), details, type=refused.code.value, non_retryable=True)


@dataclass(frozen=True, slots=True)
class InFlightCommand:
    """An activity under way, and the command that started it."""

    command: (
        WatchOrderStep
        | SendStepStatus
        | StartCall
        | StartActivity
        | SubscribeEvents
        | UnsubscribeEvents
        | PublishEvents
    )
    task: asyncio.Task[Any]

    @property
    def key(self) -> str:
        command = self.command
        if isinstance(command, StartCall | StartActivity):
            return f"{command.step}/{command.launch}"
        return command.activity_id

    def report_outcome(self, run: OrderRun) -> None:
        """Reports to the core how it ended."""
        command, handle = self.command, self.task
        error = asyncio.CancelledError() if handle.cancelled() else handle.exception()
        if isinstance(command, WatchOrderStep):
            advance.order_watch_ended(run, command.watch, handle.result() if error is None else None)
        elif isinstance(command, SendStepStatus):
            advance.step_status_sent(run)
        elif isinstance(command, SubscribeEvents | UnsubscribeEvents):
            event_subscription.request_ended(run, command, succeeded=error is None)
        elif isinstance(command, PublishEvents):
            order_events.batch_published(run, succeeded=error is None)
        elif error is None:
            advance.activity_succeeded(run, command.step, command.launch, handle.result())
        else:
            failure = to_failure(error)
            if isinstance(failure, Interrupted):
                advance.activity_interrupted(run, command.step, command.launch, started=failure.started)
            else:
                advance.activity_failed(run, command.step, command.launch, failure)


@dataclass(frozen=True, slots=True)
class Interrupted:
    """The activity ended without the result of an attempt."""

    started: bool


def start_call(command: StartCall) -> workflow.ActivityHandle[Any]:
    request = command.request
    queue = system_task_queue(workflow.info().task_queue, request.system)
    if command.is_poll:
        return _start(command, POLL_SYSTEM, queue, _fixed_interval_policy(request.every))
    return _start(command, CALL_SYSTEM, queue, retry_policy(request.retry, request.earlier_attempts))


def start_activity(command: StartActivity) -> workflow.ActivityHandle[Any]:
    request = command.request
    return _start(command, command.name, None, retry_policy(request.retry, request.earlier_attempts))


def _start(
    command: StartCall | StartActivity, name: str, queue: str | None, policy: RetryPolicy
) -> workflow.ActivityHandle[Any]:
    return workflow.start_activity(
        name,
        command.request,
        task_queue=queue,
        activity_id=command.activity_id,
        summary=command.summary,
        start_to_close_timeout=timedelta(seconds=command.request.timeout + TIMEOUT_MARGIN),
        heartbeat_timeout=timedelta(seconds=HEARTBEAT_TIMEOUT),
        cancellation_type=workflow.ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
        retry_policy=policy,
    )


def _start_until_success(
    name: str, message: Any, summary: str, activity_id: str | None = None, result_type: type[Any] | None = None
) -> workflow.ActivityHandle[Any]:
    """Temporal retries it until it succeeds or is cancelled."""
    return workflow.start_activity(
        name,
        message,
        result_type=result_type,
        activity_id=activity_id,
        summary=summary,
        start_to_close_timeout=MESSAGE_TIMEOUT,
        retry_policy=RetryPolicy(maximum_interval=timedelta(seconds=MAX_BACKOFF)),
    )


def start_subscription(command: SubscribeEvents | UnsubscribeEvents) -> workflow.ActivityHandle[Any]:
    name = SUBSCRIBE_EVENTS if isinstance(command, SubscribeEvents) else UNSUBSCRIBE_EVENTS
    subscription = command.subscription
    summary = f"events {', '.join(subscription.names)} with key {subscription.key}"[:100]
    return _start_until_success(name, subscription, summary, command.activity_id)


def publish_events(command: PublishEvents) -> workflow.ActivityHandle[Any]:
    summary = f"{len(command.batch.events)} events to the outbox"
    return _start_until_success(HAND_OVER_EVENTS, command.batch, summary, command.activity_id)


def return_events(returned: ReturnedEvents) -> workflow.ActivityHandle[Any]:
    return _start_until_success(
        RETURN_EVENTS, returned, f"{len(returned.events)} events wait for the order that is submitted again"
    )


def watch_order_step(command: WatchOrderStep) -> workflow.ActivityHandle[Any]:
    watch = command.watch
    summary = f"order {watch.other_order}, step {watch.other_step}"[:200]
    return _start_until_success(WATCH_ORDER_STEP, watch, summary, command.activity_id, CrossOrderStepStatus)


def send_step_status(command: SendStepStatus) -> asyncio.Task[None]:
    """A signal, which is durable at once. An order that no longer exists does not need it."""
    waiting = workflow.get_external_workflow_handle(order_workflow_id(command.order_id))
    return asyncio.create_task(waiting.signal(ORDER_STEP_STATUS, command.status))


STARTERS: Mapping[type[Any], Callable[[Any], asyncio.Task[Any]]] = {
    WatchOrderStep: watch_order_step,
    SendStepStatus: send_step_status,
    StartCall: start_call,
    StartActivity: start_activity,
    SubscribeEvents: start_subscription,
    UnsubscribeEvents: start_subscription,
    PublishEvents: publish_events,
}


def _fixed_interval_policy(seconds: float) -> RetryPolicy:
    """Unlimited attempts at this interval; the step's `within` ends them."""
    pause = timedelta(seconds=max(0.1, min(seconds, MAX_BACKOFF)))
    return RetryPolicy(initial_interval=pause, backoff_coefficient=1.0, maximum_interval=pause)


def retry_policy(policy: StepRetry, earlier_attempts: int) -> RetryPolicy:
    """What Temporal does if the activity could not report its own result."""
    longest = timedelta(seconds=MAX_BACKOFF)
    intervals = policy.intervals
    first = intervals[0] if intervals else policy.initial
    return RetryPolicy(
        initial_interval=max(timedelta(milliseconds=1), min(first, longest)),
        backoff_coefficient=policy.backoff,
        maximum_interval=max(timedelta(milliseconds=1), min(first, longest), min(policy.max_interval, longest)),
        maximum_attempts=max(1, policy.attempt_count - earlier_attempts) + LOST_WORKER_ATTEMPTS,
    )


def to_failure(error: BaseException) -> StepFailure | Interrupted:
    """What the end of an activity means for its step."""
    cause = error.cause if isinstance(error, ActivityError) else error
    if isinstance(cause, ApplicationError):
        return _application_failure(cause)
    if isinstance(cause, TimeoutError):
        if cause.type is TimeoutType.SCHEDULE_TO_START:
            return Interrupted(started=False)
        return StepFailure(
            TIMEOUT, "no answer, and the worker that waited for it was lost or hung", outcome_known=False
        )
    if isinstance(cause, CancelledError | asyncio.CancelledError):
        return Interrupted(started=True)
    message = cause.message if isinstance(cause, FailureError) else str(cause)
    return StepFailure(INTERNAL_ERROR, message or type(cause).__name__, outcome_known=False)


def _application_failure(error: ApplicationError) -> StepFailure:
    """An activity that follows the contract gives details. For others, the error's type and message are used."""
    details = error.details[0] if error.details else None
    if not isinstance(details, dict):
        return StepFailure(error.type or INTERNAL_ERROR, error.message, outcome_known=False)
    return StepFailure(
        code=str(details.get("code") or error.type or INTERNAL_ERROR),
        message=str(details.get("message") or error.message),
        outcome_known=bool(details.get("outcome_known", True)),
        attempts=int(details.get("attempts") or 0),
        retry_after=float(details.get("retry_after") or 0.0) if error.type == RETRY_LATER else None,
    )
