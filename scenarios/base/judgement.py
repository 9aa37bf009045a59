"""Judges an answer as the worker's call does, by the same code."""

from __future__ import annotations

from activities.attempts.failure import AttemptFailure
from activities.calls.http_response import HttpResponse
from activities.calls.response_outcome import ResponseEvaluator, status_failure
from activity_contract.calls import CONNECTION, TIMEOUT, SystemCall, SystemCallResult
from compiler.language.systems import System
from scenarios.pretend.messages import PretendResponse

NOT_ANSWERED = "not_answered"
"""The failure code of a call for which the scenario has no answer."""


class NotYet(Exception):
    """The `until` of a poll does not hold yet."""


def judge(call: SystemCall, response: PretendResponse, system: System | None, attempts: int) -> SystemCallResult:
    """The result of the call. Raises AttemptFailure, or NotYet for a poll."""
    if response.problem:
        raise AttemptFailure(NOT_ANSWERED, response.problem, retryable=False)
    label = f"{(system and system.name) or call.system}, {call.method.upper()} {call.path[:200]}"
    if response.error == "connection":
        message = f"{label}: it cannot be reached"
        raise AttemptFailure(CONNECTION, message, outcome_known=True, system_down=True)
    if response.error == "timeout" or response.delay.total_seconds() > call.timeout:
        message = f"{label}: no response within {round(call.timeout, 3):g} s"
        raise AttemptFailure(TIMEOUT, message, outcome_known=False, system_down=True)
    headers = {name.lower(): value for name, value in response.headers.items()}
    received = HttpResponse(response.status, headers, response.body)
    refused = status_failure(received, label, system.error_code if system else None)
    evaluator = ResponseEvaluator(call, received, label)
    if failed := refused or evaluator.business_failure():
        raise failed
    if not evaluator.until_holds():
        raise NotYet
    return SystemCallResult(status=response.status, output=evaluator.output(), attempts=attempts)


def time_taken(call: SystemCall, response: PretendResponse) -> float:
    """Seconds until the caller knows."""
    if response.error == "connection":
        return 0.0
    if response.error == "timeout":
        return call.timeout
    return min(response.delay.total_seconds(), call.timeout)


def outcome_text(call: SystemCall, response: PretendResponse) -> str:
    if response.problem:
        return "no answer in the scenario"
    if response.error is not None:
        return str(response.error)
    if response.delay.total_seconds() > call.timeout:
        return TIMEOUT
    again = " (the same answer again: same key)" if response.is_replay else ""
    return f"{response.status}{again}"
