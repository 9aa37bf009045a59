"""`ledger check`: compare the ledger, row by row, with what the orders themselves say."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from typing import Annotated

import typer

from cli.commands.ledger.options import (
    PANEL,
    DatabaseOption,
    OrderOption,
    PaceOption,
    SinceOption,
    chosen_database,
)
from cli.commands.ledger.progress import ProgressLine
from cli.framework.command import register_command
from cli.framework.errors import EXIT_REFUSED
from cli.framework.server_call import call_server
from cli.framework.session import Session
from cli.user_input.value_parsing import parse_since


def register(app: typer.Typer) -> None:
    register_command(app, "check", PANEL)(check)


def check(
    session: Session,
    order: OrderOption = None,
    since: SinceOption = None,
    database: DatabaseOption = None,
    pace: PaceOption = 20.0,
    values: Annotated[
        bool, typer.Option("--values", help="Also print the values, which may be personal data.")
    ] = False,
) -> int | None:
    """Compare the ledger, row by row, with what the orders themselves say.

    Prints each difference. The exit status is 1 if there is one, or if an order did not answer. It changes nothing:
    reconciliation, or `ledger rebuild --order ID`, repairs.
    """
    from operations.ledger_upkeep import check_ledger
    from views.infrastructure.ledger import check_sentences, differences_table, left_out_sentence, why_left_out
    from views.shared.value_format import pluralize

    line, url = ProgressLine(session), chosen_database(session, database)
    moment = parse_since(since, datetime.now(UTC))
    result = call_server(
        session,
        lambda server: check_ledger(
            server.client, server.task_queue, pace, moment, order, url,
            on_progress=lambda now: line.say(f"{pluralize(now.compared, 'order')} compared"),
        ),
    )  # fmt: skip
    if session.is_json:
        session.print_json(check_sentences(result, with_values=values))
    else:
        if result.differences:
            session.print(differences_table(result.differences, with_values=values))
        for order_id, reason in result.unanswered.items():
            session.print_note(f"Order {order_id} was not compared: {reason}")
        if order in result.left_out:
            session.print_note(f"Order {order} was not compared: {why_left_out(result.left_out[order])}")
        different = len({each.order_id for each in result.differences})
        verdict = f"{pluralize(different, 'order')} with differences" if result.differences else "no differences"
        left_out = left_out_sentence(Counter(result.left_out.values()))
        session.print(f"{pluralize(result.compared, 'order')} compared, {verdict}.{left_out}")
    return None if result.is_clean else EXIT_REFUSED
