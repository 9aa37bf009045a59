"""`plan`: what an order would do, without doing it."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from cli.command import command
from cli.failures import WrongUsage
from cli.order_files import read_given
from cli.session import Session

if TYPE_CHECKING:
    from compiler.plan import Plan

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
    from compiler.compile import compile_order

    catalogue = session.catalogue()
    plans = [compile_order(each.order, catalogue, each.file) for each in given]
    if session.json:
        from compiler.plan_json import plan_json

        write = session.document if len(plans) == 1 else session.line
        for each in plans:
            write(plan_json(each))
    elif picture is not None:
        session.show(_drawn(plans[0], picture))
    else:
        _trees(session, plans)


def _drawn(plan: Plan, picture: Picture) -> str:
    if picture is Picture.MERMAID:
        from views.plan_mermaid import mermaid

        return mermaid(plan)
    from views.plan_svg import page, svg

    return svg(plan) if picture is Picture.SVG else page(plan)


def _trees(session: Session, plans: list[Plan]) -> None:
    from views.plan_tree import PlanTree

    for at, each in enumerate(plans):
        if at:
            session.show("")
        session.show(PlanTree(each, session.terminal))
