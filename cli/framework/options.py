"""Arguments and options that several commands share."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import typer


def value_option(metavar: str, help_text: str, panel: str | None = None) -> Any:
    """An option that takes a value and has no default."""
    return typer.Option(metavar=metavar, help=help_text, rich_help_panel=panel, show_default=False)


LiveOption = Annotated[bool, typer.Option("--live", help="Ask the order itself, not the ledger.")]

LedgerOption = Annotated[bool, typer.Option("--ledger", help="Ask the ledger, not the order itself.")]

SubmissionOption = Annotated[
    int | None,
    typer.Option(
        metavar="N", min=1, help="This submission, from the ledger: its number in `submissions`.", show_default=False
    ),
]


def source_preference(*, live: bool, ledger: bool, submission: int | None = None) -> Literal["best", "live", "ledger"]:
    """What `--live` and `--ledger` say. Raises UsageError for both, and for `--live` with a submission."""
    others = {"--ledger": ledger, "--submission": submission is not None}
    if excluded := [option for option, is_given in others.items() if live and is_given]:
        from cli.framework.errors import UsageError

        raise UsageError(f"--live and {excluded[0]} exclude each other")
    return "live" if live else "ledger" if ledger else "best"


LineOption = Annotated[str | None, value_option("LINE", "Only this line, with everything below it.")]

OverrideOption = Annotated[str | None, value_option("REASON", "Pass points of no return, for this reason.")]

YesOption = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask for confirmation.")]

OrderIdArgument = Annotated[str, typer.Argument(metavar="ID", help="The order's id.")]

DATA_HELP = "NAME=VALUE (repeat it), @FILE.json, or a JSON object"

StepArgument = Annotated[str, typer.Argument(metavar="STEP", help="The step's id, or its number in `show`.")]

ReasonOption = Annotated[str, typer.Option(metavar="TEXT", help="Why; goes into the history.")]

TakeOverOption = Annotated[bool, typer.Option("--take-over", help="Act although somebody else holds the step.")]

ByOption = Annotated[str | None, value_option("NAME", "Who does it. Default: your login.")]
