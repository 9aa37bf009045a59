"""What a response means for its step: done, refused, not yet, or not expected by the definition."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from activities.attempts.failure import AttemptFailure, definition_error
from activities.attempts.retry_decision import TEMPORARY_STATUSES, parse_retry_after
from activities.calls.http_response import HttpResponse
from activity_contract.calls import RESPONSE_TOO_LARGE, SystemCall
from compiler.cel.evaluation import EvaluationError, evaluate
from compiler.cel.templates import render_template
from compiler.values import as_text

MAX_OUTPUT_BYTES = 256 * 1024
"""Limit for a step's output as JSON, because an order carries the outputs of all its steps."""
_NOT_STARTED_STATUSES = frozenset({501, 505})
"""5xx for which no work was started. Not 503: proxies also send it after they lost a connection."""
_DOWN_STATUSES = frozenset({502, 503, 504})
"""5xx that mean that the system is down, even with an error code of its own."""
_DEFINITIVE_STATUSES = frozenset({400, 409, 410, 412, 422})
"""4xx that only the system itself sends, after it has read the request. Others may come from a proxy."""
_NON_DEFINITIVE_STATUSES = TEMPORARY_STATUSES | {401, 403, 407}
_MAX_QUOTED_CHARS = 300
"""Characters of the system's error message that a failure message quotes."""


def status_failure(response: HttpResponse, label: str, error_code: str | None) -> AttemptFailure | None:
    """The failure for a status other than 2xx. `label` names the call; `error_code` is CEL that finds the system's own
    code."""
    if response.is_success:
        return None
    status = response.status
    code = _read_error_code(response, error_code)
    text = _read_error_message(response.body)
    message = f"{label}: answered {status}{f' {code}' if code else ''}{f': {text}' if text else ''}"
    return AttemptFailure(
        code or str(status),
        message,
        status=status,
        retryable=status >= 400,
        retry_after=parse_retry_after(response.headers.get("retry-after")),
        outcome_known=400 <= status < 500 or status in _NOT_STARTED_STATUSES,
        definitive=400 <= status < 500
        and status not in _NON_DEFINITIVE_STATUSES
        and (bool(code) or status in _DEFINITIVE_STATUSES),
        system_down=status in _DOWN_STATUSES or (status >= 500 and not code and status not in _NOT_STARTED_STATUSES),
    )


def _read_error_code(response: HttpResponse, error_code: str | None) -> str | None:
    """None if the response has none, such as an error of a proxy."""
    if error_code is None:
        return None
    try:
        code = evaluate(error_code, {"response": response.bindings()})
    except EvaluationError:
        return None
    return as_text(code).strip()[:100] or None if isinstance(code, str | int) else None


def _read_error_message(body: Any) -> str:
    """The message in the usual shapes of an error body, else the beginning of the body."""
    error = body.get("error") if isinstance(body, dict) else None
    for fields in (error, body):
        if isinstance(fields, dict):
            for name in ("message", "detail", "title", "description"):
                if isinstance(fields.get(name), str):
                    return _truncate(fields[name])
    if body is None:
        return ""
    return _truncate(body if isinstance(body, str) else json.dumps(body, ensure_ascii=False))


def _truncate(text: str) -> str:
    text = " ".join(text[: 4 * _MAX_QUOTED_CHARS].split())
    return text if len(text) <= _MAX_QUOTED_CHARS else text[: _MAX_QUOTED_CHARS - 1] + "…"


class ResponseEvaluator:
    """Evaluates the step's expressions over one response."""

    def __init__(self, call: SystemCall, response: HttpResponse, label: str) -> None:
        self._call = call
        self._label = label
        self._bindings = {**call.scope, "response": response.bindings()}
        self._body, self._status = response.body, response.status

    def business_failure(self) -> AttemptFailure | None:
        """The first `fail_when` that holds. Not retryable: the same key gets the same response."""
        for case in self._call.fail_when:
            if self._evaluate_condition(case["if"], "fail_when"):
                message = self._render(case.get("message", "")) or f"`{case['if']}` holds"
                text = f"{self._label}: {as_text(message)}"
                return AttemptFailure(case["code"], text, status=self._status, retryable=False, definitive=True)
        return None

    def until_holds(self) -> bool:
        return self._call.until is None or self._evaluate_condition(self._call.until, "until")

    def output(self) -> Any:
        """Raises AttemptFailure if the template has no value, or one that is too large."""
        value = self._body if self._call.output is None else _to_json_value(self._render(self._call.output))
        size = len(json.dumps(value, ensure_ascii=False).encode())
        if size > MAX_OUTPUT_BYTES:
            message = (
                f"{self._label}: the step's output has {size // 1024} KiB; at most {MAX_OUTPUT_BYTES // 1024} "
                "are allowed. Use `output` to select what later steps need"
            )
            raise AttemptFailure(RESPONSE_TOO_LARGE, message, retryable=False, outcome_known=False)
        return value

    def _evaluate_condition(self, condition: str, key: str) -> bool:
        try:
            value = evaluate(condition, self._bindings)
        except EvaluationError as error:
            raise self._evaluation_failure(error) from None
        if not isinstance(value, bool):
            message = f"{self._location(condition)}`{key}` must be true or false, but is {as_text(value)[:100]}"
            raise definition_error(message, outcome_known=False)
        return value

    def _render(self, template: Any) -> Any:
        try:
            return render_template(template, self._bindings)
        except EvaluationError as error:
            raise self._evaluation_failure(error) from None

    def _evaluation_failure(self, error: EvaluationError) -> AttemptFailure:
        # A response was received, so the work may be done.
        return definition_error(f"{self._location(error.expression)}{error}", outcome_known=False)

    def _location(self, expression: str) -> str:
        position = self._call.places.get(expression) or self._call.places.get(expression.strip())
        return f"{position or self._label}: "


def _to_json_value(value: Any) -> Any:
    """Dates, date-times and durations become text."""
    if isinstance(value, date | timedelta):
        return as_text(value)
    if isinstance(value, Mapping):
        return {as_text(key): _to_json_value(item) for key, item in value.items()}
    return [_to_json_value(item) for item in value] if isinstance(value, list | tuple) else value
