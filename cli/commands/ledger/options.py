"""Options that the commands of the ledger share."""

from __future__ import annotations

from typing import Annotated

import typer

from cli.framework.options import value_option

PANEL = "Ledger"

DatabaseOption = Annotated[str | None, value_option("URL", "The ledger's database. Default: ORDO_LEDGER_URL.")]

OrderOption = Annotated[str | None, value_option("ID", "Only this order.")]

SinceOption = Annotated[
    str | None,
    value_option("TIME", "Orders that run, or ended since then: a time, or how long ago (7d). Default: all."),
]

PaceOption = Annotated[
    float, typer.Option(metavar="N", min=0.1, max=1_000, help="At most so many requests to Temporal a second.")
]
