"""How the systems are that orders call: their switches, what waits for them, and how they answered in a period."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from temporalio.client import Client

from operations import systems
from operations.errors import OperationError
from operations.reading.provenance import Provenance
from operations.reading.reports import ReportCriteria, Reports
from operations.systems import SystemStatus

if TYPE_CHECKING:
    from ledger.reports.model.system_report import SystemCalls, SystemReport


@dataclass(frozen=True)
class SystemHealth:
    statuses: Sequence[SystemStatus]
    report: SystemReport | None
    """None: the ledger does not say how they answered, or there is none."""
    provenance: Provenance | None
    """Of the report."""
    problem: str = ""
    """Why the ledger does not say it. Empty if there is none."""

    def calls(self, system: str) -> SystemCalls | None:
        """None also if there was no attempt in the period."""
        found = self.report.systems if self.report is not None else ()
        return next((calls for calls in found if calls.system == system), None)


async def read_system_health(
    client: Client,
    task_queue: str,
    reports: Reports,
    criteria: ReportCriteria,
    system: str | None = None,
    *,
    needs_report: bool = False,
) -> SystemHealth:
    """Of all systems, or of one. Raises NotFound for one that is not there. `needs_report`: raises OperationError if
    the ledger does not answer, or there is none."""
    report, provenance, problem = None, None, ""
    try:
        report, provenance = await reports.systems(criteria, system)
    except OperationError as error:
        if needs_report:
            raise
        problem = error.message if reports.has_ledger else ""
    if system is None:
        statuses: Sequence[SystemStatus] = await systems.list_systems(client, task_queue)
    else:
        statuses = [await systems.read_system(client, system, task_queue)]
    return SystemHealth(statuses, report, provenance, problem)
