"""What undoing steps does or would do, in words and for programs; and the points of no return that forbid it."""

from __future__ import annotations

from collections.abc import Sequence

from workflows.contract.order_messages import Alternative, OrderAction, RollbackImpactView
from workflows.core.compensation.rollback import RollbackImpact
from workflows.core.state.order_run import OrderRun
from workflows.core.state.step_run import StepRun
from workflows.core.steps.refusal import alternative, step_list_text

PAST_PONR = "past_point_of_no_return"
"""The reason of every refusal that an override lifts."""


def impact_view(run: OrderRun, impact: RollbackImpact, *, refused: bool = False) -> RollbackImpactView:
    return RollbackImpactView(
        undone=step_ids(run, impact.undone),
        discarded=step_ids(run, impact.discarded),
        kept=step_ids(run, impact.kept),
        past_no_return=step_ids(run, impact.past_ponr),
        lines_going_back=list(impact.lines_going_back),
        lines_parked=list(impact.lines_parked),
        refused=refused,
    )


def step_ids(run: OrderRun, positions: Sequence[int]) -> list[str]:
    return [run.plan.steps[position].id for position in positions]


def past_ponr_text(run: OrderRun, barriers: Sequence[int]) -> str:
    verb = "is" if len(barriers) == 1 else "are"
    return f"{step_list_text(run, barriers)} {verb} past the point of no return"


def override(run: OrderRun, action: str, *, step: StepRun | None = None, line: str | None = None) -> Alternative:
    target = {} if line is None else {"line": line}
    return alternative(run, action, "undoes it anyway", step=step, required=["override"], **target)


def step_count_text(positions: Sequence[int]) -> str:
    return "1 step" if len(positions) == 1 else f"{len(positions)} steps"


def impact_text(impact: RollbackImpact) -> str:
    parts = [f"undo {step_count_text(impact.undone)}"] if impact.undone else []
    parts += [f"discard {step_count_text(impact.discarded)} not begun"] if impact.discarded else []
    parts += [f"keep {step_count_text(impact.kept)} past the point of no return"] if impact.kept else []
    parts += [f"take back {_lines_text(impact.lines_going_back)} that relies on it"] if impact.lines_going_back else []
    parts += [f"park {_lines_text(impact.lines_parked)} that relies on it"] if impact.lines_parked else []
    return ", ".join(parts) or "change nothing"


def _lines_text(line_ids: Sequence[str]) -> str:
    return " and ".join(f"line {line_id}" for line_id in line_ids)


def record_action(
    run: OrderRun, action: OrderAction, text: str, step: str | None = None, *, can_override: bool = False
) -> None:
    """Records the action in the order's history, and its override if it can have one."""
    run.audit_log.record(run.now, text, step, action.actor.signature, action.actor.reason)
    if can_override and action.override:
        run.audit_log.record(run.now, "point of no return overridden", step, action.actor.signature, action.override)
