"""`plan`: what an order would do, without doing it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from cli.framework.command import command
from cli.framework.errors import WrongUsage
from cli.framework.session import Session
from cli.user_input.order_files import GivenOrder, read_given
from compiler.source.findings import OrderRejected
from views.plan.decisions import reasons_view

if TYPE_CHECKING:
    from compiler.catalogue.catalogue import Catalogue
    from compiler.explain_order import Explanation
    from compiler.plan.plan import Plan

PANEL = "Without a server"


class Picture(StrEnum):
    MERMAID = "mermaid"
    SVG = "svg"
    HTML = "html"


def register(app: typer.Typer) -> None:
    command(app, "plan", PANEL)(plan)


def plan(
    session: Session,
    order: Annotated[str, typer.Argument(metavar="ORDER", help="A file with an order, or - for standard input.")],
    picture: Annotated[
        Picture | None, typer.Option("--format", help="A picture instead of the tree.", show_default=False)
    ] = None,
    explain: Annotated[
        bool, typer.Option("--explain", help="Tell for each rule, workstream and step why it is in or out.")
    ] = False,
) -> None:
    """Decompose and compose an order, without running it.

    Shows which lines it becomes, which steps they bring, and what each step waits for. A file with several orders gives
    several plans.
    """
    if picture is not None and (session.json or explain):
        raise WrongUsage("--format is a picture: it goes neither with -o json nor with --explain")
    given = read_given([order])
    if picture is not None and len(given) > 1:
        raise WrongUsage(f"A picture shows one order, and {order} holds {len(given)}")
    catalogue = session.catalogue()
    plans = _explained(session, given, catalogue) if explain else _compiled(given, catalogue)
    if picture is not None:
        session.show(_drawn(plans[0].plan, picture))
    else:
        _shown(session, plans)


@dataclass(frozen=True)
class Planned:
    plan: Plan
    explanation: Explanation | None = None


def _compiled(given: Sequence[GivenOrder], catalogue: Catalogue) -> list[Planned]:
    """Raises OrderRejected."""
    from compiler.compile_order import compile_order

    return [Planned(compile_order(each.order, catalogue, each.file)) for each in given]


def _explained(session: Session, given: Sequence[GivenOrder], catalogue: Catalogue) -> list[Planned]:
    """Raises OrderRejected, after telling people what was decided until then."""
    from compiler.explain_order import explain_order

    plans: list[Planned] = []
    for each in given:
        explanation = explain_order(each.order, catalogue, each.file)
        if explanation.plan is None:
            if not session.json:
                session.show(*reasons_view(explanation.reasons))
            raise OrderRejected(explanation.findings)
        plans.append(Planned(explanation.plan, explanation))
    return plans


def _shown(session: Session, plans: Sequence[Planned]) -> None:
    """As trees or documents, with the reasons where they are wanted."""
    from compiler.explain_order import explanation_json
    from compiler.plan.to_json import plan_json
    from views.plan.tree import PlanTree

    write = session.document if len(plans) == 1 else session.line
    for at, each in enumerate(plans):
        if session.json:
            reasons = {"reasons": explanation_json(each.explanation)} if each.explanation else {}
            write(plan_json(each.plan) | reasons)
            continue
        if at:
            session.show("")
        session.show(PlanTree(each.plan, session.terminal))
        if each.explanation:
            session.show(*reasons_view(each.explanation.reasons))


def _drawn(plan: Plan, picture: Picture) -> str:
    if picture is Picture.MERMAID:
        from views.plan.mermaid import mermaid

        return mermaid(plan)
    from views.plan.svg import page, svg

    return svg(plan) if picture is Picture.SVG else page(plan)
