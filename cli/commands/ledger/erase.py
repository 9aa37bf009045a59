"""`erase`: a customer's personal data. `ledger erasures`: what was erased, and what is still waited for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer
from pydantic_core import to_jsonable_python

from cli.commands.ledger.archive import ArchiveOption
from cli.commands.ledger.options import PANEL, DatabaseOption, chosen_database
from cli.framework.actor import make_actor
from cli.framework.command import register_command
from cli.framework.confirm import can_prompt, confirm
from cli.framework.errors import EXIT_NOT_COMPLETED, EXIT_REFUSED, UsageError
from cli.framework.options import ByOption, YesOption, value_option
from cli.framework.server_call import call_server
from cli.framework.session import Session

if TYPE_CHECKING:
    from ledger.retention.erasure import ErasurePlan


def register(app: typer.Typer) -> None:
    register_command(app, "erase", PANEL)(erase)


def register_in_group(app: typer.Typer) -> None:
    register_command(app, "erasures", PANEL)(erasures)


def erase(
    session: Session,
    customer: Annotated[str, value_option("ID", "The customer's id, as in the orders.")],
    reason: Annotated[str, value_option("TEXT", "Why; required. Do not name the person.")] = "",
    by: ByOption = None,
    archive: ArchiveOption = None,
    rewrite: Annotated[
        bool, typer.Option("--rewrite", help="On PostgreSQL, write the tables anew. Blocks the ledger meanwhile.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only list what would be erased.")] = False,
    yes: YesOption = False,
    database: DatabaseOption = None,
) -> int | None:
    """Erase a customer's personal data: in the ledger, in the archive and in Temporal.

    Order ids, products, states and times stay. Orders that still run, or are under legal hold, are listed; their data
    is erased when they end: by the ledger's reconciliation, or by this command again. The exit status is 4 until all is
    erased. It cannot be undone.
    """
    from operations import ledger_life
    from views.infrastructure.data_life import erasure_sentences, plan_sentences

    if not dry_run and not reason.strip():
        raise UsageError("An erasure needs a --reason")
    ledger = chosen_database(session, database)
    plan = call_server(session, lambda server: ledger_life.plan_erasure(server.client, customer, ledger))
    if dry_run:
        session.print_result(_plan_document(plan), "\n".join(plan_sentences(plan, customer)))
        return None
    if not yes:
        if not can_prompt(session):
            raise UsageError("Erasing cannot be undone: confirm it with --yes")
        for sentence in plan_sentences(plan, customer):
            session.print_note(sentence)
        if not confirm(session, f"Erase the personal data of customer {customer} for ever?"):
            session.print_note("Nothing was erased.")
            return EXIT_REFUSED
    actor = make_actor(by, reason)
    record = call_server(
        session, lambda server: ledger_life.erase(server.client, customer, actor, archive, ledger, rewrite=rewrite)
    )
    session.print_result(to_jsonable_python(record), "\n".join(erasure_sentences(record)))
    return EXIT_NOT_COMPLETED if record.remaining else None


def erasures(session: Session, database: DatabaseOption = None) -> None:
    """List the erasures: who asked for them, when and why, and what they still wait for."""
    from operations import ledger_life
    from views.infrastructure.data_life import erasures_table

    found = ledger_life.list_erasures(chosen_database(session, database))
    if session.is_json:
        session.print_json({"erasures": to_jsonable_python(found)})
    elif found:
        session.print(erasures_table(found))
    else:
        session.print("Nothing was erased.")


def _plan_document(plan: ErasurePlan) -> dict[str, Any]:
    orders = [{"order_id": order.order_id, "state": order.state} for order in plan.orders]
    return {"orders": orders, "remaining": to_jsonable_python(plan.remaining)}
