"""What taking steps back does, or would do, in words and for programs."""

from __future__ import annotations

from collections.abc import Sequence

from workflows.contract.order_messages import AssessmentView
from workflows.core.compensation.rollback import Assessment
from workflows.core.state.order_run import OrderRun
from workflows.core.state.step_run import StepRun

SHOWN = 3
"""Steps that a sentence names; of more it says how many there are."""


def named(run: OrderRun, step: StepRun) -> str:
    return f"Step {step.position + 1} ({run.id_of(step)})"


def assessment_view(run: OrderRun, found: Assessment, *, refused: bool = False) -> AssessmentView:
    return AssessmentView(
        undone=ids_of(run, found.undone),
        discarded=ids_of(run, found.discarded),
        kept=ids_of(run, found.kept),
        past_no_return=ids_of(run, found.barriers),
        refused=refused,
    )


def ids_of(run: OrderRun, positions: Sequence[int]) -> list[str]:
    return [run.plan.steps[position].id for position in positions]


def some_of(run: OrderRun, positions: Sequence[int]) -> str:
    first = ", ".join(named(run, run.steps[position]) for position in positions[:SHOWN])
    return first + (f" and {len(positions) - SHOWN} more" if len(positions) > SHOWN else "")


def past_no_return(run: OrderRun, barriers: Sequence[int]) -> str:
    verb = "is" if len(barriers) == 1 else "are"
    return f"{some_of(run, barriers)} {verb} past the point of no return"


def counted(positions: Sequence[int]) -> str:
    return "1 step" if len(positions) == 1 else f"{len(positions)} steps"


def what_it_does(found: Assessment) -> str:
    said = [f"take {counted(found.undone)} back"] if found.undone else []
    said += [f"discard {counted(found.discarded)} not begun"] if found.discarded else []
    said += [f"keep {counted(found.kept)} as past the point of no return"] if found.kept else []
    return ", ".join(said) or "change nothing"


def capitalised(words: str) -> str:
    return words[:1].upper() + words[1:]
