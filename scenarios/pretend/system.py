"""A pretend system: answers requests by the `example` of its definition. It has no clock and sends nothing itself."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from compiler.cel.evaluation import EvaluationError, evaluate
from compiler.cel.templates import render_template
from compiler.language.durations import parse_duration
from compiler.language.example_answers import ExampleAnswer, ExampleFailure, LaterAnswer
from compiler.language.path_patterns import match_path
from compiler.values import as_text
from scenarios.pretend.callback_search import find_callback
from scenarios.pretend.messages import Callback, Delivery, Event, PretendRequest, PretendResponse
from scenarios.pretend.state import PretendState, StoredResponse

KEY_REUSED = "idempotency_key_reused"
EXAMPLE_MISSING = "example_missing"
EXAMPLE_ERROR = "example_error"
NOT_IMPLEMENTED = 501
"""The status if no example fits: nothing was done, and no breaker counts it."""

Bindings = Mapping[str, Any]
MomentConverter = Callable[[datetime], datetime]
"""Converts the moments in bodies, for a clock that runs faster."""


class PretendSystem:
    """Answers the requests to one system. The caller says what time it is, and sends what is due.

    `state` is changed in place. `probe` is the path of the probe. `convert_moment` converts each date-time that
    an expression of a body, header, key or payload gives by itself.
    """

    def __init__(
        self,
        system: str,
        answers: Sequence[ExampleAnswer],
        state: PretendState | None = None,
        probe: str | None = None,
        convert_moment: MomentConverter = lambda moment: moment,
    ) -> None:
        self.system = system
        self.answers = answers
        self._probes = frozenset({"/", f"/{(probe or '').lstrip('/')}"})
        self.state = PretendState() if state is None else state
        self._convert_moment = convert_moment

    def answer(self, request: PretendRequest, now: datetime, first: ExampleAnswer | None = None) -> PretendResponse:
        """The response. `first` answers before the system's own examples, whatever the request is."""
        stored = None if first is not None else self._stored_response(request)
        if stored is not None:
            return _replay(stored, request, now)
        try:
            chosen = self._choose(request, now, first)
            if chosen is None:
                return self._missing(request)
            return self._respond(chosen[0], chosen[1], request, now)
        except (EvaluationError, ValueError) as error:
            message = f"the example of system `{self.system}` cannot answer {request.method} {request.path}: {error}"
            return _problem(EXAMPLE_ERROR, message)

    def cannot_be_reached(self, request: PretendRequest, now: datetime, first: ExampleAnswer | None = None) -> bool:
        """Whether the answer to this request would be `error: connection`. Changes nothing."""
        if first is None and self._stored_response(request) is not None:
            return False
        try:
            chosen = self._choose(request, now, first)
        except (EvaluationError, ValueError):
            return False  # `answer` says so
        if chosen is None:
            return False
        failure = self._next_failure(chosen[0], _effect(request))
        return (chosen[0] if failure is None else failure).error == "connection"

    def next_due(self) -> datetime | None:
        """When the next callback or event is due."""
        return min((delivery.due for delivery in self.state.pending), default=None)

    def take_due(self, now: datetime) -> list[Delivery]:
        """The callbacks and events that are due, in the order of their times. They are removed from the state."""
        due = sorted((one for one in self.state.pending if one.due <= now), key=lambda one: one.due)
        self.state.pending = [one for one in self.state.pending if one.due > now]
        return due

    # choosing

    def _stored_response(self, request: PretendRequest) -> StoredResponse | None:
        return None if request.method == "GET" else self.state.responses.get(request.idempotency_key)

    def _choose(
        self, request: PretendRequest, now: datetime, first: ExampleAnswer | None
    ) -> tuple[ExampleAnswer, dict[str, str]] | None:
        """The first answer that fits, with the names in its path."""
        if first is not None:
            return first, match_path(first.pattern, request.path) or {}
        for answer in self.answers:
            if answer.method is not None and answer.method.upper() != request.method:
                continue
            path = match_path(answer.pattern, request.path)
            if path is not None and _holds(answer.when, {"request": _bound(request, now), "path": path}):
                return answer, path
        return None

    def _missing(self, request: PretendRequest) -> PretendResponse:
        if request.method == "GET" and request.path in self._probes:
            return PretendResponse()  # a pretend system is always there
        wanted = f"{request.method} {request.path}"
        written = f"- {{{request.method.lower()}: {request.path}, status: 200, body: {{}}}}"
        message = (
            f"system `{self.system}` has no example for {wanted}: write under its `example`, for instance, `{written}`"
        )
        return _problem(EXAMPLE_MISSING, message)

    # responding

    def _respond(
        self, answer: ExampleAnswer, path: dict[str, str], request: PretendRequest, now: datetime
    ) -> PretendResponse:
        effect = _effect(request)
        bindings: dict[str, Any] = {"request": _bound(request, now), "path": path}
        if (failure := self._failure(answer, effect, bindings)) is not None:
            return failure
        bindings["number"] = self.state.numbers.get(answer.label, 0) + 1
        later = self._later_answer(answer, path, bindings, now)
        status = later.status if later and later.status is not None else answer.status
        headers = later.headers if later and later.headers is not None else answer.headers
        response = PretendResponse(
            status=status,
            headers=self._headers(headers, bindings),
            body=self._render(later.body if later else answer.body, bindings),
            error=answer.error,
            delay=answer.delay,
        )
        if response.error is None:
            deliveries = [*self._deliveries(answer, request, bindings, now, effect)] if status < 300 else []
            self._remember(answer, path, request, response, deliveries, now)
        return response

    def _failure(self, answer: ExampleAnswer, effect: str, bindings: Bindings) -> PretendResponse | None:
        """The response to one of the first requests of this effect, if they fail."""
        fails = self._next_failure(answer, effect)
        if fails is None:
            return None
        headers, body = self._headers(fails.headers, bindings), self._render(fails.body, bindings)
        name = _failure_name(answer, effect)
        self.state.failures[name] = self.state.failures.get(name, 0) + 1
        return PretendResponse(status=fails.status, headers=headers, body=body, error=fails.error)

    def _next_failure(self, answer: ExampleAnswer, effect: str) -> ExampleFailure | None:
        fails = answer.fails
        if fails is None or self.state.failures.get(_failure_name(answer, effect), 0) >= fails.times:
            return None
        return fails

    def _later_answer(
        self, answer: ExampleAnswer, path: Mapping[str, str], bindings: Bindings, now: datetime
    ) -> LaterAnswer | None:
        """The last entry of `then` whose time has come."""
        if not answer.then:
            return None
        since = max(self._first_seen(name, now) for name in ([*path.values()] or [answer.label]))
        reached = [
            (after, later) for later in answer.then if (after := _duration(later.after, bindings)) <= now - since
        ]
        return max(reached, key=lambda each: each[0])[1] if reached else None

    def _first_seen(self, value: str, now: datetime) -> datetime:
        return self.state.first_seen.setdefault(value, now)

    def _deliveries(
        self, answer: ExampleAnswer, request: PretendRequest, bindings: Bindings, now: datetime, effect: str
    ) -> Iterator[Delivery]:
        for callback in answer.calls_back:
            to = self._text(callback.to, bindings) if callback.to is not None else find_callback(request)
            if to and _holds(callback.when, bindings):
                yield Callback(
                    due=now + _duration(callback.after, bindings), to=to, body=self._render(callback.body, bindings)
                )
        for position, event in enumerate(answer.sends):
            if _holds(event.when, bindings):
                yield Event(
                    due=now + _duration(event.after, bindings),
                    event_id=_event_id(self.system, effect, bindings["number"], position),
                    name=self._text(event.event, bindings),
                    key=None if event.key is None else self._text(event.key, bindings),
                    order=None if event.order is None else self._text(event.order, bindings),
                    payload=self._render(event.payload, bindings),
                )

    def _remember(
        self,
        answer: ExampleAnswer,
        path: Mapping[str, str],
        request: PretendRequest,
        response: PretendResponse,
        deliveries: Sequence[Delivery],
        now: datetime,
    ) -> None:
        state = self.state
        state.numbers[answer.label] = state.numbers.get(answer.label, 0) + 1
        resources = frozenset((*path.values(), *_values(response.body)))
        for value in resources:
            state.first_seen.setdefault(value, now)
        if request.method == "DELETE" and response.status < 300:
            gone = frozenset(path.values())
            state.pending = [one for one in state.pending if not one.resources & gone]
        state.pending += [one.model_copy(update={"resources": resources}) for one in deliveries]
        if request.method != "GET" and request.idempotency_key and response.status < 500:
            state.responses[request.idempotency_key] = StoredResponse(
                request=_fingerprint(request),
                status=response.status,
                headers=dict(response.headers),
                body=response.body,
                ready=now + response.delay,
            )

    # rendering

    def _render(self, template: Any, bindings: Bindings) -> Any:
        return self._plain(render_template(template, bindings))

    def _text(self, template: str, bindings: Bindings) -> str:
        return as_text(self._render(template, bindings))

    def _headers(self, headers: Mapping[str, str], bindings: Bindings) -> dict[str, str]:
        return {name: self._text(value, bindings) for name, value in headers.items()}

    def _plain(self, value: Any) -> Any:
        """The value as JSON has it. Date-times are converted to the caller's clock."""
        if isinstance(value, datetime):
            return as_text(self._convert_moment(value))
        if isinstance(value, date | timedelta):
            return as_text(value)
        if isinstance(value, Mapping):
            return {as_text(key): self._plain(item) for key, item in value.items()}
        return [self._plain(item) for item in value] if isinstance(value, list | tuple) else value


def _effect(request: PretendRequest) -> str:
    return request.idempotency_key or f"{request.method} {request.path}"


def _failure_name(answer: ExampleAnswer, effect: str) -> str:
    return f"{answer.label} {effect}"


def _bound(request: PretendRequest, now: datetime) -> dict[str, Any]:
    return {
        "method": request.method,
        "path": request.path,
        "query": dict(request.query),
        "headers": dict(request.headers),
        "body": {} if request.body is None else request.body,
        "time": now,
    }


def _holds(condition: str | None, bindings: Bindings) -> bool:
    """A condition that reads what the request does not have does not hold."""
    if condition is None:
        return True
    try:
        return evaluate(condition, bindings) is True
    except EvaluationError as error:
        if error.is_missing_value:
            return False
        raise


def _duration(duration: timedelta | str, bindings: Bindings) -> timedelta:
    if isinstance(duration, timedelta):
        return duration
    value = render_template(duration, bindings)
    return value if isinstance(value, timedelta) else parse_duration(value)


def _event_id(system: str, effect: str, number: int, position: int) -> str:
    """The same for the same effect, and short enough for the gateway."""
    content = f"{effect} {number} {position}"
    return f"{system}-{hashlib.sha256(content.encode()).hexdigest()[:24]}"


def _values(body: Any) -> Iterator[str]:
    """The texts and whole numbers in a body: among them are the ids of what was made."""
    if isinstance(body, Mapping):
        body = list(body.values())
    if isinstance(body, list):
        for item in body:
            yield from _values(item)
    elif isinstance(body, str | int) and not isinstance(body, bool):
        yield str(body)


def _fingerprint(request: PretendRequest) -> str:
    return f"{request.method} {request.path} {json.dumps(request.body, sort_keys=True, default=str)}"


def _replay(stored: StoredResponse, request: PretendRequest, now: datetime) -> PretendResponse:
    if stored.request != _fingerprint(request):
        message = "this Idempotency-Key was used before, for another request"
        return PretendResponse(status=422, body={"error": {"code": KEY_REUSED, "message": message}})
    headers = {**stored.headers, "Idempotency-Replayed": "true"}
    delay = max(stored.ready - now, timedelta(0))
    return PretendResponse(stored.status, headers, stored.body, delay=delay, is_replay=True)


def _problem(code: str, message: str) -> PretendResponse:
    return PretendResponse(NOT_IMPLEMENTED, body={"error": {"code": code, "message": message}}, problem=message)
