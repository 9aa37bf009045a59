"""`validate` and `schema`: check the catalogue, and describe it for editors."""

from __future__ import annotations

from typing import Annotated

import typer

from cli.commands.catalogue.catalogue_in_force import note_catalogue_in_force
from cli.commands.catalogue.collect_findings import collect_findings, concerns_catalogue
from cli.framework.command import register_command
from cli.framework.errors import EXIT_REFUSED, UsageError
from cli.framework.session import Session
from compiler.source.findings import did_you_mean
from views.shared.findings import finding_lines, findings_summary

PANEL = "Without a server"


def register(app: typer.Typer) -> None:
    register_command(app, "validate", PANEL)(validate)
    register_command(app, "schema", PANEL)(schema)


def validate(
    session: Session,
    paths: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="PATH",
            help="Folders and files with definitions or orders. Default: the catalogue.",
            show_default=False,
        ),
    ] = None,
) -> int:
    """Check definitions and orders.

    Prints every finding as file:line:column: message. Orders are checked against the definitions among the PATHs, or
    against the catalogue of --definitions.
    """
    findings = collect_findings(paths or [str(session.definitions_dir)], session.definitions_dir)
    ok = not any(finding.severity == "error" for finding in findings)
    if session.is_json:
        session.print_json({"ok": ok, "findings": [finding.model_dump() for finding in findings]})
    else:
        session.print(*finding_lines(findings))
        named = ", ".join(paths or [str(session.definitions_dir)])
        session.print(f"{named}: {findings_summary(findings)}" if findings else f"{named}: valid, no findings")
    if concerns_catalogue(paths or [], session.definitions_dir):
        note_catalogue_in_force(session)
    return 0 if ok else EXIT_REFUSED


def schema(
    session: Session,
    kind: Annotated[
        str | None, typer.Argument(help="A kind of document, or `order`. Default: all definitions.", show_default=False)
    ] = None,
) -> None:
    """Print a JSON Schema for editors."""
    from compiler.language.json_schema import json_schema, schema_kinds

    if kind is not None and kind not in schema_kinds():
        hint = did_you_mean(kind, schema_kinds()) or "."
        raise UsageError(f"There is no kind `{kind}`{hint} The kinds are {', '.join(schema_kinds())}")
    session.print_json(json_schema(kind))
