"""Why an order's plan is what it is: for each rule, workstream and step why it is in or out, and what replaces what."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from compiler.catalogue.catalogue import Catalogue
from compiler.compile_order import compile_with_reasons
from compiler.plan.decision_log import Reason, Reasons
from compiler.plan.plan import Plan
from compiler.source.findings import Finding


@dataclass(frozen=True, slots=True)
class Explanation:
    """A plan, or why there is none, and every decision on the way to it, in the order in which it was taken."""

    plan: Plan | None
    findings: tuple[Finding, ...]
    reasons: tuple[Reason, ...]

    def at(self, line: str) -> Iterator[Reason]:
        """The decisions about one line, by its id."""
        return (reason for reason in self.reasons if reason.line == line and reason.subject != "replacement")

    def replacements(self, step: str) -> Iterator[Reason]:
        """What stands in for predecessors of one step instance, by its id."""
        return (reason for reason in self.reasons if reason.waiting == step)


def explain_order(order: dict[str, Any], catalogue: Catalogue, file: str = "order") -> Explanation:
    """Compiles the order as compile_order does, and tells why. Never raises for anything in the order."""
    reasons = Reasons(wanted=True)
    compilation = compile_with_reasons(order, catalogue, reasons, file)
    return Explanation(compilation.plan, compilation.findings, tuple(reasons.noted))


def sentence(reason: Reason) -> str:
    """One decision as a person reads it."""
    results = f": {', '.join(reason.results)}" if reason.results else ""
    if reason.subject == "replacement":
        instead = f"what stands in is {', '.join(reason.results)}" if reason.results else "nothing stands in for it"
        return f"{reason.waiting} waits for {reason.name}, but at {reason.line} {reason.why}; {instead}"
    what = {
        "component": f"component {reason.name}",
        "rule": f"rule for {reason.name}",
        "workstream": f"workstream {reason.name}",
        "step": f"step {reason.name}",
    }[reason.subject]
    return f"{reason.line}: {what} is {'in' if reason.applied else 'out'}, because {reason.why}{results}"


def explanation_json(explanation: Explanation) -> list[dict[str, Any]]:
    """The reasons as plain data with stable keys."""
    return [
        {
            "subject": reason.subject,
            "line": reason.line,
            "name": reason.name,
            "applied": reason.applied,
            "why": reason.why,
            "results": list(reason.results),
            "waiting": reason.waiting or None,
        }
        for reason in explanation.reasons
    ]
