"""The attempts of a scenario's activities: what takes time in the scenario takes it on the server's skipped clock.

The server skips no time while an attempt runs. So an answer that takes two hours is received at once, and its attempt
ends; the next attempt, two hours later, reports it. The worker's own code makes the call, and judges the answer.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from temporalio import activity
from temporalio.exceptions import ApplicationError, ApplicationErrorCategory
from temporalio.worker import ExecuteActivityInput

from activity_contract.calls import NOT_YET, FailureDetails, SystemCall
from workers.fixed_catalogue import UNREACHABLE

SCENARIO_WAIT = "scenario_wait"
"""Failure type of an attempt that only lets time pass."""
MAX_HELD_SECONDS = 86_400.0
"""After which a call whose system is switched off looks again, if nothing else is due before."""
MAX_TURN_SECONDS = 0.3
"""Real seconds that a call waits for those that began before it."""
MAX_CALL_SECONDS = 2.0
"""Real seconds that a call waits for an answer that never comes. The scenario's clock counts the call's timeout."""

MAX_EARLY = 8
"""Attempts one after the other that may come too early, before their pauses get longer."""

Execute = Callable[[ExecuteActivityInput], Awaitable[Any]]
NextPoll = Callable[[SystemCall, float, "ServerActivity"], tuple[float, int]]
"""(when a poll is due whose answer may differ, how many polls before it get the same answer), after a pause."""


@dataclass(slots=True)
class ServerActivity:
    """An activity under way."""

    activity_id: str
    due: float | None = None
    """When its next attempt is due; None: one runs, or it is held."""
    held_by: str | None = None
    """The system that is switched off."""
    outcome: Any = None
    """What its next attempt reports: a result, or an error."""
    has_outcome: bool = False
    waits: int = 0
    """Attempts that only let time pass."""
    early: int = 0
    """Attempts one after the other that came too early."""


class Attempts:
    def __init__(
        self,
        now: Callable[[], float],
        until_next: Callable[[], float],
        next_poll: NextPoll,
        cannot_be_reached: Callable[[SystemCall], bool],
    ) -> None:
        """`until_next`: seconds until something happens from outside. `cannot_be_reached`: whether a call finds
        nobody at the system's address."""
        self._now = now
        self._until_next = until_next
        self._cannot_be_reached = cannot_be_reached
        self._next_poll = next_poll
        self.pending: dict[str, ServerActivity] = {}
        """By activity id."""
        self.running = 0
        self.calls: dict[str, tuple[SystemCall, bool]] = {}
        """Idempotency key → the call that is made with it, and whether it is a poll."""
        self.taken: dict[str, float] = {}
        """Idempotency key → seconds that the answer takes in the scenario."""
        self.unanswered: dict[str, str] = {}
        """Idempotency key → why nothing answers."""
        self._off: set[str] = set()
        self._turns: dict[str, int] = {}
        """Activity id of a call → its place in the order in which the calls began."""
        self._unanswered_turns: set[int] = set()
        self._turn_of_key: dict[str, int] = {}

    def launched(self, activity_id: str) -> None:
        """The order has begun a call."""
        turn = self._turns[activity_id] = len(self._turns)
        self._unanswered_turns.add(turn)

    async def await_turn(self, key: str) -> None:
        """Calls are answered in the order in which they began, so that ids which systems count are always the same."""
        turn, waits_until = self._turn_of_key.get(key, 0), time.monotonic() + MAX_TURN_SECONDS
        while min(self._unanswered_turns, default=turn) < turn and time.monotonic() < waits_until:  # noqa: ASYNC110
            await asyncio.sleep(0.001)
        self._unanswered_turns.discard(turn)

    def next_due(self) -> float | None:
        return min((pending.due for pending in self.pending.values() if pending.due is not None), default=None)

    def forget(self, ended: Collection[str]) -> None:
        """Activities that the server has ended in a pause between two attempts."""
        for activity_id in ended:
            self.pending.pop(activity_id, None)

    def switch(self, system: str, *, off: bool) -> None:
        if off:
            self._off.add(system)
            return
        self._off.discard(system)
        for pending in self.pending.values():
            if pending.held_by == system:
                pending.held_by, pending.due = None, self._now()

    def held_calls(self) -> dict[str, str]:
        """Id of each step whose call is held back → the system that is switched off. An activity's id is that of its
        step, maybe with a suffix after `/`."""
        return {
            pending.activity_id.partition("/")[0]: pending.held_by
            for pending in self.pending.values()
            if pending.held_by is not None
        }

    async def call(self, given: ExecuteActivityInput, execute: Execute, *, is_poll: bool) -> Any:
        """An attempt of CALL_SYSTEM or POLL_SYSTEM."""
        call: SystemCall = given.args[0]

        async def send() -> Any:
            self.calls[call.idempotency_key] = (call, is_poll)
            self._turn_of_key[call.idempotency_key] = self._turns.get(pending.activity_id, 0)
            earlier = call.earlier_attempts - (pending.waits if is_poll else 0)
            limits = {"timeout": min(call.timeout, MAX_CALL_SECONDS), "earlier_attempts": earlier}
            given.args = [call.model_copy(update=limits)]
            closed = UNREACHABLE.set(self._cannot_be_reached(call))
            try:
                return await execute(given)
            except ApplicationError as error:
                if (problem := self.unanswered.pop(call.idempotency_key, None)) is not None:
                    raise _not_answered(problem) from None
                raise error from None
            finally:
                UNREACHABLE.reset(closed)

        pending = self._enter()
        poll = call if is_poll else None
        return await self._attempt(pending, send, call.system, lambda: self.taken.pop(call.idempotency_key, 0.0), poll)

    def has_outcome(self, activity_id: str) -> bool:
        """Whether the next attempt only reports what an earlier one has got."""
        pending = self.pending.get(activity_id)
        return pending is not None and pending.has_outcome

    async def other(self, given: ExecuteActivityInput, execute: Execute, taken: float) -> Any:
        """An attempt of a Python activity, which takes some seconds."""
        return await self._attempt(self._enter(), lambda: execute(given), None, lambda: taken)

    def _enter(self) -> ServerActivity:
        info = activity.info()
        return self.pending.setdefault(info.activity_id, ServerActivity(info.activity_id))

    async def _attempt(
        self,
        pending: ServerActivity,
        send: Callable[[], Awaitable[Any]],
        system: str | None,
        taken: Callable[[], float],
        poll: SystemCall | None = None,
    ) -> Any:
        self.running += 1
        try:
            due, pending.due, pending.held_by = pending.due, None, None
            if due is not None and due > self._now():  # the server is ahead of the scenario by milliseconds
                self._keep_heartbeat()
                self._come_again(pending, due)
            pending.early = 0
            if not pending.has_outcome:
                if system is not None and system in self._off:
                    pending.held_by = system
                    self._keep_heartbeat()
                    raise _wait_error(timedelta(seconds=self._until_next()), pending)
                pending.outcome, pending.has_outcome = await _capture(send()), True
                if (seconds := taken()) > 0:
                    self._wait(pending, timedelta(seconds=seconds))
            else:
                self._keep_heartbeat()
            return self._report(pending, poll)
        except BaseException as error:
            if not isinstance(error, ApplicationError):
                self.pending.pop(pending.activity_id, None)  # cancelled
            raise
        finally:
            self.running -= 1
            self._unanswered_turns.discard(self._turns.get(pending.activity_id, -1))

    def _wait(self, pending: ServerActivity, pause: timedelta) -> None:
        """Raises: the next attempt begins after the pause."""
        pending.due = self._now() + pause.total_seconds()
        raise _wait_error(pause, pending)

    def _come_again(self, pending: ServerActivity, due: float) -> None:
        """Raises: the attempt came too early. If this happens again and again, the server's clock goes on in steps that
        are no longer than its pauses, and does not reach what the order waits for: the pauses get longer."""
        pending.early += 1
        pending.due = due
        pause = (due - self._now()) * 2 ** max(pending.early - MAX_EARLY, 0)
        raise _wait_error(timedelta(seconds=min(pause, MAX_HELD_SECONDS)), pending)

    def _report(self, pending: ServerActivity, poll: SystemCall | None) -> Any:
        outcome, pending.outcome, pending.has_outcome = pending.outcome, None, False
        if isinstance(outcome, ApplicationError):
            if outcome.non_retryable:
                self.pending.pop(pending.activity_id, None)
            elif outcome.next_retry_delay is not None:
                pause = outcome.next_retry_delay.total_seconds()
                pending.due = self._now() + pause
                if poll is not None and outcome.type == NOT_YET:
                    pending.due, same = self._next_poll(poll, pause, pending)
                    pending.waits -= same
                    raise _not_yet(outcome, pending.due - self._now())
            raise outcome from None
        self.pending.pop(pending.activity_id, None)
        if isinstance(outcome, BaseException):
            raise outcome from None
        return outcome

    def _keep_heartbeat(self) -> None:
        """This attempt only lets time pass: what the earlier ones have reported still counts."""
        info = activity.info()
        details = info.heartbeat_details
        known = details[0] if details and isinstance(details[0], Mapping) else {"failures": 0, "outcome_known": True}
        activity.heartbeat({**known, "attempt": info.attempt})


async def _capture(work: Awaitable[Any]) -> Any:
    """The result, or the error with which the attempt ends."""
    try:
        return await work
    except ApplicationError as error:
        return error


def _wait_error(pause: timedelta, pending: ServerActivity) -> ApplicationError:
    pending.waits += 1
    return ApplicationError(
        "time passes", type=SCENARIO_WAIT, next_retry_delay=pause, category=ApplicationErrorCategory.BENIGN
    )


def _not_yet(outcome: ApplicationError, pause: float) -> ApplicationError:
    return ApplicationError(
        outcome.message,
        *outcome.details,
        type=NOT_YET,
        next_retry_delay=timedelta(seconds=pause),
        category=ApplicationErrorCategory.BENIGN,
    )


def _not_answered(problem: str) -> ApplicationError:
    details = FailureDetails(code="not_answered", message=problem)
    return ApplicationError(problem, details, type="not_answered", non_retryable=True)
