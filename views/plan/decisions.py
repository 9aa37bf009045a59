"""Why each rule, workstream and step is in a plan or out of it, and what stands in for absent predecessors."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.console import RenderableType
from rich.text import Text

from compiler.plan.decision_log import Reason, Subject
from views.shared.table import Cell, Columns

SECTIONS: tuple[tuple[str, tuple[Subject, ...], str], ...] = (
    ("Rules", ("component", "rule"), "Product"),
    ("Workstreams and steps", ("workstream", "step"), "What"),
)
IN, OUT = Text("in", style="green"), Text("out", style="red")


def reasons_view(reasons: Sequence[Reason]) -> Iterator[RenderableType]:
    """What `plan --explain` prints below the tree."""
    for title, subjects, what in SECTIONS:
        chosen = [reason for reason in reasons if reason.subject in subjects]
        if chosen:
            yield from _section(title, Columns(["", "Line", what, "Why"], [_row(reason) for reason in chosen]))
    replaced = list(dict.fromkeys(_replacement(reason) for reason in reasons if reason.subject == "replacement"))
    if replaced:
        table = Columns(["Step", "would wait for", "waits instead for"], replaced)
        yield from _section("Predecessors that are not there", table)


def _section(title: str, table: Columns) -> Iterator[RenderableType]:
    yield Text("")
    yield Text(title, style="bold")
    yield table


def _row(reason: Reason) -> list[Cell]:
    name = f"workstream {reason.name}" if reason.subject == "workstream" else reason.name
    return [IN if reason.applied else OUT, reason.line, name, reason.why]


def _replacement(reason: Reason) -> tuple[str, str, str]:
    return reason.waiting, reason.name, ", ".join(reason.results) or "nothing"
