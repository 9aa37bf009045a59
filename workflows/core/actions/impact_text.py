"""What taking steps back does, or would do, in words and for programs."""

from __future__ import annotations

from collections.abc import Sequence

from workflows.contract.order_messages import RollbackImpactView
from workflows.core.compensation.rollback import RollbackImpact
from workflows.core.state.order_run import OrderRun
from workflows.core.state.step_run import StepRun

MAX_NAMED_STEPS = 3
"""Steps that a sentence names; of more it says how many there are."""


def step_reference(run: OrderRun, step: StepRun) -> str:
    return f"Step {step.position + 1} ({run.step_id(step)})"


def impact_view(run: OrderRun, impact: RollbackImpact, *, refused: bool = False) -> RollbackImpactView:
    return RollbackImpactView(
        undone=step_ids(run, impact.undone),
        discarded=step_ids(run, impact.discarded),
        kept=step_ids(run, impact.kept),
        past_no_return=step_ids(run, impact.past_ponr),
        refused=refused,
    )


def step_ids(run: OrderRun, positions: Sequence[int]) -> list[str]:
    return [run.plan.steps[position].id for position in positions]


def step_list_text(run: OrderRun, positions: Sequence[int]) -> str:
    first = ", ".join(step_reference(run, run.steps[position]) for position in positions[:MAX_NAMED_STEPS])
    return first + (f" and {len(positions) - MAX_NAMED_STEPS} more" if len(positions) > MAX_NAMED_STEPS else "")


def past_ponr_text(run: OrderRun, barriers: Sequence[int]) -> str:
    verb = "is" if len(barriers) == 1 else "are"
    return f"{step_list_text(run, barriers)} {verb} past the point of no return"


def step_count_text(positions: Sequence[int]) -> str:
    return "1 step" if len(positions) == 1 else f"{len(positions)} steps"


def impact_text(impact: RollbackImpact) -> str:
    said = [f"take {step_count_text(impact.undone)} back"] if impact.undone else []
    said += [f"discard {step_count_text(impact.discarded)} not begun"] if impact.discarded else []
    said += [f"keep {step_count_text(impact.kept)} as past the point of no return"] if impact.kept else []
    return ", ".join(said) or "change nothing"


def capitalize_first(words: str) -> str:
    return words[:1].upper() + words[1:]
