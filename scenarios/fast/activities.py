"""The activities of an order: attempts, the pauses between them, and their end, as worker and Temporal have them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from activities.attempts.failure import AttemptFailure
from activities.attempts.retry_decision import is_outcome_known, next_pause, should_give_up
from activity_contract.calls import MAX_BACKOFF, NOT_YET, TIMEOUT, SystemCall
from compiler.language.scenario_answers import ScenarioAnswer
from compiler.language.systems import System
from scenarios.base.clock import Clock, Rank
from scenarios.base.judgement import NOT_ANSWERED, NotYet, judge, time_taken
from scenarios.base.poll_counts import PollCounts
from scenarios.base.systems import Systems
from workflows.core.engine import advance
from workflows.core.state.commands import StartActivity, StartCall
from workflows.core.state.order_run import OrderRun
from workflows.core.state.step_run import StepFailure

MIN_POLL_PAUSE = 0.1
"""Seconds, as the workflow has it."""


@dataclass(slots=True)
class CoreActivity:
    """An activity under way."""

    command: StartCall | StartActivity
    known: bool
    """Whether it is certain that no attempt so far has done the work."""
    failures: int = 0
    running: bool = False
    """An attempt runs; otherwise it waits for the next one."""
    cancelled: bool = False
    due: int = 0
    """The number of the clock's entry for the end of the attempt, or of the pause."""

    @property
    def number(self) -> int:
        """Of the attempt, from 1, over all activities with the same key."""
        return self.command.request.earlier_attempts + self.failures + 1


Judge = Callable[[], dict[str, Any]]
"""The result of an attempt. Raises AttemptFailure or NotYet."""


class Activities:
    def __init__(
        self, run: OrderRun, clock: Clock, systems: Systems, definitions: Mapping[str, System], polls: PollCounts
    ) -> None:
        self._run = run
        self._clock = clock
        self._systems = systems
        self._definitions = definitions
        self._pending: dict[tuple[int, int], CoreActivity] = {}
        self._held: dict[str, list[CoreActivity]] = {}
        """System that is switched off → the calls that wait."""
        self._polls = polls

    @property
    def in_flight(self) -> bool:
        return bool(self._pending)

    def held_calls(self) -> dict[str, str]:
        """Id of each step whose call is held back → the system that is switched off."""
        return {
            pending.command.request.step_id: system
            for system, held in self._held.items()
            for pending in held
            if not pending.cancelled
        }

    def start(self, command: StartCall | StartActivity) -> None:
        pending = CoreActivity(command, command.request.outcome_known)
        self._pending[command.step, command.launch] = pending
        self._attempt(pending)

    def cancel(self, step: int, launch: int) -> None:
        """As Temporal does: an attempt that runs ends by itself and is the last; a pause, or a poll, ends at once."""
        pending = self._pending.get((step, launch))
        if pending is None or pending.cancelled:
            return
        pending.cancelled = True
        if not pending.running or (isinstance(pending.command, StartCall) and pending.command.is_poll):
            self._clock.drop(pending.due)
            self._clock.at(self._clock.now, Rank.RESULT, lambda: self._interrupt(pending))

    def switch(self, system: str, *, off: bool) -> None:
        if off:
            self._held.setdefault(system, [])
            return
        for pending in self._held.pop(system, ()):
            self._attempt(pending)

    def _attempt(self, pending: CoreActivity) -> bool:
        """Returns False: the order hears only of the end."""
        command = pending.command
        if pending.cancelled:
            return False
        if isinstance(command, StartActivity):
            answer = self._systems.activity_answer(command.name, command.request, self._clock.now)
            taken = 0.0 if answer is None else answer.delay.total_seconds()
            return self._end_after(pending, taken, lambda: _activity_result(command, answer, pending.number))
        call = command.request
        if call.system in self._held:
            self._held[call.system].append(pending)
            return False
        if command.is_poll:
            self._polls.count(command.step)
        response = self._systems.answer(call, self._clock.now)
        definition = self._definitions.get(call.system)
        return self._end_after(
            pending,
            time_taken(call, response),
            lambda: judge(call, response, definition, pending.number).model_dump(),
        )

    def _end_after(self, pending: CoreActivity, seconds: float, judge_attempt: Judge) -> bool:
        pending.running = True
        pending.due = self._clock.at(self._clock.now + seconds, Rank.RESULT, lambda: self._end(pending, judge_attempt))
        return False

    def _end(self, pending: CoreActivity, judge_attempt: Judge) -> bool:
        """The attempt is over. Returns whether the order is told."""
        command = pending.command
        pending.running = False
        try:
            result = judge_attempt()
        except NotYet:
            return self._next_poll(pending, command.request)
        except AttemptFailure as failure:
            if isinstance(command, StartCall) and command.is_poll:
                return self._poll_failed(pending, command.request, failure)
            return self._failed(pending, failure)
        self._leave(pending)
        advance.activity_succeeded(self._run, command.step, command.launch, result)
        return True

    def _failed(self, pending: CoreActivity, failure: AttemptFailure) -> bool:
        known = is_outcome_known(failure, known_before=pending.known)
        pause = None if pending.cancelled else next_pause(pending.command.request.retry, failure, pending.number)
        if pause is None or pause > MAX_BACKOFF:
            return self._report(pending, failure, pending.number, known=known, retry_after=pause)
        pending.failures, pending.known = pending.failures + 1, known
        return self._attempt_after(pending, pause)

    def _attempt_after(self, pending: CoreActivity, seconds: float) -> bool:
        pending.due = self._clock.at(self._clock.now + seconds, Rank.RESULT, lambda: self._attempt(pending))
        return False

    def _next_poll(self, pending: CoreActivity, call: SystemCall | Any) -> bool:
        every = float(call.every)
        if every > MAX_BACKOFF:
            not_yet = AttemptFailure(NOT_YET, f"`{call.until}` does not hold yet")
            return self._report(pending, not_yet, pending.number, known=True, retry_after=every)
        pending.failures += 1
        return self._attempt_after(pending, max(every, MIN_POLL_PAUSE))

    def _poll_failed(self, pending: CoreActivity, call: SystemCall | Any, failure: AttemptFailure) -> bool:
        if not failure.retryable or should_give_up(call.retry, failure):
            return self._report(pending, failure, pending.number, known=True, retry_after=None)
        pause = max(float(call.every), failure.retry_after or 0.0)
        if pause > MAX_BACKOFF:
            return self._report(pending, failure, pending.number, known=True, retry_after=pause)
        pending.failures += 1
        return self._attempt_after(pending, max(pause, MIN_POLL_PAUSE))

    def _report(
        self, pending: CoreActivity, failure: AttemptFailure, attempts: int, *, known: bool, retry_after: float | None
    ) -> bool:
        self._leave(pending)
        told = StepFailure(failure.code, failure.message, known, attempts, retry_after)
        advance.activity_failed(self._run, pending.command.step, pending.command.launch, told)
        return True

    def _interrupt(self, pending: CoreActivity) -> None:
        command = pending.command
        if (command.step, command.launch) in self._pending:
            self._leave(pending)
            advance.activity_interrupted(self._run, command.step, command.launch, started=True)

    def _leave(self, pending: CoreActivity) -> None:
        del self._pending[pending.command.step, pending.command.launch]


def _activity_result(command: StartActivity, answer: ScenarioAnswer | None, attempts: int) -> dict[str, Any]:
    """Raises AttemptFailure."""
    if answer is None:
        raise AttemptFailure(NOT_ANSWERED, f"the scenario has no answer for activity {command.name}", retryable=False)
    if answer.error is not None or answer.delay.total_seconds() > command.request.timeout:
        code = answer.error or TIMEOUT
        raise AttemptFailure(code, f"activity {command.name}: {code}", outcome_known=code != TIMEOUT)
    if answer.status >= 400:
        raise AttemptFailure(str(answer.status), f"activity {command.name}: {answer.status}", status=answer.status)
    return {"output": answer.output, "attempts": attempts}
