"""What can be known of a definition once for all its steps: which expressions are judged where, and what they read."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from compiler.cel.evaluation import VARIABLE_NAMES
from compiler.cel.templates import split_template
from compiler.language.steps import CrossOrderReference, FailureCondition, StepKind, UndoDefinition
from compiler.plan.plan import PlannedDefinition

_NAMES = re.compile(rf"\b({'|'.join(VARIABLE_NAMES)})\b")

_RESPONSE_FIELDS = re.compile(r"\bresponse\b(?:\s*\.\s*(status|headers|body)\b)?")


@lru_cache(maxsize=50_000)
def _names_in_expression(expression: str) -> frozenset[str]:
    return frozenset(_NAMES.findall(expression))


def _response_template(*texts: str) -> dict[str, str]:
    """A template of the response, as far as these texts mention it."""
    found = {field for text in texts for field in _RESPONSE_FIELDS.findall(text)}
    fields = ("status", "headers", "body")
    return {field: f"${{response.{field}}}" for field in fields if field in found or "" in found}


def names_in_template(template: Any) -> frozenset[str]:
    """The names (`order`, `response`, …) that the `${…}` of a template may read."""
    if isinstance(template, str):
        found: frozenset[str] = frozenset()
        for piece in split_template(template) if "${" in template else ():
            if not isinstance(piece, str):
                found |= _names_in_expression(piece[1])
        return found
    if isinstance(template, dict):
        return frozenset().union(*(names_in_template(value) for value in template.values()))
    if isinstance(template, list | tuple):
        return frozenset().union(*(names_in_template(value) for value in template))
    return frozenset()


@dataclass(frozen=True, slots=True)
class StepProfile:
    """`answer_…`: what the activity of a call judges; the rest is judged here, when a callback, event or form comes."""

    kind: StepKind
    other_orders: tuple[CrossOrderReference, ...]
    """The steps of other orders that it waits for."""
    uses_activity: bool
    """It needs an activity."""
    response_output: Any
    """The output template that the activity renders; None: the body."""
    response_fail_when: list[dict[str, str]]
    response_names: frozenset[str]
    """The names beside `response` that those two read."""
    poll_names: frozenset[str]
    deferred_fail_when: tuple[FailureCondition, ...]
    undo_reads_output: bool
    """What it put out has to be known before it can be undone."""
    undo_response_output: Any
    """Of the undo's answer, what asking how it goes reads."""
    undo_poll_names: frozenset[str]
    recovery_output: Any
    """As `answer_output`, where its work is repeated only to learn what it did: nobody waits for its callback."""
    recovery_names: frozenset[str]

    def is_business_code(self, code: str) -> bool:
        """Whether one of the definition's own `fail_when` says this code of an answer."""
        return any(case["code"] == code for case in self.response_fail_when)


def step_profile(planned: PlannedDefinition) -> StepProfile:
    definition = planned.definition
    kind = definition.kind
    call = definition.call
    output, fail_when = definition.output, tuple(definition.fail_when)
    answer_output, later = output, fail_when
    poll_names: frozenset[str] = frozenset()
    if call is not None and call.poll is not None:
        # The first answer only tells where to ask; business is judged by what is asked for.
        poll_names = names_in_template(output) | _names_in_expression(call.poll.until) | _fail_when_names(fail_when)
        answer_output, later = _response_template(call.poll.get), ()
        on_answer: tuple[FailureCondition, ...] = ()
    elif call is not None and call.callback is not None:
        later = tuple(case for case in fail_when if "payload" in _names_in_expression(case.if_))
        on_answer = tuple(case for case in fail_when if case not in later)
        answer_output = _response_template(json.dumps(output), *(f"{case.if_} {case.message}" for case in later))
    elif call is not None:
        later, on_answer = (), fail_when
    else:
        answer_output, on_answer = None, ()
    undo_poll = definition.undo.call.poll if definition.undo and definition.undo.call else None
    learnt = _without_payload(output) if call is not None and call.callback is not None else answer_output
    return StepProfile(
        kind=kind,
        other_orders=tuple(each for each in definition.after if isinstance(each, CrossOrderReference)),
        uses_activity=kind in (StepKind.CALL, StepKind.ACTIVITY),
        response_output=answer_output,
        response_fail_when=[_fail_when_json(case) for case in (fail_when if call and call.poll else on_answer)],
        response_names=(names_in_template(answer_output) | _fail_when_names(on_answer)) - {"response"},
        poll_names=poll_names - {"response"},
        deferred_fail_when=later,
        undo_reads_output=definition.undo is not None and _undo_reads_output(definition.undo),
        undo_response_output=_response_template(undo_poll.get) if undo_poll else {},
        undo_poll_names=_names_in_expression(undo_poll.until) - {"response"} if undo_poll else frozenset(),
        recovery_output=learnt,
        recovery_names=(names_in_template(learnt) | _fail_when_names(on_answer)) - {"response"},
    )


def _undo_reads_output(undo: UndoDefinition) -> bool:
    polls = (
        undo.call is not None and undo.call.poll is not None and "output" in _names_in_expression(undo.call.poll.until)
    )
    return polls or "output" in names_in_template(undo.model_dump(exclude={"retry", "timeout"}, exclude_none=True))


def _without_payload(output: Any) -> Any:
    """As much of an `output` as the answer to the call tells by itself; None: the body."""
    if isinstance(output, dict):
        return {name: value for name, value in output.items() if "payload" not in names_in_template(value)} or None
    return None if "payload" in names_in_template(output) else output


def _fail_when_json(case: FailureCondition) -> dict[str, str]:
    return {"if": case.if_, "code": case.code, "message": case.message}


def _fail_when_names(cases: tuple[FailureCondition, ...]) -> frozenset[str]:
    return frozenset().union(*(_names_in_expression(case.if_) | names_in_template(case.message) for case in cases))
