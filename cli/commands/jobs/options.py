"""What the commands about jobs share."""

from __future__ import annotations

from typing import Annotated

import typer

PANEL = "Jobs"
JobArgument = Annotated[str, typer.Argument(metavar="JOB", help="The job's id.")]
