"""What an answer means for its step: done, refused, not yet, or a definition that did not foresee it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from activities.attempts.attempt import TEMPORARY_STATUSES
from activities.attempts.failure import AttemptFailure, definition_error, parse_retry_after
from activities.calls.request import HttpRequest
from activities.calls.response import HttpResponse
from activity_contract.calls import RESPONSE_TOO_LARGE, SystemCall
from compiler.cel.evaluation import EvaluationError, evaluate
from compiler.cel.templates import render_template
from compiler.values import as_text

MAX_OUTPUT_BYTES = 256 * 1024
"""Bytes of JSON that a step may hand on to later ones: an order carries the outputs of all its steps."""
_NOT_STARTED_STATUSES = frozenset({501, 505})
"""Of 5xx, those that say that nothing was even begun. 503 does not: proxies answer it for lost connections, too."""
_DOWN_STATUSES = frozenset({502, 503, 504})
"""Of 5xx, those that say that the system, or what stands behind it, is down, whatever code comes with it."""
_DEFINITIVE_STATUSES = frozenset({400, 409, 410, 412, 422})
"""Of 4xx, those that only the system says, having looked at what is wanted. Others may come from a proxy before it."""
_NON_DEFINITIVE_STATUSES = TEMPORARY_STATUSES | {401, 403, 407}
_MAX_QUOTED_CHARS = 300
"""Characters of the system's own words that a message quotes."""


def status_failure(answer: HttpResponse, request: HttpRequest, error_code: str | None) -> AttemptFailure | None:
    """The failure that a status other than 2xx is; `error_code` finds the system's own code for it."""
    if answer.is_success:
        return None
    status = answer.status
    code = _read_error_code(answer, error_code)
    said = _read_error_message(answer.body)
    message = f"{request.label}: answered {status}{f' {code}' if code else ''}{f': {said}' if said else ''}"
    return AttemptFailure(
        code or str(status),
        message,
        status=status,
        retryable=status >= 400,
        retry_after=parse_retry_after(answer.headers.get("retry-after")),
        outcome_known=400 <= status < 500 or status in _NOT_STARTED_STATUSES,
        definitive=400 <= status < 500
        and status not in _NON_DEFINITIVE_STATUSES
        and (bool(code) or status in _DEFINITIVE_STATUSES),
        system_down=status in _DOWN_STATUSES or (status >= 500 and not code and status not in _NOT_STARTED_STATUSES),
    )


def _read_error_code(answer: HttpResponse, error_code: str | None) -> str | None:
    """None where the answer has none, as an error from a proxy before the system."""
    if error_code is None:
        return None
    try:
        code = evaluate(error_code, {"response": answer.bindings()})
    except EvaluationError:
        return None
    return as_text(code).strip()[:100] or None if isinstance(code, str | int) else None


def _read_error_message(body: Any) -> str:
    """What the body says to people: the message of the usual shapes of an error, else its beginning."""
    error = body.get("error") if isinstance(body, dict) else None
    for place in (error, body):
        if isinstance(place, dict):
            for name in ("message", "detail", "title", "description"):
                if isinstance(place.get(name), str):
                    return _truncate(place[name])
    if body is None:
        return ""
    return _truncate(body if isinstance(body, str) else json.dumps(body, ensure_ascii=False))


def _truncate(text: str) -> str:
    text = " ".join(text[: 4 * _MAX_QUOTED_CHARS].split())
    return text if len(text) <= _MAX_QUOTED_CHARS else text[: _MAX_QUOTED_CHARS - 1] + "…"


class ResponseEvaluator:
    """The step's own expressions over one answer."""

    def __init__(self, call: SystemCall, answer: HttpResponse, request: HttpRequest) -> None:
        self._call = call
        self._request = request
        self._bindings = {**call.scope, "response": answer.bindings()}
        self._body, self._status = answer.body, answer.status

    def business_failure(self) -> AttemptFailure | None:
        """The first of `fail_when` that holds. A retry does not cure it: the same key gets the same answer."""
        for case in self._call.fail_when:
            if self._evaluate_condition(case["if"], "fail_when"):
                message = self._render(case.get("message", "")) or f"`{case['if']}` holds"
                said = f"{self._request.label}: {as_text(message)}"
                return AttemptFailure(case["code"], said, status=self._status, retryable=False, definitive=True)
        return None

    def until_holds(self) -> bool:
        return self._call.until is None or self._evaluate_condition(self._call.until, "until")

    def output(self) -> Any:
        """Raises Failure where the template has no value, or too large a one."""
        value = self._body if self._call.output is None else _to_json_value(self._render(self._call.output))
        size = len(json.dumps(value, ensure_ascii=False).encode())
        if size > MAX_OUTPUT_BYTES:
            message = (
                f"{self._request.label}: the step's output has {size // 1024} KiB, and "
                f"{MAX_OUTPUT_BYTES // 1024} can be "
                "kept: let `output` pick what later steps need"
            )
            raise AttemptFailure(RESPONSE_TOO_LARGE, message, retryable=False, outcome_known=False)
        return value

    def _evaluate_condition(self, condition: str, key: str) -> bool:
        try:
            value = evaluate(condition, self._bindings)
        except EvaluationError as error:
            raise self._evaluation_failure(error) from None
        if not isinstance(value, bool):
            raise definition_error(
                f"{self._location(condition)}`{key}` must be true or false, and is {as_text(value)[:100]}",
                outcome_known=False,
            )
        return value

    def _render(self, template: Any) -> Any:
        try:
            return render_template(template, self._bindings)
        except EvaluationError as error:
            raise self._evaluation_failure(error) from None

    def _evaluation_failure(self, error: EvaluationError) -> AttemptFailure:
        # The answer has come: whatever it says, the work may be done.
        return definition_error(f"{self._location(error.expression)}{error}", outcome_known=False)

    def _location(self, expression: str) -> str:
        place = self._call.places.get(expression) or self._call.places.get(expression.strip())
        return f"{place}: " if place else f"{self._request.label}: "


def _to_json_value(value: Any) -> Any:
    """As JSON has it: moments and durations as text."""
    if isinstance(value, date | timedelta):
        return as_text(value)
    if isinstance(value, Mapping):
        return {as_text(key): _to_json_value(item) for key, item in value.items()}
    return [_to_json_value(item) for item in value] if isinstance(value, list | tuple) else value
