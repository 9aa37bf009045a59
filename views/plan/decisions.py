"""Why each rule, workstream and step is in a plan or left out, and what replaces absent predecessors."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.console import RenderableType
from rich.text import Text

from compiler.plan.decision_log import DecisionSubject, PlanDecision
from views.shared.table import Cell, PlainTable, titled_section

SECTIONS: tuple[tuple[str, tuple[DecisionSubject, ...], str], ...] = (
    ("Rules", ("component", "rule"), "Product"),
    ("Workstreams and steps", ("workstream", "step"), "What"),
)


def render_decisions(decisions: Sequence[PlanDecision]) -> Iterator[RenderableType]:
    """What `plan --explain` prints below the tree."""
    for title, subjects, heading in SECTIONS:
        rows = [_decision_row(decision) for decision in decisions if decision.subject in subjects]
        if rows:
            yield from titled_section(title, PlainTable(["", "Line", heading, "Why"], rows))
    replacements = dict.fromkeys(
        (decision.waiting_step, decision.name, ", ".join(decision.result_ids) or "nothing")
        for decision in decisions
        if decision.subject == "replacement"
    )
    if replacements:
        table = PlainTable(["Step", "would wait for", "waits instead for"], list(replacements))
        yield from titled_section("Predecessors that are absent", table)


def _decision_row(decision: PlanDecision) -> list[Cell]:
    name = f"workstream {decision.name}" if decision.subject == "workstream" else decision.name
    label = Text("in", style="green") if decision.applied else Text("out", style="red")
    return [label, decision.line_id, name, decision.reason]
