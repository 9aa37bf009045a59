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
from scenarios.fast.clock import Clock, Rank
from scenarios.fast.judgement import NOT_ANSWERED, NotYet, judge, time_taken
from scenarios.fast.systems import Systems
from workflows.core.engine import advance
from workflows.core.state.commands import StartActivity, StartCall
from workflows.core.state.order_run import OrderRun
from workflows.core.state.step_run import StepFailure

MIN_POLL_PAUSE = 0.1
"""Seconds, as the workflow has it."""


@dataclass(slots=True)
class Flight:
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
    def __init__(self, run: OrderRun, clock: Clock, systems: Systems, definitions: Mapping[str, System]) -> None:
        self._run = run
        self._clock = clock
        self._systems = systems
        self._definitions = definitions
        self._flights: dict[tuple[int, int], Flight] = {}
        self._held: dict[str, list[Flight]] = {}
        """System that is switched off → the calls that wait."""
        self.polls: dict[int, int] = {}
        """Position of a step → how often it has polled."""
        self.most_polls = 0

    @property
    def in_flight(self) -> bool:
        return bool(self._flights)

    def start(self, command: StartCall | StartActivity) -> None:
        flight = Flight(command, command.request.outcome_known)
        self._flights[command.step, command.launch] = flight
        self._attempt(flight)

    def cancel(self, step: int, launch: int) -> None:
        """As Temporal does: an attempt that runs ends by itself and is the last; a pause, or a poll, ends at once."""
        flight = self._flights.get((step, launch))
        if flight is None or flight.cancelled:
            return
        flight.cancelled = True
        if not flight.running or (isinstance(flight.command, StartCall) and flight.command.is_poll):
            self._clock.drop(flight.due)
            self._clock.at(self._clock.now, Rank.RESULT, lambda: self._interrupt(flight))

    def switch(self, system: str, *, off: bool) -> None:
        if off:
            self._held.setdefault(system, [])
            return
        for flight in self._held.pop(system, ()):
            self._attempt(flight)

    def _attempt(self, flight: Flight) -> bool:
        """Returns False: the order hears only of the end."""
        command = flight.command
        if flight.cancelled:
            return False
        if isinstance(command, StartActivity):
            answer = self._systems.activity_answer(command.name, command.request, self._clock.now)
            taken = 0.0 if answer is None else answer.delay.total_seconds()
            return self._end_after(flight, taken, lambda: _activity_result(command, answer, flight.number))
        call = command.request
        if call.system in self._held:
            self._held[call.system].append(flight)
            return False
        if command.is_poll:
            self.polls[command.step] = self.polls.get(command.step, 0) + 1
            self.most_polls = max(self.most_polls, self.polls[command.step])
        response = self._systems.answer(call, self._clock.now)
        definition = self._definitions.get(call.system)
        return self._end_after(
            flight,
            time_taken(call, response),
            lambda: judge(call, response, definition, flight.number).model_dump(),
        )

    def _end_after(self, flight: Flight, seconds: float, judge_attempt: Judge) -> bool:
        flight.running = True
        flight.due = self._clock.at(self._clock.now + seconds, Rank.RESULT, lambda: self._end(flight, judge_attempt))
        return False

    def _end(self, flight: Flight, judge_attempt: Judge) -> bool:
        """The attempt is over. Returns whether the order is told."""
        command = flight.command
        flight.running = False
        try:
            result = judge_attempt()
        except NotYet:
            return self._next_poll(flight, command.request)
        except AttemptFailure as failure:
            if isinstance(command, StartCall) and command.is_poll:
                return self._poll_failed(flight, command.request, failure)
            return self._failed(flight, failure)
        self._leave(flight)
        advance.activity_succeeded(self._run, command.step, command.launch, result)
        return True

    def _failed(self, flight: Flight, failure: AttemptFailure) -> bool:
        known = is_outcome_known(failure, known_before=flight.known)
        pause = None if flight.cancelled else next_pause(flight.command.request.retry, failure, flight.number)
        if pause is None or pause > MAX_BACKOFF:
            return self._report(flight, failure, flight.number, known=known, retry_after=pause)
        flight.failures, flight.known = flight.failures + 1, known
        return self._attempt_after(flight, pause)

    def _attempt_after(self, flight: Flight, seconds: float) -> bool:
        flight.due = self._clock.at(self._clock.now + seconds, Rank.RESULT, lambda: self._attempt(flight))
        return False

    def _next_poll(self, flight: Flight, call: SystemCall | Any) -> bool:
        every = float(call.every)
        if every > MAX_BACKOFF:
            not_yet = AttemptFailure(NOT_YET, f"`{call.until}` does not hold yet")
            return self._report(flight, not_yet, flight.number, known=True, retry_after=every)
        flight.failures += 1
        return self._attempt_after(flight, max(every, MIN_POLL_PAUSE))

    def _poll_failed(self, flight: Flight, call: SystemCall | Any, failure: AttemptFailure) -> bool:
        if not failure.retryable or should_give_up(call.retry, failure):
            return self._report(flight, failure, flight.number, known=True, retry_after=None)
        pause = max(float(call.every), failure.retry_after or 0.0)
        if pause > MAX_BACKOFF:
            return self._report(flight, failure, flight.number, known=True, retry_after=pause)
        flight.failures += 1
        return self._attempt_after(flight, max(pause, MIN_POLL_PAUSE))

    def _report(
        self, flight: Flight, failure: AttemptFailure, attempts: int, *, known: bool, retry_after: float | None
    ) -> bool:
        self._leave(flight)
        told = StepFailure(failure.code, failure.message, known, attempts, retry_after)
        advance.activity_failed(self._run, flight.command.step, flight.command.launch, told)
        return True

    def _interrupt(self, flight: Flight) -> None:
        command = flight.command
        if (command.step, command.launch) in self._flights:
            self._leave(flight)
            advance.activity_interrupted(self._run, command.step, command.launch, started=True)

    def _leave(self, flight: Flight) -> None:
        del self._flights[flight.command.step, flight.command.launch]


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
