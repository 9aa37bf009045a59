"""Options that the commands of the ledger share."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from cli.framework.options import value_option
from cli.framework.session import Session

PANEL = "Ledger"

DatabaseOption = Annotated[
    str | None,
    value_option("URL", "The ledger's database. Default: ORDO_LEDGER_URL, else that of the stack that runs here."),
]

OrderOption = Annotated[str | None, value_option("ID", "Only this order.")]

SinceOption = Annotated[
    str | None,
    value_option("TIME", "Orders that run, or ended since then: a time, or how long ago (7d). Default: all."),
]

PaceOption = Annotated[
    float, typer.Option(metavar="N", min=0.1, max=1_000, help="At most so many requests to Temporal a second.")
]


def chosen_database(session: Session, given: str | None = None) -> str | None:
    """The URL that was given, or of the stack that runs here. None: what the environment says."""
    from operations.reading.ledger_access import LEDGER_VARIABLES
    from operations.temporal.connection import read_address
    from stack.ledger_discovery import ledger_of_running_stack

    if given is not None or any(os.environ.get(name) for name in LEDGER_VARIABLES):
        return given
    return ledger_of_running_stack(read_address(session.connection))
