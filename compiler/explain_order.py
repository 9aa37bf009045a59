"""Explains a plan: why each rule, workstream and step is in or out, and which steps replace missing ones."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from compiler.catalogue.catalogue import Catalogue
from compiler.cel.known_condition import ReadValue
from compiler.compile_order import compile_with_warnings
from compiler.plan.decision_log import DecisionLog, PlanDecision
from compiler.plan.plan import Plan
from compiler.plan.step_conditions import StepCondition, step_conditions
from compiler.plan.to_json import to_json_value
from compiler.source.findings import Finding


@dataclass(frozen=True, slots=True)
class Explanation:
    """A plan, or why there is none, and every decision in the order in which it was taken."""

    plan: Plan | None
    findings: tuple[Finding, ...]
    decisions: tuple[PlanDecision, ...]
    warnings: tuple[Finding, ...] = ()
    conditions: tuple[StepCondition, ...] = ()
    """The steps' own `when`, which is evaluated when a step is ready."""


def explain_order(order: dict[str, Any], catalogue: Catalogue, file: str = "order") -> Explanation:
    """Compiles the order as compile_order does, and records every decision. Never raises, whatever the order is."""
    decision_log = DecisionLog(enabled=True)
    compilation = compile_with_warnings(order, catalogue, file, decision_log=decision_log)
    conditions = step_conditions(compilation.plan) if compilation.plan else []
    decisions = tuple(decision_log.decisions)
    return Explanation(compilation.plan, compilation.findings, decisions, compilation.warnings, tuple(conditions))


def explanation_to_json(explanation: Explanation) -> list[dict[str, Any]]:
    """The decisions as JSON data with stable keys."""
    return [
        {
            "subject": reason.subject,
            "line": reason.line_id,
            "name": reason.name,
            "applied": reason.applied,
            "why": reason.reason,
            "results": list(reason.result_ids),
            "waiting": reason.waiting_step or None,
            "location": reason.location or None,
            "values": _values_to_json(reason.values),
            "quantity": reason.quantity
            and {
                "expression": reason.quantity.expression,
                "value": reason.quantity.value,
                "values": _values_to_json(reason.quantity.values),
            },
        }
        for reason in explanation.decisions
    ]


def conditions_to_json(plan: Plan, conditions: Iterable[StepCondition]) -> list[dict[str, Any]]:
    """The steps' own `when` as JSON data. `holds` is null as long as it depends on names without a value."""
    return [
        {
            "step": plan.steps[one.position].id,
            "when": one.known.condition,
            "holds": one.known.value,
            "values": _values_to_json(one.known.values),
            "not_known_yet": list(one.known.later_names),
            "location": one.location or None,
        }
        for one in conditions
    ]


def _values_to_json(values: Iterable[ReadValue]) -> dict[str, Any]:
    """By name. A value that is not given is null."""
    return {named.name: to_json_value(named.value) for named in values}
