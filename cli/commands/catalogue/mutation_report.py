"""`test --mutations`: which faults in the definitions no scenario finds."""

from __future__ import annotations

from collections.abc import Sequence

from rich.text import Text

from cli.framework.session import Session
from compiler.source.files import read_folder
from scenarios.mutations.run import FaultResult, draw_faults, try_faults


def print_mutations(session: Session, count: int, seed: int) -> None:
    """Prints each fault that survives as soon as it is known, then how many there are."""
    read = read_folder(session.definitions_dir)
    results: list[FaultResult] = []
    session.print("")
    for result in try_faults(read, draw_faults(read, count, seed)):
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
