"""Arguments and options that several commands share."""

from __future__ import annotations

from typing import Annotated

import typer

LineOption = Annotated[
    str | None, typer.Option(metavar="LINE", help="Only this line, with all that stands under it.", show_default=False)
]


OverrideOption = Annotated[
    str | None,
    typer.Option(metavar="REASON", help="Why points of no return are not to count; kept.", show_default=False),
]


YesOption = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask first.")]


OrderIdArgument = Annotated[str, typer.Argument(metavar="ID", help="The order's id.")]


DATA_HELP = "NAME=VALUE (repeat it), @FILE.json, or a JSON object"


StepArgument = Annotated[str, typer.Argument(metavar="STEP", help="The step's id, or its number in `show`.")]


ReasonOption = Annotated[str, typer.Option(metavar="TEXT", help="Why; kept with the order.")]


ByOption = Annotated[str | None, typer.Option(metavar="NAME", help="Who; default: the login.", show_default=False)]
