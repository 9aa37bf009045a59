"""`plan`: what an order would do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.commands.catalogue.catalogue_in_force import catalogue_with_note
from cli.framework.command import register_command
from cli.framework.errors import UsageError
from cli.framework.session import Session
from cli.user_input.order_files import LoadedOrder, load_orders
from compiler.source.findings import Finding, OrderRejected
from views.plan.decisions import render_explanation
from views.shared.findings import finding_lines

if TYPE_CHECKING:
    from compiler.catalogue.catalogue import Catalogue
    from compiler.explain_order import Explanation
    from compiler.plan.plan import Plan

PANEL = "Without a server"


class DiagramFormat(StrEnum):
    MERMAID = "mermaid"
    SVG = "svg"
    HTML = "html"


def register(app: typer.Typer) -> None:
    register_command(app, "plan", PANEL)(plan)


def plan(
    session: Session,
    order: Annotated[str, typer.Argument(metavar="ORDER", help="A file with orders; - is standard input.")],
    diagram_format: Annotated[
        DiagramFormat | None, typer.Option("--format", help="Print a picture instead of the tree.", show_default=False)
    ] = None,
    explain: Annotated[
        bool, typer.Option("--explain", help="Explain why each rule, workstream and step is in or out.")
    ] = False,
) -> None:
    """Show an order's plan, without running it.

    The plan has the fulfilment lines that the order becomes, their steps, and what each step waits for. A file with
    several orders gives several plans.
    """
    if diagram_format is not None and (session.is_json or explain):
        raise UsageError("--format prints a picture: leave out -o json and --explain")
    orders = load_orders([order])
    if diagram_format is not None and len(orders) > 1:
        raise UsageError(f"A picture shows one order, but {order} has {len(orders)}")
    with catalogue_with_note(session) as catalogue:
        is_explained = explain or diagram_format is not None
        plans = _explain_plans(session, orders, catalogue) if is_explained else _compile_plans(orders, catalogue)
        if diagram_format is not None:
            session.print(_render_diagram(plans[0], diagram_format))
        else:
            _print_plans(session, plans)


@dataclass(frozen=True)
class PlanResult:
    plan: Plan
    warnings: Sequence[Finding]
    explanation: Explanation | None = None


def _compile_plans(orders: Sequence[LoadedOrder], catalogue: Catalogue) -> list[PlanResult]:
    """Raises OrderRejected."""
    from compiler.compile_order import compile_with_warnings

    compiled = [compile_with_warnings(each.order, catalogue, each.file) for each in orders]
    return [PlanResult(each.require_plan(), each.warnings) for each in compiled]


def _explain_plans(session: Session, orders: Sequence[LoadedOrder], catalogue: Catalogue) -> list[PlanResult]:
    """Raises OrderRejected; people first see the decisions until then."""
    from compiler.explain_order import explain_order

    plans: list[PlanResult] = []
    for each in orders:
        explanation = explain_order(each.order, catalogue, each.file)
        if explanation.plan is None:
            if not session.is_json:
                session.print(*render_explanation(explanation))
            raise OrderRejected(explanation.findings)
        plans.append(PlanResult(explanation.plan, explanation.warnings, explanation))
    return plans


def _print_plans(session: Session, plans: Sequence[PlanResult]) -> None:
    from compiler.plan.schedule import schedule_plan
    from compiler.plan.step_conditions import skipped_steps, step_conditions
    from compiler.plan.to_json import plan_to_json, schedule_to_json
    from views.plan.tree import PlanTree

    write = session.print_json if len(plans) == 1 else session.print_json_line
    for at, each in enumerate(plans):
        if session.is_json:
            reasons = _reasons_to_json(each)
            warnings = {"warnings": [finding.model_dump() for finding in each.warnings]} if each.warnings else {}
            schedule = schedule_plan(each.plan, skipped_steps(step_conditions(each.plan)))
            write(plan_to_json(each.plan) | {"forecast": schedule_to_json(each.plan, schedule)} | reasons | warnings)
            continue
        if at:
            session.print("")
        session.print(PlanTree(each.plan, session.is_terminal), *finding_lines(each.warnings))
        if each.explanation:
            session.print(*render_explanation(each.explanation))


def _reasons_to_json(result: PlanResult) -> dict[str, Any]:
    from compiler.explain_order import conditions_to_json, explanation_to_json

    explanation = result.explanation
    if explanation is None:
        return {}
    conditions = conditions_to_json(result.plan, explanation.conditions)
    return {"reasons": explanation_to_json(explanation), "conditions": conditions}


def _render_diagram(result: PlanResult, diagram_format: DiagramFormat) -> str:
    if diagram_format is DiagramFormat.MERMAID:
        from views.plan.mermaid import render_mermaid

        return render_mermaid(result.plan)
    from views.plan.drawing.page import render_page
    from views.plan.drawing.svg import render_svg
    from views.plan.picture.plan_picture import plan_picture

    assert result.explanation is not None
    picture = plan_picture(result.explanation, result.plan)
    return render_svg(picture) if diagram_format is DiagramFormat.SVG else render_page(picture)
