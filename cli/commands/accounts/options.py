"""What the commands of accounts share: which file, and how times are given."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from cli.framework.errors import UsageError
from cli.framework.options import value_option

PANEL = "Accounts"

AccountArgument = Annotated[str, typer.Argument(metavar="NAME", help="The account's name.")]

FileOption = Annotated[Path | None, value_option("FILE", "The accounts file. Default: ORDO_ACCOUNTS_FILE.")]

ExpiresOption = Annotated[
    str | None, value_option("TIME", "When the token expires: a time, or how long from now (90d). Default: never.")
]


def accounts_path(file: Path | None) -> Path:
    """Raises UsageError if neither the option nor the variable names a file."""
    from operations.access.accounts_file import ACCOUNTS_FILE_VARIABLE

    named = file or os.environ.get(ACCOUNTS_FILE_VARIABLE)
    if not named:
        raise UsageError(f"No accounts file is named: set {ACCOUNTS_FILE_VARIABLE}, or give --file FILE")
    return Path(named)
