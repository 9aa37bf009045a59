"""What all steps of a definition share: where each expression is evaluated, and what it reads.

Expressions over a response run in the activity. Expressions over a callback, an event or a form run in the workflow.
"""

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
    """A template of the fields of the response that these texts mention."""
    named = {field for text in texts for field in _RESPONSE_FIELDS.findall(text)}
    fields = ("status", "headers", "body")
    return {field: f"${{response.{field}}}" for field in fields if field in named or "" in named}


def names_in_template(template: Any) -> frozenset[str]:
    """The names (`order`, `response`, …) that the `${…}` of a template may read."""
    if isinstance(template, str):
        pieces = split_template(template) if "${" in template else ()
        return frozenset().union(*(_names_in_expression(piece[1]) for piece in pieces if not isinstance(piece, str)))
    if isinstance(template, dict):
        template = list(template.values())
    if isinstance(template, list | tuple):
        return frozenset().union(*(names_in_template(value) for value in template))
    return frozenset()


@dataclass(frozen=True, slots=True)
class StepProfile:
    """`response_…` is for the activity of a call. `deferred_…` is for the workflow."""

    kind: StepKind
    other_orders: tuple[CrossOrderReference, ...]
    """Steps of other orders that the step waits for."""
    uses_activity: bool
    """The step's work is a call or a Python activity."""
    response_output: Any
    """The template that the activity renders. None means the body."""
    response_fail_when: list[dict[str, str]]
    response_names: frozenset[str]
    """Names other than `response` that these two expressions read."""
    poll_names: frozenset[str]
    """Names other than `response` that the expressions of a poll read."""
    deferred_fail_when: tuple[FailureCondition, ...]
    undo_reads_output: bool
    """The output must be known before the step can be undone."""
    undo_response_output: Any
    """The part of the undo call's response that polling reads."""
    undo_poll_names: frozenset[str]
    recovery_output: Any
    """The template of the output that comes from the response alone: that of a repeated call, or the acknowledgement of
    a call whose callback nobody waits for any more. None means the body."""
    recovery_names: frozenset[str]

    def is_business_code(self, code: str) -> bool:
        """Whether a `fail_when` of the response has this code."""
        return any(case["code"] == code for case in self.response_fail_when)


def step_profile(planned: PlannedDefinition) -> StepProfile:
    definition = planned.definition
    kind, call, output = definition.kind, definition.call, definition.output
    fail_when = tuple(definition.fail_when)
    response_output = recovery_output = output if call is not None else None
    immediate, deferred = (fail_when, ()) if call is not None else ((), fail_when)
    poll_names: frozenset[str] = frozenset()
    if call is not None and call.poll is not None:
        # The first response only says where to poll. `output` and `fail_when` are about the polled response.
        poll_names = names_in_template(output) | _names_in_expression(call.poll.until) | _fail_when_names(fail_when)
        response_output = recovery_output = _response_template(call.poll.get)
        immediate = ()
    elif call is not None and call.callback is not None:
        deferred = tuple(case for case in fail_when if "payload" in _names_in_expression(case.if_))
        immediate = tuple(case for case in fail_when if case not in deferred)
        recovery_output = _without_payload(output)
        texts = [json.dumps(output), *(f"{case.if_} {case.message}" for case in deferred)]
        undone_by_body = recovery_output is None and _undo_reads_output(definition.undo)
        response_output = _response_template(*texts, *(["response.body"] if undone_by_body else []))
    undo_poll = definition.undo.call.poll if definition.undo and definition.undo.call else None
    return StepProfile(
        kind=kind,
        other_orders=tuple(each for each in definition.after if isinstance(each, CrossOrderReference)),
        uses_activity=kind in (StepKind.CALL, StepKind.ACTIVITY),
        response_output=response_output,
        response_fail_when=[_fail_when_json(case) for case in (fail_when if call and call.poll else immediate)],
        response_names=(names_in_template(response_output) | _fail_when_names(immediate)) - {"response"},
        poll_names=poll_names - {"response"},
        deferred_fail_when=deferred,
        undo_reads_output=_undo_reads_output(definition.undo),
        undo_response_output=_response_template(undo_poll.get) if undo_poll else {},
        undo_poll_names=_names_in_expression(undo_poll.until) - {"response"} if undo_poll else frozenset(),
        recovery_output=recovery_output,
        recovery_names=(names_in_template(recovery_output) | _fail_when_names(immediate)) - {"response"},
    )


def _undo_reads_output(undo: UndoDefinition | None) -> bool:
    if undo is None:
        return False
    poll = undo.call.poll if undo.call is not None else None
    if poll is not None and "output" in _names_in_expression(poll.until):
        return True
    return "output" in names_in_template(undo.model_dump(exclude={"retry", "timeout"}, exclude_none=True))


def _without_payload(output: Any) -> Any:
    """The part of `output` that does not need a callback's payload. None means the body."""
    if isinstance(output, dict):
        return {name: value for name, value in output.items() if "payload" not in names_in_template(value)} or None
    return None if "payload" in names_in_template(output) else output


def _fail_when_json(case: FailureCondition) -> dict[str, str]:
    return {"if": case.if_, "code": case.code, "message": case.message}


def _fail_when_names(cases: tuple[FailureCondition, ...]) -> frozenset[str]:
    return frozenset().union(*(_names_in_expression(case.if_) | names_in_template(case.message) for case in cases))
