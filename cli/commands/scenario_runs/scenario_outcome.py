"""What a run of scenarios gave, and the same as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from compiler.source.findings import Finding, SourceLocation

if TYPE_CHECKING:
    from scenarios.coverage.report import CoverageReport
    from scenarios.verdict import Failure, ScenarioResult


@dataclass(frozen=True, slots=True)
class Outcome:
    mode: str
    """A scenarios.run.Mode."""
    results: Sequence[ScenarioResult]
    findings: Sequence[Finding]
    """Of the scenarios that could not be run."""
    seconds: float
    coverage: CoverageReport | None = None
    invalid: int = 0
    """How many could not be run."""

    @property
    def ok(self) -> bool:
        return not self.findings and all(result.passed for result in self.results)


def outcome_to_json(outcome: Outcome) -> dict[str, Any]:
    document: dict[str, Any] = {
        "ok": outcome.ok,
        "mode": outcome.mode,
        "seconds": round(outcome.seconds, 3),
        "scenarios": [
            {
                "id": result.id,
                "file": result.location.file,
                "line": result.location.line,
                "passed": result.passed,
                "seconds": round(result.seconds, 3),
                "failures": [_failure_to_json(failure) for failure in result.failures],
            }
            for result in outcome.results
        ],
        "findings": [finding.model_dump() for finding in outcome.findings],
    }
    return document if outcome.coverage is None else document | {"coverage": _coverage_to_json(outcome.coverage)}


def _place(location: SourceLocation) -> dict[str, Any]:
    return {"file": location.file, "line": location.line, "column": location.column}


def _failure_to_json(failure: Failure) -> dict[str, Any]:
    return {
        **_place(failure.location),
        "message": failure.message,
        "expected": failure.expected or None,
        "actual": failure.actual or None,
        "after_seconds": failure.at,
        "step": failure.step,
    }


def _coverage_to_json(report: CoverageReport) -> dict[str, Any]:
    return {
        "reached": report.reached,
        "total": report.total,
        "offers": [
            {
                "offer": each.offer,
                "reached": each.reached.total(),
                "total": each.total.total(),
                "kinds": {
                    kind.value: {"reached": each.reached[kind], "total": count} for kind, count in each.total.items()
                },
            }
            for each in report.offers
        ],
        "unreached": [
            {
                "kind": each.item.kind.value,
                "name": each.item.name,
                "message": each.item.unreached,
                **_place(each.item.location),
                "offers": list(each.offers),
            }
            for each in report.unreached
        ],
    }
