"""Explains a plan: why each rule, workstream and step is in or out, and which steps replace missing ones."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from compiler.catalogue.catalogue import Catalogue
from compiler.compile_order import compile_with_decisions
from compiler.plan.decision_log import DecisionLog, PlanDecision
from compiler.plan.plan import Plan
from compiler.source.findings import Finding


@dataclass(frozen=True, slots=True)
class Explanation:
    """A plan, or why there is none, and every decision in the order in which it was taken."""

    plan: Plan | None
    findings: tuple[Finding, ...]
    decisions: tuple[PlanDecision, ...]

    def line_decisions(self, line: str) -> Iterator[PlanDecision]:
        """The decisions about one line, by its id."""
        return (reason for reason in self.decisions if reason.line_id == line and reason.subject != "replacement")

    def step_replacements(self, step: str) -> Iterator[PlanDecision]:
        """The steps that replace missing predecessors of one step instance, by its id."""
        return (reason for reason in self.decisions if reason.waiting_step == step)


def explain_order(order: dict[str, Any], catalogue: Catalogue, file: str = "order") -> Explanation:
    """Compiles the order as compile_order does, and records every decision. Never raises, whatever the order is."""
    decision_log = DecisionLog(enabled=True)
    compilation = compile_with_decisions(order, catalogue, decision_log, file)
    return Explanation(compilation.plan, compilation.findings, tuple(decision_log.decisions))


def decision_text(decision: PlanDecision) -> str:
    """One decision in words."""
    results = f": {', '.join(decision.result_ids)}" if decision.result_ids else ""
    if decision.subject == "replacement":
        ids = ", ".join(decision.result_ids)
        instead = f"it is replaced by {ids}" if ids else "nothing replaces it"
        return (
            f"{decision.waiting_step} waits for {decision.name}, but at {decision.line_id} {decision.reason}; {instead}"
        )
    what = {
        "component": f"component {decision.name}",
        "rule": f"rule for {decision.name}",
        "workstream": f"workstream {decision.name}",
        "step": f"step {decision.name}",
    }[decision.subject]
    return f"{decision.line_id}: {what} is {'in' if decision.applied else 'out'}, because {decision.reason}{results}"


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
