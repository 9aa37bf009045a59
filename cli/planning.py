"""`plan`: what an order would do, without doing it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from cli.command import command
from cli.failures import WrongUsage
from cli.order_files import GivenOrder, read_given
from cli.session import Session
from compiler.findings import OrderRejected
from compiler.reasons import Reason
from views.plan_reasons import reasons_view

if TYPE_CHECKING:
    from compiler.catalogue import Catalogue
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
    catalogue = session.catalogue()
    if explain:
        _explained(session, given, catalogue)
        return
    from compiler.compile import compile_order

    plans = [compile_order(each.order, catalogue, each.file) for each in given]
    if picture is not None:
        session.show(_drawn(plans[0], picture))
    else:
        _shown(session, [(each, ()) for each in plans])


def _explained(session: Session, given: Sequence[GivenOrder], catalogue: Catalogue) -> None:
    """Also of an order that is rejected: what was decided until then. Raises OrderRejected after it."""
    from compiler.compile import compile_with_reasons
    from compiler.reasons import Reasons

    plans: list[tuple[Plan, Sequence[Reason]]] = []
    for each in given:
        reasons = Reasons(wanted=True)
        compilation = compile_with_reasons(each.order, catalogue, reasons, each.file)
        if compilation.plan is None:
            if not session.json:
                session.show(*reasons_view(reasons.noted))
            raise OrderRejected(compilation.findings)
        plans.append((compilation.plan, reasons.noted))
    _shown(session, plans)


def _shown(session: Session, plans: Sequence[tuple[Plan, Sequence[Reason]]]) -> None:
    """Plans as trees or documents, with the reasons where there are any."""
    from compiler.plan_json import plan_json
    from views.plan_tree import PlanTree

    write = session.document if len(plans) == 1 else session.line
    for at, (each, reasons) in enumerate(plans):
        if session.json:
            noted = {"reasons": [asdict(reason) for reason in reasons]} if reasons else {}
            write(plan_json(each) | noted)
            continue
        if at:
            session.show("")
        session.show(PlanTree(each, session.terminal), *reasons_view(reasons))


def _drawn(plan: Plan, picture: Picture) -> str:
    if picture is Picture.MERMAID:
        from views.plan_mermaid import mermaid

        return mermaid(plan)
    from views.plan_svg import page, svg

    return svg(plan) if picture is Picture.SVG else page(plan)
