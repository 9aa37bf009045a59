"""`test --mutations`: which faults in the definitions no scenario finds."""

from __future__ import annotations

from collections.abc import Sequence

from rich.text import Text

from cli.commands.scenario_runs.scenario_outcome import Outcome
from cli.framework.session import Session
from compiler.source.files import read_folder
from scenarios.mutations.run import FaultResult, draw_faults, try_faults
from scenarios.ordered_offers import definitions_of, ordered_offers


def print_mutations(session: Session, outcome: Outcome, count: int, seed: int, *, is_narrowed: bool) -> None:
    """Prints each fault that survives as soon as it is known, then how many there are.

    If only some scenarios have run, these have to find the faults, which then are in the offers that they order.
    """
    read = read_folder(session.definitions_dir)
    scenarios = places = None
    if is_narrowed:
        catalogue = session.read_catalogue()
        scenarios = {result.id for result in outcome.results}
        places = definitions_of(ordered_offers([result.entry for result in outcome.results], catalogue), catalogue)
    results: list[FaultResult] = []
    session.print("")
    for result in try_faults(read, draw_faults(read, count, seed, places), scenarios):
        results.append(result)
        if result.survived:
            session.print(_survivor(result))
    session.print(_summary(results))


def _survivor(result: FaultResult) -> Text:
    fault = result.fault
    owner = fault.original.data["id"]
    text = f"{owner}, {'.'.join(str(part) for part in fault.path)}: {fault.what}"
    return Text.assemble((f"{fault.location}: ", "bold"), (f"{fault.kind}: ", "yellow"), text)


def _summary(results: Sequence[FaultResult]) -> Text:
    """`100 faults: 91 found by scenarios, 3 refused by validate, 6 survive`."""
    refused = sum(result.refused is not None for result in results)
    survived = sum(result.survived for result in results)
    found = len(results) - refused - survived
    return Text.assemble(
        f"{len(results)} faults: ",
        (f"{found} found by scenarios", "green"),
        f", {refused} refused by validate, ",
        (f"{survived} survive", "yellow" if survived else "green"),
    )
