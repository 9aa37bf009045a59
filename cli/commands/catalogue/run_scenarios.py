"""`test`: run the scenarios of a catalogue."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.framework.command import register_command
from cli.framework.errors import EXIT_REFUSED, UsageError
from cli.framework.options import value_option
from cli.framework.session import Session
from compiler.source.findings import Finding, did_you_mean

if TYPE_CHECKING:
    from scenarios.load import Suite
    from scenarios.scenario_order import ScenarioEntry
    from scenarios.verdict import Failure, ScenarioResult

PANEL = "Without a server"
MODE_TEXT = "on the core, without a server"


def register(app: typer.Typer) -> None:
    register_command(app, "test", PANEL)(run_scenarios)


def run_scenarios(
    session: Session,
    paths: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="PATH",
            help="Scenarios, by id, file or folder. Default: all in the definitions folder.",
            show_default=False,
        ),
    ] = None,
    expression: Annotated[
        str | None,
        typer.Option(
            "-k", metavar="EXPR", help="Only scenarios whose id, name or file has these words (and, or, not)."
        ),
    ] = None,
    junit: Annotated[Path | None, value_option("FILE", "Also write the results as JUnit XML.")] = None,
    stop: Annotated[bool, typer.Option("-x", help="Stop after the first scenario that fails.")] = False,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Print a line for each scenario.")] = False,
    fast: Annotated[bool, typer.Option("--fast", help="Run on the core, without a server.")] = False,  # noqa: ARG001
) -> int:
    """Run scenarios: tests of definitions.

    Each runs an order against what its scenario says of the world, with time skipped, and compares what comes out with
    what it expects. The exit status is 1 if one fails.
    """
    began = time.perf_counter()
    suite, chosen, findings = _choose(session, paths or [], expression)
    results = _run(session, suite, chosen, stop=stop, verbose=verbose)
    seconds = time.perf_counter() - began
    if junit is not None:
        _write_junit(junit, results, findings, seconds)
    _print(session, results, findings, seconds)
    return 0 if not findings and all(result.passed for result in results) else EXIT_REFUSED


def _choose(
    session: Session, paths: Sequence[str], expression: str | None
) -> tuple[Suite, list[ScenarioEntry], list[Finding]]:
    """The scenarios to run, and the findings of those that cannot be run. Raises UsageError."""
    from scenarios.load import load_suite
    from scenarios.selection import SelectionError, is_selected_by, select

    folder = session.definitions_dir
    existing = [Path(path) for path in paths if Path(path).exists()]
    others = [path for path in existing if not path.resolve().is_relative_to(folder.resolve())]
    suite = load_suite(folder, None, [path for path in others if not folder.resolve().is_relative_to(path.resolve())])
    try:
        chosen = select(suite.scenarios, paths, expression)
    except SelectionError as error:
        raise UsageError(str(error)) from None
    findings = [
        finding for finding in suite.findings if not paths or any(_is_in(finding.file, path) for path in existing)
    ]
    for path in paths:
        known = any(is_selected_by(path, entry) for entry in suite.scenarios)
        if not known and not any(_is_in(finding.file, path) for finding in findings):
            ids = [entry.model.id for entry in suite.scenarios]
            raise UsageError(
                f"There is no scenario in {path}"
                if Path(path).exists()
                else f"There is no scenario, file or folder {path}{did_you_mean(path, ids)}"
            )
    return suite, chosen, findings


def _is_in(file: str, path: str | Path) -> bool:
    resolved, folder = Path(file).resolve(), Path(path).resolve()
    return resolved == folder or folder in resolved.parents


def _run(
    session: Session, suite: Suite, chosen: Sequence[ScenarioEntry], *, stop: bool, verbose: bool
) -> list[ScenarioResult]:
    from cli.commands.catalogue.scenario_report import file_lines
    from scenarios import run

    results: list[ScenarioResult] = []
    of_file: list[ScenarioResult] = []
    for result in run.run_scenarios(suite.catalogue, chosen):
        if of_file and of_file[0].location.file != result.location.file:
            _print_file(session, file_lines(of_file, verbose))
            of_file = []
        of_file.append(result)
        results.append(result)
        if stop and not result.passed:
            break
    _print_file(session, file_lines(of_file, verbose))
    return results


def _print_file(session: Session, lines: Any) -> None:
    if not session.is_json:
        session.print(*lines)


def _print(session: Session, results: Sequence[ScenarioResult], findings: Sequence[Finding], seconds: float) -> None:
    from cli.commands.catalogue.scenario_report import failure_parts, finding_parts, summary_line

    if session.is_json:
        session.print_json(_as_json(results, findings, seconds))
        return
    for result in results:
        if not result.passed:
            session.print(*failure_parts(result))
    if findings:
        session.print("", *finding_parts(findings))
    if not results and not findings:
        session.print("No scenario was selected.")
        return
    session.print("", summary_line(results, findings, seconds, MODE_TEXT))


def _as_json(results: Sequence[ScenarioResult], findings: Sequence[Finding], seconds: float) -> dict[str, Any]:
    return {
        "ok": not findings and all(result.passed for result in results),
        "mode": "fast",
        "seconds": round(seconds, 3),
        "scenarios": [
            {
                "id": result.id,
                "file": result.location.file,
                "line": result.location.line,
                "passed": result.passed,
                "seconds": round(result.seconds, 3),
                "failures": [_failure_json(failure) for failure in result.failures],
            }
            for result in results
        ],
        "findings": [finding.model_dump() for finding in findings],
    }


def _failure_json(failure: Failure) -> dict[str, Any]:
    location = failure.location
    return {
        "file": location.file,
        "line": location.line,
        "column": location.column,
        "message": failure.message,
        "expected": failure.expected or None,
        "actual": failure.actual or None,
        "after_seconds": failure.at,
        "step": failure.step,
    }


def _write_junit(file: Path, results: Sequence[ScenarioResult], findings: Sequence[Finding], seconds: float) -> None:
    from scenarios.junit import junit_xml

    try:
        file.write_text(junit_xml(results, findings, seconds), encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{file} cannot be written: {error.strerror}") from None
