"""Why each rule, workstream and step is in a plan or out of it, and what stands in for absent predecessors."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.console import RenderableType
from rich.text import Text

from compiler.plan.decision_log import DecisionSubject, PlanDecision
from views.shared.table import Cell, PlainTable

SECTIONS: tuple[tuple[str, tuple[DecisionSubject, ...], str], ...] = (
    ("Rules", ("component", "rule"), "Product"),
    ("Workstreams and steps", ("workstream", "step"), "What"),
)
IN_LABEL, OUT_LABEL = Text("in", style="green"), Text("out", style="red")


def render_decisions(reasons: Sequence[PlanDecision]) -> Iterator[RenderableType]:
    """What `plan --explain` prints below the tree."""
    for title, subjects, what in SECTIONS:
        chosen = [reason for reason in reasons if reason.subject in subjects]
        if chosen:
            yield from _titled_section(
                title, PlainTable(["", "Line", what, "Why"], [_decision_row(reason) for reason in chosen])
            )
    replaced = list(dict.fromkeys(_replacement_row(reason) for reason in reasons if reason.subject == "replacement"))
    if replaced:
        table = PlainTable(["Step", "would wait for", "waits instead for"], replaced)
        yield from _titled_section("Predecessors that are not there", table)


def _titled_section(title: str, table: PlainTable) -> Iterator[RenderableType]:
    yield Text("")
    yield Text(title, style="bold")
    yield table


def _decision_row(reason: PlanDecision) -> list[Cell]:
    name = f"workstream {reason.name}" if reason.subject == "workstream" else reason.name
    return [IN_LABEL if reason.applied else OUT_LABEL, reason.line_id, name, reason.reason]


def _replacement_row(reason: PlanDecision) -> tuple[str, str, str]:
    return reason.waiting_step, reason.name, ", ".join(reason.result_ids) or "nothing"
