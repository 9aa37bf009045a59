"""What an answer means for its step: done, refused, not yet, or a definition that did not foresee it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from activities.attempts.attempt import TEMPORARY
from activities.attempts.failure import Failure, definition_error, retry_after
from activities.calls.request import Request
from activities.calls.response import Answer
from activity_contract.calls import ANSWER_TOO_LARGE, SystemCall
from compiler.cel.evaluation import EvaluationError, as_text, evaluate, render

LARGEST_OUTPUT = 256 * 1024
"""Bytes of JSON that a step may hand on to later ones: an order carries the outputs of all its steps."""
_REFUSED_FOR_GOOD = frozenset({501, 505})
"""Of 5xx, those that say that nothing was even begun. 503 does not: proxies answer it for lost connections, too."""
_DOWN = frozenset({502, 503, 504})
"""Of 5xx, those that say that the system, or what stands behind it, is down, whatever code comes with it."""
_ABOUT_THE_WORK = frozenset({400, 409, 410, 412, 422})
"""Of 4xx, those that only the system says, having looked at what is wanted. Others may come from a proxy before it."""
_NOT_ABOUT_THE_WORK = TEMPORARY | {401, 403, 407}
_SAID = 300
"""Characters of the system's own words that a message quotes."""


def refusal(answer: Answer, request: Request, error_code: str | None) -> Failure | None:
    """The failure that a status other than 2xx is; `error_code` finds the system's own code for it."""
    if answer.succeeded:
        return None
    status = answer.status
    code = _system_code(answer, error_code)
    said = _system_words(answer.body)
    message = f"{request.shown}: answered {status}{f' {code}' if code else ''}{f': {said}' if said else ''}"
    return Failure(
        code or str(status),
        message,
        status=status,
        retryable=status >= 400,
        retry_after=retry_after(answer.headers.get("retry-after")),
        outcome_known=400 <= status < 500 or status in _REFUSED_FOR_GOOD,
        settles=400 <= status < 500 and status not in _NOT_ABOUT_THE_WORK and (bool(code) or status in _ABOUT_THE_WORK),
        unwell=status in _DOWN or (status >= 500 and not code and status not in _REFUSED_FOR_GOOD),
    )


def _system_code(answer: Answer, error_code: str | None) -> str | None:
    """None where the answer has none, as an error from a proxy before the system."""
    if error_code is None:
        return None
    try:
        code = evaluate(error_code, {"response": answer.bindings()})
    except EvaluationError:
        return None
    return as_text(code).strip()[:100] or None if isinstance(code, str | int) else None


def _system_words(body: Any) -> str:
    """What the body says to people: the message of the usual shapes of an error, else its beginning."""
    error = body.get("error") if isinstance(body, dict) else None
    for place in (error, body):
        if isinstance(place, dict):
            for name in ("message", "detail", "title", "description"):
                if isinstance(place.get(name), str):
                    return _cut(place[name])
    if body is None:
        return ""
    return _cut(body if isinstance(body, str) else json.dumps(body, ensure_ascii=False))


def _cut(text: str) -> str:
    text = " ".join(text[: 4 * _SAID].split())
    return text if len(text) <= _SAID else text[: _SAID - 1] + "…"


class Reading:
    """The step's own expressions over one answer."""

    def __init__(self, call: SystemCall, answer: Answer, request: Request) -> None:
        self._call = call
        self._request = request
        self._bindings = {**call.scope, "response": answer.bindings()}
        self._body, self._status = answer.body, answer.status

    def business_failure(self) -> Failure | None:
        """The first of `fail_when` that holds. A retry does not cure it: the same key gets the same answer."""
        for case in self._call.fail_when:
            if self._holds(case["if"], "fail_when"):
                message = self._rendered(case.get("message", "")) or f"`{case['if']}` holds"
                said = f"{self._request.shown}: {as_text(message)}"
                return Failure(case["code"], said, status=self._status, retryable=False, settles=True)
        return None

    def until_holds(self) -> bool:
        return self._call.until is None or self._holds(self._call.until, "until")

    def output(self) -> Any:
        """Raises Failure where the template has no value, or too large a one."""
        value = self._body if self._call.output is None else _plain(self._rendered(self._call.output))
        size = len(json.dumps(value, ensure_ascii=False).encode())
        if size > LARGEST_OUTPUT:
            message = (
                f"{self._request.shown}: the step's output has {size // 1024} KiB, and {LARGEST_OUTPUT // 1024} can be "
                "kept: let `output` pick what later steps need"
            )
            raise Failure(ANSWER_TOO_LARGE, message, retryable=False, outcome_known=False)
        return value

    def _holds(self, condition: str, key: str) -> bool:
        try:
            value = evaluate(condition, self._bindings)
        except EvaluationError as error:
            raise self._no_value(error) from None
        if not isinstance(value, bool):
            raise definition_error(
                f"{self._place(condition)}`{key}` must be true or false, and is {as_text(value)[:100]}",
                outcome_known=False,
            )
        return value

    def _rendered(self, template: Any) -> Any:
        try:
            return render(template, self._bindings)
        except EvaluationError as error:
            raise self._no_value(error) from None

    def _no_value(self, error: EvaluationError) -> Failure:
        # The answer has come: whatever it says, the work may be done.
        return definition_error(f"{self._place(error.expression)}{error}", outcome_known=False)

    def _place(self, expression: str) -> str:
        place = self._call.places.get(expression) or self._call.places.get(expression.strip())
        return f"{place}: " if place else f"{self._request.shown}: "


def _plain(value: Any) -> Any:
    """As JSON has it: moments and durations as text."""
    if isinstance(value, date | timedelta):
        return as_text(value)
    if isinstance(value, Mapping):
        return {as_text(key): _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, list | tuple) else value
