"""`plan`: what an order would do, and everything that an offer can become."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import Annotated

import typer

from cli.commands.publishing.catalogue_in_force import catalogue_with_note
from cli.framework.command import register_command
from cli.framework.errors import UsageError
from cli.framework.options import value_option
from cli.framework.session import Session
from cli.user_input.order_files import load_orders
from compiler.language.steps import LineAction

PANEL = "Without a server"
OFFER_WORD = "offer"
ORDER_HELP = "Files with orders; - is standard input. Or: offer NAME."
WITH_HELP = "Plan the order with another value. Several values, 1,2,3, are compared side by side. Repeat it."


class DiagramFormat(StrEnum):
    MERMAID = "mermaid"
    SVG = "svg"
    HTML = "html"


def register(app: typer.Typer) -> None:
    register_command(app, "plan", PANEL)(plan)


def plan(
    session: Session,
    order: Annotated[list[str], typer.Argument(metavar="ORDER…", help=ORDER_HELP, show_default=False)],
    diagram_format: Annotated[
        DiagramFormat | None, typer.Option("--format", help="Print a picture instead of the tree.", show_default=False)
    ] = None,
    explain: Annotated[
        bool, typer.Option("--explain", help="Explain why each rule, workstream and step is in or out.")
    ] = False,
    with_values: Annotated[
        list[str] | None, typer.Option("--with", metavar="NAME=VALUE", help=WITH_HELP, show_default=False)
    ] = None,
    variants: Annotated[
        bool, typer.Option("--variants", help="Compare all values of enums and booleans side by side.")
    ] = False,
    compare: Annotated[bool, typer.Option("--compare", help="Compare several orders side by side.")] = False,
    action: Annotated[
        LineAction | None, value_option("ACTION", "With `offer`: only what lines with this action become.")
    ] = None,
) -> None:
    """Show an order's plan, without running it; or, with `offer NAME`, everything that an offer can become.

    The plan has the fulfilment lines that the order becomes, their steps, and what each step waits for. Several orders
    give several plans. `--with` and `--variants` show what other values would change.
    """
    if diagram_format is not None and (session.is_json or explain):
        raise UsageError("--format prints a picture: leave out -o json and --explain")
    if order[0] == OFFER_WORD:
        _plan_offer(session, order[1:], diagram_format, action, bool(explain or with_values or variants or compare))
        return
    if action is not None:
        raise UsageError("--action is for `plan offer NAME`: the lines of an order have their actions")
    orders = load_orders(order)
    if diagram_format is not None and len(orders) > 1:
        raise UsageError(f"A picture shows one order, but {', '.join(order)} has {len(orders)}")
    from cli.commands.planning.plan_comparison import compare_plans
    from cli.commands.planning.plan_orders import PlanRequest, plan_orders
    from cli.user_input.overrides import parse_with

    with catalogue_with_note(session) as catalogue:
        choices = parse_with(with_values or [], [each.order for each in orders], catalogue)
        if variants or compare or any(len(choice.values) > 1 for choice in choices):
            if diagram_format is not None or explain:
                raise UsageError("Plans side by side are a table: leave out --format and --explain")
            compare_plans(session, orders, choices, catalogue, all_variants=variants)
            return
        values = {choice.name: choice.values[0] for choice in choices}
        plan_orders(session, orders, catalogue, PlanRequest(diagram_format, explain), values)


def _plan_offer(
    session: Session,
    names: Sequence[str],
    diagram_format: DiagramFormat | None,
    action: LineAction | None,
    has_order_options: bool,
) -> None:
    if len(names) != 1:
        raise UsageError("Name one offer: plan offer NAME. For an order in a file called offer, write ./offer")
    if has_order_options:
        raise UsageError(
            "--explain, --with, --variants and --compare are for orders; `plan offer` shows all that can be"
        )
    if diagram_format is DiagramFormat.MERMAID:
        raise UsageError("`plan offer` has --format svg and html")
    from cli.commands.planning.plan_offer import plan_offer

    with catalogue_with_note(session) as catalogue:
        plan_offer(session, names[0], catalogue, diagram_format, action)
