"""The core's commands as Temporal's, and Temporal's failures as the core's."""

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

from activity_contract.calls import (
    CALL_SYSTEM,
    HEARTBEAT_TIMEOUT,
    LONGEST_BACKOFF,
    MARGIN,
    POLL_SYSTEM,
    RETRY_LATER,
    TIMEOUT,
    system_task_queue,
)
from activity_contract.cross_order import ORDER_STANDING, WATCH_ORDER_STEP, StepStanding
from activity_contract.mailboxes import RETURN_EVENTS, SUBSCRIBE_EVENTS, UNSUBSCRIBE_EVENTS, ReturnedEvents
from activity_contract.notifications import HAND_OVER_EVENTS
from compiler.language.steps import RetryPolicy as StepRetry
from workflows.contract.order_messages import workflow_id
from workflows.core.engine import advance
from workflows.core.execution.failure_handling import INTERNAL_ERROR
from workflows.core.notifications import order_events
from workflows.core.state.commands import (
    AskOrder,
    StartActivity,
    StartCall,
    Subscribe,
    TellEvents,
    TellStanding,
    Unsubscribe,
)
from workflows.core.state.order_run import OrderRun
from workflows.core.state.step_run import Failure
from workflows.core.steps.refusal import Refused

logger = logging.getLogger(__name__)

BROKEN = "engine_error"
"""Type of the failure that a mistake of the engine ends with, where it cannot be laid at a step's door."""
LOST_WORKERS = 10
"""So many attempts more than the policy's Temporal may make: those that a worker's death has cost."""
SUBSCRIBING = timedelta(seconds=15)
HANDING_OVER = timedelta(seconds=15)


@contextmanager
def refusals() -> Iterator[None]:
    """What the core refuses, as the failure that an update answers with; and mistakes, which would block the order."""
    try:
        yield
    except Refused as refused:
        raise refusal(refused) from refused
    except Exception as error:
        logger.exception("an update could not be taken in")
        raise ApplicationError(f"{type(error).__name__}: {error}", type=BROKEN, non_retryable=True) from error


def refusal(refused: Refused) -> ApplicationError:
    return ApplicationError(str(refused), type=refused.code.value, non_retryable=True)


@dataclass(frozen=True, slots=True)
class Flight:
    """An activity under way, and what the core asked for."""

    command: AskOrder | TellStanding | StartCall | StartActivity | Subscribe | Unsubscribe | TellEvents
    handle: asyncio.Task[Any]

    @property
    def name(self) -> str:
        command = self.command
        if isinstance(command, AskOrder | TellStanding):
            return command.activity_id
        if isinstance(command, Subscribe | Unsubscribe | TellEvents):
            return command.activity_id
        return f"{command.step}/{command.launch}"

    def end(self, run: OrderRun) -> None:
        """Tells the core how it ended."""
        command, handle = self.command, self.handle
        error = asyncio.CancelledError() if handle.cancelled() else handle.exception()
        if isinstance(command, AskOrder):
            advance.order_answered(run, command.watch, handle.result() if error is None else None)
        elif isinstance(command, TellStanding):
            advance.order_told(run)
        elif isinstance(command, Subscribe | Unsubscribe):
            if error is not None and isinstance(command, Subscribe):
                run.steps[command.step].subscribed = False
        elif isinstance(command, TellEvents):
            order_events.handed_over(run, well=error is None)
        elif error is None:
            advance.answered(run, command.step, command.launch, handle.result())
        else:
            failure = failure_of(error)
            if isinstance(failure, Interrupted):
                advance.interrupted(run, command.step, command.launch, begun=failure.begun)
            else:
                advance.attempt_failed(run, command.step, command.launch, failure)


@dataclass(frozen=True, slots=True)
class Interrupted:
    """The activity ended without an attempt's result."""

    begun: bool


def start_call(command: StartCall) -> workflow.ActivityHandle[Any]:
    request = command.request
    queue = system_task_queue(workflow.info().task_queue, request.system)
    if command.polls:
        return _started(command, POLL_SYSTEM, queue, _evenly(request.every))
    return _started(command, CALL_SYSTEM, queue, retry_policy(request.retry, request.earlier_attempts))


def start_activity(command: StartActivity) -> workflow.ActivityHandle[Any]:
    request = command.request
    return _started(command, command.name, None, retry_policy(request.retry, request.earlier_attempts))


def _started(
    command: StartCall | StartActivity, name: str, queue: str | None, retries: RetryPolicy
) -> workflow.ActivityHandle[Any]:
    return workflow.start_activity(
        name,
        command.request,
        task_queue=queue,
        activity_id=command.activity_id,
        summary=command.summary,
        start_to_close_timeout=timedelta(seconds=command.request.timeout + MARGIN),
        heartbeat_timeout=timedelta(seconds=HEARTBEAT_TIMEOUT),
        cancellation_type=workflow.ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
        retry_policy=retries,
    )


def subscribe(command: Subscribe | Unsubscribe) -> workflow.ActivityHandle[Any]:
    name = SUBSCRIBE_EVENTS if isinstance(command, Subscribe) else UNSUBSCRIBE_EVENTS
    return workflow.start_activity(
        name,
        command.subscription,
        activity_id=command.activity_id,
        summary=f"events {', '.join(command.subscription.names)} with key {command.subscription.key}"[:100],
        start_to_close_timeout=SUBSCRIBING,
        retry_policy=RetryPolicy(maximum_interval=timedelta(seconds=LONGEST_BACKOFF)),
    )


def tell(command: TellEvents) -> workflow.ActivityHandle[Any]:
    """Tried until it succeeds: only cancelling ends it otherwise."""
    return workflow.start_activity(
        HAND_OVER_EVENTS,
        command.hand_over,
        activity_id=command.activity_id,
        summary=f"{len(command.hand_over.events)} events to the outbox",
        start_to_close_timeout=HANDING_OVER,
        retry_policy=RetryPolicy(maximum_interval=timedelta(seconds=LONGEST_BACKOFF)),
    )


def give_back(returned: ReturnedEvents) -> workflow.ActivityHandle[Any]:
    """Tried until it succeeds."""
    return workflow.start_activity(
        RETURN_EVENTS,
        returned,
        summary=f"{len(returned.events)} events wait for the order that is sent again",
        start_to_close_timeout=SUBSCRIBING,
        retry_policy=RetryPolicy(maximum_interval=timedelta(seconds=LONGEST_BACKOFF)),
    )


def ask_order(command: AskOrder) -> workflow.ActivityHandle[Any]:
    watch = command.watch
    return workflow.start_activity(
        WATCH_ORDER_STEP,
        watch,
        result_type=StepStanding,
        activity_id=command.activity_id,
        summary=f"order {watch.other_order}, step {watch.other_step}"[:200],
        start_to_close_timeout=SUBSCRIBING,
        retry_policy=RetryPolicy(maximum_interval=timedelta(seconds=LONGEST_BACKOFF)),
    )


def tell_standing(command: TellStanding) -> asyncio.Task[None]:
    """As a signal: durable at once. An order that is no longer there needs not to be told."""
    waiting = workflow.get_external_workflow_handle(workflow_id(command.order_id))
    return asyncio.create_task(waiting.signal(ORDER_STANDING, command.standing))


START: Mapping[type[Any], Callable[[Any], asyncio.Task[Any]]] = {
    AskOrder: ask_order,
    TellStanding: tell_standing,
    StartCall: start_call,
    StartActivity: start_activity,
    Subscribe: subscribe,
    Unsubscribe: subscribe,
    TellEvents: tell,
}


def _evenly(seconds: float) -> RetryPolicy:
    """For ever, at this distance: the workflow's `within` ends it."""
    pause = timedelta(seconds=max(0.1, min(seconds, LONGEST_BACKOFF)))
    return RetryPolicy(initial_interval=pause, backoff_coefficient=1.0, maximum_interval=pause)


def retry_policy(policy: StepRetry, earlier_attempts: int) -> RetryPolicy:
    """What Temporal does where the activity could not say anything itself."""
    longest = timedelta(seconds=LONGEST_BACKOFF)
    intervals = policy.intervals
    first = intervals[0] if intervals else policy.initial
    return RetryPolicy(
        initial_interval=max(timedelta(milliseconds=1), min(first, longest)),
        backoff_coefficient=policy.backoff,
        maximum_interval=max(timedelta(milliseconds=1), min(first, longest), min(policy.max_interval, longest)),
        maximum_attempts=max(1, policy.attempts - earlier_attempts) + LOST_WORKERS,
    )


def failure_of(error: BaseException) -> Failure | Interrupted:
    """What an activity's end means for its step."""
    cause = error.cause if isinstance(error, ActivityError) else error
    if isinstance(cause, ApplicationError):
        return _as_told(cause)
    if isinstance(cause, TimeoutError):
        if cause.type is TimeoutType.SCHEDULE_TO_START:
            return Interrupted(begun=False)
        return Failure(TIMEOUT, "no answer, and the worker that waited for it was lost or hung", outcome_known=False)
    if isinstance(cause, CancelledError | asyncio.CancelledError):
        return Interrupted(begun=True)
    message = cause.message if isinstance(cause, FailureError) else str(cause)
    return Failure(INTERNAL_ERROR, message or type(cause).__name__, outcome_known=False)


def _as_told(error: ApplicationError) -> Failure:
    """An activity that follows the contract gives details; for others type and message do."""
    details = error.details[0] if error.details else None
    if not isinstance(details, dict):
        return Failure(error.type or INTERNAL_ERROR, error.message, outcome_known=False)
    return Failure(
        code=str(details.get("code") or error.type or INTERNAL_ERROR),
        message=str(details.get("message") or error.message),
        outcome_known=bool(details.get("outcome_known", True)),
        attempts=int(details.get("attempts") or 0),
        retry_after=float(details.get("retry_after") or 0.0) if error.type == RETRY_LATER else None,
    )
