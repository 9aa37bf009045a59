"""`validate`: checks definitions and orders, and explains findings."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from importlib.metadata import version
from pathlib import Path
from typing import Annotated

import typer

from cli.commands.publishing.catalogue_in_force import note_catalogue_in_force
from cli.commands.validation.collect_findings import collect_findings, concerns_catalogue
from cli.commands.validation.deep_findings import DEFAULT_FOLDER, DeepFindings, find_deep
from cli.commands.validation.watch_findings import watch_findings
from cli.framework.command import register_command
from cli.framework.errors import EXIT_REFUSED, UsageError
from cli.framework.options import value_option
from cli.framework.session import Session
from compiler.language.durations import parse_duration
from compiler.source.findings import Finding, Severity, did_you_mean
from views.shared.findings import finding_lines, findings_summary

PANEL = "Without a server"


class FindingFormat(StrEnum):
    TEXT = "text"
    JSON = "json"
    SARIF = "sarif"
    GITHUB = "github"
    GITLAB = "gitlab"


def register(app: typer.Typer) -> None:
    register_command(app, "validate", PANEL, FindingFormat)(validate)


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
    explain: Annotated[
        str | None, value_option("CODE", "Explain a finding, with an example that fails and one that passes.")
    ] = None,
    fail_on: Annotated[
        Severity, typer.Option("--fail-on", help="The least severity that makes the exit status 1.")
    ] = "error",
    watch: Annotated[bool, typer.Option("--watch", help="Check again after each edit, until Ctrl-C.")] = False,
    deep: Annotated[
        bool, typer.Option("--deep", help="Also generate orders, run and amend them, and report what goes wrong.")
    ] = False,
    budget: Annotated[str, typer.Option(metavar="TIME", help="With --deep: the computing time it may take.")] = "30s",
    seed: Annotated[
        int, typer.Option(metavar="N", help="With --deep: draws the orders; the same number, the same ones.")
    ] = 1,
    save: Annotated[
        Path, typer.Option(metavar="DIR", help="With --deep: where the smallest orders are written.")
    ] = DEFAULT_FOLDER,
) -> int:
    """Check definitions and orders.

    Prints every finding as file:line:column: message. Orders are checked against the definitions among the PATHs, or
    against the catalogue of --definitions.
    """
    if explain is not None:
        if paths or watch or deep:
            raise UsageError("--explain takes a code, and neither a PATH nor --watch nor --deep")
        _explain(session, explain)
        return 0
    if watch and deep:
        raise UsageError("--watch answers at once, and --deep takes its time: give one of them")
    if watch:
        if session.output is not FindingFormat.TEXT:
            raise UsageError("--watch is for people: leave out -o")
        watch_findings(session, paths or [str(session.definitions_dir)])
        return 0
    findings = collect_findings(paths or [str(session.definitions_dir)], session.definitions_dir)
    found = _find_deep(session, paths or [], budget, seed, save) if deep else None
    _print_findings(session, findings, ", ".join(paths or [str(session.definitions_dir)]), found)
    if concerns_catalogue(paths or [], session.definitions_dir):
        note_catalogue_in_force(session)
    failing = findings if fail_on == "warning" else [finding for finding in findings if finding.severity == "error"]
    return EXIT_REFUSED if failing or (found is not None and found.findings) else 0


def _find_deep(session: Session, paths: Sequence[str], budget: str, seed: int, save: Path) -> DeepFindings | None:
    """Of the definitions among the paths, or of the catalogue. None if they have errors. Raises UsageError."""
    named = [Path(path) for path in paths]
    if any(not path.exists() for path in named):
        return None
    try:
        seconds = parse_duration(budget).total_seconds()
    except ValueError as error:
        raise UsageError(f"--budget {budget}: {error}") from None
    inside = all(concerns_catalogue([path], session.definitions_dir) for path in paths)
    return find_deep([session.definitions_dir] if inside else named, seconds, seed, save)


def _print_findings(session: Session, findings: Sequence[Finding], named: str, deep: DeepFindings | None) -> None:
    """`named`: what was checked."""
    from views.findings.code_hosts import findings_to_gitlab, github_commands
    from views.findings.sarif import findings_to_sarif

    findings = [*findings, *(deep.findings if deep else ())]
    match session.output:
        case FindingFormat.JSON:
            ok = not any(finding.severity == "error" for finding in findings) and not (deep and deep.findings)
            tried = {"deep": deep.to_json()} if deep else {}
            session.print_json({"ok": ok, "findings": [finding.model_dump() for finding in findings], **tried})
        case FindingFormat.SARIF:
            session.print_json(findings_to_sarif(findings, version("ordo")))
        case FindingFormat.GITLAB:
            session.print_json(findings_to_gitlab(findings))
        case FindingFormat.GITHUB:
            session.print(*github_commands(findings))
        case _:
            session.print(*finding_lines(findings))
            session.print(f"{named}: {findings_summary(findings)}" if findings else f"{named}: valid, no findings")
            if deep:
                session.print(deep.summary())
                for note in deep.notes():
                    session.print_note(note)
            if findings:
                session.print_note(f"`validate --explain {findings[0].code}` explains such a finding.")


def _explain(session: Session, code: str) -> None:
    from compiler.finding_pages.finding_page import UnknownCode, finding_codes, read_page
    from views.findings.finding_page import finding_page_to_json, render_finding_page

    if session.output not in (FindingFormat.TEXT, FindingFormat.JSON):
        raise UsageError(f"--explain prints text or JSON, not {session.output}")
    try:
        page = read_page(code)
    except UnknownCode:
        hint = did_you_mean(code, finding_codes()) or f". The codes are {', '.join(finding_codes())}"
        raise UsageError(f"There is no finding `{code}`{hint}") from None
    if session.is_json:
        session.print_json(finding_page_to_json(page))
    else:
        session.print(*render_finding_page(page))
