"""`test`: run the scenarios of a catalogue."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.commands.scenario_runs.scenario_outcome import Outcome, outcome_to_json
from cli.framework.command import register_command
from cli.framework.errors import EXIT_REFUSED, UsageError, run_reporting_errors
from cli.framework.file_watch import watch_files
from cli.framework.options import value_option
from cli.framework.session import Session
from cli.user_input.order_files import ORDER_SUFFIXES
from compiler.source.findings import Finding, did_you_mean

if TYPE_CHECKING:
    from scenarios.load import Suite
    from scenarios.run import Mode, RunOptions
    from scenarios.scenario_order import ScenarioEntry
    from scenarios.verdict import ScenarioResult

PANEL = "Without a server"
ORDERS_FOLDER = Path("orders")
"""Watched, too: scenarios name its files."""


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
    timeline: Annotated[
        bool, typer.Option("--timeline", help="Also print what happened in each scenario that passes.")
    ] = False,
    coverage: Annotated[bool, typer.Option("--coverage", help="Also list what no scenario reaches.")] = False,
    watch: Annotated[bool, typer.Option("--watch", help="Run again, as with --fast, whenever a file changes.")] = False,
    fast: Annotated[bool, typer.Option("--fast", help="Run on the core, without a server.")] = False,
    mutations: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            min=1,
            show_default=False,
            help="Also list which of N faults no scenario finds.",
        ),
    ] = None,
    seed: Annotated[int, typer.Option(metavar="N", help="Draws the faults: the same number, the same ones.")] = 1,
) -> int:
    """Run scenarios: tests of definitions.

    Each runs an order against what its scenario says of the world, with time skipped, and compares what comes out with
    what it expects. The exit status is 1 if one fails.
    """
    if watch and (session.is_json or junit is not None):
        raise UsageError("--watch prints for people: leave out -o json and --junit")
    if mutations is not None and (watch or session.is_json):
        raise UsageError("--mutations prints for people, once: leave out --watch and -o json")
    from cli.commands.scenario_runs.mutation_report import print_mutations
    from scenarios.run import RunOptions

    selection = Selection(paths or [], expression)

    def run_once() -> int:
        options = RunOptions(coverage=coverage, keep_records=timeline)
        outcome = _run(session, selection, _mode(fast=fast or watch), options, stop=stop, verbose=verbose)
        _print(session, outcome, timeline)
        if junit is not None:
            _write_junit(junit, outcome)
        if mutations is not None and outcome.ok and not session.is_json:
            print_mutations(session, outcome, mutations, seed, is_narrowed=selection.is_narrowed)
        return 0 if outcome.ok else EXIT_REFUSED

    return _run_on_every_change(session, selection, run_once) if watch else run_once()


@dataclass(frozen=True, slots=True)
class Selection:
    paths: Sequence[str]
    expression: str | None

    @property
    def existing(self) -> list[Path]:
        return [Path(path) for path in self.paths if Path(path).exists()]

    @property
    def is_narrowed(self) -> bool:
        return bool(self.paths) or self.expression is not None

    def includes(self, file: str) -> bool:
        """Whether the file is selected: all are without paths."""
        return not self.paths or any(_is_in(file, path) for path in self.existing)

    def outside(self, folder: Path) -> list[Path]:
        """The paths that are not part of the folder, and do not contain it."""
        root = folder.resolve()
        return [
            path
            for path in self.existing
            if not path.resolve().is_relative_to(root) and not root.is_relative_to(path.resolve())
        ]


def _choose(session: Session, selection: Selection) -> tuple[Suite, list[ScenarioEntry], list[Finding]]:
    """The scenarios to run, and the findings of those that cannot be run. Raises UsageError."""
    from scenarios.load import load_suite
    from scenarios.selection import SelectionError, is_selected_by, select

    folder, paths = session.definitions_dir, selection.paths
    suite = load_suite(folder, None, selection.outside(folder))
    try:
        chosen = select(suite.scenarios, paths, selection.expression)
    except SelectionError as error:
        raise UsageError(str(error)) from None
    if not chosen and selection.expression is not None:
        raise UsageError(f"No scenario matches -k `{selection.expression}`")
    findings = [one for one in suite.findings if selection.includes(one.file)]
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


def _mode(*, fast: bool) -> Mode:
    from scenarios.run import Mode

    return Mode.FAST if fast else Mode.SERVER


def _run(
    session: Session, selection: Selection, mode: Mode, options: RunOptions, *, stop: bool, verbose: bool
) -> Outcome:
    """Prints a line for each file as soon as its scenarios have run."""
    from cli.commands.scenario_runs.scenario_report import file_lines
    from scenarios.coverage.report import coverage_report
    from scenarios.ordered_offers import ordered_offers
    from scenarios.run import run_scenarios

    began = time.perf_counter()
    suite, chosen, findings = _choose(session, selection)
    results: list[ScenarioResult] = []
    of_file: list[ScenarioResult] = []

    def print_file() -> None:
        if not session.is_json:
            session.print(*file_lines(of_file, verbose))
        of_file.clear()

    for result in run_scenarios(suite.catalogue, chosen, mode, options):
        if of_file and of_file[0].location.file != result.location.file:
            print_file()
        of_file.append(result)
        results.append(result)
        if stop and not result.passed:
            break
    print_file()
    report = None
    if options.coverage:
        only = ordered_offers(chosen, suite.catalogue) if selection.is_narrowed else None
        report = coverage_report(suite.catalogue, suite.index, [result.reached for result in results], only)
    invalid = sum(selection.includes(location.file) for location in suite.invalid)
    return Outcome(mode.value, results, findings, time.perf_counter() - began, report, invalid)


def _print(session: Session, outcome: Outcome, timeline: bool) -> None:
    from cli.commands.scenario_runs.scenario_report import outcome_parts

    if session.is_json:
        session.print_json(outcome_to_json(outcome))
    else:
        session.print(*outcome_parts(outcome, timeline))


def _write_junit(file: Path, outcome: Outcome) -> None:
    from scenarios.junit import junit_xml

    try:
        file.write_text(junit_xml(outcome.results, outcome.findings, outcome.seconds), encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{file} cannot be written: {error.strerror}") from None


def _run_on_every_change(session: Session, selection: Selection, run_once: Callable[[], int]) -> int:
    """Until it is interrupted. An invalid catalogue is reported, and the next edit is awaited."""
    paths = [session.definitions_dir, *selection.outside(session.definitions_dir), ORDERS_FOLDER]
    for _changed in watch_files(paths, ORDER_SUFFIXES):
        if session.is_terminal:
            session.console.clear()
        run_reporting_errors(session, run_once)
        session.print_note("Runs again after each edit; Ctrl-C ends.")
    return 0
