"""Whether the scenarios of a version let it be published."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from cli.framework.session import Session
from views.shared.value_format import pluralize

if TYPE_CHECKING:
    from workflows.contract.publication_messages import ScenarioRun

MAX_SHOWN = 5
"""Failing scenarios that are named."""
MAX_RECORDED = 100
"""Ids of failing scenarios that a version keeps."""


@dataclass(frozen=True)
class ScenarioGate:
    skipped: bool
    """--no-scenarios"""
    force: bool
    """--force"""

    def run(self, session: Session, folder: Path) -> ScenarioRun | None:
        """Runs all scenarios of the folder without a server. None if they are skipped.

        Raises CatalogueInvalid if one cannot be run, and OperationRefused if one fails, unless forced.
        """
        if self.skipped:
            return None
        from compiler.source.findings import CatalogueInvalid
        from scenarios.load import load_suite
        from scenarios.run import run_scenarios
        from workflows.contract.publication_messages import ScenarioRun

        suite = load_suite(folder)
        if suite.findings:
            raise CatalogueInvalid(suite.findings)
        failed, passed = [], 0
        for result in run_scenarios(suite.catalogue, suite.scenarios):
            if result.passed:
                passed += 1
                continue
            failed.append(result.id)
            if len(failed) <= MAX_SHOWN:
                session.print_note(f"{result.location}: scenario {result.id} fails: {result.failures[0].message}")
        run = ScenarioRun(passed=passed, failed=failed[:MAX_RECORDED])
        self._check_failures(run, len(failed))
        return run

    def check_record(self, run: ScenarioRun | None) -> None:
        """For a version of another environment: its scenarios are not run again. Raises OperationRefused."""
        if run is None and not (self.skipped or self.force):
            raise _refusal(
                "The scenarios of this version were not run when it was published: --no-scenarios publishes it "
                "nevertheless"
            )
        if run is not None:
            self._check_failures(run, len(run.failed))

    def _check_failures(self, run: ScenarioRun, failed: int) -> None:
        if failed and not self.force:
            shown = ", ".join(run.failed[:MAX_SHOWN]) + (", …" if failed > MAX_SHOWN else "")
            raise _refusal(
                f"{failed} of {pluralize(failed + run.passed, 'scenario')} failed, so nothing is published: {shown}. "
                "`test` shows why; --force publishes nevertheless"
            )


def _refusal(message: str) -> Exception:
    from operations.errors import OperationRefused
    from workflows.contract.order_messages import RefusalCode

    return OperationRefused(RefusalCode.INVALID, message, reason="scenarios_failed")
