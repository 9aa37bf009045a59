"""`validate` and `schema`: the catalogue, without a server."""

from __future__ import annotations

from typing import Annotated

import typer

from cli.commands.catalogue.collect_findings import findings_of
from cli.framework.command import command
from cli.framework.errors import REFUSED, WrongUsage
from cli.framework.session import Session
from compiler.source.findings import did_you_mean
from views.shared.findings import findings_text, tally

PANEL = "Without a server"


def register(app: typer.Typer) -> None:
    command(app, "validate", PANEL)(validate)
    command(app, "schema", PANEL)(schema)


def validate(
    session: Session,
    paths: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="PATH",
            help="Folders and files: definitions, orders. Default: the catalogue.",
            show_default=False,
        ),
    ] = None,
) -> int:
    """Check the catalogue, and orders.

    Tells every finding, as file:line:column: message. Orders are checked against the catalogue of --definitions, or
    against the definitions that are named beside them.
    """
    findings = findings_of(paths or [str(session.definitions)], session.definitions)
    ok = not any(finding.severity == "error" for finding in findings)
    if session.json:
        session.document({"ok": ok, "findings": [finding.model_dump() for finding in findings]})
        return 0 if ok else REFUSED
    session.show(*findings_text(findings))
    named = ", ".join(paths or [str(session.definitions)])
    session.show(f"{named}: {tally(findings)}" if findings else f"{named}: valid, no findings")
    return 0 if ok else REFUSED


def schema(
    session: Session,
    kind: Annotated[
        str | None, typer.Argument(help="A kind of document, or `order`; default: any definition.", show_default=False)
    ] = None,
) -> None:
    """Print the JSON Schema of definitions, for editors."""
    from compiler.language.json_schema import json_schema, kinds

    if kind is not None and kind not in kinds():
        hint = did_you_mean(kind, kinds()) or "."
        raise WrongUsage(f"There is no kind `{kind}`{hint} There are: {', '.join(kinds())}")
    session.document(json_schema(kind))
