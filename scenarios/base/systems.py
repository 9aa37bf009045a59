"""The systems of a scenario: who answers a call, and what is recorded of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, unquote

from activity_contract.calls import CALLBACK_ID, CALLBACK_URL, StepActivity, SystemCall
from activity_contract.idempotency_key import Effect
from compiler.language.scenario_answers import ScenarioAnswer
from compiler.language.systems import System
from scenarios.base.judgement import outcome_text
from scenarios.pretend.messages import Delivery, PretendRequest, PretendResponse
from scenarios.pretend.system import PretendSystem
from scenarios.record import CallRecord, Problem, Record
from scenarios.world.world_answers import AnsweredWork, WorldAnswers

CALLBACK_PREFIX = "https://ordo.example/callbacks/"
"""Of the callback URLs that systems get. What follows is the idempotency key of the call, percent-encoded."""
EFFECTS: tuple[Effect, ...] = ("do", "undo", "change")


class Systems:
    def __init__(self, record: Record, answers: WorldAnswers, systems: Mapping[str, System], started_at: float) -> None:
        self._record = record
        self._answers = answers
        self._systems = systems
        self._started_at = started_at
        self.has_answered = False
        """Since somebody last asked for the next delivery."""
        self._pretend: dict[str, PretendSystem] = {}
        self.step_of_key: dict[str, str] = {}
        """Idempotency key → the step that has called with it."""
        self._unanswered: set[tuple[str, str]] = set()

    def cannot_be_reached(self, call: SystemCall, now: float) -> bool:
        """Whether `world`, or an example, says so of this call."""
        given = self._answers.peek_example(call.step_id, _work(call))
        return self._pretended(call.system).cannot_be_reached(_request(call), _moment(now), given)

    def answer(self, call: SystemCall, now: float, received: PretendRequest | None = None) -> PretendResponse:
        """`received`: the request as it came over HTTP. None: as the call says it."""
        effect = effect_of(call)
        self.step_of_key[call.idempotency_key] = call.step_id
        work = _work(call)
        request = _request(call) if received is None else received
        pretend = self._pretended(call.system)
        response = pretend.answer(request, _moment(now), self._answers.take_example(call.step_id, work))
        self.has_answered = True
        if response.problem:
            self._report_unanswered(call, work, response.problem, now)
        self._record.add_call(
            CallRecord(
                at=now - self._started_at,
                step=call.step_id,
                effect=effect,
                is_poll=call.until is not None,
                system=call.system,
                method=call.method,
                path=call.path,
                query=call.query,
                headers=request.headers,
                body=request.body,
                key=call.idempotency_key,
                outcome=outcome_text(call, response),
            )
        )
        return response

    def _pretended(self, name: str) -> PretendSystem:
        known = self._pretend.get(name)
        if known is None:
            system = self._systems.get(name)
            known = self._pretend[name] = PretendSystem(name, system.example if system else ())
        return known

    def activity_answer(self, name: str, request: StepActivity, now: float) -> ScenarioAnswer | None:
        """The answer of a Python activity."""
        given = self._answers.take(request.step_id, effect_of(request))
        if given is None and (request.step_id, "activity") not in self._unanswered:
            self._unanswered.add((request.step_id, "activity"))
            short = request.step_id.partition("@")[0]
            message = (
                f"{request.step_id} runs the Python activity `{name}`, and a scenario does not: write in "
                f"`world`, for example, {{on: {short}, answer: {{output: {{}}}}}}"
            )
            self._record.problems.append(Problem(("world",), message, now - self._started_at))
        return given

    def next_delivery(self) -> float | None:
        """When the next callback or event of a system's example is due."""
        self.has_answered = False
        due = [moment for each in self._pretend.values() if (moment := each.next_due()) is not None]
        return min(due).timestamp() if due else None

    def take_deliveries(self, now: float) -> Iterator[Delivery]:
        for pretend in self._pretend.values():
            yield from pretend.take_due(_moment(now))

    def _report_unanswered(self, call: SystemCall, work: AnsweredWork, problem: str, now: float) -> None:
        """Once for each step, and each kind of its calls."""
        if (call.step_id, work) in self._unanswered:
            return
        self._unanswered.add((call.step_id, work))
        short, system = call.step_id.partition("@")[0], self._systems.get(call.system)
        of = "" if work == "do" else f" of: {work},"
        what = "" if work == "do" else f" ({work})"
        reason = "" if system is None or not system.example else f" ({problem})"
        message = (
            f"nothing answers {call.step_id}{what}, {call.system} {call.method.upper()} {call.path}: write in `world`, "
            f"for example, {{on: {short},{of} answer: {{status: 200, body: {{}}}}}}, or an `example` of "
            f"{call.system}{reason}"
        )
        self._record.problems.append(Problem(("world",), message, now - self._started_at))


def _work(call: SystemCall) -> AnsweredWork:
    return "poll" if call.until is not None else effect_of(call)


def effect_of(request: SystemCall | StepActivity) -> Effect:
    """By the idempotency key."""
    word = request.idempotency_key.removeprefix(f"{request.order_id}/{request.step_id}/").partition("/")[0]
    return next((effect for effect in EFFECTS if effect == word), "do")


def callback_key(to: str) -> str:
    """The idempotency key in a callback URL, or id, that `answer` has given to a system."""
    return unquote(to.rpartition("/callbacks/")[2])


def _request(call: SystemCall) -> PretendRequest:
    callback = quote(call.idempotency_key, safe="")

    def insert(value: Any) -> Any:
        if isinstance(value, str):
            return value.replace(CALLBACK_URL, CALLBACK_PREFIX + callback).replace(CALLBACK_ID, callback)
        if isinstance(value, dict):
            return {insert(key): insert(item) for key, item in value.items()}
        return [insert(item) for item in value] if isinstance(value, list) else value

    path = insert(call.path)
    return PretendRequest(
        method=call.method.upper(),
        path=path if path.startswith("/") else f"/{path}",
        query=insert(call.query),
        headers={
            **{name.lower(): insert(value) for name, value in call.headers.items()},
            "idempotency-key": call.idempotency_key,
        },
        body=insert(call.body),
    )


def _moment(now: float) -> datetime:
    return datetime.fromtimestamp(now, UTC)
