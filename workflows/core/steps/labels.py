"""How a step is called in Temporal's own tools: activity ids and one-line summaries."""

from __future__ import annotations

from compiler.cel import evaluation
from compiler.plan.plan import Line, Plan
from workflows.core.state.order_run import OrderRun
from workflows.core.state.step_run import StepRun

MOST_BYTES = 200
"""Temporal keeps no longer summary."""
MOST_LINES = 3
"""Lines that a summary names; of more it says how many there are."""


def activity_id(run: OrderRun, step: StepRun) -> str:
    """The step's id for its first activity; for later ones, and for those of its undo, with more behind a slash."""
    step_id = run.id_of(step)
    if step.undoing:
        return f"{step_id}/undo/{step.launch}"
    return step_id if step.launch == 1 else f"{step_id}/{step.launch}"


def summary_of(run: OrderRun, step: StepRun) -> str:
    """`Security camera ×4 · Reserve stock`, in at most MOST_BYTES bytes."""
    said = named_after(run.plan, step.position)
    if step.undoing or step.patching:
        said = f"{'Undo' if step.undoing else 'Change'} {said}"
    return shortened(said)


def named_after(plan: Plan, position: int) -> str:
    """The lines that a step serves, and its name; of any length."""
    planned = plan.steps[position]
    name = plan.definition_of(planned).name
    if len(planned.lines) > MOST_LINES:
        what = f"{len(planned.lines)} lines"
    else:
        what = ", ".join(_counted(line) for line in plan.lines_of(planned))
    return f"{what} · {name}" if what else name


def _counted(line: Line) -> str:
    return line.name if line.quantity == 1 else f"{line.name} ×{evaluation.as_text(line.quantity)}"


def shortened(text: str) -> str:
    data = text.encode()
    if len(data) <= MOST_BYTES:
        return text
    return data[: MOST_BYTES - 3].decode(errors="ignore") + "…"
