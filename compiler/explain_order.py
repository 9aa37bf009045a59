"""Explains a plan: why each rule, workstream and step is in or out, and which steps replace missing ones."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from compiler.catalogue.catalogue import Catalogue
from compiler.compile_order import compile_with_warnings
from compiler.plan.decision_log import DecisionLog, PlanDecision
from compiler.plan.plan import Plan
from compiler.source.findings import Finding


@dataclass(frozen=True, slots=True)
class Explanation:
    """A plan, or why there is none, and every decision in the order in which it was taken."""

    plan: Plan | None
    findings: tuple[Finding, ...]
    decisions: tuple[PlanDecision, ...]
    warnings: tuple[Finding, ...] = ()


def explain_order(order: dict[str, Any], catalogue: Catalogue, file: str = "order") -> Explanation:
    """Compiles the order as compile_order does, and records every decision. Never raises, whatever the order is."""
    decision_log = DecisionLog(enabled=True)
    compilation = compile_with_warnings(order, catalogue, file, decision_log=decision_log)
    return Explanation(compilation.plan, compilation.findings, tuple(decision_log.decisions), compilation.warnings)


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
        }
        for reason in explanation.decisions
    ]
