"""What is recorded of a rule for `plan --explain`: its outcome, its place, and the values that decided."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from compiler.cel.known_condition import ReadValue, known_condition, read_values
from compiler.decomposition.apply_rule import Contribution, RuleApplication, reads_element
from compiler.plan.decision_log import DecisionSubject, PlanDecision, RuleQuantity


def rule_decision(
    subject: DecisionSubject,
    application: RuleApplication,
    contributions: Iterable[Contribution],
    result_ids: tuple[str, ...],
) -> PlanDecision:
    """The decision about a rule or component that was applied, with the lines that it made."""
    rule, outcome = application.rule, application.outcome
    return PlanDecision(
        subject,
        application.source.line.id,
        f"{application.target.id}~{rule.as_}" if rule.as_ and subject == "rule" else application.target.id,
        outcome.applied,
        outcome.reason,
        result_ids,
        location=str(rule.location) if rule.location.line else "",
        values=tuple(_deciding_values(application)) if outcome.depends_on_values else (),
        quantity=_quantity(application, list(contributions)),
    )


def _deciding_values(application: RuleApplication) -> Iterator[ReadValue]:
    rule, bindings = application.rule, application.bindings
    if rule.when is not None:
        values = known_condition(rule.when, bindings).values
        yield from (one for one in values if one.name.split(".")[0] not in ("each", "index"))
    if rule.for_each is not None:
        yield from read_values(rule.for_each, bindings)


def _quantity(application: RuleApplication, contributions: list[Contribution]) -> RuleQuantity | None:
    expression = application.rule.quantity
    if expression is None or not contributions:
        return None
    reads = () if reads_element(expression) else tuple(read_values(expression, application.bindings))
    return RuleQuantity(expression, sum(one.quantity for one in contributions), reads)
