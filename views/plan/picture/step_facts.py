"""All that a step's definition says, as facts for a reader."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta

from compiler.language.durations import format_duration
from compiler.language.retry_policy import RetryPolicy
from compiler.language.steps import FailureRule, StepDefinition, UndoDefinition
from views.plan.step_text import describe_action
from views.shared.value_format import pluralize

ROLLBACK_SCOPES = {"line": "the line", "bundle": "the top-level line", "order": "the order"}


def definition_facts(definition: StepDefinition) -> Iterator[tuple[str, str]]:
    """Label and text of what the definition says beyond its name, its order and its condition."""
    if definition.description:
        yield "Description", definition.description
    yield "Does", describe_call(definition)
    if definition.manual is not None and definition.manual.instructions:
        yield "Instructions", definition.manual.instructions
    if definition.manual is not None and definition.manual.form:
        yield "Form", ", ".join(f"{name} ({each.type})" for name, each in definition.manual.form.items())
    if definition.sla is not None:
        sla = definition.sla
        warn = f", at risk {_text(sla.warn)} before" if sla.warn is not None else ""
        escalate = f", then {sla.escalate} is told" if sla.escalate else ""
        yield "SLA", f"{_text(sla.duration)}{warn}{escalate}"
    for failure in definition.fail_when:
        yield "Fails when", f"{failure.if_} ({failure.code})"
    if definition.undo is not None:
        yield "Undo", describe_undo(definition.undo)
    if definition.point_of_no_return:
        yield "Point of no return", "once it starts, its lines can be neither cancelled nor changed"


def describe_call(definition: StepDefinition) -> str:
    """`call inventory (POST /reservations)`, or what else the step does."""
    action = describe_action(definition)
    if definition.call is None:
        return action
    return f"{action} ({definition.call.method.upper()} {definition.call.path})"


def describe_undo(undo: UndoDefinition) -> str:
    if undo.call is not None:
        return f"call {undo.call.system} ({undo.call.method.upper()} {undo.call.path})"
    return f"person in {undo.manual.queue}" if undo.manual is not None else f"activity {undo.activity}"


def describe_retry(policy: RetryPolicy) -> str:
    """`5 attempts, first pause 1s`."""
    pause = policy.intervals[0] if policy.intervals else policy.initial
    attempts = pluralize(policy.attempt_count, "attempt")
    return attempts if policy.attempt_count == 1 else f"{attempts}, first pause {format_duration(pause)}"


def describe_failures(rules: Sequence[FailureRule], names: dict[str, str]) -> tuple[str, ...]:
    """What happens when the step is out of attempts. `names`: the steps of its workstream, by id."""
    return tuple(f"{f'{rule.code}: ' if rule.code else ''}{_failure_text(rule, names)}" for rule in rules)


def _failure_text(rule: FailureRule, names: dict[str, str]) -> str:
    if rule.redo_from is not None:
        times = f", at most {pluralize(rule.max, 'time')}" if rule.max else ""
        return f"again from {names.get(rule.redo_from, rule.redo_from)}{times}"
    if rule.rollback is not None:
        return f"roll back {ROLLBACK_SCOPES[rule.rollback]}"
    if rule.do == "continue":
        return "note it and continue"
    return f"fallout in {rule.queue}" if rule.queue else "fallout"


def _text(span: timedelta | str) -> str:
    return span if isinstance(span, str) else format_duration(span)
