"""`validate --deep`: tries orders that are generated from the declarations."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cli.framework.errors import UsageError
from compiler.source.findings import Finding

if TYPE_CHECKING:
    from scenarios.deep.report import Example
    from scenarios.deep.search import DeepResult

DEFAULT_FOLDER = Path(".ordo", "deep")
MAX_NOTES = 5


@dataclass(frozen=True, slots=True)
class DeepFindings:
    findings: list[Finding]
    """Those that no comment allows."""
    result: DeepResult
    examples: list[tuple[Example, Path]]
    seed: int

    def to_json(self) -> dict[str, Any]:
        result = self.result
        return {
            "orders": result.orders,
            "runs": result.runs,
            "amendments": result.amendments,
            "complete": result.is_complete,
            "seed": self.seed,
            "examples": [
                {
                    "code": one.found.trouble.code.value,
                    "subject": one.found.trouble.subject,
                    "file": str(file),
                    "kind": "scenario" if one.is_scenario else "order",
                    "count": one.found.count,
                }
                for one, file in self.examples
            ],
            "intended": [{"message": one.trouble.message, "because": one.trouble.intended} for one in result.intended],
            "not_generated": result.left_out,
            "not_judged": result.not_judged,
        }

    def summary(self) -> str:
        """`1,252 orders, 420 runs and 221 amendments tried`."""
        result = self.result
        tried = f"{result.orders:,} orders, {result.runs:,} runs and {result.amendments:,} amendments tried"
        if not self.result.is_complete:
            tried += "; more are left: give a longer --budget"
        return tried

    def notes(self) -> list[str]:
        """What people should know besides the findings."""
        result = self.result
        notes = [f"Taken as intended, because {one.trouble.intended}: {one.trouble.message}" for one in result.intended]
        for offer, names in result.left_out.items():
            notes.append(f"No order of {offer} was tried: no value was found for its attribute {', '.join(names)}.")
        notes += [f"Plans with {step} were not judged: {why}." for step, why in result.not_judged.items()]
        left = len(notes) - MAX_NOTES
        notes = notes if left <= 1 else [*notes[:MAX_NOTES], f"… and {left} more; `-o json` lists all."]
        if any(not one.is_scenario for one, _ in self.examples):
            notes.append("`plan FILE` shows an order again.")
        if any(one.is_scenario for one, _ in self.examples):
            notes.append("`test --fast FILE` runs a scenario again.")
        return notes


def find_deep(paths: Sequence[Path], budget: float, seed: int, folder: Path) -> DeepFindings | None:
    """None if the definitions are refused. Raises UsageError if the files cannot be written."""
    from compiler.checks.allowed_warnings import without_allowed_generated
    from compiler.incremental_loader import IncrementalLoader
    from compiler.orders.reader import read_orders
    from compiler.source.findings import OrderRejected
    from compiler.source.garbage_collection import gc_paused
    from scenarios.deep.report import example_file, examples, save_examples, to_finding
    from scenarios.deep.search import search

    loaded = IncrementalLoader(paths).load()
    if loaded.refused:
        return None
    orders = []
    for text in loaded.orders:
        try:
            orders += read_orders(text.text, text.file)
        except OrderRejected:
            continue
    scenarios = list(loaded.index.definitions.scenarios.values())
    with gc_paused():
        result = search(loaded.catalogue, scenarios, orders, budget=budget, seed=seed)
    made = [(one, example_file(one, folder)) for one in examples(result)]
    findings = [to_finding(one.found, file) for one, file in made]
    kept = without_allowed_generated(loaded.index, findings, is_complete=result.is_complete)
    shown = [pair for pair, finding in zip(made, findings, strict=True) if finding in kept]
    try:
        save_examples([one for one, _ in shown], folder)
    except OSError as error:
        raise UsageError(f"{folder} cannot be written: {error.strerror}") from None
    return DeepFindings(kept, result, shown, seed)
