"""What Temporal's own tools show of a step: activity ids and one-line summaries."""

from __future__ import annotations

from collections.abc import Sequence

from compiler.plan.plan import Plan, PlannedLine
from compiler.values import as_text
from workflows.core.state.order_run import OrderRun
from workflows.core.state.step_run import StepRun

MAX_BYTES = 200
"""Temporal's limit for a summary."""
MAX_LINES = 3
"""A summary names at most this many lines. If there are more, it gives their number."""


def activity_id(run: OrderRun, step: StepRun) -> str:
    """The step's id for its first activity, with a suffix for later ones and for those of its undo."""
    step_id = run.step_id(step)
    if step.undoing:
        return f"{step_id}/undo/{step.launch}"
    return step_id if step.launch == 1 else f"{step_id}/{step.launch}"


def activity_summary(run: OrderRun, step: StepRun) -> str:
    """`Security camera ×4 · Reserve stock`, in at most MAX_BYTES bytes."""
    label = step_label(run.plan, step.position)
    if step.undoing or step.changing_in_place:
        label = f"{'Undo' if step.undoing else 'Change'} {label}"
    return truncate(label)


def step_label(plan: Plan, position: int) -> str:
    """The lines that a step serves, and its name. The length is not limited."""
    planned = plan.steps[position]
    return label_of(plan.step_definition(planned).name, plan.step_lines(planned))


def label_of(name: str, lines: Sequence[PlannedLine]) -> str:
    """The label of a step with this name that serves these lines."""
    if len(lines) > MAX_LINES:
        return f"{len(lines)} lines · {name}"
    return f"{', '.join([_line_label(line) for line in lines])} · {name}" if lines else name


def _line_label(line: PlannedLine) -> str:
    return line.name if line.quantity == 1 else f"{line.name} ×{as_text(line.quantity)}"


def truncate(text: str) -> str:
    data = text.encode()
    if len(data) <= MAX_BYTES:
        return text
    return data[: MAX_BYTES - 3].decode(errors="ignore") + "…"
