"""The plans of orders, one after another, as trees, JSON or a picture."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from rich.text import Text

from cli.framework.session import Session
from cli.user_input.order_files import LoadedOrder
from compiler.source.findings import OrderRejected
from views.plan.decisions import render_explanation
from views.shared.findings import finding_lines
from views.shared.value_format import format_values

if TYPE_CHECKING:
    from compiler.catalogue.catalogue import Catalogue
    from compiler.explain_order import Explanation
    from compiler.plan.plan import Plan


@dataclass(frozen=True)
class PlanRequest:
    """How plans are shown."""

    diagram_format: str | None
    explain: bool


@dataclass(frozen=True)
class PlannedOrder:
    plan: Plan
    explanation: Explanation


def plan_orders(
    session: Session,
    orders: Sequence[LoadedOrder],
    catalogue: Catalogue,
    request: PlanRequest,
    values: Mapping[str, Any],
) -> None:
    """Prints the plans of the orders, each with these other values. Raises OrderRejected and UsageError."""
    changed = [_with_values(each, values, catalogue) for each in orders] if values else orders
    planned = [_explain(session, each, catalogue, request) for each in changed]
    if request.diagram_format is not None:
        session.print(_render_diagram(planned[0], request.diagram_format, values))
    elif session.is_json:
        write = session.print_json if len(planned) == 1 else session.print_json_line
        for each in planned:
            write(_to_json(each, values, request))
    else:
        _print_trees(session, planned, values, request)


def _with_values(loaded: LoadedOrder, values: Mapping[str, Any], catalogue: Catalogue) -> LoadedOrder:
    from cli.user_input.overrides import to_overrides
    from compiler.orders.overrides import apply_overrides
    from compiler.source.findings import SourceLocation

    changed = apply_overrides(loaded.order, to_overrides(values), catalogue, SourceLocation("--with"), loaded.file)
    return LoadedOrder(changed, loaded.file)


def _explain(session: Session, loaded: LoadedOrder, catalogue: Catalogue, request: PlanRequest) -> PlannedOrder:
    """Raises OrderRejected; with `--explain`, people first see the decisions until then."""
    from compiler.explain_order import explain_order

    explanation = explain_order(loaded.order, catalogue, loaded.file)
    if explanation.plan is None:
        if request.explain and not session.is_json:
            session.print(*render_explanation(explanation))
        raise OrderRejected(explanation.findings)
    return PlannedOrder(explanation.plan, explanation)


def _print_trees(
    session: Session, planned: Sequence[PlannedOrder], values: Mapping[str, Any], request: PlanRequest
) -> None:
    from views.plan.tree import PlanTree

    for at, each in enumerate(planned):
        if at:
            session.print("")
        if values:
            session.print(Text.assemble(("with ", "bright_black"), format_values(values)))
        session.print(PlanTree(each.plan, session.is_terminal), *finding_lines(each.explanation.warnings))
        if request.explain:
            session.print(*render_explanation(each.explanation))


def _to_json(planned: PlannedOrder, values: Mapping[str, Any], request: PlanRequest) -> dict[str, Any]:
    from compiler.explain_order import conditions_to_json, explanation_to_json
    from compiler.plan.schedule import schedule_plan
    from compiler.plan.step_conditions import skipped_steps
    from compiler.plan.to_json import plan_to_json, schedule_to_json

    plan, explanation = planned.plan, planned.explanation
    schedule = schedule_plan(plan, skipped_steps(explanation.conditions))
    data = plan_to_json(plan) | {"forecast": schedule_to_json(plan, schedule)}
    if values:
        data["with"] = dict(values)
    if request.explain:
        data["reasons"] = explanation_to_json(explanation)
        data["conditions"] = conditions_to_json(plan, explanation.conditions)
    if explanation.warnings:
        data["warnings"] = [finding.model_dump() for finding in explanation.warnings]
    return data


def _render_diagram(planned: PlannedOrder, diagram_format: str, values: Mapping[str, Any]) -> str:
    if diagram_format == "mermaid":
        from views.plan.mermaid import render_mermaid

        return render_mermaid(planned.plan)
    from views.plan.drawing.formats import render_picture
    from views.plan.picture.plan_picture import plan_picture

    picture = plan_picture(planned.explanation, planned.plan)
    if values:
        picture = replace(picture, facts=(("With", format_values(values)), *picture.facts))
    return render_picture(picture, diagram_format)
