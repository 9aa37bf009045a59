"""`ledger hold`, `ledger release` and `ledger holds`: what may neither be archived nor erased."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer
from pydantic_core import to_jsonable_python

from cli.commands.ledger.options import PANEL, DatabaseOption, chosen_database
from cli.framework.actor import make_actor
from cli.framework.command import register_command
from cli.framework.errors import UsageError
from cli.framework.options import ByOption, value_option
from cli.framework.session import Session

if TYPE_CHECKING:
    from ledger.retention.holds import HoldScope

OrderArgument = Annotated[str | None, typer.Argument(metavar="[ORDER]", help="The order's id.", show_default=False)]
CustomerOption = Annotated[str | None, value_option("ID", "All orders of this customer, also later ones.")]


def register(app: typer.Typer) -> None:
    register_command(app, "hold", PANEL)(hold)
    register_command(app, "release", PANEL)(release)
    register_command(app, "holds", PANEL)(holds)


def hold(
    session: Session,
    order: OrderArgument = None,
    customer: CustomerOption = None,
    reason: Annotated[str, value_option("TEXT", "Why; required.")] = "",
    by: ByOption = None,
    database: DatabaseOption = None,
) -> None:
    """Put an order or a customer under legal hold: neither archived nor erased until released."""
    from operations import ledger_life

    scope, subject = _subject(order, customer)
    if not reason.strip():
        raise UsageError("A hold needs a --reason")
    placed = ledger_life.hold(scope, subject, make_actor(by, reason), chosen_database(session, database))
    session.print_result(to_jsonable_python(placed), f"{scope.value.capitalize()} {subject} is under legal hold.")


def release(
    session: Session,
    order: OrderArgument = None,
    customer: CustomerOption = None,
    by: ByOption = None,
    database: DatabaseOption = None,
) -> None:
    """Release an order or a customer from legal hold."""
    from operations import ledger_life

    scope, subject = _subject(order, customer)
    ledger_life.release(scope, subject, make_actor(by, ""), chosen_database(session, database))
    document = {"scope": scope.value, "subject": subject}
    session.print_result(document, f"{scope.value.capitalize()} {subject} is released from legal hold.")


def holds(
    session: Session,
    released: Annotated[bool, typer.Option("--released", help="Also holds that were released.")] = False,
    database: DatabaseOption = None,
) -> None:
    """List the legal holds: on what, why, by whom and since when."""
    from operations import ledger_life
    from views.infrastructure.data_life import holds_table

    found = ledger_life.list_holds(chosen_database(session, database), released=released)
    if session.is_json:
        session.print_json({"holds": to_jsonable_python(found)})
    elif found:
        session.print(holds_table(found))
    else:
        session.print("Nothing is under legal hold.")


def _subject(order: str | None, customer: str | None) -> tuple[HoldScope, str]:
    from ledger.retention.holds import HoldScope

    if order is not None and customer is None:
        return HoldScope.ORDER, order
    if customer is not None and order is None:
        return HoldScope.CUSTOMER, customer
    raise UsageError("Name either an order or, with --customer, a customer")
